/* SPDX-License-Identifier: MIT */
#include "libos/tcp/syncookie.h"

#include "libos/wire/tcp.h"

#define SLOT_S 64u
#define SLOT_MASK 3u
#define MSS_SHIFT 2
#define MSS_MASK 7u
#define MAC_MASK (~31u)

#define TS_BITS 6
#define TS_MASK ((1u << TS_BITS) - 1)
#define TS_WSCALE_MASK 15u
#define TS_NO_WSCALE 15u
#define TS_SACK 16u
#define TS_ECN 32u
#define NO_TS 0xffu /* in place of the timestamp's bits, unlike any of them */

/* Ethernet with and without the common tunnels, both families, jumbo frames, and the defaults of the RFCs. */
static const uint16_t mss_table[MSS_MASK + 1] = {
	TCP_COOKIE_MIN_MSS, 536, 1220, 1300, 1360, 1440, 1460, 8940,
};

/* What the MAC covers; hashed as a whole. */
struct covered {
	struct tcp_tuple tuple;
	uint32_t client_isn;
	uint16_t ts_bits;
	uint16_t mss_index;
	uint64_t slot;
};

_Static_assert(sizeof(struct covered) == sizeof(struct tcp_tuple) + 16, "no padding");
_Static_assert(TCP_MAX_WSCALE < TS_NO_WSCALE,
	       "a scale has four bits, one value of which says none");

static uint32_t mac(const struct hash_key *key, const struct covered *c)
{
	return (uint32_t)hash_siphash24(key, c, sizeof(*c)) & MAC_MASK;
}

static uint32_t ts_bits(const struct tcp_cookie_opts *opts)
{
	uint32_t bits = opts->has_wscale ? opts->wscale : TS_NO_WSCALE;

	return bits | (opts->has_sack ? TS_SACK : 0) | (opts->has_ecn ? TS_ECN : 0);
}

uint32_t tcp_cookie_make(const struct tcp_keys *keys, const struct tcp_tuple *tuple,
			 uint32_t client_isn, const struct tcp_cookie_opts *opts, uint64_t wall_s)
{
	struct covered c = {
		.tuple = *tuple,
		.client_isn = client_isn,
		.ts_bits = opts->has_ts ? (uint16_t)ts_bits(opts) : NO_TS,
		.slot = wall_s / SLOT_S,
	};

	while (c.mss_index < MSS_MASK && mss_table[c.mss_index + 1] <= opts->mss)
		c.mss_index++;
	return mac(&keys->key[0], &c) | (uint32_t)c.mss_index << MSS_SHIFT |
	       (uint32_t)(c.slot & SLOT_MASK);
}

uint32_t tcp_cookie_ts(uint32_t ts_val, const struct tcp_cookie_opts *opts)
{
	uint32_t ts = (ts_val & ~TS_MASK) | ts_bits(opts);

	return (int32_t)(ts - ts_val) > 0 ? ts - (1u << TS_BITS) : ts;
}

bool tcp_cookie_check(const struct tcp_keys *keys, const struct tcp_tuple *tuple,
		      uint32_t client_isn, uint32_t cookie, bool has_ts, uint32_t ts_ecr,
		      uint64_t wall_s, struct tcp_cookie_opts *opts)
{
	uint64_t slot_now = wall_s / SLOT_S;
	uint32_t age = (uint32_t)(slot_now - cookie) & SLOT_MASK;
	uint32_t bits = has_ts ? ts_ecr & TS_MASK : NO_TS;
	struct covered c = {
		.tuple = *tuple,
		.client_isn = client_isn,
		.ts_bits = (uint16_t)bits,
		.mss_index = (uint16_t)(cookie >> MSS_SHIFT & MSS_MASK),
	};
	bool is_ours = false;

	if (age == 2)
		return false;
	c.slot = age == SLOT_MASK ? slot_now + 1 : slot_now - age;
	for (unsigned i = 0; i < keys->num; i++)
		is_ours |= mac(&keys->key[i], &c) == (cookie & MAC_MASK);
	if (!is_ours)
		return false;
	*opts = (struct tcp_cookie_opts){ .mss = mss_table[c.mss_index], .has_ts = has_ts };
	if (has_ts) {
		opts->has_wscale = (bits & TS_WSCALE_MASK) != TS_NO_WSCALE;
		opts->wscale = opts->has_wscale ? (uint8_t)(bits & TS_WSCALE_MASK) : 0;
		opts->has_sack = bits & TS_SACK;
		opts->has_ecn = bits & TS_ECN;
	}
	return true;
}
