/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "bench/lib/count.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZED 1
#endif
#endif
#ifndef SANITIZED
#define SANITIZED 0
#endif

static int null_fd;
static unsigned ops;
static int *touched;

static void setup(void)
{
	null_fd = open("/dev/null", O_WRONLY);
	cr_assert_geq(null_fd, 0);
	ops = 10;
}

static void write_each(void *arg)
{
	for (unsigned i = 0; i < ops; i++) {
		if (write(null_fd, "x", 1) != 1)
			abort();
	}
}

static void nothing(void *arg)
{
}

static void read_clock(void *arg)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
}

static void crash(void *arg)
{
	raise(SIGKILL);
}

static void on_signal(int sig)
{
}

static void signal_self(void *arg)
{
	signal(SIGUSR1, on_signal);
	raise(SIGUSR1);
	write_each(arg);
}

static void touch(void *arg)
{
	*touched = 5;
}

static void allocate_each(void *arg)
{
	void *volatile p = malloc(100);

	free(p);
	p = calloc(3, 100);
	p = realloc(p, 5000);
	p = reallocarray(p, 10, 1000);
	free(p);
	p = aligned_alloc(64, 640);
	free(p);
	void *q;

	if (!posix_memalign(&q, 64, 640))
		free(q);
	q = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	munmap(q, 4096);
}

TestSuite(count, .init = setup);

Test(count, one_write_per_operation_is_one_system_call_per_operation)
{
	cr_assert_eq(bench_count_syscalls(write_each, NULL), 10);
	ops = 1;
	cr_assert_eq(bench_count_syscalls(write_each, NULL), 1);
	ops = 1000;
	cr_assert_eq(bench_count_syscalls(write_each, NULL), 1000);
}

Test(count, no_system_calls_are_zero)
{
	cr_assert_eq(bench_count_syscalls(nothing, NULL), 0);
	cr_assert_eq(bench_count_syscalls(read_clock, NULL), 0);
}

Test(count, a_signal_on_the_way_does_not_upset_the_count)
{
	int64_t plain = 10;

	cr_assert_geq(bench_count_syscalls(signal_self, NULL), plain);
	cr_assert_eq(bench_count_syscalls(write_each, NULL), plain);
}

Test(count, a_function_that_does_not_return_is_an_error)
{
	cr_assert_eq(bench_count_syscalls(crash, NULL), -ECHILD);
}

Test(count, the_traced_run_leaves_no_trace_in_memory)
{
	int value = 1;

	touched = &value;
	cr_assert_eq(bench_count_syscalls(touch, NULL), 0);
	cr_assert_eq(value, 1);
}

Test(count, allocations_of_every_kind_are_counted)
{
	if (SANITIZED) {
		cr_assert_eq(bench_count_allocs(allocate_each, NULL), -ENOTSUP);
		return;
	}
	cr_assert_eq(bench_count_allocs(nothing, NULL), 0);
	cr_assert_eq(bench_count_allocs(allocate_each, NULL), 7);
	cr_assert_eq(bench_count_allocs(write_each, NULL), 0);
}
