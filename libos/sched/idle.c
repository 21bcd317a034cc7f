/* SPDX-License-Identifier: MIT */
/* What to do with a core that has nothing to do. None of this runs while there is work. */
#include <poll.h>
#include <sched.h>
#include <time.h>

#include "libos/sched/sched.h"

int sched_idle_busy(struct sched *s, uint64_t until, unsigned empty_polls)
{
	(void)s;
	(void)until;
	(void)empty_polls;
	__builtin_ia32_pause();
	return 0;
}

int sched_idle_yield(struct sched *s, uint64_t until, unsigned empty_polls)
{
	(void)s;
	(void)until;
	(void)empty_polls;
	sched_yield();
	return 0;
}

static void sleep_until(struct sched *s, uint64_t until)
{
	struct pollfd fd = { .fd = s->work->event_fd(s->work_ctx), .events = POLLIN };
	struct timespec ts;
	uint64_t delay;

	if (until <= s->now)
		return;
	delay = until - s->now;
	ts.tv_sec = (time_t)(delay / NS_PER_SEC);
	ts.tv_nsec = (long)(delay % NS_PER_SEC);
	if (fd.fd >= 0)
		ppoll(&fd, 1, until == TIME_NEVER ? NULL : &ts, NULL);
	else
		sched_yield();
}

int sched_idle_adaptive(struct sched *s, uint64_t until, unsigned empty_polls)
{
	if (empty_polls == 1)
		s->idle_since = s->now;
	if (s->now - s->idle_since < s->spin_ns)
		sched_yield();
	else
		sleep_until(s, min_t(uint64_t, until, sched_next_event(s)));
	return 0;
}
