/* SPDX-License-Identifier: MIT */
/* Idling against a real clock, but nothing here depends on how long anything took. */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "libos/sched/wait.h"

static struct sched s;
static struct clock real;
static int pipe_fds[2];
static struct op *op;

/* The "network" is a pipe: a byte in it completes the operation. */
static bool work_poll(void *ctx, uint64_t now)
{
	char byte;

	if (read(pipe_fds[0], &byte, 1) != 1)
		return false;
	op_complete(&s.ops, op, 0);
	return true;
}

static uint64_t work_next_event(void *ctx)
{
	return TIME_NEVER;
}

static int work_event_fd(void *ctx)
{
	return pipe_fds[0];
}

static const struct sched_work_ops work = {
	.poll = work_poll,
	.next_event = work_next_event,
	.event_fd = work_event_fd,
};

static void setup(void)
{
	cr_assert_eq(pipe2(pipe_fds, O_NONBLOCK), 0);
	clock_init_real(&real);
	sched_init(&s, &real, 16);
	s.work = &work;
	op = op_new_or_null(&s.ops, 1, 1);
}

TestSuite(idle, .init = setup);

static void write_byte(struct timer *t, uint64_t now)
{
	cr_assert_eq(write(pipe_fds[1], "x", 1), 1);
}

static void wait_through(sched_idle_fn idle)
{
	struct timer t;
	struct op *got;

	s.idle = idle;
	cr_assert_eq(sched_wait(&s, op_token_of(op), NS_PER_MS, &got), -ETIMEDOUT);
	timer_init(&t, write_byte);
	timer_arm(&s.timers, &t, clock_read(&real) + NS_PER_MS);
	cr_assert_eq(sched_wait(&s, op_token_of(op), TIME_NEVER, &got), 0);
	cr_assert_eq(got, op);
}

Test(idle, busy)
{
	wait_through(sched_idle_busy);
}

Test(idle, yield)
{
	wait_through(sched_idle_yield);
}

/* Asleep at once: only the timer's deadline and the descriptor can wake it. */
Test(idle, adaptive_sleeps_until_the_next_timer)
{
	s.spin_ns = 0;
	wait_through(sched_idle_adaptive);
}

Test(idle, adaptive_wakes_by_the_descriptor)
{
	struct op *got;

	s.spin_ns = 0;
	s.idle = sched_idle_adaptive;
	if (fork() == 0) {
		cr_assert_eq(write(pipe_fds[1], "x", 1), 1);
		_exit(0);
	}
	cr_assert_eq(sched_wait(&s, op_token_of(op), TIME_NEVER, &got), 0);
}
