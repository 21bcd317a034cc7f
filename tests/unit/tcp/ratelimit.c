/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>

#include "libos/tcp/ratelimit.h"

static struct tcp_ratelimit limit;

/* How many get through at @now. */
static unsigned drain(uint64_t now)
{
	unsigned n = 0;

	while (n < 10000 && tcp_ratelimit_take(&limit, now))
		n++;
	return n;
}

Test(tcp_ratelimit, rfc5961_7_the_mean_is_the_limit_and_the_bounds_hold)
{
	uint64_t sum = 0;
	unsigned least = UINT32_MAX, most = 0;

	tcp_ratelimit_init(&limit, 100, NS_PER_SEC, 5, 0);
	drain(0);
	for (unsigned s = 1; s <= 2000; s++) {
		unsigned n = drain(s * NS_PER_SEC);

		cr_assert(n >= 50 && n <= 150, "second %u: %u", s, n);
		least = n < least ? n : least;
		most = n > most ? n : most;
		sum += n;
		cr_assert_eq(drain(s * NS_PER_SEC), 0, "used up");
	}
	cr_assert(sum > 97 * 2000 && sum < 103 * 2000, "%u", (unsigned)sum);
	cr_assert(least < 55 && most > 145, "%u to %u", least, most);
}

/* CVE-2016-5696: who counts what he gets must not learn what others got. */
Test(tcp_ratelimit, cve_2016_5696_neither_budget_nor_boundary_is_known)
{
	unsigned repeats = 0, before = 0;
	uint64_t boundary[2];

	for (unsigned seed = 0; seed < 2; seed++) {
		tcp_ratelimit_init(&limit, 100, NS_PER_SEC, seed, 0);
		boundary[seed] = limit.until;
		cr_assert_leq(limit.until, NS_PER_SEC);
	}
	cr_assert_neq(boundary[0], boundary[1]);
	for (unsigned s = 1; s <= 1000; s++) {
		unsigned n = drain(s * NS_PER_SEC);

		repeats += n == before;
		before = n;
	}
	cr_assert_lt(repeats, 40, "about 1 in 101 by chance");
}

Test(tcp_ratelimit, rest_saves_nothing_up_and_intervals_stay_in_place)
{
	uint64_t phase;

	tcp_ratelimit_init(&limit, 100, NS_PER_SEC, 5, 0);
	phase = limit.until;
	drain(0);
	cr_assert_leq(drain(3600 * NS_PER_SEC), 150);
	cr_assert_eq((limit.until - phase) % NS_PER_SEC, 0);
	cr_assert_gt(limit.until, 3600 * NS_PER_SEC);
	cr_assert_eq(drain(limit.until - 1), 0);
	cr_assert_geq(drain(limit.until), 50);
}

Test(tcp_ratelimit, none_and_no_limit)
{
	tcp_ratelimit_init(&limit, 0, NS_PER_SEC, 5, 0);
	cr_assert_eq(drain(0) + drain(NS_PER_SEC) + drain(5 * NS_PER_SEC), 0);
	tcp_ratelimit_init(&limit, UINT32_MAX, NS_PER_SEC, 5, 0);
	cr_assert_eq(drain(0), 10000);
}

Test(tcp_ratelimit, one_connection_answers_once_per_interval)
{
	struct tcp_pace pace = { 0 };

	cr_assert(tcp_pace_take(&pace, 500, 0), "also at time 0");
	cr_assert(!tcp_pace_take(&pace, 500, 0));
	cr_assert(!tcp_pace_take(&pace, 500, 499 * NS_PER_MS));
	cr_assert(tcp_pace_take(&pace, 500, 500 * NS_PER_MS));
	cr_assert(!tcp_pace_take(&pace, 500, 999 * NS_PER_MS), "counted from the last one sent");
	cr_assert(tcp_pace_take(&pace, 500, 1001 * NS_PER_MS));
	cr_assert(!tcp_pace_take(&pace, 500, 1500 * NS_PER_MS));
	cr_assert(tcp_pace_take(&pace, 500, 1501 * NS_PER_MS));
}

Test(tcp_ratelimit, a_connection_s_own_limit_survives_the_wrap_of_its_clock)
{
	uint64_t wrap = (1ull << 32) * NS_PER_MS;
	struct tcp_pace pace = { 0 };

	cr_assert(tcp_pace_take(&pace, 500, wrap - 100 * NS_PER_MS));
	cr_assert(!tcp_pace_take(&pace, 500, wrap + 399 * NS_PER_MS));
	cr_assert(tcp_pace_take(&pace, 500, wrap + 400 * NS_PER_MS));
}
