/* SPDX-License-Identifier: MIT */
#include "libos/wire/ip4.h"

#include "tests/unit/wire/guard.h"

/* A header as seen in the wild: UDP, 115 bytes, DF, 192.168.0.1 to 192.168.0.199. */
static const uint8_t sample[IP4_HLEN] = { 0x45, 0x00, 0x00, 0x73, 0x00, 0x00, 0x40,
					  0x00, 0x40, 0x11, 0xb8, 0x61, 0xc0, 0xa8,
					  0x00, 0x01, 0xc0, 0xa8, 0x00, 0xc7 };

#define SAMPLE_LEN 115

static enum ip4_error check_with(size_t at, uint8_t value, size_t len)
{
	uint8_t pkt[SAMPLE_LEN] = { 0 };

	memcpy(pkt, sample, sizeof(sample));
	pkt[at] = value;
	return ip4_check((const void *)guard_copy(pkt, len), len, false);
}

Test(ip4, sample_is_good_at_and_above_its_length)
{
	uint8_t pkt[SAMPLE_LEN + 9] = { 0 };

	memcpy(pkt, sample, sizeof(sample));
	for (size_t len = SAMPLE_LEN; len <= sizeof(pkt); len++)
		cr_assert_eq(ip4_check((const void *)guard_copy(pkt, len), len, true), IP4_OK);
	for (size_t len = 0; len < SAMPLE_LEN; len++)
		cr_assert_eq(ip4_check((const void *)guard_copy(pkt, len), len, true),
			     IP4_BAD_LENGTH, "len %zu", len);
}

Test(ip4, verdicts)
{
	cr_assert_eq(check_with(0, 0x65, SAMPLE_LEN), IP4_BAD_VERSION);
	cr_assert_eq(check_with(0, 0x05, SAMPLE_LEN), IP4_BAD_VERSION);
	cr_assert_eq(check_with(0, 0x44, SAMPLE_LEN), IP4_BAD_LENGTH);
	cr_assert_eq(check_with(0, 0x40, SAMPLE_LEN), IP4_BAD_LENGTH);
	cr_assert_eq(check_with(3, 19, SAMPLE_LEN), IP4_BAD_LENGTH);
	cr_assert_eq(check_with(3, 20, SAMPLE_LEN), IP4_OK);
	cr_assert_eq(check_with(3, SAMPLE_LEN + 1, SAMPLE_LEN), IP4_BAD_LENGTH);
	cr_assert_eq(check_with(2, 0xff, SAMPLE_LEN), IP4_BAD_LENGTH);
	cr_assert_eq(check_with(0, 0x4f, SAMPLE_LEN), IP4_OK);
}

Test(ip4, checksum_covers_each_bit_and_can_be_left_to_the_device)
{
	uint8_t pkt[SAMPLE_LEN] = { 0 };

	memcpy(pkt, sample, sizeof(sample));
	/* From the id on: bits before it break the length or version first. */
	for (size_t bit = 4 * 8; bit < IP4_HLEN * 8; bit++) {
		pkt[bit / 8] ^= (uint8_t)(1 << bit % 8);
		cr_assert_eq(ip4_check((const void *)pkt, sizeof(pkt), true), IP4_BAD_CSUM);
		cr_assert_eq(ip4_check((const void *)pkt, sizeof(pkt), false), IP4_OK);
		pkt[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
}

Test(ip4, options_are_under_the_checksum_and_within_the_packet)
{
	/* Router alert (RFC 2113), IGMP, 224.0.0.22, no payload. */
	static const uint8_t pkt[24] = { 0x46, 0xc0, 0x00, 0x18, 0x00, 0x00, 0x40, 0x00,
					 0x01, 0x02, 0xf7, 0xfa, 0x0a, 0x00, 0x02, 0x0f,
					 0xe0, 0x00, 0x00, 0x16, 0x94, 0x04, 0x00, 0x00 };
	uint8_t broken[24];

	cr_assert_eq(ip4_check((const void *)guard_copy(pkt, 24), 24, true), IP4_OK);
	cr_assert_eq(ip4_hlen((const void *)pkt), 24);
	memcpy(broken, pkt, 24);
	broken[21] ^= 1;
	cr_assert_eq(ip4_check((const void *)broken, 24, true), IP4_BAD_CSUM);
	memcpy(broken, pkt, 24);
	broken[3] = 0x17; /* total length inside the options */
	cr_assert_eq(ip4_check((const void *)broken, 24, true), IP4_BAD_LENGTH);
}

Test(ip4, emit_gives_the_known_bytes)
{
	uint8_t *p = guard_end() - IP4_HLEN;

	ip4_emit(p, 0, SAMPLE_LEN, 0, IP4_DF, 64, IP_PROTO_UDP, be32(0xc0a80001), be32(0xc0a800c7),
		 false);
	cr_assert_arr_eq(p, sample, IP4_HLEN);
}

Test(ip4, emit_puts_each_field_in_its_place)
{
	static const uint8_t want[IP4_HLEN] = { 0x45, 0xb9, 0x12, 0x34, 0x56, 0x78, 0x20,
						0xb9, 0xfe, 0x06, 0x00, 0x00, 0x01, 0x02,
						0x03, 0x04, 0x05, 0x06, 0x07, 0x08 };
	uint8_t p[IP4_HLEN];

	ip4_emit(p, 0xb9, 0x1234, 0x5678, IP4_MF | 185, 0xfe, IP_PROTO_TCP, be32(0x01020304),
		 be32(0x05060708), true);
	cr_assert_arr_eq(p, want, IP4_HLEN);
	ip4_emit(p, 0xb9, 0x1234, 0x5678, IP4_MF | 185, 0xfe, IP_PROTO_TCP, be32(0x01020304),
		 be32(0x05060708), false);
	cr_assert(csum_is_good(csum_add_bytes(0, p, IP4_HLEN)));
}

Test(ip4, emitted_checksums_hold_where_carries_pile_up)
{
	uint8_t p[IP4_HLEN];

	ip4_emit(p, 0xff, 0xffff, 0xffff, 0xffff, 0xff, 0xff, be32(0xffffffff), be32(0xffffffff),
		 false);
	cr_assert(csum_is_good(csum_add_bytes(0, p, IP4_HLEN)));
	ip4_emit(p, 0, 20, 0, 0, 0, 0, be32(0), be32(0), false);
	cr_assert(csum_is_good(csum_add_bytes(0, p, IP4_HLEN)));
	cr_assert_eq(load_be16(p + 10), 0xbaeb);
}

Test(ip4, fragments)
{
	struct ip4_hdr h;

	memcpy(&h, sample, sizeof(h));
	cr_assert(!ip4_is_fragment(&h));
	h.frag = be16(IP4_MF);
	cr_assert(ip4_is_fragment(&h) && ip4_frag_offset(&h) == 0);
	h.frag = be16(IP4_DF | 0x1fff);
	cr_assert(ip4_is_fragment(&h) && ip4_frag_offset(&h) == 65528);
}
