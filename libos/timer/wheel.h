/* SPDX-License-Identifier: MIT */
/*
 * Hierarchical timing wheel: deadlines in ns, resolution 1 us, O(1) arm and cancel, no allocation, no failure.
 * How it works, and why so, stands in wheel.c.
 */
#ifndef LIBOS_TIMER_WHEEL_H
#define LIBOS_TIMER_WHEEL_H

#include "libos/base/clock.h"

#define TIMER_TICK_NS NS_PER_US

/* Four levels of 256 slots reach 2^32 ticks, 71 minutes; what lies beyond is looked at again every 71 minutes. */
#define TIMER_LEVELS 4
#define TIMER_LEVEL_BITS 8
#define TIMER_SLOTS (1u << TIMER_LEVEL_BITS)
#define TIMER_WORDS (TIMER_LEVELS * TIMER_SLOTS / 64)
#define TIMER_LANES 4

struct timer;

/* Runs from timer_wheel_advance, with @t disarmed; may arm or cancel any timer, @t included, and free @t. */
typedef void (*timer_fn)(struct timer *t, uint64_t now);

/* Embedded in what it times, found back with container_of. */
struct timer {
	struct timer *next;
	struct timer **pprev; /* what points at us; NULL: not armed */
	uint64_t at;          /* deadline, ns; meaningful while armed */
	struct timer
		*ahead; /* a hint: once stood a few places further on the list; never followed */
	timer_fn fn;
};

struct timer_bucket {
	struct timer *lane[TIMER_LANES];
};

struct timer_wheel {
	uint64_t next_at; /* ns; advance has nothing to do before */
	uint64_t tick;    /* what was due by here has fired */
	uint32_t words;   /* which of occupied[] are not 0 */
	bool advancing;
	struct timer *overdue;          /* was past when armed: fires first in the next advance */
	struct timer *firing;           /* what was overdue when the running advance began */
	uint64_t occupied[TIMER_WORDS]; /* one bit per slot, level 0 first */
	struct timer *near[TIMER_SLOTS];
	struct timer_bucket upper[(TIMER_LEVELS - 1) * TIMER_SLOTS + 1]; /* the last: beyond */
};

/* The wheel must not move in memory while timers are armed. */
void timer_wheel_init(struct timer_wheel *w, uint64_t now);

static inline void timer_init(struct timer *t, timer_fn fn)
{
	*t = (struct timer){ .fn = fn };
}

static inline bool timer_is_armed(const struct timer *t)
{
	return t->pprev != NULL;
}

/*
 * Arms @t for @at, moving it if it is armed; to move it to a later deadline is one store. A deadline in the past
 * fires at the next advance, TIME_NEVER never. Cannot fail.
 */
void timer_arm(struct timer_wheel *w, struct timer *t, uint64_t at);

/* No-op when not armed. */
void timer_cancel(struct timer_wheel *w, struct timer *t);

unsigned timer_wheel_advance_slow(struct timer_wheel *w, uint64_t now);

/*
 * Fires all that is due by @now, never early, at most one tick late; returns how many fired. Order: first what was
 * past when it was armed, then by tick. Within one tick the order follows from the calls made so far and never from
 * addresses, but is no promise. What a callback arms for a tick that has not had its turn fires in its turn; for an
 * earlier one, in the next advance, so a timer that keeps re-arming itself in the past cannot hold the caller here.
 * @now must not go back. Not to be called from a callback.
 */
static always_inline unsigned timer_wheel_advance(struct timer_wheel *w, uint64_t now)
{
	if (likely(now < w->next_at))
		return 0;
	return timer_wheel_advance_slow(w, now);
}

/*
 * When advance may next have work; TIME_NEVER: idle. Never later than the earliest deadline rounded up to its tick
 * (one that was past when armed counts as the tick of the last advance that had work), and always later than the
 * last advance unless such a one waits. May be too early in two cases: where the nearest slot of a level above the
 * lowest holds many timers it is the start of that slot, and a timer moved to a later deadline counts where it was.
 * Each costs one advance for nothing; a lone timer is answered exactly.
 */
uint64_t timer_wheel_next(const struct timer_wheel *w);

#endif
