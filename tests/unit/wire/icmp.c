/* SPDX-License-Identifier: MIT */
#include "libos/wire/icmp.h"

#include "libos/wire/ip4.h"
#include "tests/unit/wire/guard.h"

/* Fragmentation needed, MTU 1400: our TCP segment 10.0.0.1:4096 -> 192.0.2.7:80, 1500 bytes, seq 0x89abcdef. */
static const uint8_t needfrag4[] = {
	3,    4,    0,    0,    0,    0,    0x05, 0x78,             /* ICMP */
	0x45, 0x00, 0x05, 0xdc, 0x12, 0x34, 0x40, 0x00, 0x3f, 0x06, /* IPv4 */
	0x00, 0x00, 10,   0,    0,    1,    192,  0,    2,    7,    /* */
	0x10, 0x00, 0x00, 0x50, 0x89, 0xab, 0xcd, 0xef,             /* TCP, its first 8 bytes */
};

#define IP4_AT ICMP_HLEN

static bool parse4(const uint8_t *p, size_t len, struct icmp_error *e)
{
	memset(e, 0xee, sizeof(*e));
	return icmp4_parse_error(guard_copy(p, len), len, e);
}

static bool parse4_with(size_t at, uint8_t value, struct icmp_error *e)
{
	uint8_t bytes[sizeof(needfrag4)];

	memcpy(bytes, needfrag4, sizeof(bytes));
	bytes[at] = value;
	return parse4(bytes, sizeof(bytes), e);
}

Test(icmp4, everything_of_a_needfrag_is_read)
{
	struct icmp_error e;
	char text[IPADDR_STRLEN];

	cr_assert(parse4(needfrag4, sizeof(needfrag4), &e));
	cr_assert_eq(e.kind, ICMP_ERR_TOO_BIG);
	cr_assert_eq(e.mtu, 1400);
	cr_assert_eq(e.proto, IP_PROTO_TCP);
	cr_assert_str_eq(ipaddr_format(&e.src, text), "10.0.0.1");
	cr_assert_str_eq(ipaddr_format(&e.dst, text), "192.0.2.7");
	cr_assert_eq(e.sport, 4096);
	cr_assert_eq(e.dport, 80);
	cr_assert_eq(e.tcp_seq, 0x89abcdef);
	cr_assert_eq(e.quoted_len, 1500);
}

Test(icmp4, every_truncation_is_refused_and_changes_nothing)
{
	struct icmp_error e;

	for (size_t len = 0; len < sizeof(needfrag4); len++) {
		cr_assert(!parse4(needfrag4, len, &e), "len %zu", len);
		cr_assert_eq(e.mtu, 0xeeeeeeee);
	}
}

Test(icmp4, longer_quotations_are_fine)
{
	uint8_t bytes[sizeof(needfrag4) + 500] = { 0 };
	struct icmp_error e;

	memcpy(bytes, needfrag4, sizeof(needfrag4));
	cr_assert(parse4(bytes, sizeof(bytes), &e));
}

Test(icmp4, kinds_by_type_and_code)
{
	static const struct {
		uint8_t type, code;
		enum icmp_error_kind kind;
	} cases[] = {
		{ 3, 0, ICMP_ERR_NET_UNREACH },    { 3, 1, ICMP_ERR_HOST_UNREACH },
		{ 3, 2, ICMP_ERR_PROTO_UNREACH },  { 3, 3, ICMP_ERR_PORT_UNREACH },
		{ 3, 4, ICMP_ERR_TOO_BIG },        { 3, 5, ICMP_ERR_HOST_UNREACH },
		{ 3, 6, ICMP_ERR_NET_UNREACH },    { 3, 7, ICMP_ERR_HOST_UNREACH },
		{ 3, 8, ICMP_ERR_HOST_UNREACH },   { 3, 9, ICMP_ERR_PROHIBITED },
		{ 3, 10, ICMP_ERR_PROHIBITED },    { 3, 11, ICMP_ERR_NET_UNREACH },
		{ 3, 12, ICMP_ERR_HOST_UNREACH },  { 3, 13, ICMP_ERR_PROHIBITED },
		{ 3, 14, ICMP_ERR_PROHIBITED },    { 3, 15, ICMP_ERR_PROHIBITED },
		{ 11, 0, ICMP_ERR_TIME_EXCEEDED }, { 11, 1, ICMP_ERR_TIME_EXCEEDED },
		{ 12, 0, ICMP_ERR_PARAM_PROBLEM }, { 12, 2, ICMP_ERR_PARAM_PROBLEM },
	};
	struct icmp_error e;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		uint8_t bytes[sizeof(needfrag4)];

		memcpy(bytes, needfrag4, sizeof(bytes));
		bytes[0] = cases[i].type;
		bytes[1] = cases[i].code;
		cr_assert(parse4(bytes, sizeof(bytes), &e));
		cr_assert_eq(e.kind, cases[i].kind, "%u/%u", cases[i].type, cases[i].code);
		cr_assert_eq(e.mtu, cases[i].kind == ICMP_ERR_TOO_BIG ? 1400 : 0);
	}
}

/* Source quench is deprecated (RFC 6633), redirects are ignored, the others are no errors. */
Test(icmp4, other_types_and_codes_are_refused)
{
	struct icmp_error e;

	for (unsigned type = 0; type < 256; type++) {
		bool is_error = type == 3 || type == 11 || type == 12;

		cr_assert_eq(parse4_with(0, (uint8_t)type, &e), is_error, "type %u", type);
	}
	for (unsigned code = 16; code < 256; code++)
		cr_assert(!parse4_with(1, (uint8_t)code, &e));
}

Test(icmp4, an_old_router_says_no_mtu)
{
	uint8_t bytes[sizeof(needfrag4)];
	struct icmp_error e;

	memcpy(bytes, needfrag4, sizeof(bytes));
	bytes[6] = bytes[7] = 0;
	cr_assert(parse4(bytes, sizeof(bytes), &e));
	cr_assert_eq(e.mtu, 0);
	/* RFC 4884: byte 5 is a length, no part of the MTU. */
	cr_assert(parse4_with(5, 32, &e));
	cr_assert_eq(e.mtu, 1400);
}

Test(icmp4, quotations_that_name_no_connection_are_refused)
{
	struct icmp_error e;

	cr_assert(!parse4_with(IP4_AT, 0x65, &e));     /* version */
	cr_assert(!parse4_with(IP4_AT, 0x44, &e));     /* header length */
	cr_assert(!parse4_with(IP4_AT, 0x46, &e));     /* options eat the transport header */
	cr_assert(!parse4_with(IP4_AT + 7, 1, &e));    /* second fragment */
	cr_assert(!parse4_with(IP4_AT + 6, 0x01, &e)); /* likewise */
	cr_assert(parse4_with(IP4_AT + 6, 0x20, &e));  /* first fragment */
	cr_assert(!parse4_with(IP4_AT + 9, IP_PROTO_ICMP4, &e));
	cr_assert(!parse4_with(IP4_AT + 9, 132, &e));
}

Test(icmp4, quoted_udp_has_no_sequence_number)
{
	struct icmp_error e;

	cr_assert(parse4_with(IP4_AT + 9, IP_PROTO_UDP, &e));
	cr_assert_eq(e.proto, IP_PROTO_UDP);
	cr_assert_eq(e.tcp_seq, 0);
	cr_assert_eq(e.sport, 4096);
}

Test(icmp4, quoted_options_are_skipped)
{
	uint8_t bytes[sizeof(needfrag4) + 40] = { 0 };
	struct icmp_error e;

	memcpy(bytes, needfrag4, IP4_AT + IP4_HLEN);
	memset(bytes + IP4_AT + IP4_HLEN, 1, 40);
	memcpy(bytes + IP4_AT + 60, needfrag4 + IP4_AT + IP4_HLEN, 8);
	bytes[IP4_AT] = 0x4f;
	cr_assert(parse4(bytes, sizeof(bytes), &e));
	cr_assert_eq(e.sport, 4096);
	cr_assert_eq(e.tcp_seq, 0x89abcdef);
	for (size_t len = 0; len < sizeof(bytes); len++)
		cr_assert(!parse4(bytes, len, &e), "len %zu", len);
}

/* Port unreachable for our UDP datagram [2001:db8::1]:4096 -> [2001:db8::2]:53. */
static const uint8_t unreach6[] = {
	1,    4,    0,    0,    0,    0, 0,  0,                          /* ICMPv6 */
	0x60, 0,    0,    0,    0x00, 9, 17, 63,                         /* IPv6 */
	0x20, 0x01, 0x0d, 0xb8, 0,    0, 0,  0,  0, 0, 0, 0, 0, 0, 0, 1, /* */
	0x20, 0x01, 0x0d, 0xb8, 0,    0, 0,  0,  0, 0, 0, 0, 0, 0, 0, 2, /* */
	0x10, 0x00, 0x00, 0x35, 0x00, 9, 0,  0,                          /* UDP */
};

#define IP6_AT ICMP_HLEN
#define L4_AT (ICMP_HLEN + 40)

static bool parse6(const uint8_t *p, size_t len, struct icmp_error *e)
{
	memset(e, 0xee, sizeof(*e));
	return icmp6_parse_error(guard_copy(p, len), len, e);
}

static bool parse6_with(size_t at, uint8_t value, struct icmp_error *e)
{
	uint8_t bytes[sizeof(unreach6)];

	memcpy(bytes, unreach6, sizeof(bytes));
	bytes[at] = value;
	return parse6(bytes, sizeof(bytes), e);
}

Test(icmp6, everything_of_an_unreachable_is_read)
{
	struct icmp_error e;
	char text[IPADDR_STRLEN];

	cr_assert(parse6(unreach6, sizeof(unreach6), &e));
	cr_assert_eq(e.kind, ICMP_ERR_PORT_UNREACH);
	cr_assert_eq(e.mtu, 0);
	cr_assert_eq(e.proto, IP_PROTO_UDP);
	cr_assert_str_eq(ipaddr_format(&e.src, text), "2001:db8::1");
	cr_assert_str_eq(ipaddr_format(&e.dst, text), "2001:db8::2");
	cr_assert_eq(e.sport, 4096);
	cr_assert_eq(e.dport, 53);
	cr_assert_eq(e.tcp_seq, 0);
	cr_assert_eq(e.quoted_len, 49);
}

Test(icmp6, every_truncation_is_refused)
{
	struct icmp_error e;

	for (size_t len = 0; len < sizeof(unreach6); len++)
		cr_assert(!parse6(unreach6, len, &e), "len %zu", len);
}

Test(icmp6, kinds_by_type_and_code)
{
	static const struct {
		uint8_t type, code;
		enum icmp_error_kind kind;
	} cases[] = {
		{ 1, 0, ICMP_ERR_NET_UNREACH },   { 1, 1, ICMP_ERR_PROHIBITED },
		{ 1, 2, ICMP_ERR_HOST_UNREACH },  { 1, 3, ICMP_ERR_HOST_UNREACH },
		{ 1, 4, ICMP_ERR_PORT_UNREACH },  { 1, 5, ICMP_ERR_PROHIBITED },
		{ 1, 6, ICMP_ERR_PROHIBITED },    { 1, 7, ICMP_ERR_HOST_UNREACH },
		{ 2, 0, ICMP_ERR_TOO_BIG },       { 2, 99, ICMP_ERR_TOO_BIG },
		{ 3, 0, ICMP_ERR_TIME_EXCEEDED }, { 3, 1, ICMP_ERR_TIME_EXCEEDED },
		{ 4, 0, ICMP_ERR_PARAM_PROBLEM }, { 4, 1, ICMP_ERR_PROTO_UNREACH },
		{ 4, 2, ICMP_ERR_PARAM_PROBLEM },
	};
	struct icmp_error e;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		uint8_t bytes[sizeof(unreach6)];

		memcpy(bytes, unreach6, sizeof(bytes));
		bytes[0] = cases[i].type;
		bytes[1] = cases[i].code;
		cr_assert(parse6(bytes, sizeof(bytes), &e));
		cr_assert_eq(e.kind, cases[i].kind, "%u/%u", cases[i].type, cases[i].code);
	}
	for (unsigned type = 5; type < 256; type++)
		cr_assert(!parse6_with(0, (uint8_t)type, &e));
	cr_assert(!parse6_with(0, 0, &e));
	cr_assert(!parse6_with(1, 8, &e));
}

Test(icmp6, too_big_has_32_bits_of_mtu)
{
	uint8_t bytes[sizeof(unreach6)];
	struct icmp_error e;

	memcpy(bytes, unreach6, sizeof(bytes));
	bytes[0] = ICMP6_TOO_BIG;
	bytes[1] = 0;
	store_be32(bytes + 4, 0x00011234);
	cr_assert(parse6(bytes, sizeof(bytes), &e));
	cr_assert_eq(e.mtu, 0x00011234);
}

Test(icmp6, quotations_that_name_no_connection_are_refused)
{
	struct icmp_error e;

	cr_assert(!parse6_with(IP6_AT, 0x40, &e));
	cr_assert(!parse6_with(IP6_AT + 6, IP_PROTO_ICMP6, &e));
	cr_assert(!parse6_with(IP6_AT + 6, 59, &e));
	cr_assert(parse6_with(IP6_AT + 6, IP_PROTO_TCP, &e));
	cr_assert_eq(e.tcp_seq, 0x00090000);
}

/* Otherwise an IPv6 neighbour could break IPv4 connections, whose addresses are kept in the mapped form. */
Test(icmp6, mapped_ipv4_addresses_in_a_quotation_are_refused)
{
	static const uint8_t mapped[16] = { [10] = 0xff, 0xff, 10, 0, 0, 1 };
	uint8_t bytes[sizeof(unreach6)];
	struct icmp_error e;

	memcpy(bytes, unreach6, sizeof(bytes));
	memcpy(bytes + IP6_AT + 8, mapped, 16);
	cr_assert(!parse6(bytes, sizeof(bytes), &e));
	memcpy(bytes, unreach6, sizeof(bytes));
	memcpy(bytes + IP6_AT + 24, mapped, 16);
	cr_assert(!parse6(bytes, sizeof(bytes), &e));
}

static size_t with_ext(uint8_t *bytes, uint8_t first, const uint8_t *ext, size_t ext_len)
{
	memcpy(bytes, unreach6, L4_AT);
	bytes[IP6_AT + 6] = first;
	memcpy(bytes + L4_AT, ext, ext_len);
	memcpy(bytes + L4_AT + ext_len, unreach6 + L4_AT, 8);
	return L4_AT + ext_len + 8;
}

Test(icmp6, quoted_extension_headers_are_skipped)
{
	/* Hop-by-hop with an option we would refuse, routing with segments left, first fragment, 16 bytes dstopts. */
	static const uint8_t ext[] = {
		43, 0, 0xc2, 4, 0,  0, 0, 0,  44, 0, 4, 1, 0, 0, 0, 0, 60, 0, 0, 1,
		0,  0, 0,    9, 17, 1, 1, 12, 0,  0, 0, 0, 0, 0, 0, 0, 0,  0, 0, 0,
	};
	uint8_t bytes[256];
	size_t len = with_ext(bytes, 0, ext, sizeof(ext));
	struct icmp_error e;

	cr_assert(parse6(bytes, len, &e));
	cr_assert_eq(e.sport, 4096);
	cr_assert_eq(e.proto, IP_PROTO_UDP);
	for (size_t cut = ICMP_HLEN; cut < len; cut++)
		cr_assert(!parse6(bytes, cut, &e), "len %zu", cut);
	bytes[L4_AT + 19] = 8; /* now the fragment at offset 8 */
	cr_assert(!parse6(bytes, len, &e));
}

Test(icmp6, quoted_chains_are_bounded)
{
	uint8_t ext[9 * 8] = { 0 }, bytes[256];
	struct icmp_error e;
	size_t len;

	for (size_t i = 0; i < sizeof(ext); i += 8)
		ext[i] = 60;
	ext[7 * 8] = 17;
	len = with_ext(bytes, 60, ext, 8 * 8);
	cr_assert(parse6(bytes, len, &e));
	ext[7 * 8] = 60;
	ext[8 * 8] = 17;
	len = with_ext(bytes, 60, ext, 9 * 8);
	cr_assert(!parse6(bytes, len, &e));
}
