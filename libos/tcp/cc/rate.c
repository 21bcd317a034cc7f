/* SPDX-License-Identifier: MIT */
/*
 * How fast does the path deliver? Each segment notes at its transmission how much had been delivered, and when last.
 * When it is acknowledged, the difference is what was delivered meanwhile, over a time that is the longer of two: from
 * that earlier delivery to this one (the rate of the ACKs), and from the transmission of the segment acknowledged back
 * then to this one's (the rate of sending, which no path can exceed; without it, ACKs that arrive compressed would
 * look like a fast path). Of the segments acknowledged together, the one sent last counts.
 *
 * A sample during which the application had nothing to send is marked: it tells at least what the path can do. The
 * mark stays until everything in flight at that moment has been delivered. A sample over less than the smallest RTT
 * comes from a wrong guess at loss and is dropped.
 *
 * A round ends when a segment is acknowledged that was sent after the round began, in terms of bytes delivered.
 */
#include "libos/tcp/cc/rate.h"

#define AGE_SHIFT 4

static uint32_t age(uint64_t ns)
{
	return (uint32_t)min_t(uint64_t, ns >> AGE_SHIFT, UINT32_MAX);
}

void tcp_rate_init(struct tcp_rate *r, uint64_t now)
{
	*r = (struct tcp_rate){ .delivered_at = now, .first_sent_at = now };
}

void tcp_rate_on_sent(struct tcp_rate *r, struct tcp_rate_stamp *stamp, uint32_t in_flight,
		      uint32_t bytes, uint64_t now)
{
	if (in_flight == 0) {
		r->first_sent_at = now;
		r->delivered_at = now;
	}
	*stamp = (struct tcp_rate_stamp){
		.sent_at = now,
		.delivered = r->delivered,
		.send_age = age(now - r->first_sent_at),
		.delivered_age = age(now - r->delivered_at),
		.lost = r->lost,
		.in_flight = min_t(uint32_t, in_flight + bytes, INT32_MAX),
		.is_app_limited = r->app_limited != 0,
	};
}

void tcp_rate_ack_begin(struct tcp_cc_ack *ack, uint64_t now)
{
	*ack = (struct tcp_cc_ack){ .now = now };
}

void tcp_rate_on_delivered(struct tcp_rate *r, const struct tcp_rate_stamp *stamp, uint32_t bytes,
			   struct tcp_cc_ack *ack)
{
	bool is_first = ack->rate_bytes == 0;

	ack->rate_bytes = 1; /* any: tcp_rate_ack_end has the number */
	r->delivered += bytes;
	r->delivered_at = ack->now;
	/* Of a burst sent at one time, the last counts: its flight is the whole. */
	if (!is_first && (int64_t)(stamp->sent_at - ack->newest_at) < 0)
		return;
	ack->newest_at = stamp->sent_at;
	ack->prior_delivered = stamp->delivered;
	ack->is_app_limited = stamp->is_app_limited;
	ack->tx_in_flight = stamp->in_flight;
	ack->lost = stamp->lost; /* tcp_rate_ack_end makes the difference */
	ack->interval_ns =
		max_t(uint64_t, (uint64_t)stamp->send_age << AGE_SHIFT,
		      ack->now - stamp->sent_at + ((uint64_t)stamp->delivered_age << AGE_SHIFT));
	r->first_sent_at = stamp->sent_at;
}

void tcp_rate_on_lost(struct tcp_rate *r, const struct tcp_rate_stamp *stamp, uint32_t bytes,
		      uint64_t now, struct tcp_cc_lost *lost)
{
	r->lost += bytes;
	*lost = (struct tcp_cc_lost){
		.now = now,
		.delivered = r->delivered,
		.bytes = bytes,
		.tx_in_flight = stamp->in_flight,
		.lost = r->lost - stamp->lost,
		.is_app_limited = stamp->is_app_limited,
	};
}

void tcp_rate_ack_end(struct tcp_rate *r, struct tcp_cc_ack *ack)
{
	bool has_data = ack->rate_bytes != 0;

	ack->delivered = r->delivered;
	if (r->app_limited && r->delivered > r->app_limited)
		r->app_limited = 0;
	if (!has_data)
		return;
	ack->lost = r->lost - ack->lost;
	if (ack->prior_delivered >= r->round_end) {
		r->round_end = r->delivered;
		ack->round_start = true;
	}
	ack->rate_bytes =
		(uint32_t)min_t(uint64_t, r->delivered - ack->prior_delivered, UINT32_MAX);
	if (ack->interval_ns < ack->min_rtt_ns)
		ack->interval_ns = 0;
}

void tcp_rate_on_app_limited(struct tcp_rate *r, uint32_t in_flight)
{
	r->app_limited = max_t(uint64_t, r->delivered + in_flight, 1);
}

void tcp_rate_shift_time(struct tcp_rate *r, uint64_t delta)
{
	r->delivered_at += delta;
	r->first_sent_at += delta;
}
