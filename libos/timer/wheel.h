/* SPDX-License-Identifier: MIT */
/*
 * Hierarchical timing wheel: deadlines in ns, resolution 1 us, horizon hours, O(1) arm and cancel.
 */
#ifndef LIBOS_TIMER_WHEEL_H
#define LIBOS_TIMER_WHEEL_H

#include "libos/base/clock.h"
#include "libos/base/list.h"

struct timer;
struct timer_wheel;

/* Runs from timer_wheel_advance, with @t disarmed; may arm or cancel any timer, @t included. */
typedef void (*timer_fn)(struct timer *t, uint64_t now);

/* Embedded in what it times, found back with container_of. */
struct timer {
	struct list link;
	uint64_t at; /* deadline, ns; meaningful while armed */
	timer_fn fn;
};

void timer_wheel_init(struct timer_wheel *w, uint64_t now);

void timer_init(struct timer *t, timer_fn fn);

bool timer_is_armed(const struct timer *t);

/* Arms @t for @at, moving it if it is armed. A deadline in the past fires at the next advance. Cannot fail. */
void timer_arm(struct timer_wheel *w, struct timer *t, uint64_t at);

/* No-op when not armed. */
void timer_cancel(struct timer_wheel *w, struct timer *t);

/* Fires all that is due by @now, never early, at most one tick late. Returns how many fired. */
unsigned timer_wheel_advance(struct timer_wheel *w, uint64_t now);

/* When advance may next have work: never later than the earliest deadline rounded up to its tick; TIME_NEVER: idle. */
uint64_t timer_wheel_next(const struct timer_wheel *w);

#endif
