/* SPDX-License-Identifier: MIT */
/* Data: arrays, push and pop. */
#include <string.h>

#include "libos/api/api.h"
#include "libos/net/udp.h"
#include "tern/socket.h"

demi_sgarray_t demi_sgaalloc(size_t size)
{
	struct runtime *rt = api_runtime_or_null();
	demi_sgarray_t sga;
	struct buf *b = NULL;

	if (likely(rt && size - 1 < BUF_MAX_PAYLOAD))
		b = buf_alloc_or_null(rt->pool, (uint32_t)size);
	if (unlikely(!b))
		return (demi_sgarray_t){ 0 };
	b->len = (uint32_t)size;
	b->l3_off = 0;
	sga_give(&sga, b, 0, 0);
	return sga;
}

/* What a pop at the end of a stream returns: nothing to give back, and no error to say so. */
static bool is_end_of_stream(const demi_sgarray_t *sga)
{
	return sga->sga_numsegs == 1 && !sga->sga_segs[0].sgaseg_buf;
}

int demi_sgafree(demi_sgarray_t *sga)
{
	struct buf *b;

	if (unlikely(!sga))
		return EINVAL;
	if (unlikely(!api_runtime_or_null()))
		return ENOSYS;
	if (unlikely(!sga->sga_buf))
		return is_end_of_stream(sga) ? 0 : EINVAL;
	b = buf_from_handle_or_null(sga->sga_buf);
	if (unlikely(!b))
		return EINVAL;
	buf_take_from_app(b);
	return 0;
}

/* Nothing came of @op, whose token nobody has seen. */
static cold_path int give_up(struct op_table *ops, struct op *op, int err)
{
	op_free(ops, op);
	return -err;
}

static always_inline int push(demi_qtoken_t *qt_out, struct runtime *rt, struct queue *q,
			      const demi_sgarray_t *sga, const struct endpoint *dest)
{
	struct op_table *ops = &rt->sched.ops;
	struct buf *b;
	struct op *op;
	int err;

	if (unlikely(!q->ops->push))
		return EOPNOTSUPP;
	op = op_new_or_null(ops, q->qd, DEMI_OPC_PUSH);
	if (unlikely(!op))
		return EAGAIN;
	err = sga_to_buf(rt, op, sga, &b);
	if (unlikely(err))
		return give_up(ops, op, err);
	*qt_out = op_token_of(op);
	err = q->ops->push(q, op, b, dest);
	return likely(!err) ? 0 : give_up(ops, op, err);
}

int demi_push(demi_qtoken_t *qt_out, int qd, const demi_sgarray_t *sga)
{
	struct runtime *rt;
	struct queue *q;
	int err = api_queue(qd, &rt, &q);

	if (unlikely(err))
		return err;
	if (unlikely(!qt_out || !sga))
		return EINVAL;
	return push(qt_out, rt, q, sga, NULL);
}

int demi_pushto(demi_qtoken_t *qt_out, int sockqd, const demi_sgarray_t *sga,
		const struct sockaddr *dest_addr, socklen_t size)
{
	struct runtime *rt;
	struct queue *q;
	struct endpoint dest;
	int err = api_queue(sockqd, &rt, &q);

	if (unlikely(err))
		return err;
	if (unlikely(!qt_out || !sga))
		return EINVAL;
	err = endpoint_from_sockaddr(&dest, dest_addr, size, q->family);
	if (unlikely(err))
		return -err;
	return push(qt_out, rt, q, sga, &dest);
}

int tern_sgapeer(const demi_sgarray_t *sga, struct sockaddr *addr, socklen_t *addrlen)
{
	struct endpoint from;
	struct buf *b;

	if (!sga || !addr || !addrlen)
		return EINVAL;
	b = buf_from_handle_or_null(sga->sga_buf);
	if (!b || b->l3_off == 0)
		return EINVAL;
	udp_source(b, &from.addr, &from.port);
	from.is_v6 = !ipaddr_is_v4(&from.addr);
	endpoint_to_sockaddr(&from, addr, addrlen);
	return 0;
}

int demi_pop(demi_qtoken_t *qt_out, int qd)
{
	struct runtime *rt;
	struct queue *q;
	struct op *op;
	int err = api_queue(qd, &rt, &q);

	if (unlikely(err))
		return err;
	if (unlikely(!qt_out))
		return EINVAL;
	if (unlikely(!q->ops->pop))
		return EOPNOTSUPP;
	op = op_new_or_null(&rt->sched.ops, qd, DEMI_OPC_POP);
	if (unlikely(!op))
		return EAGAIN;
	*qt_out = op_token_of(op);
	err = q->ops->pop(q, op);
	return likely(!err) ? 0 : give_up(&rt->sched.ops, op, err);
}
