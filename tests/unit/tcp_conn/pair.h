/* SPDX-License-Identifier: MIT */
/*
 * Two engines on one virtual clock, joined by a wire with a fixed delay that loses the frames that it is told to lose,
 * by their number. Each end sends a given number of bytes of a pattern whose period is prime, and then its FIN; what
 * arrives is compared with the pattern, and the invariants of conn.h are checked after each step.
 */
#ifndef TESTS_UNIT_TCP_CONN_PAIR_H
#define TESTS_UNIT_TCP_CONN_PAIR_H

#include "libos/base/rng.h"
#include "libos/tcp/conn.h"

#define PAIR_MAX_FRAMES 4096
#define PAIR_DROPS 3

struct pair_frame {
	uint64_t at;
	struct buf *b;
	bool to_server;
};

struct pair_end {
	struct pair *pair;
	struct timer_wheel wheel;
	struct tcp *tcp;
	struct tcp_conn *conn;
	struct tcp_listener *listener;
	struct ipaddr addr;
	uint32_t to_send, sent, received;
	bool shut, closed, ended; /* our FIN, our close, the peer's end */
	bool waits;               /* tcp_send has said -EAGAIN */
	int err;
};

struct pair {
	struct buf_pool bufs;
	uint64_t now;
	uint64_t delay_ns;
	struct pair_end client, server;
	struct pair_frame frames[PAIR_MAX_FRAMES];
	unsigned head, tail;
	unsigned num_frames;  /* ever sent */
	int drop[PAIR_DROPS]; /* numbers of frames to lose; -1: none */
	uint32_t push_bytes;  /* of each tcp_send */
	bool both_open;       /* simultaneous open */
	uint64_t seed;        /* for messages */
	struct rng rng;       /* for the three below */
	uint32_t loss_ppm, dup_ppm;
	uint64_t jitter_ns; /* up to so much more delay: reordering */
};

void pair_start(struct pair *p, const struct tcp_config *config, uint32_t client_bytes,
		uint32_t server_bytes);

/* Opens the connection. */
void pair_open(struct pair *p);

/* Until nothing is left to happen, or @until. */
void pair_run(struct pair *p, uint64_t until);

/* Is everything delivered, both ends gone, every buf free? Fails the test otherwise, naming the drops. */
void pair_finish(struct pair *p);

/* Pattern byte @i. */
static inline uint8_t pair_byte(uint32_t i)
{
	return (uint8_t)(i % 251 + 1);
}

#endif
