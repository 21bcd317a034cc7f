/* SPDX-License-Identifier: MIT */
/* Samples of one figure and what is said of them. */
#ifndef BENCH_LIB_STATS_H
#define BENCH_LIB_STATS_H

#include "libos/base/compiler.h"

struct bench_samples {
	double *value;
	size_t num;
	size_t max;
};

struct bench_stats {
	double median; /* of an even number: the mean of the middle two */
	double p99;    /* nearest rank: the smallest value that 99 % do not exceed */
	double p999;
	double mean;
	double min;
	double max;
	size_t num;
};

/* Room for @max samples, all of it touched now, so that adding one never faults. Ends the program without memory. */
void bench_samples_init(struct bench_samples *s, size_t max);

void bench_samples_fini(struct bench_samples *s);

/* More than there is room for is a bug. */
void bench_samples_add(struct bench_samples *s, double value);

/* Sorts the samples. None at all is a bug. */
struct bench_stats bench_stats_of(struct bench_samples *s);

#endif
