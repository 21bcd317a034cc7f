/* SPDX-License-Identifier: MIT */
/*
 * Waiting for operations, at a cost that depends on how many are ready and not on how many are outstanding.
 *
 * A done operation is on the ready list, so finding one costs nothing; the question is where in the caller's array
 * of tokens it stands. Applications keep their arrays between calls, so the place is guessed (where it stood last
 * time, where the last hit was, at the end, a little further forward) and a guess is verified by one compare. An
 * operation that no guess finds becomes a *stray*: perhaps it is not in this array at all. Strays are looked for by
 * one pass over the array, which also renews all hints, but only when nothing else is ready (or has been passed
 * over for STRAY_PATIENCE calls). So the steady state is O(1), a changed array costs one pass, and nothing that is
 * ready is ever missed.
 *
 * The same pass finds stale tokens when nothing is ready: in arrays of up to SMALL_ARRAY tokens at once, in longer ones
 * before the call first idles.
 *
 * All functions: @timeout_ns TIME_NEVER waits for ever, 0 looks once (after one turn of the loop). The operation
 * they hand out stays DONE until the caller has read it and calls op_free. Errors: -EINVAL for a token that names
 * nothing, -ETIMEDOUT, -EDEADLK when time is virtual and nothing can happen any more.
 */
#ifndef LIBOS_SCHED_WAIT_H
#define LIBOS_SCHED_WAIT_H

#include <errno.h>

#include "libos/sched/sched.h"

/* A result that needs no turn of the loop does not take one, but every so often the network must get its due. */
#define SCHED_TURN_EVERY 16

/* The rest of sched_wait, where a turn of the loop is called for. */
int sched_wait_turning(struct sched *s, struct op *op, uint64_t timeout_ns) no_inline must_check;

static always_inline int must_check sched_wait(struct sched *s, op_token token, uint64_t timeout_ns,
					       struct op **out)
{
	struct op *op = op_lookup_or_null(&s->ops, token);

	*out = op;
	if (unlikely(!op))
		return -EINVAL;
	if (op->state == OP_DONE && likely(++s->since_poll < SCHED_TURN_EVERY))
		return 0;
	return sched_wait_turning(s, op, timeout_ns);
}

int sched_wait_any(struct sched *s, const op_token *tokens, uint32_t num, uint64_t timeout_ns,
		   uint32_t *offset, struct op **out) must_check;

/* Any operation at all. */
int sched_wait_next(struct sched *s, uint64_t timeout_ns, struct op **out) must_check;

/* One that is done already, or NULL: the rest of a batch that sched_wait_next began. */
struct op *sched_next_done_or_null(struct sched *s);

#endif
