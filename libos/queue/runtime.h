/* SPDX-License-Identifier: MIT */
/*
 * One library OS: scheduler, buffer pool, descriptors and the transport that serves them. One per thread; in the
 * simulator one per host, many in a thread, of which one at a time is current. Nothing in it is shared.
 */
#ifndef LIBOS_QUEUE_RUNTIME_H
#define LIBOS_QUEUE_RUNTIME_H

#include "libos/base/counters.h"
#include "libos/buf/pool.h"
#include "libos/queue/queue.h"
#include "libos/sched/sched.h"

struct transport_ops {
	const char *name;
	/* A new queue, not yet in the table. Types and protocols it does not know: -EPROTONOSUPPORT and kin. */
	int (*socket)(struct runtime *rt, int domain, int type, int protocol, struct queue **out);
	/* Releases the transport and its device. All queues are closed by then. */
	void (*fini)(struct runtime *rt);
};

struct runtime {
	struct sched sched;
	struct queue_table queues;
	struct buf_pool *pool; /* the thread's: hosts of a simulated rack share one */
	const struct transport_ops *transport;
	void *transport_ctx;
	struct list counter_sets;
	bool is_open;             /* the application has called demi_init */
	struct buf_owner foreign; /* owner of bufs that show the application's own memory */
};

struct runtime_config {
	uint32_t max_ops;
	uint32_t max_queues;
};

int runtime_init(struct runtime *rt, struct clock *clock, struct buf_pool *pool,
		 const struct runtime_config *config) must_check;

/* As if the application had closed every descriptor. */
void runtime_close_queues(struct runtime *rt);

/* Closes every queue, then the transport. */
void runtime_fini(struct runtime *rt);

/*
 * The calling thread's current runtime; NULL before demi_init. Read by every call of the API, hence the model: the
 * general one is a function call to the compiler, which saves and spills around it even where the linker undoes it.
 */
extern _Thread_local struct runtime *runtime_current __attribute__((tls_model("initial-exec")));

/* The transport has taken a push's bytes. Pushes of the application's own memory complete when that is released. */
static always_inline void op_accepted(struct runtime *rt, struct op *op)
{
	if (likely(!op->holds_memory))
		op_complete(&rt->sched.ops, op, 0);
}

/* Counters of @module live at @values while @set is linked. */
void runtime_add_counters(struct runtime *rt, struct counter_set *set);

#endif
