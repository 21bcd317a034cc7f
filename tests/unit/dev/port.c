/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <errno.h>
#include <signal.h>
#include <string.h>

#include "libos/base/endian.h"
#include "station.h"

#define GBIT 1000000000ull

static struct station *a, *b;

static void start_pair(struct sim_wire w)
{
	start();
	a = station_new(1);
	b = station_new(2);
	join(a, b, w);
	sim_run_until(&sim, 1000);
}

static void start_pair_with(uint32_t features)
{
	struct sim_port_config config_a, config_b;

	start();
	config_a = sim_port_config_default(&pool, 1);
	config_b = sim_port_config_default(&pool, 2);
	config_a.features = config_b.features = features;
	a = station_new_with(1, &config_a);
	b = station_new_with(2, &config_b);
	join(a, b, wire(0, 0, 0));
}

static void end_pair(void)
{
	station_free(a);
	station_free(b);
	finish();
}

Test(port, a_wire_without_limits_delivers_at_once_in_order)
{
	start_pair(wire(0, 0, 0));
	for (uint32_t i = 0; i < 100; i++)
		send_tag(a, 2, i, 60 + i);
	sim_run_until(&sim, 1000);
	cr_assert_eq(b->num, 100);
	for (uint32_t i = 0; i < 100; i++) {
		cr_assert_eq(b->got[i].at, 1000);
		cr_assert_eq(b->got[i].tag, i);
		cr_assert_eq(b->got[i].len, 60 + i);
		cr_assert_eq(b->got[i].flags, 0);
	}
	cr_assert_eq(a->port.count[SIM_TX_FRAMES], 100);
	cr_assert_eq(a->port.count[SIM_TX_BYTES], 100 * 60 + 99 * 50);
	cr_assert_eq(b->port.count[SIM_RX_FRAMES], 100);
	cr_assert_eq(b->port.count[SIM_RX_BYTES], 100 * 60 + 99 * 50);
	end_pair();
}

/* All copy sizes around the steps of the short copy, from chains and from single bufs. */
Test(port, bytes_arrive_as_sent_in_memory_of_the_receivers_pool)
{
	struct buf_pool own;
	struct buf_pool_config config = buf_pool_default_config();
	struct sim_port_config port_config;

	start();
	config.pages = ARENA_PAGES_PLAIN;
	cr_assert_eq(buf_pool_init(&own, &config), 0);
	port_config = sim_port_config_default(&own, 2);
	a = station_new(1);
	b = station_new_with(2, &port_config);
	join(a, b, wire(0, 0, 0));
	for (uint32_t len = 18; len <= 600; len++) {
		struct buf *sent = frame_new(1, 2, len, len), *got;
		uint8_t want[600];

		memcpy(want, sent->data, len);
		if (len % 2) {
			sent->next = buf_slice_or_null(&pool, sent, sent->data + 17, len - 17);
			sent->len = 17;
		}
		send_buf(a, sent);
		cr_assert_eq(own.count[BUFPOOL_IN_USE], 1);
		cr_assert_eq(pool.count[BUFPOOL_IN_USE], 0);
		cr_assert_eq(dev_rx(b->dev, &got, 1, 0), 1);
		cr_assert_eq(got->len, len);
		cr_assert_null(got->next);
		cr_assert_eq(memcmp(got->data, want, len), 0, "%u bytes", len);
		cr_assert_eq(buf_headroom(got), BUF_HEADROOM);
		buf_put(got);
	}
	send_tag(a, 2, 1, 100);
	end_pair();
	cr_assert_eq(own.count[BUFPOOL_IN_USE], 0);
	buf_pool_fini(&own);
}

Test(port, delay_is_exact_and_the_node_is_woken_for_it)
{
	unsigned polls;

	start_pair(wire(12345, 0, 0));
	polls = b->num_polls;
	send_tag(a, 2, 1, 60);
	cr_assert_eq(b->dev->ops->next_event(b->dev), 1000 + 12345);
	cr_assert_eq(sim_next_event(&sim), 1000 + 12345);
	sim_run_until(&sim, 1000 + 12344);
	cr_assert_eq(b->num, 0);
	cr_assert_eq(b->num_polls, polls);
	cr_assert(sim_step(&sim));
	cr_assert_eq(b->num, 1);
	cr_assert_eq(b->got[0].at, 1000 + 12345);
	cr_assert_not(sim_step(&sim));
	end_pair();
}

/* (60 + 24) * 8 = 672 ns at 1 Gbit/s; short frames are padded on the line. */
Test(port, the_line_takes_one_frame_after_the_other)
{
	start_pair(wire(500, GBIT, 0));
	send_tag(a, 2, 0, 60);
	send_tag(a, 2, 1, 20);
	send_tag(a, 2, 2, 1514);
	sim_run_until(&sim, 1000 + 2 * 672 + 100);
	send_tag(a, 2, 3, 60); /* waits for the third */
	sim_run_until(&sim, TIME_NEVER);
	cr_assert_eq(b->num, 4);
	cr_assert_eq(b->got[0].at, 1000 + 672 + 500);
	cr_assert_eq(b->got[1].at, 1000 + 2 * 672 + 500);
	cr_assert_eq(b->got[2].at, 1000 + 2 * 672 + 1538 * 8 + 500);
	cr_assert_eq(b->got[3].at, 1000 + 3 * 672 + 1538 * 8 + 500);
	/* An idle line starts anew. */
	sim_run_until(&sim, 1000000);
	send_tag(a, 2, 4, 60);
	sim_run_until(&sim, TIME_NEVER);
	cr_assert_eq(b->got[4].at, 1000000 + 672 + 500);
	end_pair();
}

/* 84 bytes at 100 Gbit/s take 6.72 ns: rounded up per frame, but never accumulated. */
Test(port, fractions_of_a_nanosecond_add_up_exactly)
{
	start_pair(wire(0, 100 * GBIT, 2000));
	for (uint32_t i = 0; i < 1000; i++)
		send_tag(a, 2, i, 60);
	sim_run_until(&sim, TIME_NEVER);
	cr_assert_eq(b->num, 1000);
	for (uint32_t i = 0; i < 1000; i++)
		cr_assert_eq(b->got[i].at, 1000 + (672 * (i + 1) + 99) / 100, "frame %u", i);
	end_pair();
}

/* The first is done after 6.72 ns, so that the line is free at the seventh. */
Test(port, a_changed_rate_counts_from_the_next_frame)
{
	struct sim_wire slower = wire(0, GBIT, 0);

	start_pair(wire(0, 100 * GBIT, 0));
	send_tag(a, 2, 0, 60);
	sim_wire_set(&a->port, &slower);
	send_tag(a, 2, 1, 60);
	sim_run_until(&sim, TIME_NEVER);
	cr_assert_eq(b->got[0].at, 1007);
	cr_assert_eq(b->got[1].at, 1007 + 672);
	end_pair();
}

Test(port, directions_have_a_wire_each)
{
	struct sim_wire back = wire(7, 0, 0);

	start_pair(wire(100, GBIT, 0));
	sim_wire_set(&b->port, &back);
	send_tag(a, 2, 1, 60);
	send_tag(b, 1, 2, 60);
	sim_run_until(&sim, TIME_NEVER);
	cr_assert_eq(a->got[0].at, 1007);
	cr_assert_eq(b->got[0].at, 1000 + 672 + 100);
	end_pair();
}

Test(port, a_full_queue_drops_the_newest)
{
	start_pair(wire(1000000, GBIT, 3));
	for (uint32_t i = 0; i < 5; i++)
		send_tag(a, 2, i, 60);
	cr_assert_eq(a->port.count[SIM_DROP_QUEUE], 2);
	sim_run_until(&sim, 1000 + 671);
	send_tag(a, 2, 5, 60); /* the first frame's last bit has not left */
	cr_assert_eq(a->port.count[SIM_DROP_QUEUE], 3);
	sim_run_until(&sim, 1000 + 672);
	send_tag(a, 2, 6, 60);
	cr_assert_eq(a->port.count[SIM_DROP_QUEUE], 3);
	sim_run_until(&sim, TIME_NEVER);
	cr_assert_eq(b->num, 4);
	cr_assert_eq(b->got[2].tag, 2);
	cr_assert_eq(b->got[3].tag, 6);
	cr_assert_eq(b->got[3].at, 1000 + 4 * 672 + 1000000);
	end_pair();
}

/* What flies does not wait: a long wire holds more frames than the queue. */
Test(port, the_queue_limit_does_not_count_frames_in_flight)
{
	start_pair(wire(NS_PER_SEC, GBIT, 1));
	for (uint32_t i = 0; i < 100; i++) {
		send_tag(a, 2, i, 60);
		sim_run_until(&sim, sim_now(&sim) + 672);
	}
	cr_assert_eq(a->port.count[SIM_DROP_QUEUE], 0);
	cr_assert_eq(b->num, 0);
	sim_run_until(&sim, TIME_NEVER);
	cr_assert_eq(b->num, 100);
	end_pair();
}

static void check_ring_overflow(uint64_t delay_ns)
{
	struct sim_port_config config;
	struct buf *frames[8];

	start();
	config = sim_port_config_default(&pool, 2);
	config.ring_frames = 4;
	a = station_new(1);
	b = station_new_with(2, &config);
	join(a, b, wire(delay_ns, 0, 0));
	for (uint32_t i = 0; i < 6; i++)
		send_tag(a, 2, i, 60);
	cr_assert_eq(dev_rx(b->dev, frames, 8, delay_ns), 4);
	cr_assert_eq(b->port.count[SIM_DROP_RING], 2);
	for (uint32_t i = 0; i < 4; i++) {
		cr_assert_eq(frame_tag(frames[i]), i);
		buf_put(frames[i]);
	}
	send_tag(a, 2, 6, 60);
	cr_assert_eq(dev_rx(b->dev, frames, 8, delay_ns), 1);
	buf_put(frames[0]);
	end_pair();
}

Test(port, a_receiver_that_does_not_fetch_loses_the_newest)
{
	check_ring_overflow(0);
}

Test(port, a_receiver_that_does_not_fetch_loses_the_newest_of_a_long_wire)
{
	check_ring_overflow(50);
}

Test(port, frames_outside_the_mtu_or_without_a_header_are_dropped)
{
	struct buf *runt;

	start_pair(wire(0, 0, 0));
	send_tag(a, 2, 0, 1514);
	send_tag(a, 2, 1, 1515);
	runt = frame_new(1, 2, 2, 60);
	runt->len = 13;
	send_buf(a, runt);
	runt = frame_new(1, 2, 2, 60);
	runt->len = 0;
	send_buf(a, runt);
	sim_run_until(&sim, TIME_NEVER);
	cr_assert_eq(b->num, 1);
	cr_assert_eq(a->port.count[SIM_DROP_LENGTH], 3);
	end_pair();
}

Test(port, an_unconnected_or_downed_link_drops_and_says_so)
{
	start();
	a = station_new(1);
	cr_assert_not(a->port.dev.link_up);
	send_tag(a, 2, 0, 60);
	cr_assert_eq(a->port.count[SIM_DROP_LINK], 1);
	b = station_new(2);
	join(a, b, wire(100, GBIT, 0));
	cr_assert(a->port.dev.link_up && b->port.dev.link_up);
	cr_assert_eq(sim_connect(&a->port, &b->port, &a->port.wire), -EBUSY);
	send_tag(a, 2, 1, 60);
	send_tag(a, 2, 2, 60);
	sim_run_until(&sim, 700); /* the first flies, the second is on the line */
	sim_link_set_up(&b->port, false);
	cr_assert_not(a->port.dev.link_up || b->port.dev.link_up);
	cr_assert_eq(a->port.count[SIM_DROP_LINK], 3);
	send_tag(a, 2, 3, 60);
	cr_assert_eq(a->port.count[SIM_DROP_LINK], 4);
	sim_link_set_up(&a->port, true);
	send_tag(a, 2, 4, 60);
	sim_run_until(&sim, TIME_NEVER);
	cr_assert_eq(b->num, 1);
	cr_assert_eq(b->got[0].tag, 4);
	cr_assert_eq(b->got[0].at, 700 + 672 + 100);
	end_pair();
}

Test(port, a_changed_delay_moves_what_is_underway_and_keeps_the_order)
{
	struct sim_wire shorter = wire(10, 0, 0);

	start_pair(wire(1000000, 0, 0));
	send_tag(a, 2, 0, 60);
	sim_run_until(&sim, 5000);
	sim_wire_set(&a->port, &shorter);
	send_tag(a, 2, 1, 60);
	sim_run_until(&sim, TIME_NEVER);
	cr_assert_eq(b->num, 2);
	cr_assert_eq(b->got[0].tag, 0);
	cr_assert_eq(b->got[0].at, 5000);
	cr_assert_eq(b->got[1].at, 5010);
	end_pair();
}

Test(port, an_empty_pool_is_a_counted_drop)
{
	struct buf_pool tiny;
	struct buf_pool_config config = buf_pool_default_config();
	struct sim_port_config port_config;
	struct buf *hog;

	start();
	config.pages = ARENA_PAGES_PLAIN;
	config.arena_bytes = config.limit_bytes = 2 * BUF_MAX_PAYLOAD;
	cr_assert_eq(buf_pool_init(&tiny, &config), 0);
	port_config = sim_port_config_default(&tiny, 2);
	port_config.ring_frames = 100000;
	a = station_new(1);
	b = station_new_with(2, &port_config);
	join(a, b, wire(0, 0, 0));
	hog = buf_alloc_or_null(&tiny, BUF_MAX_PAYLOAD);
	for (uint32_t i = 0; !b->port.count[SIM_DROP_NO_BUF]; i++) {
		cr_assert_lt(i, 1000);
		send_tag(a, 2, i, 60);
	}
	buf_put(hog);
	end_pair();
	cr_assert_eq(tiny.count[BUFPOOL_IN_USE], 0);
	buf_pool_fini(&tiny);
}

Test(port, group_destinations_are_marked)
{
	struct buf *frame;

	start_pair(wire(0, 0, 0));
	frame = frame_new(1, 2, 0, 60);
	memset(frame->data, 0xff, 6);
	send_buf(a, frame);
	sim_run_until(&sim, TIME_NEVER);
	cr_assert_eq(b->got[0].flags, BUF_MULTICAST);
	end_pair();
}

/* IPv4 and TCP headers without options at their places; returns the frame's checksum field of IPv4 as arrived. */
static struct buf *ip_frame(uint32_t len, uint8_t flags)
{
	struct buf *f = frame_new(1, 2, 0, len);

	f->flags = flags;
	f->l3_off = BUF_HEADROOM + 14;
	f->l4_off = BUF_HEADROOM + 34;
	memset(f->data + 14, 0, 40);
	memcpy(f->data + 14, "\x45\x00\x00\x73\x00\x00\x40\x00\x40\x11\x00\x00", 12);
	memcpy(f->data + 26, "\xc0\xa8\x00\x01\xc0\xa8\x00\xc7", 8);
	f->data[34 + 12] = 0x50;
	return f;
}

Test(port, checksum_offload_crosses_as_a_flag_and_the_ip_checksum_for_real)
{
	struct buf *got;

	start_pair_with(DEV_TX_CHAINS | DEV_TX_CSUM_L4 | DEV_TX_CSUM_IP4 | DEV_RX_CSUM);
	send_buf(a, ip_frame(100, BUF_TX_CSUM_L4 | BUF_TX_CSUM_IP));
	send_buf(a, ip_frame(100, 0));
	cr_assert_eq(dev_rx(b->dev, &got, 1, 0), 1);
	cr_assert_eq(got->flags, BUF_RX_CSUM_GOOD);
	cr_assert_eq(load_be16(got->data + 14 + 10), 0xb861);
	buf_put(got);
	cr_assert_eq(dev_rx(b->dev, &got, 1, 0), 1);
	cr_assert_eq(got->flags, 0);
	cr_assert_eq(load_be16(got->data + 14 + 10), 0);
	buf_put(got);
	end_pair();
}

Test(port, features_must_match_across_a_link)
{
	static const uint32_t bad[][2] = { { DEV_TX_CSUM_L4, 0 }, { DEV_TSO, 0 }, { 0, DEV_TSO } };
	struct sim_wire w = wire(0, 0, 0);

	start();
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct sim_port_config config = sim_port_config_default(&pool, 1);

		config.features = bad[i][0];
		a = station_new_with(1, &config);
		config.features = bad[i][1];
		b = station_new_with(2, &config);
		cr_assert_eq(sim_connect(&a->port, &b->port, &w), -EINVAL);
		cr_assert_eq(sim_connect(&b->port, &a->port, &w), -EINVAL);
		station_free(a);
		station_free(b);
	}
	finish();
}

/* 54 bytes of headers; 3000 of data in segments of 1000 cost three times headers and overhead on the line. */
Test(port, a_frame_to_segment_arrives_whole_and_pays_for_its_segments)
{
	struct sim_wire slow = wire(0, GBIT, 0);
	struct buf *f;

	start_pair_with(DEV_TX_CHAINS | DEV_TSO | DEV_TX_CSUM_L4 | DEV_RX_CSUM);
	sim_wire_set(&a->port, &slow);
	f = ip_frame(54 + 3000, BUF_TX_TSO | BUF_TX_CSUM_L4);
	f->mss = 1000;
	send_buf(a, f);
	f = ip_frame(54 + 500, BUF_TX_TSO | BUF_TX_CSUM_L4);
	f->mss = 1000;
	send_buf(a, f);
	f = ip_frame(54 + 3000, BUF_TX_TSO | BUF_TX_CSUM_L4);
	f->mss = 1461;
	send_buf(a, f);
	sim_run_until(&sim, TIME_NEVER);
	cr_assert_eq(b->num, 2);
	cr_assert_eq(b->got[0].len, 3054);
	cr_assert_eq(b->got[0].mss, 1000);
	cr_assert_eq(b->got[0].flags, BUF_RX_CSUM_GOOD);
	cr_assert_eq(b->got[0].at, (3000 + 3 * (54 + 24)) * 8);
	cr_assert_eq(b->got[1].mss, 0);
	cr_assert_eq(b->got[1].at, b->got[0].at + (554 + 24) * 8);
	cr_assert_eq(a->port.count[SIM_DROP_LENGTH], 1);
	end_pair();
}

Test(port, an_offload_that_the_port_does_not_have_is_a_bug, .signal = SIGABRT)
{
	start_pair(wire(0, 0, 0));
	send_buf(a, ip_frame(100, BUF_TX_CSUM_L4));
}

Test(port, a_chain_on_a_port_without_chains_is_a_bug, .signal = SIGABRT)
{
	struct buf *f;

	start_pair_with(0);
	f = frame_new(1, 2, 0, 60);
	f->next = frame_new(1, 2, 0, 60);
	send_buf(a, f);
}

Test(port, closing_an_end_frees_what_waits_and_leaves_the_other_unconnected)
{
	start_pair(wire(1000, GBIT, 0));
	for (uint32_t i = 0; i < 10; i++) {
		send_tag(a, 2, i, 60);
		send_tag(b, 1, i, 60);
	}
	sim_run_until(&sim, 1000 + 2 * 672);
	station_free(a);
	cr_assert_not(b->port.dev.link_up);
	send_tag(b, 1, 0, 60);
	cr_assert_eq(b->port.count[SIM_DROP_LINK], 1);
	sim_run_until(&sim, TIME_NEVER);
	cr_assert_eq(b->num, 2); /* those whose last bit had left */
	station_free(b);
	finish();
}

Test(port, counters_are_listed_by_name_and_leave_with_the_port)
{
	struct list sets;
	const struct counter_set *set;

	start_pair(wire(0, 0, 0));
	list_init(&sets);
	a->dev->ops->counters(a->dev, &sets);
	send_tag(a, 2, 0, 60);
	set = list_first(&sets, struct counter_set, link);
	cr_assert_str_eq(set->module, "port");
	cr_assert_eq(set->num, SIM_PORT_COUNTER_NUM);
	cr_assert_str_eq(set->names[SIM_TX_FRAMES], "tx_frames");
	cr_assert_eq(set->values[SIM_TX_FRAMES], 1);
	cr_assert_eq(a->dev->ops->event_fd(a->dev), -ENOTSUP);
	end_pair();
	cr_assert(list_is_empty(&sets));
}
