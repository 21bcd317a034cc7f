/* SPDX-License-Identifier: MIT */
/* IPv4 on the way up: checks, addresses, fragments. Any "no" of the fast path leads to input_slow, which asks again. */
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

static always_inline uint32_t raw_of(struct be32 addr)
{
	uint32_t raw;

	memcpy(&raw, addr.b, sizeof(raw));
	return raw;
}

static always_inline bool is_ours(const struct net *net, struct be32 addr)
{
	uint32_t raw = raw_of(addr);

#pragma GCC unroll 1 /* hosts have one or two; the table's size says sixteen */
	for (uint32_t i = 0; i < net->routes.num_v4; i++) {
		if (net->routes.v4[i] == raw)
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

/* A source that needs a closer look: a martian, one of ours, or the broadcast address of a connected net. */
static always_inline bool is_suspect(const struct net *net, struct be32 src, uint8_t pkt_flags)
{
	uint32_t raw = raw_of(src);

	if (is_martian(src, pkt_flags))
		return true;
#pragma GCC unroll 1
	for (uint32_t i = 0; i < net->routes.num_v4; i++) {
		if (net->routes.v4[i] == raw || net->routes.v4_broadcast[i] == raw)
			return true;
	}
	return false;
}

/* What a suspect is guilty of; NET_COUNTER_NUM: nothing, we talk to ourselves. */
static enum net_counter guilt(const struct net *net, struct be32 src, uint8_t pkt_flags)
{
	if (is_ours(net, src) && !is_martian(src, pkt_flags))
		return pkt_flags & NET_PKT_LOCAL ? NET_COUNTER_NUM : NET_DROP_IP4_OUR_SRC;
	return NET_DROP_IP4_MARTIAN;
}

/* What else than an address of ours concerns us. Groups are not joined here: no transport asks for them. */
static bool accept_other(const struct net *net, struct net_pkt *pkt)
{
	if (net_is_broadcast(net, &pkt->dst)) {
		pkt->flags |= NET_PKT_BROADCAST;
		return true;
	}
	return pkt->flags & NET_PKT_LOCAL && ipaddr_is_loopback(&pkt->dst);
}

/* Field by field: a struct built elsewhere and copied would be loaded wider than it was just stored. */
static always_inline void describe(struct net_pkt *pkt, const struct ip4_hdr *h, uint8_t pkt_flags)
{
	pkt->src = ipaddr_v4(h->src);
	pkt->dst = ipaddr_v4(h->dst);
	pkt->proto = h->proto;
	pkt->ttl = h->ttl;
	pkt->tos = h->tos;
	pkt->flags = pkt_flags;
	pkt->prev_next = 0;
}

static always_inline void strip_header(struct buf *b, uint32_t hlen)
{
	b->l4_off = (uint16_t)(b->l3_off + hlen);
	buf_pull(b, hlen);
}

/* All of what ip4_input's fast path is not for: chains, options, fragments, broadcast, and every reason to drop. */
static cold_path void input_slow(struct net *net, struct buf *b, uint8_t pkt_flags)
{
	uint32_t len = buf_chain_len(b);
	const struct ip4_hdr *h;
	enum net_counter why;
	enum ip4_error error;
	struct net_pkt pkt;

	b = net_pullup_or_free(net, b, min_t(uint32_t, len, IP4_HLEN_MAX));
	if (!b)
		return;
	h = (const struct ip4_hdr *)b->data;
	error = ip4_check(h, len, !(b->flags & BUF_RX_CSUM_GOOD));
	if (error != IP4_OK)
		return drop_malformed(net, b, error);
	buf_trim_chain(b, be16_get(h->total_len)); /* Ethernet padding */
	why = is_suspect(net, h->src, pkt_flags) ? guilt(net, h->src, pkt_flags) : NET_COUNTER_NUM;
	if (why != NET_COUNTER_NUM)
		return drop(net, b, why);
	describe(&pkt, h, pkt_flags);
	if (!is_ours(net, h->dst) && !accept_other(net, &pkt))
		return drop(net, b, NET_DROP_IP4_NOT_OURS);
	if (b->flags & BUF_MULTICAST && !(pkt.flags & NET_PKT_BROADCAST))
		return drop(net, b, NET_DROP_IP4_GROUP_MAC); /* RFC 1122, 3.3.6 */
	strip_header(b, ip4_hlen(h));
	if (ip4_is_fragment(h)) {
		net->count[NET_FRAG_RX]++;
		b = frag_input_or_null(net, b, &pkt, be16_get(h->id), ip4_frag_offset(h),
				       be16_get(h->frag) & IP4_MF);
		if (!b)
			return;
	}
	net_deliver(net, b, &pkt);
}

void ip4_input(struct net *net, struct buf *b, uint8_t pkt_flags)
{
	const struct ip4_hdr *h = (const struct ip4_hdr *)b->data;
	struct net_pkt pkt;

	if (unlikely(b->next || b->len < IP4_HLEN || h->ver_ihl != IP4_PLAIN ||
		     ip4_check(h, b->len, !(b->flags & BUF_RX_CSUM_GOOD)) != IP4_OK ||
		     is_suspect(net, h->src, pkt_flags) || !is_ours(net, h->dst) ||
		     ip4_is_fragment(h) || b->flags & BUF_MULTICAST))
		return input_slow(net, b, pkt_flags);
	b->len = be16_get(h->total_len); /* without Ethernet padding */
	describe(&pkt, h, pkt_flags);
	strip_header(b, IP4_HLEN);
	net_deliver(net, b, &pkt);
}
