/* SPDX-License-Identifier: MIT */
/*
 * The least round-trip time over a sliding window is kept in three samples (the algorithm of Kathleen Nichols): the
 * best, the best of what came later, and the best of what came later still. When the best grows too old the others
 * move up; were there only one, the window would begin anew with whatever sample is at hand. A second sample is taken
 * after a quarter of the window even if it is no record, and a third after half, so that successors are there in time.
 * Invariant: values do not fall, times do not go back, from the first to the third.
 */
#include "libos/tcp/rtt.h"

#define K 4u            /* RFC 6298: RTO = SRTT + K * RTTVAR */
#define ALPHA_SHARE 8u  /* SRTT moves by 1/8 of the error */
#define BETA_SHARE 4u   /* RTTVAR by 1/4 */
#define MAX_BACKOFF 32u /* beyond any maximum by far */
#define MAX_PER_RTT                                                                                \
	65536u /* keeps the products in 64 bits, and a nonsense value from freezing the estimate */

struct tcp_rtt_config tcp_rtt_default_config(void)
{
	return (struct tcp_rtt_config){
		.initial_ns = NS_PER_SEC,
		.syn_fallback_ns = 3 * NS_PER_SEC,
		.floor_ns = 200 * NS_PER_MS,
		.max_ns = 120 * NS_PER_SEC,
		.window_ms = 300 * 1000,
	};
}

void tcp_rtt_init(struct tcp_rtt *r)
{
	*r = (struct tcp_rtt){ 0 };
}

bool tcp_rtt_from_ack(const struct tcp_rtt_ack *ack, uint64_t *rtt_ns)
{
	if (!ack->was_retransmitted && ack->now >= ack->sent_at) {
		*rtt_ns = ack->now - ack->sent_at;
		return true;
	}
	if (!ack->has_ts || ack->now < ack->ts_sent_at)
		return false;
	/* Less than a tick reads as nothing, which no path is. */
	*rtt_ns = max_t(uint64_t, ack->now - ack->ts_sent_at, ack->ts_tick_ns);
	return true;
}

/* Starts over with @sample when it is a record, or when nothing in the window is left. */
static void update_min(struct tcp_rtt *r, const struct tcp_rtt_config *c, uint32_t rtt_us,
		       uint32_t now_ms)
{
	struct tcp_rtt_min sample = { now_ms, rtt_us };
	struct tcp_rtt_min *m = r->min;
	uint32_t age;

	if (!tcp_rtt_has_sample(r) || rtt_us <= m[0].rtt_us || now_ms - m[2].at_ms > c->window_ms) {
		m[0] = m[1] = m[2] = sample;
		return;
	}
	if (rtt_us <= m[1].rtt_us)
		m[1] = m[2] = sample;
	else if (rtt_us <= m[2].rtt_us)
		m[2] = sample;

	age = now_ms - m[0].at_ms;
	if (age > c->window_ms) {
		m[0] = m[1];
		m[1] = m[2];
		m[2] = sample;
		if (now_ms - m[0].at_ms > c->window_ms) {
			m[0] = m[1];
			m[1] = m[2];
		}
	} else if (m[1].at_ms == m[0].at_ms && age > c->window_ms / 4) {
		m[1] = m[2] = sample;
	} else if (m[2].at_ms == m[1].at_ms && age > c->window_ms / 2) {
		m[2] = sample;
	}
}

/* @value moved towards @sample by 1/@share of the way, rounded to nearest. */
static uint64_t approach(uint64_t value, uint64_t sample, uint64_t share)
{
	if (sample >= value)
		return value + (sample - value + share / 2) / share;
	return value - (value - sample + share / 2) / share;
}

void tcp_rtt_sample(struct tcp_rtt *r, const struct tcp_rtt_config *c, uint64_t rtt_ns,
		    uint32_t per_rtt, uint64_t now)
{
	uint64_t limit = (uint64_t)UINT32_MAX * NS_PER_US;
	uint64_t error;

	rtt_ns = max_t(uint64_t, min_t(uint64_t, rtt_ns, limit), NS_PER_US);
	per_rtt = max_t(uint32_t, min_t(uint32_t, per_rtt, MAX_PER_RTT), 1);
	r->latest_us = (uint32_t)(rtt_ns / NS_PER_US);
	update_min(r, c, r->latest_us, (uint32_t)(now / NS_PER_MS));
	r->backoff = 0;
	if (!tcp_rtt_has_sample(r)) {
		r->srtt_ns = rtt_ns;
		r->rttvar_ns = rtt_ns / 2;
		return;
	}
	error = rtt_ns > r->srtt_ns ? rtt_ns - r->srtt_ns : r->srtt_ns - rtt_ns;
	r->rttvar_ns = approach(r->rttvar_ns, error, BETA_SHARE * (uint64_t)per_rtt);
	r->srtt_ns = approach(r->srtt_ns, rtt_ns, ALPHA_SHARE * (uint64_t)per_rtt);
}

uint64_t tcp_rtt_rto_ns(const struct tcp_rtt *r, const struct tcp_rtt_config *c)
{
	uint64_t rto = r->syn_lost && r->established ? c->syn_fallback_ns : c->initial_ns;

	if (tcp_rtt_has_sample(r))
		rto = r->srtt_ns + max_t(uint64_t, c->floor_ns, K * r->rttvar_ns);
	if (rto >= c->max_ns >> r->backoff)
		return c->max_ns;
	return rto << r->backoff;
}

void tcp_rtt_on_timeout(struct tcp_rtt *r)
{
	if (r->backoff < MAX_BACKOFF)
		r->backoff++;
}

void tcp_rtt_on_syn_timeout(struct tcp_rtt *r)
{
	r->syn_lost = true;
	tcp_rtt_on_timeout(r);
}

void tcp_rtt_on_established(struct tcp_rtt *r)
{
	r->established = true;
	tcp_rtt_end_backoff(r);
}
