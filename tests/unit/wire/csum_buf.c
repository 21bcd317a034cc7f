/* SPDX-License-Identifier: MIT */
#include "libos/wire/csum_buf.h"

#include <signal.h>

#include "libos/base/rng.h"
#include "tests/unit/wire/guard.h"

#define SEED 0x5eed0002
#define BUFS_MAX 8

/* A packet of @num bufs with the lengths @lens over consecutive bytes at @p. */
static const struct buf *chain(struct buf bufs[BUFS_MAX], uint8_t *p, const uint32_t *lens,
			       unsigned num)
{
	for (unsigned i = 0; i < num; i++) {
		bufs[i] = (struct buf){ .data = p, .len = lens[i], .refs = 1 };
		bufs[i].next = i + 1 < num ? &bufs[i + 1] : NULL;
		p += lens[i];
	}
	return bufs;
}

Test(csum_buf, any_range_of_any_chain_sums_like_flat_memory)
{
	uint8_t *p = guard_start();
	struct buf bufs[BUFS_MAX];
	struct rng r;

	rng_init(&r, SEED);
	for (int i = 0; i < GUARD_PAGE; i++)
		p[i] = (uint8_t)rng_next(&r);
	for (int round = 0; round < 20000; round++) {
		uint32_t lens[BUFS_MAX], total = 0, offset, len;
		unsigned num = 1 + (unsigned)rng_below(&r, BUFS_MAX);
		const struct buf *b;

		for (unsigned i = 0; i < num; i++) {
			lens[i] = (uint32_t)rng_below(&r, round % 2 ? 5 : 400);
			total += lens[i];
		}
		b = chain(bufs, p, lens, num);
		offset = (uint32_t)rng_below(&r, total + 1);
		len = (uint32_t)rng_below(&r, total - offset + 1);
		cr_assert_eq(csum_fold(csum_add_chain(round, b, offset, len)),
			     csum_fold(csum_add_bytes_scalar(round, p + offset, len)),
			     "seed %#x round %d", SEED, round);
	}
}

Test(csum_buf, empty_ranges_and_empty_bufs)
{
	static const uint32_t lens[] = { 0, 3, 0, 0, 5, 0 };
	static const uint8_t bytes[] = { 1, 2, 3, 4, 5, 6, 7, 8 };
	struct buf bufs[BUFS_MAX];
	const struct buf *b = chain(bufs, guard_copy(bytes, sizeof(bytes)), lens, 6);

	cr_assert_eq(csum_add_chain(9, b, 0, 0), 9);
	cr_assert_eq(csum_add_chain(9, b, 8, 0), 9);
	cr_assert_eq(csum_fold(csum_add_chain(0, b, 0, 8)),
		     csum_fold(csum_add_bytes_scalar(0, bytes, 8)));
	cr_assert_eq(csum_fold(csum_add_chain(0, b, 3, 5)),
		     csum_fold(csum_add_bytes_scalar(0, bytes + 3, 5)));
}

Test(csum_buf, a_range_past_the_end_is_our_bug, .signal = SIGABRT)
{
	static const uint32_t lens[] = { 4, 4 };
	struct buf bufs[BUFS_MAX];
	const struct buf *b = chain(bufs, guard_start(), lens, 2);

	csum_add_chain(0, b, 4, 5);
}
