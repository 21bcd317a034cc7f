/* SPDX-License-Identifier: MIT */
/* Segments out: the only place that builds any. */
#ifndef LIBOS_TCP_OUTPUT_H
#define LIBOS_TCP_OUTPUT_H

#include "libos/tcp/conn.h"

/* Sends what windows, Nagle and SWS avoidance allow: first what is lost, then what is new. */
void tcp_output(struct tcp_conn *c, uint64_t now);

/* A segment that occupies @syn_or_fin and no text goes to the end of the flight and out. 0 or -ENOBUFS. */
int tcp_output_syn(struct tcp_conn *c, uint64_t now) must_check;

/* Sends @s once more, cut to the MSS; false when there was no memory for it. */
bool tcp_retransmit(struct tcp_conn *c, struct tcp_seg *s, uint64_t now);

/* One segment with new data, past congestion window, Nagle and SWS avoidance, at least one byte of the peer's window
 * permitting: for probes. False when there is none to send. */
bool tcp_output_one(struct tcp_conn *c, uint64_t now);

/* A bare ACK, now. */
void tcp_output_ack(struct tcp_conn *c, uint64_t now);

/* A bare ACK with a number that has been acknowledged: the peer must answer it (RFC 9293 3.8.4, 3.8.6.1). */
void tcp_output_probe(struct tcp_conn *c, uint64_t now);

/* RST from SND.NXT. */
void tcp_output_rst(struct tcp_conn *c, uint64_t now);

/* The RST that answers a segment for nobody (RFC 9293 3.10.7.1); none to an RST. */
void tcp_reply_rst(struct tcp *tcp, const struct tcp_tuple *tuple, const struct tcp_in *in);

/* The same with the connection's numbers left alone: an unacceptable ACK in a handshake. */
static inline void tcp_refuse_segment(struct tcp_conn *c, const struct tcp_in *in)
{
	tcp_reply_rst(c->tcp, &c->tuple, in);
}

/* Sequence numbers in the network as far as is known: RFC 6675's pipe, by RFC 8985's marks. */
static inline uint32_t tcp_in_flight(const struct tcp_conn *c, const struct tcp_flight *f)
{
	return c->snd_nxt - c->snd_una - f->sacked - f->lost + f->retrans;
}

/* The window to offer in a segment that goes out now, without shrinking (RFC 9293 3.8.6.2.2); in bytes. */
uint32_t tcp_rcv_window(const struct tcp_conn *c);

static inline uint32_t tcp_ts_now(const struct tcp_conn *c, uint64_t now)
{
	return (uint32_t)(now / NS_PER_MS) + c->ts_offset;
}

#endif
