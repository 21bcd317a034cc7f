/* SPDX-License-Identifier: MIT */
/* Loss detection by time: RACK and tail loss probes (RFC 8985). */
#ifndef LIBOS_TCP_RACK_H
#define LIBOS_TCP_RACK_H

#include "libos/tcp/ack.h"

/* @s is newly delivered: 6.2 step 2 and 3. */
void tcp_rack_update(struct tcp_conn *c, const struct tcp_seg *s, const struct tcp_acking *a);

/* The ACK carried a D-SACK: 6.2 step 4. */
void tcp_rack_on_dsack(struct tcp_conn *c);

/* An episode is over. */
void tcp_rack_on_exit(struct tcp_flight *f);

/* Marks what is lost (step 5); true if anything was. *@wait: how long until more may be, 0: nothing waits. */
bool tcp_rack_detect(struct tcp_conn *c, uint64_t now, uint64_t *wait);

/* When a probe is due, counted from now; TIME_NEVER: not to be scheduled (7.2). */
uint64_t tcp_tlp_delay(const struct tcp_conn *c);

/* Sends the probe (7.3). */
void tcp_tlp_send(struct tcp_conn *c, uint64_t now);

/* What the ACK says about it (7.4); true: the probe repaired a loss, to which congestion control must react. */
bool tcp_tlp_on_ack(struct tcp_conn *c, const struct tcp_acking *a);

#endif
