/* SPDX-License-Identifier: MIT */
#include "libos/sched/wait.h"

/* Arrays up to this long are read whenever nothing in them is ready: it costs nothing. */
#define SMALL_ARRAY 4
#define STRAY_PATIENCE 64
/* How far around a hint to look: arrays from which a few entries were removed by shifting the rest. */
#define HINT_REACH 8
/* Empty turns before a call counts as idle, and pays for one pass over its array. */
#define IDLE_TURNS 64

/* What a wait looks for, and where it found it. */
struct wanted {
	const op_token *tokens;
	uint32_t num;
	uint32_t offset;
	bool passed;   /* this call has read the whole array */
	struct op *op; /* of sched_wait: what the one token names */
};

/* One way of looking, without turning the loop. 0 with *@out NULL: nothing ready. */
typedef int (*look_fn)(struct sched *s, struct wanted *w, struct op **out);

static bool is_at(const struct wanted *w, op_token token, uint32_t at)
{
	return at < w->num && w->tokens[at] == token;
}

static bool guess_offset(const struct sched *s, struct wanted *w, const struct op *op)
{
	op_token token = op_token_of(op);

	if (likely(is_at(w, token, op->hint)))
		w->offset = op->hint;
	else if (is_at(w, token, s->last_offset))
		w->offset = s->last_offset;
	else {
		for (uint32_t i = 1; i <= HINT_REACH; i++) {
			if (is_at(w, token, w->num - i)) {
				w->offset = w->num - i;
				return true;
			}
			if (is_at(w, token, op->hint - i)) {
				w->offset = op->hint - i;
				return true;
			}
		}
		return false;
	}
	return true;
}

static struct op *take_ready_or_null(struct sched *s, struct wanted *w)
{
	struct op_table *t = &s->ops;

	while (!list_is_empty(&t->ready)) {
		struct op *op = list_first(&t->ready, struct op, link);

		if (guess_offset(s, w, op))
			return op;
		list_del(&op->link);
		list_add_tail(&t->strays, &op->link);
		w->passed = false;
	}
	return NULL;
}

/* Reads the whole array: renews hints, finds the first that is done, refuses stale tokens. */
static int pass_over(struct sched *s, struct wanted *w, struct op **out)
{
	*out = NULL;
	for (uint32_t i = 0; i < w->num; i++) {
		struct op *op = op_lookup_or_null(&s->ops, w->tokens[i]);

		if (unlikely(!op))
			return -EINVAL;
		op->hint = i;
		if (op->state == OP_DONE && !*out) {
			*out = op;
			w->offset = i;
		}
	}
	w->passed = true;
	s->since_strays = 0;
	return 0;
}

static int look_for_any(struct sched *s, struct wanted *w, struct op **out)
{
	struct op_table *t = &s->ops;
	bool has_strays = !list_is_empty(&t->strays);

	if (unlikely(has_strays) && ++s->since_strays > STRAY_PATIENCE)
		return pass_over(s, w, out);
	*out = take_ready_or_null(s, w);
	if (*out || w->passed)
		return 0;
	if (w->num <= SMALL_ARRAY || !list_is_empty(&t->strays))
		return pass_over(s, w, out);
	return 0;
}

static int look_for_one(struct sched *s, struct wanted *w, struct op **out)
{
	(void)s;
	/* Its place stays, but an operation may be gone after a turn. */
	if (unlikely(w->op->token != w->tokens[0]))
		return -EINVAL;
	*out = w->op->state == OP_DONE ? w->op : NULL;
	return 0;
}

static int look_for_next(struct sched *s, struct wanted *w, struct op **out)
{
	(void)w;
	*out = sched_next_done_or_null(s);
	return 0;
}

/*
 * Before a call idles it has read its array once, so that a stale token is an error and not a wait for ever. In
 * virtual time every empty turn is a sleep; in real time a poll that finds nothing is often followed by one that does.
 */
static bool must_read_all(const struct sched *s, const struct wanted *w, unsigned empty_turns)
{
	return w->num > SMALL_ARRAY && !w->passed &&
	       empty_turns >= (s->clock->kind == CLOCK_KIND_VIRTUAL ? 1 : IDLE_TURNS);
}

/* The one waiting loop, compiled for each way of looking. */
static always_inline int turn_until(struct sched *s, struct wanted *w, look_fn look,
				    uint64_t timeout_ns, struct op **out)
{
	uint64_t until = TIME_NEVER;
	unsigned empty = 0;

	for (bool first = true;; first = false) {
		bool worked = sched_turn(s);
		int err = look(s, w, out);

		if (err || *out)
			return err;
		if (first)
			until = time_add(s->now, timeout_ns);
		if (s->now >= until)
			return -ETIMEDOUT;
		if (worked) {
			empty = 0;
			continue;
		}
		empty++;
		if (must_read_all(s, w, empty)) {
			err = pass_over(s, w, out);
			if (err || *out)
				return err;
		}
		err = s->idle(s, until, empty);
		if (err)
			return err;
	}
}

static always_inline int wait_for(struct sched *s, struct wanted *w, look_fn look,
				  uint64_t timeout_ns, struct op **out)
{
	if (++s->since_poll < SCHED_TURN_EVERY) {
		int err = look(s, w, out);

		if (err || *out)
			return err;
	}
	return turn_until(s, w, look, timeout_ns, out);
}

int sched_wait_turning(struct sched *s, struct op *op, uint64_t timeout_ns)
{
	op_token token = op_token_of(op);
	struct wanted w = { .tokens = &token, .num = 1, .op = op };
	struct op *done;

	return turn_until(s, &w, look_for_one, timeout_ns, &done);
}

int sched_wait_any(struct sched *s, const op_token *tokens, uint32_t num, uint64_t timeout_ns,
		   uint32_t *offset, struct op **out)
{
	struct wanted w = { .tokens = tokens, .num = num };
	int err = wait_for(s, &w, look_for_any, timeout_ns, out);

	if (err)
		return err;
	(*out)->hint = w.offset;
	s->last_offset = w.offset;
	*offset = w.offset;
	return 0;
}

int sched_wait_next(struct sched *s, uint64_t timeout_ns, struct op **out)
{
	struct wanted w = { 0 };

	return wait_for(s, &w, look_for_next, timeout_ns, out);
}

struct op *sched_next_done_or_null(struct sched *s)
{
	struct op_table *t = &s->ops;
	struct list *from = list_is_empty(&t->strays) ? &t->ready : &t->strays;

	return list_is_empty(from) ? NULL : list_first(from, struct op, link);
}
