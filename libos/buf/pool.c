/* SPDX-License-Identifier: MIT */
#include "libos/buf/pool.h"

#include <errno.h>
#include <string.h>

#include "libos/base/log.h"
#include "libos/buf/arena.h"

#ifdef HAS_ASAN
#include <sanitizer/asan_interface.h>
#else
#define ASAN_POISON_MEMORY_REGION(p, n) ((void)(p), (void)(n))
#define ASAN_UNPOISON_MEMORY_REGION(p, n) ((void)(p), (void)(n))
#endif

#define DEAD_BYTE 0xdb
/* Freed memory is overwritten up to here: headers and small messages, where stale readers show. */
#define DEAD_BYTES 512u

static const char *const counter_names[] = { BUFPOOL_COUNTERS(COUNTER_NAME) };

static const uint32_t class_payload[BUF_CLASS_NUM] = {
	[BUF_CLASS_2K] = 2048,
	[BUF_CLASS_9K] = 9216,
	[BUF_CLASS_32K] = 32u << 10,
	[BUF_CLASS_128K] = 128u << 10,
	[BUF_CLASS_1M] = BUF_MAX_PAYLOAD,
};

struct buf_pool_config buf_pool_default_config(void)
{
	return (struct buf_pool_config){
		.limit_bytes = 4ull << 30,
		.arena_bytes = 16ull << 20,
		.pages = ARENA_PAGES_ANY,
	};
}

static void poison(struct buf *b)
{
	memset(buf_mem(b), DEAD_BYTE, min_t(uint32_t, b->cap, DEAD_BYTES));
	ASAN_POISON_MEMORY_REGION(buf_mem(b), b->cap);
}

void buf_pool_unpoison(struct buf *b)
{
	ASAN_UNPOISON_MEMORY_REGION(buf_mem(b), b->cap);
}

static void release_to_class(struct buf_owner *owner, struct buf *b)
{
	struct buf_class_list *list = container_of(owner, struct buf_class_list, owner);

	if (TERN_DEBUG)
		poison(b);
	b->next = list->free_or_null;
	list->free_or_null = b;
	list->pool->count[BUFPOOL_IN_USE]--;
}

/* The last holder of a slice lets go of its parent too. */
static void release_view(struct buf_owner *owner, struct buf *b)
{
	struct buf *parent = b->parent;

	release_to_class(owner, b);
	buf_put(parent);
}

static int map_arena(struct buf_pool *p)
{
	struct arena *a;

	if (p->count[BUFPOOL_ARENA_BYTES] + p->config.arena_bytes > p->config.limit_bytes)
		return -ENOMEM;
	a = arena_new_or_null(p->config.arena_bytes, p->config.pages);
	if (!a)
		return -ENOMEM;
	a->next = p->arenas;
	p->arenas = a;
	p->cut_at = a->base;
	p->cut_end = p->cut_at + a->bytes;
	p->count[BUFPOOL_ARENAS]++;
	p->count[BUFPOOL_ARENA_BYTES] += a->bytes;
	p->count[BUFPOOL_HUGE_ARENAS] += a->huge;
	return 0;
}

int buf_pool_init(struct buf_pool *p, const struct buf_pool_config *config)
{
	*p = (struct buf_pool){ .config = *config };
	if (config->arena_bytes < 2 * (size_t)BUF_MAX_PAYLOAD ||
	    config->limit_bytes < config->arena_bytes)
		return -EINVAL;
	for (int c = 0; c < BUF_CLASS_NUM; c++) {
		struct buf_class_list *list = &p->classes[c];
		uint32_t bytes = (uint32_t)sizeof(struct buf);

		if (c != BUF_CLASS_VIEW)
			bytes += BUF_HEADROOM + class_payload[c];
		list->owner.release = c == BUF_CLASS_VIEW ? release_view : release_to_class;
		list->pool = p;
		list->payload = class_payload[c];
		list->stride = (bytes + CACHE_LINE - 1) / CACHE_LINE * CACHE_LINE;
	}
	list_init(&p->counters.link);
	p->counters.module = "buf";
	p->counters.names = counter_names;
	p->counters.values = p->count;
	p->counters.num = BUFPOOL_COUNTER_NUM;
	return map_arena(p);
}

void buf_pool_fini(struct buf_pool *p)
{
	for (struct arena *a = p->arenas; a; a = a->next)
		ASAN_UNPOISON_MEMORY_REGION(a->base, a->bytes);
	arena_free_list(p->arenas);
	p->arenas = NULL;
}

struct buf *buf_pool_cut_or_null(struct buf_class_list *list)
{
	struct buf_pool *p = list->pool;
	struct buf *b;

	if ((size_t)(p->cut_end - p->cut_at) < list->stride && map_arena(p) != 0) {
		p->count[BUFPOOL_EXHAUSTED]++;
		return NULL;
	}
	b = (struct buf *)(void *)p->cut_at;
	p->cut_at += list->stride;
	list->total++;
	b->owner = &list->owner;
	b->cap = list->stride - (uint32_t)sizeof(*b);
	b->app_gen = 1;
	return b;
}

struct buf *buf_alloc_large_or_null(struct buf_pool *p, uint32_t payload)
{
	enum buf_class class = BUF_CLASS_9K;

	while (payload > p->classes[class].payload) {
		if (++class == BUF_CLASS_VIEW)
			return NULL;
	}
	return buf_alloc_class_or_null(p, class);
}

int buf_pool_reserve(struct buf_pool *p, enum buf_class class, uint32_t num)
{
	struct buf_class_list *list = &p->classes[class];

	while (list->total < num) {
		struct buf *b = buf_pool_cut_or_null(list);

		if (!b)
			return -ENOMEM;
		p->count[BUFPOOL_IN_USE]++;
		release_to_class(&list->owner, b);
	}
	return 0;
}

struct buf *buf_linearise_slow(struct buf_pool *p, struct buf *b)
{
	uint32_t headers = (uint32_t)(b->data - buf_mem(b)) - b->l3_off;
	struct buf *whole = NULL;

	if (headers <= BUF_HEADROOM)
		whole = buf_alloc_or_null(p, buf_chain_len(b));
	if (whole) {
		whole->len = buf_chain_len(b);
		whole->flags = b->flags & (BUF_RX_CSUM_GOOD | BUF_MULTICAST);
		memcpy(whole->data - headers, b->data - headers, headers);
		buf_copy_out(b, 0, whole->data, whole->len);
		whole->l3_off = (uint16_t)(BUF_HEADROOM - headers);
		whole->l4_off = (uint16_t)(whole->l3_off + (b->l4_off - b->l3_off));
	}
	buf_put_chain(b);
	return whole;
}

struct buf *buf_slice_or_null(struct buf_pool *p, struct buf *parent, uint8_t *data, uint32_t len)
{
	struct buf *b = buf_alloc_class_or_null(p, BUF_CLASS_VIEW);

	if (!b)
		return NULL;
	b->parent = buf_get(parent);
	b->data = data;
	b->len = len;
	b->flags = BUF_SHARED_MEM;
	return b;
}

struct buf *buf_foreign_or_null(struct buf_pool *p, void *data, uint32_t len,
				struct buf_owner *on_release, void *cookie)
{
	struct buf *b = buf_alloc_class_or_null(p, BUF_CLASS_VIEW);

	if (!b)
		return NULL;
	b->owner = on_release;
	b->cookie = cookie;
	b->data = data;
	b->len = len;
	b->flags = BUF_SHARED_MEM;
	return b;
}

void buf_foreign_recycle(struct buf_pool *p, struct buf *b)
{
	struct buf_class_list *views = &p->classes[BUF_CLASS_VIEW];

	b->owner = &views->owner;
	release_to_class(b->owner, b);
}
