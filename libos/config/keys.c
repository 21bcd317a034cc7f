/* SPDX-License-Identifier: MIT */
/*
 * The table of keys. A new setting is a field in struct cfg, a line here and a row in docs/configuration.md (the
 * unit test prints the row); nothing else, unless it depends on another setting (check.c).
 */
#include "libos/config/keys.h"

#include "libos/base/bug.h"
#include "libos/base/clock.h"

#define KIB (1ull << 10)
#define MIB (1ull << 20)
#define GIB (1ull << 30)
#define HOUR (3600 * NS_PER_SEC)

#define FIELD(member)                                                                              \
	.offset = offsetof(struct cfg, member), .size = sizeof(((struct cfg *)0)->member)
#define ELEMENTS(member, counter)                                                                  \
	.offset = offsetof(struct cfg, member), .size = sizeof(((struct cfg *)0)->member[0]),      \
	.max = ARRAY_SIZE(((struct cfg *)0)->member), .count = offsetof(struct cfg, counter)
#define SUB(type, member) .offset = offsetof(type, member), .size = sizeof(((type *)0)->member)

static const struct cfg_word transports[] = {
	{ "dpdk", CFG_TRANSPORT_DPDK },
	{ "uring", CFG_TRANSPORT_URING },
	{ "rdma", CFG_TRANSPORT_RDMA },
	{ "sim", CFG_TRANSPORT_SIM },
	{ "catnip", CFG_TRANSPORT_DPDK },
	{ "catnap", CFG_TRANSPORT_URING },
	{ "catcollar", CFG_TRANSPORT_URING },
	{ "catmint", CFG_TRANSPORT_RDMA },
	{ NULL, 0 },
};

static const struct cfg_word log_levels[] = {
	{ "error", LOG_ERROR },
	{ "warning", LOG_WARNING },
	{ "info", LOG_INFO },
	{ "debug", LOG_DEBUG },
	{ NULL, 0 },
};

static const struct cfg_word idle_strategies[] = {
	{ "busy", CFG_IDLE_BUSY },
	{ "yield", CFG_IDLE_YIELD },
	{ "adaptive", CFG_IDLE_ADAPTIVE },
	{ NULL, 0 },
};

static const struct cfg_word hugepages[] = {
	{ "auto", CFG_HUGEPAGES_AUTO },
	{ "never", CFG_HUGEPAGES_NEVER },
	{ "require", CFG_HUGEPAGES_REQUIRE },
	{ NULL, 0 },
};

static const struct cfg_key arp_pair[2] = {
	{ .path = "key", .type = CFG_MAC, SUB(struct cfg_arp, mac) },
	{ .path = "value", .type = CFG_IP, SUB(struct cfg_arp, ip) },
};

static const struct cfg_key route_record[2] = {
	{ .path = "to", .type = CFG_NETWORK, SUB(struct cfg_route, to) },
	{ .path = "via", .type = CFG_IP, SUB(struct cfg_route, via) },
};

#define NET "tern.net."

const struct cfg_key cfg_keys[] = {
	{ .path = "demikernel.local_ipv4_addr",
	  .env = "LOCAL_IPV4_ADDR",
	  .type = CFG_IPV4,
	  FIELD(local_ipv4_addr),
	  .help = "This host's IPv4 address. Unset: no IPv4." },
	{ .path = "demikernel.local_link_addr",
	  .env = "LOCAL_LINK_ADDR",
	  .type = CFG_MAC,
	  FIELD(local_link_addr),
	  .help = "This host's Ethernet address. Unset: the device's own." },

	{ .path = "raw_socket.linux_interface_name",
	  .env = "LINUX_INTERFACE_NAME",
	  .type = CFG_STRING,
	  FIELD(linux_interface_name),
	  .help = "Network interface, for transports that work on one of the kernel's." },
	{ .path = "raw_socket.xdp_interface_index",
	  .env = "XDP_INTERFACE_INDEX",
	  .type = CFG_NUMBER,
	  FIELD(xdp_interface_index),
	  .high = UINT32_MAX,
	  .fallback = "0",
	  .help = "Interface index of Demikernel on Windows; read and not used." },

	{ .path = "dpdk.eal_init",
	  .type = CFG_STRING,
	  .shape = CFG_LIST,
	  ELEMENTS(eal_init, num_eal_init),
	  .help = "Arguments for DPDK's environment abstraction layer." },

	{ .path = "tcp_socket_options.keepalive.enabled",
	  .env = "TCP_SOCKET_OPTIONS_KEEPALIVE_ENABLED",
	  .type = CFG_BOOL,
	  FIELD(keepalive),
	  .fallback = "false",
	  .help = "Probe idle connections." },
	{ .path = "tcp_socket_options.keepalive.time_millis",
	  .env = "TCP_SOCKET_OPTIONS_KEEPALIVE_TIME_MILLIS",
	  .type = CFG_DURATION,
	  FIELD(keepalive_time_ns),
	  .unit = NS_PER_MS,
	  .high = 24 * HOUR,
	  .fallback = "7200000",
	  .help = "Idle time before the first probe." },
	{ .path = "tcp_socket_options.keepalive.interval",
	  .env = "TCP_SOCKET_OPTIONS_KEEPALIVE_INTERVAL",
	  .type = CFG_DURATION,
	  FIELD(keepalive_interval_ns),
	  .unit = NS_PER_MS,
	  .high = 24 * HOUR,
	  .fallback = "75000",
	  .help = "Time between probes." },
	{ .path = "tcp_socket_options.linger.enabled",
	  .env = "TCP_SOCKET_OPTIONS_LINGER_ENABLED",
	  .type = CFG_BOOL,
	  FIELD(linger),
	  .fallback = "false",
	  .help = "Sockets start with SO_LINGER on." },
	{ .path = "tcp_socket_options.linger.time_seconds",
	  .env = "TCP_SOCKET_OPTIONS_LINGER_TIME_SECONDS",
	  .type = CFG_DURATION,
	  FIELD(linger_time_ns),
	  .unit = NS_PER_SEC,
	  .high = 65535 * NS_PER_SEC,
	  .fallback = "0",
	  .help = "How long a close lingers." },
	{ .path = "tcp_socket_options.nodelay",
	  .env = "NODELAY",
	  .type = CFG_BOOL,
	  FIELD(nodelay),
	  .fallback = "true",
	  .help = "Sockets start with TCP_NODELAY on." },

	{ .path = "inetstack_config.mtu",
	  .env = "MTU",
	  .type = CFG_NUMBER,
	  FIELD(mtu),
	  .low = 68,
	  .high = 65535,
	  .fallback = "1500",
	  .help = "Largest IP packet on the link, in bytes." },
	{ .path = "inetstack_config.mss",
	  .env = "MSS",
	  .type = CFG_NUMBER,
	  FIELD(mss),
	  .low = 28,
	  .high = 65495,
	  .help = "Largest TCP segment, in bytes. Unset: mtu - 40." },
	{ .path = "inetstack_config.enable_jumbo_frames",
	  .env = "ENABLE_JUMBO_FRAMES",
	  .type = CFG_BOOL,
	  FIELD(enable_jumbo_frames),
	  .fallback = "false",
	  .help = "Permits an mtu above 1500." },
	{ .path = "inetstack_config.udp_checksum_offload",
	  .env = "UDP_CHECKSUM_OFFLOAD",
	  .type = CFG_BOOL,
	  FIELD(udp_checksum_offload),
	  .fallback = "false",
	  .help = "Leave UDP checksums to a device that can do them." },
	{ .path = "inetstack_config.tcp_checksum_offload",
	  .env = "TCP_CHECKSUM_OFFLOAD",
	  .type = CFG_BOOL,
	  FIELD(tcp_checksum_offload),
	  .fallback = "false",
	  .help = "Leave TCP checksums to a device that can do them." },
	{ .path = "inetstack_config.arp_table",
	  .type = CFG_MAC,
	  .shape = CFG_MAP,
	  ELEMENTS(arp_table, num_arp),
	  .sub = arp_pair,
	  .help = "Neighbours that need no asking, and never expire." },
	{ .path = "inetstack_config.arp_request_retries",
	  .env = "ARP_REQUEST_RETRIES",
	  .type = CFG_NUMBER,
	  FIELD(arp_request_retries),
	  .high = 255,
	  .fallback = "3",
	  .help = "How often to ask again for a neighbour's address." },
	{ .path = "inetstack_config.arp_request_timeout",
	  .env = "ARP_REQUEST_TIMEOUT",
	  .type = CFG_DURATION,
	  FIELD(arp_request_timeout_ns),
	  .unit = NS_PER_SEC,
	  .low = NS_PER_MS,
	  .high = HOUR,
	  .fallback = "1",
	  .help = "How long to wait for an answer." },
	{ .path = "inetstack_config.arp_cache_ttl",
	  .env = "ARP_CACHE_TTL",
	  .type = CFG_DURATION,
	  FIELD(arp_cache_ttl_ns),
	  .unit = NS_PER_SEC,
	  .low = NS_PER_MS,
	  .high = 24 * HOUR,
	  .fallback = "600",
	  .help = "How long an answer is good for." },

	{ .path = "tern.transport",
	  .env = "LIBOS",
	  .type = CFG_WORD,
	  FIELD(transport),
	  .word = offsetof(struct cfg, transport_word),
	  .words = transports,
	  .help = "What serves the queues. Demikernel's names: catnip = dpdk, catnap and catcollar "
		  "= "
		  "uring, catmint = rdma." },
	{ .path = "tern.log_level",
	  .env = "TERN_LOG_LEVEL",
	  .type = CFG_WORD,
	  FIELD(log_level),
	  .words = log_levels,
	  .fallback = "warning",
	  .help = "The least important message that is shown." },

	{ .path = "tern.idle.strategy",
	  .env = "TERN_IDLE_STRATEGY",
	  .type = CFG_WORD,
	  FIELD(idle_strategy),
	  .words = idle_strategies,
	  .fallback = "adaptive",
	  .help = "With nothing to do: burn the core; offer it to others; or offer it for a while, "
		  "then "
		  "sleep until something happens." },
	{ .path = "tern.idle.spin_us",
	  .env = "TERN_IDLE_SPIN_US",
	  .type = CFG_DURATION,
	  FIELD(idle_spin_ns),
	  .unit = NS_PER_US,
	  .high = NS_PER_SEC,
	  .fallback = "50",
	  .help = "That while." },

	{ .path = "tern.memory.limit_mb",
	  .env = "TERN_MEMORY_LIMIT_MB",
	  .type = CFG_BYTES,
	  FIELD(memory_limit_bytes),
	  .unit = MIB,
	  .low = 4 * MIB,
	  .high = 1024 * GIB,
	  .fallback = "4096",
	  .help = "Buffer memory of a runtime, at most." },
	{ .path = "tern.memory.arena_mb",
	  .env = "TERN_MEMORY_ARENA_MB",
	  .type = CFG_BYTES,
	  FIELD(memory_arena_bytes),
	  .unit = MIB,
	  .low = 4 * MIB,
	  .high = 16 * GIB,
	  .fallback = "16",
	  .help = "It is mapped in pieces of this size." },
	{ .path = "tern.memory.hugepages",
	  .env = "TERN_MEMORY_HUGEPAGES",
	  .type = CFG_WORD,
	  FIELD(hugepages),
	  .words = hugepages,
	  .fallback = "auto",
	  .help = "Huge pages: where there are free ones; not at all; or fail without them." },

	{ .path = NET "prefix_len",
	  .env = "TERN_NET_PREFIX_LEN",
	  .type = CFG_NUMBER,
	  FIELD(ipv4_prefix_len),
	  .high = 32,
	  .help = "Prefix length of local_ipv4_addr. Unset: every IPv4 address is on the link." },
	{ .path = NET "netmask",
	  .env = "TERN_NET_NETMASK",
	  .type = CFG_NETMASK,
	  FIELD(ipv4_prefix_len),
	  .help = "The same in the other notation." },
	{ .path = NET "gateway",
	  .env = "TERN_NET_GATEWAY",
	  .type = CFG_IPV4,
	  FIELD(gateway),
	  .help = "Default router for IPv4." },
	{ .path = NET "ipv6_addrs",
	  .type = CFG_IFADDR6,
	  .shape = CFG_LIST,
	  ELEMENTS(ipv6_addrs, num_ipv6_addrs),
	  .help = "This host's IPv6 addresses, beside the link-local one." },
	{ .path = NET "ipv6_gateway",
	  .env = "TERN_NET_IPV6_GATEWAY",
	  .type = CFG_IPV6,
	  FIELD(ipv6_gateway),
	  .help = "Default router for IPv6." },
	{ .path = NET "routes",
	  .type = CFG_NETWORK,
	  .shape = CFG_RECORDS,
	  ELEMENTS(routes, num_routes),
	  .sub = route_record,
	  .help = "More routes, either family; the longest prefix wins." },
	{ .path = NET "neigh_queue",
	  .env = "TERN_NET_NEIGH_QUEUE",
	  .type = CFG_NUMBER,
	  FIELD(neigh_queue),
	  .low = 1,
	  .high = 1024,
	  .fallback = "16",
	  .help = "Packets that wait for one neighbour's address." },
	{ .path = NET "icmp_rate_per_s",
	  .env = "TERN_NET_ICMP_RATE_PER_S",
	  .type = CFG_NUMBER,
	  FIELD(icmp_rate_per_s),
	  .high = 1000 * 1000,
	  .fallback = "1000",
	  .help = "ICMP messages sent in answer to others' packets, per second." },
	{ .path = NET "reassembly_kb",
	  .env = "TERN_NET_REASSEMBLY_KB",
	  .type = CFG_BYTES,
	  FIELD(reassembly_bytes),
	  .unit = KIB,
	  .low = 64 * KIB,
	  .high = GIB,
	  .fallback = "4096",
	  .help = "Memory held by incomplete datagrams, at most." },
	{ .path = NET "reassembly_datagrams",
	  .env = "TERN_NET_REASSEMBLY_DATAGRAMS",
	  .type = CFG_NUMBER,
	  FIELD(reassembly_datagrams),
	  .low = 1,
	  .high = 65536,
	  .fallback = "64",
	  .help = "Incomplete datagrams, at most." },
	{ .path = NET "ttl",
	  .env = "TERN_NET_TTL",
	  .type = CFG_NUMBER,
	  FIELD(ttl),
	  .low = 1,
	  .high = 255,
	  .fallback = "64",
	  .help = "Hop limit of what is sent." },

	{ .path = "tern.udp.recv_queue",
	  .env = "TERN_UDP_RECV_QUEUE",
	  .type = CFG_NUMBER,
	  FIELD(udp_recv_queue),
	  .low = 1,
	  .high = 65536,
	  .fallback = "1024",
	  .help = "Datagrams that wait in a socket for a pop." },

	{ .path = "tern.sim.seed",
	  .env = "TERN_SIM_SEED",
	  .type = CFG_NUMBER,
	  FIELD(sim_seed),
	  .high = UINT64_MAX,
	  .fallback = "1",
	  .help = "Everything random in a simulation follows from it." },
	{ .path = "tern.sim.real_time",
	  .env = "TERN_SIM_REAL_TIME",
	  .type = CFG_BOOL,
	  FIELD(sim_real_time),
	  .fallback = "false",
	  .help = "Follow the machine's clock; else time jumps to the next event." },
	{ .path = "tern.sim.link_delay_ns",
	  .env = "TERN_SIM_LINK_DELAY_NS",
	  .type = CFG_DURATION,
	  FIELD(sim_link_delay_ns),
	  .unit = 1,
	  .high = 60 * NS_PER_SEC,
	  .fallback = "1000",
	  .help = "One way, one link." },
	{ .path = "tern.sim.link_bits_per_sec",
	  .env = "TERN_SIM_LINK_BITS_PER_SEC",
	  .type = CFG_NUMBER,
	  FIELD(sim_link_bits_per_sec),
	  .high = 1000 * 1000 * 1000 * 1000ull,
	  .fallback = "0",
	  .help = "Bandwidth of a link; 0 is no limit." },
	{ .path = "tern.sim.loss_ppm",
	  .env = "TERN_SIM_LOSS_PPM",
	  .type = CFG_NUMBER,
	  FIELD(sim_loss_ppm),
	  .high = 1000 * 1000,
	  .fallback = "0",
	  .help = "Frames lost on a link, of a million." },
	{ .path = "tern.sim.pcap",
	  .env = "TERN_SIM_PCAP",
	  .type = CFG_STRING,
	  FIELD(sim_pcap),
	  .help = "Capture the link to this file." },
};

const unsigned cfg_num_keys = ARRAY_SIZE(cfg_keys);

_Static_assert(ARRAY_SIZE(cfg_keys) <= CFG_MAX_KEYS, "struct cfg_loader has a place for each key");
_Static_assert(sizeof(enum cfg_transport) == 4 && sizeof(enum log_level) == 4,
	       "words are stored through an int");

const struct cfg_key *cfg_key_find_or_null(const char *path)
{
	for (unsigned i = 0; i < cfg_num_keys; i++) {
		if (strcmp(cfg_keys[i].path, path) == 0)
			return &cfg_keys[i];
	}
	return NULL;
}

void cfg_defaults(struct cfg *cfg)
{
	memset(cfg, 0, sizeof(*cfg));
	for (unsigned i = 0; i < cfg_num_keys; i++) {
		const struct cfg_key *key = &cfg_keys[i];

		if (key->fallback)
			BUG_ON(cfg_value_parse(key, key->fallback, (char *)cfg + key->offset));
	}
	cfg->mss = (uint16_t)(cfg->mtu - 40);
}
