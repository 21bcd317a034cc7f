/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <errno.h>

#include "libos/queue/queue.h"

Test(queue, descriptors_are_positive_distinct_and_found)
{
	struct queue_table t;
	static struct queue queues[500];

	cr_assert_eq(queue_table_init(&t, 1000), 0);
	for (unsigned i = 0; i < ARRAY_SIZE(queues); i++) {
		cr_assert_eq(queue_table_add(&t, &queues[i]), 0);
		cr_assert_gt(queues[i].qd, 0);
	}
	for (unsigned i = 0; i < ARRAY_SIZE(queues); i++)
		cr_assert_eq(queue_lookup_or_null(&t, queues[i].qd), &queues[i]);
	queue_table_fini(&t);
}

Test(queue, what_is_no_descriptor_is_not_found)
{
	static const int32_t nonsense[] = { -1, 0, 2, 63, 64, 1000000, INT32_MIN, INT32_MAX };
	struct queue_table t;
	struct queue q;

	cr_assert_eq(queue_table_init(&t, 1000), 0);
	cr_assert_eq(queue_table_add(&t, &q), 0);
	cr_assert_eq(q.qd, 1);
	for (size_t i = 0; i < ARRAY_SIZE(nonsense); i++)
		cr_assert_null(queue_lookup_or_null(&t, nonsense[i]), "%d", nonsense[i]);
	queue_table_remove(&t, &q);
	cr_assert_null(queue_lookup_or_null(&t, 1));
	queue_table_fini(&t);
}

Test(queue, the_limit_is_exact_and_closing_makes_room)
{
	struct queue_table t;
	struct queue queues[101];

	cr_assert_eq(queue_table_init(&t, 100), 0);
	for (unsigned i = 0; i < 100; i++)
		cr_assert_eq(queue_table_add(&t, &queues[i]), 0);
	cr_assert_eq(queue_table_add(&t, &queues[100]), -EMFILE);
	queue_table_remove(&t, &queues[42]);
	cr_assert_eq(queue_table_add(&t, &queues[100]), 0);
	cr_assert_eq(queues[100].qd, queues[42].qd);
	cr_assert_eq(t.in_use, 100);
	queue_table_fini(&t);
}

Test(queue, any_finds_what_is_left)
{
	struct queue_table t;
	struct queue a, b;

	cr_assert_eq(queue_table_init(&t, 100), 0);
	cr_assert_null(queue_table_any_or_null(&t));
	cr_assert_eq(queue_table_add(&t, &a), 0);
	cr_assert_eq(queue_table_add(&t, &b), 0);
	queue_table_remove(&t, &a);
	cr_assert_eq(queue_table_any_or_null(&t), &b);
	queue_table_fini(&t);
}
