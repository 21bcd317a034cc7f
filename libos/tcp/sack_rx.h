/* SPDX-License-Identifier: MIT */
/*
 * What a receiver reports in SACK options (RFC 2018) and D-SACK blocks (RFC 2883). What is reported is read from the
 * reassembly queue when a segment is built; kept here is only in which order its ranges were touched, as one sequence
 * number out of each: a range may grow or merge in the meantime.
 */
#ifndef LIBOS_TCP_SACK_RX_H
#define LIBOS_TCP_SACK_RX_H

#include "libos/tcp/reass.h"

/* Blocks that fit beside the timestamp option. */
#define TCP_SACK_WITH_TS 3

/* Plain data, part of a connection. Zero has nothing to report. */
struct tcp_sack_rx {
	uint32_t recent
		[TCP_MAX_SACK]; /* one number in each of the ranges touched last, newest first */
	struct tcp_sack_block dsack; /* to be reported once; empty: none */
	uint32_t num;
};

/* A segment has been through tcp_reass_insert, which said @res, and through tcp_reass_pop if that could do something. */
void tcp_sack_rx_on_insert(struct tcp_sack_rx *s, const struct tcp_reass *r,
			   const struct tcp_reass_result *res);

/* [@start, @end) has come again, wholly below rcv_nxt: when there is no need to ask the queue. */
void tcp_sack_rx_on_duplicate(struct tcp_sack_rx *s, uint32_t start, uint32_t end);

static inline bool tcp_sack_rx_has_dsack(const struct tcp_sack_rx *s)
{
	return s->dsack.start != s->dsack.end;
}

/*
 * The blocks of a segment that is sent now, at most @max (TCP_SACK_WITH_TS, or TCP_MAX_SACK without timestamps);
 * returns their number. First a D-SACK, which is reported this once, with the range around it if that is above
 * rcv_nxt; then the ranges, the one touched last first, and after those whose order is remembered the others from
 * the lowest on.
 */
unsigned tcp_sack_rx_blocks(struct tcp_sack_rx *s, const struct tcp_reass *r, unsigned max,
			    struct tcp_sack_block out[TCP_MAX_SACK]);

#endif
