/* SPDX-License-Identifier: MIT */
/* UDP on the way in: binding, who gets what, what is dropped and why. Addresses and ports of RFC 6056 included. */
#include "libos/net/udp.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>

#include "tests/unit/net_l4/l4.h"

static struct world w;
static struct listener a, b;

Test(udp, binding_keeps_the_rules)
{
	static const struct {
		const char *addr;
		uint16_t port;
		uint8_t flags;
		int err;
	} rows[] = {
		/* The world has 10.0.0.1:7 without reuse, *:8 with, [::]:9, and 10.0.0.1:10 with. */
		{ "10.0.0.1", 7, 0, -EADDRINUSE },
		{ "0.0.0.0", 7, 0, -EADDRINUSE },
		{ "127.0.0.1", 7, 0, 0 },
		{ "10.0.0.1", 7, UDP_REUSE, -EADDRINUSE },
		{ "::", 7, UDP_IS_V6, 0 },
		{ "0.0.0.0", 8, 0, -EADDRINUSE },
		{ "0.0.0.0", 8, UDP_REUSE, 0 },
		{ "10.0.0.1", 8, 0, -EADDRINUSE },
		{ "10.0.0.1", 8, UDP_REUSE, 0 },
		{ "2001:db8::1", 9, UDP_IS_V6, -EADDRINUSE },
		{ "0.0.0.0", 9, 0, 0 },
		{ "0.0.0.0", 10, UDP_REUSE, 0 },
		{ "0.0.0.0", 10, 0, -EADDRINUSE },
		/* Addresses that are not ours, or not of the socket's family. */
		{ "10.0.0.2", 11, 0, -EADDRNOTAVAIL },
		{ "10.0.0.255", 11, 0, -EADDRNOTAVAIL },
		{ "224.0.0.1", 11, 0, -EADDRNOTAVAIL },
		{ "2001:db8::2", 11, UDP_IS_V6, -EADDRNOTAVAIL },
		{ "::", 11, 0, -EINVAL },
		{ "0.0.0.0", 11, UDP_IS_V6, -EINVAL },
		{ "10.0.0.1", 0, 0, 0 },
	};
	static struct listener held[4];

	l4_start(&w, NULL);
	listener_start(&held[0], &w, "10.0.0.1", 7, 0);
	listener_start(&held[1], &w, "0.0.0.0", 8, UDP_REUSE);
	listener_start(&held[2], &w, "::", 9, 0);
	listener_start(&held[3], &w, "10.0.0.1", 10, UDP_REUSE);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct ipaddr addr = ip(&w, rows[i].addr);
		struct udp_ep ep;

		udp_ep_init(&ep, held[0].ep.ops, rows[i].flags);
		cr_expect_eq(udp_bind(&w.net, &ep, &addr, rows[i].port), rows[i].err, "row %zu", i);
		cr_expect_eq(ep.is_bound, rows[i].err == 0, "row %zu", i);
		if (ep.is_bound)
			cr_expect_eq(udp_bind(&w.net, &ep, &addr, 99), -EINVAL, "bound twice");
		udp_close(&w.net, &ep);
		cr_expect(!ep.is_bound && ep.lport == 0);
	}
	for (size_t i = 0; i < ARRAY_SIZE(held); i++)
		udp_close(&w.net, &held[i].ep);
	cr_assert_eq(w.net.udp.num, 0);
	world_stop(&w);
}

Test(udp, ephemeral_ports_are_drawn_until_none_is_left)
{
	static struct udp_ep eps[UDP_EPHEMERAL_NUM + 1];
	static bool seen[65536];
	struct ipaddr any, lo;
	unsigned neighbours = 0;

	l4_start(&w, NULL);
	any = ip(&w, "0.0.0.0");
	lo = ip(&w, "127.0.0.1");
	for (unsigned i = 0; i < UDP_EPHEMERAL_NUM; i++) {
		/* Sharing is not for ports that nobody chose. */
		udp_ep_init(&eps[i], NULL, UDP_REUSE);
		cr_assert_eq(udp_bind(&w.net, &eps[i], &any, 0), 0, "after %u", i);
		cr_assert(eps[i].lport >= UDP_EPHEMERAL_FIRST &&
			  eps[i].lport < UDP_EPHEMERAL_FIRST + UDP_EPHEMERAL_NUM);
		cr_assert(!seen[eps[i].lport], "%u twice", eps[i].lport);
		seen[eps[i].lport] = true;
		if (i > 0 && i < 1000 && abs(eps[i].lport - eps[i - 1].lport) < 16)
			neighbours++;
	}
	cr_assert_lt(neighbours, 20, "%u of 1000 ports next to the one before", neighbours);
	udp_ep_init(&eps[UDP_EPHEMERAL_NUM], NULL, UDP_REUSE);
	cr_assert_eq(udp_bind(&w.net, &eps[UDP_EPHEMERAL_NUM], &any, 0), -EADDRINUSE);
	udp_close(&w.net, &eps[4711]);
	cr_assert_eq(udp_bind(&w.net, &eps[UDP_EPHEMERAL_NUM], &lo, 0), 0);
	for (unsigned i = 0; i <= UDP_EPHEMERAL_NUM; i++)
		udp_close(&w.net, &eps[i]);
	world_stop(&w);
}

/* Endpoints of the next test, in order of binding. */
static const struct {
	const char *addr;
	uint16_t port;
	uint8_t flags;
	const char *peer; /* "": not connected */
	uint16_t peer_port;
} endpoints[] = {
	[0] = { "0.0.0.0", 1000, 0, "", 0 },
	[1] = { "10.0.0.1", 2000, UDP_REUSE, "", 0 },
	[2] = { "0.0.0.0", 2000, UDP_REUSE, "", 0 },
	[3] = { "0.0.0.0", 2000, UDP_REUSE, "10.0.0.2", 7 },
	[4] = { "10.0.0.1", 2000, UDP_REUSE, "10.0.0.2", 8 },
	[5] = { "::", 1000, 0, "", 0 },
	[6] = { "2001:db8::1", 3000, 0, "", 0 },
	[7] = { "0.0.0.0", 4000, UDP_REUSE, "", 0 },
	[8] = { "0.0.0.0", 4000, UDP_REUSE, "", 0 },
	[9] = { "10.0.0.1", 5000, 0, "10.0.0.2", 7 },
	[10] = { "::", 5000, 0, "2001:db8::2", 7 },
	[11] = { "0.0.0.0", 6000, UDP_REUSE, "10.0.0.2", 7 },
	[12] = { "10.0.0.1", 6000, UDP_REUSE, "", 0 },
};

Test(udp, the_most_specific_endpoint_gets_it)
{
	static const struct {
		const char *src, *dst;
		uint16_t sport, dport;
		int endpoint; /* -1: nobody */
	} rows[] = {
		{ "10.0.0.2", "10.0.0.1", 7, 1000, 0 },
		{ "2001:db8::2", "2001:db8::1", 7, 1000, 5 },
		{ "10.0.0.2", "10.0.0.1", 9, 2000, 1 },
		{ "10.0.0.2", "10.0.0.1", 7, 2000, 3 },
		{ "10.0.0.2", "10.0.0.1", 8, 2000, 4 },
		{ "10.0.0.3", "10.0.0.1", 7, 2000, 1 },
		{ "2001:db8::2", "2001:db8::1", 9, 3000, 6 },
		{ "10.0.0.2", "10.0.0.1", 7, 3000, -1 },
		{ "10.0.0.2", "10.0.0.1", 7, 4000, 8 },
		{ "10.0.0.2", "10.0.0.1", 7, 5000, 9 },
		{ "10.0.0.2", "10.0.0.1", 8, 5000, -1 },
		{ "10.0.0.3", "10.0.0.1", 7, 5000, -1 },
		{ "2001:db8::2", "2001:db8::1", 7, 5000, 10 },
		{ "2001:db8::3", "2001:db8::1", 7, 5000, -1 },
		/* Being connected outweighs being bound, and being bound last. */
		{ "10.0.0.2", "10.0.0.1", 7, 6000, 11 },
		{ "10.0.0.2", "10.0.0.1", 8, 6000, 12 },
		{ "10.0.0.2", "10.0.0.1", 7, 1001, -1 },
		{ "10.0.0.2", "10.0.0.1", 0, 1000, 0 },
	};
	static struct listener l[ARRAY_SIZE(endpoints)];

	l4_start(&w, NULL);
	for (size_t i = 0; i < ARRAY_SIZE(endpoints); i++) {
		listener_start(&l[i], &w, endpoints[i].addr, endpoints[i].port, endpoints[i].flags);
		if (endpoints[i].peer_port) {
			struct ipaddr peer = ip(&w, endpoints[i].peer);

			cr_assert_eq(udp_connect(&w.net, &l[i].ep, &peer, endpoints[i].peer_port),
				     0);
		}
	}
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct ipaddr src = ip(&w, rows[i].src), dst = ip(&w, rows[i].dst);

		world_mark(&w);
		receive_udp(&w, rows[i].src, rows[i].dst, rows[i].sport, rows[i].dport, 33);
		world_assert_drop(&w,
				  rows[i].endpoint < 0 ? NET_DROP_UDP_NO_PORT : NET_COUNTER_NUM);
		for (int e = 0; e < (int)ARRAY_SIZE(l); e++) {
			cr_assert_eq(l[e].num, e == rows[i].endpoint, "row %zu: endpoint %d", i, e);
			if (l[e].num) {
				cr_assert(has_pattern(&l[e], 33));
				cr_assert(ipaddr_equal(&l[e].src, &src));
				cr_assert(ipaddr_equal(&l[e].dst, &dst));
				cr_assert_eq(l[e].sport, rows[i].sport);
			}
			l[e].num = 0;
		}
	}
	for (size_t i = 0; i < ARRAY_SIZE(l); i++)
		udp_close(&w.net, &l[i].ep);
	world_stop(&w);
}

Test(udp, disconnecting_hears_everybody_again)
{
	struct ipaddr peer;

	l4_start(&w, NULL);
	peer = ip(&w, "10.0.0.2");
	listener_start(&a, &w, "0.0.0.0", 1000, 0);
	cr_assert_eq(udp_connect(&w.net, &a.ep, &peer, 7), 0);
	receive_udp(&w, "10.0.0.2", "10.0.0.1", 8, 1000, 1);
	cr_assert_eq(a.num, 0);
	cr_assert_eq(udp_connect(&w.net, &a.ep, &peer, 8), 0, "connecting again moves on");
	receive_udp(&w, "10.0.0.2", "10.0.0.1", 8, 1000, 1);
	cr_assert_eq(a.num, 1);
	udp_disconnect(&w.net, &a.ep);
	receive_udp(&w, "10.0.0.2", "10.0.0.1", 9, 1000, 1);
	cr_assert_eq(a.num, 2);
	udp_close(&w.net, &a.ep);
	world_stop(&w);
}

#define GOOD NET_COUNTER_NUM
#define LENGTH NET_DROP_UDP_LENGTH
#define CSUM NET_DROP_UDP_CSUM

Test(udp, lengths_and_checksums)
{
	static const struct {
		bool v6;
		uint32_t payload; /* in the frame */
		int add_len;      /* to the UDP length, its checksum made anew */
		int cut;          /* bytes missing at the end of the IP packet */
		int csum;         /* -1: as it is; else written over it */
		enum net_counter drop;
		uint32_t delivered;
	} rows[] = {
		{ false, 0, 0, 0, -1, GOOD, 0 },
		{ true, 0, 0, 0, -1, GOOD, 0 },
		{ false, 100, 0, 0, -1, GOOD, 100 },
		/* Bytes beyond the UDP length are nobody's. */
		{ false, 100, -1, 0, -1, GOOD, 99 },
		{ true, 100, -99, 0, -1, GOOD, 1 },
		{ false, 100, -100, 0, -1, GOOD, 0 },
		{ false, 100, -101, 0, -1, LENGTH, 0 },
		{ false, 100, -108, 0, -1, LENGTH, 0 },
		{ false, 100, 1, 0, -1, LENGTH, 0 },
		{ true, 100, 1, 0, -1, LENGTH, 0 },
		{ false, 100, 0, 1, -1, LENGTH, 0 },
		{ false, 0, 0, 1, -1, LENGTH, 0 },
		{ true, 0, 0, 8, -1, LENGTH, 0 },
		/* Zero: not summed, which IPv6 does not allow. */
		{ false, 100, 0, 0, 0, GOOD, 100 },
		{ true, 100, 0, 0, 0, NET_DROP_UDP_ZERO_CSUM, 0 },
		{ false, 100, 0, 0, 0x1234, CSUM, 0 },
		{ true, 100, 0, 0, 0x1234, CSUM, 0 },
	};
	static const char *const addrs[2][2] = { { "10.0.0.2", "10.0.0.1" },
						 { "2001:db8::2", "2001:db8::1" } };

	l4_start(&w, NULL);
	listener_start(&a, &w, "0.0.0.0", 1000, 0);
	listener_start(&b, &w, "::", 1000, 0);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct listener *l = rows[i].v6 ? &b : &a;
		const char *const *at = addrs[rows[i].v6];
		uint8_t udp[256], frame[512];
		struct udp_hdr *h = (struct udp_hdr *)udp;
		uint32_t ulen = UDP_HLEN + rows[i].payload + (uint32_t)rows[i].add_len;
		size_t len;

		make_udp(udp, at[0], at[1], 7, 1000, rows[i].payload);
		if (rows[i].add_len) {
			struct ipaddr s = ip(&w, at[0]), d = ip(&w, at[1]);

			h->len = be16((uint16_t)ulen);
			h->csum = be16(0);
			csum_store(&h->csum,
				   udp_csum_finish(csum_add_bytes(
					   csum_pseudo(&s, &d, IP_PROTO_UDP, ulen), udp, ulen)));
		}
		if (rows[i].csum >= 0)
			h->csum = be16((uint16_t)rows[i].csum);
		len = make_ip(frame, "me", 2, at[0], at[1], IP_PROTO_UDP, udp,
			      UDP_HLEN + rows[i].payload - (uint32_t)rows[i].cut);
		/* Whole, and cut in the middle of each header and behind. */
		for (size_t cut = 0; cut < len; cut += cut < 80 ? 1 : 37) {
			world_mark(&w);
			l->num = 0;
			if (cut)
				world_receive_split(&w, frame, len, cut);
			else
				world_receive(&w, frame, len);
			world_assert_drop(&w, rows[i].drop);
			cr_assert_eq(l->num, rows[i].drop == GOOD, "row %zu cut %zu", i, cut);
			if (l->num)
				cr_assert(has_pattern(l, rows[i].delivered), "row %zu", i);
			world_assert_quiet(&w);
		}
	}
	udp_close(&w.net, &a.ep);
	udp_close(&w.net, &b.ep);
	world_stop(&w);
}

Test(udp, every_flipped_bit_is_noticed)
{
	static const char *const addrs[2][2] = { { "10.0.0.2", "10.0.0.1" },
						 { "2001:db8::2", "2001:db8::1" } };
	uint8_t frame[256];

	l4_start(&w, NULL);
	listener_start(&a, &w, "0.0.0.0", 1000, 0);
	listener_start(&b, &w, "::", 1000, 0);
	for (int v6 = 0; v6 < 2; v6++) {
		size_t len = make_udp_frame(frame, addrs[v6][0], addrs[v6][1], 7, 1000, 21);

		for (size_t bit = (len - 29) * 8; bit < len * 8; bit++) {
			frame[bit / 8] ^= (uint8_t)(1 << bit % 8);
			world_receive(&w, frame, len);
			cr_assert_eq(a.num + b.num, 0, "v6 %d bit %zu", v6, bit);
			frame[bit / 8] ^= (uint8_t)(1 << bit % 8);
		}
		world_receive(&w, frame, len);
		cr_assert_eq(a.num + b.num, 1);
		b.num = 0;
		a.num = 0;
	}
	udp_close(&w.net, &a.ep);
	udp_close(&w.net, &b.ep);
	world_stop(&w);
}

/* A device that has verified the sum is believed, unless the configuration says not to. */
Test(udp, verified_sums_are_not_taken_again)
{
	for (int trust = 0; trust < 2; trust++) {
		struct net_config config = world_config();
		uint8_t frame[256];
		struct buf *rx;
		size_t len;

		config.csum_offload_rx = trust;
		l4_start(&w, &config);
		listener_start(&a, &w, "0.0.0.0", 1000, 0);
		len = make_udp_frame(frame, "10.0.0.2", "10.0.0.1", 7, 1000, 20);
		frame[len - 1] ^= 1;
		rx = world_packet(&w, (uint32_t)len, 0);
		memcpy(rx->data, frame, len);
		rx->flags = BUF_RX_CSUM_GOOD;
		net_input(&w.net, rx, 0);
		cr_assert_eq(a.num, (unsigned)trust);
		cr_assert_eq(world_count(&w, NET_DROP_UDP_CSUM), (uint64_t)!trust);
		udp_close(&w.net, &a.ep);
		world_stop(&w);
	}
}

Test(udp, nobody_listens)
{
	static const struct {
		const char *eth_dst, *src, *dst, *sent;
	} rows[] = {
		{ "me", "10.0.0.2", "10.0.0.1",
		  "to m2: 10.0.0.1 > 10.0.0.2 proto 1 len 76 ttl 64 id 0 df" },
		{ "me", "2001:db8::2", "2001:db8::1",
		  "to m2: 2001:db8::1 > 2001:db8::2 icmp6 1.4" },
		{ "all", "10.0.0.2", "10.0.0.255", "" },
		{ "all", "10.0.0.2", "255.255.255.255", "" },
		{ "33:33:00:00:00:01", "2001:db8::2", "ff02::1", "" },
	};
	uint8_t udp[64], frame[256];

	l4_start(&w, NULL);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		uint32_t len = make_udp(udp, rows[i].src, rows[i].dst, 7, 1000, 20);

		world_mark(&w);
		world_receive(&w, frame,
			      make_ip(frame, rows[i].eth_dst, 2, rows[i].src, rows[i].dst,
				      IP_PROTO_UDP, udp, len));
		cr_assert_str_eq(world_sent(&w), rows[i].sent, "row %zu", i);
		world_assert_drop(&w, NET_DROP_UDP_NO_PORT);
	}
	world_stop(&w);
}

Test(udp, broadcast_reaches_all_who_asked_for_it)
{
	static struct listener l[5];
	uint8_t udp[64], frame[256];
	uint32_t len;

	l4_start(&w, NULL);
	listener_start(&l[0], &w, "0.0.0.0", 1000, UDP_REUSE | UDP_BROADCAST);
	listener_start(&l[1], &w, "0.0.0.0", 1000, UDP_REUSE | UDP_BROADCAST);
	listener_start(&l[2], &w, "0.0.0.0", 1000, UDP_REUSE);
	listener_start(&l[3], &w, "10.0.0.1", 1000, UDP_REUSE | UDP_BROADCAST);
	listener_start(&l[4], &w, "::", 1000, UDP_BROADCAST);
	len = make_udp(udp, "10.0.0.2", "10.0.0.255", 7, 1000, 20);
	world_receive_split(
		&w, frame,
		make_ip(frame, "all", 2, "10.0.0.2", "10.0.0.255", IP_PROTO_UDP, udp, len), 50);
	for (int i = 0; i < 5; i++) {
		cr_assert_eq(l[i].num, i < 2, "%d", i);
		cr_assert(i >= 2 || has_pattern(&l[i], 20));
	}
	world_assert_drop(&w, NET_COUNTER_NUM);
	len = make_udp(udp, "2001:db8::2", "ff02::1", 7, 1000, 20);
	world_receive(&w, frame,
		      make_ip(frame, "33:33:00:00:00:01", 2, "2001:db8::2", "ff02::1", IP_PROTO_UDP,
			      udp, len));
	cr_assert_eq(l[4].num, 1);
	for (int i = 0; i < 5; i++)
		udp_close(&w.net, &l[i].ep);
	world_stop(&w);
}

Test(udp, a_callback_may_close_its_endpoint)
{
	l4_start(&w, NULL);
	listener_start(&a, &w, "0.0.0.0", 1000, UDP_BROADCAST | UDP_REUSE);
	listener_start(&b, &w, "0.0.0.0", 1000, UDP_BROADCAST | UDP_REUSE);
	b.close_on_datagram = true;
	receive_udp(&w, "10.0.0.2", "10.0.0.1", 7, 1000, 3);
	receive_udp(&w, "10.0.0.2", "10.0.0.1", 7, 1000, 3);
	cr_assert_eq(b.num, 1);
	cr_assert_eq(a.num, 1);
	a.close_on_datagram = true;
	receive_udp(&w, "10.0.0.2", "10.0.0.1", 7, 1000, 3);
	receive_udp(&w, "10.0.0.2", "10.0.0.1", 7, 1000, 3);
	cr_assert_eq(a.num, 2);
	cr_assert_eq(world_count(&w, NET_DROP_UDP_NO_PORT), 1);
	world_stop(&w);
}

static unsigned heard[5000];
static struct udp_ep many[5000];

static void count_datagram(struct udp_ep *ep, struct buf *data, const struct net_pkt *pkt,
			   uint16_t sport)
{
	heard[ep - many]++;
	buf_put_chain(data);
}

Test(udp, thousands_of_endpoints_are_found_while_the_table_grows)
{
	static const struct udp_ep_ops ops = { .on_datagram = count_datagram };
	struct net_config config = world_config();
	struct ipaddr any;

	config.udp_buckets = 2;
	l4_start(&w, &config);
	any = ip(&w, "0.0.0.0");
	for (unsigned i = 0; i < ARRAY_SIZE(many); i++) {
		udp_ep_init(&many[i], &ops, 0);
		cr_assert_eq(udp_bind(&w.net, &many[i], &any, (uint16_t)(10000 + i)), 0);
	}
	cr_assert_geq(w.net.udp.bucket_mask + 1, ARRAY_SIZE(many) / 2);
	for (unsigned i = 0; i < ARRAY_SIZE(many); i++)
		receive_udp(&w, "10.0.0.2", "10.0.0.1", 7, (uint16_t)(10000 + i), 4);
	for (unsigned i = 0; i < ARRAY_SIZE(many); i++) {
		cr_assert_eq(heard[i], 1, "port %u", 10000 + i);
		udp_close(&w.net, &many[i]);
	}
	world_stop(&w);
}
