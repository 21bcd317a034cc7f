/* SPDX-License-Identifier: MIT */
/*
 * ICMP errors of both families. Such a message is a claim by a stranger about a packet of ours: here it is only
 * read; whether it is believed (RFC 5927) is for the protocol it names.
 */
#include "libos/wire/icmp.h"

#include "libos/wire/ip4.h"
#include "libos/wire/ip6.h"

#define QUOTED_L4_MIN 8 /* RFC 792: ports, and for TCP the sequence number */

static bool read_l4(const uint8_t *p, size_t len, uint8_t proto, struct icmp_error *out)
{
	if (len < QUOTED_L4_MIN || (proto != IP_PROTO_UDP && proto != IP_PROTO_TCP))
		return false;
	out->proto = proto;
	out->sport = load_be16(p);
	out->dport = load_be16(p + 2);
	out->tcp_seq = proto == IP_PROTO_TCP ? load_be32(p + 4) : 0;
	return true;
}

/* RFC 1122 section 3.2.2.1 and RFC 1812 section 5.2.7.1 for the codes beyond RFC 792. */
static bool unreach4_kind(uint8_t code, enum icmp_error_kind *kind)
{
	static const uint8_t kinds[] = {
		[ICMP4_UNREACH_NET] = ICMP_ERR_NET_UNREACH,
		[ICMP4_UNREACH_HOST] = ICMP_ERR_HOST_UNREACH,
		[ICMP4_UNREACH_PROTO] = ICMP_ERR_PROTO_UNREACH,
		[ICMP4_UNREACH_PORT] = ICMP_ERR_PORT_UNREACH,
		[ICMP4_UNREACH_NEEDFRAG] = ICMP_ERR_TOO_BIG,
		[5] = ICMP_ERR_HOST_UNREACH, /* source route failed */
		[6] = ICMP_ERR_NET_UNREACH,  /* network unknown */
		[7] = ICMP_ERR_HOST_UNREACH, /* host unknown */
		[8] = ICMP_ERR_HOST_UNREACH, /* source host isolated */
		[9] = ICMP_ERR_PROHIBITED,   /* network prohibited */
		[10] = ICMP_ERR_PROHIBITED,  /* host prohibited */
		[11] = ICMP_ERR_NET_UNREACH, /* network, for this type of service */
		[12] = ICMP_ERR_HOST_UNREACH,
		[13] = ICMP_ERR_PROHIBITED, /* by filtering */
		[14] = ICMP_ERR_PROHIBITED, /* host precedence violation */
		[15] = ICMP_ERR_PROHIBITED, /* precedence cutoff */
	};

	if (code >= ARRAY_SIZE(kinds))
		return false;
	*kind = kinds[code];
	return true;
}

static bool icmp4_kind(const struct icmp_hdr *h, struct icmp_error *out)
{
	switch (h->type) {
	case ICMP4_UNREACHABLE:
		if (!unreach4_kind(h->code, &out->kind))
			return false;
		if (out->kind == ICMP_ERR_TOO_BIG)
			out->mtu = load_be16(&h->rest.b[2]);
		return true;
	case ICMP4_TIME_EXCEEDED:
		out->kind = ICMP_ERR_TIME_EXCEEDED;
		return true;
	case ICMP4_PARAM_PROBLEM:
		out->kind = ICMP_ERR_PARAM_PROBLEM;
		return true;
	default:
		return false;
	}
}

bool icmp4_parse_error(const void *p, size_t len, struct icmp_error *out)
{
	const struct ip4_hdr *q = (const void *)((const uint8_t *)p + ICMP_HLEN);
	struct icmp_error e = { .mtu = 0 };
	uint32_t hlen;

	if (len < ICMP_HLEN + IP4_HLEN || !icmp4_kind(p, &e))
		return false;
	len -= ICMP_HLEN;
	hlen = ip4_hlen(q);
	if (q->ver_ihl >> 4 != 4 || hlen < IP4_HLEN || hlen > len || ip4_frag_offset(q) != 0)
		return false;
	e.src = ipaddr_v4(q->src);
	e.dst = ipaddr_v4(q->dst);
	e.quoted_len = be16_get(q->total_len);
	if (!read_l4((const uint8_t *)q + hlen, len - hlen, q->proto, &e))
		return false;
	*out = e;
	return true;
}

static bool unreach6_kind(uint8_t code, enum icmp_error_kind *kind)
{
	static const uint8_t kinds[] = {
		[ICMP6_UNREACH_NOROUTE] = ICMP_ERR_NET_UNREACH,
		[ICMP6_UNREACH_ADMIN] = ICMP_ERR_PROHIBITED,
		[2] = ICMP_ERR_HOST_UNREACH, /* beyond the scope of our address */
		[ICMP6_UNREACH_ADDR] = ICMP_ERR_HOST_UNREACH,
		[ICMP6_UNREACH_PORT] = ICMP_ERR_PORT_UNREACH,
		[5] = ICMP_ERR_PROHIBITED,  /* source address failed a policy */
		[6] = ICMP_ERR_PROHIBITED,  /* reject route */
		[7] = ICMP_ERR_HOST_UNREACH /* source routing header */
	};

	if (code >= ARRAY_SIZE(kinds))
		return false;
	*kind = kinds[code];
	return true;
}

static bool icmp6_kind(const struct icmp_hdr *h, struct icmp_error *out)
{
	switch (h->type) {
	case ICMP6_UNREACHABLE:
		return unreach6_kind(h->code, &out->kind);
	case ICMP6_TOO_BIG:
		out->kind = ICMP_ERR_TOO_BIG;
		out->mtu = be32_get(h->rest);
		return true;
	case ICMP6_TIME_EXCEEDED:
		out->kind = ICMP_ERR_TIME_EXCEEDED;
		return true;
	case ICMP6_PARAM_PROBLEM:
		/* Code 1 is how IPv6 says that it does not know the protocol (RFC 5461, section 2). */
		out->kind = h->code == 1 ? ICMP_ERR_PROTO_UNREACH : ICMP_ERR_PARAM_PROBLEM;
		return true;
	default:
		return false;
	}
}

/*
 * Finds the transport header behind the extension headers of a quoted packet, of which only the first @len bytes
 * are there. Unlike ip6_walk_ext it judges nothing: the packet was ours, and routers may have moved its segments.
 */
static bool skip_quoted_ext(const uint8_t *pkt, size_t len, uint8_t *proto, size_t *offset)
{
	uint8_t next = pkt[offsetof(struct ip6_hdr, next)];
	size_t at = IP6_HLEN;

	for (unsigned headers = 0; headers <= IP6_EXT_MAX; headers++) {
		size_t hlen = 8;

		if (next != IP6_NEXT_HOPOPTS && next != IP6_NEXT_DSTOPTS &&
		    next != IP6_NEXT_ROUTING && next != IP6_NEXT_FRAGMENT) {
			*proto = next;
			*offset = at;
			return true;
		}
		if (len - at < 8)
			return false;
		if (next == IP6_NEXT_FRAGMENT) {
			if (load_be16(pkt + at + 2) >> 3 != 0)
				return false;
		} else {
			hlen = (pkt[at + 1] + 1u) * 8;
		}
		if (len - at < hlen)
			return false;
		next = pkt[at];
		at += hlen;
	}
	return false;
}

bool icmp6_parse_error(const void *p, size_t len, struct icmp_error *out)
{
	const struct ip6_hdr *q = (const void *)((const uint8_t *)p + ICMP_HLEN);
	struct icmp_error e = { .mtu = 0 };
	uint8_t proto;
	size_t at;

	if (len < ICMP_HLEN + IP6_HLEN || !icmp6_kind(p, &e))
		return false;
	len -= ICMP_HLEN;
	if (q->ver_class_flow.b[0] >> 4 != 6)
		return false;
	e.src = ipaddr_v6(q->src);
	e.dst = ipaddr_v6(q->dst);
	if (ipaddr_is_v4(&e.src) || ipaddr_is_v4(&e.dst))
		return false;
	e.quoted_len = be16_get(q->payload_len) + IP6_HLEN;
	if (!skip_quoted_ext((const uint8_t *)q, len, &proto, &at))
		return false;
	if (!read_l4((const uint8_t *)q + at, len - at, proto, &e))
		return false;
	*out = e;
	return true;
}
