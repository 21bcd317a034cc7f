/* SPDX-License-Identifier: MIT */
/* Whole racks: determinism to the byte, and size. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "libos/base/hash.h"
#include "libos/base/rng.h"
#include "libos/dev/fault/fault.h"
#include "libos/dev/pcap/pcap.h"
#include "libos/dev/sim/bridge.h"
#include "station.h"

#define NUM 10

static struct sim_bridge br;
static struct station *s[NUM];
static struct fault faults[NUM];
static struct pcap_dev caps[NUM];
static struct rng traffic;

/* A frame to anybody, then again after a while, for 3 ms. */
static void send_somewhere(struct station *me, uint64_t now)
{
	send_tag(me, (uint32_t)rng_below(&traffic, NUM), me->num_polls,
		 60 + (uint32_t)rng_below(&traffic, 1400));
	if (now < 3 * NS_PER_MS)
		me->timer_at = now + rng_below(&traffic, 20000);
}

static void capture_name(char *name, size_t size, uint32_t i)
{
	snprintf(name, size, "/tmp/tern-test-rack-%d-%u", (int)getpid(), i);
}

static void add_station(uint32_t i, uint64_t seed)
{
	static const struct fault_rates rates = {
		.loss_ppm = 20000,
		.burst_enter_ppm = 1000,
		.burst_leave_ppm = 200000,
		.burst_loss_ppm = 500000,
		.duplicate_ppm = 20000,
		.corrupt_ppm = 20000,
		.corrupt_bits = 15,
		.corrupt_from = 14,
		.reorder_ppm = 20000,
		.reorder_frames = 3,
		.reorder_ns = 50000,
		.jitter_ns = 500,
	};
	struct fault_config config = fault_config_default(&pool, seed * NUM + i);
	struct pcap_dev_config capture = { 0 };
	struct sim_wire w = wire(1000 + 100 * i, 10 * NS_PER_SEC, 64);
	char name[64];

	s[i] = station_new(i);
	cr_assert_eq(sim_connect(&s[i]->port, sim_bridge_port(&br, i), &w), 0);
	cr_assert_eq(fault_init(&faults[i], s[i]->dev, &config), 0);
	fault_set_rates(&faults[i], FAULT_TX, &rates);
	fault_set_rates(&faults[i], FAULT_RX, &rates);
	capture_name(name, sizeof(name), i);
	cr_assert_eq(pcap_dev_init(&caps[i], &faults[i].dev, name, &capture), 0);
	s[i]->dev = &caps[i].dev;
	s[i]->on_timer = send_somewhere;
	s[i]->timer_at = 1000 * i;
}

static uint64_t hash_file(const char *name)
{
	struct hash_key key = hash_key_from_seed(1);
	char *bytes = malloc(8u << 20);
	FILE *f = fopen(name, "rb");
	size_t num;
	uint64_t hash;

	cr_assert(f && bytes);
	num = fread(bytes, 1, 8u << 20, f);
	cr_assert(num > 10000 && num < 8u << 20);
	hash = hash_siphash24(&key, bytes, num);
	fclose(f);
	free(bytes);
	return hash;
}

/* Runs the rack and returns a hash over what each station's capture holds. */
static uint64_t run_rack(uint64_t fault_seed, uint64_t traffic_seed)
{
	struct sim_bridge_config config;
	uint64_t hash = 0;

	start();
	rng_init(&traffic, traffic_seed);
	config = sim_bridge_config_default(&pool, NUM);
	cr_assert_eq(sim_bridge_init(&br, &sim, &config), 0);
	for (uint32_t i = 0; i < NUM; i++)
		add_station(i, fault_seed);
	sim_run_until(&sim, NS_PER_MS);
	sim_node_stop(&s[3]->node);
	sim_run_until(&sim, 2 * NS_PER_MS);
	sim_node_restart(&s[3]->node);
	sim_run_until(&sim, TIME_NEVER);
	for (uint32_t i = 0; i < NUM; i++) {
		char name[64];

		cr_assert_gt(s[i]->num, 100);
		station_free(s[i]);
		capture_name(name, sizeof(name), i);
		hash = hash * 31 + hash_file(name);
		unlink(name);
	}
	sim_bridge_fini(&br);
	finish();
	return hash;
}

Test(rack, the_same_seeds_give_the_same_captures_to_the_byte)
{
	uint64_t first = run_rack(1, 1);

	cr_assert_eq(run_rack(1, 1), first);
	cr_assert_neq(run_rack(2, 1), first);
	cr_assert_neq(run_rack(1, 2), first);
}

#define MANY 10000u

/* Light stations: 10,000 of those in station.h would need 2 GB for their logs. */
struct member {
	struct sim_node node;
	struct sim_port port;
	uint64_t timer_at;
	uint64_t num_received;
};

static struct member *members;

static void member_poll(void *ctx, uint64_t now)
{
	struct member *m = ctx;
	uint32_t me = (uint32_t)(m - members);
	struct buf *frames[DEV_BURST];
	unsigned num;

	while ((num = dev_rx(&m->port.dev, frames, DEV_BURST, now)) != 0) {
		m->num_received += num;
		for (unsigned i = 0; i < num; i++)
			buf_put(frames[i]);
	}
	if (m->timer_at <= now) {
		struct buf *b = frame_new(me, now < NS_PER_MS ? 0 : (me * 7 + 1) % MANY, 0, 60);

		cr_assert_eq(dev_tx(&m->port.dev, &b, 1, now), 1);
		m->timer_at = now < 3 * NS_PER_MS ? now + NS_PER_MS : TIME_NEVER;
	}
}

static uint64_t member_next_event(void *ctx)
{
	return ((struct member *)ctx)->timer_at;
}

static const struct sim_node_ops member_ops = { .poll = member_poll,
						.next_event = member_next_event };

/* Everybody announces itself to station 0, whom alone the bridge has to flood for; then three rounds of unicast. */
Test(rack, ten_thousand_stations_on_one_bridge)
{
	struct sim_bridge_config config;
	struct sim_wire w = wire(500, 0, 0);
	uint64_t received = 0;

	start();
	config = sim_bridge_config_default(&pool, MANY);
	config.max_macs = MANY;
	config.ring_frames = MANY;
	cr_assert_eq(sim_bridge_init(&br, &sim, &config), 0);
	members = calloc(MANY, sizeof(*members));
	cr_assert_not_null(members);
	for (uint32_t i = 0; i < MANY; i++) {
		struct sim_port_config port = sim_port_config_default(&pool, i);

		sim_node_init(&members[i].node, &sim, &member_ops, &members[i]);
		sim_port_init(&members[i].port, &members[i].node, &port);
		cr_assert_eq(sim_connect(&members[i].port, sim_bridge_port(&br, i), &w), 0);
		members[i].timer_at = i * 90; /* 0 is learnt before the others speak */
	}
	members[0].timer_at = 0;
	members[1].timer_at = 5000;
	sim_run_until(&sim, TIME_NEVER);
	for (uint32_t i = 0; i < MANY; i++)
		received += members[i].num_received;
	cr_assert_eq(br.count[SIM_BRIDGE_LEARNED], MANY);
	cr_assert_eq(received,
		     br.count[SIM_BRIDGE_FORWARDED] + br.count[SIM_BRIDGE_FLOODED] * (MANY - 1));
	cr_assert_eq(br.count[SIM_BRIDGE_FORWARDED] + br.count[SIM_BRIDGE_FLOODED] +
			     br.count[SIM_BRIDGE_FILTERED],
		     4 * MANY);
	/* Nobody is polled without cause: its start, its timers, what it received, and the bridge. */
	cr_assert_leq(sim.polls, MANY + 4 * MANY + received + 2 * 4 * MANY);
	for (uint32_t i = 0; i < MANY; i++)
		sim_node_fini(&members[i].node);
	sim_bridge_fini(&br);
	free(members);
	finish();
}
