/* SPDX-License-Identifier: MIT */
/*
 * The Internet checksum (RFC 1071). Sums are kept as folded-at-will 64-bit accumulators of 16-bit words *in memory
 * order*, so no byte is swapped until never: one's complement addition is byte-order independent.
 *
 * csum_add_bytes picks AVX2 or scalar by length; csum_add_bytes_scalar is its twin, kept for testing and for
 * CPUs without AVX2.
 */
#ifndef LIBOS_WIRE_CSUM_H
#define LIBOS_WIRE_CSUM_H

#include "libos/base/endian.h"
#include "libos/base/ipaddr.h"

/* Adds @len bytes at @data to @sum as if they started at an even offset. An odd tail counts as padded with zero. */
uint64_t csum_add_bytes(uint64_t sum, const void *data, size_t len);
uint64_t csum_add_bytes_scalar(uint64_t sum, const void *data, size_t len);

/* Adds bytes that started at an odd offset of the message: the pieces of a chain can have odd lengths. */
uint64_t csum_add_bytes_at(uint64_t sum, const void *data, size_t len, size_t offset);

/* 16-bit one's complement sum, memory order, not inverted. */
static always_inline uint16_t csum_fold(uint64_t sum)
{
	sum = (sum & 0xffffffff) + (sum >> 32);
	sum = (sum & 0xffffffff) + (sum >> 32);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)sum;
}

/* What goes into a checksum field (memory order: store with memcpy, or csum_store). */
static always_inline uint16_t csum_finish(uint64_t sum)
{
	return (uint16_t)~csum_fold(sum);
}

static always_inline void csum_store(struct be16 *field, uint16_t memory_order)
{
	memcpy(field->b, &memory_order, 2);
}

/* Pseudo-header sum for UDP and TCP (and ICMPv6) over either family; @proto is the IP protocol number. */
uint64_t csum_pseudo(const struct ipaddr *src, const struct ipaddr *dst, uint8_t proto,
		     uint32_t l4_len);

#endif
