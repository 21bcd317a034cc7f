/* SPDX-License-Identifier: MIT */
/* UDP on the way out. */
#include <criterion/criterion.h>
#include <errno.h>

#include "libos/net/udp.h"
#include "tests/unit/net_l4/l4.h"

static struct world w;
static struct listener a, b;

static void stop(void)
{
	udp_close(&w.net, &a.ep);
	udp_close(&w.net, &b.ep);
	world_stop(&w);
}

static void start(uint8_t flags)
{
	l4_start(&w, NULL);
	listener_start(&a, &w, "0.0.0.0", 1000, flags);
	listener_start(&b, &w, "::", 1000, flags);
}

Test(udp_send, what_goes_out_is_what_was_given)
{
	static const uint32_t sizes[] = { 0, 1, 2, 63, 64, 65, 512, 1452, 1472 };

	start(0);
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		for (int v6 = 0; v6 < 2; v6++) {
			struct listener *l = v6 ? &b : &a;
			const char *dst = v6 ? "2001:db8::2" : "10.0.0.2";
			const struct world_frame *f;
			const struct udp_hdr *h;

			if (v6 && sizes[i] > 1452)
				continue;
			cr_assert_eq(send_pattern(l, dst, 7, sizes[i]), 0);
			f = world_sent_frame(&w);
			cr_assert_not_null(f);
			h = (const struct udp_hdr *)frame_l4(f);
			cr_assert_eq(be16_get(h->sport), 1000);
			cr_assert_eq(be16_get(h->dport), 7);
			cr_assert_eq(be16_get(h->len), 8 + sizes[i]);
			cr_assert(frame_csum_is_good(f), "%u bytes v6 %d", sizes[i], v6);
			for (uint32_t k = 0; k < sizes[i]; k++)
				cr_assert_eq(((const uint8_t *)(h + 1))[k], pattern(k));
			world_assert_quiet(&w);
		}
	}
	stop();
}

Test(udp_send, a_sum_of_zero_is_sent_as_ones)
{
	for (int v6 = 0; v6 < 2; v6++) {
		const char *dst = v6 ? "2001:db8::2" : "10.0.0.2";
		struct listener *l = v6 ? &b : &a;
		const struct udp_hdr *h;
		struct ipaddr to;
		struct buf *p;

		start(0);
		to = ip(&w, dst);
		p = world_packet(&w, 2, 0);
		cr_assert_eq(udp_send(&w.net, &l->ep, p, &to, 7), 0);
		h = (const struct udp_hdr *)frame_l4(world_sent_frame(&w));
		/* A payload that is the sum's complement brings it to zero. */
		p = world_packet(&w, 2, 0);
		memcpy(p->data, &h->csum, 2);
		cr_assert_eq(udp_send(&w.net, &l->ep, p, &to, 7), 0);
		h = (const struct udp_hdr *)frame_l4(world_sent_frame(&w));
		cr_assert_eq(be16_get(h->csum), 0xffff);
		stop();
	}
}

Test(udp_send, sums_left_to_the_device)
{
	const struct world_frame *f;
	struct ipaddr src, dst;
	uint16_t csum;

	l4_start_with(&w, NULL, DEV_TX_CHAINS | DEV_TX_CSUM_L4, 1500);
	listener_start(&a, &w, "0.0.0.0", 1000, 0);
	listener_start(&b, &w, "0.0.0.0", 1001, UDP_NO_CSUM_TX);
	src = ip(&w, "10.0.0.1");
	dst = ip(&w, "10.0.0.2");
	cr_assert_eq(send_pattern(&a, "10.0.0.2", 7, 100), 0);
	f = world_sent_frame(&w);
	cr_assert_eq(w.tx_flags & BUF_TX_CSUM_L4, BUF_TX_CSUM_L4);
	csum = csum_load(((const struct udp_hdr *)frame_l4(f))->csum);
	cr_assert_eq(csum, csum_fold(csum_pseudo(&src, &dst, IP_PROTO_UDP, 108)));
	cr_assert_eq(send_pattern(&b, "10.0.0.2", 7, 100), 0);
	f = world_sent_frame(&w);
	cr_assert_eq(w.tx_flags & BUF_TX_CSUM_L4, 0);
	cr_assert_eq(csum_load(((const struct udp_hdr *)frame_l4(f))->csum), 0);
	stop();
}

Test(udp_send, without_a_sum_where_that_is_allowed)
{
	start(UDP_NO_CSUM_TX);
	cr_assert_eq(send_pattern(&a, "10.0.0.2", 7, 100), 0);
	cr_assert_eq(csum_load(((const struct udp_hdr *)frame_l4(world_sent_frame(&w)))->csum), 0);
	cr_assert_eq(send_pattern(&b, "2001:db8::2", 7, 100), 0);
	cr_assert(frame_csum_is_good(world_sent_frame(&w)));
	stop();
}

Test(udp_send, errors)
{
	static const struct {
		bool v6, connected;
		uint8_t flags;
		const char *dst; /* "": none */
		uint16_t port;
		uint32_t len;
		int err;
	} rows[] = {
		{ false, false, 0, "", 0, 1, -EDESTADDRREQ },
		{ false, true, 0, "", 0, 1, 0 },
		{ true, true, 0, "", 0, 1, 0 },
		{ false, true, 0, "10.0.0.2", 7, 1, -EISCONN },
		{ false, false, 0, "10.0.0.2", 0, 1, -EINVAL },
		{ false, false, 0, "2001:db8::2", 7, 1, -EINVAL },
		{ true, false, 0, "10.0.0.2", 7, 1, -EINVAL },
		{ false, false, 0, "0.0.0.0", 7, 1, -ENETUNREACH },
		{ true, false, 0, "::", 7, 1, -ENETUNREACH },
		{ false, false, 0, "10.0.0.2", 7, UDP_MAX_PAYLOAD_V4, 0 },
		{ false, false, 0, "10.0.0.2", 7, UDP_MAX_PAYLOAD_V4 + 1, -EMSGSIZE },
		{ true, false, 0, "2001:db8::2", 7, UDP_MAX_PAYLOAD_V6, 0 },
		{ true, false, 0, "2001:db8::2", 7, UDP_MAX_PAYLOAD_V6 + 1, -EMSGSIZE },
		{ false, false, UDP_DONT_FRAG, "10.0.0.2", 7, 1472, 0 },
		{ false, false, UDP_DONT_FRAG, "10.0.0.2", 7, 1473, -EMSGSIZE },
		{ true, false, UDP_DONT_FRAG, "2001:db8::2", 7, 1452, 0 },
		{ true, false, UDP_DONT_FRAG, "2001:db8::2", 7, 1453, -EMSGSIZE },
		{ false, false, 0, "10.0.0.255", 7, 1, -EACCES },
		{ false, false, 0, "255.255.255.255", 7, 1, -EACCES },
		{ false, false, UDP_BROADCAST, "10.0.0.255", 7, 1, 0 },
		{ false, false, UDP_BROADCAST, "255.255.255.255", 7, 1, 0 },
		{ false, false, 0, "10.0.0.1", 7, 1, 0 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct listener *l = rows[i].v6 ? &b : &a;
		uint64_t in_use;
		int err;

		start(rows[i].flags);
		if (rows[i].connected) {
			struct ipaddr peer = ip(&w, rows[i].v6 ? "2001:db8::2" : "10.0.0.2");

			cr_assert_eq(udp_connect(&w.net, &l->ep, &peer, 7), 0);
		}
		in_use = w.pool.count[BUFPOOL_IN_USE];
		err = send_pattern(l, *rows[i].dst ? rows[i].dst : NULL, rows[i].port, rows[i].len);
		cr_assert_eq(err, rows[i].err, "row %zu: %d", i, err);
		cr_assert_eq(world_count(&w, NET_UDP_TX), err == 0, "row %zu", i);
		net_flush(&w.net);
		if (err)
			cr_assert_eq(w.pool.count[BUFPOOL_IN_USE], in_use, "row %zu", i);
		stop();
	}
}

Test(udp_send, connecting)
{
	static const struct {
		bool v6;
		uint8_t flags;
		const char *peer;
		uint16_t port;
		int err;
	} rows[] = {
		{ false, 0, "10.0.0.2", 7, 0 },
		{ false, 0, "10.0.0.2", 0, -EINVAL },
		{ false, 0, "2001:db8::2", 7, -EINVAL },
		{ true, 0, "10.0.0.2", 7, -EINVAL },
		{ true, 0, "2001:db8::2", 7, 0 },
		{ false, 0, "10.0.0.255", 7, -EACCES },
		{ false, UDP_BROADCAST, "10.0.0.255", 7, 0 },
		{ false, 0, "0.0.0.0", 7, -ENETUNREACH },
	};

	start(0);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct ipaddr peer = ip(&w, rows[i].peer);
		struct udp_ep ep;

		udp_ep_init(&ep, a.ep.ops, rows[i].flags | (rows[i].v6 ? UDP_IS_V6 : 0));
		cr_expect_eq(udp_connect(&w.net, &ep, &peer, rows[i].port), rows[i].err, "row %zu",
			     i);
		cr_expect_eq(ep.is_connected, rows[i].err == 0);
		cr_expect_eq(ep.is_bound, rows[i].err == 0, "a failed connect binds nothing");
		udp_close(&w.net, &ep);
	}
	stop();
}

/* Sending to a peer again asks the tables nothing and takes no memory. */
Test(udp_send, the_path_is_found_once)
{
	uint64_t resolves, total;

	start(0);
	cr_assert_eq(send_pattern(&a, "10.0.0.2", 7, 64), 0);
	net_flush(&w.net);
	resolves = w.net.count[NET_PATH_RESOLVES];
	total = w.pool.classes[BUF_CLASS_2K].total;
	for (int i = 0; i < 100; i++) {
		cr_assert_eq(send_pattern(&a, "10.0.0.2", 7, 64), 0);
		net_flush(&w.net);
	}
	cr_assert_eq(w.net.count[NET_PATH_RESOLVES], resolves);
	cr_assert_eq(w.pool.classes[BUF_CLASS_2K].total, total);
	cr_assert_eq(w.pool.classes[BUF_CLASS_VIEW].total, 0);
	cr_assert_eq(send_pattern(&a, "10.0.0.3", 7, 64), 0);
	cr_assert_gt(w.net.count[NET_PATH_RESOLVES], resolves);
	stop();
}

/* Memory that somebody else reads is not written in front of; the datagram is the same. */
Test(udp_send, shared_memory_is_left_alone)
{
	struct ipaddr dst;
	struct buf *p, *tail;
	const struct world_frame *f;
	uint8_t before[64];

	start(0);
	dst = ip(&w, "10.0.0.2");
	p = buf_get(pattern_packet(&w, 100));
	memset(p->data - 64, 0x55, 64);
	memcpy(before, p->data - 64, 64);
	cr_assert_eq(udp_send(&w.net, &a.ep, p, &dst, 7), 0);
	f = world_sent_frame(&w);
	cr_assert(frame_csum_is_good(f));
	cr_assert_eq(f->len, 142);
	cr_assert_eq(memcmp(before, p->data - 64, 64), 0);
	cr_assert_eq(p->refs, 1);
	buf_put(p);

	/* A chain whose first part has an odd length. */
	p = pattern_packet(&w, 33);
	tail = world_packet(&w, 50, 0);
	for (uint32_t i = 0; i < 50; i++)
		tail->data[i] = pattern(33 + i);
	p->next = tail;
	cr_assert_eq(udp_send(&w.net, &a.ep, p, &dst, 7), 0);
	f = world_sent_frame(&w);
	cr_assert(frame_csum_is_good(f));
	cr_assert_eq(f->len, 42 + 83);
	stop();
}

Test(udp_send, to_ourselves)
{
	start(0);
	cr_assert_eq(send_pattern(&a, "10.0.0.1", 1000, 3000), 0);
	cr_assert_eq(send_pattern(&a, "127.0.0.1", 1000, 40000), 0);
	cr_assert_eq(send_pattern(&b, "::1", 1000, 60000), 0);
	net_poll(&w.net, w.net.now);
	cr_assert_eq(a.num, 2);
	cr_assert(has_pattern(&a, 40000));
	cr_assert_eq(b.num, 1);
	cr_assert(has_pattern(&b, 60000));
	/* The largest of IPv6 is more than an IP packet that is not fragmented can be, even here. */
	cr_assert_eq(send_pattern(&b, "2001:db8::1", 1000, UDP_MAX_PAYLOAD_V6), 0);
	net_poll(&w.net, w.net.now);
	cr_assert_eq(b.num, 2);
	cr_assert(has_pattern(&b, UDP_MAX_PAYLOAD_V6));
	world_assert_quiet(&w);
	stop();
}

/* Errors of the next hop come to the socket later, by udp_error. */
Test(udp_send, a_neighbour_that_does_not_answer)
{
	start(0);
	cr_assert_eq(send_pattern(&a, "10.0.0.77", 7, 10), 0);
	cr_assert_eq(a.errors, 0);
	world_advance(&w, 20 * NS_PER_SEC);
	cr_assert_eq(a.errors, 1);
	cr_assert_eq(a.err, EHOSTUNREACH);
	cr_assert_eq(a.err_dport, 7);
	stop();
}
