/* SPDX-License-Identifier: MIT */
/* What the engine counts, per runtime; names after netstat's where it has one. */
#ifndef LIBOS_TCP_COUNTERS_H
#define LIBOS_TCP_COUNTERS_H

#include "libos/base/counters.h"

#define TCP_COUNTERS(X)                                                                            \
	X(TCP_IN_SEGS, "in_segs")                                                                  \
	X(TCP_IN_FAST, "in_fast") /* of those, by the fast path */                                 \
	X(TCP_OUT_SEGS, "out_segs")                                                                \
	X(TCP_OUT_RSTS, "out_rsts")                                                                \
	X(TCP_RETRANS_SEGS, "retrans_segs")                                                        \
	X(TCP_ACTIVE_OPENS, "active_opens")                                                        \
	X(TCP_PASSIVE_OPENS, "passive_opens")                                                      \
	X(TCP_ATTEMPT_FAILS, "attempt_fails")                                                      \
	X(TCP_ESTAB_RESETS, "estab_resets")                                                        \
	X(TCP_TIMEOUTS, "timeouts")                                                                \
	X(TCP_ABORT_ON_TIMEOUT, "abort_on_timeout")                                                \
	X(TCP_LOSS_PROBES, "loss_probes")                                                          \
	X(TCP_ZERO_WINDOW_PROBES, "zero_window_probes")                                            \
	X(TCP_KEEPALIVES, "keepalives")                                                            \
	X(TCP_FAST_RECOVERIES, "fast_recoveries")                                                  \
	X(TCP_SPURIOUS, "spurious") /* episodes undone */                                          \
	X(TCP_CHALLENGE_ACKS, "challenge_acks")                                                    \
	X(TCP_DELAYED_ACKS, "delayed_acks")                                                        \
	X(TCP_RECLAIMED_FLIGHTS, "reclaimed_flights") /* sending state given back while idle */    \
	X(TCP_TIME_WAIT_REUSED, "time_wait_reused")   /* RFC 6191 */                               \
	X(TCP_DROP_TRUNCATED, "drop_truncated")                                                    \
	X(TCP_DROP_NO_CONN, "drop_no_conn") /* answered with RST, unless itself one */             \
	X(TCP_DROP_PAWS, "drop_paws")                                                              \
	X(TCP_DROP_WINDOW, "drop_window") /* outside of the receive window */                      \
	X(TCP_DROP_BAD_ACK, "drop_bad_ack")                                                        \
	X(TCP_DROP_NO_ACK, "drop_no_ack")   /* neither ACK nor SYN nor RST */                      \
	X(TCP_DROP_BAD_SYN, "drop_bad_syn") /* SYN with FIN, or within a connection */             \
	X(TCP_DROP_BACKLOG, "drop_backlog") /* the listener's limits */                            \
	X(TCP_DROP_NO_MEMORY, "drop_no_memory")                                                    \
	X(TCP_DROP_PAST_FIN, "drop_past_fin") /* text behind the peer's FIN */

enum tcp_counter {
	TCP_COUNTERS(COUNTER_ENUM) TCP_COUNTER_NUM
};

#endif
