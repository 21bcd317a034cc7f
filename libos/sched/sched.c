/* SPDX-License-Identifier: MIT */
#include "libos/sched/sched.h"

#include <string.h>

void sched_init(struct sched *s, struct clock *clock, uint32_t max_ops)
{
	memset(s, 0, sizeof(*s));
	s->clock = clock;
	s->now = clock_read(clock);
	s->idle = sched_idle_busy;
	op_table_init(&s->ops, max_ops);
	timer_wheel_init(&s->timers, s->now);
}

void sched_fini(struct sched *s)
{
	op_table_fini(&s->ops);
}

bool sched_turn(struct sched *s)
{
	bool worked;

	s->since_poll = 0;
	s->now = clock_read(s->clock);
	worked = timer_wheel_advance(&s->timers, s->now) != 0;
	worked |= s->work->poll(s->work_ctx, s->now);
	return worked;
}

uint64_t sched_next_event(const struct sched *s)
{
	uint64_t timer = timer_wheel_next(&s->timers);
	uint64_t work = s->work->next_event(s->work_ctx);

	return min_t(uint64_t, timer, work);
}
