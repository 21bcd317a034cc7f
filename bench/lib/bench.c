/* SPDX-License-Identifier: MIT */
#include "bench/lib/bench.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "bench/lib/json.h"

#define EXIT_USAGE 2
#define EXIT_TWICE 3

/* First line that @command prints; false: it failed or said nothing. */
static bool first_line_of(const char *command, char *out, size_t size)
{
	FILE *f = popen(command, "r"); /* NOLINT(cert-env33-c): constant commands only */
	bool got;

	if (!f)
		return false;
	got = fgets(out, (int)size, f) != NULL;
	while (fgetc(f) != EOF)
		;
	if (pclose(f) || !got)
		return false;
	out[strcspn(out, "\n")] = 0;
	return out[0] != 0;
}

/* Asked when it runs, not when it was configured: a build directory outlives many commits. */
static void find_commit(char *out, size_t size)
{
	char change[256];

	if (!first_line_of("git -C '" TERN_SOURCE_DIR "' rev-parse --short=12 HEAD 2>/dev/null",
			   out, size)) {
		snprintf(out, size, "unknown");
		return;
	}
	if (first_line_of("git -C '" TERN_SOURCE_DIR "' status --porcelain -uno 2>/dev/null",
			  change, sizeof(change)))
		strncat(out, "-dirty", size - strlen(out) - 1);
}

static void find_cpu(char *out, size_t size)
{
	FILE *f = fopen("/proc/cpuinfo", "r");
	char line[256];

	snprintf(out, size, "unknown");
	if (!f)
		return;
	while (fgets(line, sizeof(line), f)) {
		char *colon = strchr(line, ':');

		if (strncmp(line, "model name", 10) != 0 || !colon || colon[1] != ' ')
			continue;
		colon[2 + strcspn(colon + 2, "\n")] = 0;
		snprintf(out, size, "%s", colon + 2);
		break;
	}
	fclose(f);
}

static void write_key_string(const char *key, const char *text)
{
	json_string(stdout, key);
	fputc(':', stdout);
	json_string(stdout, text);
}

static void write_key_number(const char *key, double value)
{
	json_string(stdout, key);
	fputc(':', stdout);
	json_number(stdout, value);
}

static void write_header(const struct bench *b, int argc, char **argv)
{
	char commit[64], cpu[128], started[32];
	long cores = sysconf(_SC_NPROCESSORS_ONLN);
	time_t now = time(NULL);
	struct utsname u;
	struct tm tm;

	find_commit(commit, sizeof(commit));
	find_cpu(cpu, sizeof(cpu));
	uname(&u);
	gmtime_r(&now, &tm);
	strftime(started, sizeof(started), "%Y-%m-%dT%H:%M:%SZ", &tm);
	if (!b->json) {
		printf("%s, commit %s, %s, %ld cores, Linux %s\n", b->name, commit, cpu, cores,
		       u.release);
		printf("%-32s %-20s %12s %12s %12s %12s %5s\n", "case", "metric", "median", "p99",
		       "min", "max", "n");
		return;
	}
	fputc('{', stdout);
	write_key_string("bench", b->name);
	fputc(',', stdout);
	write_key_string("commit", commit);
	fputs(",\"machine\":{", stdout);
	write_key_string("cpu", cpu);
	fputc(',', stdout);
	write_key_number("cores", (double)cores);
	fputc(',', stdout);
	write_key_string("kernel", u.release);
	fputs("},\"argv\":[", stdout);
	for (int i = 0; i < argc; i++) {
		if (i)
			fputc(',', stdout);
		json_string(stdout, argv[i]);
	}
	fputs("],", stdout);
	write_key_string("started", started);
	fputs("}\n", stdout);
	fflush(stdout);
}

void bench_init(struct bench *b, const char *name, const char *what, int argc, char **argv)
{
	*b = (struct bench){ .name = name };
	for (int i = 1; i < argc; i++) {
		if (!strcmp(argv[i], "--json")) {
			b->json = true;
		} else if (!strcmp(argv[i], "--quick")) {
			b->quick = true;
		} else if (!strcmp(argv[i], "--help")) {
			printf("usage: bench_%s [--json] [--quick] [--help]\n%s\n"
			       "  --json   JSON lines on standard output, nothing else there\n"
			       "  --quick  %d repetitions instead of %d\n",
			       name, what, BENCH_REPS_QUICK, BENCH_REPS);
			exit(0);
		} else {
			fprintf(stderr, "bench_%s: unknown argument '%s'; see --help\n", name,
				argv[i]);
			exit(EXIT_USAGE);
		}
	}
	clock_init_real(&b->clock);
	write_header(b, argc, argv);
}

int bench_fini(struct bench *b)
{
	bool any = b->num_figures != 0;

	for (unsigned i = 0; i < b->num_figures; i++)
		free(b->figures[i]);
	b->num_figures = 0;
	if (fflush(stdout) || ferror(stdout)) {
		fprintf(stderr, "bench_%s: cannot write the results: %s\n", b->name,
			strerror(errno));
		return 1;
	}
	if (!any)
		fprintf(stderr, "bench_%s: no figures\n", b->name);
	return any ? 0 : 1;
}

void bench_time_ns(struct bench *b, struct bench_samples *reps, uint64_t ops, bench_fn fn,
		   void *arg)
{
	fn(arg);
	for (unsigned i = bench_reps(b); i > 0; i--) {
		uint64_t start = bench_now_ns(b);

		fn(arg);
		bench_samples_add(reps, (double)(bench_now_ns(b) - start) / (double)ops);
	}
}

static void refuse_twice(struct bench *b, const char *case_name, const char *metric)
{
	char *figure;

	if (asprintf(&figure, "%s %s", case_name, metric) < 0 ||
	    b->num_figures == BENCH_MAX_FIGURES) {
		fprintf(stderr, "bench_%s: out of room for figures\n", b->name);
		exit(EXIT_TWICE);
	}
	for (unsigned i = 0; i < b->num_figures; i++) {
		if (strcmp(b->figures[i], figure) != 0)
			continue;
		fprintf(stderr, "bench_%s: '%s' is reported twice\n", b->name, figure);
		exit(EXIT_TWICE);
	}
	b->figures[b->num_figures++] = figure;
}

static void write_extra(const struct bench_extra *e, bool json)
{
	if (json) {
		fputc(',', stdout);
		if (e->text_or_null)
			write_key_string(e->key, e->text_or_null);
		else
			write_key_number(e->key, e->number);
	} else if (e->text_or_null) {
		printf("  %s=%s", e->key, e->text_or_null);
	} else {
		printf("  %s=%.4g", e->key, e->number);
	}
}

void bench_report_stats(struct bench *b, const char *case_name, const char *metric,
			const char *unit, const struct bench_stats *s,
			const struct bench_extra *extra, unsigned num_extra)
{
	const struct bench_extra numbers[] = {
		{ .key = "median", .number = s->median }, { .key = "p99", .number = s->p99 },
		{ .key = "min", .number = s->min },       { .key = "max", .number = s->max },
		{ .key = "n", .number = (double)s->num },
	};

	refuse_twice(b, case_name, metric);
	if (b->json) {
		fputc('{', stdout);
		write_key_string("bench", b->name);
		fputc(',', stdout);
		write_key_string("case", case_name);
		fputc(',', stdout);
		write_key_string("metric", metric);
		fputc(',', stdout);
		write_key_string("unit", unit);
		for (size_t i = 0; i < ARRAY_SIZE(numbers); i++)
			write_extra(&numbers[i], true);
	} else {
		printf("%-32s %-20s %12.4g %12.4g %12.4g %12.4g %5zu %s", case_name, metric,
		       s->median, s->p99, s->min, s->max, s->num, unit);
	}
	for (unsigned i = 0; i < num_extra; i++)
		write_extra(&extra[i], b->json);
	fputs(b->json ? "}\n" : "\n", stdout);
	fflush(stdout);
}

void bench_report(struct bench *b, const char *case_name, const char *metric, const char *unit,
		  struct bench_samples *reps, struct bench_samples *samples_or_null)
{
	struct bench_stats s = bench_stats_of(reps);

	if (samples_or_null)
		s.p99 = bench_stats_of(samples_or_null).p99;
	bench_report_stats(b, case_name, metric, unit, &s, NULL, 0);
}

void bench_report_value(struct bench *b, const char *case_name, const char *metric,
			const char *unit, double value)
{
	struct bench_stats s = {
		.median = value,
		.p99 = value,
		.min = value,
		.max = value,
		.num = 1,
	};

	bench_report_stats(b, case_name, metric, unit, &s, NULL, 0);
}
