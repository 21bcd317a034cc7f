/* SPDX-License-Identifier: MIT */
/*
 * IPv6 on the way up. Packets whose first next-header is a transport go straight through; the others have
 * their extension headers walked. Behind a fragment header there may be more of those, which the walker
 * cannot reach since it starts at an IPv6 header: such packets are written anew with the fragment header left
 * out, and walked again.
 */
#include "libos/net/ndp.h"
#include "libos/net/net.h"

/* Extension headers must lie in this much of a packet. More is legal and unheard of. */
#define EXT_BYTES_MAX 1024u

static cold_path void drop(struct net *net, struct buf *b, enum net_counter why)
{
	net->count[why]++;
	buf_put_chain(b);
}

static bool is_extension(uint8_t proto)
{
	return proto == IP6_NEXT_HOPOPTS || proto == IP6_NEXT_ROUTING ||
	       proto == IP6_NEXT_FRAGMENT || proto == IP6_NEXT_NONE || proto == IP6_NEXT_DSTOPTS;
}

/* @b, data behind a fragment header that named an extension header: the same without the former. */
static struct buf *rewrite_or_null(struct net *net, struct buf *b, const struct net_pkt *pkt)
{
	uint32_t len = buf_chain_len(b);
	struct buf *whole = buf_alloc_or_null(net->pool, IP6_HLEN + len);

	if (!whole) {
		drop(net, b, NET_DROP_RX_NOBUFS);
		return NULL;
	}
	ip6_emit(whole->data, pkt->tos, 0, (uint16_t)len, pkt->proto, pkt->ttl, &pkt->src,
		 &pkt->dst);
	buf_copy_out(b, 0, whole->data + IP6_HLEN, len);
	whole->len = IP6_HLEN + len;
	whole->flags = b->flags & BUF_MULTICAST;
	whole->l3_off = BUF_HEADROOM;
	buf_put_chain(b);
	return whole;
}

/* @b, data at the fragment header: the datagram, data behind that header, when all of it is there. */
static struct buf *unfragment_or_null(struct net *net, struct buf *b, struct net_pkt *pkt)
{
	const struct ip6_frag_hdr *f = (const struct ip6_frag_hdr *)b->data;
	uint16_t offset_flags = be16_get(f->offset_flags);
	uint32_t id = be32_get(f->id);

	net->count[NET_FRAG_RX]++;
	pkt->proto = f->next;
	pkt->prev_next = (uint16_t)(b->l4_off - b->l3_off);
	b->l4_off += (uint16_t)sizeof(*f);
	buf_pull(b, sizeof(*f));
	/* An atomic fragment is a whole packet and meets no others: RFC 6946. */
	if ((offset_flags & ~6u) == 0)
		return b;
	return frag_input_or_null(net, b, pkt, id, offset_flags & ~7u, offset_flags & 1);
}

/* The chain of extension headers is no good: say so where the RFC wants it. */
static void drop_ext(struct net *net, struct buf *b, const struct net_pkt *pkt,
		     enum ip6_ext_verdict verdict, const struct ip6_ext *ext)
{
	switch (verdict) {
	case IP6_EXT_BAD_OPTION:
		icmp_send_error(net, b, pkt, ICMP_ERR_PARAM_PROBLEM, 2, ext->pointer);
		return drop(net, b, NET_DROP_IP6_OPTION);
	case IP6_EXT_DROP:
		return drop(net, b, NET_DROP_IP6_OPTION);
	case IP6_EXT_BAD_ROUTING:
		icmp_send_error(net, b, pkt, ICMP_ERR_PARAM_PROBLEM, 0, ext->pointer);
		return drop(net, b, NET_DROP_IP6_ROUTING);
	case IP6_EXT_BAD_ORDER:
		icmp_send_error(net, b, pkt, ICMP_ERR_PARAM_PROBLEM, 1, ext->pointer);
		return drop(net, b, NET_DROP_IP6_EXT);
	case IP6_EXT_OK:
	case IP6_EXT_TRUNCATED:
	case IP6_EXT_TOO_LONG:
		break;
	}
	drop(net, b, NET_DROP_IP6_EXT);
}

/* @b, data at the IPv6 header: the packet with data at its transport, or at its fragment header. */
static struct buf *walk_or_null(struct net *net, struct buf *b, struct net_pkt *pkt)
{
	enum ip6_ext_verdict verdict;
	struct ip6_ext ext;

	b = net_pullup_or_free(net, b, min_t(uint32_t, buf_chain_len(b), EXT_BYTES_MAX));
	if (!b)
		return NULL;
	verdict = ip6_walk_ext((const struct ip6_hdr *)b->data, b->len, &ext);
	if (verdict != IP6_EXT_OK) {
		drop_ext(net, b, pkt, verdict, &ext);
		return NULL;
	}
	if (ext.proto == IP6_NEXT_NONE) {
		drop(net, b, NET_DROP_IP6_NO_NEXT);
		return NULL;
	}
	pkt->proto = ext.proto;
	pkt->prev_next = (uint16_t)ext.prev_next;
	b->l4_off = (uint16_t)(b->l3_off + ext.offset);
	buf_pull(b, ext.offset);
	return b;
}

static cold_path void input_ext(struct net *net, struct buf *b, struct net_pkt *pkt)
{
	b = walk_or_null(net, b, pkt);
	if (b && pkt->proto == IP6_NEXT_FRAGMENT) {
		b = unfragment_or_null(net, b, pkt);
		if (b && is_extension(pkt->proto)) {
			b = rewrite_or_null(net, b, pkt);
			b = b ? walk_or_null(net, b, pkt) : NULL;
			if (b && pkt->proto == IP6_NEXT_FRAGMENT)
				return drop(net, b, NET_DROP_IP6_EXT);
		}
	}
	if (b)
		net_deliver(net, b, pkt);
}

/* Sources that nobody has, and addresses that would pass for IPv4 above. :: is the source of duplicate detection. */
static bool is_martian(const struct net_pkt *pkt)
{
	bool is_local = pkt->flags & NET_PKT_LOCAL;

	return ipaddr_is_multicast(&pkt->src) || ipaddr_is_v4(&pkt->src) ||
	       ipaddr_is_v4(&pkt->dst) || (ipaddr_is_loopback(&pkt->src) && !is_local) ||
	       (ipaddr_is_any(&pkt->src) && pkt->proto != IP_PROTO_ICMP6);
}

/* The destination is ours, or a group that we are in. */
static bool accept_dst(const struct net *net, struct net_pkt *pkt)
{
	if (unlikely(ipaddr_is_multicast(&pkt->dst))) {
		pkt->flags |= NET_PKT_MULTICAST;
		return ndp_is_our_group(net, &pkt->dst);
	}
	if (ipaddr_is_loopback(&pkt->dst))
		return pkt->flags & NET_PKT_LOCAL;
	return net_is_local(net, &pkt->dst);
}

void ip6_input(struct net *net, struct buf *b, uint8_t pkt_flags)
{
	const struct ip6_hdr *h;
	enum ip6_error error;
	struct net_pkt pkt;
	uint32_t len = b->len, total;

	if (unlikely(b->next)) {
		len = buf_chain_len(b);
		b = net_pullup_or_free(net, b, min_t(uint32_t, len, IP6_HLEN));
		if (!b)
			return;
	}
	h = (const struct ip6_hdr *)b->data;
	error = ip6_check(h, len);
	if (unlikely(error != IP6_OK))
		return drop(net, b,
			    error == IP6_BAD_VERSION ? NET_DROP_IP6_VERSION : NET_DROP_IP6_LENGTH);
	total = IP6_HLEN + be16_get(h->payload_len);
	if (unlikely(total < len))
		buf_trim_chain(b, total); /* Ethernet padding */
	pkt = (struct net_pkt){
		.src = ipaddr_v6(h->src),
		.dst = ipaddr_v6(h->dst),
		.proto = h->next,
		.ttl = h->hop_limit,
		.tos = (uint8_t)(be32_get(h->ver_class_flow) >> 20),
		.flags = pkt_flags,
		.prev_next = offsetof(struct ip6_hdr, next),
	};
	if (unlikely(is_martian(&pkt)))
		return drop(net, b, NET_DROP_IP6_MARTIAN);
	if (unlikely(!(pkt_flags & NET_PKT_LOCAL) && net_is_local(net, &pkt.src)))
		return drop(net, b, NET_DROP_IP6_OUR_SRC);
	if (unlikely(!accept_dst(net, &pkt)))
		return drop(net, b, NET_DROP_IP6_NOT_OURS);
	if (unlikely(b->flags & BUF_MULTICAST) && !(pkt.flags & NET_PKT_MULTICAST))
		return drop(net, b, NET_DROP_IP6_GROUP_MAC);

	if (unlikely(is_extension(pkt.proto)))
		return input_ext(net, b, &pkt);
	b->l4_off = (uint16_t)(b->l3_off + IP6_HLEN);
	buf_pull(b, IP6_HLEN);
	net_deliver(net, b, &pkt);
}
