/* SPDX-License-Identifier: MIT */
/*
 * All settings of one runtime, and how they are read.
 *
 * A value comes from the first of: the environment, the YAML file, the default. docs/configuration.md lists every
 * key; the table in keys.c is what the code goes by, and a test compares the two.
 *
 * Which environment variable overrides a key (scalars only; an empty variable counts as not set):
 *   - Demikernel's keys: the last word in capitals, as in Demikernel (LOCAL_IPV4_ADDR, MTU, NODELAY). Below
 *     keepalive and linger the last words say nothing by themselves, so there it is the whole path with
 *     underscores: TCP_SOCKET_OPTIONS_LINGER_ENABLED.
 *   - Keys below tern: the whole path with underscores: TERN_IDLE_STRATEGY, TERN_SIM_SEED.
 *   - tern.transport: LIBOS.
 */
#ifndef LIBOS_CONFIG_CFG_H
#define LIBOS_CONFIG_CFG_H

#include "libos/base/ipaddr.h"
#include "libos/base/log.h"

#define CFG_MAX_EAL_ARGS 64
#define CFG_MAX_EAL_ARG 256
#define CFG_MAX_ARP 256
#define CFG_MAX_IPV6_ADDRS 16
#define CFG_MAX_ROUTES 64
#define CFG_MAX_IFNAME 16
#define CFG_MAX_PATH 256

#define CFG_ERR_LEN 1024 /* no sentence is longer */

enum cfg_transport {
	CFG_TRANSPORT_NONE, /* neither LIBOS nor the file says */
	CFG_TRANSPORT_DPDK,
	CFG_TRANSPORT_URING,
	CFG_TRANSPORT_RDMA,
	CFG_TRANSPORT_SIM,
};

enum cfg_idle {
	CFG_IDLE_BUSY,
	CFG_IDLE_YIELD,
	CFG_IDLE_ADAPTIVE,
};

enum cfg_hugepages {
	CFG_HUGEPAGES_AUTO,
	CFG_HUGEPAGES_NEVER,
	CFG_HUGEPAGES_REQUIRE,
};

struct cfg_mac {
	uint8_t b[6];
};

/* An address with the length of its prefix, in the count of ipaddr_in_prefix: IPv4 prefixes are 96 to 128. */
struct cfg_prefix {
	struct ipaddr addr;
	uint8_t bits;
};

struct cfg_arp {
	struct cfg_mac mac;
	struct ipaddr ip;
};

struct cfg_route {
	struct cfg_prefix to;
	struct ipaddr via;
};

/*
 * "Unset" addresses are all zeros, unset strings are empty. The order is that of the sections; one of these exists
 * while a runtime starts.
 */
/* NOLINTNEXTLINE(clang-analyzer-optin.performance.Padding): for the reason above */
struct cfg {
	/* demikernel, raw_socket, dpdk */
	struct ipaddr local_ipv4_addr;
	struct cfg_mac local_link_addr; /* unset: the device's own */
	char linux_interface_name[CFG_MAX_IFNAME];
	uint32_t xdp_interface_index;
	char eal_init[CFG_MAX_EAL_ARGS][CFG_MAX_EAL_ARG];
	uint32_t num_eal_init;

	/* tcp_socket_options: what a new socket starts with */
	bool keepalive;
	uint64_t keepalive_time_ns;
	uint64_t keepalive_interval_ns;
	bool linger;
	uint64_t linger_time_ns;
	bool nodelay;

	/* inetstack_config */
	uint16_t mtu;
	uint16_t mss; /* never 0 after loading: unset becomes mtu - 40 */
	bool enable_jumbo_frames;
	bool udp_checksum_offload;
	bool tcp_checksum_offload;
	struct cfg_arp arp_table[CFG_MAX_ARP];
	uint32_t num_arp;
	uint32_t arp_request_retries;
	uint64_t arp_request_timeout_ns;
	uint64_t arp_cache_ttl_ns;

	/* tern */
	enum cfg_transport transport;
	const char *transport_word; /* as the user wrote it, or NULL; static */
	enum log_level log_level;
	enum cfg_idle idle_strategy;
	uint64_t idle_spin_ns;
	uint64_t memory_limit_bytes;
	uint64_t memory_arena_bytes;
	enum cfg_hugepages hugepages;

	/* tern.net */
	uint8_t ipv4_prefix_len; /* 0 to 32; 0: every IPv4 address is on the link */
	struct ipaddr gateway;
	struct cfg_prefix ipv6_addrs[CFG_MAX_IPV6_ADDRS];
	uint32_t num_ipv6_addrs;
	struct ipaddr ipv6_gateway;
	struct cfg_route routes[CFG_MAX_ROUTES];
	uint32_t num_routes;
	uint32_t neigh_queue;
	uint32_t icmp_rate_per_s;
	uint64_t reassembly_bytes;
	uint32_t reassembly_datagrams;
	uint8_t ttl;
	uint32_t udp_recv_queue;

	/* tern.sim */
	uint64_t sim_seed;
	bool sim_real_time;
	uint64_t sim_link_delay_ns;
	uint64_t sim_link_bits_per_sec; /* 0: no limit */
	uint32_t sim_loss_ppm;
	char sim_pcap[CFG_MAX_PATH];
};

/* Every setting at its default, as loading an empty file would give. */
void cfg_defaults(struct cfg *cfg);

/*
 * Defaults, the file at @path_or_null, the environment, cross-checks. On failure @err holds one sentence that says
 * where and what, and @cfg is not to be used: -EINVAL for what the file or a variable says, otherwise the errno of
 * reading the file (-ENOENT, -EACCES, -EISDIR, -EFBIG above 1 MiB, ...) or -ENOMEM.
 */
int cfg_load(struct cfg *cfg, const char *path_or_null, char *err, size_t errlen) must_check;

/* The same from memory and without the environment; @name stands for the file in @err. */
int cfg_from_text(struct cfg *cfg, const char *name, const char *text, size_t len, char *err,
		  size_t errlen) must_check;

#endif
