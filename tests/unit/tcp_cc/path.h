/* SPDX-License-Identifier: MIT */
/*
 * A path with one bottleneck, and bulk senders that are nothing but a congestion control: enough of a TCP sender to
 * find losses, recover and keep the contract of cc.h, no more. Virtual time; the same setup gives the same run.
 *
 * All packets are one segment of PATH_MSS and take tx_ns at the bottleneck, a drop-tail queue with a threshold for
 * marks. Each one that gets through is acknowledged at once, rtt_ns after it has left the queue (SACK, exact ECN echo).
 * A segment is lost once three sent after it were acknowledged; the path does not reorder, so that this is never wrong.
 */
#ifndef TESTS_UNIT_TCP_CC_PATH_H
#define TESTS_UNIT_TCP_CC_PATH_H

#include "libos/base/rng.h"
#include "libos/tcp/cc/image.h"
#include "libos/tcp/cc/prr.h"

#define PATH_MSS 1460
#define PATH_FLOWS 2
#define PATH_WINDOW 65536 /* segments; a power of two */

struct path_config {
	uint64_t tx_ns;
	uint64_t rtt_ns;     /* without queue */
	uint32_t queue;      /* packets */
	uint32_t mark_above; /* packets in the queue; 0: no ECN */
	uint32_t drop_every; /* every n-th packet of a flow; 0: none */
	uint32_t drop_ppm;   /* at random; 0: none */
	uint32_t move_ppm;   /* ACKs before which the sender moves to a host with another clock */
	uint64_t seed;
};

enum path_seg_state {
	SEG_NONE,
	SEG_IN_FLIGHT,
	SEG_DELIVERED,
	SEG_LOST,
};

struct path_seg {
	struct tcp_rate_stamp stamp;
	uint64_t tx; /* number of its last transmission */
	enum path_seg_state state;
	bool resent;
};

struct path_arrival {
	uint64_t at;
	uint64_t seq;
	uint64_t tx;
	bool ce;
};

struct path_flow {
	struct tcp_cc cc;
	struct tcp_rate rate;
	struct tcp_prr prr;
	bool is_active;
	uint64_t clock;                         /* of its host, less the path's */
	uint64_t una, next, recover, lost_hint; /* in segments */
	uint64_t lost_num, flight_num;
	uint64_t next_tx, oldest_tx, newest_tx;
	uint64_t srtt, min_rtt;
	uint64_t pace_at, rto_at;
	bool limited;
	struct path_seg seg[PATH_WINDOW];
	uint64_t tx_seq[2 * PATH_WINDOW];
	struct path_arrival arrival[2 * PATH_WINDOW];
	uint64_t arrival_head, arrival_tail;
	/* for the tests to look at */
	uint64_t delivered, resent, episodes, rtos, marks, moves;
	uint64_t cwnd_area, cwnd_area_at; /* sum of bytes * us */
	uint64_t hash;                    /* of all that the sender decided */
};

struct path {
	struct path_config config;
	struct rng rng;
	struct rng move_rng;
	uint64_t now;
	uint64_t since; /* the statistics began */
	uint64_t link_free;
	uint64_t drops;
	uint32_t queue_max;
	uint64_t queue_area; /* sum over packets sent of the queue they met */
	uint64_t sent;
	struct path_flow flow[PATH_FLOWS];
};

/* One path at a time, in static memory. */
struct path *path_new(const struct path_config *config);

void path_start_flow(struct path *p, unsigned index, const char *algorithm);

void path_run_until(struct path *p, uint64_t at);

/* Starts the statistics anew. */
void path_forget(struct path *p);

/* Time-weighted mean of cwnd in segments since the statistics began. */
double path_mean_cwnd(const struct path *p, unsigned index);

/* Packets waiting at the bottleneck now. */
uint32_t path_queue(const struct path *p);

/* Jain's index of what the flows delivered. */
double path_fairness(const struct path *p);

/* The share of the bottleneck used since then. */
double path_utilisation(const struct path *p);

/* Mean of the queue that packets met. */
double path_mean_queue(const struct path *p);

#endif
