/* SPDX-License-Identifier: MIT */
/*
 * The scoreboard is a mark on each segment. A block marks the segments that it covers whole; a segment that it covers
 * in part waits for the rest, since receivers report what they were sent. Blocks that no receiver of ours could send
 * are passed over (RFC 2018 8 leaves room for lies, so nothing here is more than a hint until SND.UNA passes it).
 */
#include "libos/tcp/sack.h"

#include "libos/tcp/input.h"
#include "libos/tcp/rack.h"

/* Does the first block report a duplicate (RFC 2883 4)? */
static bool is_dsack(const struct tcp_opts *o, uint32_t ack)
{
	const struct tcp_sack_block *b = o->sack;

	if (seq_lt(b[0].start, ack))
		return true;
	return o->num_sack > 1 && seq_geq(b[0].start, b[1].start) && seq_leq(b[0].end, b[1].end);
}

static void on_dsack(struct tcp_conn *c, const struct tcp_sack_block *b, struct tcp_acking *a)
{
	struct tcp_flight *f = c->flight_or_null;

	if (seq_geq(b->start, b->end) || seq_gt(b->end, c->snd_nxt))
		return;
	a->has_dsack = true;
	if (f->undo_retrans > 0)
		f->undo_retrans--;
	tcp_rack_on_dsack(c);
}

static void mark_block(struct tcp_conn *c, const struct tcp_sack_block *b, struct tcp_acking *a)
{
	struct tcp_flight *f = c->flight_or_null;

	if (seq_geq(b->start, b->end) || seq_lt(b->start, c->snd_una) || seq_gt(b->end, c->snd_nxt))
		return;
	for (struct tcp_seg *s = f->head; s && seq_lt(s->seq, b->end); s = s->next) {
		uint32_t bytes = tcp_seg_end(s) - s->seq;

		if (seq_lt(s->seq, b->start) || seq_gt(tcp_seg_end(s), b->end) ||
		    s->flags & TCP_SEG_SACKED)
			continue;
		tcp_seg_delivered(c, s, bytes, a);
		tcp_clear_marks(f, s);
		s->flags |= TCP_SEG_SACKED;
		f->sacked += bytes;
		a->cc.sacked += bytes;
	}
}

void tcp_sack_process(struct tcp_conn *c, struct tcp_acking *a)
{
	const struct tcp_opts *o = a->in->opts_or_null;
	unsigned first = 0;

	if (!o || !(o->seen & TCP_HAS_SACK))
		return;
	if (is_dsack(o, a->in->ack)) {
		on_dsack(c, &o->sack[0], a);
		first = 1;
	}
	for (unsigned i = first; i < o->num_sack; i++)
		mark_block(c, &o->sack[i], a);
}

void tcp_sack_forget(struct tcp_conn *c)
{
	struct tcp_flight *f = c->flight_or_null;

	for (struct tcp_seg *s = f->head; s; s = s->next)
		s->flags &= (uint8_t)~TCP_SEG_SACKED;
	f->sacked = 0;
}
