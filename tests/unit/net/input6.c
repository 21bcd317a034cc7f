/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>

#include "tests/unit/net/world.h"

#define US "2001:db8::1"
#define HOST "2001:db8::2"

static struct world w;
static struct net_pkt seen;
static uint8_t seen_bytes[4096];
static uint32_t seen_len, seen_l4_at;
static unsigned num_seen;

static void on_input(void *ctx, struct buf *b, const struct net_pkt *pkt)
{
	num_seen++;
	seen = *pkt;
	seen_len = buf_chain_len(b);
	buf_copy_out(b, 0, seen_bytes, seen_len);
	seen_l4_at = (uint32_t)(b->l4_off - b->l3_off);
	cr_assert_eq(b->data, buf_mem(b) + b->l4_off);
	cr_assert_eq(buf_mem(b)[b->l3_off] >> 4, 6);
	buf_put_chain(b);
}

static void start(void)
{
	world_start(&w, NULL);
	net_set_handler(&w.net, IP_PROTO_TCP, on_input, NULL, NULL);
	num_seen = 0;
}

static struct ip6_hdr *ip_of(uint8_t *f)
{
	return (struct ip6_hdr *)(f + ETH_HLEN);
}

static void set_version(uint8_t *f)
{
	ip_of(f)->ver_class_flow.b[0] = 0x50;
}

static void set_too_long(uint8_t *f)
{
	ip_of(f)->payload_len = be16(9);
}

Test(input6, each_reason_to_drop)
{
	static const struct {
		const char *eth_dst, *src, *dst;
		void (*change)(uint8_t *frame);
		enum net_counter drop; /* NET_COUNTER_NUM: accepted */
	} rows[] = {
		{ "me", HOST, US, NULL, NET_COUNTER_NUM },
		{ "me", "fe80::2", "fe80::ff:fe00:1", NULL, NET_COUNTER_NUM },
		{ "me", HOST, US, set_version, NET_DROP_IP6_VERSION },
		{ "me", HOST, US, set_too_long, NET_DROP_IP6_LENGTH },
		{ "me", "::1", US, NULL, NET_DROP_IP6_MARTIAN },
		{ "me", "::", US, NULL, NET_DROP_IP6_MARTIAN },
		{ "me", "ff02::5", US, NULL, NET_DROP_IP6_MARTIAN },
		{ "me", "::ffff:10.0.0.2", US, NULL, NET_DROP_IP6_MARTIAN },
		{ "me", HOST, "::ffff:10.0.0.1", NULL, NET_DROP_IP6_MARTIAN },
		{ "me", US, US, NULL, NET_DROP_IP6_OUR_SRC },
		{ "me", "fe80::ff:fe00:1", US, NULL, NET_DROP_IP6_OUR_SRC },
		{ "me", HOST, "2001:db8::3", NULL, NET_DROP_IP6_NOT_OURS },
		{ "me", HOST, "::1", NULL, NET_DROP_IP6_NOT_OURS },
		{ "33:33:00:00:00:02", HOST, "ff02::2", NULL, NET_DROP_IP6_NOT_OURS },
		{ "33:33:00:00:00:01", HOST, "ff02::1", NULL, NET_COUNTER_NUM },
		{ "33:33:ff:00:00:01", HOST, "ff02::1:ff00:1", NULL, NET_COUNTER_NUM },
		{ "33:33:ff:00:00:01", HOST, US, NULL, NET_DROP_IP6_GROUP_MAC },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		bool is_accepted = rows[i].drop == NET_COUNTER_NUM;
		uint8_t f[128], payload[8] = "payload";
		size_t len = make_ip(f, rows[i].eth_dst, 2, rows[i].src, rows[i].dst, IP_PROTO_TCP,
				     payload, sizeof(payload));

		/* make_ip takes a mapped address for IPv6 by its colons. */
		if (rows[i].change)
			rows[i].change(f);
		start();
		world_receive(&w, f, len);
		world_assert_drop(&w, rows[i].drop);
		cr_assert_eq(num_seen, is_accepted, "row %zu", i);
		if (is_accepted)
			cr_assert_eq(!!(seen.flags & NET_PKT_MULTICAST),
				     rows[i].dst[0] == 'f' && rows[i].dst[1] == 'f');
		world_stop(&w);
	}
}

Test(input6, fields_and_padding)
{
	uint8_t f[100] = { 0 }, payload[5] = "abcde";

	make_ip(f, "me", 2, HOST, US, IP_PROTO_TCP, payload, 5);
	ip_of(f)->ver_class_flow = be32(0x6b9fffff);
	start();
	world_receive(&w, f, sizeof(f));
	cr_assert_eq(num_seen, 1);
	cr_assert_eq(seen_len, 5);
	cr_assert_arr_eq(seen_bytes, payload, 5);
	cr_assert_eq(seen.tos, 0xb9);
	cr_assert_eq(seen.prev_next, 6);
	cr_assert_eq(seen_l4_at, IP6_HLEN);
	world_stop(&w);
}

/* Chains of extension headers, written as what stands between IPv6 header and the 8 bytes of transport. */
Test(input6, extension_headers)
{
	static const struct {
		uint8_t first;
		uint8_t len;
		uint8_t bytes[40];
		enum net_counter drop; /* NET_COUNTER_NUM: accepted */
		uint16_t prev_next;
	} rows[] = {
		/* hop-by-hop with padding, destination options with padding */
		{ 0, 8, { 6, 0, 1, 4 }, NET_COUNTER_NUM, 40 },
		{ 60, 8, { 6, 0, 1, 4 }, NET_COUNTER_NUM, 40 },
		{ 0, 16, { 60, 0, 1, 4, 0, 0, 0, 0, 6, 0, 1, 4 }, NET_COUNTER_NUM, 48 },
		/* routing header: done, or with hops left */
		{ 43, 8, { 6, 0, 0, 0 }, NET_COUNTER_NUM, 40 },
		{ 43, 8, { 6, 0, 0, 1 }, NET_DROP_IP6_ROUTING, 0 },
		/* unknown options by their two highest bits: skip, drop, report */
		{ 60, 8, { 6, 0, 0x1e, 4 }, NET_COUNTER_NUM, 40 },
		{ 60, 8, { 6, 0, 0x5e, 4 }, NET_DROP_IP6_OPTION, 0 },
		{ 60, 8, { 6, 0, 0x9e, 4 }, NET_DROP_IP6_OPTION, 0 },
		/* hop-by-hop not first; a header longer than the packet; no next header */
		{ 60, 16, { 0, 0, 1, 4, 0, 0, 0, 0, 6, 0, 1, 4 }, NET_DROP_IP6_EXT, 0 },
		{ 60, 8, { 6, 9, 1, 4 }, NET_DROP_IP6_EXT, 0 },
		{ 59, 0, { 0 }, NET_DROP_IP6_NO_NEXT, 0 },
		{ 60, 8, { 59, 0, 1, 4 }, NET_DROP_IP6_NO_NEXT, 0 },
		/* an atomic fragment, also with something behind it, also twice */
		{ 44, 8, { 6, 0, 0, 0, 1, 2, 3, 4 }, NET_COUNTER_NUM, 40 },
		{ 44, 16, { 60, 0, 0, 0, 1, 2, 3, 4, 6, 0, 1, 4 }, NET_COUNTER_NUM, 40 },
		{ 44, 16, { 60, 0, 0, 0, 1, 2, 3, 4, 6, 0, 0x5e, 4 }, NET_DROP_IP6_OPTION, 0 },
		{ 44, 16, { 44, 0, 0, 0, 1, 2, 3, 4, 6, 0, 0, 0, 1 }, NET_DROP_IP6_EXT, 0 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows) * 2; i++) {
		size_t r = i / 2;
		bool is_accepted = rows[r].drop == NET_COUNTER_NUM;
		uint8_t f[160], payload[64];
		size_t len;

		memcpy(payload, rows[r].bytes, rows[r].len);
		memcpy(payload + rows[r].len, "12345678", 8);
		len = make_ip(f, "me", 2, HOST, US, rows[r].first, payload, rows[r].len + 8u);
		start();
		world_set_neigh(&w, HOST, 2, NEIGH_REACHABLE);
		if (i % 2)
			world_receive_split(&w, f, len, ETH_HLEN + IP6_HLEN);
		else
			world_receive(&w, f, len);
		world_assert_drop(&w, rows[r].drop);
		cr_assert_eq(num_seen, is_accepted, "row %zu", r);
		if (is_accepted) {
			cr_assert_eq(seen_len, 8);
			cr_assert_arr_eq(seen_bytes, "12345678", 8);
			cr_assert_eq(seen.proto, IP_PROTO_TCP);
			cr_assert_eq(seen.prev_next, rows[r].prev_next, "row %zu", r);
		}
		world_stop(&w);
	}
}

Test(input6, frames_in_pieces)
{
	uint8_t f[130] = { 0 }, payload[32];

	for (size_t i = 0; i < sizeof(payload); i++)
		payload[i] = (uint8_t)i;
	make_ip(f, "me", 2, HOST, US, IP_PROTO_TCP, payload, sizeof(payload));
	start();
	for (size_t first = 1; first < sizeof(f); first++) {
		num_seen = 0;
		world_receive_split(&w, f, sizeof(f), first);
		cr_assert_eq(num_seen, 1, "cut after %zu", first);
		cr_assert_eq(seen_len, sizeof(payload));
		cr_assert_arr_eq(seen_bytes, payload, sizeof(payload));
	}
	world_stop(&w);
}

Test(input6, short_frames)
{
	uint8_t f[128], payload[8] = { 0 };

	make_ip(f, "me", 2, HOST, US, IP_PROTO_TCP, payload, 8);
	start();
	for (size_t len = ETH_HLEN + 1; len < ETH_HLEN + IP6_HLEN + 8; len++) {
		world_mark(&w);
		world_receive(&w, f, len);
		world_assert_drop(&w, NET_DROP_IP6_LENGTH);
		world_mark(&w);
		world_receive_split(&w, f, len, len - 1);
		world_assert_drop(&w, NET_DROP_IP6_LENGTH);
	}
	world_stop(&w);
}

Test(input6, our_own_group_packets_coming_back_are_dropped)
{
	uint8_t f[128], payload[8] = { 0 };

	start();
	world_receive(&w, f,
		      make_ip(f, "33:33:00:00:00:01", 1, HOST, "ff02::1", IP_PROTO_TCP, payload,
			      8));
	world_assert_drop(&w, NET_DROP_ETH_SRC);
	world_stop(&w);
}
