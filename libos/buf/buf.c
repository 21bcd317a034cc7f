/* SPDX-License-Identifier: MIT */
#include "libos/buf/buf.h"

#include <string.h>

void buf_copy_out(const struct buf *b, uint32_t offset, void *out, uint32_t bytes)
{
	uint8_t *to = out;

	while (offset >= b->len && bytes) {
		offset -= b->len;
		b = b->next;
		BUG_ON(!b);
	}
	while (bytes) {
		uint32_t part = min_t(uint32_t, bytes, b->len - offset);

		memcpy(to, b->data + offset, part);
		to += part;
		bytes -= part;
		offset = 0;
		b = b->next;
		BUG_ON(bytes && !b);
	}
}

void buf_trim_chain(struct buf *b, uint32_t bytes)
{
	while (b && bytes > b->len) {
		bytes -= b->len;
		b = b->next;
	}
	if (!b)
		return;
	b->len = bytes;
	buf_put_chain(b->next);
	b->next = NULL;
}

void buf_queue_drain(struct buf_queue *q)
{
	struct buf *b;

	while ((b = buf_queue_pop_or_null(q)) != NULL)
		buf_put_chain(b);
}
