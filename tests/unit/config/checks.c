/* SPDX-License-Identifier: MIT */
/* Settings that are legal one by one and not together. */
#include <criterion/criterion.h>
#include <errno.h>

#include "libos/config/cfg.h"

static struct cfg cfg;
static char err[CFG_ERR_LEN];

static void refuse(const char *text, const char *want)
{
	cr_expect_eq(cfg_from_text(&cfg, "f", text, strlen(text), err, sizeof(err)), -EINVAL, "%s",
		     text);
	cr_expect_str_eq(err, want);
}

static void accept(const char *text)
{
	cr_expect_eq(cfg_from_text(&cfg, "f", text, strlen(text), err, sizeof(err)), 0, "%s", err);
}

Test(config_checks, sizes)
{
	refuse("inetstack_config: {mtu: 1500, mss: 1501}",
	       "f:1:36: inetstack_config.mss: 1501 is above the mtu of 1500");
	accept("inetstack_config: {mtu: 1500, mss: 1500}");
	cr_expect_eq(cfg.mss, 1460);
	accept("inetstack_config: {mtu: 1500, mss: 1459}");
	cr_expect_eq(cfg.mss, 1459);
	refuse("inetstack_config: {mtu: 1501}",
	       "f:1:25: inetstack_config.mtu: 1501 is above 1500, which needs "
	       "inetstack_config.enable_jumbo_frames: true");
	accept("inetstack_config: {mtu: 1501, enable_jumbo_frames: true}");
	refuse("inetstack_config: {mtu: 1279}\ntern: {net: {ipv6_addrs: ['fd00::1/64']}}",
	       "f:1:25: inetstack_config.mtu: 1279 is below 1280, which IPv6 needs");
	accept("inetstack_config: {mtu: 1280}\ntern: {net: {ipv6_addrs: ['fd00::1/64']}}");
	refuse("tern: {memory: {limit_mb: 32, arena_mb: 33}}",
	       "f:1:41: tern.memory.arena_mb: an arena of 33 MiB is more than the limit of 32 MiB");
	refuse("tern: {memory: {limit_mb: 15}}",
	       "f:1:27: tern.memory.limit_mb: an arena of 16 MiB is more than the limit of 15 MiB");
	accept("tern: {memory: {limit_mb: 16}}");
}

Test(config_checks, keepalive)
{
	refuse("tcp_socket_options: {keepalive: {enabled: true, time_millis: 0, interval: 1}}",
	       "f:1:62: tcp_socket_options.keepalive.time_millis: keepalive is enabled, so this "
	       "cannot "
	       "be 0");
	refuse("tcp_socket_options: {keepalive: {enabled: true, interval: 0}}",
	       "f:1:59: tcp_socket_options.keepalive.interval: keepalive is enabled, so this "
	       "cannot be "
	       "0");
	accept("tcp_socket_options: {keepalive: {enabled: false, time_millis: 0, interval: 0}}");
	accept("tcp_socket_options: {keepalive: {enabled: true}}");
}

#define LOCAL "demikernel: {local_ipv4_addr: 10.0.0.1}\n"

Test(config_checks, ipv4)
{
	refuse("tern: {net: {prefix_len: 24}}",
	       "f:1:26: tern.net.prefix_len: needs demikernel.local_ipv4_addr");
	refuse(LOCAL "tern: {net: {prefix_len: 24, netmask: 255.255.255.0}}",
	       "f:2:39: tern.net.netmask: tern.net.prefix_len says the same; keep one of them");
	refuse("demikernel: {local_ipv4_addr: 10.0.0.0}\ntern: {net: {prefix_len: 24}}",
	       "f:1:31: demikernel.local_ipv4_addr: 10.0.0.0 is the subnet's own or broadcast "
	       "address "
	       "with prefix length 24");
	refuse("demikernel: {local_ipv4_addr: 10.0.0.3}\ntern: {net: {prefix_len: 30}}",
	       "f:1:31: demikernel.local_ipv4_addr: 10.0.0.3 is the subnet's own or broadcast "
	       "address "
	       "with prefix length 30");
	accept("demikernel: {local_ipv4_addr: 10.0.0.0}\ntern: {net: {prefix_len: 31}}");
	accept("demikernel: {local_ipv4_addr: 10.0.0.255}\ntern: {net: {prefix_len: 32}}");
	accept("demikernel: {local_ipv4_addr: 10.0.0.255}");
}

Test(config_checks, gateways)
{
	refuse(LOCAL "tern: {net: {gateway: 10.0.0.2}}",
	       "f:2:23: tern.net.gateway: needs tern.net.prefix_len or tern.net.netmask");
	refuse(LOCAL "tern: {net: {prefix_len: 24, gateway: 10.0.1.2}}",
	       "f:2:39: tern.net.gateway: 10.0.1.2 is in no prefix of this host's addresses");
	refuse(LOCAL "tern: {net: {netmask: 255.255.255.0, gateway: 10.0.0.1}}",
	       "f:2:47: tern.net.gateway: 10.0.0.1 is this host's own address");
	accept(LOCAL "tern: {net: {prefix_len: 23, gateway: 10.0.1.2}}");
	refuse("tern: {net: {ipv6_gateway: 'fd00::1'}}",
	       "f:1:28: tern.net.ipv6_gateway: fd00::1 is in no prefix of this host's addresses");
	refuse("tern: {net: {ipv6_gateway: 'fd00::1', ipv6_addrs: ['fd00::1/64']}}",
	       "f:1:28: tern.net.ipv6_gateway: fd00::1 is this host's own address");
	accept("tern: {net: {ipv6_gateway: 'fd00::2', ipv6_addrs: ['fd00::1/64']}}");
	accept("tern: {net: {ipv6_gateway: 'fe80::2'}}");
}

Test(config_checks, routes)
{
	refuse(LOCAL "tern: {net: {routes: [{to: 10.1.0.0/16, via: 'fe80::1'}]}}",
	       "f:2:22: tern.net.routes: entry 0 has to and via of different families");
	refuse("tern: {net: {routes: [{to: 10.1.0.0/16, via: 10.0.0.2}]}}",
	       "f:1:22: tern.net.routes: entry 0: 10.0.0.2 is in no prefix of this host's "
	       "addresses");
	refuse(LOCAL "tern: {net: {routes: [{to: 10.1.0.0/16, via: 10.0.0.1}]}}",
	       "f:2:22: tern.net.routes: entry 0: 10.0.0.1 is this host's own address");
	refuse(LOCAL "tern: {net: {routes: [{to: 10.1.0.0/16, via: 10.0.0.2},"
		     "{to: 10.1.0.0/17, via: 10.0.0.2}, {to: 10.1.0.0/16, via: 10.0.0.3}]}}",
	       "f:2:22: tern.net.routes: entries 0 and 2 are for the same prefix");
	accept("tern: {net: {routes: [{to: 'fd01::/16', via: 'fe80::1'}]}}");
}

Test(config_checks, addresses_that_stand_twice)
{
	refuse("tern: {net: {ipv6_addrs: ['fd00::1/64', 'fd00::2/64', 'fd00::1/48']}}",
	       "f:1:26: tern.net.ipv6_addrs: fd00::1 is there twice");
	refuse("inetstack_config:\n  arp_table: {'02:00:00:00:00:01': 10.0.0.2, "
	       "'02:00:00:00:00:02': 10.0.0.2}",
	       "f:2:14: inetstack_config.arp_table: 10.0.0.2 has two Ethernet addresses");
}
