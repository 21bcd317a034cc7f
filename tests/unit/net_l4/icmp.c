/* SPDX-License-Identifier: MIT */
/* ICMP of both families: what is answered, what is believed, what is sent and how often. */
#include "libos/net/icmp.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>

#include "tests/unit/net_l4/l4.h"

#define GROUP_MAC "33:33:00:00:00:01"

static struct world w;
static struct listener a, b;

/* An ICMP message with its checksum, as a frame. */
static size_t make_icmp(void *out, const char *eth_dst, const char *src, const char *dst,
			const void *msg, size_t len)
{
	uint8_t copy[2048];
	struct icmp_hdr *h = (struct icmp_hdr *)copy;

	if (strchr(src, ':'))
		return make_icmp6(out, eth_dst, 2, src, dst, 64, msg, len);
	memcpy(copy, msg, len);
	h->csum = be16(0);
	csum_store(&h->csum, csum_finish(csum_add_bytes(0, copy, len)));
	return make_ip(out, eth_dst, 2, src, dst, IP_PROTO_ICMP4, copy, len);
}

static void receive_icmp(const char *eth_dst, const char *src, const char *dst, const void *msg,
			 size_t len)
{
	uint8_t frame[2048];

	world_receive(&w, frame, make_icmp(frame, eth_dst, src, dst, msg, len));
}

static size_t make_echo(uint8_t *out, bool v6, uint32_t payload)
{
	struct icmp_hdr h = { .type = v6 ? ICMP6_ECHO : ICMP4_ECHO, .rest = be32(0x12345678) };

	memcpy(out, &h, sizeof(h));
	fill_pattern(out + sizeof(h), payload);
	return sizeof(h) + payload;
}

Test(icmp, echo_comes_back_as_it_was)
{
	static const uint32_t sizes[] = { 0, 1, 56, 1000, 1452 };
	uint8_t msg[2048], frame[2048];

	for (int v6 = 0; v6 < 2; v6++) {
		for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
			size_t len = make_echo(msg, v6, sizes[i]), total;
			const char *src = v6 ? "2001:db8::2" : "10.0.0.2";
			const char *dst = v6 ? "2001:db8::1" : "10.0.0.1";

			l4_start(&w, NULL);
			total = make_icmp(frame, "me", src, dst, msg, len);
			for (size_t cut = 0; cut < total; cut += cut < 70 ? 1 : 97) {
				const struct world_frame *f;
				const uint8_t *l4;

				if (cut)
					world_receive_split(&w, frame, total, cut);
				else
					world_receive(&w, frame, total);
				f = world_sent_frame(&w);
				cr_assert_not_null(f, "size %u cut %zu", sizes[i], cut);
				cr_assert_eq(f->len, total);
				cr_assert(frame_csum_is_good(f));
				l4 = frame_l4(f);
				cr_assert_eq(l4[0], v6 ? ICMP6_ECHO_REPLY : ICMP4_ECHO_REPLY);
				cr_assert_eq(memcmp(l4 + 4, msg + 4, len - 4), 0);
				world_assert_quiet(&w);
				cr_assert_eq(w.pool.count[BUFPOOL_IN_USE], 0);
			}
			world_assert_drop(&w, NET_COUNTER_NUM);
			world_stop(&w);
		}
	}
}

Test(icmp, the_answer_keeps_the_class_but_not_the_congestion_mark)
{
	const struct ip4_hdr *ip4;
	uint8_t msg[64], frame[128];
	size_t len;

	l4_start(&w, NULL);
	len = make_icmp(frame, "me", "10.0.0.2", "10.0.0.1", msg, make_echo(msg, false, 8));
	ip4_emit(frame + ETH_HLEN, 0xbb, (uint16_t)(len - ETH_HLEN), 0, 0, 64, IP_PROTO_ICMP4,
		 (struct be32){ { 10, 0, 0, 2 } }, (struct be32){ { 10, 0, 0, 1 } }, false);
	world_receive(&w, frame, len);
	ip4 = (const struct ip4_hdr *)(world_sent_frame(&w)->bytes + ETH_HLEN);
	cr_assert_eq(ip4->tos, 0xb8);
	world_stop(&w);
}

/* Messages that are not answered, and where they are counted. */
Test(icmp, silence)
{
	static const struct {
		const char *eth_dst, *src, *dst;
		uint8_t type;
		size_t len;
		enum net_counter counter;
	} rows[] = {
		{ "all", "10.0.0.2", "10.0.0.255", 8, 16, NET_DROP_ICMP_BROADCAST },
		{ "all", "10.0.0.2", "255.255.255.255", 8, 16, NET_DROP_ICMP_BROADCAST },
		{ "me", "10.0.0.255", "10.0.0.1", 8, 16, NET_DROP_IP4_MARTIAN },
		{ GROUP_MAC, "2001:db8::2", "ff02::1", 128, 16, NET_DROP_ICMP_BROADCAST },
		{ "me", "::", "2001:db8::1", 128, 16, NET_DROP_ICMP_BROADCAST },
		{ "me", "10.0.0.2", "10.0.0.1", 8, 7, NET_DROP_ICMP_SHORT },
		{ "me", "2001:db8::2", "2001:db8::1", 128, 7, NET_DROP_ICMP_SHORT },
		{ "me", "10.0.0.2", "10.0.0.1", 0, 16, NET_DROP_ICMP_TYPE },
		{ "me", "10.0.0.2", "10.0.0.1", 4, 36, NET_DROP_ICMP_TYPE },
		{ "me", "10.0.0.2", "10.0.0.1", 13, 20, NET_DROP_ICMP_TYPE },
		{ "me", "10.0.0.2", "10.0.0.1", 17, 12, NET_DROP_ICMP_TYPE },
		{ "me", "2001:db8::2", "2001:db8::1", 129, 16, NET_DROP_ICMP_TYPE },
		{ "me", "2001:db8::2", "2001:db8::1", 130, 24, NET_DROP_ICMP_TYPE },
		{ "me", "2001:db8::2", "2001:db8::1", 255, 24, NET_DROP_ICMP_TYPE },
		{ "me", "10.0.0.2", "10.0.0.1", 5, 36, NET_ICMP_REDIRECT_IGNORED },
		{ "me", "2001:db8::2", "2001:db8::1", 137, 40, NET_ICMP_REDIRECT_IGNORED },
		{ "me", "10.0.0.2", "10.0.0.1", 3, 36, NET_DROP_ICMP_QUOTE },
		{ "me", "2001:db8::2", "2001:db8::1", 1, 60, NET_DROP_ICMP_QUOTE },
		{ "all", "10.0.0.2", "10.0.0.255", 3, 36, NET_DROP_ICMP_BROADCAST },
	};

	l4_start(&w, NULL);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		uint8_t msg[64] = { rows[i].type };

		world_mark(&w);
		receive_icmp(rows[i].eth_dst, rows[i].src, rows[i].dst, msg, rows[i].len);
		cr_assert_eq(world_count(&w, rows[i].counter), 1, "row %zu", i);
		world_assert_quiet(&w);
		cr_assert_eq(w.pool.count[BUFPOOL_IN_USE], 0);
	}
	world_stop(&w);
}

Test(icmp, a_wrong_sum_is_silence)
{
	static const char *const addrs[2][2] = { { "10.0.0.2", "10.0.0.1" },
						 { "2001:db8::2", "2001:db8::1" } };
	uint8_t msg[64], frame[128];

	l4_start(&w, NULL);
	for (int v6 = 0; v6 < 2; v6++) {
		size_t len = make_icmp(frame, "me", addrs[v6][0], addrs[v6][1], msg,
				       make_echo(msg, v6, 5));

		for (size_t bit = (len - 13) * 8; bit < len * 8; bit++) {
			frame[bit / 8] ^= (uint8_t)(1 << bit % 8);
			world_mark(&w);
			world_receive(&w, frame, len);
			world_assert_drop(&w, NET_DROP_ICMP_CSUM);
			world_assert_quiet(&w);
			frame[bit / 8] ^= (uint8_t)(1 << bit % 8);
		}
	}
	world_stop(&w);
}

/* An error message that quotes a datagram from @src:1000 to @dst:7 of @total bytes, 8 of its payload shown. */
static size_t make_error(uint8_t *out, uint8_t type, uint8_t code, uint32_t rest, const char *src,
			 const char *dst, uint16_t sport, uint16_t dport, uint16_t total)
{
	struct icmp_hdr h = { .type = type, .code = code, .rest = be32(rest) };
	uint8_t frame[256], udp[16];
	size_t len;

	make_udp(udp, src, dst, sport, dport, 8);
	len = make_ip(frame, "me", 2, src, dst, IP_PROTO_UDP, udp, sizeof(udp)) - ETH_HLEN;
	if (strchr(src, ':'))
		store_be16(frame + ETH_HLEN + 4, (uint16_t)(total - IP6_HLEN));
	else
		store_be16(frame + ETH_HLEN + 2, total);
	memcpy(out, &h, sizeof(h));
	memcpy(out + sizeof(h), frame + ETH_HLEN, len);
	return sizeof(h) + len;
}

Test(icmp, errors_reach_the_socket_as_errno)
{
	static const struct {
		bool v6;
		uint8_t type, code;
		uint32_t rest;
		int err;
	} rows[] = {
		{ false, 3, 0, 0, ENETUNREACH },   { false, 3, 1, 0, EHOSTUNREACH },
		{ false, 3, 2, 0, ENOPROTOOPT },   { false, 3, 3, 0, ECONNREFUSED },
		{ false, 3, 4, 1400, EMSGSIZE },   { false, 3, 13, 0, EACCES },
		{ false, 11, 0, 0, EHOSTUNREACH }, { false, 12, 0, 0, EPROTO },
		{ true, 1, 0, 0, ENETUNREACH },    { true, 1, 1, 0, EACCES },
		{ true, 1, 3, 0, EHOSTUNREACH },   { true, 1, 4, 0, ECONNREFUSED },
		{ true, 2, 0, 1400, EMSGSIZE },    { true, 3, 0, 0, EHOSTUNREACH },
		{ true, 4, 0, 0, EPROTO },         { true, 4, 1, 0, ENOPROTOOPT },
	};

	uint32_t mtu[2] = { 1500, 1500 };

	l4_start(&w, NULL);
	listener_start(&a, &w, "0.0.0.0", 1000, 0);
	listener_start(&b, &w, "::", 1000, 0);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		bool v6 = rows[i].v6;
		struct listener *l = v6 ? &b : &a;
		const char *us = v6 ? "2001:db8::1" : "10.0.0.1";
		const char *dst = v6 ? "2001:db8:7::7" : "10.7.7.7";
		struct ipaddr to = ip(&w, dst);
		uint8_t msg[256];

		l->errors = 0;
		receive_icmp("me", v6 ? "2001:db8::2" : "10.0.0.2", us, msg,
			     make_error(msg, rows[i].type, rows[i].code, rows[i].rest, us, dst,
					1000, 7, 1500));
		cr_assert_eq(l->errors, 1, "row %zu", i);
		cr_assert_eq(l->err, rows[i].err, "row %zu: %d", i, l->err);
		cr_assert(ipaddr_equal(&l->err_dst, &to));
		cr_assert_eq(l->err_dport, 7);
		if (rows[i].rest)
			mtu[v6] = rows[i].rest;
		cr_assert_eq(pmtu_get(&w.net, &to), mtu[v6], "row %zu", i);
		world_assert_quiet(&w);
	}
	udp_close(&w.net, &a.ep);
	udp_close(&w.net, &b.ep);
	world_stop(&w);
}

/* Quotes that are not of a packet we can have sent change nothing. */
Test(icmp, errors_about_others_packets)
{
	static const struct {
		const char *src, *dst;
		uint16_t sport, dport;
	} rows[] = {
		{ "10.0.0.9", "10.7.7.7", 1000, 7 },  /* not from us */
		{ "10.0.0.1", "10.7.7.7", 1001, 7 },  /* no such socket */
		{ "10.0.0.1", "10.7.7.7", 2000, 7 },  /* connected elsewhere */
		{ "10.0.0.1", "10.0.0.2", 2000, 70 }, /* the same by port */
	};
	struct ipaddr peer;
	uint8_t msg[256];

	l4_start(&w, NULL);
	peer = ip(&w, "10.0.0.2");
	listener_start(&a, &w, "0.0.0.0", 1000, 0);
	listener_start(&b, &w, "0.0.0.0", 2000, 0);
	cr_assert_eq(udp_connect(&w.net, &b.ep, &peer, 7), 0);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct ipaddr dst = ip(&w, rows[i].dst);

		world_mark(&w);
		receive_icmp("me", "10.0.0.2", "10.0.0.1", msg,
			     make_error(msg, 3, 4, 1400, rows[i].src, rows[i].dst, rows[i].sport,
					rows[i].dport, 1500));
		cr_assert_eq(world_count(&w, NET_DROP_ICMP_QUOTE), 1, "row %zu", i);
		cr_assert_eq(pmtu_get(&w.net, &dst), 1500, "row %zu", i);
		cr_assert_eq(a.errors + b.errors, 0, "row %zu", i);
	}
	receive_icmp("me", "10.0.0.2", "10.0.0.1", msg,
		     make_error(msg, 3, 4, 1400, "10.0.0.1", "10.0.0.2", 2000, 7, 1500));
	cr_assert_eq(b.errors, 1);
	cr_assert_eq(pmtu_get(&w.net, &peer), 1400);
	udp_close(&w.net, &a.ep);
	udp_close(&w.net, &b.ep);
	world_stop(&w);
}

Test(icmp, a_smaller_path_mtu_shows_in_the_next_datagram)
{
	uint8_t msg[256];

	l4_start(&w, NULL);
	listener_start(&a, &w, "0.0.0.0", 1000, UDP_DONT_FRAG);
	cr_assert_eq(send_pattern(&a, "10.0.0.2", 7, 1472), 0);
	receive_icmp("me", "10.0.0.9", "10.0.0.1", msg,
		     make_error(msg, 3, 4, 1400, "10.0.0.1", "10.0.0.2", 1000, 7, 1500));
	cr_assert_eq(send_pattern(&a, "10.0.0.2", 7, 1373), -EMSGSIZE);
	cr_assert_eq(send_pattern(&a, "10.0.0.2", 7, 1372), 0);
	a.ep.flags = 0;
	world_mark(&w);
	cr_assert_eq(send_pattern(&a, "10.0.0.2", 7, 1373), 0);
	cr_assert_eq(world_count(&w, NET_FRAG_TX), 2);
	a.close_on_error = true;
	receive_icmp("me", "10.0.0.9", "10.0.0.1", msg,
		     make_error(msg, 3, 3, 0, "10.0.0.1", "10.0.0.2", 1000, 7, 1400));
	cr_assert_eq(a.errors, 2);
	world_stop(&w);
}

/* The packet at fault is quoted from its IP header on, as much as the family allows. */
Test(icmp, errors_quote_what_fits)
{
	static const struct {
		bool v6;
		uint32_t payload; /* of UDP */
		uint32_t ip_len;  /* of the message's packet */
	} rows[] = {
		{ false, 0, 20 + 8 + 28 }, { false, 100, 20 + 8 + 128 }, { false, 520, 576 },
		{ false, 521, 576 },       { false, 1472, 576 },         { true, 0, 40 + 8 + 48 },
		{ true, 1184, 1280 },      { true, 1185, 1280 },         { true, 1452, 1280 },
	};

	struct net_config config = world_config();

	config.icmp_errors_burst = 1000;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		bool v6 = rows[i].v6;
		uint8_t frame[2048];
		size_t len =
			make_udp_frame(frame, v6 ? "2001:db8::2" : "10.0.0.2",
				       v6 ? "2001:db8::1" : "10.0.0.1", 7, 1000, rows[i].payload);
		uint32_t quote = rows[i].ip_len - (v6 ? 48 : 28);
		const struct world_frame *f;

		l4_start(&w, &config);
		for (size_t cut = 0; cut < len; cut += cut < 80 ? 7 : 300) {
			if (cut)
				world_receive_split(&w, frame, len, cut);
			else
				world_receive(&w, frame, len);
			f = world_sent_frame(&w);
			cr_assert_not_null(f, "row %zu cut %zu", i, cut);
			cr_assert_eq(f->len, ETH_HLEN + rows[i].ip_len, "row %zu: %u", i, f->len);
			cr_assert(frame_csum_is_good(f));
			cr_assert_eq(frame_l4(f)[0], v6 ? 1 : 3);
			cr_assert_eq(frame_l4(f)[1], v6 ? 4 : 3);
			cr_assert_eq(memcmp(frame_l4(f) + 8, frame + ETH_HLEN, quote), 0);
		}
		world_stop(&w);
	}
}

Test(icmp, unknown_protocols)
{
	const struct world_frame *f;
	uint8_t frame[128], payload[20] = { 1, 2, 3 };

	l4_start(&w, NULL);
	world_receive(&w, frame, make_ip(frame, "me", 2, "10.0.0.2", "10.0.0.1", 200, payload, 20));
	f = world_sent_frame(&w);
	cr_assert_eq(frame_l4(f)[0], 3);
	cr_assert_eq(frame_l4(f)[1], 2);
	world_receive(&w, frame,
		      make_ip(frame, "me", 2, "2001:db8::2", "2001:db8::1", 200, payload, 20));
	f = world_sent_frame(&w);
	cr_assert_eq(frame_l4(f)[0], 4);
	cr_assert_eq(frame_l4(f)[1], 1);
	cr_assert_eq(load_be32(frame_l4(f) + 4), 6, "where the next header stands");
	world_stop(&w);
}

/* What may not cause an error message. */
Test(icmp, errors_never_cause_errors)
{
	static const uint8_t icmp6_behind_options[24] = {
		IP_PROTO_ICMP6, 0, 0xc1, 4, 0, 0, 0, 0, 1, 4
	};
	static const uint8_t echo_behind_options[24] = {
		IP_PROTO_ICMP6, 0, 0xc1, 4, 0, 0, 0, 0, 128, 0
	};
	static const uint8_t udp_behind_options[24] = { IP_PROTO_UDP, 0, 0xc1, 4 };
	uint8_t frame[256];

	/* An unknown option that asks for a report, in front of an error, an echo, and UDP. */
	l4_start(&w, NULL);
	world_receive(&w, frame,
		      make_ip(frame, "me", 2, "2001:db8::2", "2001:db8::1", IP6_NEXT_DSTOPTS,
			      icmp6_behind_options, sizeof(icmp6_behind_options)));
	world_assert_quiet(&w);
	world_receive(&w, frame,
		      make_ip(frame, "me", 2, "2001:db8::2", "2001:db8::1", IP6_NEXT_DSTOPTS,
			      echo_behind_options, sizeof(echo_behind_options)));
	cr_assert_str_eq(world_sent(&w), "to m2: 2001:db8::1 > 2001:db8::2 icmp6 4.2");
	world_receive(&w, frame,
		      make_ip(frame, "me", 2, "2001:db8::2", "2001:db8::1", IP6_NEXT_DSTOPTS,
			      udp_behind_options, sizeof(udp_behind_options)));
	cr_assert_str_eq(world_sent(&w), "to m2: 2001:db8::1 > 2001:db8::2 icmp6 4.2");
	world_receive(&w, frame,
		      make_ip(frame, "me", 2, "::", "2001:db8::1", IP6_NEXT_DSTOPTS,
			      udp_behind_options, sizeof(udp_behind_options)));
	world_assert_quiet(&w);
	world_stop(&w);
}

Test(icmp, errors_about_what_ipv4_exempts)
{
	static const struct {
		uint16_t frag;
		uint8_t proto;
		uint8_t type; /* first byte of the payload */
		uint8_t pkt_flags, buf_flags;
		bool answered;
	} rows[] = {
		{ 0, IP_PROTO_UDP, 0, 0, 0, true },
		{ IP4_MF, IP_PROTO_UDP, 0, 0, 0, true },
		{ IP4_MF | 1, IP_PROTO_UDP, 0, 0, 0, false },
		{ 100, IP_PROTO_UDP, 0, 0, 0, false },
		{ 0, IP_PROTO_UDP, 0, NET_PKT_BROADCAST, 0, false },
		{ 0, IP_PROTO_UDP, 0, NET_PKT_MULTICAST, 0, false },
		{ 0, IP_PROTO_UDP, 0, 0, BUF_MULTICAST, false },
		{ 0, IP_PROTO_ICMP4, ICMP4_ECHO, 0, 0, true },
		{ 0, IP_PROTO_ICMP4, ICMP4_ECHO_REPLY, 0, 0, true },
		{ 0, IP_PROTO_ICMP4, ICMP4_UNREACHABLE, 0, 0, false },
		{ 0, IP_PROTO_ICMP4, 4, 0, 0, false },
		{ 0, IP_PROTO_ICMP4, ICMP4_REDIRECT, 0, 0, false },
		{ 0, IP_PROTO_ICMP4, ICMP4_TIME_EXCEEDED, 0, 0, false },
		{ 0, IP_PROTO_ICMP4, ICMP4_PARAM_PROBLEM, 0, 0, false },
	};
	struct be32 src = { { 10, 0, 0, 2 } }, dst = { { 10, 0, 0, 1 } };

	l4_start(&w, NULL);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct net_pkt pkt = { .src = ipaddr_v4(src),
				       .dst = ipaddr_v4(dst),
				       .proto = rows[i].proto,
				       .flags = rows[i].pkt_flags };
		struct buf *p = world_packet(&w, IP4_HLEN + 16, rows[i].type);

		ip4_emit(p->data, 0, IP4_HLEN + 16, 1, rows[i].frag, 64, rows[i].proto, src, dst,
			 false);
		p->flags = rows[i].buf_flags;
		p->l3_off = BUF_HEADROOM;
		p->l4_off = BUF_HEADROOM + IP4_HLEN;
		buf_pull(p, IP4_HLEN);
		world_mark(&w);
		icmp_send_error(&w.net, p, &pkt, ICMP_ERR_HOST_UNREACH, 0, 0);
		buf_put(p);
		cr_assert_eq(*world_sent(&w) != '\0', rows[i].answered, "row %zu", i);
		world_assert_quiet(&w);
	}
	world_stop(&w);
}

/* An echo whose bytes somebody else still reads is answered from a copy. */
Test(icmp, echo_leaves_shared_memory_alone)
{
	uint8_t msg[64], frame[128];
	const struct world_frame *f;
	struct buf *rx;
	size_t len;

	l4_start(&w, NULL);
	len = make_icmp(frame, "me", "10.0.0.2", "10.0.0.1", msg, make_echo(msg, false, 8));
	rx = buf_get(world_packet(&w, (uint32_t)len, 0));
	memcpy(rx->data, frame, len);
	net_input(&w.net, rx, 0);
	f = world_sent_frame(&w);
	cr_assert_not_null(f);
	cr_assert(frame_csum_is_good(f));
	cr_assert_eq(memcmp(buf_mem(rx) + BUF_HEADROOM, frame, len), 0);
	cr_assert_eq(rx->refs, 1);
	buf_put(rx);
	world_stop(&w);
}

Test(icmp, a_bucket_fills_with_time_and_loses_nothing)
{
	struct icmp_bucket bucket = { .per_sec = 3, .burst = 2, .filled_at = 0 };
	unsigned taken = 0;

	bucket.credit_ns = 2 * (NS_PER_SEC / 3);
	cr_assert(icmp_bucket_take(&bucket, 0));
	cr_assert(icmp_bucket_take(&bucket, 0));
	cr_assert_not(icmp_bucket_take(&bucket, 0));
	/* Asked every microsecond for a second: three tokens, whatever is lost by rounding. */
	for (uint64_t now = 0; now <= NS_PER_SEC; now += NS_PER_US)
		taken += icmp_bucket_take(&bucket, now);
	cr_assert_eq(taken, 3);
	/* No more than the burst after a long time, and nothing for going back. */
	cr_assert(icmp_bucket_take(&bucket, UINT64_MAX - 1));
	cr_assert(icmp_bucket_take(&bucket, UINT64_MAX - 1));
	cr_assert_not(icmp_bucket_take(&bucket, UINT64_MAX - 1));
	cr_assert_not(icmp_bucket_take(&bucket, 5));
	bucket.per_sec = 0;
	cr_assert_not(icmp_bucket_take(&bucket, UINT64_MAX));
}

Test(icmp, one_network_cannot_use_up_the_whole)
{
	struct net_config config = world_config();
	unsigned one = 0, all = 0;

	config.icmp_errors_per_sec = 8;
	config.icmp_errors_burst = 40;
	l4_start(&w, &config);
	for (int i = 0; i < 100; i++) {
		receive_udp(&w, "10.0.0.2", "10.0.0.1", 7, 1000, 1);
		one += *world_sent(&w) != '\0';
	}
	cr_assert_eq(one, 10, "%u", one);
	cr_assert_eq(world_count(&w, NET_ICMP_LIMITED), 90);
	/* Others go by the gateway. */
	world_set_neigh(&w, "10.0.0.254", 254, NEIGH_STATIC);
	for (unsigned i = 0; i < 200; i++) {
		char src[IPADDR_STRLEN];

		snprintf(src, sizeof(src), "10.%u.0.2", i + 1);
		receive_udp(&w, src, "10.0.0.1", 7, 1000, 1);
		all += *world_sent(&w) != '\0';
	}
	cr_assert_eq(one + all, 40, "%u", all);
	/* A second later the network has its quarter of eight again. */
	world_advance(&w, NS_PER_SEC);
	one = 0;
	for (int i = 0; i < 100; i++) {
		receive_udp(&w, "10.0.0.2", "10.0.0.1", 7, 1000, 1);
		one += *world_sent(&w) != '\0';
	}
	cr_assert_eq(one, 2, "%u", one);
	world_stop(&w);
}

Test(icmp, echo_and_errors_have_their_own_limits)
{
	struct net_config config = world_config();
	uint8_t msg[64];
	unsigned replies = 0;

	config.icmp_echo_per_sec = 4;
	config.icmp_echo_burst = 4;
	config.icmp_errors_per_sec = 0;
	l4_start(&w, &config);
	receive_udp(&w, "10.0.0.2", "10.0.0.1", 7, 1000, 1);
	world_assert_quiet(&w);
	for (int i = 0; i < 10; i++) {
		receive_icmp("me", "10.0.0.2", "10.0.0.1", msg, make_echo(msg, false, 8));
		replies += *world_sent(&w) != '\0';
	}
	cr_assert_eq(replies, 1);
	cr_assert_eq(world_count(&w, NET_ICMP_LIMITED), 1 + 9);
	world_stop(&w);
}
