/* SPDX-License-Identifier: MIT */
/* SipHash (Aumasson and Bernstein, 2012), c compression and d finalisation rounds as arguments. */
#include "libos/base/hash.h"

#include <string.h>

#include "libos/base/rng.h"

struct sip {
	uint64_t v0, v1, v2, v3;
};

static always_inline uint64_t rotl(uint64_t x, int k)
{
	return (x << k) | (x >> (64 - k));
}

static always_inline void sip_rounds(struct sip *s, int n)
{
	for (int i = 0; i < n; i++) {
		s->v0 += s->v1;
		s->v2 += s->v3;
		s->v1 = rotl(s->v1, 13) ^ s->v0;
		s->v3 = rotl(s->v3, 16) ^ s->v2;
		s->v0 = rotl(s->v0, 32);
		s->v2 += s->v1;
		s->v0 += s->v3;
		s->v1 = rotl(s->v1, 17) ^ s->v2;
		s->v3 = rotl(s->v3, 21) ^ s->v0;
		s->v2 = rotl(s->v2, 32);
	}
}

static always_inline uint64_t siphash(const struct hash_key *key, const void *data, size_t len,
				      int c, int d)
{
	struct sip s = { key->k0 ^ 0x736f6d6570736575ull, key->k1 ^ 0x646f72616e646f6dull,
			 key->k0 ^ 0x6c7967656e657261ull, key->k1 ^ 0x7465646279746573ull };
	const uint8_t *p = data;
	uint64_t word;
	uint64_t last = (uint64_t)len << 56;

	for (; len >= 8; p += 8, len -= 8) {
		memcpy(&word, p, 8);
		s.v3 ^= word;
		sip_rounds(&s, c);
		s.v0 ^= word;
	}
	for (size_t i = 0; i < len; i++)
		last |= (uint64_t)p[i] << (8 * i);
	s.v3 ^= last;
	sip_rounds(&s, c);
	s.v0 ^= last;
	s.v2 ^= 0xff;
	sip_rounds(&s, d);
	return s.v0 ^ s.v1 ^ s.v2 ^ s.v3;
}

struct hash_key hash_key_from_seed(uint64_t seed)
{
	struct rng r;

	rng_init(&r, seed);
	return (struct hash_key){ .k0 = rng_next(&r), .k1 = rng_next(&r) };
}

uint64_t hash_siphash24(const struct hash_key *key, const void *data, size_t len)
{
	return siphash(key, data, len, 2, 4);
}

uint64_t hash_siphash13(const struct hash_key *key, const void *data, size_t len)
{
	return siphash(key, data, len, 1, 3);
}
