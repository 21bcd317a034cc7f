/* SPDX-License-Identifier: MIT */
#include "libos/queue/sga.h"

#include <errno.h>
#include <string.h>

static int show_own_memory(struct runtime *rt, struct op *op, const demi_sgaseg_t *seg,
			   struct buf **out)
{
	void *token = (void *)(uintptr_t)op_token_of(op);

	if (!seg->sgaseg_buf)
		return -EINVAL;
	*out = buf_foreign_or_null(rt->pool, seg->sgaseg_buf, seg->sgaseg_len, &rt->foreign, token);
	if (!*out)
		return -ENOBUFS;
	op->holds_memory = true;
	return 0;
}

int sga_to_buf_slow(struct runtime *rt, struct op *op, const demi_sgarray_t *sga, struct buf **out)
{
	const demi_sgaseg_t *seg = &sga->sga_segs[0];
	struct buf *b;

	if (sga->sga_numsegs != 1 || seg->sgaseg_len == 0)
		return -EINVAL;
	if (!sga->sga_buf)
		return show_own_memory(rt, op, seg, out);
	b = buf_from_handle_or_null(sga->sga_buf);
	if (!b)
		return -EINVAL;
	if (b->flags & BUF_SHARED_MEM ? !sga_seg_is_within(seg, b->data, b->len)
				      : !sga_seg_is_within(seg, buf_mem(b), b->cap))
		return -EINVAL;
	/* Still in flight elsewhere, or no memory of its own. */
	*out = buf_slice_or_null(rt->pool, b, seg->sgaseg_buf, seg->sgaseg_len);
	return *out ? 0 : -ENOBUFS;
}

void qresult_from_op(demi_qresult_t *qr, const struct op *op)
{
	enum demi_opcode opcode = op->err ? DEMI_OPC_FAILED : (enum demi_opcode)op->opcode;
	struct buf *b = op->value.ptr;

	qr->qr_opcode = opcode;
	qr->qr_qd = op->qd;
	qr->qr_qt = op_token_of(op);
	qr->qr_ret = op->err;
	if (opcode == DEMI_OPC_POP && likely(b)) {
		uint64_t from[2];

		memcpy(from, op->addr, sizeof(from));
		sga_give(&qr->qr_value.sga, b, from[0], from[1]);
		return;
	}
	memset(&qr->qr_value, 0, sizeof(qr->qr_value));
	if (opcode == DEMI_OPC_POP) {
		qr->qr_value.sga.sga_numsegs = 1;
	} else if (opcode == DEMI_OPC_ACCEPT) {
		qr->qr_value.ares.qd = op->value.qd;
		memcpy(&qr->qr_value.ares.addr, op->addr, sizeof(op->addr));
	}
}
