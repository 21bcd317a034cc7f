/* SPDX-License-Identifier: MIT */
#include "libos/sched/op.h"

static void number_fresh_op(void *obj, uint32_t index)
{
	struct op *op = obj;

	op->token = OP_FIRST_GEN | index;
}

void op_table_init(struct op_table *t, uint32_t max_ops)
{
	pool_init(&t->pool, sizeof(struct op), max_ops);
	t->pool.on_fresh = number_fresh_op;
	list_init(&t->ready);
	list_init(&t->strays);
}

void op_table_fini(struct op_table *t)
{
	pool_fini(&t->pool);
}
