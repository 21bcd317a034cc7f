/* SPDX-License-Identifier: MIT */
/* UDP header (RFC 768, 8200 section 8.1). */
#ifndef LIBOS_WIRE_UDP_H
#define LIBOS_WIRE_UDP_H

#include "libos/base/endian.h"

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

#endif
