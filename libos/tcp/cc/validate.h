/* SPDX-License-Identifier: MIT */
/* Is the window as large as its use? For algorithms that grow a window blindly; how and why stands in validate.c. */
#ifndef LIBOS_TCP_CC_VALIDATE_H
#define LIBOS_TCP_CC_VALIDATE_H

#include "libos/tcp/cc/cc.h"

/* Before the algorithm's on_ack; may halve a window that nobody has used for minutes. */
void tcp_cc_valid_on_ack(struct tcp_cc *cc, const struct tcp_cc_ack *ack);

/* RFC 5681 4.1, softened: halves cwnd for each RTO of idleness, down to the initial window. */
void tcp_cc_valid_on_idle(struct tcp_cc *cc, uint64_t idle_ns, uint64_t rto_ns);

/* Was cwnd the limit lately, so that it may grow? */
bool tcp_cc_may_grow(const struct tcp_cc *cc);

/* RFC 7661's pipeACK: the most delivered in a round of the last period or two; 0: not known. */
uint32_t tcp_cc_pipe_ack(const struct tcp_cc *cc);

/* The volume that a reduction starts from: cwnd when it has been used, what was in use otherwise. */
uint32_t tcp_cc_used_window(const struct tcp_cc *cc, uint32_t flight_size);

#endif
