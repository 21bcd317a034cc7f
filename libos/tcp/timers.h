/* SPDX-License-Identifier: MIT */
/* Deadlines: kept as values, served by one timer. */
#ifndef LIBOS_TCP_TIMERS_H
#define LIBOS_TCP_TIMERS_H

#include "libos/tcp/conn.h"

/* The retransmission deadline, from now on. */
void tcp_arm_rto(struct tcp_conn *c, uint64_t now);

/* Something new was sent, or could not be: probe, retransmission or persist deadline, as it is now needed. */
void tcp_arm_after_send(struct tcp_conn *c, uint64_t now);

/* SND.UNA has moved: all begins anew. */
void tcp_arm_after_ack(struct tcp_conn *c, uint64_t now);

/* Owes an ACK by the delayed-ACK deadline. */
void tcp_arm_delack(struct tcp_conn *c, uint64_t now);

/* The keep-alive deadline after a change of its settings, or when the connection is established. */
void tcp_arm_keepalive(struct tcp_conn *c, uint64_t now);

/* Arms the timer for the earliest deadline; the last step of everything. */
void tcp_arm_timer(struct tcp_conn *c);

/* The connection's timer_fn. */
void tcp_on_timer(struct timer *t, uint64_t now);

#endif
