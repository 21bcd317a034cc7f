/* SPDX-License-Identifier: MIT */
/*
 * Listeners, found by port in a small table of lists. A SYN makes a connection in SYN-RECEIVED, which waits on the
 * listener's half list, and after the handshake on its ready list. Both are bounded by the backlog: a SYN that finds
 * either full is dropped without an answer, so that the client tries again (as RFC 9293 leaves it to us).
 */
#include "libos/tcp/listen.h"

#include <errno.h>
#include <string.h>

#include "libos/tcp/handshake.h"
#include "libos/tcp/output.h"
#include "libos/tcp/state.h"
#include "libos/tcp/table.h"

static struct list *head_of(struct tcp *tcp, uint16_t port)
{
	return &tcp->listeners[port % TCP_LISTENER_HEADS];
}

static struct tcp_listener *find_exact_or_null(struct tcp *tcp, const struct ipaddr *addr,
					       uint16_t port)
{
	struct list *pos;

	list_for_each (pos, head_of(tcp, port)) {
		struct tcp_listener *l = list_entry(pos, struct tcp_listener, link);

		if (l->port == port && (ipaddr_equal(&l->addr, addr) ||
					(ipaddr_is_any(&l->addr) && ipaddr_is_any(addr))))
			return l;
	}
	return NULL;
}

struct tcp_listener *tcp_listener_find_or_null(struct tcp *tcp, const struct tcp_tuple *tuple)
{
	struct tcp_listener *any = NULL;
	struct list *pos;

	list_for_each (pos, head_of(tcp, tuple->local_port)) {
		struct tcp_listener *l = list_entry(pos, struct tcp_listener, link);

		if (l->port != tuple->local_port)
			continue;
		if (ipaddr_equal(&l->addr, &tuple->local))
			return l;
		/* 0.0.0.0 is for IPv4 alone, :: for both. */
		if (ipaddr_is_any(&l->addr) &&
		    (!ipaddr_is_v4(&l->addr) || ipaddr_is_v4(&tuple->local)))
			any = l;
	}
	return any;
}

int tcp_listen(struct tcp *tcp, const struct ipaddr *addr, uint16_t port, uint32_t backlog,
	       void *user, struct tcp_listener **out)
{
	struct tcp_listener *l;

	if (find_exact_or_null(tcp, addr, port))
		return -EADDRINUSE;
	l = pool_get_or_null(&tcp->listener_pool);
	if (!l)
		return -ENOMEM;
	*l = (struct tcp_listener){
		.tcp = tcp,
		.user = user,
		.addr = *addr,
		.backlog = backlog > 0 ? backlog : 1,
		.port = port,
	};
	list_init(&l->half);
	list_init(&l->ready);
	list_add_tail(head_of(tcp, port), &l->link);
	*out = l;
	return 0;
}

static void reset_all(struct list *conns, uint64_t now)
{
	struct list *pos, *tmp;

	list_for_each_safe (pos, tmp, conns)
		tcp_abort(list_entry(pos, struct tcp_conn, pending), now);
}

void tcp_unlisten(struct tcp_listener *l, uint64_t now)
{
	reset_all(&l->half, now);
	reset_all(&l->ready, now);
	list_del(&l->link);
	pool_put(&l->tcp->listener_pool, l);
}

void *tcp_listener_user(const struct tcp_listener *l)
{
	return l->user;
}

uint16_t tcp_listener_port(const struct tcp_listener *l)
{
	return l->port;
}

void tcp_listener_forget(struct tcp_conn *c)
{
	struct tcp_listener *l = c->listener_or_null;

	if (!l)
		return;
	list_del(&c->pending);
	if (c->flags & TCP_F_READY)
		l->num_ready--;
	else
		l->num_half--;
	c->flags &= ~(uint32_t)TCP_F_READY;
	c->listener_or_null = NULL;
}

void tcp_listener_on_established(struct tcp_conn *c)
{
	struct tcp_listener *l = c->listener_or_null;

	tcp_count(c->tcp, TCP_PASSIVE_OPENS);
	l->num_half--;
	l->num_ready++;
	c->flags |= TCP_F_READY | TCP_F_TELL_LISTENER;
	list_move_tail(&l->ready, &c->pending);
}

struct tcp_conn *tcp_accept_or_null(struct tcp_listener *l, void *user)
{
	struct tcp_conn *c;

	if (list_is_empty(&l->ready))
		return NULL;
	c = list_first(&l->ready, struct tcp_conn, pending);
	tcp_listener_forget(c);
	c->user = user;
	return c;
}

/* A SYN that there is room for. */
static void open_passively(struct tcp_listener *l, const struct tcp_tuple *tuple, struct tcp_in *in)
{
	struct tcp *tcp = l->tcp;
	struct tcp_path path;
	struct tcp_conn *c;

	if (tcp->env.ops->path(tcp->env.ctx, &tuple->local, &tuple->remote, &path))
		return;
	c = tcp_conn_new_or_null(tcp, tuple, &path, in->now);
	if (!c) {
		tcp_count(tcp, TCP_DROP_NO_MEMORY);
		return;
	}
	/* Ahead of all that the connection before may still have on its way (RFC 9293 MAY-2). */
	if (in->replaces && seq_leq(c->iss, in->old_snd_nxt + UINT16_MAX)) {
		c->iss = in->old_snd_nxt + UINT16_MAX + 2;
		c->snd_una = c->iss;
		c->snd_nxt = c->iss;
	}
	c->listener_or_null = l;
	c->flags |= TCP_F_PASSIVE;
	l->num_half++;
	list_add_tail(&l->half, &c->pending);
	tcp_set_state(c, TCP_SYN_RCVD);
	tcp_take_syn(c, in);
	if (!tcp_flight_get_or_null(c, in->now) || tcp_output_syn(c, in->now)) {
		tcp_count(tcp, TCP_DROP_NO_MEMORY);
		tcp_conn_free(c);
		return;
	}
	tcp_settle(c, in->now);
}

void tcp_listener_input(struct tcp_listener *l, const struct tcp_tuple *tuple, struct tcp_in *in)
{
	if (in->flags & TCP_RST)
		return;
	if (in->flags & TCP_ACK) {
		tcp_reply_rst(l->tcp, tuple, in);
		return;
	}
	if ((in->flags & (TCP_SYN | TCP_FIN)) != TCP_SYN) {
		tcp_count(l->tcp, in->flags & TCP_SYN ? TCP_DROP_BAD_SYN : TCP_DROP_NO_ACK);
		return;
	}
	if (l->num_half >= l->backlog || l->num_ready >= l->backlog) {
		tcp_count(l->tcp, TCP_DROP_BACKLOG);
		return;
	}
	/* Text with a SYN may be queued or left for the client to send again; without Fast Open it is left. */
	open_passively(l, tuple, in);
}
