/* SPDX-License-Identifier: MIT */
/*
 * The transport that brings its own TCP/IP: one network interface of libos/net under the queues of one runtime.
 * This folder only glues: it turns queue operations into calls of the stack, and what the stack reports into
 * completed operations.
 */
#ifndef LIBOS_TRANSPORT_INET_INET_H
#define LIBOS_TRANSPORT_INET_INET_H

#include "libos/net/net.h"
#include "libos/queue/runtime.h"
#include "libos/tcp/tcp.h"

#define INET_COUNTERS(X)                                                                           \
	X(INET_DROP_UDP_QUEUE_FULL, "drop_udp_queue_full") /* nobody popped in time */             \
	X(INET_DROP_NOBUFS, "drop_nobufs") /* no memory to make a datagram contiguous */           \
	X(INET_DROP_TCP_CSUM, "drop_tcp_csum")                                                     \
	X(INET_DROP_TCP_GROUP, "drop_tcp_group") /* to a broadcast or multicast address */

enum inet_counter {
	INET_COUNTERS(COUNTER_ENUM) INET_COUNTER_NUM
};

/* What a new stream queue starts with, and options that wait for a connection. */
struct tcp_queue_options {
	bool nodelay;
	bool linger;
	uint16_t linger_s;
	uint8_t tos;
	struct tcp_keepalive keepalive;
	uint32_t user_timeout_ms;
	char cc[16]; /* empty: the engine's default */
};

struct inet_config {
	struct net_config net;
	struct tcp_config tcp;
	struct tcp_queue_options tcp_options;
	uint32_t udp_recv_queue; /* datagrams that wait for a pop, per socket */
};

struct inet {
	struct net net;
	struct dev *dev;
	struct runtime *rt;
	uint32_t udp_recv_queue;
	struct tcp *tcp;
	struct pool tcp_queues;
	struct tcp_queue_options tcp_options;
	struct net_path loose_path; /* for segments without a queue */
	uint64_t count[INET_COUNTER_NUM];
	struct counter_set counters;
};

/*
 * Makes @rt an IP host on @dev. Consumes @dev, also on failure. 0 or -errno; the runtime's fini undoes it.
 */
int inet_attach(struct runtime *rt, struct dev *dev, const struct inet_config *config) must_check;

/* A datagram queue. */
int inet_udp_socket(struct inet *inet, int domain, struct queue **out) must_check;

#endif
