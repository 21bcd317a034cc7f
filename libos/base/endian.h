/* SPDX-License-Identifier: MIT */
/*
 * Network byte order as a type: a be16 cannot be compared with a number or stored into one by accident.
 * The structs have alignment 1, so wire layouts made of them are exact without packing attributes.
 */
#ifndef LIBOS_BASE_ENDIAN_H
#define LIBOS_BASE_ENDIAN_H

#include <string.h>

#include "libos/base/compiler.h"

struct be16 {
	uint8_t b[2];
};

struct be32 {
	uint8_t b[4];
};

struct be64 {
	uint8_t b[8];
};

/* Raw loads and stores at any alignment; the compiler makes one instruction of each. */
static always_inline uint16_t load_be16(const void *p)
{
	uint16_t v;

	memcpy(&v, p, sizeof(v));
	return __builtin_bswap16(v);
}

static always_inline uint32_t load_be32(const void *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof(v));
	return __builtin_bswap32(v);
}

static always_inline uint64_t load_be64(const void *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof(v));
	return __builtin_bswap64(v);
}

static always_inline void store_be16(void *p, uint16_t v)
{
	v = __builtin_bswap16(v);
	memcpy(p, &v, sizeof(v));
}

static always_inline void store_be32(void *p, uint32_t v)
{
	v = __builtin_bswap32(v);
	memcpy(p, &v, sizeof(v));
}

static always_inline void store_be64(void *p, uint64_t v)
{
	v = __builtin_bswap64(v);
	memcpy(p, &v, sizeof(v));
}

static always_inline uint16_t be16_get(struct be16 v)
{
	return load_be16(v.b);
}

static always_inline uint32_t be32_get(struct be32 v)
{
	return load_be32(v.b);
}

static always_inline uint64_t be64_get(struct be64 v)
{
	return load_be64(v.b);
}

static always_inline struct be16 be16(uint16_t v)
{
	struct be16 r;

	store_be16(r.b, v);
	return r;
}

static always_inline struct be32 be32(uint32_t v)
{
	struct be32 r;

	store_be32(r.b, v);
	return r;
}

static always_inline struct be64 be64(uint64_t v)
{
	struct be64 r;

	store_be64(r.b, v);
	return r;
}

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "loads and stores here swap bytes");
_Static_assert(_Alignof(struct be32) == 1, "wire structs rely on alignment 1");

#endif
