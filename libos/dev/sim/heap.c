/* SPDX-License-Identifier: MIT */
/*
 * A pairing heap rather than an indexed array: nodes and ports come and go while the simulation runs, and neither
 * needs to reserve a slot anywhere first. Every entry but the root has ->prev set; the root has neither sibling.
 */
#include "libos/dev/sim/heap.h"

static bool is_before(const struct sim_heap_entry *x, const struct sim_heap_entry *y)
{
	return x->at != y->at ? x->at < y->at : x->number < y->number;
}

/* Joins two roots; the later one becomes the first child of the other. */
static struct sim_heap_entry *meld(struct sim_heap_entry *x, struct sim_heap_entry *y)
{
	if (!x || !y)
		return x ? x : y;
	if (is_before(y, x)) {
		struct sim_heap_entry *tmp = x;

		x = y;
		y = tmp;
	}
	y->prev = x;
	y->next = x->child;
	if (x->child)
		x->child->prev = y;
	x->child = y;
	return x;
}

/* Makes one heap of a list of siblings: pairs from left to right, then all pairs from right to left. */
static struct sim_heap_entry *meld_siblings(struct sim_heap_entry *first)
{
	struct sim_heap_entry *pairs = NULL;
	struct sim_heap_entry *root = NULL;

	while (first) {
		struct sim_heap_entry *x = first;
		struct sim_heap_entry *y = x->next;

		first = y ? y->next : NULL;
		x->next = x->prev = NULL;
		if (y)
			y->next = y->prev = NULL;
		x = meld(x, y);
		x->next = pairs;
		pairs = x;
	}
	while (pairs) {
		struct sim_heap_entry *rest = pairs->next;

		pairs->next = NULL;
		root = meld(root, pairs);
		pairs = rest;
	}
	return root;
}

/* Takes @e with everything below it out of its siblings. Not for the root. */
static void cut(struct sim_heap_entry *e)
{
	if (e->prev->child == e)
		e->prev->child = e->next;
	else
		e->prev->next = e->next;
	if (e->next)
		e->next->prev = e->prev;
	e->next = e->prev = NULL;
}

static void take_out(struct sim_heap *heap, struct sim_heap_entry *e)
{
	struct sim_heap_entry *below = meld_siblings(e->child);

	e->child = NULL;
	if (heap->root == e) {
		heap->root = below;
	} else {
		cut(e);
		heap->root = meld(heap->root, below);
	}
}

void sim_heap_set(struct sim_heap *heap, struct sim_heap_entry *e, uint64_t at)
{
	uint64_t old = e->at;

	if (at == old)
		return;
	if (at < old && old != TIME_NEVER) {
		e->at = at;
		if (heap->root != e) {
			cut(e);
			heap->root = meld(heap->root, e);
		}
		return;
	}
	if (old != TIME_NEVER)
		take_out(heap, e);
	e->at = at;
	if (at != TIME_NEVER)
		heap->root = meld(heap->root, e);
}
