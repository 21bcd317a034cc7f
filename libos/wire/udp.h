/* SPDX-License-Identifier: MIT */
/* UDP header (RFC 768, 8200 section 8.1). */
#ifndef LIBOS_WIRE_UDP_H
#define LIBOS_WIRE_UDP_H

#include "libos/base/endian.h"
#include "libos/wire/csum.h"

#define UDP_HLEN 8

struct udp_hdr {
	struct be16 sport;
	struct be16 dport;
	struct be16 len;
	struct be16 csum;
};

_Static_assert(sizeof(struct udp_hdr) == UDP_HLEN, "wire layout");

/* Checks the lengths of @len bytes of IP payload. True: h->len bytes are the datagram. */
static always_inline bool udp_len_is_good(const struct udp_hdr *h, size_t len)
{
	return len >= UDP_HLEN && be16_get(h->len) >= UDP_HLEN && be16_get(h->len) <= len;
}

/*
 * Writes a header with checksum zero, in one store, so that summing it later in one load does not stall. Returns
 * the checksum sum of these 8 bytes, for who would rather add that than read them back.
 */
static always_inline uint64_t udp_emit(void *p, uint16_t sport, uint16_t dport, uint16_t len)
{
	uint64_t word = __builtin_bswap64((uint64_t)sport << 48 | (uint64_t)dport << 32 |
					  (uint64_t)len << 16);

	memcpy(p, &word, sizeof(word));
	return word;
}

/* csum_finish for UDP, where a field of zero says that there is no checksum. */
static always_inline uint16_t udp_csum_finish(uint64_t sum)
{
	uint16_t csum = csum_finish(sum);

	return csum ? csum : 0xffff;
}

#endif
