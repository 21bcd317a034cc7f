/* SPDX-License-Identifier: MIT */
/*
 * What a connection has received out of order: the received bufs themselves, in ranges that neither overlap nor
 * touch. Of bytes that come twice the first to come count, whatever comes later. How it works stands in reass.c.
 *
 * A connection holds one pointer, NULL while nothing is out of order. The bookkeeping behind it comes from pools
 * that all connections of a runtime share, and goes back when the queue is empty.
 */
#ifndef LIBOS_TCP_REASS_H
#define LIBOS_TCP_REASS_H

#include "libos/base/counters.h"
#include "libos/base/pool.h"
#include "libos/buf/pool.h"
#include "libos/wire/tcp.h"

#define TCP_REASS_COUNTERS(X)                                                                      \
	X(TCP_REASS_QUEUED, "queued")                 /* bufs taken in */                          \
	X(TCP_REASS_DUPLICATE, "duplicate")           /* bufs that brought nothing new */          \
	X(TCP_REASS_TRIM_OLD, "trim_old")             /* bufs cut at the front: below rcv_nxt */   \
	X(TCP_REASS_TRIM_FRONT, "trim_front")         /* pieces cut at the front: already here */  \
	X(TCP_REASS_TRIM_BACK, "trim_back")           /* pieces cut at the back: already here */   \
	X(TCP_REASS_SPLIT, "split")                   /* bufs that fill several holes */           \
	X(TCP_REASS_DROP_BYTES, "drop_bytes")         /* pieces: the connection's memory limit */  \
	X(TCP_REASS_DROP_BUFS, "drop_bufs")           /* pieces: limit of bufs held */             \
	X(TCP_REASS_DROP_RANGES, "drop_ranges")       /* pieces: limit of ranges */                \
	X(TCP_REASS_DROP_NO_MEMORY, "drop_no_memory") /* pieces: a pool is empty */                \
	X(TCP_REASS_DROP_PAST_FIN, "drop_past_fin")   /* bufs, or parts of them, behind the FIN */ \
	X(TCP_REASS_DROP_BAD_FIN, "drop_bad_fin")     /* a FIN in the wrong place */               \
	X(TCP_REASS_EVICTED, "evicted")               /* bufs thrown out, reported or not */       \
	X(TCP_REASS_EVICTED_BYTES, "evicted_bytes")   /* payload in them: reneged on */

enum tcp_reass_counter {
	TCP_REASS_COUNTERS(COUNTER_ENUM) TCP_REASS_COUNTER_NUM
};

struct tcp_reass_config {
	uint16_t max_ranges; /* of one connection; at least TCP_REASS_SMALL_RANGES */
	uint32_t max_bufs;   /* of one connection */
	uint32_t max_queues; /* connections out of order at a time */
	uint32_t max_large;  /* of those, with more than TCP_REASS_SMALL_RANGES ranges */
};

/* What fits into the bookkeeping that a queue begins with. */
#define TCP_REASS_SMALL_RANGES 9

/* Shared by the connections of one runtime. */
struct tcp_reass_pool {
	struct pool small;
	struct pool large;
	struct buf_pool *bufs; /* for slices */
	uint32_t max_bufs;
	uint16_t max_ranges;
	uint64_t count[TCP_REASS_COUNTER_NUM];
	struct counter_set counters;
};

struct tcp_reass_store;

/* Zero is empty. */
struct tcp_reass {
	struct tcp_reass_store *store_or_null;
};

/* A received segment, or what is left of it. */
struct tcp_reass_segment {
	struct buf *b; /* a chain, or NULL; consumed, in all cases */
	uint32_t seq;  /* of its first byte */
	uint32_t rcv_nxt;
	uint32_t max_bytes; /* memory that the queue may hold */
	bool fin;
};

/* What became of it. A block is empty when its start is its end. */
struct tcp_reass_result {
	uint32_t added;               /* sequence numbers taken in, FIN included */
	uint32_t evicted;             /* sequence numbers thrown out to make room: we renege */
	struct tcp_sack_block newest; /* the piece taken in last */
	struct tcp_sack_block dup;    /* the first run of numbers that had come before */
};

struct tcp_reass_config tcp_reass_default_config(void);

/* Nothing is allocated before it is needed, or reserved in the two pools. 0, or -EINVAL for a bad limit. */
int tcp_reass_pool_init(struct tcp_reass_pool *p, struct buf_pool *bufs,
			const struct tcp_reass_config *config) must_check;

/* Every queue must be empty. */
void tcp_reass_pool_fini(struct tcp_reass_pool *p);

static inline bool tcp_reass_is_empty(const struct tcp_reass *r)
{
	return !r->store_or_null;
}

/*
 * Takes in a segment, which must end within 2^30 of rcv_nxt (trimming to the window is the caller's). One that
 * begins at or before rcv_nxt is subject to no limit and must be followed by tcp_reass_pop at once; while the queue
 * is empty the caller had better not bring it here at all.
 */
struct tcp_reass_result tcp_reass_insert(struct tcp_reass_pool *p, struct tcp_reass *r,
					 const struct tcp_reass_segment *s);

/*
 * Moves what begins at @rcv_nxt to the tail of @out, each buf a packet of its own, and returns the new rcv_nxt. Sets
 * *@fin when that has passed the FIN. The caller advances rcv_nxt by no other means while the queue holds something.
 */
uint32_t tcp_reass_pop(struct tcp_reass_pool *p, struct tcp_reass *r, uint32_t rcv_nxt,
		       struct buf_queue *out, bool *fin);

/*
 * Throws out the highest bufs, for memory that is wanted elsewhere, until at least @bytes of memory are free or all
 * is gone. Returns the sequence numbers lost: if any, some may have been reported, and we renege (RFC 2018, 8).
 */
uint32_t tcp_reass_evict(struct tcp_reass_pool *p, struct tcp_reass *r, uint32_t bytes);

/* Drops everything. */
void tcp_reass_drain(struct tcp_reass_pool *p, struct tcp_reass *r);

/* Memory held, as the limit counts it. */
uint32_t tcp_reass_bytes(const struct tcp_reass *r);

/* The ranges in order, FIN included; @i below tcp_reass_num_ranges. */
unsigned tcp_reass_num_ranges(const struct tcp_reass *r);
struct tcp_sack_block tcp_reass_range(const struct tcp_reass *r, unsigned i);

/* Bufs of range @i, strung together by ->link in order of sequence; NULL when it is a FIN alone. For export. */
const struct buf *tcp_reass_bufs_or_null(const struct tcp_reass *r, unsigned i);

/* The range that @seq lies in; false when there is none. */
bool tcp_reass_find(const struct tcp_reass *r, uint32_t seq, struct tcp_sack_block *out);

/* Where the FIN is, if it has come. */
bool tcp_reass_has_fin(const struct tcp_reass *r, uint32_t *fin_seq);

/* The invariants listed in reass.c; a violation is a bug. For tests and debug builds: costs a pass over all bufs. */
void tcp_reass_check(const struct tcp_reass_pool *p, const struct tcp_reass *r);

#endif
