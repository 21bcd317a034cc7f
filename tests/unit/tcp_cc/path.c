/* SPDX-License-Identifier: MIT */
#include "tests/unit/tcp_cc/path.h"

#include <criterion/criterion.h>
#include <string.h>

#define RTO_MIN_NS (200 * NS_PER_MS)

static struct path the_path;

static struct path_seg *seg_of(struct path_flow *f, uint64_t seq)
{
	return &f->seg[seq % PATH_WINDOW];
}

static uint32_t in_flight(const struct path_flow *f)
{
	return (uint32_t)(f->flight_num * PATH_MSS);
}

struct path *path_new(const struct path_config *config)
{
	struct path *p = &the_path;

	memset(p, 0, sizeof(*p));
	p->config = *config;
	rng_init(&p->rng, config->seed);
	rng_init(&p->move_rng, config->seed + 1);
	p->now = NS_PER_SEC;
	p->since = p->now;
	return p;
}

void path_start_flow(struct path *p, unsigned index, const char *algorithm)
{
	struct path_flow *f = &p->flow[index];
	struct tcp_cc_start start = { .now = p->now, .mss = PATH_MSS, .seed = (uint16_t)index };

	f->is_active = true;
	f->pace_at = p->now;
	f->rto_at = TIME_NEVER;
	f->cwnd_area_at = p->now;
	tcp_cc_init(&f->cc, tcp_cc_find_or_null(algorithm), &start);
	tcp_rate_init(&f->rate, p->now);
}

uint32_t path_queue(const struct path *p)
{
	uint64_t wait = p->link_free > p->now ? p->link_free - p->now : 0;

	return (uint32_t)((wait + p->config.tx_ns - 1) / p->config.tx_ns);
}

/* A packet meets the bottleneck. */
static void carry(struct path *p, struct path_flow *f, uint64_t seq)
{
	const struct path_config *c = &p->config;
	uint32_t queue = path_queue(p);

	p->sent++;
	p->queue_area += queue;
	p->queue_max = queue > p->queue_max ? queue : p->queue_max;
	if (queue >= c->queue || (c->drop_every && f->next_tx % c->drop_every == 0) ||
	    rng_chance_ppm(&p->rng, c->drop_ppm)) {
		p->drops++;
		return;
	}
	p->link_free = (p->link_free > p->now ? p->link_free : p->now) + c->tx_ns;
	f->arrival[f->arrival_tail++ % ARRAY_SIZE(f->arrival)] = (struct path_arrival){
		.at = p->link_free + c->rtt_ns,
		.seq = seq,
		.tx = f->next_tx,
		.ce = c->mark_above && queue >= c->mark_above,
	};
}

static uint64_t rto_of(const struct path_flow *f)
{
	uint64_t rto = f->srtt ? 2 * f->srtt : NS_PER_SEC;

	return rto > RTO_MIN_NS ? rto : RTO_MIN_NS;
}

static void transmit(struct path *p, struct path_flow *f, uint64_t seq)
{
	struct path_seg *s = seg_of(f, seq);
	uint64_t now = p->now + f->clock;

	s->resent = s->state == SEG_LOST;
	f->resent += s->resent;
	s->state = SEG_IN_FLIGHT;
	s->tx = ++f->next_tx;
	f->tx_seq[s->tx % ARRAY_SIZE(f->tx_seq)] = seq;
	tcp_rate_on_sent(&f->rate, &s->stamp, in_flight(f), PATH_MSS, now);
	tcp_cc_on_sent(&f->cc, now, in_flight(f), false);
	tcp_prr_on_sent(&f->prr, PATH_MSS);
	f->flight_num++;
	if (f->cc.pacing_rate) {
		uint64_t from = f->pace_at > p->now ? f->pace_at : p->now;

		f->pace_at = from + PATH_MSS * NS_PER_SEC / f->cc.pacing_rate;
	}
	if (f->rto_at == TIME_NEVER)
		f->rto_at = p->now + rto_of(f);
	carry(p, f, seq);
}

static uint64_t next_lost(struct path_flow *f)
{
	uint64_t seq = f->lost_hint > f->una ? f->lost_hint : f->una;

	while (seg_of(f, seq)->state != SEG_LOST)
		seq++;
	cr_assert_lt(seq, f->next);
	f->lost_hint = seq + 1;
	return seq;
}

static void send_all(struct path *p, struct path_flow *f)
{
	f->limited = false;
	while (f->next - f->una < PATH_WINDOW - 1) {
		if (in_flight(f) + PATH_MSS > f->cc.cwnd) {
			f->limited = true;
			return;
		}
		if (f->cc.pacing_rate && f->pace_at > p->now)
			return;
		if (f->lost_num) {
			f->lost_num--;
			transmit(p, f, next_lost(f));
		} else {
			seg_of(f, f->next)->state = SEG_NONE;
			transmit(p, f, f->next++);
		}
	}
	cr_assert_fail("the window of the test is too small");
}

/* To a host whose clock shows something else; nobody may notice. */
static void move(struct path *p, struct path_flow *f)
{
	uint64_t clock = rng_below(&p->move_rng, 2) ? rng_next(&p->move_rng) >> 20 : 0;
	struct tcp_cc_image image;

	tcp_cc_export(&f->cc, &f->rate, p->now + f->clock, &image);
	memset(&f->cc, 0xa5, sizeof(f->cc));
	memset(&f->rate, 0xa5, sizeof(f->rate));
	cr_assert_eq(tcp_cc_import(&image, p->now + clock, &f->cc, &f->rate), 0);
	for (uint64_t seq = f->una; seq < f->next; seq++)
		tcp_rate_stamp_shift_time(&seg_of(f, seq)->stamp, clock - f->clock);
	f->clock = clock;
	f->moves++;
}

static void mark_lost(struct path_flow *f, struct path_seg *s, uint64_t seq, uint64_t now)
{
	struct tcp_cc_lost lost;

	s->state = SEG_LOST;
	f->flight_num--;
	f->lost_num++;
	f->lost_hint = seq < f->lost_hint ? seq : f->lost_hint;
	tcp_rate_on_lost(&f->rate, &s->stamp, PATH_MSS, now, &lost);
	tcp_cc_on_lost(&f->cc, &lost);
}

static void begin_episode(struct path_flow *f, const struct tcp_cc_ack *ack)
{
	uint64_t sacked = f->next - f->una - f->flight_num - f->lost_num;

	f->recover = f->next;
	f->episodes++;
	tcp_prr_init(&f->prr, (uint32_t)((f->next - f->una) * PATH_MSS), ack->acked, ack->sacked,
		     (uint32_t)(sacked * PATH_MSS));
}

static void find_losses(struct path_flow *f, const struct tcp_cc_ack *ack, struct tcp_cc_event *ev)
{
	for (; f->oldest_tx + 3 <= f->newest_tx; f->oldest_tx++) {
		uint64_t seq = f->tx_seq[f->oldest_tx % ARRAY_SIZE(f->tx_seq)];
		struct path_seg *s = seg_of(f, seq);

		if (seq < f->una || s->tx != f->oldest_tx || s->state != SEG_IN_FLIGHT)
			continue;
		if (f->cc.phase == TCP_CC_OPEN || f->cc.phase == TCP_CC_CWR ||
		    (f->cc.phase == TCP_CC_RECOVERY && s->resent)) {
			tcp_cc_enter_recovery(&f->cc, ev);
			begin_episode(f, ack);
		}
		mark_lost(f, s, seq, ack->now);
	}
}

static void take_delivery(struct path_flow *f, const struct path_arrival *a, struct tcp_cc_ack *ack)
{
	struct path_seg *s = seg_of(f, a->seq);

	tcp_rate_on_delivered(&f->rate, &s->stamp, PATH_MSS, ack);
	ack->rtt_ns = ack->now - s->stamp.sent_at;
	f->srtt = f->srtt ? f->srtt - f->srtt / 8 + ack->rtt_ns / 8 : ack->rtt_ns;
	f->min_rtt = !f->min_rtt || ack->rtt_ns < f->min_rtt ? ack->rtt_ns : f->min_rtt;
	ack->srtt_ns = f->srtt;
	ack->min_rtt_ns = f->min_rtt;
	s->state = SEG_DELIVERED;
	f->flight_num--;
	f->delivered += PATH_MSS;
	if (a->seq == f->una)
		ack->acked = PATH_MSS;
	else
		ack->sacked = PATH_MSS;
	while (f->una < f->next && seg_of(f, f->una)->state == SEG_DELIVERED)
		f->una++;
}

static void note(struct path *p, struct path_flow *f)
{
	uint64_t words[] = { f->cc.cwnd, f->cc.ssthresh, f->cc.pacing_rate, f->cc.phase, p->now };

	for (unsigned i = 0; i < ARRAY_SIZE(words); i++)
		f->hash = (f->hash ^ words[i]) * 0x9e3779b97f4a7c15ull;
	cr_assert(f->cc.cwnd >= PATH_MSS && f->cc.cwnd <= TCP_CC_CWND_MAX);
	cr_assert_geq(f->cc.ssthresh, 2 * PATH_MSS);
}

static void arrive(struct path *p, struct path_flow *f, const struct path_arrival *a)
{
	bool exact_ecn = f->cc.ops->flags & TCP_CC_NEEDS_ECN;
	struct tcp_cc_ack ack;
	struct tcp_cc_event ev;
	uint64_t lost = f->rate.lost;

	f->cwnd_area += f->cc.cwnd * ((p->now - f->cwnd_area_at) / NS_PER_US);
	f->cwnd_area_at = p->now;
	if (seg_of(f, a->seq)->tx != a->tx || a->seq < f->una)
		return; /* the original, after a timeout had it sent again */
	ev = (struct tcp_cc_event){ .now = p->now + f->clock,
				    .flight_size = (uint32_t)((f->next - f->una) * PATH_MSS) };
	tcp_rate_ack_begin(&ack, p->now + f->clock);
	ack.in_flight_before = in_flight(f);
	ack.is_cwnd_limited = f->limited;
	take_delivery(f, a, &ack);
	ev.delivered = f->rate.delivered;
	ev.in_flight = in_flight(f);
	f->newest_tx = a->tx > f->newest_tx ? a->tx : f->newest_tx;
	if (f->una >= f->recover)
		tcp_cc_exit(&f->cc, ack.now);
	find_losses(f, &ack, &ev);
	tcp_rate_ack_end(&f->rate, &ack);
	ack.in_flight = in_flight(f);
	f->marks += a->ce;
	if ((a->ce || exact_ecn) &&
	    tcp_cc_on_ecn(&f->cc, &ev, a->ce ? PATH_MSS : 0, PATH_MSS, ack.round_start))
		begin_episode(f, &ack);
	tcp_cc_on_ack(&f->cc, &ack);
	if ((f->cc.phase == TCP_CC_CWR || f->cc.phase == TCP_CC_RECOVERY) &&
	    !(f->cc.ops->flags & TCP_CC_OWN_RECOVERY))
		f->cc.cwnd = tcp_prr_on_ack(&f->prr, f->cc.ssthresh, PATH_MSS, in_flight(f),
					    PATH_MSS, ack.acked && f->rate.lost == lost);
	note(p, f);
	f->rto_at = f->next > f->una ? p->now + rto_of(f) : TIME_NEVER;
}

static void time_out(struct path *p, struct path_flow *f)
{
	struct tcp_cc_event ev = { .now = p->now + f->clock,
				   .delivered = f->rate.delivered,
				   .flight_size = (uint32_t)((f->next - f->una) * PATH_MSS) };

	f->rtos++;
	tcp_cc_on_rto(&f->cc, &ev);
	f->recover = f->next;
	for (uint64_t seq = f->una; seq < f->next; seq++)
		if (seg_of(f, seq)->state == SEG_IN_FLIGHT)
			mark_lost(f, seg_of(f, seq), seq, ev.now);
	f->rto_at = TIME_NEVER;
	f->pace_at = p->now;
	note(p, f);
}

static uint64_t next_event(const struct path_flow *f)
{
	uint64_t at = f->rto_at;

	if (!f->is_active)
		return TIME_NEVER;
	if (f->arrival_head != f->arrival_tail) {
		uint64_t arrival = f->arrival[f->arrival_head % ARRAY_SIZE(f->arrival)].at;

		at = arrival < at ? arrival : at;
	}
	if (!f->limited && f->pace_at < at)
		at = f->pace_at;
	return at;
}

static void run_event(struct path *p, struct path_flow *f)
{
	const struct path_arrival *a = &f->arrival[f->arrival_head % ARRAY_SIZE(f->arrival)];

	if (f->arrival_head != f->arrival_tail && a->at <= p->now) {
		f->arrival_head++;
		if (rng_chance_ppm(&p->move_rng, p->config.move_ppm))
			move(p, f);
		arrive(p, f, a);
	} else if (f->rto_at <= p->now) {
		time_out(p, f);
	}
	send_all(p, f);
}

void path_run_until(struct path *p, uint64_t end)
{
	for (;;) {
		struct path_flow *first = &p->flow[0];
		uint64_t at;

		for (unsigned i = 1; i < PATH_FLOWS; i++)
			if (next_event(&p->flow[i]) < next_event(first))
				first = &p->flow[i];
		at = next_event(first);
		if (at > end)
			break;
		p->now = at > p->now ? at : p->now;
		run_event(p, first);
	}
	p->now = end;
}

void path_forget(struct path *p)
{
	p->drops = p->sent = p->queue_area = 0;
	p->queue_max = 0;
	p->since = p->now;
	for (unsigned i = 0; i < PATH_FLOWS; i++) {
		struct path_flow *f = &p->flow[i];

		f->delivered = f->resent = f->episodes = f->rtos = f->marks = f->cwnd_area = 0;
		f->cwnd_area_at = p->now;
	}
}

double path_mean_cwnd(const struct path *p, unsigned index)
{
	const struct path_flow *f = &p->flow[index];
	uint64_t us = (f->cwnd_area_at - p->since) / NS_PER_US;

	return (double)f->cwnd_area / (double)us / PATH_MSS;
}

double path_mean_queue(const struct path *p)
{
	return (double)p->queue_area / (double)p->sent;
}

double path_fairness(const struct path *p)
{
	double sum = 0, squares = 0;

	for (unsigned i = 0; i < PATH_FLOWS; i++) {
		double x = (double)p->flow[i].delivered;

		sum += x;
		squares += x * x;
	}
	return sum * sum / (PATH_FLOWS * squares);
}

double path_utilisation(const struct path *p)
{
	uint64_t bytes = 0;

	for (unsigned i = 0; i < PATH_FLOWS; i++)
		bytes += p->flow[i].delivered;
	return (double)bytes / PATH_MSS * (double)p->config.tx_ns / (double)(p->now - p->since);
}
