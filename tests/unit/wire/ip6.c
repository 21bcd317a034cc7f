/* SPDX-License-Identifier: MIT */
#include "libos/wire/ip6.h"

#include "tests/unit/wire/guard.h"

#define TCP 6
#define UDP 17

static uint8_t pkt[2048];
static size_t pkt_len;

/* Starts a packet whose first next-header is @next. */
static void begin(uint8_t next)
{
	memset(pkt, 0, sizeof(pkt));
	pkt[0] = 0x60;
	pkt[6] = next;
	pkt_len = IP6_HLEN;
}

static void put(const void *bytes, size_t len)
{
	memcpy(pkt + pkt_len, bytes, len);
	pkt_len += len;
}

#define PUT(...) put((const uint8_t[]){ __VA_ARGS__ }, sizeof((const uint8_t[]){ __VA_ARGS__ }))

static enum ip6_ext_verdict walk_len(size_t len, struct ip6_ext *e)
{
	memset(e, 0xee, sizeof(*e));
	return ip6_walk_ext((const void *)guard_copy(pkt, len), len, e);
}

static enum ip6_ext_verdict walk(struct ip6_ext *e)
{
	return walk_len(pkt_len, e);
}

Test(ip6, fixed_header_verdicts)
{
	static uint8_t p[IP6_HLEN + 10] = { 0x60, [5] = 8, [6] = UDP };

	for (size_t len = 0; len < IP6_HLEN + 8; len++)
		cr_assert_eq(ip6_check((const void *)guard_copy(p, len), len), IP6_BAD_LENGTH);
	cr_assert_eq(ip6_check((const void *)guard_copy(p, 48), 48), IP6_OK);
	cr_assert_eq(ip6_check((const void *)guard_copy(p, 50), 50), IP6_OK);
	p[0] = 0x40;
	cr_assert_eq(ip6_check((const void *)p, 50), IP6_BAD_VERSION);
	p[0] = 0x6f;
	cr_assert_eq(ip6_check((const void *)p, 50), IP6_OK);
	p[4] = 0xff;
	cr_assert_eq(ip6_check((const void *)p, 50), IP6_BAD_LENGTH);
}

Test(ip6, emit_gives_the_known_bytes)
{
	static const uint8_t want[IP6_HLEN] = { 0x6b, 0x91, 0x23, 0x45, 0x01, 0x02, 0x3a, 0xff,
						0xfe, 0x80, 0,    0,    0,    0,    0,    0,
						0,    0,    0,    0,    0,    0,    0,    1,
						0xff, 0x02, 0,    0,    0,    0,    0,    0,
						0,    0,    0,    0,    0,    0,    0,    2 };
	uint8_t *p = guard_end() - IP6_HLEN;
	struct ipaddr src = { .b = { 0xfe, 0x80, [15] = 1 } };
	struct ipaddr dst = { .b = { 0xff, 0x02, [15] = 2 } };

	ip6_emit(p, 0xb9, 0x12345, 0x0102, 58, 255, &src, &dst);
	cr_assert_arr_eq(p, want, IP6_HLEN);
}

Test(ip6, no_extension_headers)
{
	struct ip6_ext e;

	begin(TCP);
	PUT(1, 2, 3);
	cr_assert_eq(walk(&e), IP6_EXT_OK);
	cr_assert_eq(e.proto, TCP);
	cr_assert_eq(e.offset, IP6_HLEN);
	cr_assert_eq(e.prev_next, 6);
	begin(IP6_NEXT_NONE);
	cr_assert_eq(walk(&e), IP6_EXT_OK);
	cr_assert_eq(e.proto, IP6_NEXT_NONE);
}

/* Every kind once, in the order that RFC 8200 recommends. */
static void whole_chain(void)
{
	begin(IP6_NEXT_HOPOPTS);
	PUT(IP6_NEXT_DSTOPTS, 0, 5, 2, 0, 0, 1, 0);       /* 40: router alert, PadN of 2 */
	PUT(IP6_NEXT_ROUTING, 1, 1, 12, 0, 0, 0, 0, 0, 0, /* 48: PadN of 14 */
	    0, 0, 0, 0, 0, 0);
	PUT(IP6_NEXT_DSTOPTS, 2, 0, 0, 0, 0, 0, 0, /* 64: type 0, no segments left */
	    1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16);
	PUT(UDP, 0, 0, 0, 0, 0x1e, 1, 0xff); /* 88: Pad1 thrice, unknown to be skipped */
	PUT(0, 1, 0, 2, 0, 8, 0, 0);         /* 96 */
}

Test(ip6, whole_chain_is_walked_to_the_upper_layer)
{
	struct ip6_ext e;

	whole_chain();
	cr_assert_eq(walk(&e), IP6_EXT_OK);
	cr_assert_eq(e.proto, UDP);
	cr_assert_eq(e.offset, 96);
	cr_assert_eq(e.prev_next, 88);
}

Test(ip6, every_truncation_of_the_chain_is_seen)
{
	struct ip6_ext e;

	whole_chain();
	for (size_t len = IP6_HLEN; len < 96; len++)
		cr_assert_eq(walk_len(len, &e), IP6_EXT_TRUNCATED, "len %zu", len);
	for (size_t len = 96; len <= pkt_len; len++)
		cr_assert_eq(walk_len(len, &e), IP6_EXT_OK);
}

Test(ip6, walk_stops_at_a_whole_fragment_header)
{
	struct ip6_ext e;

	begin(IP6_NEXT_HOPOPTS);
	PUT(IP6_NEXT_FRAGMENT, 0, 1, 4, 0, 0, 0, 0);
	PUT(IP6_NEXT_DSTOPTS, 0, 0, 1, 0, 0, 0, 7);
	cr_assert_eq(walk(&e), IP6_EXT_OK);
	cr_assert_eq(e.proto, IP6_NEXT_FRAGMENT);
	cr_assert_eq(e.offset, 48);
	cr_assert_eq(e.prev_next, 40);
	for (size_t len = 48; len < 56; len++)
		cr_assert_eq(walk_len(len, &e), IP6_EXT_TRUNCATED);
}

/* RFC 8200 section 4.3 and 4.1: hop-by-hop anywhere but first is an unrecognised next header. */
Test(ip6, hop_by_hop_elsewhere_than_first)
{
	struct ip6_ext e;

	begin(IP6_NEXT_DSTOPTS);
	PUT(IP6_NEXT_HOPOPTS, 0, 1, 4, 0, 0, 0, 0);
	PUT(TCP, 0, 1, 4, 0, 0, 0, 0);
	cr_assert_eq(walk(&e), IP6_EXT_BAD_ORDER);
	cr_assert_eq(e.pointer, 40);
}

/* RFC 8200 section 4.2: what the two upper bits of an unknown option's type ask for. */
Test(ip6, unknown_options_are_treated_as_their_type_says)
{
	struct ip6_ext e;

	for (unsigned action = 0; action < 4; action++) {
		begin(IP6_NEXT_DSTOPTS);
		PUT(TCP, 0, 0, (uint8_t)(action << 6 | 0x1e), 3, 0, 0, 0);
		switch (action) {
		case 0:
			cr_assert_eq(walk(&e), IP6_EXT_OK);
			break;
		case 1:
			cr_assert_eq(walk(&e), IP6_EXT_DROP);
			break;
		default:
			cr_assert_eq(walk(&e), IP6_EXT_BAD_OPTION);
			cr_assert_eq(e.pointer, 43);
			cr_assert_eq(e.report_multicast, action == 2);
		}
	}
}

Test(ip6, options_may_not_run_past_their_header)
{
	struct ip6_ext e;

	begin(IP6_NEXT_DSTOPTS);
	PUT(TCP, 0, 1, 5, 0, 0, 0, 0); /* PadN one byte too long */
	PUT(0, 0, 0, 0, 0, 0, 0, 0);
	cr_assert_eq(walk(&e), IP6_EXT_TRUNCATED);
	begin(IP6_NEXT_DSTOPTS);
	PUT(TCP, 0, 1, 3, 0, 0, 0, 1); /* a type without a length */
	PUT(0, 0, 0, 0, 0, 0, 0, 0);
	cr_assert_eq(walk(&e), IP6_EXT_TRUNCATED);
	begin(IP6_NEXT_DSTOPTS);
	PUT(TCP, 0, 0xc2, 4, 0, 0, 0, 0); /* an unknown one that just fits is judged */
	cr_assert_eq(walk(&e), IP6_EXT_BAD_OPTION);
	pkt[43] = 5; /* one that does not fit is not */
	cr_assert_eq(walk(&e), IP6_EXT_TRUNCATED);
}

Test(ip6, pad_n_without_data)
{
	struct ip6_ext e;

	begin(IP6_NEXT_DSTOPTS);
	PUT(TCP, 0, 1, 0, 1, 0, 1, 0);
	cr_assert_eq(walk(&e), IP6_EXT_OK);
	cr_assert_eq(e.offset, 48);
}

/* RFC 8200 section 4.4, whatever the routing type (RFC 5095 wants no more for type 0). */
Test(ip6, routing_with_segments_left)
{
	struct ip6_ext e;

	for (unsigned type = 0; type < 6; type++) {
		begin(IP6_NEXT_ROUTING);
		PUT(TCP, 0, (uint8_t)type, 1, 0, 0, 0, 0);
		cr_assert_eq(walk(&e), IP6_EXT_BAD_ROUTING);
		cr_assert_eq(e.pointer, 42);
	}
}

static void dstopts_chain(unsigned headers)
{
	begin(IP6_NEXT_DSTOPTS);
	for (unsigned i = 1; i <= headers; i++)
		PUT(i == headers ? TCP : IP6_NEXT_DSTOPTS, 0, 1, 4, 0, 0, 0, 0);
}

Test(ip6, the_number_of_headers_is_bounded)
{
	struct ip6_ext e;

	dstopts_chain(IP6_EXT_MAX);
	cr_assert_eq(walk(&e), IP6_EXT_OK);
	cr_assert_eq(e.offset, IP6_HLEN + IP6_EXT_MAX * 8);
	dstopts_chain(IP6_EXT_MAX + 1);
	cr_assert_eq(walk(&e), IP6_EXT_TOO_LONG);
}

/* Pad1 is the cheapest way to make a receiver loop, so padding counts. The limit spans all headers. */
Test(ip6, the_number_of_options_is_bounded)
{
	struct ip6_ext e;

	begin(IP6_NEXT_DSTOPTS);
	PUT(IP6_NEXT_DSTOPTS, 3, 0, 0, 0, 0, 0, 0); /* 30 times Pad1 */
	pkt_len += 24;
	PUT(TCP, 0, 0, 1, 3, 0, 0, 0); /* and two more */
	cr_assert_eq(walk(&e), IP6_EXT_OK);
	pkt[76] = 2;
	cr_assert_eq(walk(&e), IP6_EXT_TOO_LONG);
}
