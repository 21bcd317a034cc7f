/* SPDX-License-Identifier: MIT */
/* Between the application's scatter-gather arrays and packet buffers. Nothing here copies a byte of payload. */
#ifndef LIBOS_QUEUE_SGA_H
#define LIBOS_QUEUE_SGA_H

#include <stddef.h>
#include <string.h>

#include "demi/types.h"
#include "libos/queue/runtime.h"

/* The slow half of sga_to_buf. */
int sga_to_buf_slow(struct runtime *rt, struct op *op, const demi_sgarray_t *sga,
		    struct buf **out) cold_path must_check;

/* Is @seg, which must not be empty, within the @bytes at @mem? */
static always_inline bool sga_seg_is_within(const demi_sgaseg_t *seg, const uint8_t *mem,
					    uint32_t bytes)
{
	/* What lies in front of @mem is very far behind it; a length of 0 wraps round to one that never fits. */
	uint64_t offset = (uintptr_t)seg->sgaseg_buf - (uintptr_t)mem;

	return offset <= bytes && (uint64_t)seg->sgaseg_len - 1 < bytes - offset;
}

/*
 * A buf that shows what @sga holds, for the transport to consume; the application keeps its own reference. For memory
 * that is the application's own, @op completes when the buf is released. -EINVAL: not one segment, no bytes, a
 * stale array, or a segment outside its memory; -ENOBUFS.
 */
static always_inline int must_check sga_to_buf(struct runtime *rt, struct op *op,
					       const demi_sgarray_t *sga, struct buf **out)
{
	const demi_sgaseg_t *seg = &sga->sga_segs[0];
	struct buf *b = buf_from_handle_or_null(sga->sga_buf);

	/* Alone with the application the descriptor itself can travel. */
	if (unlikely(!b || sga->sga_numsegs != 1 || b->refs != 1 || b->flags & BUF_SHARED_MEM ||
		     !sga_seg_is_within(seg, buf_mem(b), b->cap)))
		return sga_to_buf_slow(rt, op, sga, out);
	b->data = seg->sgaseg_buf;
	b->len = seg->sgaseg_len;
	b->next = NULL;
	b->mss = 0;
	b->l3_off = 0;
	b->flags = BUF_APP_HELD;
	*out = buf_get(b);
	return 0;
}

/*
 * Gives @b to the application as @sga: its data, and the two words of a sockaddr_in.
 *
 * The application copies the array at once, 16 or 32 bytes at a time. A load that finds its bytes in several younger,
 * narrower stores waits until they have all reached the cache, some 15 cycles; so the array is put together in
 * registers and stored wide.
 */
typedef uint64_t sga_words __attribute__((vector_size(32), aligned(1), may_alias));

static always_inline void sga_give(demi_sgarray_t *sga, struct buf *b, uint64_t addr0,
				   uint64_t addr1)
{
	uint64_t at = (uintptr_t)b->data;

	_Static_assert(offsetof(demi_sgarray_t, sga_numsegs) == 8 &&
			       offsetof(demi_sgarray_t, sga_segs) == 12 &&
			       offsetof(demi_sgarray_t, sga_addr) == 24 &&
			       sizeof(demi_sgarray_t) == 40,
		       "written as words");
	*(sga_words *)sga = (sga_words){ (uintptr_t)buf_give_to_app(b), 1 | at << 32,
					 at >> 32 | (uint64_t)b->len << 32, addr0 };
	memcpy((char *)sga + sizeof(sga_words), &addr1, sizeof(addr1));
}

/* Fills @qr with the outcome of a done operation. The reference of a popped buf becomes the application's. */
void qresult_from_op(demi_qresult_t *qr, const struct op *op);

#endif
