/* SPDX-License-Identifier: MIT */
#include "libos/queue/runtime.h"

#include <string.h>

_Thread_local struct runtime *runtime_current;

/*
 * Nobody in the stack holds the application's memory any more. The operation may be gone: an error has
 * completed it and the result was fetched. Then its token names nothing.
 */
static void release_foreign(struct buf_owner *owner, struct buf *b)
{
	struct runtime *rt = container_of(owner, struct runtime, foreign);
	struct op *op = op_lookup_or_null(&rt->sched.ops, (op_token)(uintptr_t)b->cookie);

	buf_foreign_recycle(rt->pool, b);
	if (op && op->state == OP_PENDING)
		op_complete(&rt->sched.ops, op, 0);
}

int runtime_init(struct runtime *rt, struct clock *clock, struct buf_pool *pool,
		 const struct runtime_config *config)
{
	memset(rt, 0, sizeof(*rt));
	list_init(&rt->counter_sets);
	rt->pool = pool;
	rt->foreign.release = release_foreign;
	sched_init(&rt->sched, clock, config->max_ops);
	return queue_table_init(&rt->queues, config->max_queues);
}

void runtime_close_queues(struct runtime *rt)
{
	struct queue *q;

	while ((q = queue_table_any_or_null(&rt->queues)) != NULL) {
		queue_table_remove(&rt->queues, q);
		q->ops->close(q);
	}
}

void runtime_fini(struct runtime *rt)
{
	runtime_close_queues(rt);
	if (rt->transport)
		rt->transport->fini(rt);
	queue_table_fini(&rt->queues);
	sched_fini(&rt->sched);
}

void runtime_add_counters(struct runtime *rt, struct counter_set *set)
{
	list_add_tail(&rt->counter_sets, &set->link);
}
