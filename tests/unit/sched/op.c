/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <signal.h>

#include "libos/sched/op.h"

static struct op_table table;

static void setup(void)
{
	op_table_init(&table, 1024);
}

static void teardown(void)
{
	op_table_fini(&table);
}

TestSuite(op, .init = setup, .fini = teardown);

Test(op, a_token_names_its_operation_until_the_result_is_fetched)
{
	struct op *op = op_new_or_null(&table, 7, 2);
	op_token token = op_token_of(op);

	cr_assert_neq(token, 0);
	cr_assert_eq(op_lookup_or_null(&table, token), op);
	op_complete(&table, op, 0);
	cr_assert_eq(op_lookup_or_null(&table, token), op);
	op_free(&table, op);
	cr_assert_null(op_lookup_or_null(&table, token));
}

Test(op, a_served_token_never_names_a_later_operation)
{
	op_token old[100];

	for (unsigned i = 0; i < ARRAY_SIZE(old); i++) {
		struct op *op = op_new_or_null(&table, 1, 1);

		old[i] = op_token_of(op);
		for (unsigned j = 0; j < i; j++)
			cr_assert_null(op_lookup_or_null(&table, old[j]));
		op_free(&table, op);
	}
}

Test(op, generations_skip_zero_when_they_wrap)
{
	struct op *op = op_new_or_null(&table, 1, 1);

	op->token |= (uint64_t)UINT32_MAX << 32;
	op_free(&table, op);
	cr_assert_eq(op_new_or_null(&table, 1, 1), op);
	cr_assert_eq(op_token_of(op) >> 32, 1);
}

Test(op, tokens_that_were_never_given_out_name_nothing)
{
	static const op_token nonsense[] = { 0, 1, 1ull << 32, UINT64_MAX, 5, (1ull << 32) + 2000 };

	cr_assert_not_null(op_new_or_null(&table, 1, 1));
	for (size_t i = 0; i < ARRAY_SIZE(nonsense); i++) {
		struct op *op = op_lookup_or_null(&table, nonsense[i]);

		cr_assert(!op || op_token_of(op) == nonsense[i]);
	}
	cr_assert_null(op_lookup_or_null(&table, 0));
	cr_assert_null(op_lookup_or_null(&table, UINT64_MAX));
}

Test(op, the_limit_is_an_answer_not_a_crash)
{
	for (unsigned i = 0; i < 1024; i++)
		cr_assert_not_null(op_new_or_null(&table, 1, 1));
	cr_assert_null(op_new_or_null(&table, 1, 1));
}

Test(op, completing_takes_it_off_its_queue)
{
	struct list queue;
	struct op *op = op_new_or_null(&table, 1, 1);

	list_init(&queue);
	list_add_tail(&queue, &op->link);
	op_complete(&table, op, 5);
	cr_assert(list_is_empty(&queue));
	cr_assert_eq(list_first(&table.ready, struct op, link), op);
	cr_assert_eq(op->err, 5);
}

Test(op, completing_twice_is_a_bug, .signal = SIGABRT)
{
	struct op *op = op_new_or_null(&table, 1, 1);

	op_complete(&table, op, 0);
	op_complete(&table, op, 0);
}
