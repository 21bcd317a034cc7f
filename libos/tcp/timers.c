/* SPDX-License-Identifier: MIT */
/*
 * Deadlines. A connection has three, as values: the flight's (one of retransmission, loss probe, reordering, zero
 * window), the delayed ACK, and that of its life (keep-alive, FIN-WAIT-2, TIME-WAIT, by state). The one timer is armed
 * for the earliest, or still stands earlier: then it finds nothing due and is armed again, which is cheaper than
 * moving it with each ACK. The user timeout (RFC 5482) bounds the flight's deadline rather than having its own.
 *
 * Keep-alive is lazy too: hearing from the peer is one store, and the deadline finds out how long ago that was.
 */
#include "libos/tcp/timers.h"

#include <errno.h>

#include "libos/tcp/output.h"
#include "libos/tcp/rack.h"
#include "libos/tcp/recovery.h"
#include "libos/tcp/state.h"

static bool has_unsent(const struct tcp_conn *c, const struct tcp_flight *f)
{
	return f->unsent_bytes > 0 ||
	       (c->flags & (TCP_F_FIN_QUEUED | TCP_F_FIN_SENT)) == TCP_F_FIN_QUEUED;
}

static uint64_t give_up_at(const struct tcp_conn *c, const struct tcp_flight *f)
{
	if (c->user_timeout_ms == 0)
		return TIME_NEVER;
	return time_add(f->progress_at, c->user_timeout_ms * NS_PER_MS);
}

static void set_rtx(struct tcp_conn *c, enum tcp_rtx_kind kind, uint64_t at)
{
	struct tcp_flight *f = c->flight_or_null;

	f->rtx_kind = (uint8_t)kind;
	f->rtx_at = min_t(uint64_t, at, give_up_at(c, f));
}

void tcp_arm_rto(struct tcp_conn *c, uint64_t now)
{
	struct tcp_flight *f = c->flight_or_null;

	if (c->snd_una == c->snd_nxt)
		f->rtx_at = TIME_NEVER;
	else
		set_rtx(c, TCP_RTX_RTO,
			time_add(now, tcp_rtt_rto_ns(&c->rtt, &c->tcp->rtt_config)));
}

static void arm_persist(struct tcp_conn *c, uint64_t now)
{
	struct tcp_flight *f = c->flight_or_null;
	uint64_t rto = tcp_rtt_rto_ns(&c->rtt, &c->tcp->rtt_config);
	unsigned backoff = min_t(unsigned, f->persist_backoff, 16);

	set_rtx(c, TCP_RTX_PERSIST,
		time_add(now, min_t(uint64_t, rto << backoff, c->tcp->config.rto_max_ns)));
}

static void arm_probe_or_rto(struct tcp_conn *c, uint64_t now)
{
	uint64_t delay = tcp_tlp_delay(c);

	if (delay < tcp_rtt_rto_ns(&c->rtt, &c->tcp->rtt_config))
		set_rtx(c, TCP_RTX_PROBE, time_add(now, delay));
	else
		tcp_arm_rto(c, now);
}

void tcp_arm_after_send(struct tcp_conn *c, uint64_t now)
{
	struct tcp_flight *f = c->flight_or_null;
	bool is_armed = f->rtx_at != TIME_NEVER;

	if (c->snd_una == c->snd_nxt) {
		if (has_unsent(c, f) && !(is_armed && f->rtx_kind == TCP_RTX_PERSIST))
			arm_persist(c, now);
		return;
	}
	if (!is_armed || f->rtx_kind == TCP_RTX_PERSIST || f->rtx_kind == TCP_RTX_PROBE)
		arm_probe_or_rto(c, now);
}

void tcp_arm_after_ack(struct tcp_conn *c, uint64_t now)
{
	struct tcp_flight *f = c->flight_or_null;

	if (c->snd_una == c->snd_nxt)
		f->rtx_at = TIME_NEVER;
	else if (f->rtx_at == TIME_NEVER || f->rtx_kind != TCP_RTX_REO)
		arm_probe_or_rto(c, now);
}

void tcp_arm_delack(struct tcp_conn *c, uint64_t now)
{
	c->delack_at = time_add(now, c->tcp->config.delack_ns);
}

void tcp_arm_keepalive(struct tcp_conn *c, uint64_t now)
{
	if (!tcp_is_in(c, TCP_IN(TCP_ESTABLISHED) | TCP_IN(TCP_CLOSE_WAIT) |
				  TCP_IN(TCP_FIN_WAIT_1) | TCP_IN(TCP_FIN_WAIT_2)) ||
	    c->flags & TCP_F_ORPHAN)
		return;
	c->life_at = c->flags & TCP_F_KEEPALIVE ? time_add(now, c->keep_idle_s * NS_PER_SEC)
						: TIME_NEVER;
}

void tcp_arm_timer(struct tcp_conn *c)
{
	const struct tcp_flight *f = c->flight_or_null;
	uint64_t at = min_t(uint64_t, c->delack_at, c->life_at);

	if (f)
		at = min_t(uint64_t, at, f->rtx_at);
	if (at == TIME_NEVER || (timer_is_armed(&c->timer) && c->timer.at <= at))
		return;
	timer_arm(c->tcp->env.wheel, &c->timer, at);
}

/* --- firing; each returns false when the connection has come to its end --- */

static bool die(struct tcp_conn *c, int err)
{
	tcp_count(c->tcp, TCP_ABORT_ON_TIMEOUT);
	return !tcp_conn_kill(c, err);
}

/* The peer has closed its window over what is in flight, but lives: as with zero-window probes, for ever. */
static bool is_held_off(const struct tcp_conn *c, uint64_t now)
{
	return c->snd_wnd == 0 && now - c->heard_at < 2 * c->tcp->config.rto_max_ns;
}

static bool fire_rto(struct tcp_conn *c, uint64_t now)
{
	struct tcp_flight *f = c->flight_or_null;
	const struct tcp_config *config = &c->tcp->config;
	bool is_syn = tcp_is_in(c, TCP_IN(TCP_SYN_SENT) | TCP_IN(TCP_SYN_RCVD));
	uint8_t limit = config->rtx_retries;

	if (c->state == TCP_SYN_SENT)
		limit = config->syn_retries;
	else if (c->state == TCP_SYN_RCVD)
		limit = config->synack_retries;
	tcp_count(c->tcp, TCP_TIMEOUTS);
	if ((c->rtt.backoff >= limit && !is_held_off(c, now)) || now >= give_up_at(c, f)) {
		if (is_syn)
			tcp_count(c->tcp, TCP_ATTEMPT_FAILS);
		return die(c, c->err ? c->err : -ETIMEDOUT);
	}
	if (is_syn) {
		tcp_rtt_on_syn_timeout(&c->rtt);
		tcp_retransmit(c, f->head, now);
	} else {
		tcp_recovery_on_rto(c, now);
		tcp_rtt_on_timeout(&c->rtt);
		tcp_retransmit(c, f->head, now);
	}
	tcp_arm_rto(c, now);
	return true;
}

static bool fire_persist(struct tcp_conn *c, uint64_t now)
{
	struct tcp_flight *f = c->flight_or_null;

	if (now >= give_up_at(c, f) || f->persist_probes >= c->tcp->config.rtx_retries)
		return die(c, -ETIMEDOUT);
	/* SWS avoidance ends here: what the window takes, goes (RFC 9293 3.8.6.2.1). */
	if (tcp_output_one(c, now)) {
		tcp_arm_rto(c, now);
		return true;
	}
	tcp_count(c->tcp, TCP_ZERO_WINDOW_PROBES);
	if (f->persist_backoff < UINT8_MAX)
		f->persist_backoff++;
	f->persist_probes++;
	tcp_output_probe(c, now);
	arm_persist(c, now);
	return true;
}

static bool fire_rtx(struct tcp_conn *c, uint64_t now)
{
	struct tcp_flight *f = c->flight_or_null;

	f->rtx_at = TIME_NEVER;
	if (f->rtx_kind == TCP_RTX_PERSIST)
		return fire_persist(c, now);
	if (now >= give_up_at(c, f))
		return fire_rto(c, now);
	switch (f->rtx_kind) {
	case TCP_RTX_PROBE:
		tcp_tlp_send(c, now);
		tcp_arm_rto(c, now);
		return true;
	case TCP_RTX_REO:
		tcp_recovery_on_reo(c, now);
		return true;
	default:
		return fire_rto(c, now);
	}
}

static bool fire_keepalive(struct tcp_conn *c, uint64_t now)
{
	uint64_t idle_ns = c->keep_idle_s * NS_PER_SEC;
	uint64_t due = time_add(c->heard_at, idle_ns);

	/* While something is in flight, its own timer sees to it. */
	if (now < due || c->snd_una != c->snd_nxt) {
		c->life_at = now < due ? due : time_add(now, idle_ns);
		return true;
	}
	if (c->keep_sent >= c->keep_probes)
		return die(c, -ETIMEDOUT);
	c->keep_sent++;
	tcp_count(c->tcp, TCP_KEEPALIVES);
	tcp_output_probe(c, now);
	c->life_at = time_add(now, c->keep_interval_s * NS_PER_SEC);
	return true;
}

static bool fire_life(struct tcp_conn *c, uint64_t now)
{
	c->life_at = TIME_NEVER;
	if (c->state == TCP_TIME_WAIT || (c->state == TCP_FIN_WAIT_2 && c->flags & TCP_F_ORPHAN))
		return !tcp_conn_kill(c, 0);
	return c->flags & TCP_F_KEEPALIVE ? fire_keepalive(c, now) : true;
}

void tcp_on_timer(struct timer *t, uint64_t now)
{
	struct tcp_conn *c = container_of(t, struct tcp_conn, timer);

	if (now >= c->delack_at) {
		c->delack_at = TIME_NEVER;
		c->flags |= TCP_F_ACK_NOW;
		tcp_count(c->tcp, TCP_DELAYED_ACKS);
	}
	if (c->flight_or_null && now >= c->flight_or_null->rtx_at && !fire_rtx(c, now))
		return;
	if (now >= c->life_at && !fire_life(c, now))
		return;
	tcp_settle(c, now);
}
