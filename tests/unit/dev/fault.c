/* SPDX-License-Identifier: MIT */
#include "libos/dev/fault/fault.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "station.h"

#define SEED 4711
#define PPM 1000000

static struct station *a, *b;
static struct fault fault; /* around a's port */
static const uint64_t *tx_count = fault.path[FAULT_TX].count;
static const uint64_t *rx_count = fault.path[FAULT_RX].count;

static void start_faulty_at(uint64_t seed, uint32_t line_frames)
{
	struct fault_config config;
	struct sim_port_config port;

	start();
	port = sim_port_config_default(&pool, 2);
	port.ring_frames = 1u << 20;
	a = station_new(1);
	b = station_new_with(2, &port);
	join(a, b, wire(0, 0, 0));
	config = fault_config_default(&pool, seed);
	if (line_frames)
		config.line_frames = line_frames;
	cr_assert_eq(fault_init(&fault, a->dev, &config), 0);
	a->dev = &fault.dev;
	sim_run_until(&sim, 0);
}

static void start_faulty(void)
{
	start_faulty_at(SEED, 0);
}

static void end_faulty(void)
{
	station_free(a);
	station_free(b);
	finish();
}

static void set_rates(enum fault_dir dir, struct fault_rates rates)
{
	fault_set_rates(&fault, dir, &rates);
}

/* One frame each @gap_ns, everything done in between. */
static void send_many(uint32_t num, uint64_t gap_ns)
{
	for (uint32_t i = 0; i < num; i++) {
		send_tag(a, 2, i, 60);
		sim_node_kick(&a->node);
		sim_run_until(&sim, sim_now(&sim) + gap_ns);
	}
}

static void check_tags(const struct station *s, unsigned num, const uint32_t *tags)
{
	cr_assert_eq(s->num, num, "%u frames, not %u", s->num, num);
	for (unsigned i = 0; i < num; i++)
		cr_assert_eq(s->got[i].tag, tags[i], "frame %u: %u, not %u", i, s->got[i].tag,
			     tags[i]);
}

/* Within 5 standard deviations of a binomial; the seed is fixed, so this cannot flake. */
static void check_rate(uint64_t hits, uint64_t num, uint32_t ppm)
{
	double mean = (double)num * ppm / PPM;
	double dev = (double)hits - mean;

	cr_assert_lt(dev * dev, 25 * mean * (1 - (double)ppm / PPM),
		     "seed %d: %llu of %llu, not %g", SEED, (unsigned long long)hits,
		     (unsigned long long)num, mean);
}

Test(fault, no_rates_no_faults)
{
	start_faulty();
	send_many(100, 1);
	send_tag(b, 1, 5, 60);
	sim_run_until(&sim, TIME_NEVER);
	cr_assert_eq(b->num, 100);
	cr_assert_eq(a->num, 1);
	cr_assert_eq(tx_count[FAULT_SEEN], 100);
	cr_assert_eq(rx_count[FAULT_SEEN], 1);
	end_faulty();
}

Test(fault, loss_has_its_rate_in_each_direction)
{
	start_faulty();
	set_rates(FAULT_TX, (struct fault_rates){ .loss_ppm = 100000 });
	set_rates(FAULT_RX, (struct fault_rates){ .loss_ppm = 20000 });
	for (uint32_t i = 0; i < 20000; i++) {
		send_tag(a, 2, i, 60);
		send_tag(b, 1, i, 60);
		sim_run_until(&sim, i);
	}
	sim_run_until(&sim, TIME_NEVER);
	check_rate(tx_count[FAULT_LOST], 20000, 100000);
	check_rate(rx_count[FAULT_LOST], 20000, 20000);
	cr_assert_eq(b->num, 20000 - tx_count[FAULT_LOST]);
	cr_assert_eq(a->num, 20000 - rx_count[FAULT_LOST]);
	end_faulty();
}

/* In the bad state 1/11 of the time, in runs of 10 on average. */
Test(fault, bursts_have_their_share_and_length)
{
	uint64_t runs = 0;
	uint64_t last = UINT64_MAX - 1;

	start_faulty();
	set_rates(FAULT_TX, (struct fault_rates){ .burst_enter_ppm = 10000,
						  .burst_leave_ppm = 100000,
						  .burst_loss_ppm = PPM });
	for (uint64_t i = 0; i < 100000; i++) {
		uint64_t lost = tx_count[FAULT_BURST_LOST];

		send_tag(a, 2, (uint32_t)i, 60);
		if (tx_count[FAULT_BURST_LOST] != lost) {
			runs += i != last + 1;
			last = i;
		}
	}
	sim_run_until(&sim, 1);
	cr_assert(runs > 800 && runs < 1000, "%llu runs", (unsigned long long)runs);
	cr_assert(tx_count[FAULT_BURST_LOST] > 8 * runs && tx_count[FAULT_BURST_LOST] < 12 * runs);
	cr_assert_eq(tx_count[FAULT_LOST], 0);
	end_faulty();
}

/* What arrived, in which order, as one number. */
static uint64_t fate_of_seed(uint64_t seed)
{
	uint64_t hash = 14695981039346656037ull;

	start_faulty_at(seed, 0);
	set_rates(FAULT_TX, (struct fault_rates){ .loss_ppm = 50000,
						  .burst_enter_ppm = 10000,
						  .burst_leave_ppm = 300000,
						  .burst_loss_ppm = 500000,
						  .duplicate_ppm = 50000,
						  .corrupt_ppm = 50000,
						  .corrupt_from = 14,
						  .reorder_ppm = 50000,
						  .reorder_frames = 3,
						  .reorder_ns = 100,
						  .jitter_ns = 30 });
	send_many(2000, 10);
	sim_run_until(&sim, TIME_NEVER);
	for (unsigned i = 0; i < b->num; i++)
		hash = (hash ^ b->got[i].tag ^ b->got[i].at << 32) * 1099511628211ull;
	end_faulty();
	return hash;
}

Test(fault, the_same_seed_is_the_same_fate)
{
	uint64_t first = fate_of_seed(1);

	cr_assert_eq(fate_of_seed(1), first);
	cr_assert_neq(fate_of_seed(2), first);
}

Test(fault, polls_of_one_direction_do_not_change_the_fate_of_the_other)
{
	uint64_t lost[2];

	for (int run = 0; run < 2; run++) {
		start_faulty();
		set_rates(FAULT_TX, (struct fault_rates){ .loss_ppm = 500000 });
		set_rates(FAULT_RX, (struct fault_rates){ .loss_ppm = 500000 });
		lost[run] = 0;
		for (uint32_t i = 0; i < 64; i++) {
			if (run)
				send_tag(b, 1, i, 60);
			sim_run_until(&sim, i);
			send_tag(a, 2, i, 60);
			lost[run] = lost[run] << 1 | (tx_count[FAULT_LOST] & 1);
		}
		end_faulty();
	}
	cr_assert_eq(lost[0], lost[1]);
}

Test(fault, partition_drops_all_until_it_heals)
{
	start_faulty();
	set_rates(FAULT_TX, (struct fault_rates){ .partition = true });
	send_many(10, 1);
	cr_assert_eq(b->num, 0);
	cr_assert_eq(tx_count[FAULT_PARTITIONED], 10);
	set_rates(FAULT_TX, (struct fault_rates){ 0 });
	send_many(10, 1);
	cr_assert_eq(b->num, 10);
	set_rates(FAULT_RX, (struct fault_rates){ .partition = true });
	send_tag(b, 1, 0, 60);
	sim_run_until(&sim, TIME_NEVER);
	cr_assert_eq(a->num, 0);
	end_faulty();
}

Test(fault, a_listed_drop_takes_exactly_those_frames)
{
	static const uint64_t listed[] = { 0, 3, 4, 9 };
	struct fault_drop_list list = { .index = listed, .num = ARRAY_SIZE(listed) };
	struct fault_script script = { .verdict = fault_drop_listed, .ctx = &list };

	start_faulty();
	send_many(2, 1); /* before the script: not numbered */
	b->num = 0;
	fault_set_script(&fault, FAULT_TX, &script);
	set_rates(FAULT_TX, (struct fault_rates){ .loss_ppm = PPM }); /* no matter */
	send_many(12, 1);
	check_tags(b, 8, (const uint32_t[]){ 1, 2, 5, 6, 7, 8, 10, 11 });
	cr_assert_eq(tx_count[FAULT_SCRIPTED], 4);
	list.num = 0;
	fault_set_script(&fault, FAULT_TX, &script);
	send_many(1, 1);
	cr_assert_eq(b->num, 9);
	end_faulty();
}

static unsigned script_of_fates(void *ctx, enum fault_dir dir, uint64_t index,
				const struct buf *frame)
{
	const unsigned *fates = ctx;

	cr_assert_eq(frame_tag(frame), index);
	return fates[index];
}

static void set_fates(enum fault_dir dir, const unsigned *fates)
{
	struct fault_script script = { .verdict = script_of_fates,
				       .ctx = (void *)(uintptr_t)fates };

	fault_set_script(&fault, dir, &script);
}

Test(fault, a_held_frame_waits_for_so_many_others)
{
	const unsigned fates[] = { FAULT_HOLD, 0, 0, 0, FAULT_HOLD, FAULT_HOLD, 0, 0 };

	start_faulty();
	set_rates(FAULT_TX, (struct fault_rates){ .reorder_frames = 2 });
	set_fates(FAULT_TX, fates);
	send_many(8, 1);
	check_tags(b, 8, (const uint32_t[]){ 1, 2, 0, 3, 6, 7, 4, 5 });
	cr_assert_eq(tx_count[FAULT_HELD], 3);
	end_faulty();
}

Test(fault, a_held_frame_goes_on_when_its_time_is_up)
{
	const unsigned fates[] = { FAULT_HOLD, 0 };

	start_faulty();
	set_rates(FAULT_TX, (struct fault_rates){ .reorder_frames = 5, .reorder_ns = 1000 });
	set_fates(FAULT_TX, fates);
	send_many(2, 10);
	cr_assert_eq(fault.dev.ops->next_event(&fault.dev), 1000);
	sim_run_until(&sim, TIME_NEVER);
	check_tags(b, 2, (const uint32_t[]){ 1, 0 });
	cr_assert_eq(b->got[1].at, 1000);
	end_faulty();
}

Test(fault, received_frames_can_be_held_too)
{
	const unsigned fates[] = { FAULT_HOLD, 0, 0 };

	start_faulty();
	set_rates(FAULT_RX, (struct fault_rates){ .reorder_frames = 1, .reorder_ns = 1000 });
	set_fates(FAULT_RX, fates);
	for (uint32_t i = 0; i < 3; i++)
		send_tag(b, 1, i, 60);
	sim_run_until(&sim, TIME_NEVER);
	check_tags(a, 3, (const uint32_t[]){ 1, 0, 2 });
	end_faulty();
}

Test(fault, more_than_can_be_held_passes)
{
	start_faulty();
	set_rates(FAULT_TX, (struct fault_rates){ .reorder_ppm = PPM });
	send_many(FAULT_HOLD_MAX + 3, 1);
	cr_assert_eq(tx_count[FAULT_HELD], FAULT_HOLD_MAX);
	cr_assert_eq(b->num, 3);
	end_faulty(); /* frees what is held */
}

Test(fault, jitter_delays_within_its_bound_and_keeps_the_order)
{
	uint64_t max = 0;

	start_faulty();
	set_rates(FAULT_TX, (struct fault_rates){ .jitter_ns = 1000 });
	for (uint32_t i = 0; i < 500; i++) {
		send_many(1, 5000);
		cr_assert_eq(b->num, i + 1);
		cr_assert_leq(b->got[i].at, i * 5000 + 1000);
		max = max_t(uint64_t, max, b->got[i].at - i * 5000);
	}
	cr_assert_gt(max, 950);
	b->num = 0;
	send_many(500, 7);
	set_rates(FAULT_TX, (struct fault_rates){ 0 }); /* must not overtake */
	send_tag(a, 2, 500, 60);
	sim_run_until(&sim, TIME_NEVER);
	cr_assert_eq(b->num, 501);
	for (uint32_t i = 0; i <= 500; i++)
		cr_assert_eq(b->got[i].tag, i);
	end_faulty();
}

Test(fault, a_full_line_drops_and_time_goes_on)
{
	start_faulty_at(SEED, FAULT_LINE_MIN);
	set_rates(FAULT_RX, (struct fault_rates){ .jitter_ns = NS_PER_SEC,
						  .reorder_ppm = 300000,
						  .reorder_ns = 5 * NS_PER_MS });
	for (uint32_t i = 0; i < 200; i++)
		send_tag(b, 1, i, 60);
	sim_run_until(&sim, 10 * NS_PER_SEC);
	cr_assert_gt(rx_count[FAULT_LINE_FULL], 0);
	cr_assert_eq(a->num, 200 - rx_count[FAULT_LINE_FULL]);
	cr_assert_eq(pool.count[BUFPOOL_IN_USE], 0);
	end_faulty();
}

static unsigned bits_between(const uint8_t *x, const uint8_t *y, uint32_t bytes, uint32_t *first,
			     uint32_t *last)
{
	unsigned num = 0;

	for (uint32_t i = 0; i < bytes * 8; i++) {
		if ((x[i / 8] ^ y[i / 8]) & (0x80 >> i % 8)) {
			if (!num++)
				*first = i;
			*last = i;
		}
	}
	return num;
}

static void check_corruption(uint32_t corrupt_bits)
{
	uint32_t longest = 0;

	start_faulty();
	set_rates(FAULT_TX, (struct fault_rates){ .corrupt_ppm = PPM,
						  .corrupt_bits = corrupt_bits,
						  .corrupt_from = 14 });
	for (uint32_t i = 0; i < 1000; i++) {
		struct buf *sent = frame_new(1, 2, i, 60), *got;
		uint8_t before[60];
		uint32_t first = 0, last = 0;
		unsigned flipped;

		memcpy(before, sent->data, 60);
		buf_get(sent); /* kept for retransmission */
		send_buf(a, sent);
		cr_assert_eq(memcmp(sent->data, before, 60), 0);
		buf_put(sent);
		cr_assert_eq(dev_rx(b->dev, &got, 1, 0), 1);
		flipped = bits_between(before, got->data, 60, &first, &last);
		cr_assert_geq(first, 14 * 8);
		cr_assert(flipped >= 1 && last - first < max_t(uint32_t, corrupt_bits, 1));
		longest = max_t(uint32_t, longest, last - first + 1);
		buf_put(got);
	}
	cr_assert_eq(longest, max_t(uint32_t, corrupt_bits, 1));
	cr_assert_eq(tx_count[FAULT_CORRUPTED], 1000);
	end_faulty();
}

Test(fault, corruption_flips_one_bit_of_a_copy)
{
	check_corruption(0);
}

Test(fault, corruption_flips_a_burst_of_a_copy)
{
	check_corruption(15);
}

Test(fault, a_frame_without_bytes_to_hit_stays_whole)
{
	start_faulty();
	set_rates(FAULT_TX, (struct fault_rates){ .corrupt_ppm = PPM, .corrupt_from = 60 });
	send_many(1, 1);
	cr_assert_eq(tx_count[FAULT_CORRUPTED], 0);
	cr_assert_eq(b->num, 1);
	end_faulty();
}

/* Else the device would bless the damage with a right checksum. */
Test(fault, a_corrupted_frame_loses_its_checksum_offload)
{
	struct sim_port_config config;
	struct fault_config faults;
	struct buf *f;

	start();
	config = sim_port_config_default(&pool, 1);
	config.features |= DEV_TX_CSUM_L4 | DEV_RX_CSUM;
	a = station_new_with(1, &config);
	b = station_new_with(2, &config);
	join(a, b, wire(0, 0, 0));
	faults = fault_config_default(&pool, SEED);
	cr_assert_eq(fault_init(&fault, a->dev, &faults), 0);
	a->dev = &fault.dev;
	for (int damaged = 0; damaged < 2; damaged++) {
		set_rates(FAULT_TX, (struct fault_rates){ .corrupt_ppm = damaged ? PPM : 0,
							  .corrupt_from = 18 });
		set_rates(FAULT_RX, (struct fault_rates){ .corrupt_ppm = damaged ? PPM : 0,
							  .corrupt_from = 18 });
		f = frame_new(1, 2, 0, 60);
		f->flags = BUF_TX_CSUM_L4;
		send_buf(a, f);
		f = frame_new(2, 1, 0, 60);
		f->flags = BUF_TX_CSUM_L4;
		send_buf(b, f);
		sim_run_until(&sim, 1 + (uint64_t)damaged);
		cr_assert_eq(b->got[damaged].flags, damaged ? 0 : BUF_RX_CSUM_GOOD);
		cr_assert_eq(a->got[damaged].flags, damaged ? 0 : BUF_RX_CSUM_GOOD);
	}
	end_faulty();
}

Test(fault, duplicates_are_copies_in_both_directions)
{
	start_faulty();
	set_rates(FAULT_TX, (struct fault_rates){ .duplicate_ppm = PPM });
	set_rates(FAULT_RX, (struct fault_rates){ .duplicate_ppm = PPM });
	send_many(2, 1);
	for (uint32_t i = 0; i < 40; i++)
		send_tag(b, 1, i, 60);
	sim_run_until(&sim, TIME_NEVER);
	check_tags(b, 4, (const uint32_t[]){ 0, 0, 1, 1 });
	cr_assert_eq(a->num, 80);
	for (uint32_t i = 0; i < 80; i++)
		cr_assert_eq(a->got[i].tag, i / 2);
	cr_assert_eq(tx_count[FAULT_DUPLICATED], 2);
	cr_assert_eq(rx_count[FAULT_DUPLICATED], 40);
	end_faulty();
}

Test(fault, everything_at_once_leaks_nothing_when_closed_in_the_middle)
{
	const struct fault_rates rates = { .loss_ppm = 100000,
					   .duplicate_ppm = 300000,
					   .corrupt_ppm = 300000,
					   .corrupt_bits = 15,
					   .reorder_ppm = 300000,
					   .reorder_frames = 4,
					   .reorder_ns = 500,
					   .jitter_ns = 300 };

	start_faulty();
	set_rates(FAULT_TX, rates);
	set_rates(FAULT_RX, rates);
	for (uint32_t i = 0; i < 1000; i++) {
		send_tag(a, 2, i, 60);
		send_tag(b, 1, i, 60);
		sim_node_kick(&a->node);
		sim_run_until(&sim, 20 * i);
	}
	cr_assert_gt(fault.path[FAULT_TX].line_num + fault.path[FAULT_TX].num_held, 0);
	end_faulty();
}

/* A device that takes @room frames and no more. */
struct narrow {
	struct dev dev;
	unsigned room;
	unsigned num;
	uint32_t tags[100];
};

static unsigned narrow_tx(struct dev *dev, struct buf **frames, unsigned num, uint64_t now)
{
	struct narrow *n = container_of(dev, struct narrow, dev);
	unsigned taken = 0;

	while (taken < num && n->room) {
		n->tags[n->num++] = frame_tag(frames[taken]);
		buf_put_chain(frames[taken++]);
		n->room--;
	}
	return taken;
}

static unsigned narrow_rx(struct dev *dev, struct buf **frames, unsigned max, uint64_t now)
{
	return 0;
}

static uint64_t narrow_next_event(const struct dev *dev)
{
	return TIME_NEVER;
}

static void narrow_close(struct dev *dev)
{
	container_of(dev, struct narrow, dev)->room = 0;
}

static const struct dev_ops narrow_ops = {
	.tx = narrow_tx, .rx = narrow_rx, .next_event = narrow_next_event, .close = narrow_close
};

Test(fault, what_the_device_below_refuses_waits_and_pushes_back)
{
	struct narrow n = { .dev = { .ops = &narrow_ops, .link_up = true }, .room = 3 };
	struct fault_config config;
	struct buf *frames[10];

	start();
	config = fault_config_default(&pool, SEED);
	cr_assert_eq(fault_init(&fault, &n.dev, &config), 0);
	for (uint32_t i = 0; i < 10; i++)
		frames[i] = frame_new(1, 2, i, 60);
	cr_assert_eq(dev_tx(&fault.dev, frames, 5, 0), 5);
	cr_assert_eq(n.num, 3);
	cr_assert_eq(dev_tx(&fault.dev, frames + 5, 5, 0), 0); /* still ours */
	n.room = 3;
	cr_assert_eq(dev_tx(&fault.dev, frames + 5, 5, 0), 5);
	n.room = 100;
	cr_assert_eq(dev_rx(&fault.dev, frames, 10, 0), 0); /* a poll moves the rest */
	cr_assert_eq(n.num, 10);
	for (uint32_t i = 0; i < 10; i++)
		cr_assert_eq(n.tags[i], i);
	n.room = 0;
	frames[0] = frame_new(1, 2, 0, 60);
	cr_assert_eq(dev_tx(&fault.dev, frames, 1, 0), 1);
	fault.dev.ops->close(&fault.dev);
	finish();
}

Test(fault, a_line_too_short_is_refused)
{
	struct fault_config config;

	start();
	a = station_new(1);
	config = fault_config_default(&pool, SEED);
	config.line_frames = FAULT_LINE_MIN - 1;
	cr_assert_eq(fault_init(&fault, a->dev, &config), -EINVAL);
	station_free(a);
	finish();
}

Test(fault, counters_of_the_whole_stack_of_devices_are_listed)
{
	static const char *const modules[] = { "fault_tx", "fault_rx", "port" };
	struct list sets, *pos;
	unsigned i = 0;

	start_faulty();
	list_init(&sets);
	fault.dev.ops->counters(&fault.dev, &sets);
	list_for_each (pos, &sets) {
		cr_assert_lt(i, ARRAY_SIZE(modules));
		cr_assert_str_eq(list_entry(pos, struct counter_set, link)->module, modules[i++]);
	}
	cr_assert_eq(i, ARRAY_SIZE(modules));
	cr_assert_eq(fault.dev.ops->event_fd(&fault.dev), -ENOTSUP);
	end_faulty();
	cr_assert(list_is_empty(&sets));
}
