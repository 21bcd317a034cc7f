/* SPDX-License-Identifier: MIT */
#include "bench/lib/stats.h"

#include <stdlib.h>
#include <string.h>

#include "libos/base/bug.h"

void bench_samples_init(struct bench_samples *s, size_t max)
{
	*s = (struct bench_samples){ .max = max, .value = malloc(max * sizeof(double)) };
	BUG_ON(!s->value);
	memset(s->value, 0xff, max * sizeof(double));
}

void bench_samples_fini(struct bench_samples *s)
{
	free(s->value);
	*s = (struct bench_samples){ 0 };
}

void bench_samples_add(struct bench_samples *s, double value)
{
	BUG_ON(s->num == s->max);
	s->value[s->num++] = value;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* @permille of the sorted samples are not above the result. */
static double nearest_rank(const struct bench_samples *s, unsigned permille)
{
	size_t rank = (s->num * permille + 999) / 1000;

	return s->value[rank ? rank - 1 : 0];
}

struct bench_stats bench_stats_of(struct bench_samples *s)
{
	struct bench_stats r = { .num = s->num };
	double sum = 0;

	BUG_ON(!s->num);
	qsort(s->value, s->num, sizeof(s->value[0]), compare);
	for (size_t i = 0; i < s->num; i++)
		sum += s->value[i];
	r.mean = sum / (double)s->num;
	r.median = (s->value[(s->num - 1) / 2] + s->value[s->num / 2]) / 2;
	r.p99 = nearest_rank(s, 990);
	r.p999 = nearest_rank(s, 999);
	r.min = s->value[0];
	r.max = s->value[s->num - 1];
	return r;
}
