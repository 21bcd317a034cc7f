/* SPDX-License-Identifier: MIT */
/* Episodes: fast recovery, timeout, undo; and with them the congestion window. */
#ifndef LIBOS_TCP_RECOVERY_H
#define LIBOS_TCP_RECOVERY_H

#include "libos/tcp/ack.h"

/* After the marks of an ACK: begins or ends an episode, undoes one, and has the window computed. */
void tcp_recovery_on_ack(struct tcp_conn *c, struct tcp_acking *a);

/* The reordering deadline: RACK may find losses without an ACK. */
void tcp_recovery_on_reo(struct tcp_conn *c, uint64_t now);

/* The retransmission timeout: everything not SACKed counts as lost (RFC 5681 3.1, 8985 6.3). */
void tcp_recovery_on_rto(struct tcp_conn *c, uint64_t now);

#endif
