/* SPDX-License-Identifier: MIT */
/* One host: how it is put together, polled, and how its program runs and waits. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "libos/base/bug.h"
#include "libos/rack/rack.h"

static void run_program(struct tern_sim_host *host)
{
	struct runtime *before = runtime_current;

	runtime_current = &host->rt;
	fiber_resume(host->fiber_or_null);
	runtime_current = before;
	if (fiber_has_returned(host->fiber_or_null, &host->exit_status)) {
		fiber_free(host->fiber_or_null);
		host->fiber_or_null = NULL;
		host->has_exited = true;
		host->rack->num_programs--;
	}
}

/* Something it may be waiting for has happened, or its patience is at an end. */
static bool program_may_go_on(const struct tern_sim_host *host, uint64_t now)
{
	return host->fiber_or_null &&
	       (!list_is_empty(&host->rt.sched.ops.ready) || now >= host->program_wakes_at);
}

static void host_poll(void *ctx, uint64_t now)
{
	struct tern_sim_host *host = ctx;

	sched_turn(&host->rt.sched);
	if (program_may_go_on(host, now))
		run_program(host);
}

static uint64_t host_next_event(void *ctx)
{
	struct tern_sim_host *host = ctx;
	uint64_t next = sched_next_event(&host->rt.sched);

	return host->fiber_or_null ? min_t(uint64_t, next, host->program_wakes_at) : next;
}

static const struct sim_node_ops host_node_ops = {
	.poll = host_poll,
	.next_event = host_next_event,
};

/* Code outside programs waits on this host: it becomes the one that moves the rack. */
static int step_rack(struct tern_sim_host *host, uint64_t until, unsigned empty_polls)
{
	struct sim *sim = &host->rack->sim;
	uint64_t next;

	/* It may have armed timers and sent since the simulator last looked. */
	if (empty_polls == 1)
		sim_node_kick(&host->node);
	if (sim->clock.kind != CLOCK_KIND_VIRTUAL) {
		sim_step(sim);
		return 0;
	}
	next = sim_next_event(sim);
	if (next == TIME_NEVER && until == TIME_NEVER)
		return -EDEADLK;
	if (next > until)
		sim_run_until(sim, until);
	else
		sim_step(sim);
	return 0;
}

static int host_idle(struct sched *s, uint64_t until, unsigned empty_polls)
{
	struct tern_sim_host *host = s->idle_ctx;

	if (!fiber_running_or_null())
		return step_rack(host, until, empty_polls);
	host->program_wakes_at = until;
	fiber_yield();
	return 0;
}

struct rack_host_config rack_default_host_config(void)
{
	return (struct rack_host_config){
		.net = net_default_config(),
		.tcp = tcp_default_config(),
		.tcp_options = { .keepalive = tcp_default_config().keepalive },
		.runtime = { .max_ops = 1u << 20, .max_queues = 1u << 20 },
		.udp_recv_queue = 1024,
	};
}

uint16_t rack_link_mtu(const struct tern_sim_link *link)
{
	return link->mtu ? link->mtu : 1500;
}

int rack_host_build(struct tern_sim *rack, const struct tern_sim_host_options *options,
		    const struct rack_host_config *config, struct tern_sim_host **out)
{
	struct tern_sim_host *host;
	struct sim_port_config port;
	int err;

	if (rack_link_mtu(&options->link) < IP6_MIN_MTU && options->ipv6)
		return -EINVAL;
	if (rack_link_mtu(&options->link) > RACK_MAX_MTU)
		return -EINVAL;
	host = calloc(1, sizeof(*host));
	if (!host)
		return -ENOMEM;
	err = runtime_init(&host->rt, &rack->sim.clock, &rack->pool, &config->runtime);
	if (err) {
		free(host);
		return err;
	}
	host->rack = rack;
	host->number = ++rack->num_hosts;
	host->program_wakes_at = TIME_NEVER;
	list_add_tail(&rack->hosts, &host->link);
	host->rt.sched.idle = host_idle;
	host->rt.sched.idle_ctx = host;
	sim_node_init(&host->node, &rack->sim, &host_node_ops, host);
	port = sim_port_config_default(&rack->pool, host->number);
	port.mtu = rack_link_mtu(&options->link);
	if (config->has_mac)
		memcpy(port.mac, config->mac, sizeof(port.mac));
	if (options->link.offload)
		port.features |= DEV_TX_CSUM_IP4 | DEV_TX_CSUM_L4 | DEV_RX_CSUM;
	sim_port_init(&host->port, &host->node, &port);
	*out = host;
	return 0;
}

static bool has_any_fault(const struct tern_sim_faults *f)
{
	return f->loss_ppm || f->burst_ppm || f->duplicate_ppm || f->reorder_ppm ||
	       f->corrupt_ppm || f->partitioned;
}

/* The port behind its decorators, capture outermost: it shows what the host sees. */
static int decorate(struct tern_sim_host *host, const struct tern_sim_link *link, struct dev **out)
{
	struct tern_sim *rack = host->rack;
	struct dev *dev = &host->port.dev;
	int err;

	if (has_any_fault(&link->faults) || rack->sim.clock.kind == CLOCK_KIND_VIRTUAL) {
		struct fault_config config =
			fault_config_default(&rack->pool, rack->seed * 1000003 + host->number);

		err = fault_init(&host->fault, dev, &config);
		if (err)
			return err;
		host->has_fault = true;
		rack_set_faults(host, &link->faults);
		dev = &host->fault.dev;
	}
	if (link->pcap_path) {
		struct pcap_dev_config config = { 0 };

		err = pcap_dev_init(&host->pcap, dev, link->pcap_path, &config);
		if (err)
			return err;
		dev = &host->pcap.dev;
	}
	*out = dev;
	return 0;
}

/* The number after a slash, 0 to @width. */
static int parse_bits(const char *text, unsigned width, unsigned *out)
{
	char *end;
	unsigned long bits = strtoul(text, &end, 10);

	if (*text < '0' || *text > '9' || *end || bits > width)
		return -EINVAL;
	*out = (unsigned)bits;
	return 0;
}

/* "10.0.0.1/24"; without a length, the whole address is the prefix. */
static int parse_prefix(const char *text, struct net_addr_config *out)
{
	char addr[IPADDR_STRLEN];
	const char *slash = strchr(text, '/');
	size_t len = slash ? (size_t)(slash - text) : strlen(text);
	unsigned bits, width;

	if (len >= sizeof(addr))
		return -EINVAL;
	memcpy(addr, text, len);
	addr[len] = 0;
	if (ipaddr_parse(addr, &out->addr))
		return -EINVAL;
	width = ipaddr_is_v4(&out->addr) ? 32 : 128;
	bits = width;
	if (slash && parse_bits(slash + 1, width, &bits))
		return -EINVAL;
	out->bits = (uint8_t)(128 - width + bits);
	return 0;
}

static int fill_addresses(struct net_config *net, struct net_addr_config addrs[2],
			  const struct tern_sim_host_options *options)
{
	const char *texts[] = { options->ipv4, options->ipv6 };
	struct ipaddr gateway;

	if (options->ipv4 || options->ipv6) {
		net->addrs = addrs;
		net->num_addrs = 0;
	}
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		if (!texts[i])
			continue;
		if (parse_prefix(texts[i], &addrs[net->num_addrs]))
			return -EINVAL;
		if (ipaddr_is_v4(&addrs[net->num_addrs].addr) != (i == 0))
			return -EINVAL;
		net->num_addrs++;
	}
	if (!options->gateway)
		return 0;
	if (ipaddr_parse(options->gateway, &gateway))
		return -EINVAL;
	if (ipaddr_is_v4(&gateway))
		net->gateway4 = gateway;
	else
		net->gateway6 = gateway;
	return 0;
}

int rack_host_start(struct tern_sim_host *host, const struct tern_sim_host_options *options,
		    const struct rack_host_config *config)
{
	struct inet_config inet = { .net = config->net,
				    .tcp = config->tcp,
				    .tcp_options = config->tcp_options,
				    .udp_recv_queue = config->udp_recv_queue };
	struct net_addr_config addrs[2];
	struct dev *dev;
	int err;

	err = fill_addresses(&inet.net, addrs, options);
	if (err)
		return err;
	inet.net.seed = host->rack->seed * 1000033 + host->number;
	err = decorate(host, &options->link, &dev);
	if (err)
		return err;
	host->pool_counters = host->rack->pool.counters;
	runtime_add_counters(&host->rt, &host->pool_counters);
	return inet_attach(&host->rt, dev, &inet);
}

void rack_host_free(struct tern_sim_host *host)
{
	if (host->fiber_or_null) {
		fiber_free(host->fiber_or_null);
		host->rack->num_programs--;
	}
	if (runtime_current == &host->rt)
		runtime_current = NULL;
	runtime_fini(&host->rt);
	sim_node_fini(&host->node);
	list_del(&host->link);
	free(host);
}

int rack_spawn(struct tern_sim_host *host, int (*program)(void *), void *arg)
{
	if (host->fiber_or_null)
		return -EBUSY;
	host->fiber_or_null = fiber_new_or_null(program, arg);
	if (!host->fiber_or_null)
		return -ENOMEM;
	host->has_exited = false;
	host->rt.is_open = false;
	host->program_wakes_at = 0;
	host->rack->num_programs++;
	sim_node_kick(&host->node);
	return 0;
}

void rack_enter(struct tern_sim_host *host_or_null)
{
	struct runtime *left = runtime_current;

	/* What was done by hand on the host that we leave is news to the simulator; in real time it polls anyway. */
	if (left && left->sched.idle == host_idle && left->sched.clock->kind == CLOCK_KIND_VIRTUAL)
		sim_node_kick(&rack_host_of(left)->node);
	runtime_current = host_or_null ? &host_or_null->rt : NULL;
}
