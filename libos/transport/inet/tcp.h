/* SPDX-License-Identifier: MIT */
/*
 * Stream queues over the TCP engine. tcp_glue.c stands between the engine and libos/net, tcp_queue.c between the
 * engine and the application's operations, tcp_sockopt.c holds the options.
 *
 * A queue begins without a connection (fresh, maybe bound) and becomes a listener or one end of a connection. It
 * belongs to the application until it is closed; its connection may live on in the engine, which then knows no user.
 */
#ifndef LIBOS_TRANSPORT_INET_TCP_H
#define LIBOS_TRANSPORT_INET_TCP_H

#include "libos/transport/inet/inet.h"

enum tcp_queue_role {
	TCP_QUEUE_FRESH,
	TCP_QUEUE_LISTENING,
	TCP_QUEUE_CONNECTED, /* or about to be, or has been */
};

struct tcp_queue {
	struct queue q;
	struct inet *inet;
	enum tcp_queue_role role;
	bool is_bound;
	bool wants_fin; /* shut down for sending: no more pushes */
	bool fin_is_sent;
	bool is_shut_rd;
	union {
		struct tcp_listener *listener;
		struct tcp_conn *conn;
	};
	struct op *connect_op; /* or NULL */
	struct list waiting;   /* listener: accepts; connection: pops */
	struct list pushes;    /* in order; op->value.ptr is the buf */
	struct endpoint local; /* bound */
	struct tcp_queue_options options;
	struct net_path path;
};

/* Attaches the engine to @inet's network. 0 or -errno. */
int inet_tcp_init(struct inet *inet, const struct tcp_config *config, uint64_t secret,
		  uint64_t now) must_check;
void inet_tcp_fini(struct inet *inet);

int inet_tcp_socket(struct inet *inet, int domain, struct queue **out) must_check;

/* What the engine may assume of @path, which is resolved. */
struct tcp_path inet_tcp_path(const struct inet *inet, const struct net_path *path);

/* Upcalls from the engine that concern queues. */
void tcp_queue_on_event(void *ctx, struct tcp_conn *conn, unsigned events);
void tcp_queue_on_accept_ready(void *ctx, struct tcp_listener *l);

int tcp_queue_setsockopt(struct queue *q, int level, int name, const void *value, socklen_t len);
int tcp_queue_getsockopt(struct queue *q, int level, int name, void *value, socklen_t *len);

/* Brings the options to a connection that has just come to be. */
void tcp_queue_apply_options(struct tcp_queue *t);

static always_inline struct tcp_queue *to_tcp_queue(struct queue *q)
{
	return container_of(q, struct tcp_queue, q);
}

static always_inline uint64_t tcp_queue_now(const struct tcp_queue *t)
{
	return t->q.rt->sched.now;
}

#endif
