/* SPDX-License-Identifier: MIT */
/*
 * What all algorithms share: the registry, the phases, and the point to return to when an episode was spurious.
 *
 *   OPEN -> CWR [tcp_cc_on_ecn]; OPEN, CWR -> RECOVERY [tcp_cc_enter_recovery]; any -> LOSS [tcp_cc_on_rto];
 *   any -> OPEN [tcp_cc_exit, tcp_cc_undo]
 *
 * 1. There is one return point, of the last time that OPEN was left for loss. It outlives the episode, since a D-SACK
 *    may come late, until the next one begins.
 * 2. An answer to ECN is never spurious, so an episode that began with one has no return point.
 * 3. cwnd stays within [1 MSS, TCP_CC_CWND_MAX].
 */
#include "libos/tcp/cc/cc.h"

#include <string.h>

#include "libos/base/bug.h"
#include "libos/tcp/cc/validate.h"

static const struct tcp_cc_ops *const algorithms[] = {
	&tcp_cc_cubic,
	&tcp_cc_newreno,
	&tcp_cc_dctcp,
	&tcp_cc_bbr,
};

const struct tcp_cc_ops *tcp_cc_find_or_null(const char *name)
{
	for (unsigned i = 0; i < ARRAY_SIZE(algorithms); i++)
		if (strcmp(algorithms[i]->name, name) == 0)
			return algorithms[i];
	return NULL;
}

const struct tcp_cc_ops *tcp_cc_at_or_null(unsigned index)
{
	return index < ARRAY_SIZE(algorithms) ? algorithms[index] : NULL;
}

uint32_t tcp_cc_initial_window(uint32_t mss)
{
	return min_t(uint32_t, 10 * mss, max_t(uint32_t, 2 * mss, 14600));
}

static void bound_cwnd(struct tcp_cc *cc)
{
	cc->cwnd = min_t(uint32_t, max_t(uint32_t, cc->cwnd, cc->mss), TCP_CC_CWND_MAX);
}

void tcp_cc_init(struct tcp_cc *cc, const struct tcp_cc_ops *ops, const struct tcp_cc_start *start)
{
	BUG_ON(start->mss == 0 || start->mss > UINT16_MAX);
	*cc = (struct tcp_cc){
		.ops = ops,
		.cwnd = tcp_cc_initial_window(start->mss),
		.ssthresh = TCP_CC_SSTHRESH_INFINITE,
		.mss = start->mss,
		.valid.bucket_at = start->now,
	};
	ops->init(cc, start);
}

void tcp_cc_switch(struct tcp_cc *cc, const struct tcp_cc_ops *ops,
		   const struct tcp_cc_start *start)
{
	if (ops == cc->ops)
		return;
	cc->ops = ops;
	cc->can_undo = false;
	cc->pacing_rate = 0;
	memset(cc->priv, 0, sizeof(cc->priv));
	ops->init(cc, start);
}

void tcp_cc_set_mss(struct tcp_cc *cc, uint32_t mss)
{
	BUG_ON(mss == 0 || mss > UINT16_MAX);
	cc->mss = mss;
	bound_cwnd(cc);
}

void tcp_cc_on_ack(struct tcp_cc *cc, const struct tcp_cc_ack *ack)
{
	tcp_cc_valid_on_ack(cc, ack);
	cc->ops->on_ack(cc, ack);
	bound_cwnd(cc);
}

static void take_return_point(struct tcp_cc *cc)
{
	cc->undo_cwnd = cc->cwnd;
	cc->undo_ssthresh = cc->ssthresh;
	cc->can_undo = true;
	if (cc->ops->checkpoint)
		cc->ops->checkpoint(cc);
}

void tcp_cc_enter_recovery(struct tcp_cc *cc, const struct tcp_cc_event *ev)
{
	if (cc->phase == TCP_CC_OPEN)
		take_return_point(cc);
	/* One answer per window is enough, unless that to ECN was meant to be weaker than that to loss. */
	if (cc->phase != TCP_CC_CWR || cc->ops->flags & TCP_CC_NEEDS_ECN)
		cc->ops->on_recovery(cc, ev);
	cc->phase = TCP_CC_RECOVERY;
	bound_cwnd(cc);
}

void tcp_cc_on_rto(struct tcp_cc *cc, const struct tcp_cc_event *ev)
{
	if (cc->phase == TCP_CC_OPEN) {
		take_return_point(cc);
		cc->ops->on_rto(cc, ev);
	}
	cc->phase = TCP_CC_LOSS;
	cc->cwnd = cc->mss;
}

bool tcp_cc_on_ecn(struct tcp_cc *cc, const struct tcp_cc_event *ev, uint32_t ce_bytes,
		   uint32_t bytes, bool round_start)
{
	bool reduced;

	if (!cc->ops->on_ecn)
		return false;
	reduced = cc->ops->on_ecn(cc, ev, ce_bytes, bytes, round_start);
	bound_cwnd(cc);
	if (!reduced)
		return false;
	cc->can_undo = false;
	cc->phase = TCP_CC_CWR;
	return true;
}

bool tcp_cc_undo(struct tcp_cc *cc, uint64_t now)
{
	if (!cc->can_undo)
		return false;
	cc->cwnd = max_t(uint32_t, cc->cwnd, cc->undo_cwnd);
	cc->ssthresh = max_t(uint32_t, cc->ssthresh, cc->undo_ssthresh);
	if (cc->ops->on_undo)
		cc->ops->on_undo(cc, now);
	cc->phase = TCP_CC_OPEN;
	cc->can_undo = false;
	bound_cwnd(cc);
	return true;
}

void tcp_cc_exit(struct tcp_cc *cc, uint64_t now)
{
	if (cc->phase == TCP_CC_OPEN)
		return;
	/* PRR ends at ssthresh, whatever was in flight (RFC 9937 6.2); after a timeout the window is still growing. */
	if (cc->phase != TCP_CC_LOSS && !(cc->ops->flags & TCP_CC_OWN_RECOVERY))
		cc->cwnd = cc->ssthresh;
	if (cc->ops->on_exit)
		cc->ops->on_exit(cc, now);
	cc->phase = TCP_CC_OPEN;
	bound_cwnd(cc);
}

void tcp_cc_on_idle(struct tcp_cc *cc, uint64_t now, uint64_t idle_ns, uint64_t rto_ns)
{
	if (cc->phase == TCP_CC_OPEN && !(cc->ops->flags & TCP_CC_OWN_RECOVERY))
		tcp_cc_valid_on_idle(cc, idle_ns, rto_ns);
	if (cc->ops->on_idle)
		cc->ops->on_idle(cc, now, idle_ns);
}

void tcp_cc_shift_time(struct tcp_cc *cc, uint64_t delta)
{
	cc->valid.bucket_at += delta;
	cc->valid.unused_at += delta;
	if (cc->ops->shift_time)
		cc->ops->shift_time(cc, delta);
}

uint32_t tcp_cc_send_quantum(const struct tcp_cc *cc)
{
	uint64_t quantum = min_t(uint64_t, cc->pacing_rate / 1000, 65536);

	return max_t(uint32_t, (uint32_t)quantum, 2 * cc->mss);
}
