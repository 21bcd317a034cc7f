/* SPDX-License-Identifier: MIT */
#include "libos/wire/tcp.h"

#include <signal.h>

#include "tests/unit/wire/guard.h"

/* The options of a SYN as Linux sends it: mss 1460, sackOK, TS 0x01020304 ecr 0, nop, wscale 7. */
static const uint8_t syn_opts[20] = { 2, 4, 0x05, 0xb4, 4, 2, 8, 10, 1, 2,
				      3, 4, 0,    0,    0, 0, 1, 3,  3, 7 };

static uint16_t parse(const uint8_t *p, size_t len, struct tcp_opts *o)
{
	memset(o, 0xee, sizeof(*o));
	tcp_parse_opts(guard_copy(p, len), len, o);
	return o->seen;
}

#define PARSE(o, ...)                                                                              \
	parse((const uint8_t[]){ __VA_ARGS__ }, sizeof((const uint8_t[]){ __VA_ARGS__ }), o)

Test(tcp, header_lengths)
{
	uint8_t bytes[TCP_HLEN_MAX] = { [12] = 0x50 };

	for (size_t len = 0; len < TCP_HLEN; len++)
		cr_assert(!tcp_len_is_good((const void *)guard_copy(bytes, len), len));
	cr_assert(tcp_len_is_good((const void *)guard_copy(bytes, 20), 20));
	cr_assert(tcp_len_is_good((const void *)guard_copy(bytes, 60), 60));
	for (unsigned words = 0; words < 16; words++) {
		bytes[12] = (uint8_t)(words << 4 | 0xf);
		cr_assert_eq(tcp_hlen((const void *)bytes), words * 4);
		for (size_t len = TCP_HLEN; len <= TCP_HLEN_MAX; len++)
			cr_assert_eq(tcp_len_is_good((const void *)guard_copy(bytes, len), len),
				     words >= 5 && words * 4 <= len);
	}
}

Test(tcp, emit_gives_the_known_bytes_and_their_sum)
{
	static const uint8_t want[TCP_HLEN] = { 0x12, 0x34, 0x56, 0x78, 0x9a, 0xbc, 0xde,
						0xf0, 0x0f, 0xed, 0xcb, 0xa9, 0x80, 0x12,
						0xfa, 0xce, 0x00, 0x00, 0xbe, 0xef };
	uint8_t *p = guard_end() - TCP_HLEN;
	uint64_t sum = tcp_emit(p, 0x1234, 0x5678, 0x9abcdef0, 0x0fedcba9, TCP_TS_LEN,
				TCP_SYN | TCP_ACK, 0xface, 0xbeef);
	const struct tcp_hdr *h = (const void *)p;

	cr_assert_arr_eq(p, want, TCP_HLEN);
	cr_assert_eq(csum_fold(sum), csum_fold(csum_add_bytes(0, want, TCP_HLEN)));
	cr_assert_eq(tcp_hlen(h), 32);
	cr_assert_eq(be32_get(h->seq), 0x9abcdef0);
	cr_assert_eq(be32_get(h->ack), 0x0fedcba9);
	cr_assert_eq(be16_get(h->window), 0xface);
}

Test(tcp, emit_with_the_longest_header)
{
	uint8_t p[TCP_HLEN];

	tcp_emit(p, 0, 0, 0, 0, TCP_OPTS_MAX, 0xff, 0, 0);
	cr_assert_eq(p[12], 0xf0);
	cr_assert_eq(p[13], 0xff);
}

/* A SYN from 10.0.0.1:40000 to 10.0.0.2:80, checksum and all. */
Test(tcp, checksum_of_a_whole_syn)
{
	static const uint8_t want[40] = { 0x9c, 0x40, 0x00, 0x50, 0x01, 0x02, 0x03, 0x04, 0, 0,
					  0,    0,    0xa0, 0x02, 0xfa, 0xf0, 0x94, 0x70, 0, 0,
					  2,    4,    0x05, 0xb4, 4,    2,    8,    10,   1, 2,
					  3,    4,    0,    0,    0,    0,    1,    3,    3, 7 };
	struct ipaddr src = ipaddr_v4(be32(0x0a000001)), dst = ipaddr_v4(be32(0x0a000002));
	struct tcp_opts o = {
		.seen = TCP_HAS_MSS | TCP_HAS_SACK_PERM | TCP_HAS_TS | TCP_HAS_WSCALE,
		.mss = 1460,
		.wscale = 7,
		.ts_val = 0x01020304,
	};
	uint8_t *p = guard_end() - sizeof(want);
	struct tcp_hdr *h = (void *)p;
	uint64_t sum;

	sum = tcp_emit(p, 40000, 80, 0x01020304, 0, tcp_opts_len(&o), TCP_SYN, 64240, 0);
	sum = csum_add_bytes(sum, p + TCP_HLEN, tcp_emit_opts(p + TCP_HLEN, &o));
	sum = csum_add(sum, csum_pseudo(&src, &dst, 6, sizeof(want)));
	csum_store(&h->csum, csum_finish(sum));
	cr_assert_arr_eq(p, want, sizeof(want));
}

Test(tcp, syn_options_are_read)
{
	struct tcp_opts o;

	cr_assert_eq(parse(syn_opts, sizeof(syn_opts), &o),
		     TCP_HAS_MSS | TCP_HAS_SACK_PERM | TCP_HAS_TS | TCP_HAS_WSCALE);
	cr_assert_eq(o.mss, 1460);
	cr_assert_eq(o.wscale, 7);
	cr_assert_eq(o.ts_val, 0x01020304);
	cr_assert_eq(o.ts_ecr, 0);
}

Test(tcp, no_options)
{
	struct tcp_opts o;

	cr_assert_eq(parse(syn_opts, 0, &o), 0);
	cr_assert_eq(PARSE(&o, 1, 1, 1, 1), 0);
	cr_assert_eq(PARSE(&o, 0, 2, 4, 5), 0); /* nothing after the end of the list counts */
}

Test(tcp, every_truncation_keeps_what_came_before)
{
	struct tcp_opts o;

	for (size_t len = 0; len <= sizeof(syn_opts); len++) {
		uint16_t want = 0;

		if (len >= 4)
			want |= TCP_HAS_MSS;
		if (len >= 6)
			want |= TCP_HAS_SACK_PERM;
		if (len >= 16)
			want |= TCP_HAS_TS;
		if (len >= 20)
			want |= TCP_HAS_WSCALE;
		if (len != 0 && len != 4 && len != 6 && len != 16 && len != 17 && len != 20)
			want |= TCP_HAS_MALFORMED;
		cr_assert_eq(parse(syn_opts, len, &o), want, "len %zu", len);
	}
}

/* RFC 9293 MUST-7: an illegal length, zero for instance, must not hurt. */
Test(tcp, impossible_lengths_end_the_parse)
{
	struct tcp_opts o;

	cr_assert_eq(PARSE(&o, 4, 2, 3, 0, 2, 4, 1, 1), TCP_HAS_SACK_PERM | TCP_HAS_MALFORMED);
	cr_assert_eq(PARSE(&o, 4, 2, 3, 1, 2, 4, 1, 1), TCP_HAS_SACK_PERM | TCP_HAS_MALFORMED);
	cr_assert_eq(PARSE(&o, 4, 2, 77, 0), TCP_HAS_SACK_PERM | TCP_HAS_MALFORMED);
	cr_assert_eq(PARSE(&o, 77, 5, 0, 0), TCP_HAS_MALFORMED);
	cr_assert_eq(PARSE(&o, 77, 255, 0, 0), TCP_HAS_MALFORMED);
	cr_assert_eq(PARSE(&o, 1, 1, 1, 77), TCP_HAS_MALFORMED);
}

Test(tcp, known_options_of_the_wrong_length_are_skipped)
{
	struct tcp_opts o;
	const uint16_t want = TCP_HAS_SACK_PERM | TCP_HAS_MALFORMED;

	cr_assert_eq(PARSE(&o, 2, 3, 5, 4, 2), want);
	cr_assert_eq(PARSE(&o, 2, 5, 5, 5, 5, 4, 2), want);
	cr_assert_eq(PARSE(&o, 2, 4, 0, 0, 4, 2), want); /* an MSS of zero */
	cr_assert_eq(PARSE(&o, 3, 2, 4, 2), want);
	cr_assert_eq(PARSE(&o, 3, 4, 1, 1, 4, 2), want);
	cr_assert_eq(PARSE(&o, 4, 3, 0, 4, 2), want);
	cr_assert_eq(PARSE(&o, 8, 9, 0, 0, 0, 0, 0, 0, 0, 4, 2), want);
	cr_assert_eq(PARSE(&o, 8, 2, 4, 2), want);
	cr_assert_eq(PARSE(&o, 5, 2, 4, 2), want);
	cr_assert_eq(PARSE(&o, 5, 9, 0, 0, 0, 0, 0, 0, 0, 4, 2), want);
	cr_assert_eq(PARSE(&o, 5, 11, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 2), want);
	cr_assert_eq(PARSE(&o, 34, 4, 0, 0, 4, 2), want);          /* cookie of 2 bytes */
	cr_assert_eq(PARSE(&o, 34, 7, 0, 0, 0, 0, 0, 4, 2), want); /* of odd length */
}

Test(tcp, unknown_options_are_skipped_whatever_their_length)
{
	struct tcp_opts o;

	cr_assert_eq(PARSE(&o, 28, 4, 0, 9, 77, 2, 255, 3, 0, 4, 2), TCP_HAS_SACK_PERM);
	cr_assert_eq(PARSE(&o, 254, 2, 254, 4, 0xe2, 0xd4, 4, 2), TCP_HAS_SACK_PERM);
}

Test(tcp, signatures_are_noticed)
{
	struct tcp_opts o;

	cr_assert_eq(PARSE(&o, 19, 18, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16),
		     TCP_HAS_MD5);
	cr_assert_eq(PARSE(&o, 19, 2), TCP_HAS_MD5 | TCP_HAS_MALFORMED);
	cr_assert_eq(PARSE(&o, 29, 4, 1, 2), TCP_HAS_AO);
	cr_assert_eq(PARSE(&o, 29, 3, 1), TCP_HAS_AO | TCP_HAS_MALFORMED);
}

/* RFC 7323 section 2.3: a larger shift counts as 14. */
Test(tcp, window_scale_is_limited)
{
	struct tcp_opts o;

	PARSE(&o, 3, 3, 14);
	cr_assert_eq(o.wscale, 14);
	PARSE(&o, 3, 3, 15);
	cr_assert_eq(o.wscale, 14);
	PARSE(&o, 3, 3, 255);
	cr_assert_eq(o.wscale, 14);
}

Test(tcp, of_repeated_options_the_last_counts)
{
	struct tcp_opts o;

	cr_assert_eq(PARSE(&o, 2, 4, 1, 0, 2, 4, 2, 0), TCP_HAS_MSS);
	cr_assert_eq(o.mss, 0x200);
	/* A cookie in both forms: the form is that of the last. */
	cr_assert_eq(PARSE(&o, 254, 8, 0xf9, 0x89, 1, 2, 3, 4, 34, 6, 5, 6, 7, 8),
		     TCP_HAS_FASTOPEN);
	cr_assert_eq(o.cookie[0], 5);
}

Test(tcp, one_to_four_sack_blocks)
{
	struct tcp_opts o;
	uint8_t bytes[36] = { 1, 1, 5 };

	for (unsigned i = 0; i < 8; i++)
		store_be32(bytes + 4 + 4 * i, 0xfffffff0 + 0x10 * i);
	for (unsigned blocks = 1; blocks <= 4; blocks++) {
		bytes[3] = (uint8_t)(2 + 8 * blocks);
		cr_assert_eq(parse(bytes, 4 + 8 * blocks, &o), TCP_HAS_SACK);
		cr_assert_eq(o.num_sack, blocks);
		for (unsigned i = 0; i < blocks; i++) {
			cr_assert_eq(o.sack[i].start, (uint32_t)(0xfffffff0 + 0x20 * i));
			cr_assert_eq(o.sack[i].end, (uint32_t)(0xfffffff0 + 0x20 * i + 0x10));
		}
		cr_assert_eq(parse(bytes, 3 + 8 * blocks, &o), TCP_HAS_MALFORMED);
	}
}

Test(tcp, fast_open_cookies)
{
	struct tcp_opts o;
	uint8_t bytes[20] = { 34 };

	for (unsigned i = 0; i < 16; i++)
		bytes[2 + i] = (uint8_t)(100 + i);
	for (unsigned len = 0; len <= 18; len++) {
		bool legal = len == 0 || (len >= 4 && len <= 16 && len % 2 == 0);

		bytes[1] = (uint8_t)(2 + len);
		cr_assert_eq(parse(bytes, 2 + len, &o),
			     legal ? TCP_HAS_FASTOPEN : TCP_HAS_MALFORMED, "len %u", len);
		if (legal) {
			cr_assert_eq(o.cookie_len, len);
			cr_assert_eq(memcmp(o.cookie, bytes + 2, len), 0);
		}
	}
	cr_assert_eq(PARSE(&o, 254, 4, 0xf9, 0x89), TCP_HAS_FASTOPEN | TCP_HAS_FASTOPEN_EXP);
	cr_assert_eq(o.cookie_len, 0);
	cr_assert_eq(PARSE(&o, 254, 10, 0xf9, 0x89, 1, 2, 3, 4, 5, 6),
		     TCP_HAS_FASTOPEN | TCP_HAS_FASTOPEN_EXP);
	cr_assert_eq(o.cookie_len, 6);
	cr_assert_eq(o.cookie[5], 6);
}

#define EXPECT_EMIT(o, ...)                                                                        \
	expect_emit(o, (const uint8_t[]){ __VA_ARGS__ }, sizeof((const uint8_t[]){ __VA_ARGS__ }))

static void expect_emit(const struct tcp_opts *o, const uint8_t *want, size_t len)
{
	uint8_t *p = guard_end() - len;

	cr_assert_eq(tcp_opts_len(o), len);
	memset(p, 0xee, len);
	cr_assert_eq(tcp_emit_opts(p, o), len);
	cr_assert_arr_eq(p, want, len);
}

Test(tcp, emit_order_is_that_of_linux)
{
	struct tcp_opts o = { .mss = 1460, .wscale = 7, .ts_val = 0x01020304, .ts_ecr = 5 };

	cr_assert_eq(tcp_opts_len(&o), 0);
	o.seen = TCP_HAS_MSS;
	EXPECT_EMIT(&o, 2, 4, 5, 0xb4);
	o.seen = TCP_HAS_MSS | TCP_HAS_SACK_PERM | TCP_HAS_WSCALE;
	EXPECT_EMIT(&o, 2, 4, 5, 0xb4, 1, 1, 4, 2, 1, 3, 3, 7);
	o.seen = TCP_HAS_MSS | TCP_HAS_TS;
	EXPECT_EMIT(&o, 2, 4, 5, 0xb4, 1, 1, 8, 10, 1, 2, 3, 4, 0, 0, 0, 5);
	o.seen = TCP_HAS_MSS | TCP_HAS_SACK_PERM | TCP_HAS_TS | TCP_HAS_WSCALE;
	EXPECT_EMIT(&o, 2, 4, 5, 0xb4, 4, 2, 8, 10, 1, 2, 3, 4, 0, 0, 0, 5, 1, 3, 3, 7);
}

Test(tcp, emit_fast_open)
{
	struct tcp_opts o = { .seen = TCP_HAS_FASTOPEN, .cookie = { 1, 2, 3, 4, 5, 6, 7, 8 } };

	EXPECT_EMIT(&o, 34, 2, 1, 1);
	o.cookie_len = 8;
	EXPECT_EMIT(&o, 34, 10, 1, 2, 3, 4, 5, 6, 7, 8, 1, 1);
	o.cookie_len = 6;
	EXPECT_EMIT(&o, 34, 8, 1, 2, 3, 4, 5, 6);
	o.seen |= TCP_HAS_FASTOPEN_EXP;
	EXPECT_EMIT(&o, 254, 10, 0xf9, 0x89, 1, 2, 3, 4, 5, 6, 1, 1);
	o.cookie_len = 0;
	EXPECT_EMIT(&o, 254, 4, 0xf9, 0x89);
}

Test(tcp, the_fullest_syn_fills_the_header_to_the_byte)
{
	struct tcp_opts o = { .seen = TCP_HAS_MSS | TCP_HAS_SACK_PERM | TCP_HAS_TS |
				      TCP_HAS_WSCALE | TCP_HAS_FASTOPEN,
			      .mss = 1,
			      .cookie_len = 16 };
	struct tcp_opts back;
	uint8_t *p = guard_end() - TCP_OPTS_MAX;

	for (int exp = 0; exp < 2; exp++) {
		if (exp)
			o.seen |= TCP_HAS_FASTOPEN_EXP;
		cr_assert_eq(tcp_opts_len(&o), TCP_OPTS_MAX);
		cr_assert_eq(tcp_emit_opts(p, &o), TCP_OPTS_MAX);
		tcp_parse_opts(p, TCP_OPTS_MAX, &back);
		cr_assert_eq(memcmp(&o, &back, sizeof(o)), 0);
	}
}

/* Four blocks alone, three beside a timestamp, the first ones in either case. */
Test(tcp, emit_as_many_sack_blocks_as_fit)
{
	struct tcp_opts o = { .seen = TCP_HAS_SACK,
			      .mss = 536,
			      .num_sack = 4,
			      .sack = { { 1, 2 }, { 3, 4 }, { 5, 6 }, { 7, 8 } } };
	struct tcp_opts back;
	uint8_t p[TCP_OPTS_MAX];

	EXPECT_EMIT(&o, 1, 1, 5, 34, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0, 4, 0, 0, 0, 5, 0,
		    0, 0, 6, 0, 0, 0, 7, 0, 0, 0, 8);
	o.seen |= TCP_HAS_TS;
	cr_assert_eq(tcp_opts_len(&o), 40);
	cr_assert_eq(tcp_emit_opts(p, &o), 40);
	tcp_parse_opts(p, 40, &back);
	cr_assert_eq(back.num_sack, 3);
	cr_assert_eq(back.sack[2].end, 6);
	o.seen |= TCP_HAS_FASTOPEN | TCP_HAS_MSS | TCP_HAS_WSCALE;
	o.cookie_len = 16;
	cr_assert_eq(tcp_opts_len(&o), 40);
	cr_assert_eq(tcp_emit_opts(p, &o), 40);
	tcp_parse_opts(p, 40, &back);
	cr_assert_eq(back.seen, o.seen & ~TCP_HAS_SACK);
}

Test(tcp, signatures_are_never_written)
{
	struct tcp_opts o = { .seen = TCP_HAS_MD5 | TCP_HAS_AO | TCP_HAS_MALFORMED };

	cr_assert_eq(tcp_opts_len(&o), 0);
	cr_assert_eq(tcp_emit_opts(guard_end(), &o), 0);
}

Test(tcp, cookies_longer_than_any_are_our_bug, .signal = SIGABRT)
{
	struct tcp_opts o = { .seen = TCP_HAS_FASTOPEN, .cookie_len = 17 };

	tcp_opts_len(&o);
}

Test(tcp, more_options_than_a_header_holds_are_our_bug, .signal = SIGABRT)
{
	struct tcp_opts o;

	tcp_parse_opts(guard_end() - 41, 41, &o);
}

Test(tcp, the_usual_timestamp_takes_the_quick_way)
{
	uint8_t *p = guard_end() - TCP_HLEN - TCP_TS_LEN;
	const struct tcp_hdr *h = (const void *)p;
	uint32_t val = 0, ecr = 0;
	struct tcp_opts o;
	uint64_t sum;

	tcp_emit(p, 1, 2, 3, 4, TCP_TS_LEN, TCP_ACK, 5, 0);
	sum = tcp_emit_ts(p + TCP_HLEN, 0xfedcba98, 0x01234567);
	cr_assert_eq(csum_fold(sum), csum_fold(csum_add_bytes(0, p + TCP_HLEN, TCP_TS_LEN)));
	cr_assert(tcp_is_ts_only(h, &val, &ecr));
	cr_assert_eq(val, 0xfedcba98);
	cr_assert_eq(ecr, 0x01234567);
	tcp_parse_opts(p + TCP_HLEN, TCP_TS_LEN, &o);
	cr_assert_eq(o.seen, TCP_HAS_TS);
	cr_assert_eq(o.ts_val, val);
	cr_assert_eq(o.ts_ecr, ecr);
}

Test(tcp, anything_but_the_usual_takes_the_slow_way)
{
	uint8_t p[TCP_HLEN_MAX] = { 0 };
	const struct tcp_hdr *h = (const void *)p;
	uint32_t val = 7, ecr = 8;

	tcp_emit_ts(p + TCP_HLEN, 1, 2);
	for (unsigned words = 5; words < 16; words++) {
		p[12] = (uint8_t)(words << 4);
		cr_assert_eq(tcp_is_ts_only(h, &val, &ecr), words == 8);
	}
	p[12] = 8 << 4;
	for (size_t at = TCP_HLEN; at < TCP_HLEN + 4; at++) {
		p[at] ^= 4;
		cr_assert(!tcp_is_ts_only(h, &val, &ecr));
		p[at] ^= 4;
	}
	p[12] = 5 << 4;
	val = 7;
	cr_assert(!tcp_is_ts_only((const void *)guard_copy(p, TCP_HLEN), &val, &ecr));
	cr_assert_eq(val, 7);
}
