/* SPDX-License-Identifier: MIT */
/*
 * Operations and their tokens.
 *
 * An operation is one asynchronous call of the application: pending while a queue works on it, done once it has a
 * result, gone when the result has been fetched. Its token is (generation << 32 | index): the generation moves on
 * when the operation goes, so a token that has served names nothing, however often its place is used again.
 *
 *     FREE -> PENDING [op_new_or_null]   PENDING -> DONE [op_complete]   DONE -> FREE [op_free]
 *
 * Done operations wait on one of two lists of the scheduler, see wait.h.
 */
#ifndef LIBOS_SCHED_OP_H
#define LIBOS_SCHED_OP_H

#include "libos/base/bug.h"
#include "libos/base/list.h"
#include "libos/base/pool.h"

enum op_state {
	OP_FREE,
	OP_PENDING,
	OP_DONE,
};

#define OP_ADDR_BYTES 16

struct op {
	struct list
		link; /* pending: its queue's, as it likes; done: ready or strays; free: the pool's */
	uint64_t token; /* the one it has now, or will have next */
	uint32_t hint;  /* where the application's token array held it last: see wait.c */
	int32_t qd;
	int32_t err; /* 0 or a positive errno */
	uint8_t state;
	uint8_t opcode;    /* a demi_opcode, opaque here */
	bool holds_memory; /* push of the application's own memory: done when that is released */
	uint8_t reserved;
	union {
		void *ptr;  /* pop: the received buf, or NULL at the end of a stream */
		int32_t qd; /* accept: the new queue */
	} value;
	uint8_t addr[OP_ADDR_BYTES]; /* pop, accept: the peer, as the result's sockaddr_in */
};

_Static_assert(sizeof(struct op) == CACHE_LINE, "an operation is one cache line");

typedef uint64_t op_token;

#define OP_FIRST_GEN (1ull << 32)

/* No token is ever 0: generations start at 1. */
static always_inline op_token op_token_of(const struct op *op)
{
	return op->token;
}

struct op_table {
	struct pool pool;
	struct list ready;  /* done, in order of completion */
	struct list strays; /* done, but not found in the array that was last waited on */
};

void op_table_init(struct op_table *t, uint32_t max_ops);
void op_table_fini(struct op_table *t);

/* NULL when @token names no operation that is pending or done. */
static always_inline struct op *op_lookup_or_null(const struct op_table *t, op_token token)
{
	uint32_t index = (uint32_t)token;
	struct op *op;

	if (unlikely(!pool_has(&t->pool, index)))
		return NULL;
	op = pool_at_sized(&t->pool, index, sizeof(*op));
	if (unlikely(op->token != token || op->state == OP_FREE))
		return NULL;
	return op;
}

/* A pending operation on no list; NULL when there are too many. */
static always_inline struct op *op_new_or_null(struct op_table *t, int32_t qd, uint8_t opcode)
{
	struct op *op = pool_get_or_null(&t->pool);

	if (unlikely(!op))
		return NULL;
	list_init(&op->link);
	op->qd = qd;
	op->err = 0;
	op->opcode = opcode;
	op->state = OP_PENDING;
	op->holds_memory = false;
	op->reserved = 0; /* so that these are one store */
	op->value.ptr = NULL;
	return op;
}

/* Gives @op its outcome; it leaves whatever list it was on. @err is 0 or a positive errno. */
static always_inline void op_complete(struct op_table *t, struct op *op, int32_t err)
{
	BUG_ON(op->state != OP_PENDING);
	op->err = err;
	op->state = OP_DONE;
	list_move_tail(&t->ready, &op->link);
}

/* The result has been fetched (or the call that made the operation failed): the token is dead. */
static always_inline void op_free(struct op_table *t, struct op *op)
{
	DEBUG_BUG_ON(op->state == OP_FREE);
	list_unlink(&op->link);
	op->state = OP_FREE;
	if (unlikely(__builtin_add_overflow(op->token, OP_FIRST_GEN, &op->token)))
		op->token += OP_FIRST_GEN;
	pool_put(&t->pool, op);
}

#endif
