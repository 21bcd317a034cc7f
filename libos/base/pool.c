/* SPDX-License-Identifier: MIT */
#include "libos/base/pool.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

void pool_init(struct pool *p, size_t obj_size, uint32_t max_objs)
{
	size_t unit = obj_size >= CACHE_LINE ? CACHE_LINE : sizeof(void *);

	*p = (struct pool){
		.obj_size = (uint32_t)((obj_size + unit - 1) / unit * unit),
		.max_objs = max_objs,
	};
}

void pool_fini(struct pool *p)
{
	for (uint32_t i = 0; i < p->num_chunks; i++)
		free(p->chunks[i]);
	free(p->chunks);
	*p = (struct pool){ 0 };
}

bool pool_grow(struct pool *p)
{
	size_t bytes = (size_t)POOL_CHUNK * p->obj_size;
	char **chunks;
	char *chunk;

	if (pool_capacity(p) >= p->max_objs)
		return false;
	/* The table doubles, so growing to n objects copies O(n) pointers in all. */
	if ((p->num_chunks & (p->num_chunks - 1)) == 0) {
		size_t slots = p->num_chunks ? 2 * (size_t)p->num_chunks : 1;

		chunks = realloc(p->chunks, slots * sizeof(*chunks));
		if (!chunks)
			return false;
		p->chunks = chunks;
	}
	chunk = aligned_alloc(CACHE_LINE, (bytes + CACHE_LINE - 1) / CACHE_LINE * CACHE_LINE);
	if (!chunk)
		return false;
	memset(chunk, 0, bytes);
	p->chunks[p->num_chunks++] = chunk;
	/* Backwards, so that objects are handed out in memory order. */
	for (uint32_t i = POOL_CHUNK; i-- > 0;) {
		void *obj = chunk + (size_t)i * p->obj_size;

		if (p->on_fresh)
			p->on_fresh(obj, ((p->num_chunks - 1) << POOL_CHUNK_SHIFT) + i);
		*(void **)obj = p->free_or_null;
		p->free_or_null = obj;
	}
	return true;
}

int pool_reserve(struct pool *p, uint32_t num)
{
	while (pool_capacity(p) < num) {
		if (!pool_grow(p))
			return -ENOMEM;
	}
	return 0;
}
