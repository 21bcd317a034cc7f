/* SPDX-License-Identifier: MIT */
/*
 * Proportional Rate Reduction (RFC 9937): brings what is in flight down to ssthresh over one round, by sending
 * ssthresh / RecoverFS of what is delivered, rather than by silence for half a round. Where losses have already taken
 * it below ssthresh, it sends what was delivered (PRR-CRB), and one segment more per ACK while things go well
 * (PRR-SSRB), so that it never falls behind nor bursts. Used in TCP_CC_CWR and TCP_CC_RECOVERY for all algorithms
 * without TCP_CC_OWN_RECOVERY.
 */
#ifndef LIBOS_TCP_CC_PRR_H
#define LIBOS_TCP_CC_PRR_H

#include "libos/base/compiler.h"

struct tcp_prr {
	uint64_t delivered;  /* prr_delivered: since the episode began */
	uint64_t out;        /* prr_out: sent since then */
	uint32_t recover_fs; /* RecoverFS: what may be delivered in all; not 0 */
};

/*
 * An episode begins (6.1). All values in bytes, at the ACK that begins it: @flight_size is SND.NXT - SND.UNA after it,
 * @acked what it acknowledged cumulatively, @sacked what it SACKed, @sacked_total the whole scoreboard after it.
 */
void tcp_prr_init(struct tcp_prr *p, uint32_t flight_size, uint32_t acked, uint32_t sacked,
		  uint32_t sacked_total);

/*
 * Each ACK of the episode, the first one included (6.2). @delivered: newly acknowledged or SACKed bytes; where there
 * is no SACK, a duplicate ACK counts as one MSS. @in_flight: after the ACK and the losses it revealed. @is_safe:
 * SND.UNA advanced and no further loss was found. Returns the window: cwnd = in_flight + what may be sent now.
 */
uint32_t tcp_prr_on_ack(struct tcp_prr *p, uint32_t ssthresh, uint32_t mss, uint32_t in_flight,
			uint32_t delivered, bool is_safe);

/* Sent within the episode, new or not. */
static inline void tcp_prr_on_sent(struct tcp_prr *p, uint32_t bytes)
{
	p->out += bytes;
}

#endif
