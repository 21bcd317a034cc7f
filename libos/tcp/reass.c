/* SPDX-License-Identifier: MIT */
/*
 * Out-of-order data of one connection.
 *
 * A queue is an array of ranges in order of sequence. A range is a run of sequence numbers without a hole, and the
 * list of bufs that hold its bytes. Bytes that are here stay as they are, so a newcomer is cut to what falls into
 * holes. A piece that fills part of a hole goes before the first or behind the last buf of a range, joins two ranges,
 * or becomes a range; never does it go between two bufs of one range. So within a range nothing is ever searched.
 *
 * The array is what a peer could make long. Finding a place is a comparison with the last range, one with the first,
 * then a binary search; making a place moves at most half of the array, a few kilobytes, all of it prefetched by the
 * processor. The first range is removed by moving the array's start. Rejected: a tree, whose every step is a cache
 * miss on a connection that was cold; a list, which a peer can make us walk (the fault known as SegmentSmack).
 *
 *     store_or_null -> [ head | .. first .. | range | range | range | .. room .. ]
 *                                              | head, tail
 *                                              v
 *                                            buf <-> buf <-> buf     ->link forwards, ->next backwards
 *
 * The back pointer lets the highest buf be evicted in O(1). It borrows ->next, so a chain is taken apart when it comes
 * in; bufs leave as packets of one buf. A newcomer that fills several holes is cut into slices of itself for all but
 * the last of them. The FIN is a sequence number without a buf, at the end of the last range or a range alone.
 *
 * Limits. Memory counts as it is held, not as it is filled: a segment of one byte costs its whole buf, a slice the
 * buf that it keeps alive. At the limit of bytes or bufs the highest buf goes, as that is the one needed last, unless
 * the newcomer is higher itself: then it is dropped. At the limit of ranges a piece that would be a new one is dropped;
 * to evict a whole range for it would waste more than it saves. What begins at rcv_nxt is the cure of every shortage,
 * since it empties the queue, so it is refused by no limit; one range more than the limit is kept for it.
 *
 * Invariants: 1. ranges are in order, not empty, and do not touch. 2. A range's bufs are not empty and their lengths
 * add up to the range, without the FIN. 3. With a FIN the last range ends behind it; no range is without bufs but the
 * one of a FIN alone. 4. bytes and num_bufs are sums over all bufs. 5. A store has at least one range.
 */
#include "libos/tcp/reass.h"

#include "libos/tcp/reass_store.h"
#include "libos/tcp/seq.h"

/* One segment on its way in. */
struct insertion {
	struct tcp_reass_pool *p;
	struct tcp_reass *r;
	uint32_t max_bytes;
	bool in_order; /* it begins at rcv_nxt */
	struct tcp_reass_result res;
};

/* May a piece be taken in? */
enum verdict {
	FITS,
	AGAIN, /* the ranges have changed: look again */
	REFUSED,
};

static void close_if_empty(struct tcp_reass_pool *p, struct tcp_reass *r)
{
	if (r->store_or_null && r->store_or_null->num == 0)
		tcp_store_close(p, r);
}

/* Throws out the highest buf, or the FIN if that is a range alone; returns the sequence numbers lost. */
static uint32_t evict_last(struct tcp_reass_pool *p, struct tcp_reass_store *st)
{
	struct tcp_range *r = tcp_store_last(st);
	struct buf *b = r->tail;
	uint32_t lost = st->has_fin;

	st->has_fin = false;
	if (b) {
		lost += b->len;
		p->count[TCP_REASS_EVICTED]++;
		p->count[TCP_REASS_EVICTED_BYTES] += b->len;
		st->bytes -= tcp_reass_charge(p, b);
		st->num_bufs--;
		r->tail = b->next;
		b->next = NULL;
		buf_put(b);
	}
	r->end -= lost;
	if (r->tail)
		r->tail->link = NULL;
	else
		tcp_store_close_slot(st, st->num - 1u);
	return lost;
}

/* Is there memory for a piece that ends at @upto? If not, the highest buf makes room if it is higher. */
static enum verdict find_memory(struct insertion *in, uint32_t cost, uint32_t upto)
{
	struct tcp_reass_store *st = in->r->store_or_null;
	bool bytes_fit = cost <= in->max_bytes && st->bytes <= in->max_bytes - cost;

	if (in->in_order || (bytes_fit && st->num_bufs < in->p->max_bufs))
		return FITS;
	if (cost <= in->max_bytes && st->num > 0 && seq_gt(tcp_store_last(st)->end, upto)) {
		in->res.evicted += evict_last(in->p, st);
		return AGAIN;
	}
	in->p->count[bytes_fit ? TCP_REASS_DROP_BUFS : TCP_REASS_DROP_BYTES]++;
	return REFUSED;
}

/* Is there a place in the array for [@start, @end) in front of range @i? */
static enum verdict find_slot(struct insertion *in, unsigned i, uint32_t start, uint32_t end)
{
	struct tcp_reass_store *st = in->r->store_or_null;

	if ((i > 0 && tcp_store_at(st, i - 1)->end == start) ||
	    (i < st->num && tcp_store_at(st, i)->start == end))
		return FITS;
	if (!in->in_order && st->num >= in->p->max_ranges) {
		in->p->count[TCP_REASS_DROP_RANGES]++;
		return REFUSED;
	}
	if (st->num < st->cap || tcp_store_enlarge(in->p, in->r))
		return FITS;
	if (in->in_order) {
		while (st->num == st->cap)
			in->res.evicted += evict_last(in->p, st);
		return AGAIN;
	}
	in->p->count[TCP_REASS_DROP_NO_MEMORY]++;
	return REFUSED;
}

/* Puts [@start, @end) with its bytes @b (NULL: the FIN) into the hole in front of range @i. */
static void place(struct insertion *in, unsigned i, uint32_t start, uint32_t end, struct buf *b)
{
	struct tcp_reass_store *st = in->r->store_or_null;
	struct tcp_range *next = i < st->num ? tcp_store_at(st, i) : NULL;
	struct tcp_range *prev = i > 0 ? tcp_store_at(st, i - 1) : NULL;
	struct tcp_range piece = { start, end, b, b };

	if (b) {
		b->link = NULL;
		b->next = NULL;
		st->bytes += tcp_reass_charge(in->p, b);
		st->num_bufs++;
		in->p->count[TCP_REASS_QUEUED]++;
	}
	in->res.added += end - start;
	in->res.newest = (struct tcp_sack_block){ start, end };
	if (next && next->start == end) {
		piece.end = next->end;
		if (next->head) {
			b->link = next->head;
			next->head->next = b;
			piece.tail = next->tail;
		}
	} else {
		next = NULL;
	}
	if (prev && prev->end == start) {
		prev->end = piece.end;
		if (b) {
			prev->tail->link = b;
			b->next = prev->tail;
			prev->tail = piece.tail;
		}
		if (next)
			tcp_store_close_slot(st, i);
	} else if (next) {
		*next = piece;
	} else {
		*tcp_store_open_slot(st, i) = piece;
	}
}

/* Remembers the first run of numbers that we had before. */
static void note_dup(struct insertion *in, uint32_t start, uint32_t end)
{
	struct tcp_sack_block *dup = &in->res.dup;

	if (dup->start == dup->end)
		*dup = (struct tcp_sack_block){ start, end };
	else if (dup->end == start)
		dup->end = end;
}

/*
 * A buf that holds just [@start, @end) of *@b, whose bytes begin at @seq: a slice, or *@b itself when that is not
 * wanted any more or when there is no memory for a slice. Then *@b is NULL.
 */
static struct buf *cut(struct insertion *in, struct buf **b, uint32_t seq, uint32_t start,
		       uint32_t end, bool is_last)
{
	struct buf *piece;

	if (!is_last) {
		piece = buf_slice_or_null(in->p->bufs, *b, (*b)->data + (start - seq), end - start);
		if (piece)
			return piece;
		in->p->count[TCP_REASS_DROP_NO_MEMORY]++;
	}
	piece = *b;
	*b = NULL;
	buf_pull(piece, start - seq);
	piece->len = end - start;
	return piece;
}

/* Takes what is new in @b, a buf alone, whose bytes begin at @seq. */
static void insert_buf(struct insertion *in, struct buf *b, uint32_t seq)
{
	uint32_t end = seq + b->len;
	uint32_t at = seq;
	uint64_t *count = in->p->count;
	unsigned pieces = 0;
	bool refused = false;

	while (at != end) {
		struct tcp_reass_store *st = in->r->store_or_null;
		unsigned i = tcp_store_find(st, at);
		struct tcp_range *r = i < st->num ? tcp_store_at(st, i) : NULL;
		uint32_t from = at;
		enum verdict v;
		bool is_last;

		if (r && seq_leq(r->start, at)) {
			at = seq_min(r->end, end);
			note_dup(in, from, at);
			continue;
		}
		if (!b)
			break;
		at = r ? seq_min(r->start, end) : end;
		is_last = !r || seq_geq(r->end, end);
		v = find_memory(in, tcp_reass_charge(in->p, b) + (uint32_t)sizeof(*b), at);
		if (v == FITS)
			v = find_slot(in, i, from, at);
		refused |= v == REFUSED;
		if (v == AGAIN)
			at = from;
		if (v != FITS)
			continue;
		count[TCP_REASS_TRIM_FRONT] += pieces == 0 && from != seq;
		count[TCP_REASS_TRIM_BACK] += is_last && at != end;
		count[TCP_REASS_SPLIT] += pieces == 1;
		pieces++;
		place(in, i, from, at, cut(in, &b, seq, from, at, is_last));
	}
	count[TCP_REASS_DUPLICATE] += pieces == 0 && !refused && at != seq;
	if (b)
		buf_put(b);
}

static void insert_fin(struct insertion *in, uint32_t fin_seq, uint32_t rcv_nxt)
{
	struct tcp_reass_store *st = in->r->store_or_null;
	bool is_known = st->has_fin && st->fin_seq == fin_seq;
	enum verdict v;

	if (is_known || seq_lt(fin_seq, rcv_nxt)) {
		note_dup(in, fin_seq, fin_seq + 1);
		return;
	}
	if (st->has_fin || (st->num > 0 && seq_gt(tcp_store_last(st)->end, fin_seq))) {
		in->p->count[TCP_REASS_DROP_BAD_FIN]++;
		return;
	}
	do {
		v = find_slot(in, in->r->store_or_null->num, fin_seq, fin_seq + 1);
	} while (v == AGAIN);
	if (v == REFUSED)
		return;
	st = in->r->store_or_null;
	st->has_fin = true;
	st->fin_seq = fin_seq;
	place(in, st->num, fin_seq, fin_seq + 1, NULL);
}

/* Drops what lies in front of rcv_nxt; returns what is left, with *@seq at its first byte. */
static struct buf *trim_old(struct insertion *in, struct buf *b, uint32_t *seq, uint32_t rcv_nxt)
{
	uint32_t start = *seq;

	while (b && seq_lt(*seq, rcv_nxt)) {
		uint32_t part = min_t(uint32_t, b->len, rcv_nxt - *seq);
		struct buf *rest = b;

		*seq += part;
		buf_pull(b, part);
		if (b->len == 0) {
			rest = b->next;
			b->next = NULL;
			buf_put(b);
		}
		b = rest;
	}
	if (*seq != start) {
		note_dup(in, start, *seq);
		in->p->count[b ? TCP_REASS_TRIM_OLD : TCP_REASS_DUPLICATE]++;
	}
	return b;
}

/* Data behind the FIN came from somebody who does not know the connection. */
static void trim_past_fin(struct insertion *in, struct buf *b, uint32_t seq, uint32_t end)
{
	const struct tcp_reass_store *st = in->r->store_or_null;

	if (!b || !st->has_fin || seq_leq(end, st->fin_seq))
		return;
	in->p->count[TCP_REASS_DROP_PAST_FIN]++;
	buf_trim_chain(b, seq_lt(seq, st->fin_seq) ? st->fin_seq - seq : 0);
}

struct tcp_reass_result tcp_reass_insert(struct tcp_reass_pool *p, struct tcp_reass *r,
					 const struct tcp_reass_segment *s)
{
	struct insertion in = {
		.p = p,
		.r = r,
		.max_bytes = s->max_bytes,
		.in_order = seq_leq(s->seq, s->rcv_nxt),
	};
	uint32_t fin_seq = s->seq + buf_chain_len(s->b);
	uint32_t at = s->seq;
	struct buf *b;

	DEBUG_BUG_ON(seq_gt(fin_seq, s->rcv_nxt + (1u << 30)));
	b = trim_old(&in, s->b, &at, s->rcv_nxt);
	if (!b && !s->fin)
		return in.res;
	if (!r->store_or_null && !tcp_store_open(p, r)) {
		p->count[TCP_REASS_DROP_NO_MEMORY]++;
		buf_put_chain(b);
		return in.res;
	}
	trim_past_fin(&in, b, at, fin_seq);
	while (b) {
		struct buf *next = b->next;
		uint32_t len = b->len;

		b->next = NULL;
		insert_buf(&in, b, at);
		at += len;
		b = next;
	}
	if (s->fin)
		insert_fin(&in, fin_seq, s->rcv_nxt);
	close_if_empty(p, r);
	if (TERN_DEBUG)
		tcp_reass_check(p, r);
	return in.res;
}

uint32_t tcp_reass_pop(struct tcp_reass_pool *p, struct tcp_reass *r, uint32_t rcv_nxt,
		       struct buf_queue *out, bool *fin)
{
	struct tcp_reass_store *st = r->store_or_null;
	struct tcp_range *first;
	struct buf *next;

	if (!st || tcp_store_at(st, 0)->start != rcv_nxt) {
		BUG_ON(st && seq_lt(tcp_store_at(st, 0)->start, rcv_nxt));
		return rcv_nxt;
	}
	first = tcp_store_at(st, 0);
	rcv_nxt = first->end;
	for (struct buf *b = first->head; b; b = next) {
		next = b->link;
		b->next = NULL;
		st->bytes -= tcp_reass_charge(p, b);
		st->num_bufs--;
		buf_queue_push(out, b);
	}
	if (st->has_fin && st->num == 1)
		*fin = true;
	tcp_store_close_slot(st, 0);
	close_if_empty(p, r);
	return rcv_nxt;
}

uint32_t tcp_reass_evict(struct tcp_reass_pool *p, struct tcp_reass *r, uint32_t bytes)
{
	struct tcp_reass_store *st = r->store_or_null;
	uint32_t lost = 0;
	uint32_t had;

	if (!st)
		return 0;
	had = st->bytes;
	while (st->num > 0 && had - st->bytes < bytes)
		lost += evict_last(p, st);
	close_if_empty(p, r);
	return lost;
}

void tcp_reass_drain(struct tcp_reass_pool *p, struct tcp_reass *r)
{
	struct tcp_reass_store *st = r->store_or_null;

	if (!st)
		return;
	for (unsigned i = 0; i < st->num; i++) {
		struct buf *next;

		for (struct buf *b = tcp_store_at(st, i)->head; b; b = next) {
			next = b->link;
			b->link = NULL;
			b->next = NULL;
			buf_put(b);
		}
	}
	tcp_store_close(p, r);
}
