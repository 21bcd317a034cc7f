/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

#include "libos/base/clock.h"
#include "libos/tcp/isn.h"
#include "libos/tcp/ports.h"
#include "libos/tcp/seq.h"

static struct tcp_tuple tuple_v4(uint8_t host, uint16_t remote_port)
{
	return (struct tcp_tuple){
		.local = ipaddr_v4(be32(0x0a000001)),
		.remote = ipaddr_v4(be32(0x0a000100u + host)),
		.local_port = 80,
		.remote_port = remote_port,
	};
}

Test(tcp_isn, rfc6528_3_one_tuple_moves_with_the_clock_alone)
{
	struct hash_key key = hash_key_from_seed(1);
	struct tcp_tuple t = tuple_v4(1, 5000);
	struct tcp_isn first = tcp_isn(&key, &t, 0);

	cr_assert_eq(tcp_isn(&key, &t, 63).isn, first.isn);
	cr_assert_eq(tcp_isn(&key, &t, 64).isn, first.isn + 1);
	cr_assert_eq(tcp_isn(&key, &t, NS_PER_SEC).isn, first.isn + 15625000);
	/* Two minutes later, still ahead of the last byte of an earlier life at 100 Mbit/s. */
	cr_assert(seq_gt(tcp_isn(&key, &t, 120 * NS_PER_SEC).isn, first.isn + 120u * 12500000u));
}

Test(tcp_isn, rfc6528_3_every_part_of_the_tuple_and_the_key_matter)
{
	struct hash_key key = hash_key_from_seed(1), other = hash_key_from_seed(2);
	struct tcp_tuple t = tuple_v4(1, 5000);
	struct tcp_isn plain = tcp_isn(&key, &t, 0);

	cr_assert_neq(tcp_isn(&other, &t, 0).isn, plain.isn);
	cr_assert_neq(tcp_isn(&other, &t, 0).ts_offset, plain.ts_offset);
	for (unsigned bit = 0; bit < 8 * offsetof(struct tcp_tuple, reserved); bit++) {
		struct tcp_tuple changed = t;

		((uint8_t *)&changed)[bit / 8] ^= (uint8_t)(1u << bit % 8);
		cr_assert_neq(tcp_isn(&key, &changed, 0).isn, plain.isn, "bit %u", bit);
		cr_assert_neq(tcp_isn(&key, &changed, 0).ts_offset, plain.ts_offset, "bit %u", bit);
	}
}

Test(tcp_isn, both_families)
{
	struct hash_key key = hash_key_from_seed(1);
	struct tcp_tuple t = { .local_port = 80, .remote_port = 81 };
	struct tcp_isn a, b;

	cr_assert_eq(ipaddr_parse("2001:db8::1", &t.local), 0);
	cr_assert_eq(ipaddr_parse("2001:db8::2", &t.remote), 0);
	a = tcp_isn(&key, &t, 0);
	cr_assert_eq(ipaddr_parse("2001:db8:1::2", &t.remote), 0);
	b = tcp_isn(&key, &t, 0);
	cr_assert_neq(a.isn, b.isn);
}

Test(tcp_isn, rfc7323_5_4_and_rfc6191_timestamps_of_a_tuple_only_grow)
{
	struct hash_key key = hash_key_from_seed(1);
	struct tcp_tuple t = tuple_v4(1, 5000), u = tuple_v4(2, 5000);

	cr_assert_eq(tcp_isn(&key, &t, 0).ts_offset,
		     tcp_isn(&key, &t, 1000 * NS_PER_SEC).ts_offset);
	cr_assert_neq(tcp_isn(&key, &t, 0).ts_offset, tcp_isn(&key, &u, 0).ts_offset,
		      "one destination's clock says nothing about another's");
}

/* The two numbers come from one hash; knowing one must not give away the other. */
Test(tcp_isn, isn_and_offset_are_independent)
{
	struct hash_key key = hash_key_from_seed(3);
	unsigned same[32] = { 0 };

	for (unsigned i = 0; i < 4096; i++) {
		struct tcp_tuple t = tuple_v4(9, (uint16_t)i);
		struct tcp_isn n = tcp_isn(&key, &t, 0);

		for (unsigned bit = 0; bit < 32; bit++)
			same[bit] += !((n.isn ^ n.ts_offset) >> bit & 1);
	}
	for (unsigned bit = 0; bit < 32; bit++)
		cr_assert(same[bit] > 1850 && same[bit] < 2246, "bit %u: %u of 4096", bit,
			  same[bit]);
}

static struct tcp_ports ports;
static uint8_t taken[65536];
static unsigned asked;

static bool is_free(const struct tcp_tuple *t, void *arg)
{
	asked++;
	return !taken[t->local_port];
}

Test(tcp_ports, rfc6056_every_port_is_found_and_none_twice)
{
	struct tcp_tuple t = tuple_v4(1, 443);

	cr_assert_eq(tcp_ports_init(&ports, 40000, 40099, 7), 0);
	for (unsigned i = 0; i < 100; i++) {
		cr_assert_eq(tcp_ports_pick(&ports, &t, is_free, NULL), 0);
		cr_assert(t.local_port >= 40000 && t.local_port <= 40099);
		cr_assert(!taken[t.local_port]);
		taken[t.local_port] = 1;
	}
	asked = 0;
	cr_assert_eq(tcp_ports_pick(&ports, &t, is_free, NULL), -EADDRNOTAVAIL);
	cr_assert_eq(asked, 100, "each port is tried once");
	cr_assert_eq(t.local_port, 0);
	taken[40017] = 0;
	cr_assert_eq(tcp_ports_pick(&ports, &t, is_free, NULL), 0);
	cr_assert_eq(t.local_port, 40017);
}

Test(tcp_ports, rfc6056_3_3_4_ports_of_one_destination_advance_in_small_random_steps)
{
	struct tcp_tuple t = tuple_v4(1, 443);
	unsigned seen_steps = 0;
	uint16_t last;

	cr_assert_eq(tcp_ports_init(&ports, 32768, 60999, 7), 0);
	cr_assert_eq(tcp_ports_pick(&ports, &t, is_free, NULL), 0);
	last = t.local_port;
	for (unsigned i = 0; i < 200; i++) {
		uint32_t step;

		cr_assert_eq(tcp_ports_pick(&ports, &t, is_free, NULL), 0);
		step = (t.local_port + ports.num - last) % ports.num;
		cr_assert(step >= 1 && step <= TCP_PORTS_MAX_STEP, "step %u", step);
		seen_steps |= 1u << step;
		last = t.local_port;
	}
	cr_assert_eq(seen_steps, 0x1fe, "all steps from 1 to 8 occur");
}

Test(tcp_ports, rfc6056_3_3_4_destinations_begin_anywhere)
{
	unsigned buckets[16] = { 0 };

	cr_assert_eq(tcp_ports_init(&ports, 32768, 65535, 7), 0);
	for (unsigned i = 0; i < 4096; i++) {
		struct tcp_tuple t = tuple_v4((uint8_t)i, (uint16_t)(1000 + i / 256));

		cr_assert_eq(tcp_ports_pick(&ports, &t, is_free, NULL), 0);
		buckets[(t.local_port - 32768) / 2048]++;
	}
	for (unsigned i = 0; i < ARRAY_SIZE(buckets); i++)
		cr_assert(buckets[i] > 180 && buckets[i] < 332, "%u: %u of 256", i, buckets[i]);
}

Test(tcp_ports, one_port_is_a_range_and_none_or_zero_is_not)
{
	struct tcp_tuple t = tuple_v4(1, 443);

	cr_assert_eq(tcp_ports_init(&ports, 0, 10, 7), -EINVAL);
	cr_assert_eq(tcp_ports_init(&ports, 11, 10, 7), -EINVAL);
	cr_assert_eq(tcp_ports_init(&ports, 65535, 65535, 7), 0);
	cr_assert_eq(tcp_ports_pick(&ports, &t, is_free, NULL), 0);
	cr_assert_eq(t.local_port, 65535);
	cr_assert_eq(tcp_ports_init(&ports, 1, 65535, 7), 0);
	for (unsigned i = 0; i < 1000; i++) {
		cr_assert_eq(tcp_ports_pick(&ports, &t, is_free, NULL), 0);
		cr_assert_neq(t.local_port, 0);
	}
}
