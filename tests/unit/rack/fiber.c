/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>

#include "libos/rack/fiber.h"

static char trace[32];
static unsigned traced;

static void mark(char c)
{
	trace[traced++] = c;
}

static int two_yields(void *arg)
{
	char name = *(const char *)arg;

	cr_assert_not_null(fiber_running_or_null());
	mark(name);
	fiber_yield();
	mark(name);
	fiber_yield();
	mark(name);
	return name;
}

Test(fiber, programs_take_turns_and_return)
{
	char a = 'a', b = 'b';
	struct fiber *fa = fiber_new_or_null(two_yields, &a),
		     *fb = fiber_new_or_null(two_yields, &b);
	int status = 0;

	fiber_resume(fa);
	fiber_resume(fb);
	fiber_resume(fb);
	cr_assert_null(fiber_running_or_null());
	cr_assert(!fiber_has_returned(fb, &status));
	fiber_resume(fb);
	cr_assert(fiber_has_returned(fb, &status));
	cr_assert_eq(status, 'b');
	fiber_resume(fa);
	fiber_resume(fa);
	cr_assert(fiber_has_returned(fa, &status));
	cr_assert_str_eq(trace, "abbbaa");
	fiber_free(fa);
	fiber_free(fb);
}

static int deep(void *arg)
{
	volatile char stack[100 << 10];

	for (unsigned i = 0; i < sizeof(stack); i++)
		stack[i] = (char)i;
	fiber_yield();
	for (unsigned i = 0; i < sizeof(stack); i++) {
		if (stack[i] != (char)i)
			return 1;
	}
	return 0;
}

Test(fiber, stacks_are_their_own)
{
	struct fiber *f[3];
	int status;

	for (int i = 0; i < 3; i++)
		f[i] = fiber_new_or_null(deep, NULL);
	for (int round = 0; round < 2; round++) {
		for (int i = 0; i < 3; i++)
			fiber_resume(f[i]);
	}
	for (int i = 0; i < 3; i++) {
		cr_assert(fiber_has_returned(f[i], &status));
		cr_assert_eq(status, 0);
		fiber_free(f[i]);
	}
}

Test(fiber, one_that_never_ran_or_stands_still_can_be_freed)
{
	char a = 'a';
	struct fiber *never = fiber_new_or_null(two_yields, &a),
		     *half = fiber_new_or_null(two_yields, &a);

	fiber_resume(half);
	fiber_free(never);
	fiber_free(half);
}
