/* SPDX-License-Identifier: MIT */
/*
 * The run loop of one runtime: read the clock, let the transport receive and send, fire timers; and, when there is
 * nothing to do, idle as configured. There is no thread and no lock: the loop turns inside demi_wait and its kin,
 * and application calls act directly.
 *
 * sched knows nothing of packets: the transport hangs itself in as a struct sched_work.
 */
#ifndef LIBOS_SCHED_SCHED_H
#define LIBOS_SCHED_SCHED_H

#include "libos/base/clock.h"
#include "libos/sched/op.h"
#include "libos/timer/wheel.h"

struct sched;

struct sched_work_ops {
	/* Receives and sends what can be done at @now, without blocking. True if anything happened. */
	bool (*poll)(void *ctx, uint64_t now);
	/* Earliest time at which poll has work without an outside event, timers aside; TIME_NEVER: none. */
	uint64_t (*next_event)(void *ctx);
	/* A descriptor that is readable when poll has work, or -ENOTSUP: adaptive idling then only yields. */
	int (*event_fd)(void *ctx);
};

/*
 * How to spend time until @until (TIME_NEVER: no limit) when a poll found nothing; @empty_polls counts how often
 * in a row. 0, or -EDEADLK when nothing can happen any more (virtual time only).
 */
typedef int (*sched_idle_fn)(struct sched *s, uint64_t until, unsigned empty_polls);

struct sched {
	struct clock *clock;
	uint64_t now; /* as of the last turn of the loop */
	struct op_table ops;
	const struct sched_work_ops *work;
	void *work_ctx;
	sched_idle_fn idle;
	void *idle_ctx;        /* for idle functions from outside */
	uint64_t spin_ns;      /* sched_idle_adaptive: spin this long before sleeping */
	uint64_t idle_since;   /* sched_idle_adaptive: when the current empty stretch began */
	uint32_t since_poll;   /* waits served without a turn of the loop */
	uint32_t last_offset;  /* where the last hit was in the application's array: see wait.c */
	uint32_t since_strays; /* waits served from the ready list alone while there were strays */
	struct timer_wheel timers;
};

/* @clock outlives @s. */
void sched_init(struct sched *s, struct clock *clock, uint32_t max_ops);
void sched_fini(struct sched *s);

/* One turn. True if anything happened. */
bool sched_turn(struct sched *s);

/* When the loop next has something to do by itself. */
uint64_t sched_next_event(const struct sched *s);

/* Burns the core: for one runtime per core and the lowest latency. */
int sched_idle_busy(struct sched *s, uint64_t until, unsigned empty_polls);

/* Gives the core to others on every empty poll: for several pollers on one core. */
int sched_idle_yield(struct sched *s, uint64_t until, unsigned empty_polls);

/* Yields for spin_ns, then sleeps on the transport's descriptor until it is readable or a timer is due. */
int sched_idle_adaptive(struct sched *s, uint64_t until, unsigned empty_polls);

#endif
