/* SPDX-License-Identifier: MIT */
/*
 * Congestion control: how much may be in flight, and how fast it may leave. The engine tells what happened (the calls
 * below), and reads three numbers: cwnd, ssthresh and pacing_rate. An algorithm is a const table of functions over a
 * few words of state; all of it is pure: no clock, no allocation, no pointers, integers only.
 *
 * Volumes are in bytes of payload, rates in bytes per second, times in ns. Times are compared by their difference
 * only, never for being zero, so that a connection can be moved to a host with another clock (image.h).
 *
 * An episode is the time in which the sender answers congestion, and has a phase. The engine notes SND.NXT when one
 * begins, and calls tcp_cc_exit once SND.UNA has passed it. In TCP_CC_CWR and TCP_CC_RECOVERY the engine itself
 * derives cwnd from ssthresh by prr.h, unless the algorithm has TCP_CC_OWN_RECOVERY.
 */
#ifndef LIBOS_TCP_CC_CC_H
#define LIBOS_TCP_CC_CC_H

#include "libos/base/clock.h"

#define TCP_CC_NAME_LEN 16
#define TCP_CC_PRIV_WORDS 13
#define TCP_CC_SSTHRESH_INFINITE UINT32_MAX
/* No scaled window is larger (RFC 7323 2.3), so no sum of a few of them wraps. */
#define TCP_CC_CWND_MAX (1u << 30)

enum tcp_cc_phase {
	TCP_CC_OPEN,     /* no congestion known */
	TCP_CC_CWR,      /* answering an ECN mark (RFC 3168 6.1.2) */
	TCP_CC_RECOVERY, /* fast recovery (RFC 6582, 6675) */
	TCP_CC_LOSS,     /* after a retransmission timeout (RFC 5681 3.1) */
	TCP_CC_PHASE_NUM,
};

enum tcp_cc_flags {
	TCP_CC_NEEDS_ECN = 1 << 0,    /* negotiate ECN; feedback must be exact (RFC 8257 3.2) */
	TCP_CC_NEEDS_PACING = 1 << 1, /* does not work when pacing_rate is not obeyed */
	TCP_CC_NEEDS_RATE_SAMPLES = 1 << 2, /* fill in what tcp_cc_ack takes from rate.h */
	TCP_CC_OWN_RECOVERY = 1 << 3,       /* no PRR: cwnd holds in every phase */
};

/* What is known of the use of the window (validate.c). */
struct tcp_cc_valid {
	uint64_t bucket_at;   /* when pipe[0] began */
	uint64_t unused_at;   /* when the window was first found too large; if is_unused */
	uint32_t round_bytes; /* delivered in this round */
	uint32_t pipe
		[2]; /* most delivered in one round, this period and the previous one; 0: none */
	uint32_t flight;       /* most in flight in this round */
	bool is_unused;        /* RFC 7661's non-validated phase */
	bool limited_round[2]; /* did cwnd hold data back in this round, in the previous one? */
};

struct tcp_cc {
	const struct tcp_cc_ops *ops;
	uint32_t cwnd;
	uint32_t ssthresh;
	uint64_t pacing_rate; /* 0: as fast as cwnd allows */
	uint32_t mss;         /* payload of a full segment */
	uint8_t phase;        /* enum tcp_cc_phase */
	bool can_undo;        /* the undo_ fields hold what was before the last episode */
	uint32_t undo_cwnd;
	uint32_t undo_ssthresh;
	struct tcp_cc_valid valid;
	uint64_t priv[TCP_CC_PRIV_WORDS]; /* the algorithm's own */
};

struct tcp_cc_start {
	uint64_t now;
	uint64_t srtt_ns; /* of the handshake; 0: unknown */
	uint32_t mss;
	uint16_t seed; /* for algorithms that must not act in step with each other */
};

/* What one acknowledgement brought. The second half is made by rate.h. */
struct tcp_cc_ack {
	uint64_t now;
	uint64_t rtt_ns;     /* sample of this ACK; 0: none */
	uint64_t srtt_ns;    /* smoothed, this sample included; 0: unknown */
	uint64_t min_rtt_ns; /* smallest of the connection; 0: unknown */
	uint32_t acked;      /* bytes by which SND.UNA moved, less those SACKed before */
	uint32_t sacked;     /* bytes newly SACKed */
	uint32_t in_flight_before;
	uint32_t in_flight;   /* after it */
	bool is_cwnd_limited; /* cwnd has held data back since the previous ACK */
	/* The first ACK for anything sent after the previous such ACK. rate.h finds it; where no stamps are kept, SND.UNA
	 * passing SND.NXT as it stood then is as good. */
	bool round_start;

	bool is_app_limited;      /* the rate was the application's, not the path's */
	uint64_t delivered;       /* total of the connection, this ACK included */
	uint64_t prior_delivered; /* that total when the newest segment acknowledged was sent */
	uint64_t interval_ns;     /* in which rate_bytes were delivered; 0: no sample */
	uint32_t rate_bytes;
	uint32_t tx_in_flight; /* in flight just after the newest segment acknowledged was sent */
	uint32_t lost;         /* bytes marked lost since then */
	uint64_t newest_at;    /* when it was sent: rate.c's own */
};

/* A segment marked lost, from its stamp (rate.h). */
struct tcp_cc_lost {
	uint64_t now;
	uint64_t delivered;    /* total of the connection */
	uint32_t bytes;        /* of this segment */
	uint32_t tx_in_flight; /* in flight just after it was sent */
	uint32_t lost;         /* bytes marked lost since then, itself included */
	bool is_app_limited;
};

/* The news that begins an episode. */
struct tcp_cc_event {
	uint64_t now;
	uint64_t delivered;   /* total of the connection */
	uint32_t flight_size; /* SND.NXT - SND.UNA before the news (RFC 5681 2) */
	uint32_t in_flight;   /* what is believed to be in the network after it */
};

/* Members may be NULL where it says so. None may block or fail; all may change cwnd, ssthresh and pacing_rate. */
struct tcp_cc_ops {
	const char *name; /* for TCP_CONGESTION */
	uint32_t flags;   /* enum tcp_cc_flags */
	uint32_t version; /* of the meaning of priv: an image of another version is refused */

	/* priv is zero; cwnd and ssthresh are set, and must be respected: the connection may have run before under another
	 * algorithm. */
	void (*init)(struct tcp_cc *cc, const struct tcp_cc_start *start);

	/* An ACK that delivered something, in any phase, after the losses it revealed. */
	void (*on_ack)(struct tcp_cc *cc, const struct tcp_cc_ack *ack);

	/* or NULL: each segment that is marked lost, once the episode that it causes has begun. */
	void (*on_lost)(struct tcp_cc *cc, const struct tcp_cc_lost *lost);

	/* cc->phase is still the old one in the next three. Sets ssthresh, and cwnd too with TCP_CC_OWN_RECOVERY. */
	void (*on_recovery)(struct tcp_cc *cc, const struct tcp_cc_event *ev);

	/* The timeout that begins an episode sets ssthresh. cwnd is one segment already; raising it is allowed. */
	void (*on_rto)(struct tcp_cc *cc, const struct tcp_cc_event *ev);

	/* or NULL (ECN is not for this algorithm): an ACK whose @ce_bytes of @bytes met a mark; with TCP_CC_NEEDS_ECN also
	 * those with none. Called in every phase. True: ssthresh was reduced, an episode begins, CWR must be sent. */
	bool (*on_ecn)(struct tcp_cc *cc, const struct tcp_cc_event *ev, uint32_t ce_bytes,
		       uint32_t bytes, bool round_start);

	/* or NULL: an episode begins that may prove spurious; remember priv for on_undo. cwnd and ssthresh are kept. */
	void (*checkpoint)(struct tcp_cc *cc);

	/* or NULL: the episode was spurious; cwnd and ssthresh are restored already. */
	void (*on_undo)(struct tcp_cc *cc, uint64_t now);

	/* or NULL: the episode is over; cc->phase is still its phase. */
	void (*on_exit)(struct tcp_cc *cc, uint64_t now);

	/* or NULL: a segment leaves; @in_flight without it. */
	void (*on_sent)(struct tcp_cc *cc, uint64_t now, uint32_t in_flight, bool is_app_limited);

	/* or NULL: about to send after @idle_ns without sending; cwnd has been cut as validate.c says, except with
	 * TCP_CC_OWN_RECOVERY. */
	void (*on_idle)(struct tcp_cc *cc, uint64_t now, uint64_t idle_ns);

	/* or NULL: adds @delta to every time in priv. */
	void (*shift_time)(struct tcp_cc *cc, uint64_t delta);

	/* or NULL: could this priv have been written by this algorithm? It came over the network. */
	bool (*is_sane)(const struct tcp_cc *cc);
};

extern const struct tcp_cc_ops tcp_cc_newreno; /* "reno" */
extern const struct tcp_cc_ops tcp_cc_cubic;   /* "cubic" */
extern const struct tcp_cc_ops tcp_cc_dctcp;   /* "dctcp" */
extern const struct tcp_cc_ops tcp_cc_bbr;     /* "bbr" */

/* NULL when there is none of that name. */
const struct tcp_cc_ops *tcp_cc_find_or_null(const char *name);

/* The @index-th of them, NULL past the last: for listing. */
const struct tcp_cc_ops *tcp_cc_at_or_null(unsigned index);

/* RFC 6928: ten segments of up to 1460 bytes, two at least. */
uint32_t tcp_cc_initial_window(uint32_t mss);

/* RFC 5681 3.1: a new connection; start->mss must not be 0. */
void tcp_cc_init(struct tcp_cc *cc, const struct tcp_cc_ops *ops, const struct tcp_cc_start *start);

/* Another algorithm takes over, from the present window. An episode under way goes on, but cannot be undone. */
void tcp_cc_switch(struct tcp_cc *cc, const struct tcp_cc_ops *ops,
		   const struct tcp_cc_start *start);

/* Each segment marked lost, after tcp_cc_enter_recovery or tcp_cc_on_rto. */
static inline void tcp_cc_on_lost(struct tcp_cc *cc, const struct tcp_cc_lost *lost)
{
	if (cc->ops->on_lost)
		cc->ops->on_lost(cc, lost);
}

/* Each segment sent; @in_flight without it. */
static inline void tcp_cc_on_sent(struct tcp_cc *cc, uint64_t now, uint32_t in_flight,
				  bool is_app_limited)
{
	if (cc->ops->on_sent)
		cc->ops->on_sent(cc, now, in_flight, is_app_limited);
}

/* The path MTU changed. The window stays as many bytes, but one segment must fit. */
void tcp_cc_set_mss(struct tcp_cc *cc, uint32_t mss);

/* Every ACK that delivered anything. */
void tcp_cc_on_ack(struct tcp_cc *cc, const struct tcp_cc_ack *ack);

/* Fast recovery begins. In TCP_CC_CWR the window has been reduced already (DCTCP reduces all the same) and no undo is
 * possible. Called again in TCP_CC_RECOVERY when a retransmission was lost, it reduces once more (RFC 5681 4.3). */
void tcp_cc_enter_recovery(struct tcp_cc *cc, const struct tcp_cc_event *ev);

/* The retransmission timer fired. Only the timeout that finds the window not yet reduced sets ssthresh: neither a
 * second one for the same data (RFC 5681 3.1) nor one within recovery does. */
void tcp_cc_on_rto(struct tcp_cc *cc, const struct tcp_cc_event *ev);

/* ECN feedback of one ACK; the engine calls it for ACKs with ECE, or for all with TCP_CC_NEEDS_ECN. True when an
 * episode began: send CWR, note SND.NXT. */
bool tcp_cc_on_ecn(struct tcp_cc *cc, const struct tcp_cc_event *ev, uint32_t ce_bytes,
		   uint32_t bytes, bool round_start);

/* The last episode was spurious (RFC 3522, 5682, D-SACK): as if it had not been (RFC 4015), except that cwnd keeps
 * what it has gained. False when there is nothing to undo. */
bool tcp_cc_undo(struct tcp_cc *cc, uint64_t now);

/* SND.UNA has passed the end of the episode. Nothing happens in TCP_CC_OPEN. */
void tcp_cc_exit(struct tcp_cc *cc, uint64_t now);

/* About to send new data after @idle_ns without sending any. */
void tcp_cc_on_idle(struct tcp_cc *cc, uint64_t now, uint64_t idle_ns, uint64_t rto_ns);

/* Moves all times by @delta, modulo 2^64. */
void tcp_cc_shift_time(struct tcp_cc *cc, uint64_t delta);

/* How much may leave back to back at the pacing rate: 1 ms worth, within [2 MSS, 64 KB]. */
uint32_t tcp_cc_send_quantum(const struct tcp_cc *cc);

static always_inline bool tcp_cc_in_slow_start(const struct tcp_cc *cc)
{
	return cc->cwnd < cc->ssthresh;
}

#endif
