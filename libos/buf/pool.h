/* SPDX-License-Identifier: MIT */
/*
 * Buffer memory of one thread: arenas from libnuma, cut lazily into size classes, each a LIFO free list.
 *
 * Classes hold 2 KB and 9 KB of payload behind BUF_HEADROOM (a standard and a jumbo frame), and 32 KB, 128 KB and
 * 1 MB for large application objects, which must be contiguous because an sga has one segment. Slices and
 * foreign bufs are bare descriptors. Nothing is given back to the system before buf_pool_fini; nothing is shared
 * between threads; nothing on the data path calls malloc: a class that runs dry cuts the next piece of its arena,
 * and maps a new arena (counted in BUFPOOL_ARENAS) only when that is used up.
 */
#ifndef LIBOS_BUF_POOL_H
#define LIBOS_BUF_POOL_H

#include "libos/base/counters.h"
#include "libos/buf/arena.h"
#include "libos/buf/buf.h"

enum buf_class {
	BUF_CLASS_2K,
	BUF_CLASS_9K,
	BUF_CLASS_32K,
	BUF_CLASS_128K,
	BUF_CLASS_1M,
	BUF_CLASS_VIEW, /* slices and foreign bufs: descriptor only */
	BUF_CLASS_NUM,
};

#define BUF_MAX_PAYLOAD (1u << 20)

#define BUFPOOL_COUNTERS(X)                                                                        \
	X(BUFPOOL_ARENAS, "arenas")           /* arenas mapped */                                  \
	X(BUFPOOL_ARENA_BYTES, "arena_bytes") /* memory mapped */                                  \
	X(BUFPOOL_HUGE_ARENAS, "huge_arenas") /* of those, on huge pages */                        \
	X(BUFPOOL_IN_USE, "in_use")           /* bufs handed out now, views included */            \
	X(BUFPOOL_EXHAUSTED, "exhausted")     /* requests refused at the memory limit */

enum bufpool_counter {
	BUFPOOL_COUNTERS(COUNTER_ENUM) BUFPOOL_COUNTER_NUM
};

struct buf_pool_config {
	uint64_t limit_bytes; /* never map more than this */
	uint64_t arena_bytes; /* map in units of this */
	enum arena_pages pages;
};

struct buf_pool;

/* One free list. The owner that every buf of the class points at. */
struct buf_class_list {
	struct buf_owner owner;
	struct buf *free_or_null; /* LIFO through ->next */
	struct buf_pool *pool;
	uint32_t payload; /* bytes behind the headroom */
	uint32_t stride;  /* bytes from one buf to the next */
	uint64_t total;   /* ever cut */
};

struct buf_pool {
	struct buf_class_list classes[BUF_CLASS_NUM];
	struct buf_pool_config config;
	uint8_t *cut_at; /* the current arena: next free byte */
	uint8_t *cut_end;
	struct arena *arenas;
	uint64_t count[BUFPOOL_COUNTER_NUM];
	struct counter_set counters;
};

struct buf_pool_config buf_pool_default_config(void);

/* Maps the first arena. 0, -ENOMEM, or -EINVAL: an arena holds at least two of the largest bufs, the limit an arena. */
int buf_pool_init(struct buf_pool *p, const struct buf_pool_config *config) must_check;

/* Unmaps everything; bufs still out there are dead. */
void buf_pool_fini(struct buf_pool *p);

/* Cuts memory until @num bufs of @class exist. 0 or -ENOMEM. */
int buf_pool_reserve(struct buf_pool *p, enum buf_class class, uint32_t num) must_check;

/* The slow half of buf_alloc_class_or_null: cuts fresh memory. */
struct buf *buf_pool_cut_or_null(struct buf_class_list *list) cold_path;

/* Makes a recycled buf's memory readable again; only for debug builds. */
void buf_pool_unpoison(struct buf *b);

/* One buf with its data pointer BUF_HEADROOM into its memory and length 0; one reference. */
static always_inline struct buf *buf_alloc_class_or_null(struct buf_pool *p, enum buf_class class)
{
	struct buf_class_list *list = &p->classes[class];
	struct buf *b = list->free_or_null;

	if (unlikely(!b)) {
		b = buf_pool_cut_or_null(list);
		if (!b)
			return NULL;
	} else {
		list->free_or_null = b->next;
	}
	if (TERN_DEBUG)
		buf_pool_unpoison(b);
	p->count[BUFPOOL_IN_USE]++;
	b->data = buf_mem(b) + BUF_HEADROOM;
	b->next = NULL;
	b->len = 0;
	b->refs = 1;
	b->mss = 0;
	b->flags = 0;
	return b;
}

/* The rest of buf_alloc_or_null: more than the smallest class holds. */
struct buf *buf_alloc_large_or_null(struct buf_pool *p, uint32_t payload) no_inline;

/* Room for @payload contiguous bytes behind the headroom; NULL above BUF_MAX_PAYLOAD or when memory is out. */
static always_inline struct buf *buf_alloc_or_null(struct buf_pool *p, uint32_t payload)
{
	if (unlikely(payload > p->classes[BUF_CLASS_2K].payload))
		return buf_alloc_large_or_null(p, payload);
	return buf_alloc_class_or_null(p, BUF_CLASS_2K);
}

/* The slow half of buf_linearise_or_free. */
struct buf *buf_linearise_slow(struct buf_pool *p, struct buf *b) cold_path;

/*
 * Makes a received packet one contiguous buf, with the headers in front of its data (from l3_off on) kept. NULL
 * when memory is out or the packet too large for a buf: then it is gone.
 */
static always_inline struct buf *buf_linearise_or_free(struct buf_pool *p, struct buf *b)
{
	return likely(!b->next) ? b : buf_linearise_slow(p, b);
}

/* A view of @len bytes at @data, which lie in @parent's memory; holds a reference of @parent. */
struct buf *buf_slice_or_null(struct buf_pool *p, struct buf *parent, uint8_t *data, uint32_t len);

/*
 * A view of memory that the application owns. When the last reference goes, @on_release runs with the buf, which
 * still holds @cookie; then the descriptor is recycled.
 */
struct buf *buf_foreign_or_null(struct buf_pool *p, void *data, uint32_t len,
				struct buf_owner *on_release, void *cookie);

/* Recycles a foreign buf's descriptor: the last act of an on_release. */
void buf_foreign_recycle(struct buf_pool *p, struct buf *b);

#endif
