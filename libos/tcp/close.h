/* SPDX-License-Identifier: MIT */
/* The way out: FIN both ways, TIME-WAIT, resets. */
#ifndef LIBOS_TCP_CLOSE_H
#define LIBOS_TCP_CLOSE_H

#include "libos/tcp/conn.h"

/* The peer's FIN is next in order. */
void tcp_on_peer_fin(struct tcp_conn *c, uint64_t now);

/* Our FIN has been acknowledged. False: that was the end of @c. */
bool tcp_on_fin_acked(struct tcp_conn *c, uint64_t now);

/* The peer has reset the connection, believably. */
void tcp_on_reset(struct tcp_conn *c);

/* Again 2 MSL from now. */
void tcp_restart_time_wait(struct tcp_conn *c, uint64_t now);

#endif
