/* SPDX-License-Identifier: MIT */
/*
 * DCTCP (RFC 8257): for data centres whose switches mark early. The window shrinks with the share of bytes that met a
 * mark, so that a little congestion costs little.
 *
 * alpha estimates that share: once per round, alpha += g * (F - alpha), F being the share in that round and g = 1/16
 * (3.3). It starts at 1, so that the first mark halves the window (3.3, 4.1). A mark ends slow start and reduces once
 * per window: ssthresh = cwnd * (1 - alpha / 2). Loss is answered as Reno does (3.5), also when a mark came first: then
 * it is half of the window before the mark, unless the mark has cost more. Growth is Reno's (3.4).
 *
 * alpha and F are fractions of 2^20; with g = 1/16 alpha comes to rest within 16 / 2^20 of F, instead of hanging two
 * percent above it as 10 bits would have it.
 *
 * The engine has to give feedback for every ACK (TCP_CC_NEEDS_ECN), marked or not, from a receiver that echoes
 * exactly (3.2).
 */
#include "libos/tcp/cc/newreno.h"
#include "libos/tcp/cc/validate.h"

#define ALPHA_SHIFT 20
#define ALPHA_ONE (1u << ALPHA_SHIFT)
#define G_SHIFT 4

struct dctcp {
	uint64_t bytes;    /* acknowledged in this round */
	uint64_t ce_bytes; /* ... of which met a mark */
	uint32_t alpha;
	uint32_t acc;    /* see tcp_cc_reno_avoid */
	uint32_t before; /* in TCP_CC_CWR: the window before it */
};

_Static_assert(sizeof(struct dctcp) <= sizeof(((struct tcp_cc *)0)->priv), "fits");

static struct dctcp *priv(struct tcp_cc *cc)
{
	return (struct dctcp *)cc->priv;
}

static void dctcp_init(struct tcp_cc *cc, const struct tcp_cc_start *start)
{
	priv(cc)->alpha = ALPHA_ONE;
}

static void dctcp_on_ack(struct tcp_cc *cc, const struct tcp_cc_ack *ack)
{
	uint32_t bytes = ack->acked + ack->sacked;

	if (cc->phase == TCP_CC_CWR || cc->phase == TCP_CC_RECOVERY || !tcp_cc_may_grow(cc))
		return;
	if (tcp_cc_in_slow_start(cc)) {
		uint32_t room = cc->ssthresh - cc->cwnd;
		/* RFC 3465 2.3 */
		uint32_t grow =
			min_t(uint32_t, bytes, cc->phase == TCP_CC_LOSS ? cc->mss : 2 * cc->mss);

		cc->cwnd += min_t(uint32_t, grow, room);
		bytes = grow - min_t(uint32_t, grow, room);
	}
	if (bytes)
		tcp_cc_reno_avoid(cc, &priv(cc)->acc, bytes);
}

static void dctcp_on_loss(struct tcp_cc *cc, const struct tcp_cc_event *ev)
{
	struct dctcp *d = priv(cc);

	d->acc = 0;
	if (cc->phase == TCP_CC_CWR)
		cc->ssthresh =
			max_t(uint32_t, min_t(uint32_t, cc->ssthresh, d->before / 2), 2 * cc->mss);
	else
		cc->ssthresh = tcp_cc_reno_ssthresh(cc, ev->flight_size);
}

static void end_round(struct dctcp *d)
{
	uint32_t share;

	if (d->bytes == 0)
		return;
	share = (uint32_t)((d->ce_bytes << ALPHA_SHIFT) / d->bytes);
	d->alpha = d->alpha - (d->alpha >> G_SHIFT) + (share >> G_SHIFT);
	d->bytes = 0;
	d->ce_bytes = 0;
}

static bool dctcp_on_ecn(struct tcp_cc *cc, const struct tcp_cc_event *ev, uint32_t ce_bytes,
			 uint32_t bytes, bool round_start)
{
	struct dctcp *d = priv(cc);
	uint32_t window = tcp_cc_used_window(cc, ev->flight_size);

	if (round_start)
		end_round(d);
	d->bytes += bytes;
	d->ce_bytes += min_t(uint32_t, ce_bytes, bytes);
	if (ce_bytes == 0 || cc->phase != TCP_CC_OPEN)
		return false;
	d->before = window;
	window -= (uint32_t)(((uint64_t)window * d->alpha) >> (ALPHA_SHIFT + 1));
	cc->ssthresh = max_t(uint32_t, window, 2 * cc->mss);
	d->acc = 0;
	return true;
}

static bool dctcp_is_sane(const struct tcp_cc *cc)
{
	const struct dctcp *d = (const struct dctcp *)cc->priv;

	return d->alpha <= ALPHA_ONE && d->ce_bytes <= d->bytes && d->bytes >> 40 == 0;
}

const struct tcp_cc_ops tcp_cc_dctcp = {
	.name = "dctcp",
	.flags = TCP_CC_NEEDS_ECN,
	.version = 1,
	.init = dctcp_init,
	.on_ack = dctcp_on_ack,
	.on_recovery = dctcp_on_loss,
	.on_rto = dctcp_on_loss,
	.on_ecn = dctcp_on_ecn,
	.is_sane = dctcp_is_sane,
};
