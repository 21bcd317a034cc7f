/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <signal.h>

#include "bench/lib/stats.h"

static struct bench_stats of(const double *values, size_t num)
{
	struct bench_samples s;
	struct bench_stats r;

	bench_samples_init(&s, num);
	for (size_t i = 0; i < num; i++)
		bench_samples_add(&s, values[i]);
	r = bench_stats_of(&s);
	bench_samples_fini(&s);
	return r;
}

Test(stats, one_sample_is_everything)
{
	struct bench_stats s = of((const double[]){ 7 }, 1);

	cr_assert(s.median == 7 && s.p99 == 7 && s.p999 == 7 && s.mean == 7);
	cr_assert(s.min == 7 && s.max == 7 && s.num == 1);
}

Test(stats, the_order_of_samples_does_not_matter)
{
	struct bench_stats s = of((const double[]){ 9, 1, 5 }, 3);

	cr_assert(s.median == 5 && s.min == 1 && s.max == 9 && s.mean == 5 && s.num == 3);
	cr_assert(s.p99 == 9);
}

Test(stats, the_median_of_an_even_number_lies_between_the_middle_two)
{
	cr_assert(of((const double[]){ 4, 1, 3, 10 }, 4).median == 3.5);
}

Test(stats, percentiles_are_by_nearest_rank)
{
	double v[1000];

	for (int i = 0; i < 1000; i++)
		v[i] = 1000 - i;
	cr_assert(of(v, 1000).p99 == 990);
	cr_assert(of(v, 1000).p999 == 999);
	cr_assert(of(v + 900, 100).p99 == 99);
	cr_assert(of(v + 900, 100).p999 == 100);
	cr_assert(of(v + 899, 101).p99 == 100);
	cr_assert(of(v + 980, 20).p99 == 20);
}

Test(stats, no_samples_is_a_bug, .signal = SIGABRT)
{
	of(NULL, 0);
}

Test(stats, more_samples_than_room_is_a_bug, .signal = SIGABRT)
{
	struct bench_samples s;

	bench_samples_init(&s, 1);
	bench_samples_add(&s, 1);
	bench_samples_add(&s, 2);
}
