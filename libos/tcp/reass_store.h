/* SPDX-License-Identifier: MIT */
/*
 * Between reass.c and reass_store.c only: the bookkeeping behind a queue, an array of ranges in order. What the ranges
 * mean, and why an array, stands in reass.c.
 */
#ifndef LIBOS_TCP_REASS_STORE_H
#define LIBOS_TCP_REASS_STORE_H

#include "libos/tcp/reass.h"

struct tcp_range {
	uint32_t start;
	uint32_t end;
	struct buf *head; /* NULL: a FIN alone */
	struct buf *tail;
};

struct tcp_reass_store {
	uint32_t bytes;
	uint32_t num_bufs;
	uint32_t fin_seq;
	bool has_fin;
	bool is_large;
	uint16_t first; /* where the ranges begin in room[] */
	uint16_t num;
	uint16_t cap;
	struct tcp_range room[];
};

static always_inline struct tcp_range *tcp_store_at(struct tcp_reass_store *st, unsigned i)
{
	return &st->room[st->first + i];
}

static always_inline struct tcp_range *tcp_store_last(struct tcp_reass_store *st)
{
	return tcp_store_at(st, st->num - 1u);
}

/* The first range that ends behind @seq, or st->num. */
unsigned tcp_store_find(struct tcp_reass_store *st, uint32_t seq);

/* Makes room for a range at @i, which the caller fills in; there must be some. */
struct tcp_range *tcp_store_open_slot(struct tcp_reass_store *st, unsigned i);

void tcp_store_close_slot(struct tcp_reass_store *st, unsigned i);

/* Gives @r a small store, or a large one with what was in the small one; false when there is none. */
bool tcp_store_open(struct tcp_reass_pool *p, struct tcp_reass *r);
bool tcp_store_enlarge(struct tcp_reass_pool *p, struct tcp_reass *r);

void tcp_store_close(struct tcp_reass_pool *p, struct tcp_reass *r);

/* Memory that @b keeps from being used otherwise. */
uint32_t tcp_reass_charge(const struct tcp_reass_pool *p, const struct buf *b);

#endif
