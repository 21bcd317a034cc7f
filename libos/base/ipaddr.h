/* SPDX-License-Identifier: MIT */
/*
 * One address type for both families: 128 bits in network order, IPv4 as ::ffff:a.b.c.d. Everything above the
 * wire (sockets, routes, neighbours, flow keys) uses it, so that no table exists twice.
 */
#ifndef LIBOS_BASE_IPADDR_H
#define LIBOS_BASE_IPADDR_H

#include "libos/base/endian.h"

struct ipaddr {
	union {
		uint8_t b[16];
		uint64_t q[2]; /* memory order, for comparing and hashing only */
	};
};

#define IPADDR_STRLEN 46

static always_inline struct ipaddr ipaddr_any(void)
{
	return (struct ipaddr){ .q = { 0, 0 } };
}

#define IPADDR_V4_PREFIX 0xffff0000u /* the third quarter of a mapped address, memory order */

/* In whole words, as addresses are compared and copied: a wide load cannot be fed from several narrower stores. */
static always_inline struct ipaddr ipaddr_v4(struct be32 a)
{
	uint32_t raw;

	memcpy(&raw, a.b, sizeof(raw));
	return (struct ipaddr){ .q = { 0, (uint64_t)raw << 32 | IPADDR_V4_PREFIX } };
}

static always_inline struct ipaddr ipaddr_v6(const uint8_t b[16])
{
	struct ipaddr r;

	memcpy(r.b, b, 16);
	return r;
}

static always_inline bool ipaddr_is_v4(const struct ipaddr *a)
{
	return a->q[0] == 0 && (uint32_t)a->q[1] == IPADDR_V4_PREFIX;
}

static always_inline struct be32 ipaddr_to_v4(const struct ipaddr *a)
{
	struct be32 r;

	memcpy(r.b, &a->b[12], 4);
	return r;
}

static always_inline bool ipaddr_equal(const struct ipaddr *x, const struct ipaddr *y)
{
	return x->q[0] == y->q[0] && x->q[1] == y->q[1];
}

/* ::, or 0.0.0.0 in its mapped form. */
static always_inline bool ipaddr_is_any(const struct ipaddr *a)
{
	return a->q[0] == 0 && (a->q[1] == 0 || a->q[1] == IPADDR_V4_PREFIX);
}

static inline bool ipaddr_is_multicast(const struct ipaddr *a)
{
	return ipaddr_is_v4(a) ? (a->b[12] & 0xf0) == 0xe0 : a->b[0] == 0xff;
}

static inline bool ipaddr_is_link_local(const struct ipaddr *a)
{
	return ipaddr_is_v4(a) ? a->b[12] == 169 && a->b[13] == 254
			       : a->b[0] == 0xfe && (a->b[1] & 0xc0) == 0x80;
}

static inline bool ipaddr_is_loopback(const struct ipaddr *a)
{
	return ipaddr_is_v4(a) ? a->b[12] == 127 : a->q[0] == 0 && load_be64(&a->b[8]) == 1;
}

/* Do the first @bits bits agree? IPv4 prefixes count from 96. */
bool ipaddr_in_prefix(const struct ipaddr *a, const struct ipaddr *prefix, unsigned bits);

/* Writes the usual text form ("10.0.0.1", "fe80::1") and returns @out. */
const char *ipaddr_format(const struct ipaddr *a, char out[IPADDR_STRLEN]);

/* 0, or -EINVAL when @text is no address of either family. */
int ipaddr_parse(const char *text, struct ipaddr *out) must_check;

#endif
