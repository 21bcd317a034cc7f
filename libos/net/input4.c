/* SPDX-License-Identifier: MIT */
/* IPv4 on the way up: checks, addresses, fragments. */
#include "libos/net/net.h"

#define IP4_HLEN_MAX 60u

static cold_path void drop(struct net *net, struct buf *b, enum net_counter why)
{
	net->count[why]++;
	buf_put_chain(b);
}

static cold_path void drop_malformed(struct net *net, struct buf *b, enum ip4_error error)
{
	drop(net, b,
	     error == IP4_BAD_CSUM      ? NET_DROP_IP4_CSUM
	     : error == IP4_BAD_VERSION ? NET_DROP_IP4_VERSION
					: NET_DROP_IP4_LENGTH);
}

static always_inline bool is_ours(const struct net *net, struct be32 addr)
{
	uint32_t raw;

	memcpy(&raw, addr.b, 4);
	for (uint32_t i = 0; i < net->routes.num_v4; i++) {
		if (net->routes.v4[i] == raw)
			return true;
	}
	return false;
}

/* The broadcast address of a connected net. */
static always_inline bool is_net_broadcast(const struct net *net, struct be32 addr)
{
	uint32_t raw;

	memcpy(&raw, addr.b, 4);
	for (uint32_t i = 0; i < net->routes.num_v4; i++) {
		if (net->routes.v4_broadcast[i] == raw)
			return true;
	}
	return false;
}

/* 0/8, 127/8, multicast, class E and broadcast: nobody's source, unless we talk to ourselves. */
static always_inline bool is_martian(struct be32 src, uint8_t pkt_flags)
{
	uint8_t net_byte = src.b[0];

	return net_byte == 0 || net_byte >= 224 ||
	       (net_byte == 127 && !(pkt_flags & NET_PKT_LOCAL));
}

/* A destination that is no address of ours: flags for what else concerns us, or false with the reason. */
static cold_path bool accept_other(const struct net *net, struct net_pkt *pkt,
				   enum net_counter *why)
{
	if (net_is_broadcast(net, &pkt->dst)) {
		pkt->flags |= NET_PKT_BROADCAST;
		return true;
	}
	/* Groups are not joined here: no transport asks for them. */
	*why = NET_DROP_IP4_NOT_OURS;
	return pkt->flags & NET_PKT_LOCAL && ipaddr_is_loopback(&pkt->dst);
}

static cold_path struct buf *reassemble_or_null(struct net *net, struct buf *b, struct net_pkt *pkt,
						const struct ip4_hdr *h)
{
	uint16_t frag = be16_get(h->frag);

	net->count[NET_FRAG_RX]++;
	return frag_input_or_null(net, b, pkt, be16_get(h->id), ip4_frag_offset(h), frag & IP4_MF);
}

void ip4_input(struct net *net, struct buf *b, uint8_t pkt_flags)
{
	const struct ip4_hdr *h;
	enum net_counter why;
	enum ip4_error error;
	struct net_pkt pkt;
	uint32_t len = b->len, hlen, total;

	if (unlikely(b->next)) {
		len = buf_chain_len(b);
		b = net_pullup_or_free(net, b, min_t(uint32_t, len, IP4_HLEN_MAX));
		if (!b)
			return;
	}
	h = (const struct ip4_hdr *)b->data;
	error = ip4_check(h, len, !(b->flags & BUF_RX_CSUM_GOOD));
	if (unlikely(error != IP4_OK))
		return drop_malformed(net, b, error);
	hlen = ip4_hlen(h);
	total = be16_get(h->total_len);
	if (unlikely(total < len))
		buf_trim_chain(b, total); /* Ethernet padding */

	if (unlikely(is_martian(h->src, pkt_flags) || is_net_broadcast(net, h->src)))
		return drop(net, b, NET_DROP_IP4_MARTIAN);
	if (unlikely(is_ours(net, h->src)) && !(pkt_flags & NET_PKT_LOCAL))
		return drop(net, b, NET_DROP_IP4_OUR_SRC);
	pkt = (struct net_pkt){
		.src = ipaddr_v4(h->src),
		.dst = ipaddr_v4(h->dst),
		.proto = h->proto,
		.ttl = h->ttl,
		.tos = h->tos,
		.flags = pkt_flags,
	};
	if (unlikely(!is_ours(net, h->dst)) && !accept_other(net, &pkt, &why))
		return drop(net, b, why);
	if (unlikely(b->flags & BUF_MULTICAST) && !(pkt.flags & NET_PKT_BROADCAST))
		return drop(net, b, NET_DROP_IP4_GROUP_MAC); /* RFC 1122, 3.3.6 */

	b->l4_off = (uint16_t)(b->l3_off + hlen);
	buf_pull(b, hlen);
	if (unlikely(ip4_is_fragment(h))) {
		b = reassemble_or_null(net, b, &pkt, h);
		if (!b)
			return;
	}
	net_deliver(net, b, &pkt);
}
