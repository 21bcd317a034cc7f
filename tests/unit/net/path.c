/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <errno.h>

#include "tests/unit/net/world.h"

static struct world w;

static void init_to(struct net_path *path, const char *dst, const char *src)
{
	struct ipaddr d = ip(&w, dst), s = ip(&w, src);

	net_path_init(path, &d, &s);
}

Test(path, holds_until_something_changes)
{
	struct ipaddr addr, prefix, gateway;
	struct net_path path;
	uint64_t resolves;

	world_start(&w, NULL);
	world_set_neigh(&w, "10.0.0.2", 2, NEIGH_REACHABLE);
	addr = ip(&w, "10.9.0.1");
	prefix = ip(&w, "10.8.0.0");
	gateway = ip(&w, "10.0.0.9");
	init_to(&path, "10.0.0.2", "::");
	cr_assert_eq(net_path_resolve(&w.net, &path), 0);
	cr_assert_eq(path.kind, NET_PATH_UNICAST);
	cr_assert_eq(path.mtu, 1500);
	for (unsigned i = 0; i < 4; i++) {
		cr_assert_eq(net_path_resolve(&w.net, &path), 0);
		resolves = w.net.count[NET_PATH_RESOLVES];
		cr_assert_eq(net_path_resolve(&w.net, &path), 0);
		cr_assert_eq(w.net.count[NET_PATH_RESOLVES], resolves);
		switch (i) {
		case 0:
			cr_assert_eq(net_addr_add(&w.net, &addr, NET_V4_BITS(24)), 0);
			break;
		case 1:
			cr_assert_eq(net_addr_remove(&w.net, &addr), 0);
			break;
		case 2:
			cr_assert_eq(net_route_add(&w.net, &prefix, NET_V4_BITS(16), &gateway), 0);
			break;
		default:
			cr_assert_eq(net_route_remove(&w.net, &prefix, NET_V4_BITS(16)), 0);
		}
		cr_assert_neq(path.generation, w.net.generation, "change %u", i);
	}
	world_stop(&w);
}

Test(path, a_bound_source_stays_a_chosen_one_is_chosen_anew)
{
	struct net_path bound, chosen;
	struct ipaddr addr, other;

	world_start(&w, NULL);
	world_set_neigh(&w, "10.0.0.2", 2, NEIGH_REACHABLE);
	addr = ip(&w, "10.0.0.1");
	other = ip(&w, "10.0.0.3");
	cr_assert_eq(net_addr_add(&w.net, &other, NET_V4_BITS(24)), 0);
	init_to(&bound, "10.0.0.2", "10.0.0.1");
	init_to(&chosen, "10.0.0.2", "::");
	cr_assert_eq(net_path_resolve(&w.net, &bound), 0);
	cr_assert_eq(net_path_resolve(&w.net, &chosen), 0);
	cr_assert(ipaddr_equal(&chosen.src, &addr));
	cr_assert_eq(net_addr_remove(&w.net, &addr), 0);
	cr_assert_eq(net_path_resolve(&w.net, &bound), -EADDRNOTAVAIL);
	cr_assert_eq(net_path_resolve(&w.net, &chosen), 0);
	cr_assert(ipaddr_equal(&chosen.src, &other));
	world_stop(&w);
}

Test(path, the_mtu_is_the_smaller_of_ours_and_the_devices)
{
	static const struct {
		uint32_t config;
		uint16_t dev;
		uint32_t mtu;
	} rows[] = {
		{ 0, 1500, 1500 }, { 1400, 1500, 1400 }, { 9000, 1500, 1500 }, { 0, 9000, 9000 }
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct net_config c = world_config();
		struct net_path path;

		c.mtu = rows[i].config;
		world_start_with(&w, &c, 0, rows[i].dev);
		init_to(&path, "10.0.0.2", "::");
		cr_assert_eq(net_path_resolve(&w.net, &path), 0);
		cr_assert_eq(path.mtu, rows[i].mtu);
		world_stop(&w);
	}
}

static void no_ttl(struct net_config *c)
{
	c->ttl = 0;
}

static void tiny_mtu(struct net_config *c)
{
	c->mtu = 67;
}

static void odd_buckets(struct net_config *c)
{
	c->udp_buckets = 3;
}

static void no_retries(struct net_config *c)
{
	c->neigh_retries = 0;
}

static void no_timeout(struct net_config *c)
{
	c->neigh_timeout_ns = 0;
}

static void mixed_gateway(struct net_config *c)
{
	c->gateway4 = ip(&w, "2001:db8::fe");
}

static void same_address_twice(struct net_config *c)
{
	static struct net_addr_config addrs[2];

	addrs[0] = addrs[1] = c->addrs[0];
	c->addrs = addrs;
}

static void neighbour_is_us(struct net_config *c)
{
	static struct net_neigh_config neigh;

	neigh = (struct net_neigh_config){ ip(&w, "10.0.0.1"), world_mac(2) };
	c->neighs = &neigh;
	c->num_neighs = 1;
}

/* ASan sees to it that a refused configuration leaves no memory behind. */
Test(path, configurations_that_make_no_sense)
{
	static void (*const spoil[])(struct net_config * c) = {
		no_ttl,     tiny_mtu,      odd_buckets,        no_retries,
		no_timeout, mixed_gateway, same_address_twice, neighbour_is_us,
	};

	for (size_t i = 0; i < ARRAY_SIZE(spoil); i++) {
		struct net_config c = world_config();
		static struct net net;

		spoil[i](&c);
		world_start(&w, NULL);
		cr_assert_eq(net_init(&net, &w.dev, &w.pool, &w.wheel, &c, 0), -EINVAL, "case %zu",
			     i);
		world_stop(&w);
	}
}
