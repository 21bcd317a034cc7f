/* SPDX-License-Identifier: MIT */
#include "libos/net/net.h"

#include <errno.h>

#include "libos/net/arp.h"
#include "libos/net/ndp.h"

/* While the device is full, ask again this often: it does not say when it will have room. */
#define TX_RETRY_NS (10 * NS_PER_US)

static const char *const counter_names[] = { NET_COUNTERS(COUNTER_NAME) };

struct net_config net_default_config(void)
{
	return (struct net_config){
		.ttl = 64,
		.neigh_max = 1024,
		.neigh_queue_packets = 64,
		.neigh_retries = 5,
		.neigh_timeout_ns = NS_PER_SEC,
		.neigh_ttl_ns = 60 * NS_PER_SEC,
		.neigh_delay_ns = 5 * NS_PER_SEC, /* DELAY_FIRST_PROBE_TIME of RFC 4861 */
		.frag_max_datagrams = 64,
		.frag_max_bytes = 4u << 20,
		.frag_timeout4_ns = 30 * NS_PER_SEC,
		.frag_timeout6_ns = 60 * NS_PER_SEC,
		.pmtu_max = 1024,
		.pmtu_ttl_ns = 600 * NS_PER_SEC,
		.icmp_errors_per_sec = 1000,
		.icmp_errors_burst = 50,
		.icmp_echo_per_sec = 10000,
		.icmp_echo_burst = 1000,
		.udp_buckets = 1024,
		.csum_offload_tx = true,
		.csum_offload_rx = true,
	};
}

static bool sizes_make_sense(const struct net_config *c, const struct dev *dev)
{
	return c->ttl && c->neigh_max && c->neigh_retries && c->neigh_timeout_ns &&
	       c->neigh_delay_ns && c->neigh_ttl_ns && c->frag_max_datagrams && c->pmtu_max &&
	       c->udp_buckets && (c->udp_buckets & (c->udp_buckets - 1)) == 0 &&
	       (!c->mtu || c->mtu >= IP4_MIN_MTU) && dev->mtu >= IP4_MIN_MTU;
}

static int init_tables(struct net *net)
{
	int err = neigh_table_init(net);

	if (err)
		return err;
	err = frag_table_init(net);
	if (err)
		goto no_frag;
	err = pmtu_table_init(net);
	if (err)
		goto no_pmtu;
	err = udp_table_init(net);
	if (err)
		goto no_udp;
	icmp_limits_init(net);
	return 0;

no_udp:
	pmtu_table_fini(net);
no_pmtu:
	frag_table_fini(net);
no_frag:
	neigh_table_fini(net);
	return err;
}

static int add_gateway(struct net *net, const struct ipaddr *gateway, bool is_v4)
{
	const struct ipaddr prefix = is_v4 ? ipaddr_v4(be32(0)) : ipaddr_any();

	if (ipaddr_is_any(gateway))
		return 0;
	return net_route_add(net, &prefix, is_v4 ? NET_V4_BITS(0) : 0, gateway);
}

static int configure(struct net *net, const struct net_config *c)
{
	const struct ipaddr link_local = ndp_link_local(&net->mac);
	int err = 0;

	for (unsigned i = 0; i < c->num_addrs && !err; i++)
		err = net_addr_add(net, &c->addrs[i].addr, c->addrs[i].bits);
	if (!err && net->mtu >= IP6_MIN_MTU) {
		err = net_addr_add(net, &link_local, 64);
		if (err == -EEXIST)
			err = 0;
	}
	for (unsigned i = 0; i < c->num_routes && !err; i++)
		err = net_route_add(net, &c->routes[i].prefix, c->routes[i].bits,
				    &c->routes[i].gateway);
	if (!err)
		err = add_gateway(net, &c->gateway4, true);
	if (!err)
		err = add_gateway(net, &c->gateway6, false);
	for (unsigned i = 0; i < c->num_neighs && !err; i++)
		err = neigh_add_static(net, &c->neighs[i].addr, &c->neighs[i].mac);
	return err ? -EINVAL : 0;
}

static void introduce_ourselves(struct net *net)
{
	for (uint32_t i = 0; i < net->routes.num_addrs; i++) {
		const struct ipaddr *addr = &net->routes.addrs[i].addr;

		if (ipaddr_is_v4(addr))
			arp_announce(net, ipaddr_to_v4(addr));
		else
			ndp_probe_duplicate(net, addr);
	}
}

int net_init(struct net *net, struct dev *dev, struct buf_pool *pool, struct timer_wheel *wheel,
	     const struct net_config *config, uint64_t now)
{
	int err;

	if (!sizes_make_sense(config, dev))
		return -EINVAL;
	memset(net, 0, sizeof(*net));
	net->now = now;
	net->generation = 1;
	net->dev = dev;
	net->pool = pool;
	net->wheel = wheel;
	memcpy(&net->mac, dev->mac, sizeof(net->mac));
	net->ttl = config->ttl;
	net->mtu = config->mtu ? min_t(uint32_t, config->mtu, dev->mtu) : dev->mtu;
	net->tx_features = config->csum_offload_tx ? dev->features : dev->features & DEV_TX_CHAINS;
	net->trust_rx_csum = config->csum_offload_rx;
	net->tx_flush_at = DEV_BURST;
	net->config = *config;
	net->config.addrs = NULL;
	net->config.routes = NULL;
	net->config.neighs = NULL;
	rng_init(&net->rng, config->seed);
	net->counters = (struct counter_set){
		.module = "net",
		.names = counter_names,
		.values = net->count,
		.num = NET_COUNTER_NUM,
	};
	list_init(&net->counters.link);

	err = init_tables(net);
	if (err)
		return err;
	err = configure(net, config);
	if (err) {
		net_fini(net);
		return err;
	}
	introduce_ourselves(net);
	return 0;
}

void net_fini(struct net *net)
{
	udp_table_fini(net);
	pmtu_table_fini(net);
	frag_table_fini(net);
	neigh_table_fini(net);
	buf_queue_drain(&net->local);
	while (net->tx_num)
		buf_put_chain(net->tx[--net->tx_num]);
	list_del(&net->counters.link);
}

uint64_t net_next_event(const struct net *net)
{
	uint64_t dev_next = net->dev->ops->next_event(net->dev);

	if (net->local.num)
		return net->now;
	if (net->tx_num)
		return min_t(uint64_t, dev_next, time_add(net->now, TX_RETRY_NS));
	return dev_next;
}

void net_set_handler(struct net *net, uint8_t proto, net_l4_fn input, net_error_fn error, void *ctx)
{
	BUG_ON(proto == IP_PROTO_UDP || proto == IP_PROTO_ICMP4 || proto == IP_PROTO_ICMP6);
	net->l4[proto] = (struct net_l4){ input, error, ctx };
}

void net_announce(struct net *net, const struct ipaddr *addr)
{
	if (ipaddr_is_v4(addr))
		arp_announce(net, ipaddr_to_v4(addr));
	else
		ndp_announce(net, addr);
}
