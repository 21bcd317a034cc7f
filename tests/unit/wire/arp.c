/* SPDX-License-Identifier: MIT */
#include "libos/wire/arp.h"

#include "tests/unit/wire/guard.h"

static const uint8_t request[ARP_LEN] = {
	0x00, 0x01, 0x08, 0x00, 6,    4,    0x00, 0x01,       /* Ethernet, IPv4, request */
	0x02, 0x00, 0x00, 0x00, 0x00, 0x0a, 10,   0,    0, 1, /* sender */
	0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 10,   0,    0, 2, /* target */
};

Test(arp, request_is_read_in_place)
{
	const uint8_t *p = guard_copy(request, ARP_LEN);
	const struct arp_pkt *a = arp_parse_or_null(p, ARP_LEN);

	cr_assert_eq((const void *)a, (const void *)p);
	cr_assert_eq(be16_get(a->op), ARP_OP_REQUEST);
	cr_assert_eq(a->sha.b[5], 0x0a);
	cr_assert_eq(be32_get(a->spa), 0x0a000001);
	cr_assert(mac_is_zero(&a->tha));
	cr_assert_eq(be32_get(a->tpa), 0x0a000002);
}

Test(arp, emit_gives_the_known_bytes)
{
	struct mac sha = { { 0x02, 0, 0, 0, 0, 0x0a } }, tha = { { 0 } };
	uint8_t *p = guard_end() - ARP_LEN;

	arp_emit(p, ARP_OP_REQUEST, &sha, be32(0x0a000001), &tha, be32(0x0a000002));
	cr_assert_arr_eq(p, request, ARP_LEN);
}

Test(arp, padding_of_short_frames_is_no_error)
{
	uint8_t frame[ETH_MIN_FRAME - ETH_HLEN] = { 0 };

	memcpy(frame, request, ARP_LEN);
	cr_assert_not_null(arp_parse_or_null(guard_copy(frame, sizeof(frame)), sizeof(frame)));
}

Test(arp, every_truncation_is_refused)
{
	for (size_t len = 0; len < ARP_LEN; len++)
		cr_assert_null(arp_parse_or_null(guard_copy(request, len), len));
}

static const struct arp_pkt *parse_with(size_t at, uint8_t value)
{
	uint8_t bytes[ARP_LEN];

	memcpy(bytes, request, ARP_LEN);
	bytes[at] = value;
	return arp_parse_or_null(guard_copy(bytes, ARP_LEN), ARP_LEN);
}

Test(arp, other_hardware_protocols_and_operations_are_refused)
{
	cr_assert_null(parse_with(0, 1)); /* hardware type 0x0101 */
	cr_assert_null(parse_with(1, 6)); /* IEEE 802 */
	cr_assert_null(parse_with(3, 6)); /* protocol 0x0806 */
	cr_assert_null(parse_with(4, 8)); /* address lengths */
	cr_assert_null(parse_with(5, 16));
	cr_assert_null(parse_with(7, 0)); /* operations */
	cr_assert_null(parse_with(7, 3));
	cr_assert_null(parse_with(6, 1));
	cr_assert_not_null(parse_with(7, ARP_OP_REPLY));
}

/* Learning a group address would let one packet turn a conversation into a broadcast. */
Test(arp, group_sender_is_refused)
{
	cr_assert_null(parse_with(8, 0x03));
	cr_assert_null(parse_with(8, 0xff));
}
