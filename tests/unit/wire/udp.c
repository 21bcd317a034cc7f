/* SPDX-License-Identifier: MIT */
#include "libos/wire/udp.h"

#include "tests/unit/wire/guard.h"

/* 10.0.0.1:1024 to 10.0.0.2:53, "abc": an odd length. */
static const uint8_t sample[] = { 0x04, 0x00, 0x00, 0x35, 0x00, 0x0b, 0x23, 0x3e, 'a', 'b', 'c' };

Test(udp, lengths)
{
	uint8_t pkt[16] = { 0 };

	memcpy(pkt, sample, sizeof(sample));
	for (size_t len = 0; len < sizeof(sample); len++)
		cr_assert(!udp_len_is_good((const void *)guard_copy(pkt, len), len));
	for (size_t len = sizeof(sample); len <= sizeof(pkt); len++)
		cr_assert(udp_len_is_good((const void *)guard_copy(pkt, len), len));
	pkt[5] = 8;
	cr_assert(udp_len_is_good((const void *)guard_copy(pkt, 8), 8));
	pkt[5] = 7;
	cr_assert(!udp_len_is_good((const void *)pkt, sizeof(pkt)));
	pkt[5] = 0;
	cr_assert(!udp_len_is_good((const void *)pkt, sizeof(pkt)));
	pkt[4] = 1;
	cr_assert(!udp_len_is_good((const void *)pkt, sizeof(pkt)));
}

Test(udp, emit_and_checksum_give_the_known_bytes)
{
	struct ipaddr src = ipaddr_v4(be32(0x0a000001)), dst = ipaddr_v4(be32(0x0a000002));
	uint64_t pseudo = csum_pseudo(&src, &dst, 17, sizeof(sample));
	uint8_t *p = guard_end() - sizeof(sample);
	struct udp_hdr *h = (void *)p;
	uint64_t header;

	memcpy(p, sample, sizeof(sample));
	memset(p, 0xee, UDP_HLEN);
	header = udp_emit(p, 1024, 53, sizeof(sample));
	cr_assert_eq(csum_fold(header), csum_fold(csum_add_bytes(0, p, UDP_HLEN)));
	csum_store(&h->csum, udp_csum_finish(csum_add_bytes(pseudo, p, sizeof(sample))));
	cr_assert_arr_eq(p, sample, sizeof(sample));
	cr_assert(csum_is_good(csum_add_bytes(pseudo, p, sizeof(sample))));
}

/* RFC 768: a computed zero is sent as all ones, since zero says that there is none. */
Test(udp, a_sum_that_would_be_zero_is_sent_as_ones)
{
	cr_assert_eq(udp_csum_finish(0xffff), 0xffff);
	cr_assert_eq(udp_csum_finish(0x1fffe), 0xffff);
	cr_assert_eq(udp_csum_finish(0), 0xffff);
	cr_assert_eq(udp_csum_finish(0xfffe), 1);
}
