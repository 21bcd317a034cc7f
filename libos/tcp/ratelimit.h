/* SPDX-License-Identifier: MIT */
/*
 * Limits of segments that a stranger can make us send: challenge ACKs (RFC 5961, 5) and answers to what is outside of
 * the window. One limit is shared by all connections of a runtime, one is each connection's own.
 *
 * A shared budget that is known tells a stranger on one connection what happens on another: he uses it up and counts
 * (CVE-2016-5696). So the budget of each interval is drawn anew, from half to one and a half of the limit, and the
 * interval begins at a time that he does not know. Nothing runs between calls: an idle limit costs nothing.
 */
#ifndef LIBOS_TCP_RATELIMIT_H
#define LIBOS_TCP_RATELIMIT_H

#include "libos/base/clock.h"
#include "libos/base/rng.h"

struct tcp_ratelimit {
	struct rng rng;
	uint64_t interval_ns;
	uint64_t until; /* when the next budget is drawn */
	uint32_t limit; /* mean of the budgets */
	uint32_t left;
};

/* @limit segments per @interval_ns (at least 1) on average; 0: none at all; UINT32_MAX: no limit. */
void tcp_ratelimit_init(struct tcp_ratelimit *l, uint32_t limit, uint64_t interval_ns,
			uint64_t secret, uint64_t now);

/* May one more be sent? If so it is counted. */
bool tcp_ratelimit_take(struct tcp_ratelimit *l, uint64_t now);

/* A connection's own: one per interval. Zero has sent none. */
struct tcp_pace {
	uint32_t last; /* ms, plus 1 so that 0 is never */
};

static inline bool tcp_pace_take(struct tcp_pace *p, uint32_t interval_ms, uint64_t now)
{
	uint32_t stamp = (uint32_t)(now / NS_PER_MS) + 1;

	if (p->last != 0 && stamp - p->last < interval_ms)
		return false;
	p->last = stamp;
	return true;
}

#endif
