/* SPDX-License-Identifier: MIT */
/*
 * Sequence numbers (RFC 9293, 3.4): compared modulo 2^32. An order exists only between numbers that are less than
 * 2^31 apart, which the largest window (2^30, RFC 7323) guarantees within a connection.
 */
#ifndef LIBOS_TCP_SEQ_H
#define LIBOS_TCP_SEQ_H

#include "libos/base/compiler.h"

/* How far @a is ahead of @b; negative when it is behind. */
static always_inline int32_t seq_diff(uint32_t a, uint32_t b)
{
	return (int32_t)(a - b);
}

static always_inline bool seq_lt(uint32_t a, uint32_t b)
{
	return seq_diff(a, b) < 0;
}

static always_inline bool seq_leq(uint32_t a, uint32_t b)
{
	return seq_diff(a, b) <= 0;
}

static always_inline bool seq_gt(uint32_t a, uint32_t b)
{
	return seq_diff(a, b) > 0;
}

static always_inline bool seq_geq(uint32_t a, uint32_t b)
{
	return seq_diff(a, b) >= 0;
}

/* Is @seq in [@start, @end)? Exact for intervals of any length below 2^32; nothing is in an empty one. */
static always_inline bool seq_between(uint32_t seq, uint32_t start, uint32_t end)
{
	return seq - start < end - start;
}

static always_inline uint32_t seq_max(uint32_t a, uint32_t b)
{
	return seq_gt(a, b) ? a : b;
}

static always_inline uint32_t seq_min(uint32_t a, uint32_t b)
{
	return seq_lt(a, b) ? a : b;
}

#endif
