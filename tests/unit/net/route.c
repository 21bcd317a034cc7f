/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <errno.h>

#include "tests/unit/net/world.h"

static struct world w;

static void add_route(const char *prefix, unsigned bits, const char *gateway)
{
	struct ipaddr p = ip(&w, prefix), g = ip(&w, gateway);

	cr_assert_eq(net_route_add(&w.net, &p, bits, &g), 0);
}

Test(route, the_longest_prefix_decides)
{
	static const struct {
		const char *dst, *next_hop;
	} rows[] = {
		{ "10.0.0.9", "10.0.0.9" },              /* connected */
		{ "10.1.2.3", "10.0.0.21" },             /* 10.1/16 */
		{ "10.1.3.3", "10.0.0.22" },             /* 10.1.3/24 */
		{ "10.1.3.7", "10.0.0.23" },             /* 10.1.3.7/32 */
		{ "10.2.0.1", "10.0.0.254" },            /* default */
		{ "2001:db8::9", "2001:db8::9" },        /* connected */
		{ "2001:db9::9", "2001:db8::fe" },       /* default */
		{ "2001:dead::1", "2001:db8::31" },      /* 2001:dead::/33 */
		{ "2001:dead:8000::1", "2001:db8::fe" }, /* a bit behind it */
		{ "fe80::7", "fe80::7" },
	};

	world_start(&w, NULL);
	/* Longest last, and first, and in between: the order of adding must not matter. */
	add_route("10.1.3.0", NET_V4_BITS(24), "10.0.0.22");
	add_route("10.1.0.0", NET_V4_BITS(16), "10.0.0.21");
	add_route("10.1.3.7", NET_V4_BITS(32), "10.0.0.23");
	add_route("2001:dead::", 33, "2001:db8::31");
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct ipaddr dst = ip(&w, rows[i].dst), want = ip(&w, rows[i].next_hop), got;
		char text[IPADDR_STRLEN];

		cr_assert_eq(route_next_hop(&w.net, &dst, &got), 0, "%s", rows[i].dst);
		cr_assert(ipaddr_equal(&got, &want), "%s by %s", rows[i].dst,
			  ipaddr_format(&got, text));
	}
	world_stop(&w);
}

Test(route, without_a_default_route_there_is_none)
{
	struct net_config c = world_config();
	struct ipaddr v4, v6, got;

	c.gateway4 = ipaddr_any();
	world_start(&w, &c);
	v4 = ip(&w, "10.0.1.1");
	v6 = ip(&w, "2001:dead::1");
	cr_assert_eq(route_next_hop(&w.net, &v4, &got), -ENETUNREACH,
		     "the IPv6 default route must not lead IPv4");
	cr_assert_eq(route_next_hop(&w.net, &v6, &got), 0);
	world_stop(&w);
}

Test(route, adding_again_replaces_and_removing_restores)
{
	struct ipaddr dst, prefix, got, want;

	world_start(&w, NULL);
	dst = ip(&w, "10.1.0.5");
	prefix = ip(&w, "10.1.0.0");
	add_route("10.1.0.0", NET_V4_BITS(16), "10.0.0.21");
	add_route("10.1.99.99", NET_V4_BITS(16), "10.0.0.22"); /* host bits do not count */
	want = ip(&w, "10.0.0.22");
	cr_assert_eq(route_next_hop(&w.net, &dst, &got), 0);
	cr_assert(ipaddr_equal(&got, &want));
	cr_assert_eq(net_route_remove(&w.net, &prefix, NET_V4_BITS(16)), 0);
	want = ip(&w, "10.0.0.254");
	cr_assert_eq(route_next_hop(&w.net, &dst, &got), 0);
	cr_assert(ipaddr_equal(&got, &want));
	cr_assert_eq(net_route_remove(&w.net, &prefix, NET_V4_BITS(16)), -ENOENT);
	world_stop(&w);
}

Test(route, nonsense_is_refused)
{
	struct ipaddr v4, v6, multi, any = ipaddr_any();

	world_start(&w, NULL);
	v4 = ip(&w, "10.7.0.0");
	v6 = ip(&w, "2001:db8:7::");
	multi = ip(&w, "224.0.0.5");
	cr_assert_eq(net_route_add(&w.net, &v4, 24, &any), -EINVAL, "bits of the short form");
	cr_assert_eq(net_route_add(&w.net, &v4, 129, &any), -EINVAL);
	cr_assert_eq(net_route_add(&w.net, &v4, 120, &v6), -EINVAL,
		     "a gateway of the other family");
	cr_assert_eq(net_route_add(&w.net, &v4, 120, &multi), -EINVAL);
	for (uint32_t i = w.net.routes.num_routes; i < NET_MAX_ROUTES; i++) {
		struct ipaddr p = ipaddr_v4(be32(0x0b000000 + (i << 8)));

		cr_assert_eq(net_route_add(&w.net, &p, 120, &any), 0);
	}
	cr_assert_eq(net_route_add(&w.net, &v6, 64, &any), -ENOSPC);
	world_stop(&w);
}

Test(route, the_source_fits_the_destination)
{
	static const struct {
		const char *dst, *src;
	} rows[] = {
		{ "10.0.0.9", "10.0.0.1" },        { "192.168.5.9", "192.168.5.1" },
		{ "8.8.8.8", "10.0.0.1" }, /* by the gateway's net */
		{ "169.254.3.3", "10.0.0.1" },     { "2001:db8::9", "2001:db8::1" },
		{ "2001:dead::9", "2001:db8::1" }, { "fe80::9", "fe80::ff:fe00:1" },
		{ "ff02::1", "fe80::ff:fe00:1" },  { "ff0e::1", "2001:db8::1" },
	};
	struct ipaddr second;

	world_start(&w, NULL);
	second = ip(&w, "192.168.5.1");
	cr_assert_eq(net_addr_add(&w.net, &second, NET_V4_BITS(24)), 0);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct ipaddr dst = ip(&w, rows[i].dst), want = ip(&w, rows[i].src), hop, got;
		char text[IPADDR_STRLEN];

		if (route_next_hop(&w.net, &dst, &hop))
			hop = dst;
		cr_assert_eq(route_select_src(&w.net, &dst, &hop, &got), 0, "%s", rows[i].dst);
		cr_assert(ipaddr_equal(&got, &want), "%s from %s", rows[i].dst,
			  ipaddr_format(&got, text));
	}
	world_stop(&w);
}

Test(route, addresses_come_and_go)
{
	static const struct {
		const char *addr;
		unsigned bits;
		int result;
	} rows[] = {
		{ "10.0.0.1", NET_V4_BITS(24), -EEXIST },
		{ "0.0.0.0", NET_V4_BITS(8), -EINVAL },
		{ "224.0.0.1", NET_V4_BITS(32), -EINVAL },
		{ "127.0.0.1", NET_V4_BITS(8), -EINVAL },
		{ "255.255.255.255", NET_V4_BITS(32), -EINVAL },
		{ "10.3.0.1", 24, -EINVAL },
		{ "::", 64, -EINVAL },
		{ "ff02::5", 64, -EINVAL },
		{ "::1", 128, -EINVAL },
		{ "10.3.0.1", NET_V4_BITS(16), 0 },
		{ "10.3.0.2", NET_V4_BITS(16), 0 },
	};
	struct ipaddr first, other, got;
	uint64_t generation;

	world_start(&w, NULL);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct ipaddr a = ip(&w, rows[i].addr);

		cr_assert_eq(net_addr_add(&w.net, &a, rows[i].bits), rows[i].result, "%s",
			     rows[i].addr);
	}
	first = ip(&w, "10.3.0.1");
	other = ip(&w, "10.3.9.9");
	cr_assert(net_is_local(&w.net, &first));
	generation = w.net.generation;
	cr_assert_eq(net_addr_remove(&w.net, &first), 0);
	cr_assert_neq(w.net.generation, generation, "paths must hear of it");
	cr_assert_not(net_is_local(&w.net, &first));
	cr_assert_eq(net_addr_remove(&w.net, &first), -ENOENT);
	cr_assert_eq(route_next_hop(&w.net, &other, &got), 0);
	cr_assert(ipaddr_equal(&got, &other), "10.3.0.2 still connects the net");
	first = ip(&w, "10.3.0.2");
	cr_assert_eq(net_addr_remove(&w.net, &first), 0);
	first = ip(&w, "10.0.0.254");
	cr_assert_eq(route_next_hop(&w.net, &other, &got), 0);
	cr_assert(ipaddr_equal(&got, &first), "now it is far away");
	world_stop(&w);
}

Test(route, there_is_a_limit_to_addresses)
{
	unsigned added = 0;
	int err;

	world_start(&w, NULL);
	do {
		struct ipaddr a = ipaddr_v4(be32(0x0a040001 + added));

		err = net_addr_add(&w.net, &a, 128);
		added += err == 0;
	} while (!err);
	cr_assert_eq(err, -ENOSPC);
	cr_assert_eq(added, NET_MAX_ADDRS - 3);
	world_stop(&w);
}

Test(route, broadcast_addresses_are_those_of_connected_nets)
{
	static const struct {
		const char *addr;
		bool is_broadcast;
	} rows[] = {
		{ "255.255.255.255", true }, { "10.0.0.255", true },   { "10.0.1.255", false },
		{ "10.0.0.254", false },     { "192.168.9.3", false }, { "192.168.8.3", true },
		{ "0.0.0.0", false },        { "ff02::1", false },     { "::", false },
	};
	struct ipaddr p2p, small;

	world_start(&w, NULL);
	p2p = ip(&w, "192.168.9.2"); /* a /31 has two hosts and no broadcast: RFC 3021 */
	small = ip(&w, "192.168.8.1");
	cr_assert_eq(net_addr_add(&w.net, &p2p, NET_V4_BITS(31)), 0);
	cr_assert_eq(net_addr_add(&w.net, &small, NET_V4_BITS(30)), 0);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct ipaddr a = ip(&w, rows[i].addr);

		cr_assert_eq(net_is_broadcast(&w.net, &a), rows[i].is_broadcast, "%s",
			     rows[i].addr);
	}
	world_stop(&w);
}

Test(route, ipv6_needs_its_minimum_mtu)
{
	struct net_config c = world_config();
	struct ipaddr a;

	c.num_addrs = 1; /* the IPv4 one */
	c.gateway6 = ipaddr_any();
	world_start_with(&w, &c, 0, 1279);
	a = ip(&w, "2001:db8::1");
	cr_assert_eq(net_addr_add(&w.net, &a, 64), -EINVAL);
	cr_assert_eq(w.net.routes.num_addrs, 1, "no link-local address either");
	world_stop(&w);
}
