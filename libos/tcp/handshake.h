/* SPDX-License-Identifier: MIT */
/* SYN in all its cases and what it negotiates. */
#ifndef LIBOS_TCP_HANDSHAKE_H
#define LIBOS_TCP_HANDSHAKE_H

#include "libos/tcp/conn.h"

/* The options of our SYN, or of our SYN with ACK. */
void tcp_syn_opts(const struct tcp_conn *c, uint8_t flags, struct tcp_opts *o, uint64_t now);

/* Numbers, window and options from the peer's SYN. */
void tcp_take_syn(struct tcp_conn *c, const struct tcp_in *in);

/* A segment in SYN-SENT (RFC 9293 3.10.7.3). True: go on with its text. False: it is dealt with, @c may be gone. */
bool tcp_in_syn_sent(struct tcp_conn *c, struct tcp_in *in);

/* SYN-RECEIVED, and an acceptable segment with ACK: the last step. False: it was a bad one, and is dealt with. */
bool tcp_in_syn_rcvd(struct tcp_conn *c, struct tcp_in *in);

#endif
