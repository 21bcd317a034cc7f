/* SPDX-License-Identifier: MIT */
/* Cutting up: pieces that fit, cover everything once, and go through our own reassembly unchanged. */
#include <criterion/criterion.h>
#include <errno.h>

#include "libos/net/frag.h"
#include "tests/unit/net_l4/l4.h"

static struct world w;
static struct listener a, b;

static void start(uint32_t features, uint16_t mtu)
{
	l4_start_with(&w, NULL, features, mtu);
	listener_start(&a, &w, "0.0.0.0", 1000, 0);
	listener_start(&b, &w, "::", 1000, 0);
}

/* A link cannot be smaller than IPv6 allows; a path can. */
static void start_with_mtu(uint32_t features, const char *dst, uint16_t mtu)
{
	struct ipaddr to;

	start(features, max_t(uint16_t, mtu, IP6_MIN_MTU));
	to = ip(&w, dst);
	cr_assert_eq(pmtu_update(&w.net, &to, mtu, IP6_MIN_MTU), mtu < IP6_MIN_MTU);
}

static void stop(void)
{
	udp_close(&w.net, &a.ep);
	udp_close(&w.net, &b.ep);
	world_stop(&w);
}

static uint8_t whole[L4_MAX];

/* Puts the frames sent together in @whole, checking each; returns the bytes of payload. */
static uint32_t collect(bool v6, uint32_t mtu, unsigned *num, uint32_t *id)
{
	const struct world_frame *f;
	uint32_t end = 0;

	for (*num = 0; (f = world_sent_frame(&w)) != NULL; ++*num) {
		const uint8_t *l3 = f->bytes + ETH_HLEN, *data = l3 + (v6 ? 48 : 20);
		uint32_t len = f->len - (uint32_t)(data - f->bytes), offset, this_id;
		bool more;

		cr_assert_leq(f->len - ETH_HLEN, mtu);
		if (v6) {
			const struct ip6_frag_hdr *h = (const struct ip6_frag_hdr *)(l3 + IP6_HLEN);

			cr_assert_eq(ip6_check((const struct ip6_hdr *)l3, f->len - ETH_HLEN),
				     IP6_OK);
			cr_assert_eq(l3[6], IP6_NEXT_FRAGMENT);
			cr_assert_eq(h->next, IP_PROTO_UDP);
			offset = be16_get(h->offset_flags) & ~7u;
			more = be16_get(h->offset_flags) & 1;
			this_id = be32_get(h->id);
		} else {
			const struct ip4_hdr *h = (const struct ip4_hdr *)l3;

			cr_assert_eq(ip4_check(h, f->len - ETH_HLEN, true), IP4_OK);
			cr_assert_eq(be16_get(h->frag) & IP4_DF, 0);
			offset = ip4_frag_offset(h);
			more = be16_get(h->frag) & IP4_MF;
			this_id = be16_get(h->id);
		}
		if (*num == 0)
			*id = this_id;
		cr_assert_eq(this_id, *id);
		cr_assert_eq(offset, end, "in order and without a hole");
		memcpy(whole + offset, data, len);
		end += len;
		if (!more)
			break;
		cr_assert_eq(len % 8, 0);
		/* No piece smaller than it need be. */
		cr_assert_gt(f->len - ETH_HLEN + 8, mtu);
	}
	++*num;
	world_assert_quiet(&w);
	return end;
}

static void check_datagram(bool v6, uint32_t payload)
{
	struct ipaddr src = ip(&w, v6 ? "2001:db8::1" : "10.0.0.1");
	struct ipaddr dst = ip(&w, v6 ? "2001:db8::2" : "10.0.0.2");
	uint32_t len = UDP_HLEN + payload;
	uint64_t sum = csum_pseudo(&src, &dst, IP_PROTO_UDP, len);

	cr_assert(csum_is_good(csum_add_bytes(sum, whole, len)));
	for (uint32_t i = 0; i < payload; i++)
		cr_assert_eq(whole[UDP_HLEN + i], pattern(i));
}

Test(frag_output, pieces_fit_and_cover_everything_once)
{
	static const struct {
		bool v6;
		uint32_t payload;
		uint16_t mtu;
		unsigned pieces;
	} rows[] = {
		{ false, 1473, 1500, 2 },
		{ false, 2952, 1500, 2 },
		{ false, 2953, 1500, 3 },
		{ true, 1453, 1500, 2 },
		{ true, 2888, 1500, 2 },
		{ true, 2889, 1500, 3 },
		{ false, 60000, 576, 109 },
		{ false, 1000, 552, 2 },
		{ true, 20000, 1280, 17 },
		{ false, UDP_MAX_PAYLOAD_V4, 1500, 45 },
		{ false, UDP_MAX_PAYLOAD_V4, 9000, 8 },
		{ true, UDP_MAX_PAYLOAD_V6, 1500, 46 },
	};
	static const uint32_t features[] = { DEV_TX_CHAINS, 0, DEV_TX_CHAINS | DEV_TX_CSUM_L4 };

	for (size_t k = 0; k < ARRAY_SIZE(features); k++) {
		for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
			struct listener *l = rows[i].v6 ? &b : &a;
			const char *dst = rows[i].v6 ? "2001:db8::2" : "10.0.0.2";
			uint32_t id, second_id;
			unsigned num;

			start_with_mtu(features[k], dst, rows[i].mtu);
			cr_assert_eq(send_pattern(l, dst, 7, rows[i].payload), 0, "row %zu", i);
			cr_assert_eq(collect(rows[i].v6, rows[i].mtu, &num, &id),
				     UDP_HLEN + rows[i].payload);
			cr_assert_eq(num, rows[i].pieces, "row %zu: %u", i, num);
			cr_assert_eq(w.tx_flags & BUF_TX_CSUM_L4, 0, "not over one piece");
			check_datagram(rows[i].v6, rows[i].payload);
			cr_assert_eq(world_count(&w, NET_FRAG_TX), num);
			cr_assert_eq(world_count(&w, NET_FRAG_TX_DATAGRAMS), 1);
			world_mark(&w);
			cr_assert_eq(send_pattern(l, dst, 7, rows[i].payload), 0);
			collect(rows[i].v6, rows[i].mtu, &num, &second_id);
			cr_assert_neq(id, second_id);
			cr_assert_eq(w.pool.count[BUFPOOL_IN_USE], 0);
			stop();
		}
	}
}

/* Where the device takes chains, no byte of the payload is copied. */
Test(frag_output, slices_instead_of_copies)
{
	struct ipaddr dst;
	uint64_t total;
	struct buf *p;

	start(DEV_TX_CHAINS, 1500);
	dst = ip(&w, "10.0.0.2");
	cr_assert_eq(buf_pool_reserve(&w.pool, BUF_CLASS_2K, 16), 0);
	total = w.pool.classes[BUF_CLASS_2K].total;
	w.tx_capacity = 0;
	p = buf_get(pattern_packet(&w, 8000));
	cr_assert_eq(udp_send(&w.net, &a.ep, p, &dst, 7), 0);
	cr_assert_eq(w.pool.classes[BUF_CLASS_VIEW].total, 6 + 1, "the front buf is one more");
	cr_assert_eq(w.pool.classes[BUF_CLASS_2K].total, total);
	cr_assert_gt(p->refs, 5);
	w.tx_capacity = UINT32_MAX;
	net_flush(&w.net);
	cr_assert_eq(p->refs, 1);
	buf_put(p);
	stop();
}

Test(frag_output, errors_leave_nothing_behind)
{
	struct net_path path;
	struct ipaddr dst, any = ipaddr_any();
	struct net_tx tx = { .proto = IP_PROTO_UDP };

	start(DEV_TX_CHAINS, 1500);
	dst = ip(&w, "10.0.0.2");
	net_path_init(&path, &dst, &any);
	cr_assert_eq(frag_output(&w.net, &path, world_packet(&w, 65516, 1), tx), -EMSGSIZE);
	cr_assert_eq(frag_output(&w.net, &path, world_packet(&w, 65515, 1), tx), 0);
	net_flush(&w.net);
	dst = ip(&w, "2001:db8::2");
	net_path_init(&path, &dst, &any);
	cr_assert_eq(frag_output(&w.net, &path, world_packet(&w, 65536, 1), tx), -EMSGSIZE);
	cr_assert_eq(frag_output(&w.net, &path, world_packet(&w, 65535, 1), tx), 0);
	dst = ip(&w, "0.0.0.0");
	net_path_init(&path, &dst, &any);
	cr_assert_eq(frag_output(&w.net, &path, world_packet(&w, 3000, 1), tx), -ENETUNREACH);
	net_flush(&w.net);
	cr_assert_eq(w.pool.count[BUFPOOL_IN_USE], 0);
	stop();
}

/* RFC 7739: in a sequence towards one host, unrelated between hosts, and another one in another run. */
Test(frag_output, identifiers)
{
	static const char *const hosts[] = { "10.0.0.2", "10.0.0.3", "2001:db8::2", "10.0.0.4" };
	uint32_t first[ARRAY_SIZE(hosts)];
	struct net_config config = world_config();
	struct ipaddr src, dst;

	start(DEV_TX_CHAINS, 1500);
	src = ip(&w, "10.0.0.1");
	for (size_t i = 0; i < ARRAY_SIZE(hosts); i++) {
		dst = ip(&w, hosts[i]);
		first[i] = frag_next_id(&w.net, &src, &dst, IP_PROTO_UDP);
		cr_assert_eq(frag_next_id(&w.net, &src, &dst, IP_PROTO_UDP), first[i] + 1);
		cr_assert_neq(frag_next_id(&w.net, &src, &dst, IP_PROTO_TCP), first[i] + 2);
		for (size_t k = 0; k < i; k++)
			cr_assert_gt((first[i] - first[k]) & 0x7fffffff, 1000);
	}
	stop();
	config.seed = 2;
	l4_start(&w, &config);
	dst = ip(&w, hosts[0]);
	cr_assert_neq(frag_next_id(&w.net, &src, &dst, IP_PROTO_UDP), first[0]);
	world_stop(&w);
}
