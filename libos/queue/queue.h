/* SPDX-License-Identifier: MIT */
/*
 * Queues: what is behind a descriptor. A transport embeds struct queue first in its sockets and serves it by a
 * table of operations. Arguments arrive checked (libos/api does that); errors are -errno.
 */
#ifndef LIBOS_QUEUE_QUEUE_H
#define LIBOS_QUEUE_QUEUE_H

#include "libos/buf/buf.h"
#include "libos/queue/endpoint.h"
#include "libos/sched/op.h"

struct runtime;
struct queue;

/*
 * A member that is NULL means EOPNOTSUPP. Functions that get an operation either return 0 and own it from then on
 * (they complete it now or later, once), or return -errno and have not touched it.
 */
struct queue_ops {
	int (*bind)(struct queue *q, const struct endpoint *local);
	int (*listen)(struct queue *q, int backlog);
	/* Completes with op->value.qd, a queue already in the table, and op->addr. */
	int (*accept)(struct queue *q, struct op *op);
	int (*connect)(struct queue *q, struct op *op, const struct endpoint *peer);
	/*
	 * Consumes @b, one buf with the payload, in every case. Completes by op_accepted when the transport has
	 * taken the bytes. @dest is NULL for a push to the connected peer.
	 */
	int (*push)(struct queue *q, struct op *op, struct buf *b, const struct endpoint *dest);
	/* Completes with op->value.ptr, a single buf whose reference goes to the result; NULL: end of stream. */
	int (*pop)(struct queue *q, struct op *op);
	int (*shutdown)(struct queue *q, int how);
	int (*setsockopt)(struct queue *q, int level, int name, const void *value, socklen_t len);
	/* Stores at most *@len bytes and the number stored. */
	int (*getsockopt)(struct queue *q, int level, int name, void *value, socklen_t *len);
	int (*getsockname)(struct queue *q, struct endpoint *out);
	int (*getpeername)(struct queue *q, struct endpoint *out);
	/* Completes everything still open with ECANCELED, and frees @q. The descriptor is already gone. */
	void (*close)(struct queue *q);
};

struct queue {
	const struct queue_ops *ops;
	struct runtime *rt;
	int32_t qd;
	int32_t family; /* AF_INET or AF_INET6: the form of addresses the application uses on it */
};

/* Descriptors: small positive numbers, last closed first reused, never 0. */
struct queue_table {
	uintptr_t *slots; /* a queue, or (next free slot << 1 | 1) */
	uint32_t num_slots;
	uint32_t first_free; /* 0: none */
	uint32_t max_slots;
	uint32_t in_use;
};

int queue_table_init(struct queue_table *t, uint32_t max_queues) must_check;
void queue_table_fini(struct queue_table *t);

/* Gives @q a descriptor, stored in q->qd. 0, -EMFILE at the limit, or -ENOMEM. */
int queue_table_add(struct queue_table *t, struct queue *q) must_check;

/* The descriptor is free again; @q is the caller's. */
void queue_table_remove(struct queue_table *t, struct queue *q);

static always_inline struct queue *queue_lookup_or_null(const struct queue_table *t, int32_t qd)
{
	uintptr_t slot;

	if (unlikely((uint32_t)qd >= t->num_slots))
		return NULL;
	slot = t->slots[qd];
	return unlikely(slot & 1) ? NULL : (struct queue *)slot;
}

/* Any queue of the table, or NULL: for taking a runtime down. */
struct queue *queue_table_any_or_null(const struct queue_table *t);

#endif
