/* SPDX-License-Identifier: MIT */
/*
 * Open addressing over buckets of eight slots, each bucket one cache line. A slot is a pointer with 16 bits of the
 * hash above it, so a lookup looks at one line and then, but for one time in 65,536 slots, only at the connection that
 * it wants. The table has twice the slots that max_conns needs and never grows.
 *
 * A connection whose bucket is full goes to the next bucket with a free slot. Invariant: between a connection's own
 * bucket and the one where it is there are only full ones. So a search ends at the first bucket with a free slot, and
 * removal needs no tombstones: a hole in a bucket that was full is filled from the buckets behind it, by a connection
 * that the invariant allows there, and so on with the hole that this leaves.
 */
#include "libos/tcp/table.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define SLOTS 8u
#define TAG_SHIFT 48
#define POINTER_MASK ((1ull << TAG_SHIFT) - 1)

int tcp_table_init(struct tcp_table *t, uint32_t max_conns, struct hash_key key)
{
	uint32_t num = 2;

	while (num * (SLOTS / 2) < max_conns)
		num *= 2;
	*t = (struct tcp_table){ .key = key, .mask = num - 1 };
	t->buckets = aligned_alloc(CACHE_LINE, num * sizeof(*t->buckets));
	if (!t->buckets)
		return -ENOMEM;
	memset(t->buckets, 0, num * sizeof(*t->buckets));
	return 0;
}

void tcp_table_fini(struct tcp_table *t)
{
	free(t->buckets);
	t->buckets = NULL;
}

static struct tcp_conn *slot_conn(uint64_t slot)
{
	return (struct tcp_conn *)(uintptr_t)(slot & POINTER_MASK);
}

static uint64_t tuple_hash(const struct tcp_table *t, const struct tcp_tuple *tuple)
{
	return hash_siphash13(&t->key, tuple, sizeof(*tuple));
}

static bool tuple_equal(const struct tcp_tuple *a, const struct tcp_tuple *b)
{
	return ipaddr_equal(&a->remote, &b->remote) && a->remote_port == b->remote_port &&
	       a->local_port == b->local_port && ipaddr_equal(&a->local, &b->local);
}

struct tcp_conn *tcp_table_find_or_null(const struct tcp_table *t, const struct tcp_tuple *tuple)
{
	uint64_t hash = tuple_hash(t, tuple);
	uint64_t tag = hash >> TAG_SHIFT;

	for (uint32_t i = (uint32_t)hash & t->mask;; i = (i + 1) & t->mask) {
		const struct tcp_bucket *b = &t->buckets[i];
		bool is_full = true;

		for (unsigned s = 0; s < SLOTS; s++) {
			if (!b->slot[s])
				is_full = false;
			else if (b->slot[s] >> TAG_SHIFT == tag &&
				 tuple_equal(&slot_conn(b->slot[s])->tuple, tuple))
				return slot_conn(b->slot[s]);
		}
		if (is_full)
			continue;
		return NULL;
	}
}

void tcp_table_add(struct tcp_table *t, struct tcp_conn *c)
{
	uint64_t hash = tuple_hash(t, &c->tuple);

	BUG_ON(t->num >= (t->mask + 1) * (SLOTS / 2));
	t->num++;
	for (uint32_t i = (uint32_t)hash & t->mask;; i = (i + 1) & t->mask) {
		for (unsigned s = 0; s < SLOTS; s++) {
			uint64_t *slot = &t->buckets[i].slot[s];

			if (*slot)
				continue;
			*slot = (uint64_t)(uintptr_t)c | hash >> TAG_SHIFT << TAG_SHIFT;
			return;
		}
	}
}

static bool bucket_is_full(const struct tcp_bucket *b)
{
	for (unsigned s = 0; s < SLOTS; s++)
		if (!b->slot[s])
			return false;
	return true;
}

/* Bucket @hole was full and has lost a slot, its @free: puts one there that it had turned away. */
static void fill_hole(struct tcp_table *t, uint32_t hole, uint64_t *free)
{
	for (uint32_t i = (hole + 1) & t->mask; i != hole; i = (i + 1) & t->mask) {
		struct tcp_bucket *b = &t->buckets[i];
		bool was_full = bucket_is_full(b);

		for (unsigned s = 0; s < SLOTS; s++) {
			uint32_t home;

			if (!b->slot[s])
				continue;
			home = (uint32_t)tuple_hash(t, &slot_conn(b->slot[s])->tuple) & t->mask;
			/* Does its way from home to here pass the hole? */
			if (((i - home) & t->mask) < ((i - hole) & t->mask))
				continue;
			*free = b->slot[s];
			b->slot[s] = 0;
			if (!was_full)
				return;
			free = &b->slot[s];
			hole = i;
			break;
		}
		if (!was_full)
			return;
	}
}

void tcp_table_del(struct tcp_table *t, struct tcp_conn *c)
{
	uint32_t i = (uint32_t)tuple_hash(t, &c->tuple) & t->mask;

	for (;; i = (i + 1) & t->mask) {
		struct tcp_bucket *b = &t->buckets[i];
		bool was_full = bucket_is_full(b);

		for (unsigned s = 0; s < SLOTS; s++) {
			if (slot_conn(b->slot[s]) != c)
				continue;
			b->slot[s] = 0;
			t->num--;
			if (was_full)
				fill_hole(t, i, &b->slot[s]);
			return;
		}
		BUG_ON(!was_full);
	}
}

void tcp_table_drain(struct tcp_table *t, void (*end)(struct tcp_conn *c))
{
	for (uint32_t i = 0; i <= t->mask; i++) {
		for (unsigned s = 0; s < SLOTS; s++) {
			/* A removal may put another connection into this slot. */
			while (t->buckets[i].slot[s])
				end(slot_conn(t->buckets[i].slot[s]));
		}
	}
}
