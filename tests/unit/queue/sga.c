/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

#include "libos/queue/sga.h"

static struct clock vclock;
static struct buf_pool pool;
static struct runtime rt;

static void setup(void)
{
	struct buf_pool_config config = buf_pool_default_config();
	struct runtime_config limits = { .max_ops = 256, .max_queues = 16 };

	config.pages = ARENA_PAGES_PLAIN;
	cr_assert_eq(buf_pool_init(&pool, &config), 0);
	clock_init_virtual(&vclock, 0);
	cr_assert_eq(runtime_init(&rt, &vclock, &pool, &limits), 0);
}

static void teardown(void)
{
	cr_assert_eq(pool.count[BUFPOOL_IN_USE], 0);
	runtime_fini(&rt);
	buf_pool_fini(&pool);
}

TestSuite(sga, .init = setup, .fini = teardown);

static struct op *new_op(demi_opcode_t opcode)
{
	return op_new_or_null(&rt.sched.ops, 1, opcode);
}

static demi_sgarray_t array_of(struct buf *b, uint32_t len)
{
	demi_sgarray_t sga = { .sga_buf = buf_give_to_app(b), .sga_numsegs = 1 };

	sga.sga_segs[0].sgaseg_buf = b->data;
	sga.sga_segs[0].sgaseg_len = len;
	return sga;
}

Test(sga, library_memory_travels_in_its_own_buf)
{
	struct buf *b = buf_alloc_or_null(&pool, 100), *out;
	demi_sgarray_t sga = array_of(b, 100);

	cr_assert_eq(sga_to_buf(&rt, new_op(DEMI_OPC_PUSH), &sga, &out), 0);
	cr_assert_eq(out, b);
	cr_assert_eq(out->len, 100);
	cr_assert(buf_may_prepend(out, 50));
	buf_put(out);
	buf_take_from_app(b);
}

Test(sga, part_of_an_array_can_be_pushed)
{
	struct buf *b = buf_alloc_or_null(&pool, 100), *out;
	demi_sgarray_t sga = array_of(b, 100);
	uint8_t *start = sga.sga_segs[0].sgaseg_buf;

	sga.sga_segs[0].sgaseg_buf = start + 30;
	sga.sga_segs[0].sgaseg_len = 20;
	cr_assert_eq(sga_to_buf(&rt, new_op(DEMI_OPC_PUSH), &sga, &out), 0);
	cr_assert_eq(out->data, start + 30);
	cr_assert_eq(out->len, 20);
	buf_put(out);
	buf_take_from_app(b);
}

Test(sga, memory_still_in_flight_gets_a_view)
{
	struct buf *b = buf_alloc_or_null(&pool, 100), *first, *second;
	demi_sgarray_t sga = array_of(b, 100);

	cr_assert_eq(sga_to_buf(&rt, new_op(DEMI_OPC_PUSH), &sga, &first), 0);
	cr_assert_eq(sga_to_buf(&rt, new_op(DEMI_OPC_PUSH), &sga, &second), 0);
	cr_assert_neq(second, first);
	cr_assert_eq(second->data, first->data);
	cr_assert(!buf_may_prepend(second, 1));
	buf_take_from_app(b);
	buf_put(first);
	cr_assert_eq(second->len, 100, "the view keeps the memory alive");
	buf_put(second);
}

Test(sga, bad_arrays_are_refused)
{
	struct buf *b = buf_alloc_or_null(&pool, 100), *out;
	demi_sgarray_t good = array_of(b, 100), sga;
	struct op *op = new_op(DEMI_OPC_PUSH);

	sga = good;
	sga.sga_numsegs = 0;
	cr_assert_eq(sga_to_buf(&rt, op, &sga, &out), -EINVAL);
	sga.sga_numsegs = 2;
	cr_assert_eq(sga_to_buf(&rt, op, &sga, &out), -EINVAL);
	sga = good;
	sga.sga_segs[0].sgaseg_len = 0;
	cr_assert_eq(sga_to_buf(&rt, op, &sga, &out), -EINVAL);
	sga.sga_segs[0].sgaseg_len = b->cap + 1;
	cr_assert_eq(sga_to_buf(&rt, op, &sga, &out), -EINVAL);
	sga.sga_segs[0].sgaseg_len = UINT32_MAX;
	cr_assert_eq(sga_to_buf(&rt, op, &sga, &out), -EINVAL);
	sga = good;
	sga.sga_segs[0].sgaseg_buf = &sga;
	cr_assert_eq(sga_to_buf(&rt, op, &sga, &out), -EINVAL);
	sga = (demi_sgarray_t){ .sga_numsegs = 1 };
	sga.sga_segs[0].sgaseg_len = 1;
	cr_assert_eq(sga_to_buf(&rt, op, &sga, &out), -EINVAL, "own memory, but none");
	buf_take_from_app(b);
	cr_assert_eq(sga_to_buf(&rt, op, &good, &out), -EINVAL, "freed");
}

Test(sga, own_memory_is_never_copied_and_done_when_released)
{
	char mine[] = "hello";
	demi_sgarray_t sga = { .sga_numsegs = 1 };
	struct op *op = new_op(DEMI_OPC_PUSH);
	struct buf *out;

	sga.sga_segs[0].sgaseg_buf = mine;
	sga.sga_segs[0].sgaseg_len = 5;
	cr_assert_eq(sga_to_buf(&rt, op, &sga, &out), 0);
	cr_assert_eq(out->data, (uint8_t *)mine);
	op_accepted(&rt, op);
	cr_assert_eq(op->state, OP_PENDING);
	buf_put(out);
	cr_assert_eq(op->state, OP_DONE);
	cr_assert_eq(op->err, 0);
}

Test(sga, releasing_own_memory_after_the_operation_failed_touches_nobody)
{
	char mine[] = "hello";
	demi_sgarray_t sga = { .sga_numsegs = 1 };
	struct op *op = new_op(DEMI_OPC_PUSH), *other;
	struct buf *out;

	sga.sga_segs[0].sgaseg_buf = mine;
	sga.sga_segs[0].sgaseg_len = 5;
	cr_assert_eq(sga_to_buf(&rt, op, &sga, &out), 0);
	op_complete(&rt.sched.ops, op, EPIPE);
	op_free(&rt.sched.ops, op);
	other = new_op(DEMI_OPC_POP);
	cr_assert_eq(other, op, "the same place");
	buf_put(out);
	cr_assert_eq(other->state, OP_PENDING);
}

Test(sga, results_say_what_happened)
{
	struct buf *b = buf_alloc_or_null(&pool, 10);
	struct op *pop = new_op(DEMI_OPC_POP), *accept = new_op(DEMI_OPC_ACCEPT),
		  *failed = new_op(DEMI_OPC_POP), *end = new_op(DEMI_OPC_POP);
	demi_qresult_t qr;

	b->len = 10;
	pop->value.ptr = b;
	memset(pop->addr, 7, sizeof(pop->addr));
	op_complete(&rt.sched.ops, pop, 0);
	qresult_from_op(&qr, pop);
	cr_assert_eq(qr.qr_opcode, DEMI_OPC_POP);
	cr_assert_eq(qr.qr_qd, 1);
	cr_assert_eq(qr.qr_qt, op_token_of(pop));
	cr_assert_eq(qr.qr_ret, 0);
	cr_assert_eq(qr.qr_value.sga.sga_numsegs, 1);
	cr_assert_eq(qr.qr_value.sga.sga_segs[0].sgaseg_buf, b->data);
	cr_assert_eq(qr.qr_value.sga.sga_segs[0].sgaseg_len, 10);
	cr_assert_eq(((uint8_t *)&qr.qr_value.sga.sga_addr)[15], 7);
	cr_assert_eq(buf_from_handle_or_null(qr.qr_value.sga.sga_buf), b);
	buf_take_from_app(b);

	accept->value.qd = 9;
	memset(accept->addr, 8, sizeof(accept->addr));
	op_complete(&rt.sched.ops, accept, 0);
	qresult_from_op(&qr, accept);
	cr_assert_eq(qr.qr_opcode, DEMI_OPC_ACCEPT);
	cr_assert_eq(qr.qr_value.ares.qd, 9);
	cr_assert_eq(((uint8_t *)&qr.qr_value.ares.addr)[0], 8);

	op_complete(&rt.sched.ops, failed, ECONNREFUSED);
	qresult_from_op(&qr, failed);
	cr_assert_eq(qr.qr_opcode, DEMI_OPC_FAILED);
	cr_assert_eq(qr.qr_ret, ECONNREFUSED);

	op_complete(&rt.sched.ops, end, 0);
	qresult_from_op(&qr, end);
	cr_assert_eq(qr.qr_opcode, DEMI_OPC_POP);
	cr_assert_eq(qr.qr_value.sga.sga_segs[0].sgaseg_len, 0);
	cr_assert_null(qr.qr_value.sga.sga_buf);
}
