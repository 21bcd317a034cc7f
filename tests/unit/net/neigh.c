/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>

#include "tests/unit/net/world.h"

#define LEARN_NOTHING 0u
#define C NEIGH_LEARN_CREATE
#define S NEIGH_LEARN_SOLICITED
#define O NEIGH_LEARN_OVERRIDE

static struct world w;

/* A transport that remembers the errors it was told. */
static unsigned errors;
static struct icmp_error last_error;
static struct net_path *resend_path;
static int resend_result;

static void on_error(void *ctx, const struct icmp_error *e, bool is_local)
{
	cr_assert(is_local);
	errors++;
	last_error = *e;
	if (resend_path)
		resend_result = net_output(&w.net, resend_path, world_packet(&w, 8, 0),
					   (struct net_tx){ .proto = IP_PROTO_TCP });
}

static void on_input(void *ctx, struct buf *b, const struct net_pkt *pkt)
{
	buf_put_chain(b);
}

static int send_to(struct net_path *path, const char *dst)
{
	struct ipaddr d = ip(&w, dst), any = ipaddr_any();

	if (dst)
		net_path_init(path, &d, &any);
	return net_output(&w.net, path, world_packet(&w, 100, 0x5a),
			  (struct net_tx){ .proto = IP_PROTO_TCP });
}

/* State x news of the same or another MAC with flags -> state, and whose MAC is held (0: no entry). */
Test(neigh, what_is_learned_in_each_state)
{
	static const struct {
		enum neigh_state from;
		unsigned mac, flags;
		const char *to;
		unsigned held;
		int counter; /* that moved, -1: none */
	} rows[] = {
		{ NEIGH_FREE, 7, LEARN_NOTHING, "none", 0, NET_NEIGH_REFUSED },
		{ NEIGH_FREE, 7, O, "none", 0, NET_NEIGH_REFUSED },
		{ NEIGH_FREE, 7, S | O, "none", 0, NET_NEIGH_REFUSED },
		{ NEIGH_FREE, 7, C | O, "stale", 7, NET_NEIGH_CREATED },
		{ NEIGH_INCOMPLETE, 7, S | O, "reachable", 7, NET_NEIGH_RESOLVED },
		{ NEIGH_INCOMPLETE, 7, S, "reachable", 7, NET_NEIGH_RESOLVED },
		{ NEIGH_INCOMPLETE, 7, LEARN_NOTHING, "stale", 7, NET_NEIGH_RESOLVED },
		{ NEIGH_INCOMPLETE, 7, C | O, "stale", 7, NET_NEIGH_RESOLVED },
		{ NEIGH_REACHABLE, 2, LEARN_NOTHING, "reachable", 2, -1 },
		{ NEIGH_REACHABLE, 2, C | O, "reachable", 2, -1 },
		{ NEIGH_REACHABLE, 2, S | O, "reachable", 2, -1 },
		{ NEIGH_REACHABLE, 7, O, "stale", 7, NET_NEIGH_MOVED },
		{ NEIGH_REACHABLE, 7, S | O, "reachable", 7, NET_NEIGH_MOVED },
		{ NEIGH_REACHABLE, 7, S, "stale", 2, -1 }, /* RFC 4861, 7.2.5, I */
		{ NEIGH_STALE, 2, LEARN_NOTHING, "stale", 2, -1 },
		{ NEIGH_STALE, 2, S, "reachable", 2, -1 },
		{ NEIGH_STALE, 7, S, "stale", 2, -1 },
		{ NEIGH_STALE, 7, C | O, "stale", 7, NET_NEIGH_MOVED },
		{ NEIGH_PROBE, 2, S | O, "reachable", 2, -1 },
		{ NEIGH_PROBE, 2, O, "probe", 2, -1 },
		{ NEIGH_PROBE, 7, S, "probe", 2, -1 },
		{ NEIGH_PROBE, 7, O, "stale", 7, NET_NEIGH_MOVED },
		{ NEIGH_FAILED, 7, S | O, "reachable", 7, -1 },
		{ NEIGH_FAILED, 7, C | O, "stale", 7, -1 },
		{ NEIGH_STATIC, 7, S | O, "static", 2, NET_NEIGH_STATIC_KEPT },
		{ NEIGH_STATIC, 2, S | O, "static", 2, -1 },
	};
	static const int watched[] = { NET_NEIGH_REFUSED, NET_NEIGH_CREATED, NET_NEIGH_RESOLVED,
				       NET_NEIGH_MOVED, NET_NEIGH_STATIC_KEPT };
	static const char *const hosts[] = { "10.0.0.2", "2001:db8::2" };

	for (size_t i = 0; i < ARRAY_SIZE(rows) * ARRAY_SIZE(hosts); i++) {
		size_t r = i / ARRAY_SIZE(hosts);
		const char *host = hosts[i % ARRAY_SIZE(hosts)];
		struct mac mac = world_mac(rows[r].mac);
		struct mac held = world_mac(rows[r].held);
		struct ipaddr addr = ip(&w, host);
		struct neigh *n;

		world_start(&w, NULL);
		if (rows[r].from != NEIGH_FREE)
			world_set_neigh(&w, host, 2, rows[r].from);
		neigh_learn(&w.net, &addr, &mac, rows[r].flags);
		cr_assert_str_eq(world_neigh(&w, host), rows[r].to, "row %zu %s: %s", r, host,
				 world_neigh(&w, host));
		n = neigh_find_or_null(&w.net, &addr);
		if (rows[r].held)
			cr_assert(mac_equal(&n->mac, &held), "row %zu %s", r, host);
		for (size_t c = 0; c < ARRAY_SIZE(watched); c++)
			cr_assert_eq(world_count(&w, (enum net_counter)watched[c]),
				     watched[c] == rows[r].counter, "row %zu, counter %s", r,
				     w.net.counters.names[watched[c]]);
		world_stop(&w);
	}
}

Test(neigh, packets_wait_for_the_answer_and_leave_in_order)
{
	struct net_path path;

	world_start(&w, NULL);
	cr_assert_eq(send_to(&path, "10.0.0.2"), 0);
	cr_assert_str_eq(world_sent(&w), "to all: arp request 10.0.0.1 > 10.0.0.2");
	world_assert_quiet(&w);
	cr_assert_eq(path.generation, 0, "not valid before the MAC is known");
	for (unsigned i = 0; i < 3; i++)
		cr_assert_eq(net_output(&w.net, &path, world_packet(&w, 10 + i, 0),
					(struct net_tx){ .proto = IP_PROTO_TCP }),
			     0);
	world_assert_quiet(&w);

	uint8_t f[64];

	world_receive(&w, f, make_arp(f, "me", ARP_OP_REPLY, 2, "10.0.0.2", "me", "10.0.0.1"));
	cr_assert_str_eq(world_sent(&w),
			 "to m2: 10.0.0.1 > 10.0.0.2 proto 6 len 120 ttl 64 id 0 df");
	cr_assert_str_eq(world_sent(&w),
			 "to m2: 10.0.0.1 > 10.0.0.2 proto 6 len 30 ttl 64 id 0 df");
	cr_assert_str_eq(world_sent(&w),
			 "to m2: 10.0.0.1 > 10.0.0.2 proto 6 len 31 ttl 64 id 0 df");
	cr_assert_str_eq(world_sent(&w),
			 "to m2: 10.0.0.1 > 10.0.0.2 proto 6 len 32 ttl 64 id 0 df");
	cr_assert_eq(world_count(&w, NET_NEIGH_RESOLVED), 1);
	world_stop(&w);
}

Test(neigh, requests_are_repeated_then_given_up_then_tried_anew)
{
	struct net_config c = world_config();
	struct net_path path;

	c.neigh_retries = 3;
	c.neigh_timeout_ns = 200 * NS_PER_MS;
	world_start(&w, &c);
	errors = 0;
	resend_path = &path;
	net_set_handler(&w.net, IP_PROTO_TCP, on_input, on_error, NULL);
	cr_assert_eq(send_to(&path, "10.0.0.2"), 0);
	for (unsigned i = 0; i < 3; i++) {
		cr_assert_str_eq(world_sent(&w), "to all: arp request 10.0.0.1 > 10.0.0.2");
		world_assert_quiet(&w);
		cr_assert_eq(errors, 0);
		world_advance(&w, 200 * NS_PER_MS);
	}
	world_assert_quiet(&w);
	cr_assert_eq(errors, 1);
	cr_assert_eq(last_error.kind, ICMP_ERR_HOST_UNREACH);
	cr_assert_eq(last_error.proto, IP_PROTO_TCP);
	cr_assert_eq(last_error.sport, 0x5a5a);
	cr_assert_eq(last_error.dport, 0x5a5a);
	cr_assert_eq(last_error.tcp_seq, 0x5a5a5a5a);
	cr_assert_eq(last_error.quoted_len, 120);
	cr_assert(ipaddr_equal(&last_error.dst, &path.dst));
	cr_assert(ipaddr_equal(&last_error.src, &path.src));
	cr_assert_eq(resend_result, -EHOSTUNREACH, "sending again from the callback");
	cr_assert_eq(world_count(&w, NET_NEIGH_FAILED), 1);
	cr_assert_eq(world_count(&w, NET_DROP_NEIGH_FAILED), 2);
	cr_assert_eq(send_to(&path, "10.0.0.2"), -EHOSTUNREACH);

	world_advance(&w, 200 * NS_PER_MS);
	cr_assert_str_eq(world_neigh(&w, "10.0.0.2"), "none");
	cr_assert_eq(send_to(&path, "10.0.0.2"), 0);
	cr_assert_str_eq(world_sent(&w), "to all: arp request 10.0.0.1 > 10.0.0.2");
	resend_path = NULL;
	world_stop(&w);
}

Test(neigh, an_ipv6_packet_that_waited_is_reported_too)
{
	struct net_path path;

	world_start(&w, NULL);
	errors = 0;
	net_set_handler(&w.net, IP_PROTO_TCP, on_input, on_error, NULL);
	cr_assert_eq(send_to(&path, "2001:db8::2"), 0);
	world_advance(&w, 5 * NS_PER_SEC);
	cr_assert_eq(errors, 1);
	cr_assert_eq(last_error.sport, 0x5a5a);
	cr_assert_eq(last_error.quoted_len, 140);
	cr_assert(ipaddr_equal(&last_error.dst, &path.dst));
	world_stop(&w);
}

Test(neigh, a_full_queue_drops_its_oldest)
{
	struct net_config c = world_config();
	struct net_path path;
	uint8_t f[64];

	c.neigh_queue_packets = 2;
	world_start(&w, &c);
	for (unsigned i = 1; i <= 4; i++) {
		struct ipaddr d = ip(&w, "10.0.0.2"), any = ipaddr_any();

		net_path_init(&path, &d, &any);
		cr_assert_eq(net_output(&w.net, &path, world_packet(&w, i, 0),
					(struct net_tx){ .proto = IP_PROTO_TCP }),
			     0);
	}
	cr_assert_eq(world_count(&w, NET_DROP_NEIGH_QUEUE), 2);
	world_sent(&w);
	world_receive(&w, f, make_arp(f, "me", ARP_OP_REPLY, 2, "10.0.0.2", "me", "10.0.0.1"));
	cr_assert_str_eq(world_sent(&w),
			 "to m2: 10.0.0.1 > 10.0.0.2 proto 6 len 23 ttl 64 id 0 df");
	cr_assert_str_eq(world_sent(&w),
			 "to m2: 10.0.0.1 > 10.0.0.2 proto 6 len 24 ttl 64 id 0 df");
	world_assert_quiet(&w);
	world_stop(&w);
}

Test(neigh, a_neighbour_in_use_is_asked_by_unicast_before_it_goes)
{
	struct net_path path;
	uint64_t resolves;
	uint8_t f[64];

	world_start(&w, NULL);
	world_set_neigh(&w, "10.0.0.2", 2, NEIGH_REACHABLE);
	world_advance(&w, NS_PER_SEC);
	cr_assert_eq(send_to(&path, "10.0.0.2"), 0);
	world_sent(&w);
	world_advance(&w, 58 * NS_PER_SEC);
	world_assert_quiet(&w);
	world_advance(&w, NS_PER_SEC);
	cr_assert_str_eq(world_sent(&w), "to m2: arp request 10.0.0.1 > 10.0.0.2");
	cr_assert_str_eq(world_neigh(&w, "10.0.0.2"), "probe");
	cr_assert_eq(world_count(&w, NET_NEIGH_PROBES), 1);

	/* Packets go on meanwhile, without resolving anew. */
	resolves = w.net.count[NET_PATH_RESOLVES];
	cr_assert_eq(net_output(&w.net, &path, world_packet(&w, 4, 0),
				(struct net_tx){ .proto = IP_PROTO_TCP }),
		     0);
	cr_assert_str_eq(world_sent(&w),
			 "to m2: 10.0.0.1 > 10.0.0.2 proto 6 len 24 ttl 64 id 0 df");
	cr_assert_eq(w.net.count[NET_PATH_RESOLVES], resolves);

	world_receive(&w, f, make_arp(f, "me", ARP_OP_REPLY, 2, "10.0.0.2", "me", "10.0.0.1"));
	cr_assert_str_eq(world_neigh(&w, "10.0.0.2"), "reachable");

	/* Nobody uses it: it goes without a question. */
	world_advance(&w, 60 * NS_PER_SEC);
	world_assert_quiet(&w);
	cr_assert_str_eq(world_neigh(&w, "10.0.0.2"), "none");
	cr_assert_eq(world_count(&w, NET_NEIGH_EXPIRED), 1);
	world_stop(&w);
}

Test(neigh, a_neighbour_that_died_makes_its_paths_invalid)
{
	struct net_path path;

	world_start(&w, NULL);
	world_set_neigh(&w, "10.0.0.2", 2, NEIGH_PROBE);
	cr_assert_eq(send_to(&path, "10.0.0.2"), 0);
	cr_assert_eq(path.generation, w.net.generation);
	world_advance(&w, 5 * NS_PER_SEC);
	cr_assert_str_eq(world_neigh(&w, "10.0.0.2"), "failed");
	cr_assert_neq(path.generation, w.net.generation);
	cr_assert_eq(send_to(&path, "10.0.0.2"), -EHOSTUNREACH);
	world_stop(&w);
}

Test(neigh, a_stale_neighbour_in_use_is_asked_after_the_delay)
{
	struct net_path path;

	world_start(&w, NULL);
	world_set_neigh(&w, "2001:db8::2", 2, NEIGH_STALE);
	world_advance(&w, NS_PER_SEC);
	cr_assert_eq(send_to(&path, "2001:db8::2"), 0);
	cr_assert_str_eq(world_sent(&w),
			 "to m2: 2001:db8::1 > 2001:db8::2 proto 6 len 100 hl 64 tc 0");
	world_advance(&w, 4 * NS_PER_SEC);
	cr_assert_str_eq(world_sent(&w), "to m2: 2001:db8::1 > 2001:db8::2 hl 255 ns 2001:db8::2 "
					 "+lladdr");
	world_stop(&w);
}

Test(neigh, a_stale_neighbour_unused_just_expires)
{
	world_start(&w, NULL);
	world_set_neigh(&w, "10.0.0.2", 2, NEIGH_STALE);
	world_advance(&w, 59 * NS_PER_SEC);
	cr_assert_str_eq(world_neigh(&w, "10.0.0.2"), "stale");
	world_advance(&w, NS_PER_SEC);
	cr_assert_str_eq(world_neigh(&w, "10.0.0.2"), "none");
	world_assert_quiet(&w);
	world_stop(&w);
}

Test(neigh, confirmation_by_a_transport_saves_the_question)
{
	struct net_path path;

	world_start(&w, NULL);
	world_set_neigh(&w, "10.0.0.2", 2, NEIGH_STALE);
	cr_assert_eq(send_to(&path, "10.0.0.2"), 0);
	net_neigh_confirm(&w.net, &path);
	cr_assert_str_eq(world_neigh(&w, "10.0.0.2"), "reachable");
	world_sent(&w);
	for (unsigned i = 0; i < 10; i++) {
		world_advance(&w, 30 * NS_PER_SEC);
		send_to(&path, "10.0.0.2");
		net_neigh_confirm(&w.net, &path);
		cr_assert_str_eq(world_sent(&w),
				 "to m2: 10.0.0.1 > 10.0.0.2 proto 6 len 120 ttl 64 id 0 df");
		/* Use after the confirmation is no reason to ask before its time. */
		world_advance(&w, NS_PER_SEC);
		send_to(&path, "10.0.0.2");
		world_sent(&w);
		world_assert_quiet(&w);
	}
	net_paths_changed(&w.net); /* a stale pointer must not be followed */
	path.neigh_or_null = NULL;
	net_neigh_confirm(&w.net, &path);
	world_stop(&w);
}

Test(neigh, a_new_mac_reaches_the_paths)
{
	struct net_path path;
	uint8_t f[64];

	world_start(&w, NULL);
	world_set_neigh(&w, "10.0.0.2", 2, NEIGH_REACHABLE);
	cr_assert_eq(send_to(&path, "10.0.0.2"), 0);
	world_sent(&w);
	world_receive(&w, f, make_arp(f, "all", ARP_OP_REQUEST, 9, "10.0.0.2", "all", "10.0.0.2"));
	cr_assert_eq(net_output(&w.net, &path, world_packet(&w, 4, 0),
				(struct net_tx){ .proto = IP_PROTO_TCP }),
		     0);
	cr_assert_str_eq(world_sent(&w),
			 "to m9: 10.0.0.1 > 10.0.0.2 proto 6 len 24 ttl 64 id 0 df");
	world_stop(&w);
}

Test(neigh, a_full_table_gives_up_the_one_used_longest_ago)
{
	struct net_config c = world_config();
	struct net_path path;

	c.neigh_max = 4;
	world_start(&w, &c);
	world_set_neigh(&w, "10.0.0.10", 10, NEIGH_STATIC);
	for (unsigned i = 11; i <= 13; i++) {
		char addr[16];

		snprintf(addr, sizeof(addr), "10.0.0.%u", i);
		world_set_neigh(&w, addr, i, NEIGH_REACHABLE);
	}
	world_advance(&w, NS_PER_SEC);
	send_to(&path, "10.0.0.11"); /* the oldest entry, but not the one unused longest */
	world_advance(&w, NS_PER_SEC);
	world_mark(&w);
	send_to(&path, "10.0.0.14");
	cr_assert_str_eq(world_neigh(&w, "10.0.0.12"), "none");
	cr_assert_eq(world_count(&w, NET_NEIGH_EVICTED), 1);
	send_to(&path, "10.0.0.15");
	cr_assert_str_eq(world_neigh(&w, "10.0.0.13"), "none");
	send_to(&path, "10.0.0.16");
	cr_assert_str_eq(world_neigh(&w, "10.0.0.11"), "none", "its second round is over");
	send_to(&path, "10.0.0.17");
	cr_assert_str_eq(world_neigh(&w, "10.0.0.14"), "none");
	cr_assert_eq(world_count(&w, NET_DROP_NEIGH_EVICTED), 1, "the packet that waited");
	cr_assert_str_eq(world_neigh(&w, "10.0.0.10"), "static");
	cr_assert_eq(w.net.neigh.num, 4);
	world_stop(&w);
}

Test(neigh, static_entries_have_limits)
{
	static const struct {
		const char *addr;
		unsigned mac;
		int result;
	} rows[] = {
		{ "10.0.0.1", 2, -EINVAL },  { "10.0.0.255", 2, -EINVAL },
		{ "224.0.0.1", 2, -EINVAL }, { "0.0.0.0", 2, -EINVAL },
		{ "10.0.0.2", 2, 0 },        { "10.0.0.2", 3, -EINVAL }, /* twice */
		{ "2001:db8::2", 2, 0 },     { "10.0.0.3", 3, -ENOSPC },
	};
	struct net_config c = world_config();
	struct mac group = { { 1 } };
	struct net_path path;
	struct ipaddr a;

	c.neigh_max = 2;
	world_start(&w, &c);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct mac mac = world_mac(rows[i].mac);

		a = ip(&w, rows[i].addr);
		cr_assert_eq(neigh_add_static(&w.net, &a, &mac), rows[i].result, "%s",
			     rows[i].addr);
	}
	a = ip(&w, "10.0.0.4");
	cr_assert_eq(neigh_add_static(&w.net, &a, &group), -EINVAL);
	cr_assert_eq(send_to(&path, "10.0.0.4"), -ENOBUFS);
	world_assert_drop(&w, NET_DROP_NEIGH_FULL);
	cr_assert_eq(send_to(&path, "10.0.0.2"), 0);
	cr_assert_str_eq(world_sent(&w),
			 "to m2: 10.0.0.1 > 10.0.0.2 proto 6 len 120 ttl 64 id 0 df");
	world_advance(&w, 3600 * NS_PER_SEC);
	cr_assert_str_eq(world_neigh(&w, "10.0.0.2"), "static");
	world_stop(&w);
}

/* A learned entry becomes static: its timers stop, and eviction does not find it. */
Test(neigh, a_static_entry_replaces_what_was_learned)
{
	struct ipaddr a;
	struct mac mac = world_mac(5);
	struct net_path path;

	world_start(&w, NULL);
	a = ip(&w, "10.0.0.2");
	cr_assert_eq(send_to(&path, "10.0.0.2"), 0);
	cr_assert_str_eq(world_sent(&w), "to all: arp request 10.0.0.1 > 10.0.0.2");
	cr_assert_eq(neigh_add_static(&w.net, &a, &mac), 0);
	cr_assert_str_eq(world_sent(&w),
			 "to m5: 10.0.0.1 > 10.0.0.2 proto 6 len 120 ttl 64 id 0 df");
	world_advance(&w, 300 * NS_PER_SEC);
	world_assert_quiet(&w);
	cr_assert_str_eq(world_neigh(&w, "10.0.0.2"), "static");
	world_stop(&w);
}
