/* SPDX-License-Identifier: MIT */
/*
 * The TCP engine as its glue sees it. Pure: in go segments, user calls and deadlines, each with `now`; out come
 * segments and events through struct tcp_ops. The design stands in README.md.
 *
 * Addresses are struct ipaddr, ports host order, errors 0 or -errno. A connection belongs to the user from tcp_connect
 * or tcp_accept_or_null until tcp_close or tcp_abort, whatever happens to it in between; those two calls are its end
 * for the user, even when the engine keeps it for a while. Events come from tcp_input, tcp_icmp_error and the wheel,
 * each as the last act for its connection, so a handler may call anything here; no user call causes one.
 */
#ifndef LIBOS_TCP_TCP_H
#define LIBOS_TCP_TCP_H

#include "libos/base/counters.h"
#include "libos/base/ipaddr.h"
#include "libos/buf/pool.h"
#include "libos/timer/wheel.h"

struct tcp;
struct tcp_conn;
struct tcp_listener;

/* RFC 9293 3.3.2. LISTEN is a state of listeners, never of a connection. */
enum tcp_state {
	TCP_CLOSED,
	TCP_SYN_SENT,
	TCP_SYN_RCVD,
	TCP_ESTABLISHED,
	TCP_FIN_WAIT_1,
	TCP_FIN_WAIT_2,
	TCP_CLOSE_WAIT,
	TCP_CLOSING,
	TCP_LAST_ACK,
	TCP_TIME_WAIT,
	TCP_STATE_NUM,
};

struct tcp_keepalive {
	bool on;
	uint16_t idle_s;     /* silence before the first probe */
	uint16_t interval_s; /* between probes */
	uint8_t probes;      /* unanswered ones that end the connection */
};

struct tcp_config {
	uint32_t max_conns; /* in all states; the flow table is made for them. 65,536 */
	uint32_t
		keep_flights; /* connections that may keep their sending state while idle. 16,384 */
	uint32_t
		snd_buf; /* bytes accepted but not acknowledged, beyond which tcp_send waits. 4 MiB */
	uint32_t rcv_buf;        /* bytes offered to the peer; fixes the window scale. 6 MiB */
	uint64_t rto_initial_ns; /* 1 s (RFC 6298) */
	uint64_t rto_min_ns;     /* 200 ms */
	uint64_t rto_max_ns;     /* 120 s */
	uint64_t delack_ns; /* at most 500 ms (RFC 9293 MUST-40); 0: acknowledge at once. 40 ms */
	uint64_t time_wait_ns;  /* 60 s */
	uint64_t fin_wait_2_ns; /* after tcp_close, for the peer's FIN. 60 s */
	uint8_t syn_retries;    /* of our SYN. 6 */
	uint8_t synack_retries; /* 5 */
	uint8_t rtx_retries;    /* timeouts in a row that end an established connection. 15 */
	bool sack;              /* true */
	bool timestamps;        /* true */
	bool wscale;            /* true */
	bool nodelay;           /* Nagle off from the start. false */
	uint16_t mss_max;       /* clamp of what we announce and send; 0: the path's */
	uint16_t port_first, port_last; /* ephemeral. 32768 to 60999 */
	uint32_t user_timeout_ms;       /* RFC 5482; 0: by rtx_retries. 0 */
	uint32_t challenge_per_s;       /* challenge ACKs in all (RFC 5961 10). 1,000 */
	struct tcp_keepalive keepalive; /* off; 7200 s, 75 s, 9 */
	const char *cc;                 /* congestion control by name. "cubic" */
};

/* What the way to a peer offers. */
struct tcp_path {
	uint16_t mss;      /* MTU less IP and TCP header, options not deducted */
	bool csum_offload; /* the device fills the checksum: output gets BUF_TX_CSUM_L4 */
};

/* Where a segment goes. */
struct tcp_tx {
	const struct ipaddr *src, *dst; /* valid during the call */
	uint8_t tos;                    /* traffic class with ECN bits */
	uint8_t ttl;                    /* 0: the default */
};

enum tcp_event {
	TCP_EV_CONNECTED = 1 << 0, /* tcp_connect has succeeded */
	TCP_EV_READABLE = 1 << 1,  /* tcp_recv_or_null has something new, or the end */
	TCP_EV_WRITABLE = 1 << 2,  /* tcp_send, which has said -EAGAIN, may be tried again */
	TCP_EV_ACKED =
		1 << 3, /* new data was acknowledged: the peer answers (confirm the neighbour) */
	TCP_EV_CLOSED =
		1
		<< 4, /* TCP_CLOSED reached: tcp_error says why; the user still has to tcp_close */
};

/* The glue's half. No member may block, fail loudly, or call back into the engine unless it says so. */
struct tcp_ops {
	/*
	 * Sends a segment, which it consumes: data at the TCP header, checksum done (or BUF_TX_CSUM_L4 with the
	 * pseudo-header's sum in place). @conn NULL: a reply that no connection stands behind. 0, or -errno when the segment
	 * is gone; the engine takes that as a loss.
	 */
	int (*output)(void *ctx, struct tcp_conn *conn_or_null, struct buf *b,
		      const struct tcp_tx *tx);

	/* The way from @local to @remote, for a connection that a SYN opens. 0, or -errno: the SYN is ignored. */
	int (*path)(void *ctx, const struct ipaddr *local, const struct ipaddr *remote,
		    struct tcp_path *out);

	/* Something happened to @conn: enum tcp_event bits. May call anything, may end @conn. */
	void (*on_event)(void *ctx, struct tcp_conn *conn, unsigned events);

	/* @l has a connection for tcp_accept_or_null. May call anything, but tcp_unlisten(@l) only later. */
	void (*on_accept_ready)(void *ctx, struct tcp_listener *l);
};

struct tcp_env {
	struct buf_pool *bufs;
	struct timer_wheel *wheel;
	const struct tcp_ops *ops;
	void *ctx;       /* of the ops */
	uint64_t secret; /* of sequence numbers, ports and the flow table */
	uint64_t now;
};

struct tcp_config tcp_default_config(void);

/* 0, -ENOMEM, or -EINVAL for a bad configuration. */
int tcp_new(const struct tcp_config *config, const struct tcp_env *env,
	    struct tcp **out) must_check;

/* Everything goes, silently: connections, whoever holds them, and listeners. */
void tcp_free(struct tcp *tcp);

/* For the runtime's list; valid until tcp_free. */
struct counter_set *tcp_counters(struct tcp *tcp);
struct counter_set *tcp_reass_counters(struct tcp *tcp);

/* --- from below --- */

struct tcp_rx {
	struct ipaddr src, dst; /* unicast, as the caller has checked */
	uint8_t tos;
};

/* A segment, consumed: data at the TCP header; payload may be a chain, the headers are in its first buf. The checksum
 * is right; lengths are checked here. */
void tcp_input(struct tcp *tcp, struct buf *b, const struct tcp_rx *rx, uint64_t now);

/* What an ICMP error says about one of our segments. */
struct tcp_icmp {
	struct ipaddr local, remote;
	uint16_t local_port, remote_port;
	uint32_t seq;     /* as quoted; checked here (RFC 5927) */
	int err;          /* -errno, e.g. -ECONNREFUSED; 0 with a new_mss */
	bool is_hard;     /* ends a connection that is not yet synchronised; otherwise only noted */
	uint16_t new_mss; /* packet too big: as tcp_path.mss; else 0 */
};

/* True: the quoted segment is in flight, so the caller may believe the message (lower its path MTU). */
bool tcp_icmp_error(struct tcp *tcp, const struct tcp_icmp *icmp, uint64_t now);

/* --- servers --- */

/* @addr may be ipaddr_any (both families). At most @backlog connections wait to be accepted, and as many again for
 * the end of their handshake. 0, -EADDRINUSE, -ENOMEM. */
int tcp_listen(struct tcp *tcp, const struct ipaddr *addr, uint16_t port, uint32_t backlog,
	       void *user, struct tcp_listener **out) must_check;

/* What has not been accepted is reset. */
void tcp_unlisten(struct tcp_listener *l, uint64_t now);

/* The oldest established connection, which is the caller's from now on. What came before is there without an event: ask
 * tcp_recv_bytes. One that was reset before is gone. */
struct tcp_conn *tcp_accept_or_null(struct tcp_listener *l, void *user);

void *tcp_listener_user(const struct tcp_listener *l);
uint16_t tcp_listener_port(const struct tcp_listener *l);

/* --- connections --- */

struct tcp_connect {
	struct ipaddr local; /* a specific address */
	struct ipaddr remote;
	uint16_t local_port; /* 0: an ephemeral one */
	uint16_t remote_port;
	struct tcp_path path;
	void *user;
};

/* Sends the SYN; TCP_EV_CONNECTED or TCP_EV_CLOSED follows. 0, -EADDRINUSE, -EADDRNOTAVAIL, -EINVAL, -ENOMEM. */
int tcp_connect(struct tcp *tcp, const struct tcp_connect *how, uint64_t now,
		struct tcp_conn **out) must_check;

/*
 * Queues the packet @b and sends what may be sent. 0: consumed, whole. Otherwise @b stays the caller's: -EAGAIN:
 * the queue is full, TCP_EV_WRITABLE follows; -EPIPE: after tcp_shutdown_send; -ENOTCONN: not connected (any more);
 * -ENOBUFS: a pool is empty. Allowed before TCP_EV_CONNECTED. Until it is acknowledged its bytes must not change, and
 * ->next and ->link of its bufs are the engine's: the same buf cannot be queued twice at a time, a slice of it can.
 */
int tcp_send(struct tcp_conn *conn, struct buf *b, uint64_t now) must_check;

/* At most @max_bytes (not 0) of what has come, as one buf; NULL: nothing there. */
struct buf *tcp_recv_or_null(struct tcp_conn *conn, uint32_t max_bytes, uint64_t now);

/* Bytes that tcp_recv_or_null would give. */
uint32_t tcp_recv_bytes(const struct tcp_conn *conn);

/* Has everything been received that ever will be? Then the end is a FIN (tcp_error is 0) or an error. */
bool tcp_recv_is_eof(const struct tcp_conn *conn);

/* FIN behind all that is queued. 0, -ENOTCONN, -ENOBUFS. */
int tcp_shutdown_send(struct tcp_conn *conn, uint64_t now);

/* As tcp_shutdown_send, and the end of @conn for the user. Unread data resets the connection (RFC 9293 3.6.1). */
void tcp_close(struct tcp_conn *conn, uint64_t now);

/* The same with RST. */
void tcp_abort(struct tcp_conn *conn, uint64_t now);

/* 0, or why the connection ended: -ECONNRESET, -ECONNREFUSED, -ETIMEDOUT, -EHOSTUNREACH, ... */
int tcp_error(const struct tcp_conn *conn);

enum tcp_state tcp_conn_state(const struct tcp_conn *conn);
const char *tcp_state_name(enum tcp_state state);
void *tcp_user(const struct tcp_conn *conn);

/* Bytes accepted by tcp_send and not acknowledged; 0 and shutdown done: everything has arrived. */
uint32_t tcp_unacked_bytes(const struct tcp_conn *conn);

struct tcp_addrs {
	struct ipaddr local, remote;
	uint16_t local_port, remote_port;
};

struct tcp_addrs tcp_addrs(const struct tcp_conn *conn);

/* --- options --- */

void tcp_set_nodelay(struct tcp_conn *conn, bool on, uint64_t now);
void tcp_set_keepalive(struct tcp_conn *conn, const struct tcp_keepalive *k, uint64_t now);
void tcp_set_user_timeout(struct tcp_conn *conn, uint32_t ms); /* 0: none */
void tcp_set_tos(struct tcp_conn *conn, uint8_t tos);
int tcp_set_cc(struct tcp_conn *conn, const char *name, uint64_t now); /* -ENOENT; -ENOBUFS */

/* The path MTU has changed: what is in flight and too long is sent again in pieces. */
void tcp_set_path_mss(struct tcp_conn *conn, uint16_t mss, uint64_t now);

/* After Linux's structure of that name; times in us, volumes in bytes unless the name says segments. */
struct tcp_info {
	uint8_t state; /* enum tcp_state */
	uint8_t cc_phase;
	uint8_t backoff;
	uint8_t snd_wscale, rcv_wscale;
	bool has_ts, has_sack, has_wscale;
	uint32_t rto_us, srtt_us, rttvar_us, min_rtt_us;
	uint32_t snd_mss, rcv_mss;
	uint32_t cwnd, ssthresh;
	uint32_t snd_wnd, rcv_wnd;
	uint32_t flight;                /* SND.NXT - SND.UNA */
	uint32_t unsent;                /* queued, not sent */
	uint32_t sacked, lost, retrans; /* of the flight */
	uint32_t total_retrans;         /* segments ever retransmitted */
	char cc[16];
};

void tcp_get_info(const struct tcp_conn *conn, struct tcp_info *out);

#endif
