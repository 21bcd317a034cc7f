/* SPDX-License-Identifier: MIT */
/* HyStart++ (RFC 9406): slow start that ends where delay says so. How it works stands in hystart.c. */
#ifndef LIBOS_TCP_CC_HYSTART_H
#define LIBOS_TCP_CC_HYSTART_H

#include "libos/tcp/cc/cc.h"

enum hystart_state {
	HYSTART_SS, /* standard slow start, watching the RTT; zero, so that zeroed state is ready */
	HYSTART_CSS, /* conservative slow start */
	HYSTART_OFF, /* the connection's first slow start is over */
	HYSTART_STATE_NUM,
};

struct hystart {
	uint32_t last_round_us;    /* smallest RTT of the previous round; 0: none */
	uint32_t current_round_us; /* ... of this one */
	uint32_t css_baseline_us;  /* ... of the round that caused HYSTART_CSS */
	uint8_t samples;           /* in this round, saturating */
	uint8_t css_rounds;
	uint8_t state;     /* enum hystart_state */
	uint8_t css_bytes; /* acknowledged in HYSTART_CSS, what division by its divisor left */
};

/* Grows cwnd for @ack in slow start, no further than ssthresh. Returns the bytes of the ACK that are left for
 * congestion avoidance. */
uint32_t tcp_cc_slow_start(struct tcp_cc *cc, struct hystart *h, const struct tcp_cc_ack *ack);

/* Congestion, or a restored window: what follows is no first slow start. */
static inline void hystart_stop(struct hystart *h)
{
	h->state = HYSTART_OFF;
}

bool hystart_is_sane(const struct hystart *h);

#endif
