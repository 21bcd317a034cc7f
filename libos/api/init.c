/* SPDX-License-Identifier: MIT */
/*
 * Bringing a library OS up and down. The configuration decides which transport; one that this build does not hold
 * is an error that says which ones it does. Every error goes to the log as a sentence, since an errno cannot say
 * which line of which file was wrong.
 */
#include <stdlib.h>
#include <string.h>

#include "libos/api/api.h"
#include "libos/base/log.h"
#include "libos/config/cfg.h"
#include "libos/rack/rack.h"
#include "tern/socket.h"

#define SIM_DEFAULT_IPV4 "10.0.0.1/24"

/* LIBOS=sim: a rack of this thread's own, with one host in it. NULL where the host belongs to somebody's tern_sim. */
static _Thread_local struct tern_sim *own_rack;

/* The arrays that a net_config points at, built from a cfg. */
struct net_arrays {
	struct net_addr_config addrs[1 + CFG_MAX_IPV6_ADDRS];
	struct net_neigh_config neighs[CFG_MAX_ARP];
	struct route routes[CFG_MAX_ROUTES];
};

static void net_from_cfg(struct net_config *net, struct net_arrays *arrays, const struct cfg *cfg)
{
	*net = net_default_config();
	net->addrs = arrays->addrs;
	if (!ipaddr_is_any(&cfg->local_ipv4_addr))
		arrays->addrs[net->num_addrs++] =
			(struct net_addr_config){ cfg->local_ipv4_addr,
						  (uint8_t)(96 + cfg->ipv4_prefix_len) };
	for (uint32_t i = 0; i < cfg->num_ipv6_addrs; i++)
		arrays->addrs[net->num_addrs++] =
			(struct net_addr_config){ cfg->ipv6_addrs[i].addr,
						  cfg->ipv6_addrs[i].bits };
	net->neighs = arrays->neighs;
	for (uint32_t i = 0; i < cfg->num_arp; i++) {
		struct net_neigh_config *n = &arrays->neighs[net->num_neighs++];

		n->addr = cfg->arp_table[i].ip;
		memcpy(n->mac.b, cfg->arp_table[i].mac.b, sizeof(n->mac.b));
	}
	net->routes = arrays->routes;
	for (uint32_t i = 0; i < cfg->num_routes; i++)
		arrays->routes[net->num_routes++] = (struct route){
			.prefix = cfg->routes[i].to.addr,
			.bits = cfg->routes[i].to.bits,
			.gateway = cfg->routes[i].via,
		};
	net->gateway4 = cfg->gateway;
	net->gateway6 = cfg->ipv6_gateway;
	net->mtu = cfg->mtu;
	net->ttl = cfg->ttl;
	net->neigh_queue_packets = cfg->neigh_queue;
	net->neigh_retries = (uint8_t)cfg->arp_request_retries;
	net->neigh_timeout_ns = cfg->arp_request_timeout_ns;
	net->neigh_ttl_ns = cfg->arp_cache_ttl_ns;
	net->frag_max_bytes = cfg->reassembly_bytes;
	net->frag_max_datagrams = cfg->reassembly_datagrams;
	net->icmp_errors_per_sec = cfg->icmp_rate_per_s;
	net->csum_offload_tx = cfg->udp_checksum_offload;
	net->csum_offload_rx = cfg->udp_checksum_offload;
}

static void tcp_from_cfg(struct rack_host_config *config, const struct cfg *cfg)
{
	struct tcp_queue_options *o = &config->tcp_options;

	config->tcp.mss_max = cfg->mss;
	o->nodelay = cfg->nodelay;
	o->linger = cfg->linger;
	o->linger_s = (uint16_t)(cfg->linger_time_ns / NS_PER_SEC);
	o->keepalive = config->tcp.keepalive;
	o->keepalive.on = cfg->keepalive;
	if (cfg->keepalive) {
		o->keepalive.idle_s = (uint16_t)(cfg->keepalive_time_ns / NS_PER_SEC);
		o->keepalive.interval_s = (uint16_t)(cfg->keepalive_interval_ns / NS_PER_SEC);
	}
}

static struct buf_pool_config memory_from_cfg(const struct cfg *cfg)
{
	static const enum arena_pages pages[] = {
		[CFG_HUGEPAGES_AUTO] = ARENA_PAGES_ANY,
		[CFG_HUGEPAGES_NEVER] = ARENA_PAGES_PLAIN,
		[CFG_HUGEPAGES_REQUIRE] = ARENA_PAGES_HUGE,
	};

	return (struct buf_pool_config){
		.limit_bytes = cfg->memory_limit_bytes,
		.arena_bytes = cfg->memory_arena_bytes,
		.pages = pages[cfg->hugepages],
	};
}

static int start_sim_host(struct tern_sim *rack, const struct cfg *cfg, struct tern_sim_host **out)
{
	struct rack_host_config config = rack_default_host_config();
	struct tern_sim_host_options options = {
		.link = {
			.delay_ns = cfg->sim_link_delay_ns,
			.bits_per_sec = cfg->sim_link_bits_per_sec,
			.mtu = cfg->mtu,
			.faults = { .loss_ppm = cfg->sim_loss_ppm },
			.pcap_path = cfg->sim_pcap[0] ? cfg->sim_pcap : NULL,
		},
	};
	static const struct cfg_mac no_mac;
	struct net_arrays *arrays = calloc(1, sizeof(*arrays));
	int err;

	if (!arrays)
		return -ENOMEM;
	if (cfg->mtu > RACK_MAX_MTU)
		log_error("inetstack_config.mtu: simulated links carry at most %d bytes",
			  RACK_MAX_MTU);
	net_from_cfg(&config.net, arrays, cfg);
	if (config.net.num_addrs == 0)
		options.ipv4 = SIM_DEFAULT_IPV4;
	config.udp_recv_queue = cfg->udp_recv_queue;
	tcp_from_cfg(&config, cfg);
	config.has_mac = memcmp(&cfg->local_link_addr, &no_mac, sizeof(no_mac)) != 0;
	memcpy(config.mac, cfg->local_link_addr.b, sizeof(config.mac));
	err = rack_host_new(rack, &options, &config, out);
	free(arrays);
	return err;
}

static int init_sim(const struct cfg *cfg)
{
	struct tern_sim_options options = { .seed = cfg->sim_seed,
					    .real_time = cfg->sim_real_time };
	struct buf_pool_config memory = memory_from_cfg(cfg);
	struct tern_sim_host *host;
	struct tern_sim *rack;
	int err = rack_new(&options, &memory, &rack);

	if (err) {
		log_error("cannot map %llu MiB of buffer memory: %s",
			  (unsigned long long)memory.arena_bytes >> 20, strerror(-err));
		return err;
	}
	err = start_sim_host(rack, cfg, &host);
	if (err) {
		log_error("cannot start the simulated host: %s", strerror(-err));
		rack_free(rack);
		return err;
	}
	own_rack = rack;
	rack_enter(host);
	return 0;
}

static int init_transport(const struct cfg *cfg)
{
	switch (cfg->transport) {
	case CFG_TRANSPORT_SIM:
		return init_sim(cfg);
	case CFG_TRANSPORT_NONE:
		log_error("no transport chosen: set LIBOS, or tern.transport in the file that "
			  "CONFIG_PATH names; this "
			  "build has: sim");
		return -EINVAL;
	default:
		log_error("transport '%s' is not in this build of Tern, which has: sim",
			  cfg->transport_word);
		return -ENOTSUP;
	}
}

int demi_init(const struct demi_args *args)
{
	char sentence[CFG_ERR_LEN];
	struct cfg *cfg;
	int err;

	if (!args)
		return EINVAL;
	/* A simulated host is up before its program runs. */
	if (runtime_current) {
		if (runtime_current->is_open)
			return EALREADY;
		runtime_current->is_open = true;
		return 0;
	}
	cfg = malloc(sizeof(*cfg));
	if (!cfg)
		return ENOMEM;
	err = cfg_load(cfg, getenv("CONFIG_PATH"), sentence, sizeof(sentence));
	if (err) {
		log_error("%s", sentence);
	} else {
		log_set_level(cfg->log_level);
		err = init_transport(cfg);
	}
	free(cfg);
	if (!err)
		runtime_current->is_open = true;
	return -err;
}

int tern_fini(void)
{
	struct runtime *rt = runtime_current;

	if (!rt || !rt->is_open)
		return ENOSYS;
	if (own_rack) {
		rack_free(own_rack);
		own_rack = NULL;
		return 0;
	}
	runtime_close_queues(rt);
	rt->is_open = false;
	return 0;
}
