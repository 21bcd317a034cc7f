/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <string.h>

#include "libos/base/rng.h"
#include "libos/tcp/syncookie.h"
#include "libos/wire/tcp.h"

#define CLIENT_ISN 0xfffffff0u
#define NOW 6400000u /* the start of a slot */

static struct tcp_keys keys;
static struct tcp_tuple tuple;
static struct tcp_cookie_opts got;

static void start(void)
{
	tcp_keys_init(&keys, hash_key_from_seed(1));
	tuple = (struct tcp_tuple){
		.local = ipaddr_v4(be32(0x0a000001)),
		.remote = ipaddr_v4(be32(0x0a000002)),
		.local_port = 80,
		.remote_port = 40000,
	};
}

static uint32_t make(uint16_t mss)
{
	struct tcp_cookie_opts opts = { .mss = mss };

	return tcp_cookie_make(&keys, &tuple, CLIENT_ISN, &opts, NOW);
}

static bool check(uint32_t cookie, uint64_t wall_s)
{
	return tcp_cookie_check(&keys, &tuple, CLIENT_ISN, cookie, false, 0, wall_s, &got);
}

Test(tcp_syncookie, rfc4987_the_mss_comes_back_not_larger)
{
	static const struct {
		uint16_t offered, kept;
	} cases[] = {
		{ 216, 216 },   { 535, 216 },   { 536, 536 },    { 1219, 536 },
		{ 1220, 1220 }, { 1440, 1440 }, { 1459, 1440 },  { 1460, 1460 },
		{ 8939, 1460 }, { 8960, 8940 }, { 65535, 8940 }, { 1, 216 },
	};

	start();
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		cr_assert(check(make(cases[i].offered), NOW));
		cr_assert_eq(got.mss, cases[i].kept, "%u", cases[i].offered);
		cr_assert(!got.has_ts && !got.has_wscale && !got.has_sack && !got.has_ecn);
	}
}

Test(tcp_syncookie, rfc4987_good_in_its_slot_and_the_next_and_for_a_clock_behind)
{
	uint32_t cookie;

	start();
	cookie = make(1460);
	cr_assert(check(cookie, NOW));
	cr_assert(check(cookie, NOW + 63));
	cr_assert(check(cookie, NOW + 64));
	cr_assert(check(cookie, NOW + 127));
	cr_assert(check(cookie, NOW - 1), "another server's clock is a little behind");
	for (uint64_t s = NOW + 128; s < NOW + 128 + 4000; s += 32)
		cr_assert(!check(cookie, s), "%u s later", (unsigned)(s - NOW));
	for (uint64_t s = NOW - 65; s > NOW - 4000; s -= 32)
		cr_assert(!check(cookie, s), "%u s earlier", (unsigned)(NOW - s));
}

Test(tcp_syncookie, slots_work_at_the_beginning_of_time)
{
	struct tcp_cookie_opts opts = { .mss = 1460 };

	start();
	for (uint64_t made = 0; made < 300; made += 32) {
		uint32_t cookie = tcp_cookie_make(&keys, &tuple, CLIENT_ISN, &opts, made);

		cr_assert(check(cookie, made));
		cr_assert(check(cookie, made + 64));
		cr_assert(!check(cookie, made + 128));
	}
}

Test(tcp_syncookie, rfc4987_bound_to_tuple_and_client_isn)
{
	uint32_t cookie;

	start();
	cookie = make(1460);
	cr_assert(!tcp_cookie_check(&keys, &tuple, CLIENT_ISN + 1, cookie, false, 0, NOW, &got));
	for (unsigned bit = 0; bit < 8 * offsetof(struct tcp_tuple, reserved); bit++) {
		((uint8_t *)&tuple)[bit / 8] ^= (uint8_t)(1u << bit % 8);
		cr_assert(!check(cookie, NOW), "bit %u", bit);
		((uint8_t *)&tuple)[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
	for (unsigned bit = 0; bit < 32; bit++)
		cr_assert(!check(cookie ^ 1u << bit, NOW), "cookie bit %u", bit);
	cr_assert(check(cookie, NOW));
}

Test(tcp_syncookie, linux_keeps_options_in_the_timestamp_and_so_do_we)
{
	start();
	for (unsigned bits = 0; bits < 64; bits++) {
		struct tcp_cookie_opts opts = {
			.mss = 1460,
			.has_ts = true,
			.has_wscale = (bits & 15) <= TCP_MAX_WSCALE,
			.wscale = (bits & 15) <= TCP_MAX_WSCALE ? bits & 15 : 0,
			.has_sack = bits & 16,
			.has_ecn = bits & 32,
		};
		uint32_t cookie = tcp_cookie_make(&keys, &tuple, CLIENT_ISN, &opts, NOW);
		uint32_t ts = tcp_cookie_ts(5, &opts);

		cr_assert_leq((int32_t)(ts - 5), 0, "never ahead of the clock");
		cr_assert_gt((int32_t)(ts - 5), -128);
		cr_assert(tcp_cookie_check(&keys, &tuple, CLIENT_ISN, cookie, true, ts, NOW, &got));
		cr_assert(got.has_ts);
		cr_assert_eq(got.mss, 1460);
		cr_assert_eq(got.has_wscale, opts.has_wscale);
		cr_assert_eq(got.wscale, opts.wscale);
		cr_assert_eq(got.has_sack, opts.has_sack);
		cr_assert_eq(got.has_ecn, opts.has_ecn);
		for (uint32_t other = 0; other < 64; other++)
			cr_assert_eq(tcp_cookie_check(&keys, &tuple, CLIENT_ISN, cookie, true,
						      (ts & ~63u) | other, NOW, &got),
				     other == (ts & 63), "options that we did not write");
		cr_assert(!check(cookie, NOW), "the timestamp is missing");
	}
	cr_assert(!tcp_cookie_check(&keys, &tuple, CLIENT_ISN, make(1460), true, 0, NOW, &got),
		  "a timestamp nobody offered");
}

Test(tcp_syncookie, timestamps_do_not_run_ahead_anywhere_near_the_wrap)
{
	struct tcp_cookie_opts opts = { .has_ts = true, .has_sack = true, .has_ecn = true };

	for (uint32_t i = 0; i < 400; i++) {
		uint32_t now = 0u - 200 + i;
		int32_t ahead = (int32_t)(tcp_cookie_ts(now, &opts) - now);

		cr_assert(ahead <= 0 && ahead > -64, "%u: %d", now, ahead);
	}
}

Test(tcp_syncookie, keys_rotate_and_the_last_but_one_is_forgotten)
{
	uint32_t cookie;

	start();
	cookie = make(1460);
	tcp_keys_rotate(&keys, hash_key_from_seed(2));
	cr_assert(check(cookie, NOW));
	cr_assert_neq(make(1460), cookie);
	cr_assert(check(make(1460), NOW));
	tcp_keys_rotate(&keys, hash_key_from_seed(3));
	cr_assert(!check(cookie, NOW));
}

Test(tcp_syncookie, a_key_that_was_never_set_is_not_believed)
{
	struct tcp_cookie_opts opts = { .mss = 1460 };
	struct tcp_keys zero;

	start();
	tcp_keys_init(&zero, (struct hash_key){ 0, 0 });
	cr_assert(!check(tcp_cookie_make(&zero, &tuple, CLIENT_ISN, &opts, NOW), NOW));
}

Test(tcp_syncookie, servers_that_share_keys_rotate_without_a_gap)
{
	struct tcp_keys a, b;
	struct tcp_cookie_opts opts = { .mss = 1460 };

	start();
	tcp_keys_init(&a, hash_key_from_seed(1));
	tcp_keys_init(&b, hash_key_from_seed(1));
	tcp_keys_promote(&a); /* nothing to promote */
	/* One step on one server at a time; after each, either takes what the other makes. */
	for (unsigned step = 0; step < 4; step++) {
		struct tcp_keys *k = step % 2 ? &b : &a;

		if (step < 2)
			tcp_keys_install(k, hash_key_from_seed(2));
		else
			tcp_keys_promote(k);
		for (unsigned dir = 0; dir < 2; dir++) {
			uint32_t cookie =
				tcp_cookie_make(dir ? &b : &a, &tuple, CLIENT_ISN, &opts, NOW);

			cr_assert(tcp_cookie_check(dir ? &a : &b, &tuple, CLIENT_ISN, cookie, false,
						   0, NOW, &got),
				  "step %u", step);
		}
	}
}

/* 2^22 guesses at probability 3/4 * 2^-27 are right 0.02 times; three in one run say that bits are missing. */
Test(tcp_syncookie, rfc4987_a_blind_guess_is_hardly_ever_right)
{
	struct rng r;
	unsigned hits = 0;

	start();
	rng_init(&r, 99);
	for (unsigned i = 0; i < 1u << 22; i++)
		hits += check((uint32_t)rng_next(&r), NOW);
	cr_assert_lt(hits, 3);
}

/* Many clients at once: no two bits of the MAC go together, so none of the 27 is wasted. */
Test(tcp_syncookie, every_bit_of_the_mac_is_worth_one)
{
	unsigned ones[32] = { 0 };

	start();
	for (unsigned i = 0; i < 4096; i++) {
		uint32_t cookie;

		tuple.remote_port = (uint16_t)i;
		cookie = make(1460);
		for (unsigned bit = 5; bit < 32; bit++)
			ones[bit] += cookie >> bit & 1;
	}
	for (unsigned bit = 5; bit < 32; bit++)
		cr_assert(ones[bit] > 1850 && ones[bit] < 2246, "bit %u: %u of 4096", bit,
			  ones[bit]);
}
