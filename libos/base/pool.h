/* SPDX-License-Identifier: MIT */
/*
 * Pool of equal objects, addressed by pointer or by a dense 32-bit index. Memory comes in chunks that never move
 * and is never given back before pool_fini, so pointers stay good and a free object's memory may still be read
 * (token generations rely on that). Get and put are a pop and a push on a LIFO: no allocation once pool_reserve
 * has run for the load at hand; growing past it is one aligned_alloc per POOL_CHUNK objects, and is counted.
 *
 * Freshly grown objects are zeroed; recycled ones come back as they were put, except for their first 8 bytes.
 */
#ifndef LIBOS_BASE_POOL_H
#define LIBOS_BASE_POOL_H

#include "libos/base/bug.h"
#include "libos/base/compiler.h"

#define POOL_CHUNK_SHIFT 8
#define POOL_CHUNK (1u << POOL_CHUNK_SHIFT)

struct pool {
	void *free_or_null; /* LIFO through each free object's first word */
	char **chunks;
	uint32_t obj_size; /* a multiple of 8 */
	uint32_t num_chunks;
	uint32_t max_objs;
	uint32_t in_use;
	void (*on_fresh)(void *obj,
			 uint32_t index); /* or NULL: sees every object once, as it is made */
	uint64_t grows;                   /* chunks added by pool_get rather than by pool_reserve */
};

/* @obj_size is rounded up to 8 bytes, or to whole cache lines from 64 on. */
void pool_init(struct pool *p, size_t obj_size, uint32_t max_objs);

/* Objects still in use are gone with it. */
void pool_fini(struct pool *p);

/* Makes room for @num objects at once. 0 or -ENOMEM. */
int pool_reserve(struct pool *p, uint32_t num) must_check;

/* Adds a chunk; false when the pool is at its limit or memory is out. */
bool pool_grow(struct pool *p) cold_path;

static always_inline void *pool_get_or_null(struct pool *p)
{
	void *obj = p->free_or_null;

	if (unlikely(!obj)) {
		if (!pool_grow(p))
			return NULL;
		p->grows++;
		obj = p->free_or_null;
	}
	p->free_or_null = *(void **)obj;
	p->in_use++;
	return obj;
}

static always_inline void pool_put(struct pool *p, void *obj)
{
	*(void **)obj = p->free_or_null;
	p->free_or_null = obj;
	p->in_use--;
}

static always_inline uint32_t pool_capacity(const struct pool *p)
{
	return p->num_chunks << POOL_CHUNK_SHIFT;
}

/* Is @index below pool_capacity? */
static always_inline bool pool_has(const struct pool *p, uint32_t index)
{
	return index >> POOL_CHUNK_SHIFT < p->num_chunks;
}

/* The pool must have @index. @obj_size is the pool's: a constant, for who knows it, saves a multiplication. */
static always_inline void *pool_at_sized(const struct pool *p, uint32_t index, size_t obj_size)
{
	DEBUG_BUG_ON(obj_size != p->obj_size);
	return p->chunks[index >> POOL_CHUNK_SHIFT] + (index & (POOL_CHUNK - 1)) * obj_size;
}

static always_inline void *pool_at(const struct pool *p, uint32_t index)
{
	return pool_at_sized(p, index, p->obj_size);
}

#endif
