/* SPDX-License-Identifier: MIT */
/* The scoreboard (RFC 2018, 2883): what the peer says it holds, as marks on segments. */
#ifndef LIBOS_TCP_SACK_H
#define LIBOS_TCP_SACK_H

#include "libos/tcp/ack.h"

/* The blocks of an ACK whose cumulative part has been dealt with. */
void tcp_sack_process(struct tcp_conn *c, struct tcp_acking *a);

/* After a timeout with the head SACKed: the peer has thrown out what it reported (RFC 2018 8). */
void tcp_sack_forget(struct tcp_conn *c);

#endif
