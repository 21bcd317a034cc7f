/* SPDX-License-Identifier: MIT */
/*
 * Round-trip time: RFC 6298 with the weights of RFC 7323 appendix G, and the least of the last while. Kept in ns,
 * measured in us: what is shorter counts as one. Plain data, to be carried to another server; absolute times in it
 * are ms of the clock that `now` comes from.
 *
 * Where the RFC takes the larger of its result and a floor, here the variance term is at least the floor: RTO = SRTT +
 * max(floor, 4 * RTTVAR). That is never less, and saves steady paths longer than the floor, where the variance
 * vanishes, from an RTO that one delayed acknowledgement exceeds. Linux does the same, so its peers know it.
 */
#ifndef LIBOS_TCP_RTT_H
#define LIBOS_TCP_RTT_H

#include "libos/base/clock.h"

/* Shared by all connections with the same settings; times at least 1 us. */
struct tcp_rtt_config {
	uint64_t initial_ns;      /* RTO before the first sample */
	uint64_t syn_fallback_ns; /* the same, when the SYN was lost (RFC 6298, 5.7) */
	uint64_t floor_ns;
	uint64_t max_ns;    /* of the RTO, backed off or not */
	uint32_t window_ms; /* of the least round-trip time; at most 2^31 */
};

struct tcp_rtt_min {
	uint32_t at_ms;
	uint32_t rtt_us;
};

struct tcp_rtt {
	uint64_t srtt_ns; /* 0: no sample yet */
	uint64_t rttvar_ns;
	uint32_t latest_us;
	uint8_t backoff; /* times the RTO has been doubled */
	bool syn_lost;
	bool established;
	struct tcp_rtt_min min[3]; /* best, second best after it, third best after that */
};

_Static_assert(sizeof(struct tcp_rtt) <= 48, "part of every connection");

/* What an acknowledgement of new data tells about time. */
struct tcp_rtt_ack {
	uint64_t now;
	uint64_t sent_at;       /* when the newest segment now acknowledged was sent */
	bool was_retransmitted; /* it, or anything else that is acknowledged with it */
	bool has_ts;            /* the timestamp that it echoes is one we sent */
	uint64_t ts_sent_at;    /* has_ts: the time that the echo stands for */
	uint64_t ts_tick_ns;    /* has_ts: the resolution of our timestamps */
};

/* 1 s, 3 s, 200 ms, 120 s, 5 minutes. */
struct tcp_rtt_config tcp_rtt_default_config(void);

void tcp_rtt_init(struct tcp_rtt *r);

/* The sample in @ack; false when there is none: who knows which transmission it answers (Karn)? */
bool tcp_rtt_from_ack(const struct tcp_rtt_ack *ack, uint64_t *rtt_ns);

/*
 * Takes a sample and ends the backoff. @per_rtt is how many samples a round trip brings: flight size over two
 * segments, rounded up (RFC 7323, appendix G); 1 if only one is taken.
 */
void tcp_rtt_sample(struct tcp_rtt *r, const struct tcp_rtt_config *c, uint64_t rtt_ns,
		    uint32_t per_rtt, uint64_t now);

/* The retransmission timeout now, backoff included. */
uint64_t tcp_rtt_rto_ns(const struct tcp_rtt *r, const struct tcp_rtt_config *c);

/* The timer has expired: twice as long next time (RFC 6298, 5.5). */
void tcp_rtt_on_timeout(struct tcp_rtt *r);

/* The same for a SYN, or a SYN with ACK. */
void tcp_rtt_on_syn_timeout(struct tcp_rtt *r);

/* The handshake is over. */
void tcp_rtt_on_established(struct tcp_rtt *r);

/* New data was acknowledged: the path works, even if that gave no sample. */
static inline void tcp_rtt_end_backoff(struct tcp_rtt *r)
{
	r->backoff = 0;
}

static inline bool tcp_rtt_has_sample(const struct tcp_rtt *r)
{
	return r->srtt_ns != 0;
}

/* The least round-trip time of the last window_ms, in ns; TIME_NEVER before the first sample. */
static inline uint64_t tcp_rtt_min_ns(const struct tcp_rtt *r)
{
	return tcp_rtt_has_sample(r) ? r->min[0].rtt_us * NS_PER_US : TIME_NEVER;
}

#endif
