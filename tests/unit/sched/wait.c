/* SPDX-License-Identifier: MIT */
/*
 * The scheduler under a scripted transport: at each turn the script completes some operations. Time is virtual and
 * moves when the scheduler idles.
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

#include "libos/sched/wait.h"
#include "tests/lib/seed.h"

#define STEP_NS 1000
#define DEADLOCK_AFTER 1000

static struct clock vclock;
static struct sched s;
static unsigned turns;
static unsigned idles;
static struct op *complete_at_turn[DEADLOCK_AFTER + 2];

static bool work_poll(void *ctx, uint64_t now)
{
	struct op *op = turns < ARRAY_SIZE(complete_at_turn) ? complete_at_turn[turns] : NULL;

	cr_assert_eq(now, clock_read(&vclock));
	turns++;
	if (op)
		op_complete(&s.ops, op, 0);
	return op != NULL;
}

static uint64_t work_next_event(void *ctx)
{
	return TIME_NEVER;
}

static int work_event_fd(void *ctx)
{
	return -ENOTSUP;
}

static int idle(struct sched *sched, uint64_t until, unsigned empty_polls)
{
	if (++idles > DEADLOCK_AFTER)
		return -EDEADLK;
	clock_advance_to(&vclock, min_t(uint64_t, until, vclock.virtual_ns + STEP_NS));
	return 0;
}

static const struct sched_work_ops work = {
	.poll = work_poll,
	.next_event = work_next_event,
	.event_fd = work_event_fd,
};

static void setup(void)
{
	clock_init_virtual(&vclock, 0);
	sched_init(&s, &vclock, 20000);
	s.work = &work;
	s.idle = idle;
}

static void teardown(void)
{
	sched_fini(&s);
}

TestSuite(wait, .init = setup, .fini = teardown);

static struct op *new_op(void)
{
	struct op *op = op_new_or_null(&s.ops, 3, 1);

	cr_assert_not_null(op);
	return op;
}

static void fill(op_token *tokens, struct op **ops, unsigned num)
{
	for (unsigned i = 0; i < num; i++) {
		ops[i] = new_op();
		tokens[i] = op_token_of(ops[i]);
	}
}

static void expect_any(const op_token *tokens, unsigned num, uint32_t want)
{
	uint32_t offset = UINT32_MAX;
	struct op *op;

	cr_assert_eq(sched_wait_any(&s, tokens, num, 0, &offset, &op), 0);
	cr_assert_eq(offset, want, "offset %u, not %u", offset, want);
	cr_assert_eq(op_token_of(op), tokens[want]);
	op_free(&s.ops, op);
}

Test(wait, a_done_operation_needs_no_turn)
{
	struct op *op = new_op(), *got;

	op_complete(&s.ops, op, 0);
	cr_assert_eq(sched_wait(&s, op_token_of(op), 0, &got), 0);
	cr_assert_eq(got, op);
	cr_assert_eq(turns, 0);
}

Test(wait, but_the_network_gets_its_due)
{
	for (int i = 0; i < 64; i++) {
		struct op *op = new_op(), *got;

		op_complete(&s.ops, op, 0);
		cr_assert_eq(sched_wait(&s, op_token_of(op), 0, &got), 0);
		op_free(&s.ops, got);
	}
	cr_assert_geq(turns, 3);
	cr_assert_leq(turns, 5);
}

Test(wait, a_zero_timeout_takes_exactly_one_turn)
{
	struct op *op = new_op(), *got;

	cr_assert_eq(sched_wait(&s, op_token_of(op), 0, &got), -ETIMEDOUT);
	cr_assert_eq(turns, 1);
	cr_assert_eq(idles, 0);
	complete_at_turn[1] = op;
	cr_assert_eq(sched_wait(&s, op_token_of(op), 0, &got), 0);
	cr_assert_eq(got, op);
}

Test(wait, a_timeout_ends_on_time_and_the_operation_goes_on)
{
	struct op *op = new_op(), *got;

	cr_assert_eq(sched_wait(&s, op_token_of(op), 10 * STEP_NS + 1, &got), -ETIMEDOUT);
	cr_assert_eq(vclock.virtual_ns, 10 * STEP_NS + 1);
	cr_assert_eq(op->state, OP_PENDING);
	op_complete(&s.ops, op, 0);
	cr_assert_eq(sched_wait(&s, op_token_of(op), 0, &got), 0);
}

Test(wait, what_can_never_come_is_a_deadlock)
{
	struct op *op = new_op(), *got;

	cr_assert_eq(sched_wait(&s, op_token_of(op), TIME_NEVER, &got), -EDEADLK);
	cr_assert_eq(sched_wait_next(&s, TIME_NEVER, &got), -EDEADLK);
}

Test(wait, stale_tokens_are_refused_in_arrays_of_every_length)
{
	static const unsigned lengths[] = { 1, 2, 4, 5, 100 };
	op_token tokens[100];
	struct op *ops[100], *got;
	uint32_t offset;

	fill(tokens, ops, 100);
	for (size_t i = 0; i < ARRAY_SIZE(lengths); i++) {
		unsigned last = lengths[i] - 1;

		op_free(&s.ops, ops[last]);
		cr_assert_eq(sched_wait_any(&s, tokens, lengths[i], 100 * STEP_NS, &offset, &got),
			     -EINVAL, "%u tokens", lengths[i]);
		ops[last] = new_op();
		tokens[last] = op_token_of(ops[last]);
	}
	cr_assert_eq(sched_wait(&s, 0, 0, &got), -EINVAL);
}

Test(wait, any_finds_the_place_wherever_it_is)
{
	enum {
		NUM = 1000
	};
	static op_token tokens[NUM];
	static struct op *ops[NUM];

	fill(tokens, ops, NUM);
	for (unsigned i = 0; i < NUM; i++) {
		unsigned at = (i * 619) % NUM;

		op_complete(&s.ops, ops[at], 0);
		expect_any(tokens, NUM, at);
		ops[at] = new_op();
		tokens[at] = op_token_of(ops[at]);
	}
}

/* The point of wait.c: with a stable array no pass is made, so a stale token at its end goes unnoticed. */
Test(wait, the_steady_state_never_reads_the_array)
{
	enum {
		NUM = 1000
	};
	static op_token tokens[NUM];
	static struct op *ops[NUM];

	fill(tokens, ops, NUM);
	op_complete(&s.ops, ops[500], 0);
	expect_any(tokens, NUM, 500);
	ops[500] = new_op();
	tokens[500] = op_token_of(ops[500]);
	op_free(&s.ops, ops[NUM - 1]);
	for (unsigned i = 0; i < 10000; i++) {
		unsigned at = (i * 619) % (NUM - 1);

		op_complete(&s.ops, ops[at], 0);
		expect_any(tokens, NUM, at);
		ops[at] = new_op();
		tokens[at] = op_token_of(ops[at]);
	}
}

Test(wait, operations_outside_the_array_are_neither_handed_out_nor_lost)
{
	op_token tokens[20];
	struct op *ops[20], *other = new_op(), *got;
	uint32_t offset;

	fill(tokens, ops, 20);
	op_complete(&s.ops, other, 0);
	cr_assert_eq(sched_wait_any(&s, tokens, 20, 0, &offset, &got), -ETIMEDOUT);
	op_complete(&s.ops, ops[13], 0);
	expect_any(tokens, 20, 13);
	cr_assert_eq(sched_wait(&s, op_token_of(other), 0, &got), 0);
	cr_assert_eq(got, other);
}

Test(wait, a_stray_is_found_once_its_token_joins_the_array)
{
	op_token tokens[21];
	struct op *ops[20], *other = new_op(), *got;
	uint32_t offset;

	fill(tokens, ops, 20);
	op_complete(&s.ops, other, 0);
	cr_assert_eq(sched_wait_any(&s, tokens, 20, 0, &offset, &got), -ETIMEDOUT);
	tokens[20] = tokens[0];
	tokens[0] = op_token_of(other);
	expect_any(tokens, 21, 0);
}

Test(wait, a_stray_does_not_starve_behind_busy_neighbours)
{
	op_token tokens[20];
	struct op *ops[20], *stray, *got;
	uint32_t offset;
	unsigned rounds;

	fill(tokens, ops, 20);
	stray = ops[7];
	op_complete(&s.ops, stray, 0);
	cr_assert_eq(sched_wait_any(&s, &tokens[10], 10, 0, &offset, &got), -ETIMEDOUT);
	for (rounds = 0; rounds < 1000; rounds++) {
		op_complete(&s.ops, ops[12], 0);
		cr_assert_eq(sched_wait_any(&s, tokens, 20, 0, &offset, &got), 0);
		op_free(&s.ops, got);
		if (got == stray)
			break;
		ops[12] = new_op();
		tokens[12] = op_token_of(ops[12]);
	}
	cr_assert_lt(rounds, 100);
}

Test(wait, next_takes_whatever_is_done_strays_included)
{
	op_token tokens[10];
	struct op *ops[10], *other = new_op(), *got;
	uint32_t offset;

	fill(tokens, ops, 10);
	op_complete(&s.ops, other, 0);
	cr_assert_eq(sched_wait_any(&s, tokens, 10, 0, &offset, &got), -ETIMEDOUT);
	op_complete(&s.ops, ops[2], 0);
	cr_assert_eq(sched_wait_next(&s, 0, &got), 0);
	cr_assert_eq(got, other);
	op_free(&s.ops, got);
	got = sched_next_done_or_null(&s);
	cr_assert_eq(got, ops[2]);
	op_free(&s.ops, got);
	cr_assert_null(sched_next_done_or_null(&s));
}

/* Applications keep their arrays in many ways. Whatever they do, each result is handed out once, with its place. */
Test(wait, arrays_that_change_at_random_lose_nothing)
{
	enum {
		MAX = 200,
		ROUNDS = 200000
	};
	static op_token tokens[MAX];
	struct rng rng;
	unsigned num = 0, done = 0, fetched = 0;

	rng_init(&rng, test_seed());
	for (unsigned round = 0; round < ROUNDS; round++) {
		unsigned what = (unsigned)rng_below(&rng, 5);
		uint32_t at, offset;
		struct op *op;

		if (what == 0 && num < MAX) {
			at = (uint32_t)rng_below(&rng, num + 1);
			if (at < num)
				memmove(&tokens[at + 1], &tokens[at], (num - at) * sizeof(*tokens));
			tokens[at] = op_token_of(new_op());
			num++;
		} else if (what <= 2 && num) {
			op = op_lookup_or_null(&s.ops, tokens[rng_below(&rng, num)]);
			if (op->state == OP_PENDING) {
				op_complete(&s.ops, op, 0);
				done++;
			}
		} else if (what == 3 && num > 1) {
			at = (uint32_t)rng_below(&rng, num - 1);
			op_token t = tokens[at];
			tokens[at] = tokens[num - 1];
			tokens[num - 1] = t;
		} else if (num) {
			int err = sched_wait_any(&s, tokens, num, 0, &offset, &op);

			cr_assert_eq(err, done == fetched ? -ETIMEDOUT : 0, "round %u", round);
			if (err)
				continue;
			cr_assert_eq(tokens[offset], op_token_of(op));
			cr_assert_eq(op->state, OP_DONE);
			op_free(&s.ops, op);
			fetched++;
			num--;
			if (rng_below(&rng, 2))
				tokens[offset] = tokens[num];
			else
				memmove(&tokens[offset], &tokens[offset + 1],
					(num - offset) * sizeof(*tokens));
		}
	}
	cr_assert_gt(fetched, ROUNDS / 20);
}

static unsigned fired;

static void on_timer(struct timer *t, uint64_t now)
{
	cr_assert_geq(now, t->at);
	fired++;
}

Test(wait, timers_fire_while_waiting)
{
	struct op *op = new_op(), *got;
	struct timer t;

	timer_init(&t, on_timer);
	timer_arm(&s.timers, &t, 5 * STEP_NS);
	cr_assert_leq(sched_next_event(&s), 6 * STEP_NS);
	cr_assert_eq(sched_wait(&s, op_token_of(op), 20 * STEP_NS, &got), -ETIMEDOUT);
	cr_assert_eq(fired, 1);
}
