/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <stdio.h>

#include "libos/tcp/sack_rx.h"
#include "tests/unit/tcp/rx.h"

static struct rx rx;
static struct tcp_sack_rx sack;
static uint32_t base;

static void start(uint32_t at)
{
	base = at;
	sack = (struct tcp_sack_rx){ 0 };
	rx_start(&rx, base, NULL);
}

/* A segment as the engine treats it: in, out what is in order, then the report. */
static void segment(uint32_t at, uint32_t len)
{
	rx_put(&rx, base + at, len, 0, false);
	buf_queue_drain(&rx.out);
	rx.rcv_nxt = tcp_reass_pop(&rx.pool, &rx.r, rx.rcv_nxt, &rx.out, &rx.fin);
	tcp_sack_rx_on_insert(&sack, &rx.r, &rx.res);
}

/* The ACK: "rcv_nxt: blocks". */
static void expect(unsigned max, const char *want)
{
	struct tcp_sack_block out[TCP_MAX_SACK];
	unsigned num = tcp_sack_rx_blocks(&sack, &rx.r, max, out);
	char got[256];
	int at = snprintf(got, sizeof(got), "%u:", rx.rcv_nxt - base);

	cr_assert_leq(num, max);
	for (unsigned i = 0; i < num; i++)
		at += snprintf(got + at, sizeof(got) - (size_t)at, " %u-%u", out[i].start - base,
			       out[i].end - base);
	cr_assert_str_eq(got, want);
}

/* RFC 2018, section 5: eight segments of 500 bytes from 5000 on. */
Test(tcp_sack_rx, rfc2018_5_case_1_the_last_four_are_lost)
{
	start(0u - 6000);
	rx.rcv_nxt = base + 5000;
	for (uint32_t at = 5000; at < 7000; at += 500) {
		segment(at, 500);
		cr_assert(tcp_reass_is_empty(&rx.r));
	}
	expect(TCP_MAX_SACK, "7000:");
	rx_stop(&rx);
}

Test(tcp_sack_rx, rfc2018_5_case_2_the_first_is_lost)
{
	char want[32];

	start(0u - 6000);
	rx.rcv_nxt = base + 5000;
	for (uint32_t at = 5500; at < 9000; at += 500) {
		segment(at, 500);
		snprintf(want, sizeof(want), "5000: 5500-%u", at + 500);
		expect(TCP_SACK_WITH_TS, want);
	}
	rx_stop(&rx);
}

Test(tcp_sack_rx, rfc2018_5_case_3_every_second_is_lost)
{
	start(0u - 6000);
	rx.rcv_nxt = base + 5000;
	segment(5000, 500);
	expect(TCP_MAX_SACK, "5500:");
	segment(6000, 500);
	expect(TCP_MAX_SACK, "5500: 6000-6500");
	segment(7000, 500);
	expect(TCP_MAX_SACK, "5500: 7000-7500 6000-6500");
	segment(8000, 500);
	expect(TCP_MAX_SACK, "5500: 8000-8500 7000-7500 6000-6500");
	/* Then the fourth and the second arrive. */
	segment(6500, 500);
	expect(TCP_MAX_SACK, "5500: 6000-7500 8000-8500");
	segment(5500, 500);
	expect(TCP_MAX_SACK, "7500: 8000-8500");
	rx_stop(&rx);
}

Test(tcp_sack_rx, rfc2018_4_the_newest_first_and_as_many_as_fit)
{
	start(0);
	for (uint32_t at = 100; at <= 600; at += 100)
		segment(at, 10);
	expect(TCP_MAX_SACK, "0: 600-610 500-510 400-410 300-310");
	expect(TCP_SACK_WITH_TS, "0: 600-610 500-510 400-410");
	segment(210, 10); /* grows */
	expect(TCP_SACK_WITH_TS, "0: 200-220 600-610 500-510");
	segment(220, 10); /* again: takes no second place */
	segment(230, 10);
	segment(240, 10);
	expect(TCP_MAX_SACK, "0: 200-250 600-610 500-510 400-410");
	segment(0, 100);
	expect(TCP_MAX_SACK, "110: 200-250 600-610 500-510 400-410");
	segment(110, 90);
	expect(TCP_MAX_SACK, "250: 600-610 500-510 400-410 300-310");
	segment(310, 300); /* one piece in each of three holes */
	expect(TCP_MAX_SACK, "250: 400-410 300-610");
	expect(TCP_MAX_SACK, "250: 300-610");
	rx_stop(&rx);
}

/* RFC 2883, section 4: the examples, as seen by the receiver. */
Test(tcp_sack_rx, rfc2883_4_1_1_a_duplicate_segment_below_the_ack)
{
	start(0u - 3500);
	rx.rcv_nxt = base + 3000;
	segment(3000, 500);
	segment(3500, 500);
	segment(3000, 500);
	cr_assert(tcp_sack_rx_has_dsack(&sack));
	expect(TCP_MAX_SACK, "4000: 3000-3500");
	expect(TCP_MAX_SACK, "4000:"); /* once only */
	rx_stop(&rx);
}

Test(tcp_sack_rx, rfc2883_4_1_2_out_of_order_and_duplicated)
{
	start(0u - 3500);
	rx.rcv_nxt = base + 3000;
	segment(3000, 500);
	segment(4500, 500);
	expect(TCP_MAX_SACK, "3500: 4500-5000");
	segment(4000, 500);
	expect(TCP_MAX_SACK, "3500: 4000-5000");
	segment(3000, 500);
	expect(TCP_MAX_SACK, "3500: 3000-3500 4000-5000");
	rx_stop(&rx);
}

Test(tcp_sack_rx, rfc2883_4_1_3_a_duplicate_inside_the_queue)
{
	start(0u - 3500);
	rx.rcv_nxt = base + 4000;
	segment(4500, 500);
	segment(5000, 500);
	expect(TCP_MAX_SACK, "4000: 4500-5500");
	segment(5000, 500);
	expect(TCP_MAX_SACK, "4000: 5000-5500 4500-5500");
	rx_stop(&rx);
}

Test(tcp_sack_rx, rfc2883_4_2_1_new_data_and_a_duplicate_below_the_ack)
{
	start(0u - 600);
	rx.rcv_nxt = base + 500;
	segment(500, 500);
	segment(1500, 500);
	segment(2000, 500);
	expect(TCP_MAX_SACK, "1000: 1500-2500");
	segment(500, 1000); /* 500-1000 again, 1000-1500 new */
	expect(TCP_MAX_SACK, "2500: 500-1000");
	rx_stop(&rx);
}

Test(tcp_sack_rx, rfc2883_4_2_2_two_duplicate_parts_the_first_is_reported)
{
	start(0u - 600);
	rx.rcv_nxt = base + 500;
	segment(1000, 500);
	segment(2000, 500);
	segment(3000, 500);
	expect(TCP_MAX_SACK, "500: 3000-3500 2000-2500 1000-1500");
	segment(1000, 1500); /* 1500-2000 is new */
	expect(TCP_MAX_SACK, "500: 1000-1500 1000-2500 3000-3500");
	rx_stop(&rx);
}

Test(tcp_sack_rx, rfc2883_a_dsack_leaves_room_as_it_takes_it)
{
	start(0);
	for (uint32_t at = 100; at <= 500; at += 100)
		segment(at, 10);
	segment(300, 10);
	expect(TCP_SACK_WITH_TS, "0: 300-310 300-310 500-510");
	expect(TCP_SACK_WITH_TS, "0: 500-510 400-410 300-310");
	tcp_sack_rx_on_duplicate(&sack, base - 50, base);
	expect(1, "0: 4294967246-0");
	tcp_sack_rx_on_duplicate(&sack, base - 50, base);
	segment(600, 10); /* does not forget it */
	expect(TCP_SACK_WITH_TS, "0: 4294967246-0 600-610 500-510");
	rx_stop(&rx);
}

Test(tcp_sack_rx, rfc2018_8_what_was_evicted_is_reported_no_more)
{
	start(0);
	for (uint32_t at = 100; at <= 300; at += 100)
		segment(at, 10);
	expect(TCP_MAX_SACK, "0: 300-310 200-210 100-110");
	cr_assert_eq(tcp_reass_evict(&rx.pool, &rx.r, 1), 10);
	expect(TCP_MAX_SACK, "0: 200-210 100-110");
	rx_stop(&rx);
}

Test(tcp_sack_rx, ranges_whose_turn_is_forgotten_come_after_the_others)
{
	start(0);
	for (uint32_t at = 100; at <= 900; at += 100)
		segment(at, 10);
	/* All four that were touched last go. */
	cr_assert_eq(tcp_reass_evict(&rx.pool, &rx.r, 4 * FRAME_CHARGE), 40);
	expect(TCP_MAX_SACK, "0: 100-110 200-210 300-310 400-410");
	rx_stop(&rx);
}

Test(tcp_sack_rx, a_fin_is_reported_as_the_number_that_it_is)
{
	start(0);
	rx_put(&rx, 100, 10, 0, true);
	tcp_sack_rx_on_insert(&sack, &rx.r, &rx.res);
	expect(TCP_MAX_SACK, "0: 100-111");
	rx_put(&rx, 100, 10, 0, true);
	tcp_sack_rx_on_insert(&sack, &rx.r, &rx.res);
	expect(TCP_MAX_SACK, "0: 100-111 100-111");
	rx_stop(&rx);
}
