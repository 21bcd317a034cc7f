/* SPDX-License-Identifier: MIT */
/*
 * Reno (RFC 5681) with NewReno's idea of an episode (RFC 6582: one reduction for all losses of a window), appropriate
 * byte counting (RFC 3465) and HyStart++ in the first slow start (RFC 9406).
 *
 * In congestion avoidance the window grows by one MSS for each window's worth of bytes acknowledged, whatever the
 * number of ACKs. Congestion halves what is in flight, not cwnd (RFC 5681 3.1, equation 4); of a sender that uses
 * limited transmit, what exceeds cwnd does not count (RFC 3042). The window inflation of RFC 6582 3.2 is not here: in
 * recovery the engine follows PRR, which does the same with fewer bursts.
 */
#include "libos/tcp/cc/newreno.h"

#include "libos/tcp/cc/hystart.h"
#include "libos/tcp/cc/validate.h"

struct reno {
	uint32_t acc; /* bytes acknowledged towards the next MSS */
	struct hystart hystart;
};

_Static_assert(sizeof(struct reno) <= sizeof(((struct tcp_cc *)0)->priv), "fits");

static struct reno *priv(struct tcp_cc *cc)
{
	return (struct reno *)cc->priv;
}

void tcp_cc_reno_avoid(struct tcp_cc *cc, uint32_t *acc, uint32_t bytes)
{
	uint64_t sum = (uint64_t)*acc + bytes;

	/* An ACK of several windows, or a window that shrank, leaves more than one; each costs the window it found. */
	while (sum >= cc->cwnd && cc->cwnd < TCP_CC_CWND_MAX) {
		sum -= cc->cwnd;
		cc->cwnd += cc->mss;
	}
	*acc = (uint32_t)min_t(uint64_t, sum, TCP_CC_CWND_MAX);
}

uint32_t tcp_cc_reno_ssthresh(const struct tcp_cc *cc, uint32_t flight_size)
{
	uint32_t used = min_t(uint32_t, tcp_cc_used_window(cc, flight_size), flight_size);

	return max_t(uint32_t, used / 2, 2 * cc->mss);
}

static void reno_init(struct tcp_cc *cc, const struct tcp_cc_start *start)
{
}

static void reno_on_ack(struct tcp_cc *cc, const struct tcp_cc_ack *ack)
{
	uint32_t bytes = ack->acked + ack->sacked;

	if (cc->phase == TCP_CC_CWR || cc->phase == TCP_CC_RECOVERY || !tcp_cc_may_grow(cc))
		return;
	if (tcp_cc_in_slow_start(cc))
		bytes = tcp_cc_slow_start(cc, &priv(cc)->hystart, ack);
	if (bytes)
		tcp_cc_reno_avoid(cc, &priv(cc)->acc, bytes);
}

static void reno_reduce(struct tcp_cc *cc, const struct tcp_cc_event *ev)
{
	cc->ssthresh = tcp_cc_reno_ssthresh(cc, ev->flight_size);
	priv(cc)->acc = 0;
	hystart_stop(&priv(cc)->hystart);
}

static bool reno_on_ecn(struct tcp_cc *cc, const struct tcp_cc_event *ev, uint32_t ce_bytes,
			uint32_t bytes, bool round_start)
{
	if (ce_bytes == 0 || cc->phase != TCP_CC_OPEN)
		return false;
	reno_reduce(cc, ev);
	return true;
}

static bool reno_is_sane(const struct tcp_cc *cc)
{
	return hystart_is_sane(&((const struct reno *)cc->priv)->hystart);
}

const struct tcp_cc_ops tcp_cc_newreno = {
	.name = "reno",
	.version = 1,
	.init = reno_init,
	.on_ack = reno_on_ack,
	.on_recovery = reno_reduce,
	.on_rto = reno_reduce,
	.on_ecn = reno_on_ecn,
	.is_sane = reno_is_sane,
};
