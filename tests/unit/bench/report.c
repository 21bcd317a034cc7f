/* SPDX-License-Identifier: MIT */
/* What a driver prints and with which status it ends. */
#include <criterion/criterion.h>
#include <criterion/redirect.h>
#include <stdlib.h>
#include <string.h>

#include "bench/lib/bench.h"

static struct bench b;

static void start(const char *arg_or_null, const char *second_or_null)
{
	char *argv[] = { strdup("bench_x"), arg_or_null ? strdup(arg_or_null) : NULL,
			 second_or_null ? strdup(second_or_null) : NULL, NULL };

	bench_init(&b, "x", "Nothing.", 1 + !!arg_or_null + !!second_or_null, argv);
	for (size_t i = 0; i < ARRAY_SIZE(argv); i++)
		free(argv[i]);
}

/* All of standard output so far; the caller frees it. */
static char *output(void)
{
	char *text = calloc(1, 1 << 16);

	fflush(stdout);
	fread(text, 1, (1 << 16) - 1, cr_get_redirected_stdout());
	return text;
}

Test(report, json_is_a_header_and_a_line_per_figure, .init = cr_redirect_stdout)
{
	const struct bench_extra extra[] = { { .key = "of", .text_or_null = "lwip" },
					     { .key = "to", .text_or_null = "tern" },
					     { .key = "p999", .number = 1.5 } };
	struct bench_samples reps, single;
	struct bench_stats stats;
	char *text, *line;

	start("--json", NULL);
	bench_samples_init(&reps, 4);
	bench_samples_init(&single, 100);
	for (int i = 1; i <= 4; i++)
		bench_samples_add(&reps, i);
	for (int i = 1; i <= 100; i++)
		bench_samples_add(&single, i);
	bench_report(&b, "64B", "rtt_ns", "ns", &reps, NULL);
	bench_report(&b, "64B,csum=off", "rtt_ns", "ns", &reps, &single);
	stats = bench_stats_of(&reps);
	bench_report_stats(&b, "bulk", "ratio", "1", &stats, extra, 3);
	bench_report_value(&b, "64B", "allocs_per_op", "1", 0);
	cr_assert_eq(bench_fini(&b), 0);

	text = output();
	cr_assert_eq(strncmp(text, "{\"bench\":\"x\",\"commit\":\"", 23), 0, "%s", text);
	line = strchr(text, '\n');
	cr_assert_not_null(line);
	*line++ = 0;
	cr_assert_not_null(strstr(text, ",\"machine\":{\"cpu\":\""));
	cr_assert_not_null(strstr(text, ",\"cores\":"));
	cr_assert_not_null(strstr(text, ",\"kernel\":\""));
	cr_assert_not_null(strstr(text, "},\"argv\":[\"bench_x\",\"--json\"],\"started\":\""));
	cr_assert_str_eq(
		line,
		"{\"bench\":\"x\",\"case\":\"64B\",\"metric\":\"rtt_ns\",\"unit\":\"ns\","
		"\"median\":2.5,\"p99\":4,\"min\":1,\"max\":4,\"n\":4}\n"
		"{\"bench\":\"x\",\"case\":\"64B,csum=off\",\"metric\":\"rtt_ns\",\"unit\":\"ns\","
		"\"median\":2.5,\"p99\":99,\"min\":1,\"max\":4,\"n\":4}\n"
		"{\"bench\":\"x\",\"case\":\"bulk\",\"metric\":\"ratio\",\"unit\":\"1\","
		"\"median\":2.5,\"p99\":4,\"min\":1,\"max\":4,\"n\":4,"
		"\"of\":\"lwip\",\"to\":\"tern\",\"p999\":1.5}\n"
		"{\"bench\":\"x\",\"case\":\"64B\",\"metric\":\"allocs_per_op\",\"unit\":\"1\","
		"\"median\":0,\"p99\":0,\"min\":0,\"max\":0,\"n\":1}\n");
	free(text);
	bench_samples_fini(&reps);
	bench_samples_fini(&single);
}

static void count_calls(void *arg)
{
	(*(unsigned *)arg)++;
}

Test(report, repetitions_are_at_least_twenty_unless_quick, .init = cr_redirect_stdout)
{
	struct bench_samples reps;
	unsigned calls = 0;

	start(NULL, NULL);
	cr_assert_geq(bench_reps(&b), 20);
	start("--json", "--quick");
	cr_assert_lt(bench_reps(&b), 20);
	bench_samples_init(&reps, bench_reps(&b));
	bench_time_ns(&b, &reps, 1, count_calls, &calls);
	cr_assert_eq(calls, bench_reps(&b) + 1);
	cr_assert_eq(reps.num, bench_reps(&b));
	bench_samples_fini(&reps);
}

Test(report, a_driver_without_figures_fails, .init = cr_redirect_stdout)
{
	start("--json", NULL);
	cr_assert_eq(bench_fini(&b), 1);
}

Test(report, help_ends_well, .exit_code = 0, .init = cr_redirect_stdout)
{
	start("--help", NULL);
	abort();
}

Test(report, an_unknown_argument_ends_with_2, .exit_code = 2)
{
	start("--jsno", NULL);
}

Test(report, the_same_figure_twice_ends_with_3, .exit_code = 3, .init = cr_redirect_stdout)
{
	start("--json", NULL);
	bench_report_value(&b, "a", "m", "1", 1);
	bench_report_value(&b, "a", "other", "1", 1);
	bench_report_value(&b, "a", "m", "1", 2);
}
