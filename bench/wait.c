/* SPDX-License-Identifier: MIT */
/*
 * demi_wait_any over 1 to 10,000 outstanding tokens, one of which is ready. The tokens are pops on as many sockets of
 * one host; a datagram to one of them makes its pop ready, and a look with demi_wait at another token lets the network
 * bring it in beforehand, so that the timed call does nothing but find it.
 *
 * In the main cases up to ACTIVE sockets, spread over the whole array, take turns at random: what is measured is the
 * tokens that nothing happens to. In the case "active=all" every socket may be next, so that the caches' misses on
 * 10,000 operations and places come in.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/lib/bench.h"
#include "demi/libos.h"
#include "demi/sga.h"
#include "demi/wait.h"
#include "libos/base/rng.h"
#include "tern/sim.h"

#define CALLS 20000
#define KEPT_CALLS 18000
#define MAX_TOKENS 10000
#define FIRST_PORT 10000
#define ACTIVE 8

struct crowd {
	struct tern_sim *sim;
	int sender;
	int idle;
	demi_qtoken_t never; /* a pop that nothing completes */
	unsigned num;
	unsigned active;
	int qds[MAX_TOKENS];
	demi_qtoken_t qts[MAX_TOKENS];
	struct rng rng;
};

static void must(int err, const char *what)
{
	if (err) {
		fprintf(stderr, "wait: %s: %s\n", what, strerror(err));
		exit(1);
	}
}

static struct sockaddr_in self(uint16_t port)
{
	struct sockaddr_in addr = { .sin_family = AF_INET, .sin_port = htons(port) };

	inet_pton(AF_INET, "10.0.0.1", &addr.sin_addr);
	return addr;
}

static int open_socket(uint16_t port)
{
	struct sockaddr_in addr = self(port);
	int qd;

	must(demi_socket(&qd, AF_INET, SOCK_DGRAM, 0), "socket");
	must(demi_bind(qd, (struct sockaddr *)&addr, sizeof(addr)), "bind");
	return qd;
}

static void open_crowd(struct crowd *c, unsigned num, unsigned active)
{
	struct tern_sim_options options = { .seed = 1, .real_time = true };
	struct tern_sim_host_options host = { .ipv4 = "10.0.0.1/24" };
	struct tern_sim_host *h;

	memset(c, 0, sizeof(*c));
	c->num = num;
	c->active = active < num ? active : num;
	rng_init(&c->rng, 1);
	must(tern_sim_new(&options, &c->sim), "rack");
	must(tern_sim_host_new(c->sim, &host, &h), "host");
	must(tern_sim_enter(h), "enter");
	c->sender = open_socket(1);
	c->idle = open_socket(2);
	must(demi_pop(&c->never, c->idle), "pop");
	for (unsigned i = 0; i < num; i++) {
		c->qds[i] = open_socket((uint16_t)(FIRST_PORT + i));
		must(demi_pop(&c->qts[i], c->qds[i]), "pop");
	}
}

static void make_ready(struct crowd *c, unsigned at)
{
	static const struct timespec once = { 0, 0 };
	struct sockaddr_in dest = self((uint16_t)(FIRST_PORT + at));
	demi_sgarray_t sga = demi_sgaalloc(8);
	demi_qresult_t qr;
	demi_qtoken_t qt;

	must(demi_pushto(&qt, c->sender, &sga, (struct sockaddr *)&dest, sizeof(dest)), "push");
	must(demi_wait(&qr, qt, NULL), "wait");
	must(demi_sgafree(&sga), "free");
	must(demi_wait(&qr, c->never, &once) != ETIMEDOUT, "a pop that should wait for ever");
}

/*
 * The counter, with everything before it done and nothing after it begun: otherwise most of so short a call would
 * disappear in what the processor does meanwhile.
 */
static uint64_t fenced_ticks(void)
{
	uint64_t ticks;

	__builtin_ia32_lfence();
	ticks = cpu_ticks();
	__builtin_ia32_lfence();
	return ticks;
}

/* Ticks spent in one call, the cost of reading the counter not taken off. */
static uint64_t timed_wait_any(struct crowd *c, unsigned at)
{
	demi_qresult_t qr;
	uint64_t before, after;
	int offset = -1, err;

	before = fenced_ticks();
	err = demi_wait_any(&qr, &offset, c->qts, (int)c->num, NULL);
	after = fenced_ticks();
	must(err, "wait_any");
	must(offset != (int)at, "the wrong token");
	must(demi_sgafree(&qr.qr_value.sga), "free");
	must(demi_pop(&c->qts[at], c->qds[at]), "pop");
	return after - before;
}

static double ticks_of_nothing(void)
{
	uint64_t sum = 0;

	for (int i = 0; i < CALLS; i++) {
		uint64_t before = fenced_ticks();

		sum += fenced_ticks() - before;
	}
	return (double)sum / CALLS;
}

static double ns_per_tick(const struct bench *b)
{
	uint64_t ns = bench_now_ns(b), ticks = cpu_ticks();

	while (bench_now_ns(b) - ns < 20 * NS_PER_MS)
		;
	return (double)(bench_now_ns(b) - ns) / (double)(cpu_ticks() - ticks);
}

/*
 * Mean of the faster nine tenths: what an interrupt stretched is no call of ours. Not the median, since the counter may
 * tick in steps of more than a call takes.
 */
static double mean_ticks(struct crowd *c)
{
	struct bench_samples ticks;
	double sum = 0;

	bench_samples_init(&ticks, CALLS);
	for (unsigned i = 0; i < CALLS; i++) {
		unsigned turn = (unsigned)rng_below(&c->rng, c->active);
		unsigned at = c->active == 1 ? 0 : turn * (c->num - 1) / (c->active - 1);

		make_ready(c, at);
		bench_samples_add(&ticks, (double)timed_wait_any(c, at));
	}
	bench_stats_of(&ticks); /* sorts them */
	for (unsigned i = 0; i < KEPT_CALLS; i++)
		sum += ticks.value[i];
	bench_samples_fini(&ticks);
	return sum / KEPT_CALLS;
}

static const struct {
	const char *name;
	unsigned num;
	unsigned active;
} cases[] = {
	{ "tokens=1", 1, ACTIVE },
	{ "tokens=10", 10, ACTIVE },
	{ "tokens=100", 100, ACTIVE },
	{ "tokens=10000", 10000, ACTIVE },
	{ "tokens=10000,active=all", 10000, 10000 },
};

#define NUM_CASES (sizeof(cases) / sizeof(cases[0]))
#define SMALLEST 0
#define LARGEST 3

static void report_ratio(struct bench *b, struct bench_samples *ratio)
{
	const struct bench_extra of_to[] = {
		{ .key = "of", .text_or_null = cases[LARGEST].name },
		{ .key = "to", .text_or_null = cases[SMALLEST].name },
	};
	struct bench_stats s = bench_stats_of(ratio);

	bench_report_stats(b, "tokens=10000", "ratio", "1", &s, of_to, 2);
}

int main(int argc, char **argv)
{
	static struct bench_samples ns[NUM_CASES], ratio;
	static struct crowd crowd;
	double scale, nothing;
	unsigned reps;
	struct bench b;

	bench_init(&b, "wait", "demi_wait_any, by the number of outstanding tokens", argc, argv);
	reps = bench_reps(&b);
	scale = ns_per_tick(&b);
	nothing = ticks_of_nothing();
	bench_samples_init(&ratio, reps);
	for (unsigned i = 0; i < NUM_CASES; i++)
		bench_samples_init(&ns[i], reps);
	/* All cases in turn within each repetition, so that a noisy moment hits all of them. */
	for (unsigned rep = 0; rep < reps; rep++) {
		double took[NUM_CASES];

		for (unsigned i = 0; i < NUM_CASES; i++) {
			open_crowd(&crowd, cases[i].num, cases[i].active);
			took[i] = (mean_ticks(&crowd) - nothing) * scale;
			bench_samples_add(&ns[i], took[i]);
			tern_sim_free(crowd.sim);
		}
		bench_samples_add(&ratio, took[LARGEST] / took[SMALLEST]);
	}
	for (unsigned i = 0; i < NUM_CASES; i++)
		bench_report(&b, cases[i].name, "wait_any_ns", "ns", &ns[i], NULL);
	report_ratio(&b, &ratio);
	return bench_fini(&b);
}
