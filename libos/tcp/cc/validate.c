/* SPDX-License-Identifier: MIT */
/*
 * A window says how much the path is believed to carry. A sender with less to send learns nothing about the path, and
 * a window that goes on growing, or stays for ever, is a burst waiting to happen. Three rules, after RFC 7661:
 *
 * 1. It grows only where it was the limit: in congestion avoidance cwnd must have held data back in this round or in
 *    the previous one; in slow start it is enough that more than half of it was in flight, since it is to double.
 * 2. pipeACK is the most that was delivered in one round within the last max(3 RTT, 1 s), kept in two buckets, so that
 *    it is remembered for one to two periods. Where it is below half the window, the window is not validated: a
 *    reduction starts from what was in use (4.4.1, without its further subtraction of the bytes lost), and after five
 *    minutes of this the window is halved (4.4.3).
 *    While pipeACK is unknown, the window counts as validated (4.2).
 * 3. After an idle time longer than the RTO the ACK clock is gone. RFC 5681 4.1 then restarts from the initial window;
 *    RFC 7661 keeps the window. Here it is halved for every RTO of idleness and never goes below the initial window:
 *    what Linux does, and between the two. ssthresh remembers three quarters of what was.
 */
#include "libos/tcp/cc/validate.h"

#define PERIOD_MIN_NS NS_PER_SEC
#define UNUSED_MAX_NS (300 * NS_PER_SEC)

static void remember_in_ssthresh(struct tcp_cc *cc)
{
	cc->ssthresh = max_t(uint32_t, cc->ssthresh, cc->cwnd / 4 * 3);
}

static void count_round(struct tcp_cc_valid *v, const struct tcp_cc_ack *ack)
{
	if (ack->round_start) {
		v->pipe[0] = max_t(uint32_t, v->pipe[0], v->round_bytes);
		v->round_bytes = 0;
		v->flight = 0;
		v->limited_round[1] = v->limited_round[0];
		v->limited_round[0] = false;
	}
	v->round_bytes += ack->acked + ack->sacked;
	v->flight = max_t(uint32_t, v->flight, ack->in_flight_before);
	v->limited_round[0] |= ack->is_cwnd_limited;
}

static void turn_buckets(struct tcp_cc_valid *v, const struct tcp_cc_ack *ack)
{
	uint64_t period = max_t(uint64_t, 3 * ack->srtt_ns, PERIOD_MIN_NS);
	uint64_t age = ack->now - v->bucket_at;

	if (age < period)
		return;
	v->pipe[1] = age < 2 * period ? v->pipe[0] : 0;
	v->pipe[0] = 0;
	v->bucket_at = ack->now;
}

uint32_t tcp_cc_pipe_ack(const struct tcp_cc *cc)
{
	return max_t(uint32_t, cc->valid.pipe[0], cc->valid.pipe[1]);
}

static bool is_validated(const struct tcp_cc *cc)
{
	uint32_t pipe = tcp_cc_pipe_ack(cc);

	return pipe == 0 || pipe >= cc->cwnd / 2;
}

void tcp_cc_valid_on_ack(struct tcp_cc *cc, const struct tcp_cc_ack *ack)
{
	struct tcp_cc_valid *v = &cc->valid;

	count_round(v, ack);
	turn_buckets(v, ack);
	if (likely(is_validated(cc))) {
		v->is_unused = false;
		return;
	}
	if (!v->is_unused) {
		v->is_unused = true;
		v->unused_at = ack->now;
	} else if (ack->now - v->unused_at > UNUSED_MAX_NS && cc->phase == TCP_CC_OPEN) {
		uint32_t floor = min_t(uint32_t, cc->cwnd, tcp_cc_initial_window(cc->mss));

		remember_in_ssthresh(cc);
		cc->cwnd = max_t(uint32_t, cc->cwnd / 2, floor);
		v->unused_at = ack->now;
	}
}

void tcp_cc_valid_on_idle(struct tcp_cc *cc, uint64_t idle_ns, uint64_t rto_ns)
{
	uint32_t floor = min_t(uint32_t, cc->cwnd, tcp_cc_initial_window(cc->mss));

	if (idle_ns <= rto_ns)
		return;
	remember_in_ssthresh(cc);
	for (uint64_t left = idle_ns; left > rto_ns && cc->cwnd > floor; left -= rto_ns)
		cc->cwnd /= 2;
	cc->cwnd = max_t(uint32_t, cc->cwnd, floor);
}

bool tcp_cc_may_grow(const struct tcp_cc *cc)
{
	const struct tcp_cc_valid *v = &cc->valid;

	if (v->limited_round[0] || v->limited_round[1])
		return true;
	return tcp_cc_in_slow_start(cc) && v->flight > cc->cwnd / 2;
}

uint32_t tcp_cc_used_window(const struct tcp_cc *cc, uint32_t flight_size)
{
	/* In an episode cwnd follows what is in flight; ssthresh says what the window is to be. */
	uint32_t window =
		cc->phase == TCP_CC_CWR || cc->phase == TCP_CC_RECOVERY ? cc->ssthresh : cc->cwnd;

	if (is_validated(cc))
		return window;
	return min_t(uint32_t, window, max_t(uint32_t, tcp_cc_pipe_ack(cc), flight_size));
}
