/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>

#include "libos/base/hash.h"

/* Key 00..0f, message 00 01 02 ...: the vectors of the SipHash paper's reference set, 2-4 variant. */
static const struct hash_key vector_key = { 0x0706050403020100ull, 0x0f0e0d0c0b0a0908ull };

Test(hash, siphash24_agrees_with_the_published_vectors)
{
	static const struct {
		size_t len;
		uint64_t want;
	} vectors[] = {
		{ 0, 0x726fdb47dd0e0e31ull },
		{ 1, 0x74f839c593dc67fdull },
		{ 8, 0x93f5f5799a932462ull },
		{ 15, 0xa129ca6149be45e5ull },
	};
	uint8_t msg[16];

	for (unsigned i = 0; i < sizeof(msg); i++)
		msg[i] = (uint8_t)i;
	for (size_t i = 0; i < ARRAY_SIZE(vectors); i++)
		cr_assert_eq(hash_siphash24(&vector_key, msg, vectors[i].len), vectors[i].want,
			     "length %zu", vectors[i].len);
}

Test(hash, every_input_bit_and_the_key_matter)
{
	uint8_t msg[36] = { 0 };
	uint64_t plain = hash_siphash13(&vector_key, msg, sizeof(msg));
	struct hash_key other = hash_key_from_seed(7);

	cr_assert_neq(hash_siphash13(&other, msg, sizeof(msg)), plain);
	for (unsigned bit = 0; bit < 8 * sizeof(msg); bit++) {
		msg[bit / 8] ^= (uint8_t)(1u << bit % 8);
		cr_assert_neq(hash_siphash13(&vector_key, msg, sizeof(msg)), plain, "bit %u", bit);
		msg[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
}
