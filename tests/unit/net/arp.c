/* SPDX-License-Identifier: MIT */
#include "libos/net/arp.h"

#include <criterion/criterion.h>

#include "libos/base/log.h"
#include "tests/unit/net/world.h"

static struct world w;

Test(arp, we_introduce_ourselves_once)
{
	struct net_config c = world_config();

	world_start(&w, &c);
	cr_assert_eq(w.net.count[NET_ARP_ANNOUNCED], 1);
	net_announce(&w.net, &c.addrs[0].addr);
	cr_assert_str_eq(world_sent(&w), "to all: arp request 10.0.0.1 > 10.0.0.1");
	world_assert_quiet(&w);
	world_stop(&w);
}

/* One frame from MAC m2 or m7: what we answer, what becomes of 10.0.0.2's entry, which counter moves. */
enum {
	REQ = ARP_OP_REQUEST,
	REP = ARP_OP_REPLY
};
static const struct {
	enum neigh_state before;
	const char *eth_dst;
	uint16_t op;
	unsigned sha;
	const char *spa, *tha, *tpa;
	const char *sent;
	const char *state;
	unsigned mac; /* held afterwards, 0: none */
	enum net_counter counter;
} rows[] = {
	/* Asked for: we answer and remember who asked. */
	{ NEIGH_FREE, "all", REQ, 2, "10.0.0.2", "all", "10.0.0.1",
	  "to m2: arp reply 10.0.0.1 > 10.0.0.2", "stale", 2, NET_ARP_TX_REPLIES },
	{ NEIGH_REACHABLE, "all", REQ, 7, "10.0.0.2", "all", "10.0.0.1",
	  "to m7: arp reply 10.0.0.1 > 10.0.0.2", "stale", 7, NET_NEIGH_MOVED },
	/* By unicast as well. */
	{ NEIGH_FREE, "me", REQ, 2, "10.0.0.2", "me", "10.0.0.1",
	  "to m2: arp reply 10.0.0.1 > 10.0.0.2", "stale", 2, NET_ARP_TX_REPLIES },
	/* An address probe (RFC 5227): answered, nothing to remember. */
	{ NEIGH_FREE, "all", REQ, 2, "0.0.0.0", "all", "10.0.0.1",
	  "to m2: arp reply 10.0.0.1 > 0.0.0.0", "none", 0, NET_ARP_TX_REPLIES },
	/* Somebody else is asked for, even by one we know. */
	{ NEIGH_FREE, "all", REQ, 2, "10.0.0.2", "all", "10.0.0.9", "", "none", 0,
	  NET_DROP_ARP_NOT_OURS },
	{ NEIGH_FREE, "all", REQ, 2, "10.0.0.2", "all", "127.0.0.1", "", "none", 0,
	  NET_DROP_ARP_NOT_OURS },
	/* Answers to what we asked. */
	{ NEIGH_INCOMPLETE, "me", REP, 2, "10.0.0.2", "me", "10.0.0.1", "", "reachable", 2,
	  NET_NEIGH_RESOLVED },
	{ NEIGH_PROBE, "me", REP, 2, "10.0.0.2", "me", "10.0.0.1", "", "reachable", 2,
	  NET_ARP_RX_REPLIES },
	/* Answers that nobody asked for make no entry, and confirm none. */
	{ NEIGH_FREE, "me", REP, 2, "10.0.0.2", "me", "10.0.0.1", "", "none", 0,
	  NET_NEIGH_REFUSED },
	{ NEIGH_STALE, "me", REP, 2, "10.0.0.2", "me", "10.0.0.1", "", "stale", 2,
	  NET_ARP_RX_REPLIES },
	{ NEIGH_REACHABLE, "me", REP, 7, "10.0.0.2", "me", "10.0.0.1", "", "stale", 7,
	  NET_NEIGH_MOVED },
	/* Answers to somebody else. */
	{ NEIGH_REACHABLE, "me", REP, 7, "10.0.0.2", "m9", "10.0.0.9", "", "reachable", 2,
	  NET_DROP_ARP_NOT_OURS },
	/* Announcements, both ways of making them. */
	{ NEIGH_FREE, "all", REQ, 2, "10.0.0.2", "all", "10.0.0.2", "", "none", 0,
	  NET_NEIGH_REFUSED },
	{ NEIGH_REACHABLE, "all", REQ, 7, "10.0.0.2", "all", "10.0.0.2", "", "stale", 7,
	  NET_NEIGH_MOVED },
	{ NEIGH_REACHABLE, "all", REP, 7, "10.0.0.2", "all", "10.0.0.2", "", "stale", 7,
	  NET_NEIGH_MOVED },
	{ NEIGH_STATIC, "all", REP, 7, "10.0.0.2", "all", "10.0.0.2", "", "static", 2,
	  NET_NEIGH_STATIC_KEPT },
	/* Claims to our address. */
	{ NEIGH_FREE, "all", REQ, 7, "10.0.0.1", "all", "10.0.0.1", "", "none", 0,
	  NET_ARP_CONFLICT },
	{ NEIGH_FREE, "me", REP, 7, "10.0.0.1", "me", "10.0.0.1", "", "none", 0, NET_ARP_CONFLICT },
	/* Senders that nobody can be. */
	{ NEIGH_FREE, "all", REQ, 2, "10.0.0.255", "all", "10.0.0.1", "", "none", 0,
	  NET_DROP_ARP_BAD },
	{ NEIGH_FREE, "all", REQ, 2, "224.0.0.2", "all", "10.0.0.1", "", "none", 0,
	  NET_DROP_ARP_BAD },
	{ NEIGH_FREE, "all", REQ, 2, "127.0.0.2", "all", "10.0.0.1", "", "none", 0,
	  NET_DROP_ARP_BAD },
	{ NEIGH_FREE, "me", REP, 2, "0.0.0.0", "me", "10.0.0.1", "", "none", 0, NET_DROP_ARP_BAD },
};

Test(arp, each_kind_of_packet)
{
	log_set_level(LOG_ERROR);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct mac held = world_mac(rows[i].mac);
		struct ipaddr addr = ip(&w, "10.0.0.2");
		uint8_t f[64];
		size_t len = make_arp(f, rows[i].eth_dst, rows[i].op, rows[i].sha, rows[i].spa,
				      rows[i].tha, rows[i].tpa);

		world_start(&w, NULL);
		if (rows[i].before != NEIGH_FREE)
			world_set_neigh(&w, "10.0.0.2", 2, rows[i].before);
		/* In two pieces every other time. */
		if (i % 2)
			world_receive_split(&w, f, len, 20);
		else
			world_receive(&w, f, len);
		cr_assert_str_eq(world_sent(&w), rows[i].sent, "row %zu", i);
		world_assert_quiet(&w);
		cr_assert_str_eq(world_neigh(&w, "10.0.0.2"), rows[i].state, "row %zu: %s", i,
				 world_neigh(&w, "10.0.0.2"));
		if (rows[i].mac)
			cr_assert(mac_equal(&neigh_find_or_null(&w.net, &addr)->mac, &held),
				  "row %zu", i);
		cr_assert_eq(world_count(&w, rows[i].counter), 1, "row %zu", i);
		world_stop(&w);
	}
}

Test(arp, a_stranger_from_another_net_gets_an_answer_but_no_entry)
{
	uint8_t f[64];

	world_start(&w, NULL);
	world_receive(&w, f,
		      make_arp(f, "all", ARP_OP_REQUEST, 2, "192.168.1.1", "all", "10.0.0.1"));
	cr_assert_str_eq(world_sent(&w), "to m2: arp reply 10.0.0.1 > 192.168.1.1");
	cr_assert_str_eq(world_neigh(&w, "192.168.1.1"), "none");
	cr_assert_eq(w.net.neigh.num, 0);
	world_stop(&w);
}

Test(arp, our_own_announcement_coming_back_is_no_conflict)
{
	uint8_t f[64];
	size_t len = make_arp(f, "all", ARP_OP_REQUEST, 1, "10.0.0.1", "all", "10.0.0.1");

	world_start(&w, NULL);
	world_receive(&w, f, len);
	world_assert_drop(&w, NET_DROP_ETH_SRC);
	memcpy(f, w.dev.mac, 6);
	world_receive(&w, f, len);
	cr_assert_eq(world_count(&w, NET_ARP_CONFLICT), 0);
	world_stop(&w);
}

Test(arp, malformed_packets_are_counted)
{
	uint8_t f[64];
	size_t len = make_arp(f, "all", ARP_OP_REQUEST, 2, "10.0.0.2", "all", "10.0.0.1");

	world_start(&w, NULL);
	for (size_t cut = ETH_HLEN; cut < len; cut += 9) {
		world_mark(&w);
		world_receive(&w, f, cut);
		world_assert_drop(&w, NET_DROP_ARP_BAD);
	}
	f[ETH_HLEN + 7] = 9; /* operation */
	world_mark(&w);
	world_receive(&w, f, len);
	world_assert_drop(&w, NET_DROP_ARP_BAD);
	world_assert_quiet(&w);
	world_stop(&w);
}
