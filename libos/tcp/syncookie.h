/* SPDX-License-Identifier: MIT */
/*
 * SYN cookies (RFC 4987, 3.6): under pressure a listener keeps nothing of a SYN. What it must know again when the
 * handshake's last segment comes is in the numbers that the client returns:
 *
 *     ISN of the SYN with ACK    31        5 4     2 1    0        timestamp   31            6 5    4     3      0
 *                               [ MAC (27)  | MSS   | slot ]                   [ time, cut down | ECN | SACK | scale ]
 *
 * The MAC is a keyed SipHash-2-4 of the tuple, the client's ISN, the slot, the MSS and the timestamp's six bits. A
 * slot is 64 s of wall-clock time; a cookie is good in the slot it was made in and the next one, and a server whose
 * clock is behind also takes one from the next slot. So servers that share keys and roughly the time accept each
 * other's. A blind guess is right with probability 3/4 * 2^-27 per key believed.
 *
 * Without timestamps there is no room for options, and the connection goes without window scaling, SACK and ECN.
 */
#ifndef LIBOS_TCP_SYNCOOKIE_H
#define LIBOS_TCP_SYNCOOKIE_H

#include "libos/tcp/keys.h"
#include "libos/tcp/tuple.h"

/* What the client offered, as far as a cookie can keep it. */
struct tcp_cookie_opts {
	uint16_t mss; /* back from a cookie: at most what went in */
	bool has_ts;  /* the others need it */
	bool has_wscale;
	bool has_sack;
	bool has_ecn;
	uint8_t wscale; /* at most TCP_MAX_WSCALE */
};

/* An MSS below this cannot be kept: such a SYN had better be dropped than answered with a cookie. */
#define TCP_COOKIE_MIN_MSS 216

/* The ISN to answer with. @wall_s is seconds of a clock that all servers with these keys share. */
uint32_t tcp_cookie_make(const struct tcp_keys *keys, const struct tcp_tuple *tuple,
			 uint32_t client_isn, const struct tcp_cookie_opts *opts, uint64_t wall_s);

/*
 * The timestamp to answer with: the options in the lowest bits, not ahead of @ts_val, which is the connection's own
 * clock with its offset, and less than 128 ticks behind.
 */
uint32_t tcp_cookie_ts(uint32_t ts_val, const struct tcp_cookie_opts *opts);

/*
 * Is @cookie (the acknowledgement number less 1) ours, for a client whose ISN was @client_isn? @ts_ecr counts if
 * @has_ts. @opts is valid if so.
 */
bool tcp_cookie_check(const struct tcp_keys *keys, const struct tcp_tuple *tuple,
		      uint32_t client_isn, uint32_t cookie, bool has_ts, uint32_t ts_ecr,
		      uint64_t wall_s, struct tcp_cookie_opts *opts);

#endif
