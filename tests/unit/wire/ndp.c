/* SPDX-License-Identifier: MIT */
#include "libos/base/ipaddr.h"
#include "libos/wire/icmp.h"
#include "tests/unit/wire/guard.h"

/* fe80::2 asked for, by 02:00:00:00:00:0a. */
static const uint8_t solicit[NDP_MSG_LEN] = {
	135,  0,    0, 0, 0, 0, 0, 0,                            /* ICMPv6 */
	0xfe, 0x80, 0, 0, 0, 0, 0, 0,    0, 0, 0, 0, 0, 0, 0, 2, /* target */
	1,    1,    2, 0, 0, 0, 0, 0x0a,                         /* source link-layer address */
};

/* The answer of a router: solicited, override. */
static const uint8_t advert[NDP_MSG_LEN] = {
	136,  0,    0, 0, 0xe0, 0, 0, 0,                            /* ICMPv6 */
	0xfe, 0x80, 0, 0, 0,    0, 0, 0,    0, 0, 0, 0, 0, 0, 0, 2, /* target */
	2,    1,    2, 0, 0,    0, 0, 0x0b,                         /* target link-layer address */
};

static bool parse(const void *p, size_t len, struct ndp_msg *m)
{
	memset(m, 0xee, sizeof(*m));
	return ndp_parse(guard_copy(p, len), len, m);
}

static bool parse_with(size_t at, uint8_t value, struct ndp_msg *m)
{
	uint8_t bytes[NDP_MSG_LEN];

	memcpy(bytes, solicit, sizeof(bytes));
	bytes[at] = value;
	return parse(bytes, sizeof(bytes), m);
}

static struct ipaddr addr(const char *text)
{
	struct ipaddr a;

	cr_assert_eq(ipaddr_parse(text, &a), 0);
	return a;
}

Test(ndp, solicitation_is_read)
{
	struct ipaddr target = addr("fe80::2");
	struct ndp_msg m;

	cr_assert(parse(solicit, NDP_MSG_LEN, &m));
	cr_assert_eq(m.type, ICMP6_NEIGHBOR_SOLICIT);
	cr_assert(ipaddr_equal(&m.target, &target));
	cr_assert(m.has_lladdr && m.lladdr.b[0] == 2 && m.lladdr.b[5] == 0x0a);
	cr_assert(!m.router && !m.solicited && !m.override);
}

Test(ndp, advertisement_flags_are_read_one_by_one)
{
	uint8_t bytes[NDP_MSG_LEN];
	struct ndp_msg m;

	memcpy(bytes, advert, sizeof(bytes));
	for (unsigned flags = 0; flags < 8; flags++) {
		bytes[4] = (uint8_t)(flags << 5 | 0x1f);
		cr_assert(parse(bytes, NDP_MSG_LEN, &m));
		cr_assert_eq(m.router, (flags & 4) != 0);
		cr_assert_eq(m.solicited, (flags & 2) != 0);
		cr_assert_eq(m.override, (flags & 1) != 0);
		cr_assert(m.has_lladdr && m.lladdr.b[5] == 0x0b);
	}
}

/* The reserved bits of a solicitation mean nothing, whatever they are. */
Test(ndp, solicitations_have_no_flags)
{
	struct ndp_msg m;

	cr_assert(parse_with(4, 0xff, &m));
	cr_assert(!m.router && !m.solicited && !m.override);
}

Test(ndp, emit_gives_the_known_bytes)
{
	struct ndp_msg m = { .type = ICMP6_NEIGHBOR_SOLICIT,
			     .has_lladdr = true,
			     .lladdr = { { 2, 0, 0, 0, 0, 0x0a } },
			     .target = addr("fe80::2") };
	uint8_t *p = guard_end() - NDP_MSG_LEN;

	memset(p, 0xee, NDP_MSG_LEN);
	cr_assert_eq(ndp_emit(p, &m), NDP_MSG_LEN);
	cr_assert_arr_eq(p, solicit, NDP_MSG_LEN);
	m.type = ICMP6_NEIGHBOR_ADVERT;
	m.router = m.solicited = m.override = true;
	m.lladdr.b[5] = 0x0b;
	cr_assert_eq(ndp_emit(p, &m), NDP_MSG_LEN);
	cr_assert_arr_eq(p, advert, NDP_MSG_LEN);
	m.has_lladdr = false;
	p = guard_end() - 24;
	cr_assert_eq(ndp_emit(p, &m), 24);
	cr_assert_arr_eq(p, advert, 24);
}

Test(ndp, truncations)
{
	struct ndp_msg m;

	for (size_t len = 0; len < NDP_MSG_LEN; len++) {
		bool whole = len == 24; /* all but the option, which may be absent */

		cr_assert_eq(parse(solicit, len, &m), whole, "len %zu", len);
		if (whole)
			cr_assert(!m.has_lladdr);
	}
}

Test(ndp, rfc4861_7_1_validity)
{
	struct ndp_msg m;

	cr_assert(!parse_with(0, 133, &m));  /* router solicitation */
	cr_assert(!parse_with(0, 137, &m));  /* redirect */
	cr_assert(!parse_with(1, 1, &m));    /* code */
	cr_assert(!parse_with(8, 0xff, &m)); /* multicast target */
	cr_assert(!parse_with(25, 0, &m));   /* option of length zero */
	cr_assert(!parse_with(25, 2, &m));   /* option past the end */
	cr_assert(!parse_with(25, 255, &m)); /* likewise */
	cr_assert(!parse_with(26, 3, &m));   /* group link-layer address */
	cr_assert(parse_with(24, 14, &m));   /* an option that we do not know */
	cr_assert(!m.has_lladdr);
	cr_assert(parse_with(24, 2, &m)); /* the other message's option */
	cr_assert(!m.has_lladdr);
}

Test(ndp, mapped_ipv4_target_is_refused)
{
	static const uint8_t mapped[16] = { [10] = 0xff, 0xff, 10, 0, 0, 1 };
	uint8_t bytes[NDP_MSG_LEN];
	struct ndp_msg m;

	memcpy(bytes, solicit, sizeof(bytes));
	memcpy(bytes + ICMP_HLEN, mapped, 16);
	cr_assert(!parse(bytes, sizeof(bytes), &m));
}

Test(ndp, options_after_unknown_ones_and_repeated_ones)
{
	uint8_t bytes[24 + 16 + 8 + 8] = { 0 };
	struct ndp_msg m;

	memcpy(bytes, solicit, 24);
	bytes[24] = 14; /* nonce, two units */
	bytes[25] = 2;
	memcpy(bytes + 40, solicit + 24, 8);
	memcpy(bytes + 48, solicit + 24, 8);
	bytes[55] = 0x0c;
	cr_assert(parse(bytes, sizeof(bytes), &m));
	cr_assert(m.has_lladdr && m.lladdr.b[5] == 0x0a);
	bytes[49] = 0; /* a bad option after the one that counts still spoils the message */
	cr_assert(!parse(bytes, sizeof(bytes), &m));
}

Test(ndp, link_layer_address_of_another_length_is_refused)
{
	uint8_t bytes[24 + 16] = { 0 };
	struct ndp_msg m;

	memcpy(bytes, solicit, NDP_MSG_LEN);
	bytes[25] = 2;
	cr_assert(!parse(bytes, sizeof(bytes), &m));
}

Test(ndp, addresses_derived_from_addresses)
{
	struct ipaddr a = addr("2001:db8::1:abcd:ef12"), want = addr("ff02::1:ffcd:ef12");
	struct ipaddr group = ndp_solicited_node(&a);
	static const struct mac want_mac = { { 0x33, 0x33, 0xff, 0xcd, 0xef, 0x12 } };
	struct mac m = ip6_multicast_mac(&group);

	cr_assert(ipaddr_equal(&group, &want));
	cr_assert(mac_equal(&m, &want_mac));
}
