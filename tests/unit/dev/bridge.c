/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

#include "libos/dev/sim/bridge.h"
#include "station.h"

#define NUM 4

static struct sim_bridge br;
static struct station *s[NUM];

static void start_star(uint32_t max_macs, uint64_t ageing_ns, uint32_t features)
{
	struct sim_bridge_config config;
	struct sim_wire w = wire(0, 0, 0);

	start();
	config = sim_bridge_config_default(&pool, NUM + 1);
	config.max_macs = max_macs;
	config.ageing_ns = ageing_ns;
	config.features = features;
	cr_assert_eq(sim_bridge_init(&br, &sim, &config), 0);
	for (uint32_t i = 0; i < NUM; i++) {
		struct sim_port_config port = sim_port_config_default(&pool, i);

		port.features = features;
		s[i] = station_new_with(i, &port);
		cr_assert_eq(sim_connect(&s[i]->port, sim_bridge_port(&br, i), &w), 0);
	}
	sim_run_until(&sim, 0);
}

static void end_star(void)
{
	for (int i = 0; i < NUM; i++)
		station_free(s[i]);
	sim_bridge_fini(&br);
	finish();
}

static void send_and_settle(uint32_t from, uint32_t to)
{
	send_tag(s[from], to, 100 * from + to, 60);
	sim_run_until(&sim, sim_now(&sim) + 1);
}

static void check_received(unsigned n0, unsigned n1, unsigned n2, unsigned n3)
{
	const unsigned want[NUM] = { n0, n1, n2, n3 };

	for (int i = 0; i < NUM; i++)
		cr_assert_eq(s[i]->num, want[i], "station %d: %u, not %u", i, s[i]->num, want[i]);
}

Test(bridge, floods_what_it_does_not_know_and_learns_who_is_where)
{
	start_star(64, NS_PER_SEC, DEV_TX_CHAINS);
	send_and_settle(0, 1);
	check_received(0, 1, 1, 1);
	send_and_settle(1, 0);
	check_received(1, 1, 1, 1);
	send_and_settle(0, 1);
	check_received(1, 2, 1, 1);
	cr_assert_eq(br.count[SIM_BRIDGE_FLOODED], 1);
	cr_assert_eq(br.count[SIM_BRIDGE_FORWARDED], 2);
	cr_assert_eq(br.count[SIM_BRIDGE_LEARNED], 2);
	end_star();
}

Test(bridge, group_addresses_are_flooded_and_never_learnt)
{
	struct buf *f;

	start_star(64, NS_PER_SEC, DEV_TX_CHAINS);
	f = frame_new(0, 1, 1, 60);
	memset(f->data, 0xff, 6);
	memset(f->data + 6, 0x33, 6); /* a group address as source */
	send_buf(s[0], f);
	sim_run_until(&sim, 1);
	check_received(0, 1, 1, 1);
	cr_assert_eq(br.count[SIM_BRIDGE_LEARNED], 0);
	cr_assert_eq(s[1]->got[0].flags, BUF_MULTICAST);
	end_star();
}

Test(bridge, frames_for_their_own_port_are_filtered)
{
	start_star(64, NS_PER_SEC, DEV_TX_CHAINS);
	send_and_settle(0, 0);
	check_received(0, 0, 0, 0);
	cr_assert_eq(br.count[SIM_BRIDGE_FILTERED], 1);
	end_star();
}

Test(bridge, an_address_that_moves_is_followed)
{
	start_star(64, NS_PER_SEC, DEV_TX_CHAINS);
	send_and_settle(0, 0);
	send_buf(s[2], frame_new(0, 3, 7, 60)); /* station 0's address, at port 2 now */
	sim_run_until(&sim, 10);
	cr_assert_eq(br.count[SIM_BRIDGE_MOVED], 1);
	check_received(1, 1, 0, 1);
	send_and_settle(1, 0);
	check_received(1, 1, 1, 1);
	end_star();
}

Test(bridge, addresses_age)
{
	start_star(64, 1000, DEV_TX_CHAINS);
	send_and_settle(0, 0); /* seen at 0 */
	sim_run_until(&sim, 1000);
	send_and_settle(1, 0);
	check_received(1, 0, 0, 0);
	sim_run_until(&sim, 1001);
	send_and_settle(1, 0);
	cr_assert_eq(br.count[SIM_BRIDGE_AGED], 1);
	check_received(2, 0, 1, 1);
	end_star();
}

Test(bridge, a_full_table_forgets_who_was_silent_longest)
{
	start_star(2, NS_PER_SEC, DEV_TX_CHAINS);
	send_and_settle(0, 0);
	send_and_settle(1, 1);
	send_and_settle(0, 0);
	send_and_settle(2, 2); /* in 1's place */
	cr_assert_eq(br.count[SIM_BRIDGE_EVICTED], 1);
	send_and_settle(2, 0);
	check_received(1, 0, 0, 0);
	send_and_settle(2, 1);
	check_received(2, 1, 0, 1);
	end_star();
}

Test(bridge, offloads_pass_through)
{
	struct buf *f;

	start_star(64, NS_PER_SEC, DEV_TX_CHAINS | DEV_TX_CSUM_L4 | DEV_RX_CSUM | DEV_TSO);
	f = frame_new(0, 1, 1, 54 + 3000);
	f->flags = BUF_TX_CSUM_L4 | BUF_TX_TSO;
	f->mss = 1400;
	f->l3_off = BUF_HEADROOM + 14;
	f->l4_off = BUF_HEADROOM + 34;
	f->data[34 + 12] = 0x50;
	send_buf(s[0], f);
	sim_run_until(&sim, 1);
	check_received(0, 1, 1, 1);
	cr_assert_eq(s[3]->got[0].flags, BUF_RX_CSUM_GOOD);
	cr_assert_eq(s[3]->got[0].mss, 1400);
	cr_assert_eq(s[3]->got[0].len, 3054);
	end_star();
}

Test(bridge, more_than_a_burst_on_several_ports_is_carried_in_order)
{
	start_star(64, NS_PER_SEC, DEV_TX_CHAINS);
	send_and_settle(3, 3);
	for (uint32_t i = 0; i < 200; i++) {
		send_tag(s[0], 3, i, 60);
		send_tag(s[1], 3, 1000 + i, 60);
	}
	sim_run_until(&sim, TIME_NEVER);
	cr_assert_eq(s[3]->num, 400);
	for (unsigned i = 0, next[2] = { 0 }; i < 400; i++) {
		uint32_t tag = s[3]->got[i].tag;

		cr_assert_eq(tag % 1000, next[tag / 1000]++);
	}
	end_star();
}

Test(bridge, without_ports_or_addresses_there_is_none)
{
	struct sim_bridge_config config;

	start();
	config = sim_bridge_config_default(&pool, 0);
	cr_assert_eq(sim_bridge_init(&br, &sim, &config), -EINVAL);
	config.num_ports = 1;
	config.max_macs = 0;
	cr_assert_eq(sim_bridge_init(&br, &sim, &config), -EINVAL);
	finish();
}
