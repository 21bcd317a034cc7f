/* SPDX-License-Identifier: MIT */
#include "libos/net/ndp.h"

#include <criterion/criterion.h>

#include "libos/base/log.h"
#include "tests/unit/net/world.h"

static struct world w;

/* A discovery message from the table's short form. */
static size_t make_ndp(void *out, const char *eth_dst, unsigned from, const char *src,
		       const char *dst, uint8_t hop_limit, uint8_t type, const char *target,
		       const char *flags, unsigned lladdr)
{
	uint8_t msg[NDP_MSG_LEN];
	struct ndp_msg m = {
		.type = type,
		.solicited = strchr(flags, 'S') != NULL,
		.override = strchr(flags, 'O') != NULL,
		.has_lladdr = lladdr != 0,
		.lladdr = world_mac(lladdr),
		.target = ip(&w, target),
	};
	size_t len = ndp_emit(msg, &m);

	return make_icmp6(out, eth_dst, from, src, dst, hop_limit, msg, len);
}

#define GROUP_MAC "33:33:ff:00:00:01"
#define GROUP "ff02::1:ff00:1"
#define NODES_MAC "33:33:00:00:00:01"
#define HOST "2001:db8::2"
#define US "2001:db8::1"

enum {
	NS = ICMP6_NEIGHBOR_SOLICIT,
	NA = ICMP6_NEIGHBOR_ADVERT
};
static const struct {
	enum neigh_state before; /* of HOST, which is m2 */
	const char *eth_dst;
	unsigned from;
	const char *src, *dst;
	uint8_t hop_limit, type;
	const char *target, *flags;
	unsigned lladdr;
	const char *sent;
	const char *state;
	unsigned mac; /* held afterwards, 0: none */
	enum net_counter counter;
} rows[] = {
	/* Asked for: we answer and remember who asked. */
	{ NEIGH_FREE, GROUP_MAC, 2, HOST, GROUP, 255, NS, US, "", 2,
	  "to m2: 2001:db8::1 > 2001:db8::2 hl 255 na 2001:db8::1 S O +lladdr", "stale", 2,
	  NET_NEIGH_CREATED },
	{ NEIGH_REACHABLE, GROUP_MAC, 7, HOST, GROUP, 255, NS, US, "", 7,
	  "to m7: 2001:db8::1 > 2001:db8::2 hl 255 na 2001:db8::1 S O +lladdr", "stale", 7,
	  NET_NEIGH_MOVED },
	{ NEIGH_INCOMPLETE, GROUP_MAC, 2, HOST, GROUP, 255, NS, US, "", 2,
	  "to m2: 2001:db8::1 > 2001:db8::2 hl 255 na 2001:db8::1 S O +lladdr", "stale", 2,
	  NET_NEIGH_RESOLVED },
	/* By unicast the option may be left out. */
	{ NEIGH_REACHABLE, "me", 2, HOST, US, 255, NS, US, "", 0,
	  "to m2: 2001:db8::1 > 2001:db8::2 hl 255 na 2001:db8::1 S O +lladdr", "reachable", 2,
	  NET_NDP_TX_ADVERTS },
	{ NEIGH_FREE, "me", 2, HOST, US, 255, NS, US, "", 0, "", "none", 0, NET_DROP_NDP_BAD },
	{ NEIGH_REACHABLE, GROUP_MAC, 2, HOST, GROUP, 255, NS, US, "", 0, "", "reachable", 2,
	  NET_DROP_NDP_BAD },
	/* Off the link. */
	{ NEIGH_FREE, GROUP_MAC, 2, HOST, GROUP, 254, NS, US, "", 2, "", "none", 0,
	  NET_DROP_NDP_HOP_LIMIT },
	{ NEIGH_INCOMPLETE, "me", 2, HOST, US, 64, NA, HOST, "SO", 2, "", "incomplete", 0,
	  NET_DROP_NDP_HOP_LIMIT },
	/* Another host's address with the same group. */
	{ NEIGH_FREE, GROUP_MAC, 2, HOST, GROUP, 255, NS, "2001:db8::7700:1", "", 2, "", "none", 0,
	  NET_DROP_NDP_NOT_OURS },
	/* Duplicate detection by somebody who wants our address. */
	{ NEIGH_FREE, GROUP_MAC, 7, "::", GROUP, 255, NS, US, "", 0,
	  "to 33:33:00:00:00:01: 2001:db8::1 > ff02::1 hl 255 na 2001:db8::1 O +lladdr", "none", 0,
	  NET_NDP_CONFLICT },
	{ NEIGH_FREE, GROUP_MAC, 7, "::", GROUP, 255, NS, US, "", 7, "", "none", 0,
	  NET_DROP_NDP_BAD },
	{ NEIGH_FREE, "me", 7, "::", US, 255, NS, US, "", 0, "", "none", 0, NET_DROP_NDP_BAD },
	/* Answers. */
	{ NEIGH_INCOMPLETE, "me", 2, HOST, US, 255, NA, HOST, "SO", 2, "", "reachable", 2,
	  NET_NEIGH_RESOLVED },
	{ NEIGH_INCOMPLETE, "me", 2, HOST, US, 255, NA, HOST, "O", 2, "", "stale", 2,
	  NET_NEIGH_RESOLVED },
	{ NEIGH_INCOMPLETE, "me", 2, HOST, US, 255, NA, HOST, "SO", 0, "", "incomplete", 0,
	  NET_NDP_RX_ADVERTS },
	{ NEIGH_STALE, "me", 2, HOST, US, 255, NA, HOST, "S", 0, "", "reachable", 2,
	  NET_NDP_RX_ADVERTS },
	{ NEIGH_PROBE, "me", 2, HOST, US, 255, NA, HOST, "S", 2, "", "reachable", 2,
	  NET_NDP_RX_ADVERTS },
	{ NEIGH_REACHABLE, "me", 7, HOST, US, 255, NA, HOST, "S", 7, "", "stale", 2,
	  NET_NDP_RX_ADVERTS },
	{ NEIGH_REACHABLE, NODES_MAC, 7, HOST, "ff02::1", 255, NA, HOST, "O", 7, "", "stale", 7,
	  NET_NEIGH_MOVED },
	{ NEIGH_REACHABLE, NODES_MAC, 7, HOST, "ff02::1", 255, NA, HOST, "SO", 7, "", "reachable",
	  2, NET_DROP_NDP_BAD },
	{ NEIGH_FREE, "me", 2, HOST, US, 255, NA, HOST, "SO", 2, "", "none", 0, NET_NEIGH_REFUSED },
	/* A claim to our address. */
	{ NEIGH_FREE, NODES_MAC, 7, US "1", "ff02::1", 255, NA, US, "O", 7, "", "none", 0,
	  NET_NDP_CONFLICT },
};

Test(ndp, each_kind_of_message)
{
	log_set_level(LOG_ERROR);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct mac held = world_mac(rows[i].mac);
		struct ipaddr addr = ip(&w, HOST);
		uint8_t f[128];
		size_t len = make_ndp(f, rows[i].eth_dst, rows[i].from, rows[i].src, rows[i].dst,
				      rows[i].hop_limit, rows[i].type, rows[i].target,
				      rows[i].flags, rows[i].lladdr);

		world_start(&w, NULL);
		if (rows[i].before != NEIGH_FREE)
			world_set_neigh(&w, HOST, 2, rows[i].before);
		if (i % 2)
			world_receive_split(&w, f, len, ETH_HLEN + IP6_HLEN + 3);
		else
			world_receive(&w, f, len);
		cr_assert_str_eq(world_sent(&w), rows[i].sent, "row %zu", i);
		world_assert_quiet(&w);
		cr_assert_str_eq(world_neigh(&w, HOST), rows[i].state, "row %zu: %s", i,
				 world_neigh(&w, HOST));
		if (rows[i].mac)
			cr_assert(mac_equal(&neigh_find_or_null(&w.net, &addr)->mac, &held),
				  "row %zu", i);
		cr_assert_eq(world_count(&w, rows[i].counter), 1, "row %zu", i);
		world_stop(&w);
	}
}

Test(ndp, we_ask_the_group_first_and_the_host_later)
{
	struct ipaddr dst, any = ipaddr_any();
	struct net_path path;

	world_start(&w, NULL);
	dst = ip(&w, "2001:db8::ab:cdef");
	net_path_init(&path, &dst, &any);
	cr_assert_eq(net_path_resolve(&w.net, &path), 0);
	cr_assert_str_eq(world_sent(&w), "to 33:33:ff:ab:cd:ef: 2001:db8::1 > ff02::1:ffab:cdef hl "
					 "255 ns 2001:db8::ab:cdef +lladdr");
	dst = ip(&w, "fe80::9");
	net_path_init(&path, &dst, &any);
	cr_assert_eq(net_path_resolve(&w.net, &path), 0);
	cr_assert_str_eq(world_sent(&w),
			 "to 33:33:ff:00:00:09: fe80::ff:fe00:1 > ff02::1:ff00:9 hl "
			 "255 ns fe80::9 +lladdr");
	world_stop(&w);
}

Test(ndp, at_start_each_address_is_probed_once)
{
	struct net_config c = world_config();
	struct ipaddr addr;

	world_start(&w, &c);
	cr_assert_eq(w.net.count[NET_NDP_DAD_SENT], 2, "the configured one and the link-local one");
	addr = ip(&w, US);
	ndp_probe_duplicate(&w.net, &addr);
	cr_assert_str_eq(world_sent(&w),
			 "to 33:33:ff:00:00:01: :: > ff02::1:ff00:1 hl 255 ns 2001:db8::1");
	net_announce(&w.net, &addr);
	cr_assert_str_eq(world_sent(&w), "to 33:33:00:00:00:01: 2001:db8::1 > ff02::1 hl 255 na "
					 "2001:db8::1 O +lladdr");
	world_stop(&w);
}

Test(ndp, the_link_local_address_is_made_of_the_mac)
{
	struct mac mac = { { 0x00, 0x1b, 0x21, 0x3c, 0x4d, 0x5e } };
	struct ipaddr got = ndp_link_local(&mac), want = ip(&w, "fe80::21b:21ff:fe3c:4d5e");

	cr_assert(ipaddr_equal(&got, &want));
}

Test(ndp, routers_are_not_listened_to)
{
	static const uint8_t types[] = { ICMP6_ROUTER_SOLICIT, ICMP6_ROUTER_ADVERT };
	uint8_t f[128], msg[16] = { 0 };

	world_start(&w, NULL);
	for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
		world_mark(&w);
		msg[0] = types[i];
		world_receive(&w, f,
			      make_icmp6(f, NODES_MAC, 2, "fe80::2", "ff02::1", 255, msg, 16));
		cr_assert_eq(world_count(&w, NET_NDP_ROUTER_IGNORED), 1);
		world_assert_drop(&w, NET_COUNTER_NUM);
	}
	world_assert_quiet(&w);
	world_stop(&w);
}

/* An idle pair must come to rest: answering a question is no use of the neighbour. */
Test(ndp, answering_does_not_keep_an_entry_alive)
{
	uint8_t f[128];

	world_start(&w, NULL);
	world_receive(&w, f,
		      make_ndp(f, GROUP_MAC, 2, HOST, GROUP, 255, ICMP6_NEIGHBOR_SOLICIT, US, "",
			       2));
	world_mark(&w);
	world_advance(&w, 120 * NS_PER_SEC);
	world_assert_quiet(&w);
	cr_assert_str_eq(world_neigh(&w, HOST), "none");
	world_stop(&w);
}

Test(ndp, truncated_messages_are_counted)
{
	uint8_t f[128], msg[NDP_MSG_LEN] = { ICMP6_NEIGHBOR_SOLICIT };

	world_start(&w, NULL);
	for (size_t len = 8; len < 24; len += 5) {
		world_mark(&w);
		world_receive(&w, f, make_icmp6(f, "me", 2, HOST, US, 255, msg, len));
		world_assert_drop(&w, NET_DROP_NDP_BAD);
	}
	world_stop(&w);
}
