/* SPDX-License-Identifier: MIT */
/*
 * CUBIC (RFC 9438). After a reduction the window follows W_cubic(t) = C (t - K)^3 + W_max: fast back towards the
 * window that met congestion, slowly around it, fast again beyond, by time rather than by round, so that flows of
 * different RTT get similar shares.
 *
 * Growth (4.2 - 4.5), for each ACK in congestion avoidance: target = W_cubic(t + RTT) within [cwnd, 1.5 cwnd], and
 * cwnd gains (target - cwnd) / cwnd of what was acknowledged. W_est is what Reno would have, with
 * alpha = 3 (1 - beta) / (1 + beta) = 9/17 until it has caught up with the window before the reduction, and 1 after
 * that; where it is above W_cubic(t), it is taken (4.3).
 * Reduction (4.6): ssthresh = 0.7 of the window in use (validate.c: cwnd, unless it was not used), the same for loss
 * and for ECN; W_max is the window before, or 0.85 of it if that was already below the previous W_max (fast
 * convergence, 4.7).
 * An epoch (t = 0) begins with the first ACK in congestion avoidance after an episode, with
 * K = cbrt((W_max - cwnd) / C). After a timeout (4.8) or a slow start without loss (4.10) there is no W_max to return
 * to: K = 0, and W_max is the window at that moment.
 * Time in which cwnd was not the limit does not count (4.2, 5.8): the epoch is moved on by it.
 * A spurious episode gives back W_max, K, W_est and the epoch as they were (4.9.1).
 *
 * Integers: time in ticks of 2^-13 s, whose cube and that of the root fit 64 bits for 256 s; W_est in 1/1024 byte.
 * The product of cube and MSS needs 128 bits for a moment.
 */
#include "libos/tcp/cc/cbrt.h"
#include "libos/tcp/cc/hystart.h"
#include "libos/tcp/cc/validate.h"

#define TICK_SHIFT 13
#define TICKS_MAX (1u << 21)
#define W_EST_SHIFT 10

/* What an episode overwrites. */
struct curve {
	uint64_t epoch_at; /* t = 0 */
	uint64_t w_est;    /* bytes << W_EST_SHIFT */
	uint32_t w_max;    /* 0: not known */
	uint32_t k;        /* ticks */
	uint32_t w_prior;  /* cwnd at the last reduction */
	uint8_t has_epoch;
};

struct cubic {
	struct curve now;
	struct curve before; /* at the last checkpoint */
	uint64_t frozen_at;  /* since then cwnd has not been the limit; if is_frozen */
	uint32_t acc;        /* growth too small for a byte, times cwnd */
	struct hystart hystart;
	uint8_t is_frozen;
};

_Static_assert(sizeof(struct cubic) <= sizeof(((struct tcp_cc *)0)->priv), "fits");

static struct cubic *priv(struct tcp_cc *cc)
{
	return (struct cubic *)cc->priv;
}

static void cubic_init(struct tcp_cc *cc, const struct tcp_cc_start *start)
{
}

/* ns * 2^13 / 10^9, exactly. */
static uint32_t ticks_of(uint64_t ns)
{
	uint64_t ticks = min_t(uint64_t, ns, 1ull << 40) * 16 / 1953125;

	return (uint32_t)min_t(uint64_t, ticks, TICKS_MAX);
}

/* cbrt((w_max - cwnd) / (C * mss)) in ticks. */
static uint32_t ticks_to_w_max(uint32_t bytes, uint32_t mss)
{
	/* From 2^23 segments on the root is beyond TICKS_MAX, so that 5/2 * 2^39 times that many is all that must fit. */
	uint64_t segments = ((uint64_t)bytes << 20) / mss;

	if (segments >> 43)
		return TICKS_MAX;
	return min_t(uint32_t, tcp_cc_cbrt((segments * 5 / 2) << 19), TICKS_MAX);
}

/* W_cubic at @ticks after the epoch. */
static uint32_t w_cubic(const struct curve *c, uint32_t mss, uint32_t ticks)
{
	uint64_t offset = ticks > c->k ? ticks - c->k : c->k - ticks;
	unsigned __int128 product = (unsigned __int128)(offset * offset * offset) * mss;
	uint64_t delta =
		min_t(uint64_t, (uint64_t)(product >> (3 * TICK_SHIFT)), UINT32_MAX) * 2 / 5;

	if (ticks < c->k)
		return delta < c->w_max ? c->w_max - (uint32_t)delta : 0;
	return (uint32_t)min_t(uint64_t, c->w_max + delta, TCP_CC_CWND_MAX);
}

static void start_epoch(struct tcp_cc *cc, uint64_t now)
{
	struct curve *c = &priv(cc)->now;

	c->has_epoch = true;
	c->epoch_at = now;
	c->w_est = (uint64_t)cc->cwnd << W_EST_SHIFT;
	c->k = 0;
	if (c->w_max > cc->cwnd)
		c->k = ticks_to_w_max(c->w_max - cc->cwnd, cc->mss);
	else
		c->w_max = cc->cwnd;
	priv(cc)->acc = 0;
}

static uint32_t grow_w_est(struct tcp_cc *cc, uint32_t bytes)
{
	struct curve *c = &priv(cc)->now;
	uint64_t step = (((uint64_t)bytes * cc->mss) << W_EST_SHIFT) / cc->cwnd;

	if (c->w_est >> W_EST_SHIFT < c->w_prior)
		step = step * 9 / 17;
	c->w_est = min_t(uint64_t, c->w_est + step, (uint64_t)TCP_CC_CWND_MAX << W_EST_SHIFT);
	return (uint32_t)(c->w_est >> W_EST_SHIFT);
}

static void avoid(struct tcp_cc *cc, const struct tcp_cc_ack *ack, uint32_t bytes)
{
	struct cubic *p = priv(cc);
	struct curve *c = &p->now;
	uint32_t w_est, target, ceiling = cc->cwnd + cc->cwnd / 2;
	uint64_t t, gain;

	if (!c->has_epoch)
		start_epoch(cc, ack->now);
	t = ack->now - c->epoch_at;
	w_est = grow_w_est(cc, bytes);
	if (w_cubic(c, cc->mss, ticks_of(t)) < w_est) {
		cc->cwnd = max_t(uint32_t, cc->cwnd, w_est);
		return;
	}
	target = min_t(uint32_t, w_cubic(c, cc->mss, ticks_of(t + ack->srtt_ns)), ceiling);
	if (target <= cc->cwnd)
		return;
	gain = p->acc + (uint64_t)bytes * (target - cc->cwnd);
	p->acc = (uint32_t)(gain % cc->cwnd);
	cc->cwnd = (uint32_t)min_t(uint64_t, cc->cwnd + gain / cc->cwnd, target);
}

static void freeze(struct cubic *p, uint64_t now)
{
	if (!p->is_frozen) {
		p->is_frozen = true;
		p->frozen_at = now;
	}
}

static void thaw(struct cubic *p, uint64_t now)
{
	if (p->is_frozen) {
		p->is_frozen = false;
		p->now.epoch_at += now - p->frozen_at;
	}
}

static void cubic_on_ack(struct tcp_cc *cc, const struct tcp_cc_ack *ack)
{
	struct cubic *p = priv(cc);
	uint32_t bytes = ack->acked + ack->sacked;

	if (cc->phase == TCP_CC_CWR || cc->phase == TCP_CC_RECOVERY)
		return;
	if (!tcp_cc_may_grow(cc)) {
		freeze(p, ack->now);
		return;
	}
	thaw(p, ack->now);
	if (tcp_cc_in_slow_start(cc))
		bytes = tcp_cc_slow_start(cc, &p->hystart, ack);
	if (bytes)
		avoid(cc, ack, bytes);
}

static void cubic_reduce(struct tcp_cc *cc, const struct tcp_cc_event *ev)
{
	struct cubic *p = priv(cc);
	uint32_t window = tcp_cc_used_window(cc, ev->flight_size);

	p->now.w_max = window < p->now.w_max ? (uint32_t)((uint64_t)window * 17 / 20) : window;
	p->now.w_prior = window;
	p->now.has_epoch = false;
	p->is_frozen = false;
	hystart_stop(&p->hystart);
	cc->ssthresh = max_t(uint32_t, (uint32_t)((uint64_t)window * 7 / 10), 2 * cc->mss);
}

static void cubic_on_rto(struct tcp_cc *cc, const struct tcp_cc_event *ev)
{
	cubic_reduce(cc, ev);
	priv(cc)->now.w_max = 0;
}

static bool cubic_on_ecn(struct tcp_cc *cc, const struct tcp_cc_event *ev, uint32_t ce_bytes,
			 uint32_t bytes, bool round_start)
{
	if (ce_bytes == 0 || cc->phase != TCP_CC_OPEN)
		return false;
	cubic_reduce(cc, ev);
	return true;
}

static void cubic_checkpoint(struct tcp_cc *cc)
{
	priv(cc)->before = priv(cc)->now;
}

static void cubic_on_undo(struct tcp_cc *cc, uint64_t now)
{
	priv(cc)->now = priv(cc)->before;
	priv(cc)->is_frozen = false;
}

static void cubic_on_idle(struct tcp_cc *cc, uint64_t now, uint64_t idle_ns)
{
	freeze(priv(cc), now - idle_ns);
}

static void cubic_shift_time(struct tcp_cc *cc, uint64_t delta)
{
	struct cubic *p = priv(cc);

	p->now.epoch_at += delta;
	p->before.epoch_at += delta;
	p->frozen_at += delta;
}

static bool is_curve_sane(const struct curve *c)
{
	return c->w_est >> W_EST_SHIFT <= TCP_CC_CWND_MAX && c->w_max <= TCP_CC_CWND_MAX &&
	       c->k <= TICKS_MAX && c->w_prior <= TCP_CC_CWND_MAX && c->has_epoch <= 1;
}

static bool cubic_is_sane(const struct tcp_cc *cc)
{
	const struct cubic *p = (const struct cubic *)cc->priv;

	return is_curve_sane(&p->now) && is_curve_sane(&p->before) && p->is_frozen <= 1 &&
	       hystart_is_sane(&p->hystart);
}

const struct tcp_cc_ops tcp_cc_cubic = {
	.name = "cubic",
	.version = 1,
	.init = cubic_init,
	.on_ack = cubic_on_ack,
	.on_recovery = cubic_reduce,
	.on_rto = cubic_on_rto,
	.on_ecn = cubic_on_ecn,
	.checkpoint = cubic_checkpoint,
	.on_undo = cubic_on_undo,
	.on_idle = cubic_on_idle,
	.shift_time = cubic_shift_time,
	.is_sane = cubic_is_sane,
};
