/* SPDX-License-Identifier: MIT */
#include "libos/tcp/isn.h"

#define TICK_SHIFT 6 /* 64 ns */

struct tcp_isn tcp_isn(const struct hash_key *key, const struct tcp_tuple *tuple, uint64_t now)
{
	uint64_t h = hash_siphash24(key, tuple, sizeof(*tuple));

	return (struct tcp_isn){
		.isn = (uint32_t)h + (uint32_t)(now >> TICK_SHIFT),
		.ts_offset = (uint32_t)(h >> 32),
	};
}
