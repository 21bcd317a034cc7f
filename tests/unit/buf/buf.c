/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <signal.h>
#include <string.h>

#include "libos/buf/pool.h"

static struct buf_pool pool;

static void setup(void)
{
	struct buf_pool_config config = buf_pool_default_config();

	config.pages = ARENA_PAGES_PLAIN;
	cr_assert_eq(buf_pool_init(&pool, &config), 0);
}

/* Whatever a test took it has given back. */
static void teardown(void)
{
	cr_assert_eq(pool.count[BUFPOOL_IN_USE], 0);
	buf_pool_fini(&pool);
}

TestSuite(buf, .init = setup, .fini = teardown);

static struct buf *with_text(const char *text)
{
	struct buf *b = buf_alloc_or_null(&pool, 100);

	cr_assert_not_null(b);
	b->len = (uint32_t)strlen(text);
	memcpy(b->data, text, b->len);
	return b;
}

static struct buf *chain3(void)
{
	struct buf *b = with_text("abc");

	b->next = with_text("");
	b->next->next = with_text("defgh");
	return b;
}

Test(buf, prepend_and_pull_move_the_front)
{
	struct buf *b = with_text("payload");

	cr_assert_eq(buf_headroom(b), BUF_HEADROOM);
	memcpy(buf_prepend(b, 4), "HEAD", 4);
	cr_assert_eq(b->len, 11);
	cr_assert_eq(memcmp(b->data, "HEADpayload", 11), 0);
	buf_pull(b, 6);
	cr_assert_eq(memcmp(b->data, "yload", 5), 0);
	cr_assert_eq(buf_headroom(b), BUF_HEADROOM + 2);
	buf_put(b);
}

Test(buf, copy_out_crosses_the_joints)
{
	struct buf *b = chain3();
	char out[9] = { 0 };

	cr_assert_eq(buf_chain_len(b), 8);
	buf_copy_out(b, 0, out, 8);
	cr_assert_str_eq(out, "abcdefgh");
	memset(out, 0, sizeof(out));
	buf_copy_out(b, 2, out, 3);
	cr_assert_str_eq(out, "cde");
	memset(out, 0, sizeof(out));
	buf_copy_out(b, 3, out, 5);
	cr_assert_str_eq(out, "defgh");
	buf_put_chain(b);
}

Test(buf, trim_cuts_anywhere)
{
	for (uint32_t keep = 0; keep <= 9; keep++) {
		struct buf *b = chain3();
		char out[9] = { 0 };
		uint32_t want = min_t(uint32_t, keep, 8);

		buf_trim_chain(b, keep);
		cr_assert_eq(buf_chain_len(b), want);
		buf_copy_out(b, 0, out, want);
		cr_assert_eq(strncmp(out, "abcdefgh", want), 0);
		buf_put_chain(b);
	}
}

Test(buf, headroom_belongs_to_the_only_stack_holder)
{
	struct buf *b = with_text("x");

	cr_assert(buf_may_prepend(b, BUF_HEADROOM));
	cr_assert(!buf_may_prepend(b, BUF_HEADROOM + 1));
	buf_get(b);
	cr_assert(!buf_may_prepend(b, 1), "two holders in the stack");
	buf_give_to_app(b);
	cr_assert(buf_may_prepend(b, 1), "the application does not count");
	buf_take_from_app(b);
	buf_put(b);
}

Test(buf, handles_die_when_the_application_lets_go)
{
	struct buf *b = buf_get(with_text("x"));
	void *handle = buf_give_to_app(b);
	void *later;

	cr_assert_eq(buf_from_handle_or_null(handle), b);
	buf_take_from_app(b);
	cr_assert_null(buf_from_handle_or_null(handle), "freed once");
	later = buf_give_to_app(buf_get(b));
	cr_assert_null(buf_from_handle_or_null(handle), "the same memory, another life");
	cr_assert_eq(buf_from_handle_or_null(later), b);
	cr_assert_null(buf_from_handle_or_null(NULL));
	buf_take_from_app(b);
	buf_put(b);
}

Test(buf, freed_twice_is_a_bug, .signal = SIGABRT, .fini = NULL)
{
	struct buf *b = with_text("x");

	buf_put(b);
	buf_put(b);
}

Test(buf, queue_is_first_in_first_out)
{
	struct buf_queue q = { 0 };
	struct buf *a = with_text("a"), *b = with_text("b"), *c = chain3();

	cr_assert_null(buf_queue_pop_or_null(&q));
	buf_queue_push(&q, a);
	buf_queue_push(&q, b);
	cr_assert_eq(buf_queue_pop_or_null(&q), a);
	buf_queue_push(&q, c);
	cr_assert_eq(q.num, 2);
	cr_assert_eq(buf_queue_pop_or_null(&q), b);
	buf_put(a);
	buf_put(b);
	buf_queue_drain(&q);
	cr_assert_eq(q.num, 0);
	cr_assert_null(q.head);
}
