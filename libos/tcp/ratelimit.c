/* SPDX-License-Identifier: MIT */
#include "libos/tcp/ratelimit.h"

static void draw(struct tcp_ratelimit *l)
{
	l->left = l->limit / 2 + (uint32_t)rng_below(&l->rng, (uint64_t)l->limit + 1);
}

void tcp_ratelimit_init(struct tcp_ratelimit *l, uint32_t limit, uint64_t interval_ns,
			uint64_t secret, uint64_t now)
{
	*l = (struct tcp_ratelimit){ .limit = limit, .interval_ns = interval_ns };
	rng_init(&l->rng, secret);
	l->until = time_add(now, rng_below(&l->rng, interval_ns));
	draw(l);
}

bool tcp_ratelimit_take(struct tcp_ratelimit *l, uint64_t now)
{
	if (l->limit == UINT32_MAX)
		return true;
	if (now >= l->until) {
		/* Intervals stay where they are, so that the first call after a rest does not tell when the next one is. */
		l->until = time_add(l->until,
				    ((now - l->until) / l->interval_ns + 1) * l->interval_ns);
		draw(l);
	}
	if (l->left == 0)
		return false;
	l->left--;
	return true;
}
