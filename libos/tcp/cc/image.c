/* SPDX-License-Identifier: MIT */
/*
 * The common part is carried member by member, the algorithm's words as they are: their meaning has a version, and
 * the algorithm says whether it could have written them. What comes in is a peer's: nothing is taken that would make
 * the code here divide by zero, index a table or load a bool that is neither.
 */
#include "libos/tcp/cc/image.h"

#include <errno.h>
#include <string.h>

void tcp_cc_export(const struct tcp_cc *cc, const struct tcp_rate *r, uint64_t now,
		   struct tcp_cc_image *image)
{
	struct tcp_cc shifted = *cc;
	const struct tcp_cc_valid *v = &shifted.valid;

	tcp_cc_shift_time(&shifted, -now);
	*image = (struct tcp_cc_image){
		.version = cc->ops->version,
		.cwnd = cc->cwnd,
		.ssthresh = cc->ssthresh,
		.mss = cc->mss,
		.pacing_rate = cc->pacing_rate,
		.undo_cwnd = cc->undo_cwnd,
		.undo_ssthresh = cc->undo_ssthresh,
		.bucket_at = v->bucket_at,
		.unused_at = v->unused_at,
		.round_bytes = v->round_bytes,
		.pipe = { v->pipe[0], v->pipe[1] },
		.flight = v->flight,
		.is_unused = v->is_unused,
		.limited_round = { v->limited_round[0], v->limited_round[1] },
		.phase = cc->phase,
		.can_undo = cc->can_undo,
		.rate_delivered = r->delivered,
		.rate_delivered_at = r->delivered_at - now,
		.rate_first_sent_at = r->first_sent_at - now,
		.rate_app_limited = r->app_limited,
		.rate_round_end = r->round_end,
		.rate_lost = r->lost,
	};
	memcpy(image->name, cc->ops->name, strlen(cc->ops->name));
	memcpy(image->priv, shifted.priv, sizeof(image->priv));
}

static bool is_image_sane(const struct tcp_cc_image *image)
{
	return image->mss != 0 && image->mss <= UINT16_MAX && image->cwnd >= image->mss &&
	       image->cwnd <= TCP_CC_CWND_MAX && image->ssthresh != 0 &&
	       image->undo_cwnd <= TCP_CC_CWND_MAX && image->phase < TCP_CC_PHASE_NUM &&
	       image->can_undo <= 1 && image->is_unused <= 1 && image->limited_round[0] <= 1 &&
	       image->limited_round[1] <= 1;
}

int tcp_cc_import(const struct tcp_cc_image *image, uint64_t now, struct tcp_cc *cc,
		  struct tcp_rate *r)
{
	char name[TCP_CC_NAME_LEN + 1] = { 0 };
	const struct tcp_cc_ops *ops;
	struct tcp_cc in;

	memcpy(name, image->name, TCP_CC_NAME_LEN);
	ops = tcp_cc_find_or_null(name);
	if (!ops || image->version != ops->version)
		return -ENOENT;
	if (!is_image_sane(image))
		return -EINVAL;
	in = (struct tcp_cc){
		.ops = ops,
		.cwnd = image->cwnd,
		.ssthresh = image->ssthresh,
		.pacing_rate = image->pacing_rate,
		.mss = image->mss,
		.phase = image->phase,
		.can_undo = image->can_undo,
		.undo_cwnd = image->undo_cwnd,
		.undo_ssthresh = image->undo_ssthresh,
		.valid = {
			.bucket_at = image->bucket_at,
			.unused_at = image->unused_at,
			.round_bytes = image->round_bytes,
			.pipe = { image->pipe[0], image->pipe[1] },
			.flight = image->flight,
			.is_unused = image->is_unused,
			.limited_round = { image->limited_round[0], image->limited_round[1] },
		},
	};
	memcpy(in.priv, image->priv, sizeof(in.priv));
	if (ops->is_sane && !ops->is_sane(&in))
		return -EINVAL;
	tcp_cc_shift_time(&in, now);
	*cc = in;
	*r = (struct tcp_rate){
		.delivered = image->rate_delivered,
		.delivered_at = image->rate_delivered_at + now,
		.first_sent_at = image->rate_first_sent_at + now,
		.app_limited = image->rate_app_limited,
		.round_end = image->rate_round_end,
		.lost = image->rate_lost,
	};
	return 0;
}
