/* SPDX-License-Identifier: MIT */
/*
 * Where a connection's numbers start, so that nobody off its path can guess them and a new connection between the
 * same two ends still begins ahead of the last one.
 *
 * ISN = M + F(tuple, key) (RFC 6528), M in units of 64 ns: ahead of what an earlier connection sent as long as that
 * was less than 125 Mbit/s on average, against 2 Mbit/s with the 4 us of RFC 9293; it wraps after 275 s, more than two
 * maximum segment lifetimes. The offset of the timestamp clock is another part of the same hash: it differs between
 * tuples and stays the same for each, so that timestamps of one tuple only grow (RFC 7323, 5.4) and a connection in
 * TIME-WAIT can be replaced by them (RFC 6191).
 */
#ifndef LIBOS_TCP_ISN_H
#define LIBOS_TCP_ISN_H

#include "libos/base/hash.h"
#include "libos/tcp/tuple.h"

struct tcp_isn {
	uint32_t isn;
	uint32_t ts_offset; /* added to a clock that never goes back */
};

struct tcp_isn tcp_isn(const struct hash_key *key, const struct tcp_tuple *tuple, uint64_t now);

#endif
