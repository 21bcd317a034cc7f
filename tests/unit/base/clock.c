/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <signal.h>

#include "libos/base/clock.h"

Test(clock, virtual_time_moves_only_when_told)
{
	struct clock c;

	clock_init_virtual(&c, 5);
	cr_assert_eq(clock_read(&c), 5);
	cr_assert_eq(clock_read(&c), 5);
	clock_advance_to(&c, 1000);
	cr_assert_eq(clock_read(&c), 1000);
}

Test(clock, virtual_time_never_goes_back, .signal = SIGABRT)
{
	struct clock c;

	clock_init_virtual(&c, 10);
	clock_advance_to(&c, 9);
}

Test(clock, real_time_is_monotonic_from_near_zero)
{
	struct clock c;
	uint64_t last;

	clock_init_real(&c);
	last = clock_read(&c);
	cr_assert_lt(last, 3600 * NS_PER_SEC);
	for (int i = 0; i < 100000; i++) {
		uint64_t now = clock_read(&c);

		cr_assert_geq(now, last);
		last = now;
	}
}

Test(clock, time_add_saturates)
{
	cr_assert_eq(time_add(1, 2), 3);
	cr_assert_eq(time_add(10, TIME_NEVER), TIME_NEVER);
	cr_assert_eq(time_add(TIME_NEVER, 1), TIME_NEVER);
}
