/* SPDX-License-Identifier: MIT */
#include "libos/wire/csum_buf.h"

uint64_t csum_add_chain(uint64_t sum, const struct buf *b, uint32_t offset, uint32_t len)
{
	uint32_t done = 0;

	for (; b && offset >= b->len; b = b->next)
		offset -= b->len;
	while (done < len) {
		BUG_ON(!b);

		uint32_t n = min_t(uint32_t, b->len - offset, len - done);

		sum = csum_add_bytes_at(sum, b->data + offset, n, done);
		done += n;
		offset = 0;
		b = b->next;
	}
	return sum;
}
