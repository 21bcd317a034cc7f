/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <errno.h>

#include "tests/unit/tcp/rx.h"

static struct rx rx;

/* Everything begins just in front of the wrap: numbers 0 to 9 lie below 2^32, the rest above. */
#define BASE (0u - 10)

static void start(void)
{
	rx_start(&rx, BASE, NULL);
}

static void put(uint32_t at, uint32_t len, uint8_t version)
{
	rx_put(&rx, BASE + at, len, version, false);
}

static void ranges(const char *want)
{
	rx_ranges(&rx, BASE, want);
}

static void expect_dup(uint32_t from, uint32_t to)
{
	cr_assert_eq(rx.res.dup.start, BASE + from);
	cr_assert_eq(rx.res.dup.end, BASE + to);
}

static void expect_no_dup(void)
{
	cr_assert_eq(rx.res.dup.start, rx.res.dup.end);
}

static uint64_t count(enum tcp_reass_counter which)
{
	return rx.pool.count[which];
}

Test(tcp_reass, an_idle_connection_pays_one_pointer)
{
	cr_assert_eq(sizeof(struct tcp_reass), sizeof(void *));
	start();
	cr_assert(tcp_reass_is_empty(&rx.r));
	cr_assert_eq(tcp_reass_bytes(&rx.r), 0);
	cr_assert_eq(tcp_reass_num_ranges(&rx.r), 0);
	rx_expect(&rx, "");
	cr_assert_eq(tcp_reass_evict(&rx.pool, &rx.r, 1), 0);
	cr_assert_eq(rx.pool.small.in_use, 0);
	put(5, 5, 0);
	cr_assert_eq(rx.pool.small.in_use, 1);
	cr_assert_eq(tcp_reass_bytes(&rx.r), FRAME_CHARGE);
	put(0, 5, 0);
	rx_expect(&rx, "0000000000");
	cr_assert(tcp_reass_is_empty(&rx.r));
	cr_assert_eq(rx.pool.small.in_use, 0);
	rx_stop(&rx);
}

Test(tcp_reass, rfc9293_3_10_7_4_segments_join_in_every_way)
{
	start();
	put(20, 5, 0);
	ranges("20-25");
	put(25, 5, 0); /* behind */
	ranges("20-30");
	put(15, 5, 0); /* before */
	ranges("15-30");
	put(40, 5, 0); /* above */
	put(5, 5, 0);  /* below */
	ranges("5-10 15-30 40-45");
	put(10, 5, 0); /* a bridge */
	ranges("5-30 40-45");
	put(32, 2, 0); /* alone in the middle */
	ranges("5-30 32-34 40-45");
	cr_assert_eq(rx.res.added, 2);
	expect_no_dup();
	rx_expect(&rx, "");
	put(0, 5, 1);
	rx_expect(&rx, "111110000000000000000000000000");
	ranges("32-34 40-45");
	rx_stop(&rx);
}

Test(tcp_reass, rfc9293_3_10_7_4_the_first_to_come_counts)
{
	static const struct {
		uint32_t at, len;
		const char *out; /* of numbers 0 to 39, after everything else is filled with 2 */
		uint32_t dup_from, dup_to;
		uint32_t added;
	} cases[] = {
		/* Held: 10-20 and 25-30, version 0. Comes: version 1. */
		{ 10, 10, "2222222222000000000022222000002222222222", 10, 20, 0 },
		{ 12, 3, "2222222222000000000022222000002222222222", 12, 15, 0 },
		{ 5, 10, "2222211111000000000022222000002222222222", 10, 15, 5 },
		{ 15, 8, "2222222222000000000011122000002222222222", 15, 20, 3 },
		{ 5, 20, "2222211111000000000011111000002222222222", 10, 20, 10 },
		{ 5, 30, "2222211111000000000011111000001111122222", 10, 20, 15 },
		{ 20, 5, "2222222222000000000011111000002222222222", 0, 0, 5 },
		{ 21, 3, "2222222222000000000021112000002222222222", 0, 0, 3 },
		{ 24, 8, "2222222222000000000022221000001122222222", 25, 30, 3 },
		{ 0, 40, "1111111111000000000011111000001111111111", 10, 20, 25 },
		{ 0, 25, "1111111111000000000011111000002222222222", 10, 20, 15 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		start();
		put(10, 10, 0);
		put(25, 5, 0);
		put(cases[i].at, cases[i].len, 1);
		cr_assert_eq(rx.res.added, cases[i].added, "case %zu", i);
		if (cases[i].dup_to)
			expect_dup(cases[i].dup_from, cases[i].dup_to);
		else
			expect_no_dup();
		put(0, 40, 2);
		rx_expect(&rx, cases[i].out);
		rx_stop(&rx);
	}
}

Test(tcp_reass, rfc9293_3_4_wraps_at_every_boundary)
{
	for (uint32_t offset = 0; offset < 30; offset++) {
		uint32_t base = 0u - offset;

		rx_start(&rx, base, NULL);
		rx_put(&rx, base + 20, 5, 0, true);
		rx_put(&rx, base + 10, 5, 0, false);
		rx_put(&rx, base + 8, 14, 1, false);
		rx_ranges(&rx, base, "8-26");
		rx_put(&rx, base - 3, 11, 2, false);
		cr_assert_eq(rx.res.dup.start, base - 3);
		cr_assert_eq(rx.res.dup.end, base);
		rx_expect(&rx, "2222222211000001111100000");
		cr_assert(rx.fin);
		cr_assert_eq(rx.rcv_nxt, base + 26);
		rx_stop(&rx);
	}
}

Test(tcp_reass, old_data_is_trimmed_in_front)
{
	start();
	rx.rcv_nxt = BASE + 10;
	put(20, 5, 0);
	put(0, 10, 1);
	expect_dup(0, 10);
	cr_assert_eq(rx.res.added, 0);
	cr_assert_eq(count(TCP_REASS_DUPLICATE), 1);
	put(0, 15, 1);
	expect_dup(0, 10);
	cr_assert_eq(count(TCP_REASS_TRIM_OLD), 1);
	ranges("10-15 20-25");
	rx_expect(&rx, "11111");
	rx_stop(&rx);
}

static struct buf *chain(uint32_t at, const uint32_t *lens, unsigned num)
{
	struct buf *head = NULL, **tail = &head;

	for (unsigned i = 0; i < num; i++) {
		*tail = rx_packet(&rx, BASE + at, lens[i], 1);
		at += lens[i];
		tail = &(*tail)->next;
	}
	return head;
}

Test(tcp_reass, a_chain_is_taken_apart)
{
	static const uint32_t lens[] = { 0, 5, 1, 9, 0, 10, 5 };
	struct tcp_reass_segment s = { .seq = BASE, .max_bytes = 1u << 20 };

	start();
	put(12, 10, 0);
	rx.rcv_nxt = s.rcv_nxt = BASE + 3;
	s.b = chain(0, lens, ARRAY_SIZE(lens));
	rx.res = tcp_reass_insert(&rx.pool, &rx.r, &s);
	expect_dup(0, 3);
	cr_assert_eq(rx.res.added, 17);
	rx_expect(&rx, "111111111000000000011111111");
	cr_assert_eq(rx.out.num, 6, "3-5 5-6 6-12, 12-22, 22-25 25-30");
	rx_stop(&rx);
}

Test(tcp_reass, a_chain_of_old_data_only)
{
	static const uint32_t lens[] = { 5, 0, 3 };
	struct tcp_reass_segment s = { .seq = BASE, .rcv_nxt = BASE + 8, .max_bytes = 1u << 20 };

	start();
	s.b = chain(0, lens, ARRAY_SIZE(lens));
	rx.res = tcp_reass_insert(&rx.pool, &rx.r, &s);
	expect_dup(0, 8);
	cr_assert(tcp_reass_is_empty(&rx.r));
	rx_stop(&rx);
}

Test(tcp_reass, a_buf_over_several_holes_is_split_not_copied)
{
	uint32_t frames;

	start();
	put(10, 5, 0);
	put(20, 5, 0);
	put(30, 5, 0);
	frames = (uint32_t)rx.bufs.count[BUFPOOL_IN_USE];
	put(5, 35, 1);
	cr_assert_eq(rx.bufs.count[BUFPOOL_IN_USE], frames + 1 + 3, "the frame and three slices");
	cr_assert_eq(count(TCP_REASS_SPLIT), 1);
	cr_assert_eq(tcp_reass_bytes(&rx.r), 7 * FRAME_CHARGE + 3 * sizeof(struct buf));
	put(0, 5, 2);
	rx_expect(&rx, "2222211111000001111100000111110000011111");
	rx_stop(&rx);
}

Test(tcp_reass, without_memory_for_a_slice_the_first_piece_is_kept)
{
	struct buf *views[4096];
	unsigned num = 0;
	struct buf *packet;

	start();
	put(10, 5, 0);
	packet = rx_packet(&rx, BASE + 5, 20, 1);
	/* Use up all the memory. */
	rx.bufs.config.limit_bytes = rx.bufs.count[BUFPOOL_ARENA_BYTES];
	while (buf_alloc_class_or_null(&rx.bufs, BUF_CLASS_1M))
		;
	while (num < ARRAY_SIZE(views) &&
	       (views[num] = buf_alloc_class_or_null(&rx.bufs, BUF_CLASS_2K)))
		num++;
	while ((views[num] = buf_slice_or_null(&rx.bufs, packet, packet->data, 1)))
		num++;
	rx.res = tcp_reass_insert(
		&rx.pool, &rx.r,
		&(struct tcp_reass_segment){
			.b = packet, .seq = BASE + 5, .rcv_nxt = BASE, .max_bytes = 1u << 20 });
	ranges("5-15");
	cr_assert_eq(rx.res.added, 5);
	cr_assert_eq(count(TCP_REASS_DROP_NO_MEMORY), 1);
	expect_dup(10, 15);
	tcp_reass_drain(&rx.pool, &rx.r);
	tcp_reass_pool_fini(&rx.pool);
	buf_pool_fini(&rx.bufs);
}

Test(tcp_reass, rfc9293_fin_is_remembered_with_and_without_data)
{
	uint32_t at = 0;

	start();
	rx_put(&rx, BASE + 10, 5, 0, true);
	ranges("10-16");
	cr_assert(tcp_reass_has_fin(&rx.r, &at));
	cr_assert_eq(at, BASE + 15);
	put(0, 10, 1);
	rx_expect(&rx, "111111111100000");
	cr_assert(rx.fin);
	cr_assert_eq(rx.rcv_nxt, BASE + 16);
	cr_assert(!tcp_reass_has_fin(&rx.r, &at));
	rx_stop(&rx);

	start();
	rx_put(&rx, BASE + 15, 0, 0, true);
	ranges("15-16");
	cr_assert_eq(tcp_reass_bytes(&rx.r), 0);
	rx_put(&rx, BASE + 15, 0, 0, true);
	expect_dup(15, 16);
	put(12, 3, 0);
	ranges("12-16");
	put(0, 12, 1);
	rx_expect(&rx, "111111111111000");
	cr_assert(rx.fin);
	rx_stop(&rx);

	start();
	rx_put(&rx, BASE + 12, 3, 0, false);
	rx_put(&rx, BASE + 15, 0, 0, true); /* joins what is there */
	ranges("12-16");
	rx_expect(&rx, "");
	cr_assert(!rx.fin);
	rx_stop(&rx);

	start();
	rx_put(&rx, BASE, 0, 0, true);
	rx_expect(&rx, "");
	cr_assert(rx.fin, "in order and alone");
	rx_stop(&rx);
}

Test(tcp_reass, nothing_lies_behind_a_fin)
{
	uint32_t at;

	start();
	rx_put(&rx, BASE + 10, 5, 0, true);
	put(16, 5, 1);
	cr_assert_eq(count(TCP_REASS_DROP_PAST_FIN), 1);
	put(12, 10, 1);
	cr_assert_eq(count(TCP_REASS_DROP_PAST_FIN), 2);
	put(5, 10, 1);
	cr_assert_eq(count(TCP_REASS_DROP_PAST_FIN), 2, "up to the FIN is not behind it");
	ranges("5-16");
	rx_put(&rx, BASE + 2, 2, 1, true);
	cr_assert_eq(count(TCP_REASS_DROP_BAD_FIN), 1);
	ranges("2-4 5-16");
	rx_put(&rx, BASE + 14, 5, 1, true);
	cr_assert_eq(count(TCP_REASS_DROP_BAD_FIN), 2);
	cr_assert(tcp_reass_has_fin(&rx.r, &at));
	cr_assert_eq(at, BASE + 15, "the first to come counts");
	rx_stop(&rx);

	start();
	put(10, 5, 0);
	rx_put(&rx, BASE + 5, 7, 1, true);
	cr_assert_eq(count(TCP_REASS_DROP_BAD_FIN), 1, "there is data behind it");
	cr_assert(!tcp_reass_has_fin(&rx.r, &at));
	ranges("5-15");
	rx.rcv_nxt = BASE + 5;
	rx_put(&rx, BASE, 2, 1, true);
	expect_dup(0, 3);
	cr_assert_eq(count(TCP_REASS_DROP_BAD_FIN), 1, "an old one is a duplicate");
	rx_stop(&rx);
}

Test(tcp_reass, segmentsmack_memory_counts_as_held)
{
	start();
	rx.max_bytes = 64u << 10;
	for (uint32_t i = 0; i < 4000; i++) {
		put(2 + 2 * i, 1, 0);
		cr_assert_leq(tcp_reass_bytes(&rx.r), rx.max_bytes);
	}
	cr_assert_eq(tcp_reass_bytes(&rx.r) / FRAME_CHARGE, rx.bufs.count[BUFPOOL_IN_USE]);
	cr_assert_leq(rx.bufs.count[BUFPOOL_IN_USE] * FRAME_CHARGE, rx.max_bytes);
	cr_assert_gt(count(TCP_REASS_DROP_BYTES), 3900);
	cr_assert_eq(count(TCP_REASS_EVICTED), 0, "all dropped ones were higher");
	rx_stop(&rx);
}

Test(tcp_reass, the_highest_makes_room_for_the_lower)
{
	start();
	rx.max_bytes = 4 * (uint32_t)FRAME_CHARGE + sizeof(struct buf);
	put(40, 5, 0);
	put(45, 5, 0);
	put(30, 5, 0);
	rx_put(&rx, BASE + 50, 5, 0, true);
	ranges("30-35 40-56");
	put(60, 5, 0);
	cr_assert_eq(rx.res.added, 0);
	cr_assert_eq(rx.res.evicted, 0);
	cr_assert_eq(count(TCP_REASS_DROP_PAST_FIN), 1);
	put(20, 5, 0);
	cr_assert_eq(rx.res.added, 5);
	cr_assert_eq(rx.res.evicted, 6, "with the FIN: we renege");
	ranges("20-25 30-35 40-50");
	put(22, 12, 1); /* in between: 45-50 goes for 25-30 */
	ranges("20-35 40-45");
	cr_assert_eq(count(TCP_REASS_EVICTED), 2);
	cr_assert_eq(count(TCP_REASS_EVICTED_BYTES), 10);
	put(0, 20, 1); /* in order: above every limit, and nothing goes */
	cr_assert_eq(rx.res.evicted, 0);
	rx_expect(&rx, "11111111111111111111000001111100000");
	rx_stop(&rx);
}

/* With room for the descriptor of a slice, should it become one. */
Test(tcp_reass, the_memory_limit_is_exact)
{
	uint32_t cost = (uint32_t)(FRAME_CHARGE + sizeof(struct buf));

	start();
	rx.max_bytes = cost - 1;
	put(20, 5, 0);
	cr_assert_eq(rx.res.added, 0);
	rx.max_bytes = cost;
	put(20, 5, 0);
	cr_assert_eq(rx.res.added, 5);
	rx.max_bytes = cost + (uint32_t)FRAME_CHARGE - 1;
	put(30, 5, 0);
	cr_assert_eq(rx.res.added, 0);
	rx.max_bytes++;
	put(30, 5, 0);
	cr_assert_eq(rx.res.added, 5);
	rx_stop(&rx);
}

Test(tcp_reass, what_can_never_fit_evicts_nothing)
{
	start();
	rx.max_bytes = 3 * (uint32_t)FRAME_CHARGE;
	put(9000, 5, 0);
	put(20, 3000, 0); /* a frame of 9 KB */
	cr_assert_eq(rx.res.added, 0);
	cr_assert_eq(rx.res.evicted, 0);
	ranges("9000-9005");
	rx.max_bytes = 0;
	put(20, 1, 0);
	ranges("9000-9005");
	put(0, 30, 1);
	rx_expect(&rx, "111111111111111111111111111111");
	rx_stop(&rx);
}

Test(tcp_reass, bufs_are_bounded_by_number)
{
	struct tcp_reass_config config = tcp_reass_default_config();

	config.max_bufs = 3;
	rx_start(&rx, BASE, &config);
	put(20, 5, 0);
	put(25, 5, 0);
	put(30, 5, 0);
	put(35, 5, 0);
	ranges("20-35");
	cr_assert_eq(count(TCP_REASS_DROP_BUFS), 1);
	put(10, 5, 0);
	ranges("10-15 20-30");
	put(0, 10, 1);
	rx_expect(&rx, "111111111100000");
	rx_stop(&rx);
}

Test(tcp_reass, ranges_are_bounded_and_the_cure_always_fits)
{
	struct tcp_reass_config config = tcp_reass_default_config();

	config.max_ranges = 20;
	rx_start(&rx, BASE, &config);
	for (uint32_t i = 0; i < 30; i++)
		put(10 + 10 * i, 5, 0);
	cr_assert_eq(tcp_reass_num_ranges(&rx.r), 20);
	cr_assert_eq(count(TCP_REASS_DROP_RANGES), 10);
	cr_assert_eq(rx.pool.large.in_use, 1);
	cr_assert_eq(rx.pool.small.in_use, 0);
	put(8, 2, 1); /* no new ranges */
	cr_assert_eq(rx.res.added, 2);
	put(45, 2, 1);
	cr_assert_eq(rx.res.added, 2);
	cr_assert_eq(tcp_reass_num_ranges(&rx.r), 20);
	put(17, 1, 1);
	cr_assert_eq(count(TCP_REASS_DROP_RANGES), 11);
	put(0, 3, 1);
	cr_assert_eq(tcp_reass_num_ranges(&rx.r), 21);
	rx_expect(&rx, "111");
	rx_stop(&rx);
}

Test(tcp_reass, without_a_large_store_the_cure_still_fits)
{
	struct tcp_reass_config config = tcp_reass_default_config();

	config.max_large = 0;
	rx_start(&rx, BASE, &config);
	for (uint32_t i = 0; i < 12; i++)
		put(10 + 10 * i, 5, 0);
	cr_assert_eq(tcp_reass_num_ranges(&rx.r), TCP_REASS_SMALL_RANGES);
	cr_assert_eq(count(TCP_REASS_DROP_NO_MEMORY), 3);
	put(0, 3, 1);
	cr_assert_eq(rx.res.evicted, 5);
	cr_assert_eq(rx.res.added, 3);
	rx_expect(&rx, "111");
	cr_assert_eq(tcp_reass_num_ranges(&rx.r), TCP_REASS_SMALL_RANGES - 1);
	rx_stop(&rx);
}

Test(tcp_reass, without_a_store_segments_are_dropped)
{
	struct tcp_reass_config config = tcp_reass_default_config();

	config.max_queues = 0;
	rx_start(&rx, BASE, &config);
	put(10, 5, 0);
	cr_assert_eq(count(TCP_REASS_DROP_NO_MEMORY), 1);
	cr_assert(tcp_reass_is_empty(&rx.r));
	rx_stop(&rx);
}

Test(tcp_reass, memory_can_be_called_back)
{
	start();
	put(20, 5, 0);
	put(30, 5, 0);
	rx_put(&rx, BASE + 40, 0, 0, true);
	cr_assert_eq(tcp_reass_evict(&rx.pool, &rx.r, 1), 6);
	ranges("20-25");
	cr_assert_eq(tcp_reass_evict(&rx.pool, &rx.r, UINT32_MAX), 5);
	cr_assert(tcp_reass_is_empty(&rx.r));
	cr_assert_eq(rx.bufs.count[BUFPOOL_IN_USE], 0);
	rx_stop(&rx);
}

/* Ranges appear and vanish at all places, so that every way of making and closing a gap in the array is taken. */
Test(tcp_reass, ranges_stay_in_order_wherever_they_come_and_go)
{
	for (uint32_t step = 1; step < 200; step += 2) {
		start();
		for (uint32_t i = 0; i < 200; i++)
			put(10 + 10 * (i * step % 200), 5, 0);
		for (uint32_t i = 0; i < 200; i += 3)
			put(15 + 10 * (i * step % 200), 5, 1);
		while (!tcp_reass_is_empty(&rx.r)) {
			struct tcp_sack_block first = tcp_reass_range(&rx.r, 0);

			rx_put(&rx, rx.rcv_nxt, first.start - rx.rcv_nxt, 2, false);
			buf_queue_drain(&rx.out);
			rx.rcv_nxt = tcp_reass_pop(&rx.pool, &rx.r, rx.rcv_nxt, &rx.out, &rx.fin);
			cr_assert_eq(rx.rcv_nxt, first.end);
		}
		rx_stop(&rx);
	}
}

Test(tcp_reass, blocks_are_found_by_any_number_in_them)
{
	struct tcp_sack_block b;

	start();
	cr_assert(!tcp_reass_find(&rx.r, BASE, &b));
	for (uint32_t i = 0; i < 50; i++)
		put(10 + 10 * i, 5, 0);
	for (uint32_t at = 0; at < 600; at++) {
		bool want = at >= 10 && at < 510 && at % 10 < 5;

		cr_assert_eq(tcp_reass_find(&rx.r, BASE + at, &b), want, "%u", at);
		if (want) {
			cr_assert_eq(b.start, BASE + at / 10 * 10);
			cr_assert_eq(b.end, b.start + 5);
		}
	}
	rx_stop(&rx);
}

Test(tcp_reass, a_slice_counts_as_the_frame_that_it_keeps)
{
	struct buf *frame, *slice;

	start();
	frame = rx_packet(&rx, 0, 100, 0);
	slice = buf_slice_or_null(&rx.bufs, frame, frame->data, 10);
	buf_put(frame);
	rx.res = tcp_reass_insert(
		&rx.pool, &rx.r,
		&(struct tcp_reass_segment){
			.b = slice, .seq = BASE + 5, .rcv_nxt = BASE, .max_bytes = 1u << 20 });
	cr_assert_eq(tcp_reass_bytes(&rx.r), FRAME_CHARGE + sizeof(struct buf),
		     "a slice keeps its frame alive");
	rx_stop(&rx);
}

Test(tcp_reass, limits_are_checked)
{
	struct tcp_reass_config config = tcp_reass_default_config();
	struct tcp_reass_pool pool;

	config.max_ranges = TCP_REASS_SMALL_RANGES - 1;
	cr_assert_eq(tcp_reass_pool_init(&pool, NULL, &config), -EINVAL);
	config.max_ranges = UINT16_MAX;
	cr_assert_eq(tcp_reass_pool_init(&pool, NULL, &config), -EINVAL);
	config = tcp_reass_default_config();
	config.max_bufs = 0;
	cr_assert_eq(tcp_reass_pool_init(&pool, NULL, &config), -EINVAL);
}
