/* SPDX-License-Identifier: MIT */
/*
 * A small language for one engine and the segments that it gets and sends. One step a line:
 *
 *   listen                     we listen; the peer's SYN makes the connection, which is accepted at once
 *   connect                    we connect
 *   > FLAGS SEQ:LEN [ack N] [win N] [OPTIONS]     such a segment comes in
 *   < FLAGS SEQ:LEN [ack N] [win N] [OPTIONS]     the next segment that we sent is this one
 *   +N                         N ms pass
 *   send N, recv N, shutdown, close, abort, nodelay, keepalive     user calls
 *   path N                     the path's MSS is N now
 *   state NAME                 as tcp_state_name; GONE: the connection has been freed
 *   error N                    the error that the user was told, 0 for none
 *   eof                        the user sees the end of the stream
 *
 * FLAGS are of S F R P . E C U (a dot is ACK). Numbers count from the initial sequence numbers of both ends: the
 * peer's is fixed, ours is learnt from our SYN. A segment that was sent and not expected fails the script, and so does
 * an expected one that was not sent. What an expectation does not mention is not looked at; but options named "none"
 * must be absent. OPTIONS: mss N, sackOK, wscale N, sack A-B (several), none; ts V: in a segment that comes in its
 * value, with the latest of ours as the echo; in an expected one the echo; old: with the first of ours as the echo.
 */
#ifndef TESTS_UNIT_TCP_CONN_LANG_H
#define TESTS_UNIT_TCP_CONN_LANG_H

#include "libos/tcp/conn.h"

/* Runs @script under @config, or the defaults if NULL. Fails the test at the first line that does not hold. */
void lang_run(const struct tcp_config *config, const char *script);

/* A small configuration to start from. */
struct tcp_config lang_config(void);

/* The same opening for many scripts: established as a server, without options, the peer's MSS 1000, window 10,000. */
#define LANG_SERVER                                                                                \
	"listen\n"                                                                                 \
	"> S 0:0 win 10000 mss 1000\n"                                                             \
	"< S. 0:0 ack 1\n"                                                                         \
	"> . 1:0 ack 1 win 10000\n"                                                                \
	"state ESTABLISHED\n"

/* The same with SACK. */
#define LANG_SACK_SERVER                                                                           \
	"listen\n"                                                                                 \
	"> S 0:0 win 60000 mss 1000 sackOK\n"                                                      \
	"< S. 0:0 ack 1 sackOK\n"                                                                  \
	"+10\n"                                                                                    \
	"> . 1:0 ack 1 win 60000\n"

#endif
