/* SPDX-License-Identifier: MIT */
/* Steps of a segment's way in, each in the file of its name. */
#ifndef LIBOS_TCP_INPUT_H
#define LIBOS_TCP_INPUT_H

#include "libos/tcp/conn.h"

/* established.c: the questions of the fast path; all yes: the segment is dealt with, text included. */
bool tcp_fast_path(struct tcp_conn *c, const struct tcp_hdr *h, struct buf *b, uint64_t now);

/* established.c: text and FIN of an acceptable segment, consumed. @c may be dead afterwards. */
void tcp_text(struct tcp_conn *c, struct tcp_in *in);

/* ack.c: the ACK field. False: nothing else of the segment counts. */
bool tcp_ack(struct tcp_conn *c, struct tcp_in *in);

/* input.c: RFC 5961's answer to what might be forged. */
void tcp_challenge_ack(struct tcp_conn *c, uint64_t now);

/* established.c: [@start, @end) has come again, as far as it is below rcv_nxt: to be reported. */
void tcp_note_duplicate(struct tcp_conn *c, uint32_t start, uint32_t end);

/* established.c: gives back what only disorder needs, when order has returned. */
void tcp_ooo_maybe_put(struct tcp_conn *c);

/* @s leaves the flight or changes its marks: takes it out of the sums. */
static inline void tcp_clear_marks(struct tcp_flight *f, struct tcp_seg *s)
{
	uint32_t bytes = tcp_seg_end(s) - s->seq;

	f->sacked -= s->flags & TCP_SEG_SACKED ? bytes : 0;
	f->lost -= s->flags & TCP_SEG_LOST ? bytes : 0;
	f->retrans -= s->flags & TCP_SEG_RETRANS ? bytes : 0;
	s->flags &= (uint8_t) ~(TCP_SEG_SACKED | TCP_SEG_LOST | TCP_SEG_RETRANS);
}

#endif
