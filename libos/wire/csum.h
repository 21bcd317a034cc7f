/* SPDX-License-Identifier: MIT */
/*
 * The Internet checksum (RFC 1071). A sum is a 64-bit one's complement accumulator of the bytes *in memory order*:
 * any number that is congruent to the sum of the 16-bit words modulo 0xffff, and zero only if all words are. No
 * byte is ever swapped, since one's complement addition does not care which half of a word is called the high one.
 *
 * csum_add_bytes takes AVX2 where the build has it and the input is long enough to pay for the reduction;
 * csum_add_bytes_scalar is its twin, for testing and for builds without AVX2. Short lengths known to the compiler
 * become straight-line code in the caller.
 */
#ifndef LIBOS_WIRE_CSUM_H
#define LIBOS_WIRE_CSUM_H

#include "libos/base/endian.h"
#include "libos/base/ipaddr.h"

#define CSUM_INLINE_MAX 64 /* constant lengths up to here are not worth a call */
#define CSUM_SIMD_MIN 192 /* below, the scalar loop is done before vector lanes could be added up */

/* One's complement addition: the carry comes back in at the low end. */
static always_inline uint64_t csum_add(uint64_t x, uint64_t y)
{
	x += y;
	return x + (x < y);
}

struct csum_block {
	uint8_t b[32];
};

/*
 * Adds 32 bytes in one chain of add-with-carry, an instruction a word. In assembly because the intrinsic wants the
 * address of its result, which is then stored again and again wherever a call is near; and not under the address
 * sanitizer, which would not see these loads.
 */
static always_inline uint64_t csum_add_32(uint64_t sum, const uint8_t *p)
{
#ifdef HAS_ASAN
	uint64_t words[4];

	memcpy(words, p, sizeof(words));
	return csum_add(csum_add(sum, csum_add(words[0], words[1])), csum_add(words[2], words[3]));
#else
	__asm__("addq (%1), %0\n\t"
		"adcq 8(%1), %0\n\t"
		"adcq 16(%1), %0\n\t"
		"adcq 24(%1), %0\n\t"
		"adcq $0, %0"
		: "+r"(sum)
		: "r"(p), "m"(*(const struct csum_block *)(const void *)p)
		: "cc");
	return sum;
#endif
}

static always_inline uint64_t csum_add_8(uint64_t sum, const uint8_t *p)
{
	uint64_t word;

	memcpy(&word, p, sizeof(word));
	return csum_add(sum, word);
}

/* The last @len & 7 bytes, at least one, in front of @end, which 8 readable bytes precede. */
static always_inline uint64_t csum_load_tail(const uint8_t *end, size_t len)
{
	uint64_t word;

	memcpy(&word, end - sizeof(word), sizeof(word));
	return word >> (64 - 8 * (len & 7));
}

/* At least 8 bytes can be read in front of @p + @len. */
static always_inline uint64_t csum_add_short(uint64_t sum, const uint8_t *p, size_t len)
{
	for (size_t blocks = len / 32; blocks > 0; blocks--, p += 32)
		sum = csum_add_32(sum, p);
	if (len & 16) {
		sum = csum_add_8(csum_add_8(sum, p), p + 8);
		p += 16;
	}
	if (len & 8) {
		sum = csum_add_8(sum, p);
		p += 8;
	}
	if (len & 7)
		sum = csum_add(sum, csum_load_tail(p + (len & 7), len));
	return sum;
}

/* The halves of csum_add_bytes; call that. */
uint64_t csum_add_bytes_any(uint64_t sum, const void *data, size_t len);

static always_inline uint64_t csum_add_bytes_fixed(uint64_t sum, const void *data, size_t len)
{
	const uint8_t *p = data;
	uint64_t word = 0;

	for (; len >= 8; len -= 8, p += 8)
		sum = csum_add_8(sum, p);
	memcpy(&word, p, len);
	return csum_add(sum, word);
}

/* Adds @len bytes at @data to @sum as if they started at an even offset. An odd tail counts as padded with zero. */
static always_inline uint64_t csum_add_bytes(uint64_t sum, const void *data, size_t len)
{
	if (__builtin_constant_p(len) && len <= CSUM_INLINE_MAX)
		return csum_add_bytes_fixed(sum, data, len);
	return csum_add_bytes_any(sum, data, len);
}

/* As csum_add_bytes, without a call for short lengths: for the data path, whose callers can then do with few registers. */
static always_inline uint64_t csum_add_bytes_inline(uint64_t sum, const uint8_t *p, size_t len)
{
	if (unlikely(len < 8 || len >= CSUM_SIMD_MIN))
		return csum_add_bytes_any(sum, p, len);
	return csum_add_short(sum, p, len);
}

uint64_t csum_add_bytes_scalar(uint64_t sum, const void *data, size_t len);

/* Adds bytes that lie at @offset of the message: the pieces of a chain can have odd lengths. */
static always_inline uint64_t csum_add_bytes_at(uint64_t sum, const void *data, size_t len,
						size_t offset)
{
	uint64_t part = csum_add_bytes(0, data, len);
	unsigned odd_bits = (unsigned)(offset & 1) * 8;

	/* Rotating a one's complement number by a byte exchanges the halves of all its words. */
	return csum_add(sum, part << odd_bits | part >> (-odd_bits & 63));
}

/* 16-bit one's complement sum, memory order, not inverted. */
static always_inline uint16_t csum_fold(uint64_t sum)
{
	uint32_t half;

	/* x + rotated x: the upper half is both halves added, with the carry out of the lower one. */
	sum += sum << 32 | sum >> 32;
	half = (uint32_t)(sum >> 32);
	half += half << 16 | half >> 16;
	return (uint16_t)(half >> 16);
}

/* What goes into a checksum field (memory order: store with csum_store). */
static always_inline uint16_t csum_finish(uint64_t sum)
{
	return (uint16_t)~csum_fold(sum);
}

/* Is @sum, taken over a message with its checksum field, the sum of an intact one? */
static always_inline bool csum_is_good(uint64_t sum)
{
	return csum_fold(sum) == 0xffff;
}

static always_inline void csum_store(struct be16 *field, uint16_t memory_order)
{
	memcpy(field->b, &memory_order, 2);
}

static always_inline uint16_t csum_load(struct be16 field)
{
	uint16_t memory_order;

	memcpy(&memory_order, field.b, 2);
	return memory_order;
}

/*
 * The addresses' share of a pseudo-header sum. The 0xffff of a mapped IPv4 address is one's complement zero, so both
 * families are one formula.
 */
static always_inline uint64_t csum_addrs(const struct ipaddr *src, const struct ipaddr *dst)
{
	return csum_add(csum_add(src->q[0], src->q[1]), csum_add(dst->q[0], dst->q[1]));
}

/* The rest of it, of 33 bits; @proto is the IP protocol number. */
static always_inline uint64_t csum_pseudo_rest(uint8_t proto, uint32_t l4_len)
{
	return (uint64_t)__builtin_bswap32(l4_len) + ((uint32_t)proto << 8);
}

/* Pseudo-header sum for UDP and TCP (and ICMPv6) over either family. */
static always_inline uint64_t csum_pseudo(const struct ipaddr *src, const struct ipaddr *dst,
					  uint8_t proto, uint32_t l4_len)
{
	return csum_add(csum_addrs(src, dst), csum_pseudo_rest(proto, l4_len));
}

/*
 * What a checksum field becomes when bytes with the sum @old are replaced by bytes with the sum @new, at the same
 * place and of the same parity (RFC 1624, equation 3). All in memory order. For UDP the caller sees to zero.
 */
static always_inline uint16_t csum_update(uint16_t csum, uint64_t old, uint64_t new)
{
	return csum_finish((uint64_t)(uint16_t)~csum + (uint16_t)~csum_fold(old) + csum_fold(new));
}

#endif
