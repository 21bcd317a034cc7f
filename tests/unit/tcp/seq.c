/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>

#include "libos/tcp/seq.h"

/* Around every boundary where a 32-bit comparison could go wrong. */
static const uint32_t bases[] = {
	0, 1, 0x7fffffff, 0x80000000, 0x80000001, 0xfffffffe, UINT32_MAX
};

Test(tcp_seq, rfc9293_3_4_order_is_modulo_2_32)
{
	static const uint32_t distances[] = { 1, 2, 1u << 30, INT32_MAX };

	for (size_t i = 0; i < ARRAY_SIZE(bases); i++) {
		uint32_t a = bases[i];

		cr_assert(seq_leq(a, a) && seq_geq(a, a) && !seq_lt(a, a) && !seq_gt(a, a));
		cr_assert_eq(seq_diff(a, a), 0);
		for (size_t j = 0; j < ARRAY_SIZE(distances); j++) {
			uint32_t b = a + distances[j];

			cr_assert(seq_lt(a, b) && seq_leq(a, b), "%u %u", a, b);
			cr_assert(seq_gt(b, a) && seq_geq(b, a), "%u %u", a, b);
			cr_assert(!seq_lt(b, a) && !seq_leq(b, a) && !seq_gt(a, b) &&
				  !seq_geq(a, b));
			cr_assert_eq(seq_diff(b, a), (int32_t)distances[j]);
			cr_assert_eq(seq_diff(a, b), -(int32_t)distances[j]);
			cr_assert_eq(seq_max(a, b), b);
			cr_assert_eq(seq_max(b, a), b);
			cr_assert_eq(seq_min(a, b), a);
			cr_assert_eq(seq_min(b, a), a);
		}
	}
}

Test(tcp_seq, rfc9293_3_4_between_is_half_open)
{
	for (size_t i = 0; i < ARRAY_SIZE(bases); i++) {
		uint32_t a = bases[i];

		cr_assert(!seq_between(a, a, a), "nothing is in an empty interval");
		cr_assert(seq_between(a, a, a + 1));
		cr_assert(!seq_between(a + 1, a, a + 1));
		cr_assert(!seq_between(a - 1, a, a + 1));
		cr_assert(seq_between(a + 99, a, a + 100));
		cr_assert(!seq_between(a + 100, a, a + 100));
		cr_assert(seq_between(a + 0xfffffffe, a, a - 1), "longer than half of the space");
		cr_assert(!seq_between(a - 1, a, a - 1));
	}
}
