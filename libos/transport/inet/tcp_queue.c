/* SPDX-License-Identifier: MIT */
/*
 * Stream queues: operations of the application on one side, calls and events of the engine on the other.
 *
 * Pops and accepts take what is there or wait; pushes go to the engine until it says that its queue is full, then wait in
 * order and are tried again when it has room. An operation waits on exactly one list, or is connect_op. Whatever ends
 * a connection completes them all: pops with the data that has come first, then the end of the stream or the error;
 * pushes and connect with the error.
 */
#include <errno.h>
#include <string.h>

#include "libos/transport/inet/tcp.h"

#define POP_BYTES_MAX BUF_MAX_PAYLOAD

static const struct queue_ops tcp_queue_ops;

static struct op_table *ops_of(struct tcp_queue *t)
{
	return &t->q.rt->sched.ops;
}

static struct op *first_or_null(struct list *ops)
{
	return list_is_empty(ops) ? NULL : list_first(ops, struct op, link);
}

static void complete_all(struct tcp_queue *t, struct list *ops, int err)
{
	struct op *op;

	while ((op = first_or_null(ops)) != NULL)
		op_complete(ops_of(t), op, err);
}

/* Pushes that the engine never got: their bufs are still ours. */
static void fail_pushes(struct tcp_queue *t, int err)
{
	struct op *op;

	while ((op = first_or_null(&t->pushes)) != NULL) {
		struct buf *b = op->value.ptr;

		op_complete(ops_of(t), op, err);
		buf_put(b);
	}
}

static void flush(struct tcp_queue *t)
{
	net_flush(&t->inet->net);
}

/* --- receiving --- */

/* Can a pop be answered now? Then it is. */
static bool serve_pop(struct tcp_queue *t, struct op *op)
{
	struct buf *b;

	if (!t->is_shut_rd) {
		b = tcp_recv_or_null(t->conn, POP_BYTES_MAX, tcp_queue_now(t));
		if (b) {
			b->l3_off = 0; /* no datagram: nobody asks it for a source */
			memset(op->addr, 0, sizeof(op->addr));
			op->value.ptr = b;
			op_complete(ops_of(t), op, 0);
			return true;
		}
		if (!tcp_recv_is_eof(t->conn))
			return false;
	}
	op_complete(ops_of(t), op, -tcp_error(t->conn));
	return true;
}

static void serve_pops(struct tcp_queue *t)
{
	struct op *op;

	while ((op = first_or_null(&t->waiting)) != NULL && serve_pop(t, op))
		;
}

static int tcp_queue_pop(struct queue *q, struct op *op)
{
	struct tcp_queue *t = to_tcp_queue(q);

	if (t->role != TCP_QUEUE_CONNECTED || t->connect_op)
		return -ENOTCONN;
	if (!list_is_empty(&t->waiting) || !serve_pop(t, op))
		list_add_tail(&t->waiting, &op->link);
	flush(t); /* reading may have opened the window */
	return 0;
}

/* --- sending --- */

/* The waiting pushes, as far as the engine takes them; then the FIN that waits behind them. */
static void send_waiting(struct tcp_queue *t)
{
	uint64_t now = tcp_queue_now(t);
	struct op *op;
	int err;

	while ((op = first_or_null(&t->pushes)) != NULL) {
		struct buf *b = op->value.ptr;

		err = tcp_send(t->conn, b, now);
		if (err == -EAGAIN || err == -ENOBUFS)
			return;
		if (err) {
			fail_pushes(t, -err);
			break;
		}
		list_del(&op->link);
		op_accepted(t->q.rt, op);
	}
	/* Short of memory for it, the FIN waits too; -ENOTCONN: the connection is gone, and with it whom to tell. */
	if (t->wants_fin && !t->fin_is_sent)
		t->fin_is_sent = tcp_shutdown_send(t->conn, now) != -ENOBUFS;
}

static int tcp_queue_push(struct queue *q, struct op *op, struct buf *b,
			  const struct endpoint *dest)
{
	struct tcp_queue *t = to_tcp_queue(q);
	int err;

	if (unlikely(dest))
		err = -EISCONN;
	else if (unlikely(t->role != TCP_QUEUE_CONNECTED || t->connect_op))
		err = -ENOTCONN;
	else if (unlikely(t->wants_fin))
		err = -EPIPE;
	else if (unlikely(!list_is_empty(&t->pushes)))
		err = -EAGAIN;
	else
		err = tcp_send(t->conn, b, tcp_queue_now(t));
	if (likely(!err)) {
		op_accepted(q->rt, op);
		flush(t);
		return 0;
	}
	if (err == -EAGAIN || err == -ENOBUFS) {
		op->value.ptr = b;
		list_add_tail(&t->pushes, &op->link);
		return 0;
	}
	buf_put(b);
	/* Once connected, "not connected" has a reason. */
	if (err == -ENOTCONN && t->role == TCP_QUEUE_CONNECTED && !t->connect_op &&
	    tcp_error(t->conn))
		err = tcp_error(t->conn);
	return err;
}

/* --- connections --- */

static struct tcp_queue *new_queue_or_null(struct inet *inet, int family)
{
	struct tcp_queue *t = pool_get_or_null(&inet->tcp_queues);

	if (!t)
		return NULL;
	memset(t, 0, sizeof(*t));
	t->q.ops = &tcp_queue_ops;
	t->q.rt = inet->rt;
	t->q.family = family;
	t->inet = inet;
	t->local.addr = family == AF_INET6 ? ipaddr_any() : ipaddr_v4(be32(0));
	t->options = inet->tcp_options;
	list_init(&t->waiting);
	list_init(&t->pushes);
	return t;
}

static void free_queue(struct tcp_queue *t)
{
	pool_put(&t->inet->tcp_queues, t);
}

/* Drawn blindly (RFC 6056): should it be taken, listening or connecting says so. */
static uint16_t ephemeral_port(struct inet *inet)
{
	return (uint16_t)(UDP_EPHEMERAL_FIRST + rng_below(&inet->net.rng, UDP_EPHEMERAL_NUM));
}

static int tcp_queue_bind(struct queue *q, const struct endpoint *local)
{
	struct tcp_queue *t = to_tcp_queue(q);

	if (t->role != TCP_QUEUE_FRESH || t->is_bound)
		return -EINVAL;
	if (!ipaddr_is_any(&local->addr) && !net_is_local(&t->inet->net, &local->addr))
		return -EADDRNOTAVAIL;
	t->local = *local;
	if (!t->local.port)
		t->local.port = ephemeral_port(t->inet);
	t->is_bound = true;
	return 0;
}

static int tcp_queue_listen(struct queue *q, int backlog)
{
	struct tcp_queue *t = to_tcp_queue(q);
	struct tcp_listener *l;
	int err;

	if (t->role != TCP_QUEUE_FRESH)
		return -EINVAL;
	if (!t->is_bound)
		return -EDESTADDRREQ;
	err = tcp_listen(t->inet->tcp, &t->local.addr, t->local.port,
			 backlog > 0 ? (uint32_t)backlog : 1, t, &l);
	if (err)
		return err;
	t->listener = l;
	t->local.port = tcp_listener_port(l);
	t->role = TCP_QUEUE_LISTENING;
	return 0;
}

/* A queue for a connection that waits at @l; NULL: none waits, or no queue is to be had (then it is reset). */
static struct tcp_queue *accept_or_null(struct tcp_queue *l)
{
	struct tcp_queue *t = new_queue_or_null(l->inet, l->q.family);
	struct tcp_addrs addrs;

	if (!t)
		return NULL;
	t->options = l->options;
	t->conn = tcp_accept_or_null(l->listener, t);
	if (!t->conn) {
		free_queue(t);
		return NULL;
	}
	addrs = tcp_addrs(t->conn);
	net_path_init(&t->path, &addrs.remote, &addrs.local);
	t->role = TCP_QUEUE_CONNECTED;
	tcp_queue_apply_options(t);
	return t;
}

static bool serve_accept(struct tcp_queue *l, struct op *op)
{
	struct tcp_queue *t = accept_or_null(l);
	struct tcp_addrs addrs;
	int err;

	if (!t)
		return false;
	err = queue_table_add(&t->q.rt->queues, &t->q);
	if (err) {
		tcp_abort(t->conn, tcp_queue_now(t));
		free_queue(t);
		op_complete(ops_of(l), op, -err);
		return true;
	}
	addrs = tcp_addrs(t->conn);
	endpoint_to_v4(&addrs.remote, addrs.remote_port, op->addr);
	op->value.qd = t->q.qd;
	op_complete(ops_of(l), op, 0);
	return true;
}

void tcp_queue_on_accept_ready(void *ctx, struct tcp_listener *listener)
{
	struct tcp_queue *l = tcp_listener_user(listener);
	struct op *op;

	(void)ctx;
	while ((op = first_or_null(&l->waiting)) != NULL && serve_accept(l, op))
		;
}

static int tcp_queue_accept(struct queue *q, struct op *op)
{
	struct tcp_queue *l = to_tcp_queue(q);

	if (l->role != TCP_QUEUE_LISTENING)
		return -EINVAL;
	if (!list_is_empty(&l->waiting) || !serve_accept(l, op))
		list_add_tail(&l->waiting, &op->link);
	return 0;
}

static int tcp_queue_connect(struct queue *q, struct op *op, const struct endpoint *peer)
{
	struct tcp_queue *t = to_tcp_queue(q);
	struct inet *inet = t->inet;
	struct tcp_connect how = {
		.remote = peer->addr,
		.remote_port = peer->port,
		.local_port = t->local.port,
		.user = t,
	};
	int err;

	if (t->role == TCP_QUEUE_LISTENING)
		return -EOPNOTSUPP;
	if (t->role == TCP_QUEUE_CONNECTED)
		return t->connect_op ? -EALREADY : -EISCONN;
	net_path_init(&t->path, &peer->addr, &t->local.addr);
	err = net_path_resolve(&inet->net, &t->path);
	if (err)
		return err;
	how.local = t->path.src;
	how.path = inet_tcp_path(inet, &t->path);
	t->role = TCP_QUEUE_CONNECTED;
	t->connect_op = op;
	err = tcp_connect(inet->tcp, &how, tcp_queue_now(t), &t->conn);
	if (err) {
		t->role = TCP_QUEUE_FRESH;
		t->connect_op = NULL;
		return err;
	}
	tcp_queue_apply_options(t);
	flush(t);
	return 0;
}

static void finish_connect(struct tcp_queue *t, int err)
{
	struct op *op = t->connect_op;

	t->connect_op = NULL;
	if (op)
		op_complete(ops_of(t), op, err);
}

void tcp_queue_on_event(void *ctx, struct tcp_conn *conn, unsigned events)
{
	struct tcp_queue *t = tcp_user(conn);

	(void)ctx;
	if (unlikely(!t))
		return;
	if (events & TCP_EV_CONNECTED)
		finish_connect(t, 0);
	if (events & TCP_EV_ACKED)
		net_neigh_confirm(&t->inet->net, &t->path);
	if (events & (TCP_EV_READABLE | TCP_EV_CLOSED))
		serve_pops(t);
	if (events & TCP_EV_CLOSED) {
		int err = -tcp_error(conn);

		finish_connect(t, err);
		fail_pushes(t, err ? err : EPIPE);
	} else if (unlikely(!list_is_empty(&t->pushes) || (t->wants_fin && !t->fin_is_sent))) {
		/* Not for TCP_EV_WRITABLE alone: what waits may have been short of memory, which acknowledgements free. */
		send_waiting(t);
	}
}

static int tcp_queue_shutdown(struct queue *q, int how)
{
	struct tcp_queue *t = to_tcp_queue(q);

	if (t->role != TCP_QUEUE_CONNECTED || t->connect_op)
		return -ENOTCONN;
	if (how != SHUT_WR) {
		t->is_shut_rd = true;
		serve_pops(t);
	}
	if (how != SHUT_RD && !t->wants_fin) {
		t->wants_fin = true;
		send_waiting(t);
		flush(t);
	}
	return 0;
}

static int tcp_queue_getsockname(struct queue *q, struct endpoint *out)
{
	struct tcp_queue *t = to_tcp_queue(q);

	*out = t->local;
	if (t->role == TCP_QUEUE_CONNECTED) {
		struct tcp_addrs addrs = tcp_addrs(t->conn);

		out->addr = addrs.local;
		out->port = addrs.local_port;
	}
	out->is_v6 = q->family == AF_INET6;
	return 0;
}

static int tcp_queue_getpeername(struct queue *q, struct endpoint *out)
{
	struct tcp_queue *t = to_tcp_queue(q);
	struct tcp_addrs addrs;

	if (t->role != TCP_QUEUE_CONNECTED || t->connect_op)
		return -ENOTCONN;
	addrs = tcp_addrs(t->conn);
	out->addr = addrs.remote;
	out->port = addrs.remote_port;
	out->is_v6 = q->family == AF_INET6;
	return 0;
}

static void tcp_queue_close(struct queue *q)
{
	struct tcp_queue *t = to_tcp_queue(q);
	uint64_t now = tcp_queue_now(t);

	finish_connect(t, ECANCELED);
	complete_all(t, &t->waiting, ECANCELED);
	fail_pushes(t, ECANCELED);
	if (t->role == TCP_QUEUE_LISTENING)
		tcp_unlisten(t->listener, now);
	else if (t->role == TCP_QUEUE_CONNECTED && t->options.linger && t->options.linger_s == 0)
		tcp_abort(t->conn, now);
	else if (t->role == TCP_QUEUE_CONNECTED)
		tcp_close(t->conn, now);
	flush(t);
	free_queue(t);
}

static const struct queue_ops tcp_queue_ops = {
	.bind = tcp_queue_bind,
	.listen = tcp_queue_listen,
	.accept = tcp_queue_accept,
	.connect = tcp_queue_connect,
	.push = tcp_queue_push,
	.pop = tcp_queue_pop,
	.shutdown = tcp_queue_shutdown,
	.setsockopt = tcp_queue_setsockopt,
	.getsockopt = tcp_queue_getsockopt,
	.getsockname = tcp_queue_getsockname,
	.getpeername = tcp_queue_getpeername,
	.close = tcp_queue_close,
};

int inet_tcp_socket(struct inet *inet, int domain, struct queue **out)
{
	struct tcp_queue *t = new_queue_or_null(inet, domain);

	if (!t)
		return -ENOBUFS;
	*out = &t->q;
	return 0;
}
