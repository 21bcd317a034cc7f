/* SPDX-License-Identifier: MIT */
/* ICMP as far as both families do the same: whom we answer, quotes, echo, and what errors mean to sockets. */
#include "libos/net/icmp.h"

#include <errno.h>

#include "libos/net/net.h"
#include "libos/wire/csum_buf.h"

/* What an error message must show to be read, whatever options or extension headers the quoted packet has. */
#define PARSE_BYTES_MAX 1232u

int icmp_error_errno(enum icmp_error_kind kind)
{
	switch (kind) {
	case ICMP_ERR_NET_UNREACH:
		return ENETUNREACH;
	case ICMP_ERR_PROTO_UNREACH:
		return ENOPROTOOPT;
	case ICMP_ERR_PORT_UNREACH:
		return ECONNREFUSED;
	case ICMP_ERR_PROHIBITED:
		return EACCES;
	case ICMP_ERR_TOO_BIG:
		return EMSGSIZE;
	case ICMP_ERR_PARAM_PROBLEM:
		return EPROTO;
	case ICMP_ERR_HOST_UNREACH:
	case ICMP_ERR_TIME_EXCEEDED:
		break;
	}
	return EHOSTUNREACH;
}

/* Not what came to a group, and not where an answer would go to a group, to nobody, or to ourselves by mistake. */
static bool may_answer(const struct net *net, const struct buf *b, const struct net_pkt *pkt)
{
	if (pkt->flags & (NET_PKT_BROADCAST | NET_PKT_MULTICAST) || b->flags & BUF_MULTICAST)
		return false;
	if (ipaddr_is_any(&pkt->src) || ipaddr_is_multicast(&pkt->src) ||
	    net_is_broadcast(net, &pkt->src))
		return false;
	return !ipaddr_is_loopback(&pkt->src) || pkt->flags & NET_PKT_LOCAL;
}

void icmp_send_error(struct net *net, const struct buf *b, const struct net_pkt *pkt,
		     enum icmp_error_kind kind, uint8_t code, uint32_t arg)
{
	if (!may_answer(net, b, pkt))
		return;
	if (ipaddr_is_v4(&pkt->dst))
		icmp4_send_error(net, b, pkt, kind, code, arg);
	else
		icmp6_send_error(net, b, pkt, kind, code, arg);
}

void icmp_send_quote(struct net *net, const struct buf *b, const struct net_pkt *pkt,
		     struct icmp_hdr head, uint32_t max)
{
	uint32_t l3_len = (uint32_t)(b->data - buf_mem(b)) - b->l3_off;
	uint32_t quote = min_t(uint32_t, l3_len + buf_chain_len(b), max - ICMP_HLEN);
	uint32_t in_front = min_t(uint32_t, l3_len, quote);
	struct net_tx tx = { .proto = IP_PROTO_ICMP4 };
	struct net_path path;
	struct icmp_hdr *h;
	struct buf *msg;
	uint64_t sum = 0;

	if (!icmp_limit_take(net, &net->icmp.errors, &pkt->src))
		return;
	net_path_init(&path, &pkt->src, &pkt->dst);
	if (net_path_resolve(net, &path) != 0)
		return;
	msg = net_buf_or_null(net, ICMP_HLEN + quote);
	if (!msg)
		return;
	msg->len = ICMP_HLEN + quote;
	h = (struct icmp_hdr *)(void *)msg->data;
	*h = head;
	memcpy(msg->data + ICMP_HLEN, buf_mem(b) + b->l3_off, in_front);
	buf_copy_out(b, 0, msg->data + ICMP_HLEN + in_front, quote - in_front);
	if (!path.is_v4) {
		tx.proto = IP_PROTO_ICMP6;
		sum = csum_pseudo(&path.src, &path.dst, tx.proto, msg->len);
	}
	csum_store(&h->csum, csum_finish(csum_add_bytes(sum, msg->data, msg->len)));
	if (net_output(net, &path, msg, tx) == 0)
		net->count[NET_ICMP_TX_ERRORS]++;
}

static void drop(struct net *net, struct buf *b, enum net_counter why)
{
	net->count[why]++;
	buf_put_chain(b);
}

void icmp_send_echo_reply(struct net *net, struct buf *b, const struct net_pkt *pkt,
			  uint8_t reply_type)
{
	struct net_tx tx = { .proto = pkt->proto, .tos = pkt->tos & 0xfc };
	uint16_t old, new;
	struct net_path path;
	struct icmp_hdr *h;

	net->count[NET_ICMP_RX_ECHO]++;
	if (!may_answer(net, b, pkt))
		return drop(net, b, NET_DROP_ICMP_BROADCAST);
	if (!icmp_limit_take(net, &net->icmp.echo, &pkt->src))
		return buf_put_chain(b);
	if (b->refs != 1 || b->flags & (BUF_APP_HELD | BUF_SHARED_MEM)) {
		b = buf_linearise_slow(net->pool, b);
		if (!b) {
			net->count[NET_DROP_RX_NOBUFS]++;
			return;
		}
	}
	/* Only the type changes; the addresses of IPv6's pseudo-header change places, which no sum notices. */
	h = (struct icmp_hdr *)(void *)b->data;
	memcpy(&old, h, sizeof(old));
	h->type = reply_type;
	memcpy(&new, h, sizeof(new));
	csum_store(&h->csum, csum_update(csum_load(h->csum), old, new));
	b->flags = 0;
	net_path_init(&path, &pkt->src, &pkt->dst);
	if (net_output(net, &path, b, tx) == 0)
		net->count[NET_ICMP_TX_REPLIES]++;
}

void icmp_input_error(struct net *net, struct buf *b, const struct net_pkt *pkt,
		      bool (*parse)(const void *p, size_t len, struct icmp_error *out))
{
	struct icmp_error e;

	if (pkt->flags & (NET_PKT_BROADCAST | NET_PKT_MULTICAST))
		return drop(net, b, NET_DROP_ICMP_BROADCAST);
	b = net_pullup_or_free(net, b, min_t(uint32_t, buf_chain_len(b), PARSE_BYTES_MAX));
	if (!b)
		return;
	if (!parse(b->data, b->len, &e) || !net_is_local(net, &e.src))
		return drop(net, b, NET_DROP_ICMP_QUOTE);
	net->count[NET_ICMP_RX_ERRORS]++;
	net_dispatch_error(net, &e, false);
	buf_put_chain(b);
}
