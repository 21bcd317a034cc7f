/* SPDX-License-Identifier: MIT */
/* IPv6 header and extension headers (RFC 8200). */
#ifndef LIBOS_WIRE_IP6_H
#define LIBOS_WIRE_IP6_H

#include "libos/base/endian.h"
#include "libos/base/ipaddr.h"

#define IP6_HLEN 40
#define IP6_MIN_MTU 1280

#define IP6_NEXT_HOPOPTS 0
#define IP6_NEXT_ROUTING 43
#define IP6_NEXT_FRAGMENT 44
#define IP6_NEXT_NONE 59
#define IP6_NEXT_DSTOPTS 60

struct ip6_hdr {
	struct be32 ver_class_flow;
	struct be16 payload_len;
	uint8_t next;
	uint8_t hop_limit;
	uint8_t src[16];
	uint8_t dst[16];
};

_Static_assert(sizeof(struct ip6_hdr) == IP6_HLEN, "wire layout");

struct ip6_frag_hdr {
	uint8_t next;
	uint8_t reserved;
	struct be16 offset_flags; /* offset in 8-byte units << 3 | reserved << 1 | more */
	struct be32 id;
};

_Static_assert(sizeof(struct ip6_frag_hdr) == 8, "wire layout");

enum ip6_error {
	IP6_OK,
	IP6_BAD_LENGTH,
	IP6_BAD_VERSION,
};

static always_inline enum ip6_error ip6_check(const struct ip6_hdr *h, size_t len)
{
	if (unlikely(len < IP6_HLEN))
		return IP6_BAD_LENGTH;
	if (unlikely(h->ver_class_flow.b[0] >> 4 != 6))
		return IP6_BAD_VERSION;
	if (unlikely((size_t)be16_get(h->payload_len) + IP6_HLEN > len))
		return IP6_BAD_LENGTH;
	return IP6_OK;
}

enum ip6_ext_verdict {
	IP6_EXT_OK,          /* @proto and @offset name an upper layer, or a fragment header */
	IP6_EXT_TRUNCATED,   /* the chain runs past the packet, or an option past its header */
	IP6_EXT_BAD_OPTION,  /* an unknown option says: drop and report (@pointer); code 2 */
	IP6_EXT_DROP,        /* an unknown option says: drop silently */
	IP6_EXT_BAD_ROUTING, /* a routing header with segments left; code 0, @pointer */
	IP6_EXT_BAD_ORDER,   /* hop-by-hop elsewhere than first; code 1, @pointer */
	IP6_EXT_TOO_LONG, /* past the limits below: nobody sends that in earnest (RFC 8504, 5.3) */
};

#define IP6_EXT_MAX 8      /* extension headers in a packet */
#define IP6_EXT_OPT_MAX 32 /* options in a packet, padding included */

struct ip6_ext {
	uint8_t proto;   /* what follows the chain: a protocol number, IP6_NEXT_FRAGMENT or _NONE */
	uint32_t offset; /* where it starts, from the IPv6 header */
	uint32_t prev_next; /* offset of the next-header byte that named @proto */
	uint32_t pointer;   /* for parameter problems: the offending byte, from the IPv6 header */
	bool report_multicast; /* the option asks for a report even for multicast destinations */
};

/*
 * Walks the extension headers of the @len bytes at @h (checked, len = IPv6 packet) up to a fragment header, which is
 * whole if it is named. All of @out is valid for IP6_EXT_OK; @pointer and @report_multicast for the verdicts that
 * call for a parameter problem.
 */
enum ip6_ext_verdict ip6_walk_ext(const struct ip6_hdr *h, size_t len, struct ip6_ext *out);

static always_inline void ip6_emit(void *p, uint8_t traffic_class, uint32_t flow_label,
				   uint16_t payload_len, uint8_t next, uint8_t hop_limit,
				   const struct ipaddr *src, const struct ipaddr *dst)
{
	struct ip6_hdr *h = p;

	h->ver_class_flow = be32(6u << 28 | (uint32_t)traffic_class << 20 | (flow_label & 0xfffff));
	h->payload_len = be16(payload_len);
	h->next = next;
	h->hop_limit = hop_limit;
	memcpy(h->src, src->b, 16);
	memcpy(h->dst, dst->b, 16);
}

#endif
