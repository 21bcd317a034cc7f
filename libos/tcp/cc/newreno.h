/* SPDX-License-Identifier: MIT */
/* Reno's window arithmetic, as DCTCP uses it too. */
#ifndef LIBOS_TCP_CC_NEWRENO_H
#define LIBOS_TCP_CC_NEWRENO_H

#include "libos/tcp/cc/cc.h"

/* RFC 5681 3.1 with RFC 3465 2.1: one MSS for each window that @bytes complete; @acc keeps what does not. */
void tcp_cc_reno_avoid(struct tcp_cc *cc, uint32_t *acc, uint32_t bytes);

/* RFC 5681 equation 4: half of what is in flight, two segments at least. */
uint32_t tcp_cc_reno_ssthresh(const struct tcp_cc *cc, uint32_t flight_size);

#endif
