/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <errno.h>

#include "tests/unit/net/world.h"

#define TCP ((struct net_tx){ .proto = IP_PROTO_TCP })

static struct world w;
static struct net_path path;

static unsigned num_seen;
static struct net_pkt seen;
static uint8_t seen_bytes[4096];
static uint32_t seen_len;
static uint8_t seen_flags;

static void on_input(void *ctx, struct buf *b, const struct net_pkt *pkt)
{
	num_seen++;
	seen = *pkt;
	seen_flags = b->flags;
	seen_len = buf_chain_len(b);
	if (seen_len <= sizeof(seen_bytes))
		buf_copy_out(b, 0, seen_bytes, seen_len);
	/* What a receiver does with a packet: it cuts it. */
	if (b->len)
		buf_pull(b, 1);
	for (struct buf *piece = b; piece; piece = piece->next)
		memset(piece->data, 0xee, piece->len);
	buf_put_chain(b);
}

static void start_to(const char *dst, uint32_t features)
{
	struct ipaddr d = ip(&w, dst), any = ipaddr_any();

	world_start_with(&w, NULL, features, 1500);
	world_set_neigh(&w, "10.0.0.2", 2, NEIGH_REACHABLE);
	world_set_neigh(&w, "2001:db8::2", 2, NEIGH_REACHABLE);
	net_set_handler(&w.net, IP_PROTO_TCP, on_input, NULL, NULL);
	num_seen = 0;
	net_path_init(&path, &d, &any);
}

Test(output, ipv4_to_the_byte)
{
	static const uint8_t want[] = {
		2,    0,    0, 0,  0,  2, 2,    0, 0,    0,    0,    1,    8, 0, /* Ethernet */
		0x45, 0xb8, 0, 24, 0,  0, 0x40, 0, 7,    6,    0x5f, 0x26, /* up to the checksum */
		10,   0,    0, 1,  10, 0, 0,    2, 0xaa, 0xaa, 0xaa, 0xaa,
	};
	const struct world_frame *f;

	start_to("10.0.0.2", 0);
	/* The slow way at first, the fast one then: the same bytes. */
	for (unsigned i = 0; i < 2; i++) {
		cr_assert_eq(net_output(&w.net, &path, world_packet(&w, 4, 0xaa),
					(struct net_tx){ .proto = 6, .ttl = 7, .tos = 0xb8 }),
			     0);
		f = world_sent_frame(&w);
		cr_assert_eq(f->len, sizeof(want));
		cr_assert_arr_eq(f->bytes, want, sizeof(want));
	}
	cr_assert_eq(world_count(&w, NET_PATH_RESOLVES), 1);
	cr_assert_eq(world_count(&w, NET_TX_FRAMES), 2);
	world_stop(&w);
}

Test(output, ipv6_to_the_byte)
{
	static const uint8_t want[] = {
		2,    0, 0, 0, 0, 2, 2, 0,    0,    0,    0,    1,    0x86, 0xdd, 0x6b,
		0x80, 0, 0, 0, 3, 6, 7, 0x20, 1,    0x0d, 0xb8, 0,    0,    0,    0,
		0,    0, 0, 0, 0, 0, 0, 1,    0x20, 1,    0x0d, 0xb8, 0,    0,    0,
		0,    0, 0, 0, 0, 0, 0, 0,    2,    0xaa, 0xaa, 0xaa,
	};
	const struct world_frame *f;

	start_to("2001:db8::2", 0);
	for (unsigned i = 0; i < 2; i++) {
		cr_assert_eq(net_output(&w.net, &path, world_packet(&w, 3, 0xaa),
					(struct net_tx){ .proto = 6, .ttl = 7, .tos = 0xb8 }),
			     0);
		f = world_sent_frame(&w);
		cr_assert_eq(f->len, sizeof(want));
		cr_assert_arr_eq(f->bytes, want, sizeof(want));
	}
	world_stop(&w);
}

Test(output, routers_may_cut_only_what_they_are_let)
{
	char one[WORLD_TEXT_MAX], two[WORLD_TEXT_MAX];

	start_to("10.0.0.2", 0);
	for (unsigned i = 0; i < 2; i++) {
		cr_assert_eq(net_output(&w.net, &path, world_packet(&w, 4, 0),
					(struct net_tx){ .proto = 6, .flags = NET_TX_NO_DF }),
			     0);
		strcpy(i ? two : one, world_sent(&w));
		cr_assert_null(strstr(i ? two : one, "df"));
		cr_assert_null(strstr(i ? two : one, "BAD"));
	}
	cr_assert_str_neq(one, two, "the same identifier twice: %s", one);
	world_stop(&w);
}

Test(output, the_largest_that_fits_and_one_more)
{
	static const struct {
		const char *dst;
		uint32_t len;
		int result;
		uint8_t flags;
	} rows[] = {
		{ "10.0.0.2", 1480, 0, NET_TX_DONT_FRAG },
		{ "10.0.0.2", 1481, -EMSGSIZE, NET_TX_DONT_FRAG },
		{ "10.0.0.2", 65516, -EMSGSIZE, 0 },
		{ "2001:db8::2", 1460, 0, NET_TX_DONT_FRAG },
		{ "2001:db8::2", 1461, -EMSGSIZE, NET_TX_DONT_FRAG },
		{ "2001:db8::2", 65536, -EMSGSIZE, 0 },
		{ "127.0.0.1", 65515, 0, 0 },
		{ "127.0.0.1", 65516, -EMSGSIZE, 0 },
		{ "::1", 65535, 0, 0 },
		{ "::1", 65536, -EMSGSIZE, 0 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		start_to(rows[i].dst, 0);
		for (unsigned again = 1; again <= 2; again++) {
			struct net_tx tx = { .proto = 6, .flags = rows[i].flags };

			cr_assert_eq(net_output(&w.net, &path, world_packet(&w, rows[i].len, 0),
						tx),
				     rows[i].result, "row %zu", i);
			cr_assert_eq(world_count(&w, NET_DROP_TX_TOO_BIG),
				     rows[i].result ? again : 0);
		}
		world_stop(&w);
	}
}

Test(output, what_cannot_be_sent_says_why)
{
	static const struct {
		const char *dst, *src;
		int result;
		enum net_counter drop;
	} rows[] = {
		{ "0.0.0.0", "::", -ENETUNREACH, NET_DROP_TX_NO_ROUTE },
		{ "::", "::", -ENETUNREACH, NET_DROP_TX_NO_ROUTE },
		{ "10.0.0.2", "10.0.0.7", -EADDRNOTAVAIL, NET_DROP_TX_NO_SOURCE },
		{ "10.0.0.2", "2001:db8::1", -EADDRNOTAVAIL, NET_DROP_TX_NO_SOURCE },
		{ "10.0.0.2", "127.0.0.1", -EADDRNOTAVAIL, NET_DROP_TX_NO_SOURCE },
		{ "10.0.0.2", "10.0.0.1", 0, NET_COUNTER_NUM },
		{ "127.0.0.5", "10.0.0.1", 0, NET_COUNTER_NUM },
		{ "2001:db8::2", "fe80::ff:fe00:1", 0, NET_COUNTER_NUM },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct ipaddr src = ip(&w, rows[i].src), dst = ip(&w, rows[i].dst);

		start_to(rows[i].dst, 0);
		net_path_init(&path, &dst, &src);
		cr_assert_eq(net_output(&w.net, &path, world_packet(&w, 8, 0), TCP), rows[i].result,
			     "row %zu", i);
		world_assert_drop(&w, rows[i].drop);
		world_stop(&w);
	}
}

Test(output, without_a_route_or_an_address_of_the_family)
{
	struct net_config c = world_config();
	struct ipaddr any = ipaddr_any(), far = ip(&w, "8.8.8.8"), all = ip(&w, "255.255.255.255");

	c.gateway4 = any;
	world_start(&w, &c);
	net_path_init(&path, &far, &any);
	cr_assert_eq(net_output(&w.net, &path, world_packet(&w, 8, 0), TCP), -ENETUNREACH);
	world_assert_drop(&w, NET_DROP_TX_NO_ROUTE);
	world_stop(&w);

	c.addrs++; /* IPv6 alone */
	c.num_addrs = 1;
	world_start(&w, &c);
	net_path_init(&path, &all, &any);
	cr_assert_eq(net_output(&w.net, &path, world_packet(&w, 8, 0), TCP), -ENETUNREACH);
	world_assert_drop(&w, NET_DROP_TX_FAMILY);
	world_stop(&w);
}

Test(output, to_groups_and_to_all)
{
	static const struct {
		const char *dst, *sent;
	} rows[] = {
		{ "255.255.255.255",
		  "to all: 10.0.0.1 > 255.255.255.255 proto 6 len 28 ttl 64 id 0 df" },
		{ "10.0.0.255", "to all: 10.0.0.1 > 10.0.0.255 proto 6 len 28 ttl 64 id 0 df" },
		{ "239.129.2.3",
		  "to 01:00:5e:01:02:03: 10.0.0.1 > 239.129.2.3 proto 6 len 28 ttl 64 id 0 df" },
		{ "ff02::1:2",
		  "to 33:33:00:01:00:02: fe80::ff:fe00:1 > ff02::1:2 proto 6 len 8 hl 64 "
		  "tc 0" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		start_to(rows[i].dst, 0);
		cr_assert_eq(net_output(&w.net, &path, world_packet(&w, 8, 0), TCP), 0);
		cr_assert_str_eq(world_sent(&w), rows[i].sent);
		cr_assert_eq(path.generation, w.net.generation);
		world_stop(&w);
	}
}

Test(output, far_hosts_are_reached_by_the_gateway)
{
	start_to("8.8.8.8", 0);
	world_set_neigh(&w, "10.0.0.254", 254, NEIGH_REACHABLE);
	cr_assert_eq(net_output(&w.net, &path, world_packet(&w, 8, 0), TCP), 0);
	cr_assert_str_eq(world_sent(&w),
			 "to m254: 10.0.0.1 > 8.8.8.8 proto 6 len 28 ttl 64 id 0 df");
	world_stop(&w);
}

/* Bufs into whose headroom we may not write: held by a transport, without headroom, a view. */
Test(output, headers_go_in_front_where_the_headroom_is_not_ours)
{
	struct buf *b, *slice;
	uint8_t *data;

	start_to("10.0.0.2", DEV_TX_CHAINS);
	b = buf_get(world_packet(&w, 8, 0xaa));
	data = b->data;
	b->flags |= BUF_TX_CSUM_L4;
	for (unsigned i = 0; i < 2; i++) {
		cr_assert_eq(net_output(&w.net, &path, b, TCP), 0);
		cr_assert_str_eq(world_sent(&w),
				 "to m2: 10.0.0.1 > 10.0.0.2 proto 6 len 28 ttl 64 id 0 df");
		cr_assert(w.tx_flags & BUF_TX_CSUM_L4, "the first buf carries the flags");
		cr_assert_eq(b->data, data, "the holder's buf must not change");
		cr_assert_eq(b->len, 8);
		buf_get(b);
	}
	buf_put(b);

	slice = buf_slice_or_null(&w.pool, b, b->data + 2, 4);
	cr_assert_eq(net_output(&w.net, &path, slice, TCP), 0);
	cr_assert_str_eq(world_sent(&w),
			 "to m2: 10.0.0.1 > 10.0.0.2 proto 6 len 24 ttl 64 id 0 df");
	buf_put(b);

	b = world_packet(&w, 8, 0xaa);
	b->data -= BUF_HEADROOM - NET_PATH_HLEN_MAX + 40; /* 34 are needed; now there are 14 */
	cr_assert_eq(buf_headroom(b), 14);
	cr_assert_eq(net_output(&w.net, &path, b, TCP), 0);
	cr_assert_str_eq(world_sent(&w),
			 "to m2: 10.0.0.1 > 10.0.0.2 proto 6 len 28 ttl 64 id 0 df");
	world_stop(&w);
}

Test(output, the_application_may_hold_its_buffer)
{
	struct buf *b;

	start_to("10.0.0.2", 0);
	b = buf_get(world_packet(&w, 8, 0xaa));
	buf_give_to_app(b);
	cr_assert_eq(net_output(&w.net, &path, b, TCP), 0);
	cr_assert_str_eq(world_sent(&w),
			 "to m2: 10.0.0.1 > 10.0.0.2 proto 6 len 28 ttl 64 id 0 df");
	cr_assert_eq(world_count(&w, NET_TX_LINEARISED), 0, "no copy");
	buf_take_from_app(b);
	world_stop(&w);
}

Test(output, chains_are_copied_only_for_devices_that_want_it)
{
	for (unsigned chains = 0; chains < 2; chains++) {
		start_to("10.0.0.2", chains ? DEV_TX_CHAINS : 0);
		for (unsigned i = 0; i < 2; i++) {
			struct buf *b = world_packet(&w, 8, 0xaa);
			const struct world_frame *f;

			b->next = world_packet(&w, 5, 0xbb);
			cr_assert_eq(net_output(&w.net, &path, b, TCP), 0);
			f = world_sent_frame(&w);
			cr_assert_eq(f->len, ETH_HLEN + IP4_HLEN + 13);
			cr_assert_eq(f->bytes[ETH_HLEN + IP4_HLEN + 7], 0xaa);
			cr_assert_eq(f->bytes[ETH_HLEN + IP4_HLEN + 8], 0xbb);
			cr_assert_eq(load_be16(f->bytes + 16), 33);
		}
		cr_assert_eq(world_count(&w, NET_TX_LINEARISED), chains ? 0 : 2);
		world_stop(&w);
	}
}

Test(output, a_large_segment_is_left_to_the_device)
{
	struct buf *b;

	start_to("10.0.0.2", DEV_TSO | DEV_TX_CSUM_L4 | DEV_TX_CSUM_IP4 | DEV_TX_CHAINS);
	b = world_packet(&w, 8000, 0);
	b->flags |= BUF_TX_TSO | BUF_TX_CSUM_L4;
	b->mss = 1460;
	cr_assert_eq(net_output(&w.net, &path, b, TCP), 0);
	cr_assert_str_eq(world_sent(&w),
			 "to m2: 10.0.0.1 > 10.0.0.2 proto 6 len 8020 ttl 64 id 0 df "
			 "BAD");
	cr_assert_eq(w.tx_flags, BUF_TX_TSO | BUF_TX_CSUM_L4 | BUF_TX_CSUM_IP);
	/* But the length field is what it is. */
	b = world_packet(&w, 65516, 0);
	b->flags |= BUF_TX_TSO | BUF_TX_CSUM_L4;
	cr_assert_eq(net_output(&w.net, &path, b, TCP), -EMSGSIZE);
	world_stop(&w);
}

Test(output, bursts_go_out_by_themselves_the_rest_at_the_flush)
{
	start_to("10.0.0.2", 0);
	for (unsigned i = 0; i < DEV_BURST + 5; i++)
		net_output(&w.net, &path, world_packet(&w, 8, 0), TCP);
	cr_assert_eq(w.num_tx, DEV_BURST);
	cr_assert_eq(net_next_event(&w.net), w.net.now + 10 * NS_PER_US);
	cr_assert(net_poll(&w.net, w.net.now));
	cr_assert_eq(w.num_tx, DEV_BURST + 5);
	cr_assert_eq(net_next_event(&w.net), TIME_NEVER);
	cr_assert_not(net_poll(&w.net, w.net.now));
	world_stop(&w);
}

Test(output, a_full_device_leaves_a_bounded_backlog_in_order)
{
	enum {
		OVER = 40
	};
	unsigned sent = 0;

	start_to("10.0.0.2", 0);
	w.tx_capacity = 3;
	for (unsigned i = 0; i < 3 + NET_TX_QUEUE + OVER; i++) {
		struct buf *b = world_packet(&w, 4, 0);

		store_be32(b->data, i);
		cr_assert_eq(net_output(&w.net, &path, b, TCP), 0);
	}
	cr_assert_eq(w.num_tx, 3);
	cr_assert_leq(w.net.tx_num, NET_TX_QUEUE - 1);
	/* One place is needed to notice that the queue is full. */
	cr_assert_eq(world_count(&w, NET_DROP_TX_FULL), OVER + 1);
	cr_assert_not(net_poll(&w.net, w.net.now), "nothing moved, so nothing happened");
	while (w.net.tx_num) {
		w.tx_capacity = 50;
		net_flush(&w.net);
	}
	for (const struct world_frame *f; (f = world_sent_frame(&w)) != NULL; sent++)
		cr_assert_eq(load_be32(f->bytes + ETH_HLEN + IP4_HLEN), sent, "order");
	cr_assert_eq(sent, 3 + NET_TX_QUEUE - 1);
	world_stop(&w);
}

Test(output, out_of_buffers)
{
	struct buf *hoard = NULL, *b, *held;

	start_to("10.0.0.2", DEV_TX_CHAINS);
	held = buf_get(world_packet(&w, 8, 0));
	w.pool.config.limit_bytes = 0;
	while ((b = buf_alloc_or_null(&w.pool, 0)) != NULL) {
		b->next = hoard;
		hoard = b;
	}
	cr_assert_eq(net_output(&w.net, &path, held, TCP), -ENOBUFS);
	world_assert_drop(&w, NET_DROP_TX_NOBUFS);
	cr_assert_eq(held->refs, 1);
	buf_put(held);
	buf_put_chain(hoard);
	world_stop(&w);
}

Test(local, packets_to_ourselves_come_in_at_the_next_poll)
{
	static const char *const addrs[] = { "127.0.0.1", "10.0.0.1", "::1", "2001:db8::1" };

	for (size_t i = 0; i < ARRAY_SIZE(addrs); i++) {
		struct ipaddr addr = ip(&w, addrs[i]);
		struct buf *b;

		start_to(addrs[i], DEV_TX_CSUM_L4);
		b = world_packet(&w, 9, 0xcc);
		b->flags |= BUF_TX_CSUM_L4;
		cr_assert_eq(net_output(&w.net, &path, b, TCP), 0);
		cr_assert_eq(num_seen, 0, "not from within the send");
		cr_assert_eq(net_next_event(&w.net), w.net.now);
		cr_assert(net_poll(&w.net, w.net.now));
		cr_assert_eq(num_seen, 1);
		cr_assert_eq(seen_len, 9);
		cr_assert_eq(seen_bytes[8], 0xcc);
		cr_assert_eq(seen.flags, NET_PKT_LOCAL);
		cr_assert_eq(seen_flags, BUF_RX_CSUM_GOOD, "the checksum was never made");
		cr_assert(ipaddr_equal(&seen.src, &addr) && ipaddr_equal(&seen.dst, &addr));
		world_assert_quiet(&w);
		world_assert_drop(&w, NET_COUNTER_NUM);
		world_stop(&w);
	}
}

/* The receiver cuts and overwrites what it gets; what the sender still holds must not feel that. */
Test(local, shared_memory_is_copied)
{
	enum {
		LEN = 200
	}; /* more than what is made contiguous on the way up anyhow */
	struct buf *b, *whole;

	start_to("10.0.0.1", DEV_TX_CHAINS);
	b = buf_get(world_packet(&w, LEN, 0xcc));
	cr_assert_eq(net_output(&w.net, &path, b, TCP), 0);
	whole = world_packet(&w, 4, 1);
	whole->next = buf_slice_or_null(&w.pool, b, b->data, LEN);
	cr_assert_eq(net_output(&w.net, &path, whole, TCP), 0);
	net_poll(&w.net, w.net.now);
	cr_assert_eq(num_seen, 2);
	cr_assert_eq(seen_len, LEN + 4);
	cr_assert_eq(b->refs, 1);
	cr_assert_eq(b->len, LEN);
	for (unsigned i = 0; i < LEN; i++)
		cr_assert_eq(b->data[i], 0xcc);
	buf_put(b);
	world_stop(&w);
}

Test(local, the_queue_is_bounded)
{
	start_to("10.0.0.1", 0);
	for (unsigned i = 0; i < NET_LOCAL_QUEUE + 2; i++)
		cr_assert_eq(net_output(&w.net, &path, world_packet(&w, 8, 0), TCP), 0);
	cr_assert_eq(world_count(&w, NET_DROP_LOCAL_FULL), 2);
	net_poll(&w.net, w.net.now);
	cr_assert_eq(num_seen, NET_LOCAL_QUEUE);
	world_stop(&w);
}
