/* SPDX-License-Identifier: MIT */
/* IPv4 header (RFC 791, 6864). Options are skipped: nothing of them is looked at but their total length. */
#ifndef LIBOS_WIRE_IP4_H
#define LIBOS_WIRE_IP4_H

#include "libos/base/endian.h"
#include "libos/wire/csum.h"

#define IP4_HLEN 20
#define IP4_PLAIN 0x45 /* ver_ihl of a header without options */
#define IP4_DF 0x4000
#define IP4_MF 0x2000
#define IP4_OFFSET_MASK 0x1fff
#define IP4_MIN_MTU 68

#define IP_PROTO_ICMP4 1
#define IP_PROTO_TCP 6
#define IP_PROTO_UDP 17
#define IP_PROTO_ICMP6 58

struct ip4_hdr {
	uint8_t ver_ihl;
	uint8_t tos;
	struct be16 total_len;
	struct be16 id;
	struct be16 frag;
	uint8_t ttl;
	uint8_t proto;
	struct be16 csum;
	struct be32 src;
	struct be32 dst;
};

_Static_assert(sizeof(struct ip4_hdr) == IP4_HLEN, "wire layout");

enum ip4_error {
	IP4_OK,
	IP4_BAD_LENGTH, /* shorter than its header says, or header shorter than legal */
	IP4_BAD_VERSION,
	IP4_BAD_CSUM,
};

static always_inline uint32_t ip4_hlen(const struct ip4_hdr *h)
{
	return (uint32_t)(h->ver_ihl & 15) * 4;
}

static always_inline uint64_t ip4_csum(const struct ip4_hdr *h, size_t hlen)
{
	return likely(hlen == IP4_HLEN) ? csum_add_bytes(0, h, IP4_HLEN)
					: csum_add_bytes(0, h, hlen);
}

/* Checks version, lengths and (when @check_csum) the header checksum of @len bytes at @p. */
static always_inline enum ip4_error ip4_check(const struct ip4_hdr *h, size_t len, bool check_csum)
{
	size_t hlen = IP4_HLEN;
	size_t total;

	if (unlikely(len < IP4_HLEN))
		return IP4_BAD_LENGTH;
	if (unlikely(h->ver_ihl != IP4_PLAIN)) {
		if (h->ver_ihl >> 4 != 4)
			return IP4_BAD_VERSION;
		hlen = ip4_hlen(h);
		if (hlen < IP4_HLEN)
			return IP4_BAD_LENGTH;
	}
	total = be16_get(h->total_len);
	if (unlikely(total < hlen || total > len))
		return IP4_BAD_LENGTH;
	if (check_csum && unlikely(!csum_is_good(ip4_csum(h, hlen))))
		return IP4_BAD_CSUM;
	return IP4_OK;
}

static always_inline uint32_t ip4_frag_offset(const struct ip4_hdr *h)
{
	return (be16_get(h->frag) & IP4_OFFSET_MASK) * 8u;
}

static always_inline bool ip4_is_fragment(const struct ip4_hdr *h)
{
	return (be16_get(h->frag) & (IP4_MF | IP4_OFFSET_MASK)) != 0;
}

/*
 * A header without options. The checksum is filled unless @offload_csum. It is summed in registers: reading back
 * what was just written in smaller pieces would stall on the store buffer.
 */
static always_inline void ip4_emit(void *p, uint8_t tos, uint16_t total_len, uint16_t id,
				   uint16_t frag, uint8_t ttl, uint8_t proto, struct be32 src,
				   struct be32 dst, bool offload_csum)
{
	struct ip4_hdr *h = p;
	uint64_t head = __builtin_bswap64((uint64_t)IP4_PLAIN << 56 | (uint64_t)tos << 48 |
					  (uint64_t)total_len << 32 | (uint64_t)id << 16 | frag);
	uint64_t middle = ttl | (uint64_t)proto << 8;
	uint32_t from, to;

	memcpy(&from, src.b, 4);
	memcpy(&to, dst.b, 4);
	if (!offload_csum) {
		uint64_t sum = csum_add(csum_add(head, middle), (uint64_t)from + to);

		middle |= (uint64_t)csum_finish(sum) << 16;
	}
	middle |= (uint64_t)from << 32;
	memcpy(p, &head, 8);
	memcpy((uint8_t *)p + 8, &middle, 8);
	h->dst = dst;
}

#endif
