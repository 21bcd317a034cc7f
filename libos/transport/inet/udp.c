/* SPDX-License-Identifier: MIT */
/*
 * Datagram queues. A pop takes a waiting datagram or waits itself; never both wait. Datagrams that nobody pops
 * are dropped beyond udp_recv_queue, the newest first. A push completes as soon as the stack has the datagram.
 *
 * Errors that the network reports (ICMP, no such neighbour) concern a socket that is connected, or that asked for
 * them by IP_RECVERR: they fail one waiting pop, else they are kept, and the next pop or push gets them, once.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "libos/transport/inet/inet.h"

struct udp_queue {
	struct queue q;
	struct udp_ep ep;
	struct inet *inet;
	struct list pops;
	struct buf_queue datagrams;
	int pending_err;
	bool wants_errors; /* IP_RECVERR */
	bool is_shut_rd;
	bool is_shut_wr;
};

static struct udp_queue *to_udp(struct queue *q)
{
	return container_of(q, struct udp_queue, q);
}

static struct op_table *ops_of(struct udp_queue *u)
{
	return &u->q.rt->sched.ops;
}

static struct op *waiting_pop_or_null(struct udp_queue *u)
{
	return list_is_empty(&u->pops) ? NULL : list_first(&u->pops, struct op, link);
}

static always_inline void complete_pop(struct udp_queue *u, struct op *op, struct buf *b,
				       const struct ipaddr *src, uint16_t sport)
{
	endpoint_to_v4(src, sport, op->addr);
	op->value.ptr = b;
	op_complete(ops_of(u), op, 0);
}

/* No pop waits, or @b is a chain, which no pop can have. */
static no_inline void keep_datagram(struct udp_queue *u, struct buf *b, const struct net_pkt *pkt,
				    uint16_t sport)
{
	struct op *op = waiting_pop_or_null(u);

	b = buf_linearise_or_free(u->q.rt->pool, b);
	if (!b) {
		u->inet->count[INET_DROP_NOBUFS]++;
	} else if (op) {
		complete_pop(u, op, b, &pkt->src, sport);
	} else if (u->datagrams.num < u->inet->udp_recv_queue && !u->is_shut_rd) {
		buf_queue_push(&u->datagrams, b);
	} else {
		u->inet->count[INET_DROP_UDP_QUEUE_FULL]++;
		buf_put(b);
	}
}

static void on_datagram(struct udp_ep *ep, struct buf *b, const struct net_pkt *pkt, uint16_t sport)
{
	struct udp_queue *u = container_of(ep, struct udp_queue, ep);
	struct op *op = waiting_pop_or_null(u);

	if (unlikely(!op || b->next))
		keep_datagram(u, b, pkt, sport);
	else
		complete_pop(u, op, b, &pkt->src, sport);
}

static void on_error(struct udp_ep *ep, int err, const struct ipaddr *dst, uint16_t dport)
{
	struct udp_queue *u = container_of(ep, struct udp_queue, ep);
	struct op *op = waiting_pop_or_null(u);

	(void)dst;
	(void)dport;
	if (!ep->is_connected && !u->wants_errors)
		return;
	if (op)
		op_complete(ops_of(u), op, err);
	else
		u->pending_err = err;
}

static const struct udp_ep_ops ep_ops = {
	.on_datagram = on_datagram,
	.on_error = on_error,
};

static int take_pending_err(struct udp_queue *u)
{
	int err = u->pending_err;

	u->pending_err = 0;
	return err;
}

static int udp_queue_bind(struct queue *q, const struct endpoint *local)
{
	struct udp_queue *u = to_udp(q);

	return udp_bind(&u->inet->net, &u->ep, &local->addr, local->port);
}

static int udp_queue_connect(struct queue *q, struct op *op, const struct endpoint *peer)
{
	struct udp_queue *u = to_udp(q);
	int err = udp_connect(&u->inet->net, &u->ep, &peer->addr, peer->port);

	if (err)
		return err;
	u->pending_err = 0;
	op_complete(ops_of(u), op, 0);
	return 0;
}

static cold_path int refuse_push(struct udp_queue *u, struct buf *b)
{
	buf_put(b);
	return u->is_shut_wr ? -EPIPE : -take_pending_err(u);
}

static int udp_queue_push(struct queue *q, struct op *op, struct buf *b,
			  const struct endpoint *dest)
{
	struct udp_queue *u = to_udp(q);
	struct net *net = &u->inet->net;
	int err;

	if (unlikely(u->is_shut_wr || u->pending_err))
		return refuse_push(u, b);
	net->now = q->rt->sched.now;
	err = udp_send(net, &u->ep, b, dest ? &dest->addr : NULL, dest ? dest->port : 0);
	if (unlikely(err))
		return err;
	op_accepted(q->rt, op);
	net_flush(net);
	return 0;
}

static int udp_queue_pop(struct queue *q, struct op *op)
{
	struct udp_queue *u = to_udp(q);
	struct buf *b = buf_queue_pop_or_null(&u->datagrams);
	struct ipaddr src;
	uint16_t sport;

	if (b) {
		udp_source(b, &src, &sport);
		complete_pop(u, op, b, &src, sport);
	} else if (unlikely(u->pending_err)) {
		op_complete(ops_of(u), op, take_pending_err(u));
	} else if (unlikely(u->is_shut_rd)) {
		op_complete(ops_of(u), op, 0);
	} else {
		list_add_tail(&u->pops, &op->link);
	}
	return 0;
}

static void end_waiting_pops(struct udp_queue *u, int err)
{
	struct op *op;

	while ((op = waiting_pop_or_null(u)) != NULL)
		op_complete(ops_of(u), op, err);
}

/* As Linux has it: only a connected datagram socket can be shut down. */
static int udp_queue_shutdown(struct queue *q, int how)
{
	struct udp_queue *u = to_udp(q);

	if (!u->ep.is_connected)
		return -ENOTCONN;
	if (how != SHUT_WR) {
		u->is_shut_rd = true;
		end_waiting_pops(u, 0);
	}
	if (how != SHUT_RD)
		u->is_shut_wr = true;
	return 0;
}

static int udp_queue_getsockname(struct queue *q, struct endpoint *out)
{
	struct udp_queue *u = to_udp(q);
	struct net *net = &u->inet->net;

	out->addr = u->ep.laddr;
	/* Bound to all addresses but connected: the one that its datagrams leave from. */
	if (u->ep.is_connected && ipaddr_is_any(&out->addr) &&
	    net_path_resolve(net, &u->ep.path) == 0)
		out->addr = u->ep.path.src;
	out->port = u->ep.lport;
	out->is_v6 = q->family == AF_INET6;
	return 0;
}

static int udp_queue_getpeername(struct queue *q, struct endpoint *out)
{
	struct udp_queue *u = to_udp(q);

	if (!u->ep.is_connected)
		return -ENOTCONN;
	out->addr = u->ep.raddr;
	out->port = u->ep.rport;
	out->is_v6 = q->family == AF_INET6;
	return 0;
}

/* Options that are one bit of ep.flags. */
static uint8_t flag_of_option(int level, int name)
{
	if (level == SOL_SOCKET && name == SO_REUSEADDR)
		return UDP_REUSE;
	if (level == SOL_SOCKET && name == SO_BROADCAST)
		return UDP_BROADCAST;
	if (level == SOL_SOCKET && name == SO_NO_CHECK)
		return UDP_NO_CSUM_TX;
	return 0;
}

/* The byte of the endpoint that an option sets, for the socket's own family. */
static uint8_t *byte_of_option_or_null(struct udp_queue *u, int level, int name)
{
	bool v6 = u->q.family == AF_INET6;

	if (level != (v6 ? IPPROTO_IPV6 : IPPROTO_IP))
		return NULL;
	if (name == (v6 ? IPV6_UNICAST_HOPS : IP_TTL))
		return &u->ep.ttl;
	if (name == (v6 ? IPV6_TCLASS : IP_TOS))
		return &u->ep.tos;
	return NULL;
}

static bool is_recverr(const struct udp_queue *u, int level, int name)
{
	return u->q.family == AF_INET6 ? level == IPPROTO_IPV6 && name == IPV6_RECVERR
				       : level == IPPROTO_IP && name == IP_RECVERR;
}

static bool is_mtu_discover(const struct udp_queue *u, int level, int name)
{
	return u->q.family == AF_INET6 ? level == IPPROTO_IPV6 && name == IPV6_MTU_DISCOVER
				       : level == IPPROTO_IP && name == IP_MTU_DISCOVER;
}

static void set_flag(struct udp_queue *u, uint8_t flag, bool on)
{
	u->ep.flags = (uint8_t)(on ? u->ep.flags | flag : u->ep.flags & ~flag);
}

static int udp_queue_setsockopt(struct queue *q, int level, int name, const void *value,
				socklen_t len)
{
	struct udp_queue *u = to_udp(q);
	uint8_t flag = flag_of_option(level, name);
	uint8_t *byte = byte_of_option_or_null(u, level, name);
	int v;

	if (!flag && !byte && !is_recverr(u, level, name) && !is_mtu_discover(u, level, name))
		return -ENOPROTOOPT;
	if (len < sizeof(v))
		return -EINVAL;
	memcpy(&v, value, sizeof(v));
	if (flag) {
		set_flag(u, flag, v != 0);
	} else if (byte) {
		if (v < (byte == &u->ep.ttl) || v > 255)
			return -EINVAL;
		*byte = (uint8_t)v;
	} else if (is_recverr(u, level, name)) {
		u->wants_errors = v != 0;
	} else {
		if (v != IP_PMTUDISC_DO && v != IP_PMTUDISC_WANT)
			return -EINVAL;
		set_flag(u, UDP_DONT_FRAG, v == IP_PMTUDISC_DO);
	}
	return 0;
}

static int udp_queue_getsockopt(struct queue *q, int level, int name, void *value, socklen_t *len)
{
	struct udp_queue *u = to_udp(q);
	uint8_t flag = flag_of_option(level, name);
	uint8_t *byte = byte_of_option_or_null(u, level, name);
	int v;

	if (flag)
		v = (u->ep.flags & flag) != 0;
	else if (byte == &u->ep.ttl)
		v = *byte ? *byte : u->inet->net.ttl;
	else if (byte)
		v = *byte;
	else if (is_recverr(u, level, name))
		v = u->wants_errors;
	else if (is_mtu_discover(u, level, name))
		v = u->ep.flags & UDP_DONT_FRAG ? IP_PMTUDISC_DO : IP_PMTUDISC_WANT;
	else if (level == SOL_SOCKET && name == SO_ERROR)
		v = take_pending_err(u);
	else if (level == SOL_SOCKET && name == SO_TYPE)
		v = SOCK_DGRAM;
	else if (level == SOL_SOCKET && name == SO_DOMAIN)
		v = q->family;
	else if (level == SOL_SOCKET && name == SO_PROTOCOL)
		v = IPPROTO_UDP;
	else
		return -ENOPROTOOPT;
	*len = min_t(socklen_t, *len, sizeof(v));
	memcpy(value, &v, *len);
	return 0;
}

static void udp_queue_close(struct queue *q)
{
	struct udp_queue *u = to_udp(q);

	udp_close(&u->inet->net, &u->ep);
	end_waiting_pops(u, ECANCELED);
	buf_queue_drain(&u->datagrams);
	free(u);
}

static const struct queue_ops udp_queue_ops = {
	.bind = udp_queue_bind,
	.connect = udp_queue_connect,
	.push = udp_queue_push,
	.pop = udp_queue_pop,
	.shutdown = udp_queue_shutdown,
	.setsockopt = udp_queue_setsockopt,
	.getsockopt = udp_queue_getsockopt,
	.getsockname = udp_queue_getsockname,
	.getpeername = udp_queue_getpeername,
	.close = udp_queue_close,
};

int inet_udp_socket(struct inet *inet, int domain, struct queue **out)
{
	struct udp_queue *u = calloc(1, sizeof(*u));

	if (!u)
		return -ENOMEM;
	u->q.ops = &udp_queue_ops;
	u->inet = inet;
	list_init(&u->pops);
	udp_ep_init(&u->ep, &ep_ops, domain == AF_INET6 ? UDP_IS_V6 : 0);
	*out = &u->q;
	return 0;
}
