/* SPDX-License-Identifier: MIT */
/* Between the application's scatter-gather arrays and packet buffers. Nothing here copies a byte of payload. */
#ifndef LIBOS_QUEUE_SGA_H
#define LIBOS_QUEUE_SGA_H

#include "demi/types.h"
#include "libos/queue/runtime.h"

/*
 * A buf that shows what @sga holds, for the transport to consume; the application keeps its own reference. For memory
 * that is the application's own, @op completes when the buf is released. -EINVAL: not one segment, no bytes, a
 * stale array, or a segment outside its memory; -ENOBUFS.
 */
int sga_to_buf(struct runtime *rt, struct op *op, const demi_sgarray_t *sga,
	       struct buf **out) must_check;

/* Fills @qr with the outcome of a done operation. The reference of a popped buf becomes the application's. */
void qresult_from_op(demi_qresult_t *qr, const struct op *op);

#endif
