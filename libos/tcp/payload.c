/* SPDX-License-Identifier: MIT */
/*
 * Payload is not copied, unless a segment would be made of very many bufs. A buf that makes up a whole segment goes out
 * itself, with the headers in its headroom; in all other cases, and always when it is sent again, a buf of headers
 * goes in front of views of the payload. So from its first transmission on, a buf's data pointer is no longer ours to
 * rely on, and a segment remembers its payload by distance from the start of the memory.
 */
#include "libos/tcp/payload.h"

#include <string.h>

#define HEADROOM_WANTED (TCP_HLEN_MAX + 64) /* what lies below TCP puts its headers there too */
#define MAX_PARTS 16                        /* bufs that one segment is made of at most */

static uint8_t *payload_start(const struct tcp_seg *s)
{
	return (s->buf->flags & BUF_SHARED_MEM ? s->buf->data : buf_mem(s->buf)) + s->off;
}

static uint32_t payload_offset(const struct buf *b)
{
	return b->flags & BUF_SHARED_MEM ? 0 : (uint32_t)(b->data - buf_mem(b));
}

void tcp_seg_free(struct tcp *tcp, struct tcp_seg *s)
{
	buf_put_chain(s->buf);
	pool_put(&tcp->segs, s);
}

/* Bytes of a segment's payload that lie in its first buf. */
static uint32_t first_part(const struct tcp_seg *s)
{
	/* Only a lone buf ever had a header put in front, so with others behind it its end is where it always was. */
	return s->buf->next ? (uint32_t)(s->buf->data + s->buf->len - payload_start(s)) : s->len;
}

static void drop_payload(struct tcp_seg *s, uint32_t bytes)
{
	BUG_ON(!s->buf || bytes > s->len);
	s->len -= bytes;
	while (s->buf->next && bytes >= first_part(s)) {
		struct buf *b = s->buf;

		bytes -= first_part(s);
		s->buf = b->next;
		b->next = NULL;
		s->off = payload_offset(s->buf);
		buf_put(b);
	}
	s->off += bytes;
	if (s->len == 0) {
		buf_put_chain(s->buf);
		s->buf = NULL;
	}
}

void tcp_seg_trim(struct tcp_seg *s, uint32_t bytes)
{
	s->seq += bytes;
	if (bytes > 0 && s->flags & TCP_SEG_SYN) {
		s->flags &= (uint8_t)~TCP_SEG_SYN;
		bytes--;
	}
	if (bytes > 0)
		drop_payload(s, bytes);
}

/* The first @len bytes of the payload of @s, not 0, as a chain of views; NULL without memory. */
static struct buf *views_or_null(struct tcp *tcp, const struct tcp_seg *s, uint32_t len)
{
	struct buf *head = NULL, **tail = &head;
	uint32_t part;

	for (struct buf *b = s->buf; len > 0; b = b->next, len -= part) {
		part = min_t(uint32_t, b == s->buf ? first_part(s) : b->len, len);
		*tail = buf_slice_or_null(tcp->env.bufs, b,
					  b == s->buf ? payload_start(s) : b->data, part);
		if (!*tail) {
			buf_put_chain(head);
			return NULL;
		}
		tail = &(*tail)->next;
	}
	return head;
}

struct buf *tcp_dress_payload_or_null(struct tcp *tcp, struct tcp_seg *s)
{
	struct buf *b = s->buf, *head;

	if (b && s->transmits == 0 && !b->next && b->len == s->len && payload_offset(b) == s->off &&
	    buf_may_prepend(b, HEADROOM_WANTED)) {
		b->flags &= (uint8_t) ~(BUF_RX_CSUM_GOOD | BUF_TX_CSUM_L4 | BUF_MULTICAST);
		b->mss = 0;
		return buf_get(b);
	}
	head = buf_alloc_or_null(tcp->env.bufs, 0);
	if (!head || s->len == 0)
		return head;
	head->next = views_or_null(tcp, s, s->len);
	if (!head->next) {
		buf_put(head);
		return NULL;
	}
	return head;
}

/* The head of the unsent queue, @part of its bytes, as a buf with a reference for a segment; NULL without memory. A
 * whole one can be strung together with others, a @lone piece need not be a view. */
static struct buf *take_piece_or_null(struct tcp *tcp, struct tcp_flight *f, uint32_t part,
				      bool lone)
{
	struct buf *b = f->unsent.head;
	bool is_end = part == b->len - f->unsent_off;
	struct buf *piece = b;

	if (!lone && part != b->len) {
		piece = buf_slice_or_null(tcp->env.bufs, b, b->data + f->unsent_off, part);
		if (!piece)
			return NULL;
	} else if (!is_end) {
		buf_get(b);
	}
	f->unsent_off += part;
	f->unsent_bytes -= part;
	if (is_end) {
		buf_queue_pop_or_null(&f->unsent);
		f->unsent_off = 0;
		if (piece != b)
			buf_put(b);
	}
	return piece;
}

/* Do the next @len unsent bytes lie in more pieces than a segment should have? */
static bool is_crumbs(const struct tcp_flight *f, uint32_t len)
{
	const struct buf *b = f->unsent.head;
	uint32_t have = b->len - f->unsent_off;

	for (unsigned parts = 1; have < len; parts++) {
		if (parts == MAX_PARTS)
			return true;
		b = b->link;
		have += b->len;
	}
	return false;
}

/* The exception to the rule that payload is not copied: crumbs cost less to copy than to describe. */
static bool copy_crumbs(struct tcp *tcp, struct tcp_flight *f, struct tcp_seg *s, uint32_t len)
{
	struct buf *to = buf_alloc_or_null(tcp->env.bufs, len);

	if (!to)
		return false;
	while (to->len < len) {
		struct buf *b = f->unsent.head;
		uint32_t part = min_t(uint32_t, b->len - f->unsent_off, len - to->len);

		memcpy(to->data + to->len, b->data + f->unsent_off, part);
		to->len += part;
		f->unsent_off += part;
		if (f->unsent_off == b->len) {
			buf_put(buf_queue_pop_or_null(&f->unsent));
			f->unsent_off = 0;
		}
	}
	f->unsent_bytes -= len;
	s->buf = to;
	s->off = payload_offset(to);
	s->len = len;
	return true;
}

void tcp_take_unsent(struct tcp_conn *c, struct tcp_seg *s, uint32_t len)
{
	struct tcp_flight *f = c->flight_or_null;
	struct buf **tail = &s->buf;
	bool lone = len <= f->unsent.head->len - f->unsent_off;

	if (!lone && is_crumbs(f, len) && copy_crumbs(c->tcp, f, s, len))
		return;
	for (unsigned parts = 0; s->len < len && parts < MAX_PARTS; parts++) {
		uint32_t rest = f->unsent.head->len - f->unsent_off;
		uint32_t part = min_t(uint32_t, rest, len - s->len);
		uint32_t off = f->unsent_off;
		struct buf *piece = take_piece_or_null(c->tcp, f, part, lone);

		if (!piece)
			break;
		if (parts == 0)
			s->off = payload_offset(piece) + (lone ? off : 0);
		*tail = piece;
		tail = &piece->next;
		s->len += part;
	}
}

bool tcp_seg_split(struct tcp_conn *c, struct tcp_seg *s, uint32_t len)
{
	struct tcp_seg *rest = pool_get_or_null(&c->tcp->segs);

	if (!rest)
		return false;
	*rest = *s;
	rest->flags &= (uint8_t)~TCP_SEG_SYN;
	for (struct buf *b = rest->buf; b; b = b->next)
		buf_get(b);
	if (s->buf->next) {
		/* A string of bufs cannot be in two segments: its second half takes it over. */
		struct buf *view = views_or_null(c->tcp, s, len);

		if (!view) {
			tcp_seg_free(c->tcp, rest);
			return false;
		}
		buf_put_chain(s->buf);
		s->buf = view;
		s->off = 0;
	}
	s->len = len;
	s->flags &= (uint8_t) ~(TCP_SEG_FIN | TCP_SEG_PSH);
	rest->seq = tcp_seg_end(s);
	drop_payload(rest, len);
	s->next = rest;
	if (c->flight_or_null->tail == s)
		c->flight_or_null->tail = rest;
	return true;
}
