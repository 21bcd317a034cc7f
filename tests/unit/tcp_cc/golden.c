/* SPDX-License-Identifier: MIT */
/*
 * What each algorithm does with one fixed path, as tables in golden/: one line per round of 40 ms. A change of
 * behaviour shows as a difference; when it is meant, UPDATE_GOLDEN=1 in the environment of the test writes the tables
 * anew, and the difference goes into the commit for review.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/tcp_cc/path.h"

#define ROUND_NS (40 * NS_PER_MS)
#define ROUNDS 400

static char table[ROUNDS * 80];

static size_t header(char *out, size_t room, const char *name, const struct path_config *c)
{
	return (size_t)snprintf(
		out, room,
		"# %s: 100 Mbit/s, 40 ms (333 packets), buffer %u, marks above %u, one of %u lost\n"
		"# ms cwnd ssthresh phase kB/s queue (windows in bytes; - is infinite, * "
		"unpaced)\n",
		name, c->queue, c->mark_above, c->drop_every);
}

static size_t line(char *out, size_t room, const struct path *p, unsigned round)
{
	static const char *const phases[] = { "open", "cwr", "recovery", "loss" };
	const struct tcp_cc *cc = &p->flow[0].cc;
	char ssthresh[16] = "-", rate[24] = "*";

	if (cc->ssthresh != TCP_CC_SSTHRESH_INFINITE)
		snprintf(ssthresh, sizeof(ssthresh), "%u", cc->ssthresh);
	if (cc->pacing_rate)
		snprintf(rate, sizeof(rate), "%llu", (unsigned long long)cc->pacing_rate / 1000);
	return (size_t)snprintf(out, room, "%u %u %s %s %s %u\n", round * 40, cc->cwnd, ssthresh,
				phases[cc->phase], rate, path_queue(p));
}

static void run_scenario(const char *name, const struct path_config *c)
{
	struct path *p = path_new(c);
	size_t used = header(table, sizeof(table), name, c);

	path_start_flow(p, 0, name);
	for (unsigned round = 1; round <= ROUNDS; round++) {
		path_run_until(p, NS_PER_SEC + round * ROUND_NS);
		used += line(table + used, sizeof(table) - used, p, round);
		cr_assert_lt(used, sizeof(table));
	}
}

static void compare(const char *file)
{
	static char golden[sizeof(table)];
	char path[512];
	FILE *f;
	size_t n;

	snprintf(path, sizeof(path), "%s/%s", GOLDEN_DIR, file);
	if (getenv("UPDATE_GOLDEN")) {
		f = fopen(path, "w");
		cr_assert_not_null(f, "cannot write %s", path);
		fputs(table, f);
		cr_assert_eq(fclose(f), 0);
		return;
	}
	f = fopen(path, "r");
	cr_assert_not_null(f, "%s is missing", path);
	n = fread(golden, 1, sizeof(golden) - 1, f);
	fclose(f);
	golden[n] = 0;
	for (char *g = golden, *t = table; *g || *t;) {
		size_t glen = strcspn(g, "\n"), tlen = strcspn(t, "\n");

		cr_assert(glen == tlen && memcmp(g, t, glen) == 0,
			  "%s says:\n%.*s\nbut it is:\n%.*s", file, (int)glen, g, (int)tlen, t);
		g += glen + (g[glen] != 0);
		t += tlen + (t[tlen] != 0);
	}
}

static const struct golden_case {
	const char *file, *name;
	uint32_t queue, mark_above, drop_every;
} cases[] = {
	{ "reno.txt", "reno", 333, 0, 0 },         { "reno_loss.txt", "reno", 333, 0, 3000 },
	{ "cubic.txt", "cubic", 333, 0, 0 },       { "cubic_loss.txt", "cubic", 333, 0, 3000 },
	{ "cubic_ecn.txt", "cubic", 600, 200, 0 }, { "dctcp.txt", "dctcp", 600, 65, 0 },
	{ "bbr.txt", "bbr", 333, 0, 0 },           { "bbr_loss.txt", "bbr", 333, 0, 300 },
};

Test(golden, cwnd_per_round_is_as_recorded)
{
	for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
		run_scenario(cases[i].name,
			     &(struct path_config){ .tx_ns = 120000,
						    .rtt_ns = ROUND_NS,
						    .queue = cases[i].queue,
						    .mark_above = cases[i].mark_above,
						    .drop_every = cases[i].drop_every });
		compare(cases[i].file);
	}
}
