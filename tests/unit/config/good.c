/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <stdio.h>

#include "libos/config/keys.h"

static char err[CFG_ERR_LEN];

static struct ipaddr addr(const char *text)
{
	struct ipaddr a;

	cr_assert_eq(ipaddr_parse(text, &a), 0, "%s", text);
	return a;
}

static int load(struct cfg *cfg, const char *text)
{
	return cfg_from_text(cfg, "f.yaml", text, strlen(text), err, sizeof(err));
}

/* Whole structs, padding included: it is zero from the start and stays so. */
static void assert_same(const struct cfg *got, const struct cfg *want)
{
	const unsigned char *g = (const unsigned char *)got, *w = (const unsigned char *)want;

	for (size_t i = 0; i < sizeof(*got); i++)
		cr_assert_eq(g[i], w[i], "byte %zu of struct cfg is %u, not %u", i, g[i], w[i]);
}

/* Written out, so that a changed default is changed in two places. */
static void set_defaults(struct cfg *c)
{
	memset(c, 0, sizeof(*c));
	c->keepalive_time_ns = 7200000000000;
	c->keepalive_interval_ns = 75000000000;
	c->nodelay = true;
	c->mtu = 1500;
	c->mss = 1460;
	c->arp_request_retries = 3;
	c->arp_request_timeout_ns = 1000000000;
	c->arp_cache_ttl_ns = 600000000000;
	c->log_level = LOG_WARNING;
	c->idle_strategy = CFG_IDLE_ADAPTIVE;
	c->idle_spin_ns = 50000;
	c->memory_limit_bytes = 4ull << 30;
	c->memory_arena_bytes = 16 << 20;
	c->neigh_queue = 16;
	c->icmp_rate_per_s = 1000;
	c->reassembly_bytes = 4 << 20;
	c->reassembly_datagrams = 64;
	c->ttl = 64;
	c->udp_recv_queue = 1024;
	c->sim_seed = 1;
	c->sim_link_delay_ns = 1000;
}

Test(config_good, defaults_are_what_they_were)
{
	static struct cfg got, want;

	set_defaults(&want);
	cfg_defaults(&got);
	assert_same(&got, &want);
}

Test(config_good, a_file_that_says_nothing_gives_the_defaults)
{
	static const char *const texts[] = {
		"",
		"\n\n",
		"# nothing\n",
		"---\n",
		"---\n...\n",
		"{}",
		"\xef\xbb\xbf# BOM\n",
		"tern:\n",
		"tern:\n  net:\n  # ttl: 1\ndpdk:\n  eal_init:\n",
		"inetstack_config:\n  arp_table:\ntern: {net: {routes: , ipv6_addrs: []}}\n",
	};
	static struct cfg got, want;

	set_defaults(&want);
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		cr_assert_eq(load(&got, texts[i]), 0, "%zu: %s", i, err);
		cr_assert_str_eq(err, "");
		assert_same(&got, &want);
	}
}

Test(config_good, a_file_of_demikernel)
{
	static const char text[] =
		"demikernel:\n"
		"  local_ipv4_addr: 192.168.1.1\n"
		"  local_link_addr: \"12:23:45:67:89:ab\"\n"
		"raw_socket:\n"
		"  linux_interface_name: \"eth1\"\n"
		"  xdp_interface_index: 5\n"
		"dpdk:\n"
		"  eal_init: [\"\", \"-c\", \"0xff\", \"-n\", 4, \"--proc-type=auto\"]\n"
		"tcp_socket_options:\n"
		"  keepalive:\n"
		"    enabled: true\n"
		"    time_millis: 3000\n"
		"    interval: 250\n"
		"  linger:\n"
		"    enabled: true\n"
		"    time_seconds: 2\n"
		"  nodelay: false\n"
		"inetstack_config:\n"
		"  mtu: 9000\n"
		"  mss: \"8000\"\n"
		"  enable_jumbo_frames: 'true'\n"
		"  udp_checksum_offload: true\n"
		"  tcp_checksum_offload: true\n"
		"  arp_table:\n"
		"    \"12:23:45:67:89:ab\": \"192.168.1.1\"\n"
		"    \"AA:89:67:45:23:12\": 192.168.1.2\n"
		"  arp_request_retries: 2\n"
		"  arp_request_timeout: 4\n"
		"  arp_cache_ttl: 15\n"
		"\n"
		"# vim: set tabstop=2 shiftwidth=2\n";
	static const uint8_t mac1[6] = { 0x12, 0x23, 0x45, 0x67, 0x89, 0xab };
	static const uint8_t mac2[6] = { 0xaa, 0x89, 0x67, 0x45, 0x23, 0x12 };
	static struct cfg got, want;

	set_defaults(&want);
	want.local_ipv4_addr = addr("192.168.1.1");
	memcpy(want.local_link_addr.b, mac1, 6);
	strcpy(want.linux_interface_name, "eth1");
	want.xdp_interface_index = 5;
	strcpy(want.eal_init[1], "-c");
	strcpy(want.eal_init[2], "0xff");
	strcpy(want.eal_init[3], "-n");
	strcpy(want.eal_init[4], "4");
	strcpy(want.eal_init[5], "--proc-type=auto");
	want.num_eal_init = 6;
	want.keepalive = true;
	want.keepalive_time_ns = 3000000000;
	want.keepalive_interval_ns = 250000000;
	want.linger = true;
	want.linger_time_ns = 2000000000;
	want.nodelay = false;
	want.mtu = 9000;
	want.mss = 8000;
	want.enable_jumbo_frames = true;
	want.udp_checksum_offload = true;
	want.tcp_checksum_offload = true;
	memcpy(want.arp_table[0].mac.b, mac1, 6);
	want.arp_table[0].ip = addr("192.168.1.1");
	memcpy(want.arp_table[1].mac.b, mac2, 6);
	want.arp_table[1].ip = addr("192.168.1.2");
	want.num_arp = 2;
	want.arp_request_retries = 2;
	want.arp_request_timeout_ns = 4000000000;
	want.arp_cache_ttl_ns = 15000000000;
	cr_assert_eq(load(&got, text), 0, "%s", err);
	assert_same(&got, &want);
}

Test(config_good, every_key_below_tern)
{
	static const char text[] =
		"demikernel: {local_ipv4_addr: 10.0.0.7}\n"
		"tern:\n"
		"  transport: sim\n"
		"  log_level: debug\n"
		"  idle: {strategy: busy, spin_us: 7}\n"
		"  memory: {limit_mb: 64, arena_mb: 8, hugepages: require}\n"
		"  net:\n"
		"    prefix_len: 16\n"
		"    gateway: 10.0.255.254\n"
		"    ipv6_addrs:\n"
		"    - 2001:db8::1/64\n"
		"    - \"fd00::1/48\"\n"
		"    ipv6_gateway: fe80::1\n"
		"    routes:\n"
		"    - {to: 10.1.0.0/16, via: 10.0.0.1}\n"
		"    - via: 2001:db8::2\n"
		"      to: 2001:db8:1::/48\n"
		"    - {to: 0.0.0.0/0, via: 10.0.0.2}\n"
		"    neigh_queue: 1\n"
		"    icmp_rate_per_s: 0\n"
		"    reassembly_kb: 64\n"
		"    reassembly_datagrams: 2\n"
		"    ttl: 0xff\n"
		"  udp: {recv_queue: 3}\n"
		"  sim: {seed: 18446744073709551615, real_time: True, link_delay_ns: 0,\n"
		"        link_bits_per_sec: 100000000000, loss_ppm: 1000000, pcap: /tmp/a "
		"b.pcap}\n";
	static struct cfg got, want;

	set_defaults(&want);
	want.local_ipv4_addr = addr("10.0.0.7");
	want.transport = CFG_TRANSPORT_SIM;
	want.log_level = LOG_DEBUG;
	want.idle_strategy = CFG_IDLE_BUSY;
	want.idle_spin_ns = 7000;
	want.memory_limit_bytes = 64 << 20;
	want.memory_arena_bytes = 8 << 20;
	want.hugepages = CFG_HUGEPAGES_REQUIRE;
	want.ipv4_prefix_len = 16;
	want.gateway = addr("10.0.255.254");
	want.ipv6_addrs[0].addr = addr("2001:db8::1");
	want.ipv6_addrs[0].bits = 64;
	want.ipv6_addrs[1].addr = addr("fd00::1");
	want.ipv6_addrs[1].bits = 48;
	want.num_ipv6_addrs = 2;
	want.ipv6_gateway = addr("fe80::1");
	want.routes[0].to.addr = addr("10.1.0.0");
	want.routes[0].to.bits = 112;
	want.routes[0].via = addr("10.0.0.1");
	want.routes[1].to.addr = addr("2001:db8:1::");
	want.routes[1].to.bits = 48;
	want.routes[1].via = addr("2001:db8::2");
	want.routes[2].to.addr = addr("0.0.0.0");
	want.routes[2].to.bits = 96;
	want.routes[2].via = addr("10.0.0.2");
	want.num_routes = 3;
	want.neigh_queue = 1;
	want.icmp_rate_per_s = 0;
	want.reassembly_bytes = 65536;
	want.reassembly_datagrams = 2;
	want.ttl = 255;
	want.udp_recv_queue = 3;
	want.sim_seed = UINT64_MAX;
	want.sim_real_time = true;
	want.sim_link_delay_ns = 0;
	want.sim_link_bits_per_sec = 100000000000;
	want.sim_loss_ppm = 1000000;
	strcpy(want.sim_pcap, "/tmp/a b.pcap");
	cr_assert_eq(load(&got, text), 0, "%s", err);
	cr_assert_str_eq(got.transport_word, "sim");
	want.transport_word = got.transport_word;
	assert_same(&got, &want);
}

Test(config_good, each_name_of_a_transport)
{
	static const struct {
		const char *word;
		enum cfg_transport transport;
	} names[] = {
		{ "dpdk", CFG_TRANSPORT_DPDK },       { "catnip", CFG_TRANSPORT_DPDK },
		{ "uring", CFG_TRANSPORT_URING },     { "catnap", CFG_TRANSPORT_URING },
		{ "catcollar", CFG_TRANSPORT_URING }, { "rdma", CFG_TRANSPORT_RDMA },
		{ "catmint", CFG_TRANSPORT_RDMA },    { "sim", CFG_TRANSPORT_SIM },
	};
	static struct cfg got;
	char text[64];

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		snprintf(text, sizeof(text), "tern: {transport: %s}", names[i].word);
		cr_assert_eq(load(&got, text), 0, "%s", err);
		cr_assert_eq(got.transport, names[i].transport);
		cr_assert_str_eq(got.transport_word, names[i].word);
	}
}

Test(config_good, units_may_be_named)
{
	static struct cfg got;

	cr_assert_eq(load(&got,
			  "inetstack_config: {arp_request_timeout: 20ms, arp_cache_ttl: 5 s}\n"
			  "tern:\n"
			  "  memory: {limit_mb: 2GiB, arena_mb: 8192KiB}\n"
			  "  idle: {spin_us: 700ns}\n"
			  "  sim: {link_delay_ns: 3us}\n"),
		     0, "%s", err);
	cr_assert_eq(got.arp_request_timeout_ns, 20000000);
	cr_assert_eq(got.arp_cache_ttl_ns, 5000000000);
	cr_assert_eq(got.memory_limit_bytes, 2ull << 30);
	cr_assert_eq(got.memory_arena_bytes, 8 << 20);
	cr_assert_eq(got.idle_spin_ns, 700);
	cr_assert_eq(got.sim_link_delay_ns, 3000);
}

Test(config_good, a_netmask_is_a_prefix_length)
{
	static const struct {
		const char *mask;
		unsigned len;
	} cases[] = {
		{ "255.255.255.0", 24 }, { "255.255.255.252", 30 }, { "255.255.255.255", 32 },
		{ "128.0.0.0", 1 },      { "0.0.0.0", 0 },
	};
	static struct cfg got;
	char text[128];

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		snprintf(text, sizeof(text),
			 "demikernel: {local_ipv4_addr: 10.0.0.1}\ntern: {net: {netmask: %s}}",
			 cases[i].mask);
		cr_assert_eq(load(&got, text), 0, "%s", err);
		cr_assert_eq(got.ipv4_prefix_len, cases[i].len);
	}
}

Test(config_good, the_mss_follows_the_mtu)
{
	static struct cfg got;

	cr_assert_eq(load(&got, "inetstack_config: {mtu: 68}"), 0, "%s", err);
	cr_assert_eq(got.mss, 28);
	cr_assert_eq(load(&got, "inetstack_config: {mtu: 65535, enable_jumbo_frames: true}"), 0,
		     "%s", err);
	cr_assert_eq(got.mss, 65495);
	cr_assert_eq(load(&got, "inetstack_config: {mtu: 1400, mss: 1360}"), 0, "%s", err);
	cr_assert_eq(got.mss, 1360);
}

Test(config_good, the_table_is_sound)
{
	for (unsigned i = 0; i < cfg_num_keys; i++) {
		const struct cfg_key *k = &cfg_keys[i];

		cr_assert_eq(cfg_key_find_or_null(k->path), k, "%s stands twice", k->path);
		cr_assert_leq(strlen(k->path), 60);
		cr_assert_not_null(k->help);
		cr_assert((k->shape == CFG_SCALAR) == (k->env != NULL), "%s", k->path);
		cr_assert_leq(k->offset + k->size * (k->max ? k->max : 1), sizeof(struct cfg));
		if (k->type == CFG_NUMBER && k->size < 8)
			cr_assert_eq(k->high >> (8 * k->size), 0, "%s: the range is too wide",
				     k->path);
		if (k->type == CFG_BYTES || k->type == CFG_DURATION)
			cr_assert(k->size == 8 && k->unit, "%s", k->path);
		for (unsigned j = 0; j < i; j++)
			cr_assert(!k->env || !cfg_keys[j].env ||
					  strcmp(k->env, cfg_keys[j].env) != 0,
				  "%s stands twice", k->env);
	}
}
