/* SPDX-License-Identifier: MIT */
/*
 * BBR, version 3, after draft-ietf-ccwg-bbr. It sends at the rate that the path was seen to deliver, and keeps in
 * flight about what such a path holds, instead of filling queues until they overflow.
 *
 *   STARTUP -> DRAIN      when three rounds brought less than 25 % more bandwidth each, or loss was high (5.3.1)
 *   DRAIN -> DOWN         when the queue that STARTUP made is gone (5.3.2)
 *   DOWN -> CRUISE        when there is headroom (5.3.3)
 *   DOWN, CRUISE -> REFILL after 2 to 3 s, or as many rounds as Reno would need to come back
 *   REFILL -> UP          after one round of a full pipe
 *   UP -> DOWN            when bandwidth does not grow any more, or 2 % of a flight was lost
 *   any -> PROBE_RTT      when no RTT as small as the smallest was seen for 5 s: half a path in flight for 200 ms (5.3.4)
 *   PROBE_RTT -> CRUISE, or STARTUP when the pipe was never full
 *
 * Two bounds keep it from harm: cc->ssthresh, what was in flight when a probe met too much loss (long-term), and
 * bw_lo / inflight_lo, what survived the latest round with loss (short-term, bbr_model.c). A spurious episode gives both
 * back, and resumes a probe that it had stopped (5.5.10.3).
 *
 * Different from the draft:
 * - A mark (ECN) counts as the loss of a segment. The draft leaves ECN out.
 * - The high loss that ends STARTUP counts lost segments, not ranges of them.
 * - In PROBE_RTT bandwidth samples are ignored while it lasts, instead of marking the connection as limited by the
 *   application. PROBE_RTT ends with the window that the model gives, instead of the one before it.
 * - The state to undo is taken once per episode, rather than in each of its rounds.
 * - Pacing of segments within an offloaded burst is left to the engine, with tcp_cc_send_quantum.
 */
#include "libos/tcp/cc/bbr.h"

#define MIN_PIPE_SEGMENTS 4
#define PACING_MARGIN_PERCENT 1
#define LOSS_THRESH_PERCENT 2
#define BETA_PERCENT 70
#define HEADROOM_PERCENT 15
#define PROBE_RTT_CWND_PERCENT 50
#define PROBE_RTT_US 200000
#define STARTUP_LOSS_EVENTS 6
#define DRAIN_ROUNDS_MAX 3
#define RENO_ROUNDS_MAX 63

static const struct {
	uint16_t pacing, cwnd; /* percent */
} gains[BBR_STATE_NUM] = {
	[BBR_STARTUP] = { 277, 200 },
	[BBR_DRAIN] = { 50, 200 },
	[BBR_DOWN] = { 90, 200 },
	[BBR_CRUISE] = { 100, 200 },
	[BBR_REFILL] = { 100, 200 },
	[BBR_UP] = { 125, 225 },
	[BBR_PROBE_RTT] = { 100, PROBE_RTT_CWND_PERCENT },
};

static uint32_t min_pipe(const struct tcp_cc *cc)
{
	return MIN_PIPE_SEGMENTS * cc->mss;
}

static bool is_probing_bw(const struct bbr *b)
{
	return b->state == BBR_STARTUP || b->state == BBR_REFILL || b->state == BBR_UP;
}

static uint32_t random_below(struct bbr *b, uint32_t bound)
{
	b->random = (uint16_t)(b->random * 25173u + 13849u);
	return (uint32_t)b->random * bound >> 16;
}

/* Room for what offloads hold back, and for a minimum of pipelining. */
static uint32_t with_quanta(const struct tcp_cc *cc, uint32_t volume)
{
	const struct bbr *b = (const struct bbr *)cc->priv;

	volume = max_t(uint32_t, volume, 3 * tcp_cc_send_quantum(cc));
	volume = max_t(uint32_t, volume, min_pipe(cc));
	return b->state == BBR_UP ? volume + 2 * cc->mss : volume;
}

static uint32_t path_volume(struct tcp_cc *cc, uint32_t bw)
{
	return with_quanta(cc, bbr_bdp(cc, bw, 100));
}

static uint32_t target_inflight(struct tcp_cc *cc)
{
	return min_t(uint32_t, bbr_bdp(cc, bbr_bw(bbr_of(cc)), 100), cc->cwnd);
}

/* What leaves some of the path to others. */
static uint32_t with_headroom(const struct tcp_cc *cc)
{
	uint32_t headroom;

	if (cc->ssthresh == TCP_CC_SSTHRESH_INFINITE)
		return cc->ssthresh;
	headroom = max_t(uint32_t, cc->mss,
			 (uint32_t)((uint64_t)cc->ssthresh * HEADROOM_PERCENT / 100));
	return cc->ssthresh > headroom ? max_t(uint32_t, cc->ssthresh - headroom, min_pipe(cc))
				       : min_pipe(cc);
}

static void set_pacing_rate(struct tcp_cc *cc, uint32_t percent)
{
	const struct bbr *b = bbr_of(cc);
	uint64_t rate =
		(uint64_t)bbr_bw(b) * 16 * percent / 100 * (100 - PACING_MARGIN_PERCENT) / 100;

	if (rate && (b->is_full_bw_reached || rate > cc->pacing_rate))
		cc->pacing_rate = rate;
}

static void set_initial_pacing(struct tcp_cc *cc, uint64_t rtt_ns)
{
	cc->pacing_rate = (uint64_t)tcp_cc_initial_window(cc->mss) * gains[BBR_STARTUP].pacing /
			  100 * NS_PER_SEC / max_t(uint64_t, rtt_ns, 1);
}

static void enter_startup(struct bbr *b)
{
	b->state = BBR_STARTUP;
}

static void enter_drain(struct bbr *b)
{
	b->state = BBR_DRAIN;
	b->drain_rounds = 0;
}

static void start_down(struct tcp_cc *cc, uint64_t now, uint64_t delivered)
{
	struct bbr *b = bbr_of(cc);

	bbr_reset_congestion_signals(b);
	b->rounds_since_probe = (uint8_t)random_below(b, 2);
	b->probe_wait_ms = (uint16_t)(2000 + random_below(b, 1000));
	b->phase_at = bbr_time(b, now);
	b->acks = BBR_ACKS_STOPPING;
	bbr_start_round(b, delivered);
	b->state = BBR_DOWN;
}

static void start_refill(struct bbr *b, uint64_t delivered)
{
	bbr_reset_lower_bounds(b);
	b->up_rounds = 0;
	b->probe_up_acked = 0;
	b->was_probe_precautionary = false;
	b->acks = BBR_ACKS_REFILLING;
	bbr_start_round(b, delivered);
	b->state = BBR_REFILL;
}

static void start_up(struct bbr *b, const struct tcp_cc_ack *ack)
{
	b->acks = BBR_ACKS_STARTING;
	bbr_start_round(b, ack->delivered);
	bbr_reset_full_bw(b);
	b->full_bw = bbr_sample_bw(ack);
	b->is_probe_sample = true;
	b->up_rounds = 1;
	b->state = BBR_UP;
}

static void check_full_bw(struct bbr *b, const struct tcp_cc_ack *ack)
{
	uint32_t bw = bbr_sample_bw(ack);

	if (b->is_full_bw_now || !b->is_round_start || ack->is_app_limited)
		return;
	if ((uint64_t)bw * 4 >= (uint64_t)b->full_bw * 5) {
		bbr_reset_full_bw(b);
		b->full_bw = bw;
		return;
	}
	b->full_bw_count++;
	b->is_full_bw_now = b->full_bw_count >= 3;
	if (b->is_full_bw_now)
		b->is_full_bw_reached = true;
}

static void check_startup_and_drain(struct tcp_cc *cc, const struct tcp_cc_ack *ack)
{
	struct bbr *b = bbr_of(cc);

	if (b->state == BBR_STARTUP && b->is_loss_round_start && cc->phase != TCP_CC_OPEN &&
	    b->is_loss_high && b->loss_events >= STARTUP_LOSS_EVENTS) {
		b->undo_state = BBR_STARTUP;
		b->is_full_bw_reached = true;
		cc->ssthresh = max_t(uint32_t, bbr_bdp(cc, bbr_bw(b), 100), b->inflight_latest);
	}
	if (b->state == BBR_STARTUP && b->is_full_bw_reached)
		enter_drain(b);
	if (b->state == BBR_DRAIN &&
	    (ack->in_flight <= path_volume(cc, bbr_bw(b)) || b->drain_rounds > DRAIN_ROUNDS_MAX))
		start_down(cc, ack->now, ack->delivered);
}

static bool is_inflight_too_high(uint32_t lost, uint32_t tx_in_flight)
{
	return (uint64_t)lost * 100 > (uint64_t)tx_in_flight * LOSS_THRESH_PERCENT;
}

/* UP may raise the long-term bound, faster from round to round, while the bound is what holds it back. */
static void raise_bound(struct tcp_cc *cc, const struct tcp_cc_ack *ack)
{
	struct bbr *b = bbr_of(cc);
	uint32_t per_mss = max_t(uint32_t, cc->cwnd >> (b->up_rounds - 1), cc->mss);
	uint32_t steps;

	if (!ack->is_cwnd_limited || cc->cwnd < cc->ssthresh)
		return;
	b->probe_up_acked += ack->acked + ack->sacked;
	steps = b->probe_up_acked / per_mss;
	b->probe_up_acked -= steps * per_mss;
	cc->ssthresh = (uint32_t)min_t(uint64_t, cc->ssthresh + (uint64_t)steps * cc->mss,
				       TCP_CC_CWND_MAX);
	if (b->is_round_start)
		b->up_rounds = (uint8_t)min_t(unsigned, b->up_rounds + 1u, 31);
}

/* True when it has changed the state. */
static bool adapt_long_term_model(struct tcp_cc *cc, const struct tcp_cc_ack *ack)
{
	struct bbr *b = bbr_of(cc);

	if (b->acks == BBR_ACKS_STARTING && b->is_round_start)
		b->acks = BBR_ACKS_FEEDBACK;
	if (b->acks == BBR_ACKS_STOPPING && b->is_round_start) {
		b->is_probe_sample = false;
		b->acks = BBR_ACKS_INIT;
		if (bbr_is_in_probe_bw(b)) {
			if (!ack->is_app_limited)
				bbr_advance_max_bw(b);
			if (b->was_probe_precautionary && !b->was_probe_too_high) {
				start_refill(b, ack->delivered);
				return true;
			}
		}
	}
	if (cc->ssthresh == TCP_CC_SSTHRESH_INFINITE ||
	    is_inflight_too_high(ack->lost, ack->tx_in_flight))
		return false;
	cc->ssthresh = max_t(uint32_t, cc->ssthresh, ack->tx_in_flight);
	if (b->state == BBR_UP)
		raise_bound(cc, ack);
	return false;
}

static bool is_time_to_probe_bw(struct tcp_cc *cc, uint64_t now)
{
	struct bbr *b = bbr_of(cc);
	uint32_t reno_rounds = min_t(uint32_t, target_inflight(cc) / cc->mss, RENO_ROUNDS_MAX);

	return bbr_time(b, now) - b->phase_at > b->probe_wait_ms * 1000u ||
	       b->rounds_since_probe >= reno_rounds;
}

static bool is_time_to_cruise(struct tcp_cc *cc, const struct tcp_cc_ack *ack)
{
	return ack->in_flight <= with_headroom(cc) &&
	       ack->in_flight <= path_volume(cc, bbr_max_bw(bbr_of(cc)));
}

static bool is_time_to_go_down(struct tcp_cc *cc, const struct tcp_cc_ack *ack)
{
	struct bbr *b = bbr_of(cc);

	if (b->was_probe_too_high && ack->in_flight >= cc->ssthresh) {
		b->was_probe_precautionary = true;
		return true;
	}
	if (ack->is_cwnd_limited && cc->cwnd >= cc->ssthresh) {
		bbr_reset_full_bw(b);
		b->full_bw = bbr_sample_bw(ack);
		return false;
	}
	return b->is_full_bw_now;
}

static void update_probe_bw(struct tcp_cc *cc, const struct tcp_cc_ack *ack)
{
	struct bbr *b = bbr_of(cc);

	if (!b->is_full_bw_reached || adapt_long_term_model(cc, ack))
		return;
	switch (b->state) {
	case BBR_DOWN:
	case BBR_CRUISE:
		if (is_time_to_probe_bw(cc, ack->now))
			start_refill(b, ack->delivered);
		else if (b->state == BBR_DOWN && is_time_to_cruise(cc, ack))
			b->state = BBR_CRUISE;
		break;
	case BBR_REFILL:
		if (b->is_round_start)
			start_up(b, ack);
		break;
	case BBR_UP:
		if (is_time_to_go_down(cc, ack)) {
			b->was_probe_too_high = false;
			start_down(cc, ack->now, ack->delivered);
		}
		break;
	default:
		break;
	}
}

static uint32_t probe_rtt_window(const struct tcp_cc *cc)
{
	const struct bbr *b = (const struct bbr *)cc->priv;

	return max_t(uint32_t, bbr_bdp(cc, bbr_bw(b), PROBE_RTT_CWND_PERCENT), min_pipe(cc));
}

static void check_probe_rtt_done(struct tcp_cc *cc, uint64_t now, uint64_t delivered)
{
	struct bbr *b = bbr_of(cc);
	uint32_t t = bbr_time(b, now);

	if (!b->is_draining_done || !b->is_probe_rtt_round_done || (int32_t)(t - b->phase_at) <= 0)
		return;
	b->probe_rtt_min_at = t;
	bbr_reset_lower_bounds(b);
	if (b->is_full_bw_reached) {
		start_down(cc, now, delivered);
		b->state = BBR_CRUISE;
	} else {
		enter_startup(b);
	}
	cc->cwnd = max_t(uint32_t, cc->cwnd,
			 with_quanta(cc, bbr_bdp(cc, bbr_bw(b), gains[b->state].cwnd)));
}

static void update_probe_rtt(struct tcp_cc *cc, const struct tcp_cc_ack *ack)
{
	struct bbr *b = bbr_of(cc);

	if (b->state != BBR_PROBE_RTT && b->is_probe_rtt_due && !b->is_idle_restart) {
		b->state = BBR_PROBE_RTT;
		b->is_draining_done = false;
		b->acks = BBR_ACKS_STOPPING;
		bbr_start_round(b, ack->delivered);
	}
	if (b->state == BBR_PROBE_RTT) {
		if (!b->is_draining_done) {
			if (ack->in_flight <= probe_rtt_window(cc)) {
				b->is_draining_done = true;
				b->is_probe_rtt_round_done = false;
				b->phase_at = bbr_time(b, ack->now) + PROBE_RTT_US;
				bbr_start_round(b, ack->delivered);
			}
		} else {
			if (b->is_round_start)
				b->is_probe_rtt_round_done = true;
			check_probe_rtt_done(cc, ack->now, ack->delivered);
		}
	}
	if (ack->rate_bytes)
		b->is_idle_restart = false;
}

static uint32_t model_bound(const struct tcp_cc *cc)
{
	const struct bbr *b = (const struct bbr *)cc->priv;
	uint32_t bound = TCP_CC_CWND_MAX;

	if (b->state == BBR_PROBE_RTT || b->state == BBR_CRUISE)
		bound = with_headroom(cc);
	else if (bbr_is_in_probe_bw(b))
		bound = cc->ssthresh;
	return max_t(uint32_t, min_t(uint32_t, bound, b->inflight_lo), min_pipe(cc));
}

static void set_cwnd(struct tcp_cc *cc, const struct tcp_cc_ack *ack)
{
	struct bbr *b = bbr_of(cc);
	uint32_t bytes = ack->acked + ack->sacked;
	uint32_t most =
		with_quanta(cc, bbr_bdp(cc, bbr_bw(b), gains[b->state].cwnd) + bbr_extra_acked(b));

	if (b->is_full_bw_reached)
		cc->cwnd = min_t(uint32_t, cc->cwnd + bytes, most);
	else if (cc->cwnd < most || ack->delivered < tcp_cc_initial_window(cc->mss))
		cc->cwnd += bytes;
	cc->cwnd = max_t(uint32_t, cc->cwnd, min_pipe(cc));
	if (b->state == BBR_PROBE_RTT)
		cc->cwnd = min_t(uint32_t, cc->cwnd, probe_rtt_window(cc));
	cc->cwnd = min_t(uint32_t, cc->cwnd, model_bound(cc));
}

static void bbr_init(struct tcp_cc *cc, const struct tcp_cc_start *start)
{
	struct bbr *b = bbr_of(cc);

	*b = (struct bbr){
		.base_at = start->now,
		.min_rtt = BBR_UNKNOWN,
		.probe_rtt_min = BBR_UNKNOWN,
		.state = BBR_STARTUP,
		.undo_state = BBR_STATE_NUM,
		.random = start->seed,
	};
	bbr_reset_lower_bounds(b);
	/* A reduction by another algorithm is not the loss that this bound is about. */
	cc->ssthresh = TCP_CC_SSTHRESH_INFINITE;
	set_initial_pacing(cc, start->srtt_ns ? start->srtt_ns : NS_PER_MS);
}

static void bbr_on_ack(struct tcp_cc *cc, const struct tcp_cc_ack *ack)
{
	struct bbr *b = bbr_of(cc);
	struct tcp_cc_ack seen = *ack;
	bool had_rtt = b->min_rtt != BBR_UNKNOWN;

	seen.is_app_limited |= b->state == BBR_PROBE_RTT;
	bbr_model_on_ack(cc, &seen, is_probing_bw(b));
	check_full_bw(b, &seen);
	check_startup_and_drain(cc, &seen);
	update_probe_bw(cc, &seen);
	bbr_model_update_min_rtt(b, &seen);
	update_probe_rtt(cc, &seen);
	bbr_model_end_ack(b, &seen);
	if (!had_rtt && b->min_rtt != BBR_UNKNOWN && b->state == BBR_STARTUP)
		set_initial_pacing(cc, ack->rtt_ns);
	set_pacing_rate(cc, gains[b->state].pacing);
	set_cwnd(cc, &seen);
}

static void handle_inflight_too_high(struct tcp_cc *cc, uint64_t now, uint64_t delivered,
				     uint32_t volume, bool is_app_limited)
{
	struct bbr *b = bbr_of(cc);

	b->was_probe_too_high = true;
	b->is_probe_sample = false;
	if (!is_app_limited)
		cc->ssthresh =
			max_t(uint32_t, volume,
			      (uint32_t)((uint64_t)target_inflight(cc) * BETA_PERCENT / 100));
	if (b->state == BBR_UP) {
		b->undo_state = BBR_UP;
		start_down(cc, now, delivered);
	}
}

/* How much of the flight that a lost segment belonged to was still safe: up to where losses crossed the threshold. */
static uint32_t inflight_at_loss(const struct tcp_cc_lost *lost)
{
	int64_t inflight_before = (int64_t)lost->tx_in_flight - lost->bytes;
	int64_t lost_before = (int64_t)lost->lost - lost->bytes;
	int64_t prefix = (LOSS_THRESH_PERCENT * inflight_before - 100 * lost_before) /
			 (100 - LOSS_THRESH_PERCENT);

	if (inflight_before < 0)
		return 0;
	return (uint32_t)max_t(int64_t, inflight_before + prefix, 0);
}

static void bbr_on_lost(struct tcp_cc *cc, const struct tcp_cc_lost *lost)
{
	struct bbr *b = bbr_of(cc);

	bbr_model_note_loss(b, lost->delivered);
	if (!is_inflight_too_high(lost->lost, lost->tx_in_flight))
		return;
	b->is_loss_high = true;
	if (b->is_probe_sample)
		handle_inflight_too_high(cc, lost->now, lost->delivered, inflight_at_loss(lost),
					 lost->is_app_limited);
}

static bool bbr_on_ecn(struct tcp_cc *cc, const struct tcp_cc_event *ev, uint32_t ce_bytes,
		       uint32_t bytes, bool round_start)
{
	struct bbr *b = bbr_of(cc);

	if (ce_bytes == 0)
		return false;
	bbr_model_note_loss(b, ev->delivered);
	b->is_loss_high = true;
	if (b->is_probe_sample)
		handle_inflight_too_high(cc, ev->now, ev->delivered, ev->in_flight, false);
	return cc->phase == TCP_CC_OPEN;
}

static void bbr_on_event(struct tcp_cc *cc, const struct tcp_cc_event *ev)
{
	/* The bounds follow the losses themselves (bbr_on_lost). */
}

static void bbr_checkpoint(struct tcp_cc *cc)
{
	struct bbr *b = bbr_of(cc);

	b->undo_state = BBR_STATE_NUM;
	b->undo_bw_lo = b->bw_lo;
	b->undo_inflight_lo = b->inflight_lo;
}

static void bbr_on_undo(struct tcp_cc *cc, uint64_t now)
{
	struct bbr *b = bbr_of(cc);
	unsigned undo_state = b->undo_state;

	b->has_loss_in_round = false;
	bbr_reset_full_bw(b);
	b->bw_lo = max_t(uint32_t, b->bw_lo, b->undo_bw_lo);
	b->inflight_lo = max_t(uint32_t, b->inflight_lo, b->undo_inflight_lo);
	b->undo_state = BBR_STATE_NUM;
	if (undo_state == BBR_STARTUP && b->state != BBR_STARTUP) {
		b->is_full_bw_reached = false;
		if (b->state != BBR_PROBE_RTT)
			enter_startup(b);
	} else if (undo_state == BBR_UP && b->state != BBR_UP && b->state != BBR_PROBE_RTT) {
		start_refill(b, b->next_round);
	}
}

static void bbr_on_exit(struct tcp_cc *cc, uint64_t now)
{
	/* Only a timeout has cut the window below what the model says. */
	if (cc->phase == TCP_CC_LOSS && cc->can_undo)
		cc->cwnd = max_t(uint32_t, cc->cwnd, cc->undo_cwnd);
}

static void bbr_on_sent(struct tcp_cc *cc, uint64_t now, uint32_t in_flight, bool is_app_limited)
{
	struct bbr *b = bbr_of(cc);

	if (in_flight != 0 || !is_app_limited)
		return;
	b->is_idle_restart = true;
	b->extra_acked_at = bbr_time(b, now);
	b->extra_acked_sum = 0;
	if (bbr_is_in_probe_bw(b)) {
		set_pacing_rate(cc, 100);
	} else if (b->state == BBR_PROBE_RTT) {
		/* A path with nothing in flight has been drained for a round. */
		b->is_probe_rtt_round_done = true;
		check_probe_rtt_done(cc, now, b->next_round);
	}
}

static void bbr_shift_time(struct tcp_cc *cc, uint64_t delta)
{
	bbr_of(cc)->base_at += delta;
}

static bool bbr_is_sane(const struct tcp_cc *cc)
{
	const struct bbr *b = (const struct bbr *)cc->priv;

	return b->state < BBR_STATE_NUM && b->acks <= BBR_ACKS_STOPPING && b->up_rounds < 32 &&
	       (b->state != BBR_UP || b->up_rounds != 0) && b->inflight_latest <= TCP_CC_CWND_MAX &&
	       b->extra_acked[0] <= TCP_CC_CWND_MAX && b->extra_acked[1] <= TCP_CC_CWND_MAX;
}

const struct tcp_cc_ops tcp_cc_bbr = {
	.name = "bbr",
	.flags = TCP_CC_NEEDS_PACING | TCP_CC_NEEDS_RATE_SAMPLES | TCP_CC_OWN_RECOVERY,
	.version = 1,
	.init = bbr_init,
	.on_ack = bbr_on_ack,
	.on_lost = bbr_on_lost,
	.on_recovery = bbr_on_event,
	.on_rto = bbr_on_event,
	.on_ecn = bbr_on_ecn,
	.checkpoint = bbr_checkpoint,
	.on_undo = bbr_on_undo,
	.on_exit = bbr_on_exit,
	.on_sent = bbr_on_sent,
	.shift_time = bbr_shift_time,
	.is_sane = bbr_is_sane,
};
