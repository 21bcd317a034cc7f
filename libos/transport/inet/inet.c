/* SPDX-License-Identifier: MIT */
#include "libos/transport/inet/inet.h"

#include <errno.h>
#include <stdlib.h>

#include "libos/transport/inet/tcp.h"

static const char *const counter_names[] = { INET_COUNTERS(COUNTER_NAME) };

static bool inet_poll(void *ctx, uint64_t now)
{
	struct inet *inet = ctx;

	return net_poll(&inet->net, now);
}

static uint64_t inet_next_event(void *ctx)
{
	struct inet *inet = ctx;

	return net_next_event(&inet->net);
}

static int inet_event_fd(void *ctx)
{
	struct inet *inet = ctx;

	return inet->dev->ops->event_fd(inet->dev);
}

static const struct sched_work_ops inet_work = {
	.poll = inet_poll,
	.next_event = inet_next_event,
	.event_fd = inet_event_fd,
};

static int inet_socket(struct runtime *rt, int domain, int type, int protocol, struct queue **out)
{
	struct inet *inet = rt->transport_ctx;

	if (domain != AF_INET && domain != AF_INET6)
		return -EAFNOSUPPORT;
	if (type != SOCK_DGRAM && type != SOCK_STREAM)
		return -ESOCKTNOSUPPORT;
	if (protocol != 0 && protocol != (type == SOCK_DGRAM ? IPPROTO_UDP : IPPROTO_TCP))
		return -EPROTONOSUPPORT;
	if (type == SOCK_STREAM)
		return inet_tcp_socket(inet, domain, out);
	return inet_udp_socket(inet, domain, out);
}

static void inet_fini(struct runtime *rt)
{
	struct inet *inet = rt->transport_ctx;

	inet_tcp_fini(inet);
	net_fini(&inet->net);
	inet->dev->ops->close(inet->dev);
	free(inet);
}

static const struct transport_ops inet_transport = {
	.name = "inet",
	.socket = inet_socket,
	.fini = inet_fini,
};

int inet_attach(struct runtime *rt, struct dev *dev, const struct inet_config *config)
{
	struct inet *inet = calloc(1, sizeof(*inet));
	int err;

	if (!inet) {
		dev->ops->close(dev);
		return -ENOMEM;
	}
	inet->rt = rt;
	inet->dev = dev;
	inet->udp_recv_queue = config->udp_recv_queue;
	inet->tcp_options = config->tcp_options;
	err = net_init(&inet->net, dev, rt->pool, &rt->sched.timers, &config->net, rt->sched.now);
	if (!err) {
		err = inet_tcp_init(inet, &config->tcp, config->net.seed, rt->sched.now);
		if (err)
			net_fini(&inet->net);
	}
	if (err) {
		dev->ops->close(dev);
		free(inet);
		return err;
	}
	rt->sched.work = &inet_work;
	rt->sched.work_ctx = inet;
	rt->transport = &inet_transport;
	rt->transport_ctx = inet;
	inet->counters.module = "inet";
	inet->counters.names = counter_names;
	inet->counters.values = inet->count;
	inet->counters.num = INET_COUNTER_NUM;
	runtime_add_counters(rt, &inet->counters);
	runtime_add_counters(rt, &inet->net.counters);
	dev->ops->counters(dev, &rt->counter_sets);
	return 0;
}
