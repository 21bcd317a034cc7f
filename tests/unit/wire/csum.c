/* SPDX-License-Identifier: MIT */
#include "libos/wire/csum.h"

#include "libos/base/rng.h"
#include "tests/unit/wire/guard.h"

#define SEED 0x5eed0001
#define LEN_MAX 2100
#define ALIGN_MAX 64

/* The definition, in words of network order: what RFC 1071 says, nothing clever. */
static uint16_t csum_by_definition(const uint8_t *p, size_t len)
{
	uint32_t sum = 0;

	for (size_t i = 0; i < len; i += 2) {
		sum += (uint32_t)p[i] << 8 | (i + 1 < len ? p[i + 1] : 0);
		sum = (sum & 0xffff) + (sum >> 16);
	}
	return (uint16_t)sum;
}

static uint16_t fold_be(uint64_t sum)
{
	return __builtin_bswap16(csum_fold(sum));
}

static void fill(struct rng *r, uint8_t *p, size_t len)
{
	for (size_t i = 0; i < len; i++)
		p[i] = (uint8_t)rng_next(r);
}

Test(csum, rfc1071_example)
{
	static const uint8_t bytes[] = { 0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7 };

	cr_assert_eq(fold_be(csum_add_bytes(0, bytes, sizeof(bytes))), 0xddf2);
	cr_assert_eq(fold_be(csum_add_bytes_any(0, bytes, sizeof(bytes))), 0xddf2);
	cr_assert_eq(fold_be(csum_add_bytes_scalar(0, bytes, sizeof(bytes))), 0xddf2);
	cr_assert_eq(__builtin_bswap16(csum_finish(csum_add_bytes(0, bytes, 8))), 0x220d);
}

Test(csum, empty_input_adds_nothing)
{
	cr_assert_eq(csum_add_bytes_any(0, guard_end(), 0), 0);
	cr_assert_eq(csum_add_bytes_scalar(7, guard_end(), 0), 7);
	cr_assert_eq(csum_add_bytes_at(7, guard_end(), 0, 1), 7);
	cr_assert_eq(csum_fold(0), 0);
}

/* Zero is the sum of zeros only; all ones stays the other zero. */
Test(csum, both_zeros_are_kept_apart)
{
	uint8_t *p = guard_start();

	memset(p, 0, LEN_MAX);
	cr_assert_eq(csum_add_bytes_any(0, p, LEN_MAX), 0);
	cr_assert_eq(csum_add_bytes_scalar(0, p, LEN_MAX), 0);
	memset(p, 0xff, LEN_MAX);
	for (size_t len = 2; len <= LEN_MAX; len += 2) {
		cr_assert_eq(csum_fold(csum_add_bytes_any(0, p, len)), 0xffff, "len %zu", len);
		cr_assert_eq(csum_fold(csum_add_bytes_scalar(0, p, len)), 0xffff, "len %zu", len);
	}
	cr_assert_eq(csum_fold(UINT64_MAX), 0xffff);
}

Test(csum, fold_agrees_with_the_remainder)
{
	struct rng r;

	rng_init(&r, SEED);
	for (int i = 0; i < 100000; i++) {
		uint64_t v = rng_next(&r) >> rng_below(&r, 64);
		uint64_t want = v % 0xffff;

		cr_assert_eq(csum_fold(v), v != 0 && want == 0 ? 0xffff : want, "%#lx", v);
	}
	cr_assert_eq(csum_fold(0x00000001ffffffff), 1);
	cr_assert_eq(csum_fold(0xffffffff00000000), 0xffff);
	cr_assert_eq(csum_fold(0xfffffffffffffffe), 0xfffe);
}

/* SIMD against its scalar twin at every length and alignment, and both against the definition at some. */
Test(csum, twins_agree_at_all_lengths_and_alignments)
{
	uint8_t *p = guard_start();
	struct rng r;

	rng_init(&r, SEED);
	fill(&r, p, LEN_MAX + ALIGN_MAX);
	for (size_t align = 0; align < ALIGN_MAX; align++) {
		for (size_t len = 0; len <= LEN_MAX; len++) {
			uint64_t start = (align * 0x9e3779b97f4a7c15) ^ len;
			uint16_t a = csum_fold(csum_add_bytes_any(start, p + align, len));
			uint16_t b = csum_fold(csum_add_bytes_scalar(start, p + align, len));

			if (a != b)
				cr_assert_fail("seed %#x align %zu len %zu: %#x, %#x", SEED, align,
					       len, a, b);
		}
	}
	for (size_t len = 0; len <= LEN_MAX; len++)
		cr_assert_eq(fold_be(csum_add_bytes_any(0, p + len % 64, len)),
			     csum_by_definition(p + len % 64, len), "len %zu", len);
}

Test(csum, carries_at_every_length)
{
	uint8_t *p = guard_start();

	/* All words but the last at their maximum: each addition carries. */
	memset(p, 0xff, LEN_MAX);
	for (size_t len = 1; len <= LEN_MAX; len++) {
		p[len - 1] = 0xfe;
		cr_assert_eq(fold_be(csum_add_bytes_any(0, p, len)), csum_by_definition(p, len));
		cr_assert_eq(fold_be(csum_add_bytes_scalar(UINT64_MAX, p, len)),
			     csum_by_definition(p, len));
		p[len - 1] = 0xff;
	}
}

Test(csum, reads_nothing_outside_its_input)
{
	struct rng r;

	rng_init(&r, SEED);
	fill(&r, guard_start(), GUARD_SIZE);
	for (size_t len = 0; len <= LEN_MAX; len++) {
		const uint8_t *last = guard_end() - len;

		cr_assert_eq(fold_be(csum_add_bytes_any(0, last, len)),
			     csum_by_definition(last, len));
		cr_assert_eq(fold_be(csum_add_bytes_scalar(0, last, len)),
			     csum_by_definition(last, len));
		cr_assert_eq(fold_be(csum_add_bytes_any(0, guard_start(), len)),
			     csum_by_definition(guard_start(), len));
		cr_assert_eq(fold_be(csum_add_bytes_scalar(0, guard_start(), len)),
			     csum_by_definition(guard_start(), len));
	}
}

#define CHECK_CONSTANT(len)                                                                        \
	cr_assert_eq(fold_be(csum_add_bytes(0, guard_end() - (len), len)),                         \
		     csum_by_definition(guard_end() - (len), len))

Test(csum, lengths_known_to_the_compiler)
{
	struct rng r;

	rng_init(&r, SEED);
	fill(&r, guard_start(), GUARD_SIZE);
	CHECK_CONSTANT(0);
	CHECK_CONSTANT(1);
	CHECK_CONSTANT(2);
	CHECK_CONSTANT(3);
	CHECK_CONSTANT(7);
	CHECK_CONSTANT(8);
	CHECK_CONSTANT(13);
	CHECK_CONSTANT(20);
	CHECK_CONSTANT(28);
	CHECK_CONSTANT(40);
	CHECK_CONSTANT(63);
	CHECK_CONSTANT(64);
	CHECK_CONSTANT(65);
	CHECK_CONSTANT(1460);
}

Test(csum, a_64_kilobyte_message)
{
	static uint8_t big[65535];
	struct rng r;

	rng_init(&r, SEED);
	fill(&r, big, sizeof(big));
	cr_assert_eq(fold_be(csum_add_bytes(0, big, sizeof(big))),
		     csum_by_definition(big, sizeof(big)));
}

Test(csum, pieces_at_any_offset_give_the_whole)
{
	uint8_t *p = guard_start();
	struct rng r;

	rng_init(&r, SEED);
	fill(&r, p, LEN_MAX);
	for (int round = 0; round < 20000; round++) {
		size_t total = rng_below(&r, LEN_MAX), at = 0;
		uint64_t sum = 0;

		while (at < total) {
			size_t n = 1 + rng_below(&r, min_t(size_t, total - at, 1 + round % 300));

			sum = csum_add_bytes_at(sum, p + at, n, at);
			at += n;
		}
		cr_assert_eq(fold_be(sum), csum_by_definition(p, total), "seed %#x round %d", SEED,
			     round);
	}
}

static struct ipaddr addr(const char *text)
{
	struct ipaddr a;

	cr_assert_eq(ipaddr_parse(text, &a), 0);
	return a;
}

Test(csum, pseudo_header_of_ipv4_is_that_of_rfc768)
{
	static const uint8_t pseudo[] = { 192, 168, 0, 1, 10, 0, 255, 199, 0, 17, 0x12, 0x34 };
	struct ipaddr src = addr("192.168.0.1"), dst = addr("10.0.255.199");

	cr_assert_eq(fold_be(csum_pseudo(&src, &dst, 17, 0x1234)),
		     csum_by_definition(pseudo, sizeof(pseudo)));
}

Test(csum, pseudo_header_of_ipv6_is_that_of_rfc8200)
{
	uint8_t pseudo[40] = { 0 };
	struct ipaddr src = addr("2001:db8::1:2"), dst = addr("fe80::ffff:fffe");

	memcpy(pseudo, src.b, 16);
	memcpy(pseudo + 16, dst.b, 16);
	store_be32(pseudo + 32, 0x0001fffe);
	pseudo[39] = 58;
	cr_assert_eq(fold_be(csum_pseudo(&src, &dst, 58, 0x0001fffe)),
		     csum_by_definition(pseudo, sizeof(pseudo)));
}

/* RFC 1624 section 4: the case that RFC 1141's equation gets wrong. */
Test(csum, update_rfc1624_example)
{
	uint16_t csum = __builtin_bswap16(0xdd2f);
	uint16_t old = __builtin_bswap16(0x5555), new = __builtin_bswap16(0x3285);

	cr_assert_eq(csum_update(csum, old, new), __builtin_bswap16(0x0000));
}

Test(csum, update_gives_what_summing_anew_gives)
{
	uint8_t *p = guard_start();
	struct rng r;

	rng_init(&r, SEED);
	for (int round = 0; round < 50000; round++) {
		size_t len = 20 + 2 * rng_below(&r, 40);
		size_t at = 2 * rng_below(&r, 4), n = 2 + 2 * rng_below(&r, 6);
		uint8_t replacement[16];
		uint16_t before, after;

		fill(&r, p, len);
		fill(&r, replacement, n);
		if (round % 8 == 0)
			memset(replacement, round % 16 ? 0 : 0xff, n);
		before = csum_finish(csum_add_bytes(0, p, len));
		after = csum_update(before, csum_add_bytes(0, p + at, n),
				    csum_add_bytes(0, replacement, n));
		memcpy(p + at, replacement, n);
		cr_assert_eq(after, csum_finish(csum_add_bytes(0, p, len)), "seed %#x round %d",
			     SEED, round);
	}
}

Test(csum, good_is_good_and_one_bit_is_bad)
{
	uint8_t msg[] = { 0x45, 0x00, 0x00, 0x73, 0x00, 0x00, 0x40, 0x00, 0x40, 0x11,
			  0xb8, 0x61, 0xc0, 0xa8, 0x00, 0x01, 0xc0, 0xa8, 0x00, 0xc7 };

	cr_assert(csum_is_good(csum_add_bytes(0, msg, sizeof(msg))));
	for (size_t bit = 0; bit < sizeof(msg) * 8; bit++) {
		msg[bit / 8] ^= (uint8_t)(1 << bit % 8);
		cr_assert(!csum_is_good(csum_add_bytes(0, msg, sizeof(msg))));
		msg[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
}

Test(csum, field_access_keeps_memory_order)
{
	struct be16 field;

	csum_store(&field, __builtin_bswap16(0x220d));
	cr_assert_eq(be16_get(field), 0x220d);
	cr_assert_eq(csum_load(field), __builtin_bswap16(0x220d));
}
