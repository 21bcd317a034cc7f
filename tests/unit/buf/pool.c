/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <errno.h>
#include <signal.h>
#include <string.h>

#include "libos/buf/pool.h"

static struct buf_pool pool;

static void start(uint64_t limit_bytes)
{
	struct buf_pool_config config = buf_pool_default_config();

	config.pages = ARENA_PAGES_PLAIN;
	config.arena_bytes = 4u << 20;
	config.limit_bytes = limit_bytes;
	cr_assert_eq(buf_pool_init(&pool, &config), 0);
}

Test(bufpool, every_size_gets_contiguous_room_and_headroom)
{
	static const uint32_t sizes[] = { 0,     1,     2048,   2049,   9216,           9217,
					  32768, 32769, 131072, 131073, BUF_MAX_PAYLOAD };

	start(64u << 20);
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		struct buf *b = buf_alloc_or_null(&pool, sizes[i]);

		cr_assert_not_null(b, "%u bytes", sizes[i]);
		cr_assert_eq(buf_headroom(b), BUF_HEADROOM);
		cr_assert_geq(buf_tailroom(b), sizes[i]);
		cr_assert_eq((uintptr_t)b % CACHE_LINE, 0);
		memset(b->data, 0xff, sizes[i]);
		buf_put(b);
	}
	cr_assert_null(buf_alloc_or_null(&pool, BUF_MAX_PAYLOAD + 1));
	cr_assert_eq(pool.count[BUFPOOL_IN_USE], 0);
	buf_pool_fini(&pool);
}

Test(bufpool, the_limit_holds_and_freed_memory_serves_again)
{
	struct buf *held[8];
	unsigned num = 0;

	start(8u << 20);
	while (num < ARRAY_SIZE(held) && (held[num] = buf_alloc_or_null(&pool, BUF_MAX_PAYLOAD)))
		num++;
	cr_assert(num >= 4 && num < ARRAY_SIZE(held), "%u objects of 1 MB in 8 MB", num);
	cr_assert_eq(pool.count[BUFPOOL_EXHAUSTED], 1);
	cr_assert_leq(pool.count[BUFPOOL_ARENA_BYTES], 8u << 20);
	buf_put(held[0]);
	held[0] = buf_alloc_or_null(&pool, BUF_MAX_PAYLOAD);
	cr_assert_not_null(held[0]);
	buf_pool_fini(&pool);
}

Test(bufpool, after_reserve_the_data_path_cuts_nothing)
{
	struct buf *held[1000];
	uint64_t arenas;

	start(64u << 20);
	cr_assert_eq(buf_pool_reserve(&pool, BUF_CLASS_2K, 1000), 0);
	cr_assert_eq(pool.classes[BUF_CLASS_2K].total, 1000);
	cr_assert_eq(pool.count[BUFPOOL_IN_USE], 0);
	arenas = pool.count[BUFPOOL_ARENAS];
	for (unsigned i = 0; i < 1000; i++)
		held[i] = buf_alloc_or_null(&pool, 64);
	cr_assert_eq(pool.classes[BUF_CLASS_2K].total, 1000);
	cr_assert_eq(pool.count[BUFPOOL_ARENAS], arenas);
	for (unsigned i = 0; i < 1000; i++)
		buf_put(held[i]);
	cr_assert_eq(buf_pool_reserve(&pool, BUF_CLASS_1M, 1000), -ENOMEM);
	buf_pool_fini(&pool);
}

Test(bufpool, bad_limits_are_refused)
{
	struct buf_pool_config config = buf_pool_default_config();

	config.limit_bytes = config.arena_bytes - 1;
	cr_assert_eq(buf_pool_init(&pool, &config), -EINVAL);
	config.arena_bytes = BUF_MAX_PAYLOAD;
	config.limit_bytes = 1u << 30;
	cr_assert_eq(buf_pool_init(&pool, &config), -EINVAL);
}

Test(bufpool, a_slice_keeps_its_parent_alive)
{
	struct buf *parent, *slice, *slice_of_slice;

	start(64u << 20);
	parent = buf_alloc_or_null(&pool, 100);
	parent->len = 100;
	memset(parent->data, 'p', 100);
	slice = buf_slice_or_null(&pool, parent, parent->data + 10, 20);
	slice_of_slice = buf_slice_or_null(&pool, slice, slice->data + 5, 5);
	cr_assert_eq(buf_headroom(slice), 0);
	cr_assert_eq(buf_tailroom(slice), 0);
	buf_put(parent);
	buf_put(slice);
	cr_assert_eq(pool.count[BUFPOOL_IN_USE], 3);
	cr_assert_eq(slice_of_slice->data[4], 'p');
	buf_put(slice_of_slice);
	cr_assert_eq(pool.count[BUFPOOL_IN_USE], 0);
	buf_pool_fini(&pool);
}

struct witness {
	struct buf_owner owner;
	void *cookie;
	unsigned released;
};

static void on_release(struct buf_owner *owner, struct buf *b)
{
	struct witness *w = container_of(owner, struct witness, owner);

	w->released++;
	w->cookie = b->cookie;
	buf_foreign_recycle(&pool, b);
}

Test(bufpool, the_owner_of_foreign_memory_hears_of_the_last_release_once)
{
	struct witness w = { .owner.release = on_release };
	char mine[10] = "mine";
	struct buf *b, *slice;

	start(64u << 20);
	b = buf_foreign_or_null(&pool, mine, sizeof(mine), &w.owner, &mine);
	slice = buf_slice_or_null(&pool, b, b->data + 1, 3);
	buf_put(b);
	cr_assert_eq(w.released, 0);
	buf_put(slice);
	cr_assert_eq(w.released, 1);
	cr_assert_eq(w.cookie, &mine);
	cr_assert_eq(pool.count[BUFPOOL_IN_USE], 0);
	/* The descriptor serves as a slice again. */
	b = buf_alloc_or_null(&pool, 10);
	slice = buf_slice_or_null(&pool, b, b->data, 1);
	buf_put(b);
	buf_put(slice);
	cr_assert_eq(w.released, 1);
	cr_assert_eq(pool.count[BUFPOOL_IN_USE], 0);
	buf_pool_fini(&pool);
}

Test(bufpool, linearising_keeps_headers_and_payload)
{
	struct buf *b, *one;

	start(64u << 20);
	b = buf_alloc_or_null(&pool, 100);
	memcpy(b->data, "IIPPayload ", 11);
	b->l3_off = BUF_HEADROOM;
	b->l4_off = BUF_HEADROOM + 2;
	b->len = 11;
	buf_pull(b, 3);
	cr_assert_eq(buf_linearise_or_free(&pool, b), b, "a single buf stays as it is");
	b->next = buf_alloc_or_null(&pool, 3000);
	b->next->len = 3000;
	memset(b->next->data, 'z', 3000);
	one = buf_linearise_or_free(&pool, b);
	cr_assert_not_null(one);
	cr_assert_null(one->next);
	cr_assert_eq(one->len, 3008);
	cr_assert_eq(memcmp(one->data, "Payload zz", 10), 0);
	cr_assert_eq(memcmp(buf_mem(one) + one->l3_off, "IIPPayload", 10), 0);
	cr_assert_eq(memcmp(buf_mem(one) + one->l4_off, "PPayload", 8), 0);
	cr_assert_eq(pool.count[BUFPOOL_IN_USE], 1);
	buf_put(one);
	buf_pool_fini(&pool);
}

Test(bufpool, linearising_more_than_a_buf_holds_drops_the_packet)
{
	struct buf *b;

	start(64u << 20);
	b = buf_alloc_or_null(&pool, BUF_MAX_PAYLOAD);
	b->len = BUF_MAX_PAYLOAD;
	b->l3_off = BUF_HEADROOM;
	b->next = buf_alloc_or_null(&pool, 1);
	b->next->len = 1;
	cr_assert_null(buf_linearise_or_free(&pool, b));
	cr_assert_eq(pool.count[BUFPOOL_IN_USE], 0);
	buf_pool_fini(&pool);
}

#if defined(__SANITIZE_ADDRESS__)
Test(bufpool, reading_freed_memory_is_caught, .exit_code = 1)
{
	struct buf *b;
	volatile uint8_t *data;

	start(64u << 20);
	b = buf_alloc_or_null(&pool, 10);
	data = b->data;
	buf_put(b);
	(void)*data;
}
#elif TERN_DEBUG
Test(bufpool, freed_memory_is_overwritten)
{
	struct buf *b;

	start(64u << 20);
	b = buf_alloc_or_null(&pool, 10);
	memset(b->data, 0, 10);
	buf_put(b);
	cr_assert_eq(b->data[0], 0xdb);
	buf_pool_fini(&pool);
}
#endif
