/* SPDX-License-Identifier: MIT */
/*
 * The connection and what all files of the engine share. Nothing outside of libos/tcp and its tests includes this.
 *
 * Invariants, asserted by tcp_check after every step of the tests:
 *  1. snd_una <= snd_nxt; nothing sent is forgotten, so snd_nxt is also the highest number ever sent.
 *  2. The segments of the flight are contiguous from snd_una to snd_nxt, and each byte there has a buf.
 *  3. sacked, lost and retrans are the sums over segments with these flags; a SACKED segment is not LOST, one that is
 *     RETRANS is LOST.
 *  4. rcv_wup <= rcv_nxt, and the right edge rcv_wup + rcv_wnd never moves left.
 *  5. A connection without a flight has nothing unsent and nothing unacknowledged.
 *  6. The timer is armed for the earliest deadline, or earlier.
 */
#ifndef LIBOS_TCP_CONN_H
#define LIBOS_TCP_CONN_H

#include "libos/base/list.h"
#include "libos/base/pool.h"
#include "libos/tcp/cc/prr.h"
#include "libos/tcp/cc/rate.h"
#include "libos/tcp/counters.h"
#include "libos/tcp/isn.h"
#include "libos/tcp/ports.h"
#include "libos/tcp/ratelimit.h"
#include "libos/tcp/rtt.h"
#include "libos/tcp/sack_rx.h"
#include "libos/tcp/seq.h"
#include "libos/tcp/tcp.h"
#include "libos/tcp/tuple.h"

#define TCP_DEFAULT_MSS4 536u
#define TCP_DEFAULT_MSS6 1220u
#define TCP_MIN_MSS 48u /* a smaller one would make us send headers for nothing */
#define TCP_QUICK_ACKS 16u
#define TCP_DUPTHRESH 3u

enum tcp_seg_flags {
	TCP_SEG_SYN = 1 << 0,
	TCP_SEG_FIN = 1 << 1,
	TCP_SEG_SACKED = 1 << 2,
	TCP_SEG_LOST = 1 << 3,
	TCP_SEG_RETRANS = 1 << 4, /* LOST, and sent again since */
	TCP_SEG_EVER_RETRANS = 1 << 5,
	TCP_SEG_PSH = 1 << 6,
};

/* A segment in flight. Payload begins ->off bytes into ->buf: from buf_mem, or from data in a buf without own memory,
 * since a header may have been prepended in the meantime. */
struct tcp_seg {
	struct tcp_rate_stamp stamp;
	struct tcp_seg *next; /* by sequence */
	struct buf *
		buf; /* a chain through ->next of which a reference each is ours; NULL: no payload */
	uint32_t seq;
	uint32_t off;
	uint32_t len; /* of the payload */
	uint8_t flags;
	uint8_t transmits; /* saturating */
	uint16_t reserved;
};

_Static_assert(sizeof(struct tcp_seg) == CACHE_LINE, "one line per segment in flight");

/* What flight->rtx_at stands for. */
enum tcp_rtx_kind {
	TCP_RTX_RTO,
	TCP_RTX_PROBE, /* tail loss probe (RFC 8985 7) */
	TCP_RTX_REO,   /* reordering has been waited for (RFC 8985 6.3) */
	TCP_RTX_PERSIST,
};

/* Sending state: while data is queued or in flight, and after that as long as memory is not short. */
struct tcp_flight {
	struct tcp_cc cc;
	struct tcp_rate rate;
	struct tcp_prr prr;

	struct buf_queue unsent;
	uint32_t unsent_off;   /* bytes of its head that are in segments already */
	uint32_t unsent_bytes; /* without them */
	uint32_t small_end;    /* of the last segment shorter than the MSS */
	struct tcp_seg *head, *tail;
	uint32_t sacked, lost, retrans; /* sequence numbers, by flag */

	uint64_t rtx_at; /* TIME_NEVER: none */
	uint64_t
		progress_at; /* when the peer last acknowledged something new, or there was nothing to acknowledge */
	uint64_t last_sent_at;
	uint8_t rtx_kind;
	uint8_t dupacks;
	uint8_t persist_backoff;
	uint8_t persist_probes; /* unanswered */
	bool is_cwnd_limited;

	uint32_t recover;      /* the episode ends here (RFC 6582) */
	uint32_t episode_una;  /* SND.UNA as the episode began */
	uint32_t undo_retrans; /* retransmissions not yet known to be needless */
	uint32_t undo_ts;      /* timestamp of the first retransmission (RFC 3522) */
	bool has_undo;
	bool frto; /* RFC 5682: an RTO of which the next ACKs will tell whether it was needed */

	/* RACK (RFC 8985 6) */
	uint64_t rack_sent_at;
	uint64_t rack_rtt_ns;
	uint32_t rack_end_seq;
	uint32_t rack_fack; /* highest number SACKed or acknowledged */
	uint32_t rack_dsack_round;
	uint8_t rack_reo_mult;
	uint8_t rack_reo_persist;
	bool rack_has_sample;
	bool rack_reordering_seen;
	bool rack_dsack_seen;
	bool tlp_is_retrans;
	bool tlp_out;
	uint32_t tlp_end_seq;
};

/* Receiving state that only disorder needs. */
struct tcp_ooo {
	struct tcp_reass reass;
	struct tcp_sack_rx sack;
};

enum tcp_conn_flags {
	TCP_F_TS = 1 << 0, /* negotiated */
	TCP_F_SACK = 1 << 1,
	TCP_F_WSCALE = 1 << 2,
	TCP_F_NODELAY = 1 << 3,
	TCP_F_KEEPALIVE = 1 << 4,
	TCP_F_ORPHAN = 1 << 5,     /* the user is done with it */
	TCP_F_PASSIVE = 1 << 6,    /* came from a listener */
	TCP_F_FIN_QUEUED = 1 << 7, /* behind all unsent data */
	TCP_F_FIN_RCVD = 1 << 8,
	TCP_F_WANT_WRITABLE = 1 << 9, /* tcp_send has said -EAGAIN */
	TCP_F_CSUM_OFFLOAD = 1 << 10,
	TCP_F_ACK_NOW = 1 << 11,   /* owed: one ACK at once */
	TCP_F_ACK_DELAY = 1 << 12, /* owed: one by delack_at */
	TCP_F_SEND = 1 << 13,      /* owed: something may now be sent */
	TCP_F_FIN_SENT = 1 << 16,
	TCP_F_READY = 1 << 17, /* handshake done, nobody has accepted it yet */
	TCP_F_OFF_TABLE = 1 << 19,
	TCP_F_TELL_LISTENER = 1 << 18, /* that it is so */
};

struct tcp_conn {
	struct timer timer;
	struct tcp_tuple tuple;
	struct tcp *tcp;
	void *user;
	struct tcp_flight *flight_or_null;
	struct tcp_ooo *ooo_or_null;

	uint32_t snd_una, snd_nxt;
	uint32_t snd_wnd; /* scaled */
	uint32_t snd_wl1, snd_wl2;
	uint32_t max_snd_wnd;
	uint32_t rcv_nxt;
	uint32_t rcv_wup; /* rcv_nxt as last acknowledged */
	uint32_t rcv_wnd; /* as offered with that */
	uint32_t rcv_buf;
	struct buf *rcv_head, *rcv_tail; /* in order, through ->link */
	uint32_t rcv_queued;
	uint32_t flags;

	uint8_t state;
	uint8_t snd_wscale, rcv_wscale;
	uint8_t quick_acks; /* so many more at once, then delayed */
	uint8_t events;     /* enum tcp_event, to be told */
	uint8_t tos;
	uint8_t keep_probes, keep_sent;
	uint16_t keep_idle_s, keep_interval_s;
	uint16_t mss;      /* payload of a full segment now: path, peer, options considered */
	uint16_t path_mss; /* of tcp_path, clamped */
	uint16_t peer_mss; /* as announced */
	uint16_t rcv_mss;  /* largest segment received lately: what "full" is for delayed ACKs */
	int32_t err;
	uint32_t user_timeout_ms;

	uint32_t ts_recent;
	uint32_t ts_recent_ms; /* when it was set */
	uint32_t ts_offset;
	uint32_t iss, irs;
	uint32_t total_retrans;

	uint64_t delack_at;
	uint64_t life_at; /* keep-alive, FIN-WAIT-2 or TIME-WAIT, by state */
	uint64_t heard_at;
	const struct tcp_cc_ops *cc_ops;
	uint32_t cwnd, ssthresh; /* while there is no flight */
	struct tcp_rtt rtt;
	struct tcp_listener *listener_or_null;
	struct list pending; /* listener's half or ready, or the engine's dead */
	struct tcp_pace challenge;
};

_Static_assert(sizeof(struct tcp_conn) <= 384, "a million idle connections fit a server");

struct tcp_listener {
	struct list link;  /* of tcp->listeners */
	struct list half;  /* SYN-RECEIVED */
	struct list ready; /* to be accepted */
	struct tcp *tcp;
	void *user;
	struct ipaddr addr;
	uint32_t num_half, num_ready, backlog;
	uint16_t port;
};

/* Eight slots in a line: a pointer below 16 bits of hash. See table.c. */
struct tcp_bucket {
	uint64_t slot[8];
};

struct tcp_table {
	struct tcp_bucket *buckets;
	struct hash_key key;
	uint32_t mask;
	uint32_t num;
};

#define TCP_LISTENER_HEADS 64

struct tcp {
	struct tcp_config config;
	struct tcp_env env;
	struct tcp_rtt_config rtt_config;
	const struct tcp_cc_ops *cc_ops;
	uint8_t rcv_wscale; /* that rcv_buf asks for */
	struct tcp_table table;
	struct list listeners[TCP_LISTENER_HEADS]; /* by port */
	struct list dead;                          /* CLOSED, but still the user's */
	struct pool conns, flights, segs, ooos, listener_pool;
	struct tcp_reass_pool reass;
	struct hash_key isn_key;
	struct tcp_ports ports;
	struct tcp_ratelimit challenge;
	uint64_t count[TCP_COUNTER_NUM];
	struct counter_set counters;
};

/* A segment on its way in: parsed once, then believed. */
struct tcp_in {
	struct buf *b; /* text, or NULL once it is handed on; then len is still what came */
	uint32_t seq, ack;
	uint32_t len; /* of the text */
	uint32_t wnd; /* as it stands in the header */
	uint8_t flags;
	uint8_t tos;
	bool has_ts;
	uint32_t ts_val, ts_ecr;
	struct tcp_opts *opts_or_null; /* NULL: nothing but a timestamp, or nothing */
	uint64_t now;
	bool replaces;        /* a SYN that took the place of a connection in TIME-WAIT */
	uint32_t old_snd_nxt; /* replaces: of that */
};

static always_inline void tcp_count(struct tcp *tcp, enum tcp_counter counter)
{
	tcp->count[counter]++;
}

static always_inline uint32_t tcp_seg_end(const struct tcp_seg *s)
{
	return s->seq + s->len + !!(s->flags & TCP_SEG_SYN) + !!(s->flags & TCP_SEG_FIN);
}

/* conn.c: the life of a connection. */

/* In the table, in CLOSED, with a timer; NULL when there is no room. */
struct tcp_conn *tcp_conn_new_or_null(struct tcp *tcp, const struct tcp_tuple *tuple,
				      const struct tcp_path *path, uint64_t now);

/* Off all lists, everything given back. */
void tcp_conn_free(struct tcp_conn *c);

/* CLOSED for the reason @err: what it holds for sending and out of order goes, what can be read stays. An orphan is
 * freed: true if so. Otherwise the event is noted. */
bool tcp_conn_kill(struct tcp_conn *c, int err);

/* The flight, taken from the pool when it is not there. */
struct tcp_flight *tcp_flight_get_or_null(struct tcp_conn *c, uint64_t now);

/* Nothing in it any more: gives it back when memory is short. */
void tcp_flight_maybe_put(struct tcp_conn *c);

void tcp_conn_set_mss(struct tcp_conn *c);

/* Ends a step: sends what is owed, arms the timer, tells the user. @c may be gone afterwards. */
void tcp_settle(struct tcp_conn *c, uint64_t now);

/* The same for user calls: no event. */
void tcp_settle_quietly(struct tcp_conn *c, uint64_t now);

/* The invariants above; a violation is a bug. */
void tcp_check(const struct tcp_conn *c);

#endif
