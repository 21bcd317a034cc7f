/* SPDX-License-Identifier: MIT */
/*
 * The harness of every benchmark driver: arguments, header, repetitions, and one line per figure, as JSON
 * (--json: JSON lines on standard output and nothing else there) or as a table for people.
 *
 *     bench_init(&b, "timers", "what it measures", argc, argv);
 *     bench_samples_init(&s, bench_reps(&b));
 *     for (...)
 *             bench_samples_add(&s, ns_per_op);
 *     bench_report(&b, "armed=1000000", "arm_ns", "ns", &s, NULL);
 *     return bench_fini(&b);
 */
#ifndef BENCH_LIB_BENCH_H
#define BENCH_LIB_BENCH_H

#include "bench/lib/count.h"
#include "bench/lib/stats.h"
#include "libos/base/clock.h"

#define BENCH_REPS 21
#define BENCH_REPS_QUICK 5

#define BENCH_MAX_FIGURES 512

struct bench {
	const char *name;
	bool json;
	bool quick; /* few repetitions: to see that a driver works, not to quote */
	struct clock clock;
	unsigned num_figures;
	char *figures[BENCH_MAX_FIGURES]; /* "case metric" of each figure so far */
};

/* One more key of a figure: text, or a number where @text is NULL. */
struct bench_extra {
	const char *key;
	const char *text_or_null;
	double number;
};

/*
 * Reads --json, --quick, --help and writes the header. Ends the program: --help with 0, any other argument with 2.
 * @what is the sentence that --help shows.
 */
void bench_init(struct bench *b, const char *name, const char *what, int argc, char **argv);

/* The exit status for main: 0, or 1 when there was no figure or standard output failed. */
int bench_fini(struct bench *b) must_check;

/* How often to repeat what yields one sample: at least 20 times unless --quick. */
static inline unsigned bench_reps(const struct bench *b)
{
	return b->quick ? BENCH_REPS_QUICK : BENCH_REPS;
}

static inline uint64_t bench_now_ns(const struct bench *b)
{
	return clock_read(&b->clock);
}

/* Runs @fn(@arg), which does @ops operations, once to warm up and once per repetition: ns per operation into @reps. */
void bench_time_ns(struct bench *b, struct bench_samples *reps, uint64_t ops, bench_fn fn,
		   void *arg);

/*
 * One figure. Median, min, max and n are over @reps; p99 is over @samples where single operations were timed, else
 * over @reps. A case and metric reported twice ends the program with status 3: results must have one meaning.
 */
void bench_report(struct bench *b, const char *case_name, const char *metric, const char *unit,
		  struct bench_samples *reps, struct bench_samples *samples_or_null);

/* The same with the numbers given, and up to @num_extra more keys, such as a ratio's "of" and "to". */
void bench_report_stats(struct bench *b, const char *case_name, const char *metric,
			const char *unit, const struct bench_stats *s,
			const struct bench_extra *extra, unsigned num_extra);

/* A figure that is one number, such as a count: every statistic is @value, n is 1. */
void bench_report_value(struct bench *b, const char *case_name, const char *metric,
			const char *unit, double value);

#endif
