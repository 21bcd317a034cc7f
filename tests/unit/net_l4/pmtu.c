/* SPDX-License-Identifier: MIT */
#include "libos/net/pmtu.h"

#include <criterion/criterion.h>
#include <stdio.h>

#include "tests/unit/net_l4/l4.h"

static struct world w;

Test(pmtu, what_routers_say_and_what_we_believe)
{
	static const struct {
		const char *dst;
		uint32_t mtu, packet_len;
		bool lowered;
		uint32_t now; /* towards @dst */
		enum net_counter counter;
	} rows[] = {
		{ "10.1.0.1", 1400, 1500, true, 1400, NET_PMTU_LOWERED },
		{ "10.1.0.1", 1400, 1500, false, 1400, NET_COUNTER_NUM },
		{ "10.1.0.1", 1450, 1500, false, 1400, NET_COUNTER_NUM },
		{ "10.1.0.1", 1300, 1400, true, 1300, NET_PMTU_LOWERED },
		/* It would have fitted, so it was not too big. */
		{ "10.1.0.1", 1200, 1200, false, 1300, NET_COUNTER_NUM },
		{ "10.1.0.1", 1200, 576, false, 1300, NET_COUNTER_NUM },
		/* Not below the floor. */
		{ "10.1.0.1", 551, 1300, true, 552, NET_PMTU_BELOW_FLOOR },
		{ "10.1.0.1", 68, 1300, false, 552, NET_PMTU_BELOW_FLOOR },
		{ "10.1.0.2", 1, 1300, true, 552, NET_PMTU_BELOW_FLOOR },
		{ "2001:db8:1::1", 1281, 1500, true, 1281, NET_PMTU_LOWERED },
		{ "2001:db8:1::1", 0, 1500, true, 1280, NET_PMTU_BELOW_FLOOR },
		{ "2001:db8:1::1", 600, 1500, false, 1280, NET_PMTU_BELOW_FLOOR },
		{ "2001:db8:1::2", 9000, 9500, false, 1500, NET_COUNTER_NUM },
		/* Old routers: plateau by plateau. */
		{ "10.1.0.3", 0, 1500, true, 1492, NET_PMTU_LOWERED },
		{ "10.1.0.3", 0, 1500, true, 1006, NET_PMTU_LOWERED },
		{ "10.1.0.3", 0, 1006, true, 552, NET_PMTU_LOWERED },
		{ "10.1.0.3", 0, 552, false, 552, NET_COUNTER_NUM },
		{ "10.1.0.4", 0, 1200, true, 1006, NET_PMTU_LOWERED },
		{ "10.1.0.5", 0, 0, true, 1492, NET_PMTU_LOWERED },
		/* Others are not concerned. */
		{ "10.1.0.1", 1500, 1500, false, 552, NET_COUNTER_NUM },
	};
	struct ipaddr other;

	l4_start(&w, NULL);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct ipaddr dst = ip(&w, rows[i].dst);
		uint64_t generation = w.net.generation;

		world_mark(&w);
		cr_expect_eq(pmtu_update(&w.net, &dst, rows[i].mtu, rows[i].packet_len),
			     rows[i].lowered, "row %zu", i);
		cr_expect_eq(pmtu_get(&w.net, &dst), rows[i].now, "row %zu: %u", i,
			     pmtu_get(&w.net, &dst));
		cr_expect_eq(w.net.generation != generation, rows[i].lowered, "row %zu", i);
		cr_expect_eq(world_count(&w, NET_PMTU_LOWERED), rows[i].lowered, "row %zu", i);
		if (rows[i].counter != NET_COUNTER_NUM)
			cr_expect_eq(world_count(&w, rows[i].counter), 1, "row %zu", i);
	}
	other = ip(&w, "10.1.0.9");
	cr_assert_eq(pmtu_get(&w.net, &other), 1500);
	world_stop(&w);
}

Test(pmtu, values_expire_each_at_its_time)
{
	struct net_config config = world_config();
	struct ipaddr x, y;
	uint64_t generation;

	config.pmtu_ttl_ns = 10 * NS_PER_SEC;
	l4_start(&w, &config);
	x = ip(&w, "10.1.0.1");
	y = ip(&w, "2001:db8:1::1");
	cr_assert(pmtu_update(&w.net, &x, 1400, 1500));
	world_advance(&w, 4 * NS_PER_SEC);
	cr_assert(pmtu_update(&w.net, &y, 1400, 1500));
	world_advance(&w, 4 * NS_PER_SEC);
	/* A change starts the time again. */
	cr_assert(pmtu_update(&w.net, &x, 1300, 1400));
	world_advance(&w, 6 * NS_PER_SEC - NS_PER_MS);
	cr_assert_eq(pmtu_get(&w.net, &y), 1400);
	generation = w.net.generation;
	world_advance(&w, 2 * NS_PER_MS);
	cr_assert_eq(pmtu_get(&w.net, &y), 1500);
	cr_assert_eq(pmtu_get(&w.net, &x), 1300);
	cr_assert_gt(w.net.generation, generation, "paths must look again");
	world_advance(&w, 4 * NS_PER_SEC);
	cr_assert_eq(pmtu_get(&w.net, &x), 1500);
	cr_assert_eq(world_count(&w, NET_PMTU_EXPIRED), 2);
	cr_assert_eq(w.net.pmtu.num, 0);
	world_stop(&w);
}

Test(pmtu, a_full_table_forgets_what_would_expire_next)
{
	struct net_config config = world_config();
	struct ipaddr dst;
	char text[IPADDR_STRLEN];

	config.pmtu_max = 4;
	l4_start(&w, &config);
	for (unsigned i = 1; i <= 10; i++) {
		snprintf(text, sizeof(text), "10.1.0.%u", i);
		dst = ip(&w, text);
		cr_assert(pmtu_update(&w.net, &dst, 1400 - i, 1500));
		world_advance(&w, NS_PER_MS);
	}
	cr_assert_eq(world_count(&w, NET_PMTU_EVICTED), 6);
	cr_assert_eq(w.net.pmtu.num, 4);
	for (unsigned i = 1; i <= 10; i++) {
		snprintf(text, sizeof(text), "10.1.0.%u", i);
		dst = ip(&w, text);
		cr_assert_eq(pmtu_get(&w.net, &dst), i <= 6 ? 1500 : 1400 - i);
	}
	world_stop(&w);
}
