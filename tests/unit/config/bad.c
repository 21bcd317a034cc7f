/* SPDX-License-Identifier: MIT */
/* Files that are refused, each with the exact sentence that its author reads. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>

#include "libos/config/cfg.h"

struct bad {
	const char *text;
	size_t len;
	const char *err;
};

#define BAD(text, err)                                                                             \
	{                                                                                          \
		text, sizeof(text) - 1, err                                                        \
	}

static const struct bad files[] = {
	BAD("- a\n", "f:1:1: the file: expected a mapping, found a list"),
	BAD("mtu\n", "f:1:1: the file: expected a mapping, found a single value"),
	BAD("inetstack: {mtu: 1}\n",
	    "f:1:1: unknown key 'inetstack'; legal here: demikernel, raw_socket, dpdk, "
	    "tcp_socket_options, inetstack_config, tern"),
	BAD("inetstack_config:\n  mtuu: 1500\n",
	    "f:2:3: unknown key 'inetstack_config.mtuu'; legal here: mtu, mss, "
	    "enable_jumbo_frames, udp_checksum_offload, tcp_checksum_offload, arp_table, "
	    "arp_request_retries, arp_request_timeout, arp_cache_ttl"),
	BAD("tern: {net.ttl: 5}\n", "f:1:8: unknown key 'tern.net.ttl'; legal here: transport, "
				    "log_level, idle, memory, net, udp, sim"),
	BAD("tern: {sim: {'': 5}}\n",
	    "f:1:14: unknown key 'tern.sim.'; legal here: seed, real_time, link_delay_ns, "
	    "link_bits_per_sec, loss_ppm, pcap"),
	BAD("tern: {idle: "
	    "{kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk"
	    "kkkkkkkkkkkkkkk: 5}}\n",
	    "f:1:15: unknown key "
	    "'tern.idle."
	    "kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk...'; "
	    "legal here: strategy, spin_us"),
	BAD("tern: {idle: "
	    "{kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk"
	    "kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk: 5}}\n",
	    "f:1:15: unknown key "
	    "'tern.idle."
	    "kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk...'; "
	    "legal here: strategy, spin_us"),
	BAD("<<: {tern: }\n", "f:1:1: unknown key '<<'; legal here: demikernel, raw_socket, dpdk, "
			      "tcp_socket_options, inetstack_config, tern"),
	BAD("tern: 5\n", "f:1:7: tern: expected a mapping, found a single value"),
	BAD("tern: {idle: []}\n", "f:1:14: tern.idle: expected a mapping, found a list"),
	BAD("tern: {[a, b]: 5}\n", "f:1:8: expected a key, found a list"),
	BAD("inetstack_config: {mtu: [1500]}\n",
	    "f:1:25: inetstack_config.mtu: expected a single value, found a list"),
	BAD("inetstack_config: {mtu: {a: 1}}\n",
	    "f:1:25: inetstack_config.mtu: expected a single value, found a mapping"),
	BAD("inetstack_config: {arp_table: [1]}\n",
	    "f:1:31: inetstack_config.arp_table: expected a mapping, found a list"),
	BAD("dpdk: {eal_init: -c}\n",
	    "f:1:18: dpdk.eal_init: expected a list, found a single value"),
	BAD("dpdk: {eal_init: [[-c]]}\n",
	    "f:1:19: dpdk.eal_init[0]: expected a single value, found a list"),
	BAD("tern: {net: {routes: [5]}}\n",
	    "f:1:23: tern.net.routes[0]: expected a mapping, found a single value"),
	BAD("tern: {net: {routes: {to: 5}}}\n",
	    "f:1:22: tern.net.routes: expected a list, found a mapping"),
	BAD("inetstack_config:\n  mtu: 1500\n  mss: 1000\n  mtu: 1400\n",
	    "f:4:3: 'inetstack_config.mtu' is there twice; the first is in line 2"),
	BAD("tern: {log_level: info}\ndpdk:\ntern: {transport: sim}\n",
	    "f:3:1: 'tern' is there twice; the first is in line 1"),
	BAD("tern: {net: {ttl: 5}, net: {ttl: 6}}\n",
	    "f:1:23: 'tern.net' is there twice; the first is in line 1"),
	BAD("tern: {net: {ttl: 5}}\n---\ntern: {net: {ttl: 6}}\n",
	    "f:2:1: a second document; a file holds one"),
	BAD("inetstack_config: {mtu: &a 1500, mss: *a}\n",
	    "f:1:25: anchors and aliases are not allowed here"),
	BAD("inetstack_config: {mtu: *a}\n", "f:1:25: anchors and aliases are not allowed here"),
	BAD("tern: &t {net: }\n", "f:1:7: anchors and aliases are not allowed here"),
	BAD("dpdk: {eal_init: &l [a]}\n", "f:1:18: anchors and aliases are not allowed here"),
	BAD("inetstack_config: {mtu: !!int 1500}\n", "f:1:25: tags are not allowed here"),
	BAD("inetstack_config:\n\tmtu: 1500\n", "f:2:1: a tab; YAML indents with spaces"),
	BAD("inetstack_config: {mtu: 1500\n", "f:2:1: not YAML: did not find expected ',' or '}'"),
	BAD("tern: {log_level: 'info\n", "f:2:1: not YAML: found unexpected end of stream"),
	BAD("tern:\n  log_level: info\n net: {}\n", "f:3:2: not YAML: did not find expected key"),
	BAD("tern: {sim: {pcap: \"a\\0b\"}}\n", "f:1:20: a NUL byte in a string"),
	BAD("tern:\n  sim:\n    pcap: \377\n", "f:3:11: not text: invalid leading UTF-8 octet"),
	BAD("tern:\n  sim: {seed: 1\000}\n",
	    "f:2:16: not text: control characters are not allowed"),
	BAD("\377\376t\000e\000", "f:1:1: not text: invalid leading UTF-8 octet"),
	BAD("inetstack_config: {mtu: 70000}\n",
	    "f:1:25: inetstack_config.mtu: '70000' is not a number from 68 to 65535"),
	BAD("inetstack_config: {mtu: 67}\n",
	    "f:1:25: inetstack_config.mtu: '67' is not a number from 68 to 65535"),
	BAD("inetstack_config: {mtu: -1}\n",
	    "f:1:25: inetstack_config.mtu: '-1' is not a number from 68 to 65535"),
	BAD("inetstack_config: {mtu: }\n",
	    "f:1:25: inetstack_config.mtu: '' is not a number from 68 to 65535"),
	BAD("inetstack_config: {mtu: abc}\n",
	    "f:1:25: inetstack_config.mtu: 'abc' is not a number from 68 to 65535"),
	BAD("inetstack_config: {mtu: 1_500}\n",
	    "f:1:25: inetstack_config.mtu: '1_500' is not a number from 68 to 65535"),
	BAD("inetstack_config: {mtu: 0777}\n",
	    "f:1:25: inetstack_config.mtu: '0777' is not a number from 68 to 65535"),
	BAD("inetstack_config: {mtu: 1500.0}\n",
	    "f:1:25: inetstack_config.mtu: '1500.0' is not a number from 68 to 65535"),
	BAD("inetstack_config: {mtu: 1e3}\n",
	    "f:1:25: inetstack_config.mtu: '1e3' is not a number from 68 to 65535"),
	BAD("inetstack_config: {mtu: ' 0x'}\n",
	    "f:1:25: inetstack_config.mtu: ' 0x' is not a number from 68 to 65535"),
	BAD("inetstack_config: {mtu: +1500}\n",
	    "f:1:25: inetstack_config.mtu: '+1500' is not a number from 68 to 65535"),
	BAD("inetstack_config: {mtu: 99999999999999999999}\n",
	    "f:1:25: inetstack_config.mtu: '99999999999999999999' is not a number from 68 to "
	    "65535"),
	BAD("inetstack_config: {mtu: 0x1x}\n",
	    "f:1:25: inetstack_config.mtu: '0x1x' is not a number from 68 to 65535"),
	BAD("inetstack_config: {mtu: ~}\n",
	    "f:1:25: inetstack_config.mtu: '~' is not a number from 68 to 65535"),
	BAD("tern: {sim: {seed: 18446744073709551616}}\n",
	    "f:1:20: tern.sim.seed: '18446744073709551616' is not a number from 0 to "
	    "18446744073709551615"),
	BAD("tern: {net: {ttl: 0}}\n", "f:1:19: tern.net.ttl: '0' is not a number from 1 to 255"),
	BAD("tern: {net: {prefix_len: 33}}\n",
	    "f:1:26: tern.net.prefix_len: '33' is not a number from 0 to 32"),
	BAD("tcp_socket_options: {nodelay: yes}\n",
	    "f:1:31: tcp_socket_options.nodelay: 'yes' is not true or false"),
	BAD("tcp_socket_options: {nodelay: 1}\n",
	    "f:1:31: tcp_socket_options.nodelay: '1' is not true or false"),
	BAD("tcp_socket_options: {nodelay: on}\n",
	    "f:1:31: tcp_socket_options.nodelay: 'on' is not true or false"),
	BAD("tcp_socket_options: {nodelay: }\n",
	    "f:1:31: tcp_socket_options.nodelay: '' is not true or false"),
	BAD("inetstack_config: {arp_request_timeout: 0}\n",
	    "f:1:41: inetstack_config.arp_request_timeout: '0' is not a time from 1ms to 3600s; a "
	    "number without unit is in s"),
	BAD("inetstack_config: {arp_request_timeout: 3601}\n",
	    "f:1:41: inetstack_config.arp_request_timeout: '3601' is not a time from 1ms to 3600s; "
	    "a number without unit is in s"),
	BAD("inetstack_config: {arp_request_timeout: 1h}\n",
	    "f:1:41: inetstack_config.arp_request_timeout: '1h' is not a time from 1ms to 3600s; a "
	    "number without unit is in s"),
	BAD("inetstack_config: {arp_request_timeout: 5 m s}\n",
	    "f:1:41: inetstack_config.arp_request_timeout: '5 m s' is not a time from 1ms to "
	    "3600s; a number without unit is in s"),
	BAD("inetstack_config: {arp_request_timeout: 500us}\n",
	    "f:1:41: inetstack_config.arp_request_timeout: '500us' is not a time from 1ms to "
	    "3600s; a number without unit is in s"),
	BAD("inetstack_config: {arp_request_timeout: 99999999999999999999s}\n",
	    "f:1:41: inetstack_config.arp_request_timeout: '99999999999999999999s' is not a time "
	    "from 1ms to 3600s; a number without unit is in s"),
	BAD("inetstack_config: {arp_request_timeout: 18446744073709551615}\n",
	    "f:1:41: inetstack_config.arp_request_timeout: '18446744073709551615' is not a time "
	    "from 1ms to 3600s; a number without unit is in s"),
	BAD("tern: {idle: {spin_us: 2s}}\n", "f:1:24: tern.idle.spin_us: '2s' is not a time from 0 "
					     "to 1s; a number without unit is in us"),
	BAD("tern: {sim: {link_delay_ns: -1}}\n",
	    "f:1:29: tern.sim.link_delay_ns: '-1' is not a time from 0 to 60s; a number without "
	    "unit is in ns"),
	BAD("tern: {memory: {limit_mb: 3}}\n",
	    "f:1:27: tern.memory.limit_mb: '3' is not a size from 4MiB to 1024GiB; a number "
	    "without unit is in MiB"),
	BAD("tern: {memory: {arena_mb: 16MB}}\n",
	    "f:1:27: tern.memory.arena_mb: '16MB' is not a size from 4MiB to 16GiB; a number "
	    "without unit is in MiB"),
	BAD("tern: {net: {reassembly_kb: 63}}\n",
	    "f:1:29: tern.net.reassembly_kb: '63' is not a size from 64KiB to 1GiB; a number "
	    "without unit is in KiB"),
	BAD("tern: {transport: catpowder}\n",
	    "f:1:19: tern.transport: 'catpowder' is not one of dpdk, uring, rdma, sim, catnip, "
	    "catnap, catcollar, catmint"),
	BAD("tern: {log_level: warn}\n",
	    "f:1:19: tern.log_level: 'warn' is not one of error, warning, info, debug"),
	BAD("tern: {idle: {strategy: lazy}}\n",
	    "f:1:25: tern.idle.strategy: 'lazy' is not one of busy, yield, adaptive"),
	BAD("tern: {memory: {hugepages: true}}\n",
	    "f:1:28: tern.memory.hugepages: 'true' is not one of auto, never, require"),
	BAD("raw_socket: {linux_interface_name: sixteen-letters.}\n",
	    "f:1:36: raw_socket.linux_interface_name: 'sixteen-letters.' is not a string of 1 to "
	    "15 printable bytes"),
	BAD("raw_socket: {linux_interface_name: }\n", "f:1:36: raw_socket.linux_interface_name: '' "
						      "is not a string of 1 to 15 printable bytes"),
	BAD("tern: {sim: {pcap: \"a\\nb\"}}\n",
	    "f:1:20: tern.sim.pcap: 'a?b' is not a string of 1 to 255 printable bytes"),
	BAD("dpdk: {eal_init: "
	    "[xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
	    "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
	    "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx]"
	    "}\n",
	    "f:1:19: dpdk.eal_init[0]: "
	    "'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx...' is "
	    "not a string of 0 to 255 printable bytes"),
	BAD("dpdk: {eal_init: "
	    "[abcdefgh,abcdefgh,abcdefgh,abcdefgh,abcdefgh,abcdefgh,abcdefgh,abcdefgh,abcdefgh,"
	    "abcdefgh,abcdefgh,abcdefgh,abcdefgh,abcdefgh,abcdefgh,abcdefgh,abcdefgh,abcdefgh,"
	    "abcdefgh,abcdefgh,abcdefgh,abcdefgh,abcdefgh,abcdefgh,abcdefgh,abcdefgh,abcdefgh,"
	    "abcdefgh,abcdefgh,abcdefgh,abcdefgh,abcdefgh,abcdefgh,abcdefgh,abcdefgh,abcdefgh,"
	    "abcdefgh,abcdefgh,abcdefgh,abcdefgh,abcdefgh,abcdefgh,abcdefgh,abcdefgh,abcdefgh,"
	    "abcdefgh,abcdefgh,abcdefgh,abcdefgh,abcdefgh,abcdefgh,abcdefgh,abcdefgh,abcdefgh,"
	    "abcdefgh,abcdefgh,abcdefgh,abcdefgh,abcdefgh,abcdefgh,abcdefgh,abcdefgh,abcdefgh,"
	    "abcdefgh,abcdefgh]}\n",
	    "f:1:595: dpdk.eal_init: more than 64 entries"),
	BAD("demikernel: {local_ipv4_addr: 10.0.0}\n",
	    "f:1:31: demikernel.local_ipv4_addr: '10.0.0' is not an IPv4 unicast address"),
	BAD("demikernel: {local_ipv4_addr: 10.0.0.256}\n",
	    "f:1:31: demikernel.local_ipv4_addr: '10.0.0.256' is not an IPv4 unicast address"),
	BAD("demikernel: {local_ipv4_addr: 0.0.0.0}\n",
	    "f:1:31: demikernel.local_ipv4_addr: '0.0.0.0' is not an IPv4 unicast address"),
	BAD("demikernel: {local_ipv4_addr: 255.255.255.255}\n",
	    "f:1:31: demikernel.local_ipv4_addr: '255.255.255.255' is not an IPv4 unicast address"),
	BAD("demikernel: {local_ipv4_addr: 224.0.0.1}\n",
	    "f:1:31: demikernel.local_ipv4_addr: '224.0.0.1' is not an IPv4 unicast address"),
	BAD("demikernel: {local_ipv4_addr: 240.0.0.1}\n",
	    "f:1:31: demikernel.local_ipv4_addr: '240.0.0.1' is not an IPv4 unicast address"),
	BAD("demikernel: {local_ipv4_addr: \"::1\"}\n",
	    "f:1:31: demikernel.local_ipv4_addr: '::1' is not an IPv4 unicast address"),
	BAD("demikernel: {local_ipv4_addr: \"::ffff:10.0.0.1\"}\n",
	    "f:1:31: demikernel.local_ipv4_addr: '::ffff:10.0.0.1' is not an IPv4 unicast address"),
	BAD("demikernel: {local_ipv4_addr: 10.0.0.01}\n",
	    "f:1:31: demikernel.local_ipv4_addr: '10.0.0.01' is not an IPv4 unicast address"),
	BAD("demikernel: {local_ipv4_addr: host}\n",
	    "f:1:31: demikernel.local_ipv4_addr: 'host' is not an IPv4 unicast address"),
	BAD("demikernel: {local_link_addr: '02:00:00:00:00'}\n",
	    "f:1:31: demikernel.local_link_addr: '02:00:00:00:00' is not an Ethernet unicast "
	    "address such as 02:00:00:00:00:01"),
	BAD("demikernel: {local_link_addr: '02-00-00-00-00-01'}\n",
	    "f:1:31: demikernel.local_link_addr: '02-00-00-00-00-01' is not an Ethernet unicast "
	    "address such as 02:00:00:00:00:01"),
	BAD("demikernel: {local_link_addr: '02:00:00:00:00:0g'}\n",
	    "f:1:31: demikernel.local_link_addr: '02:00:00:00:00:0g' is not an Ethernet unicast "
	    "address such as 02:00:00:00:00:01"),
	BAD("demikernel: {local_link_addr: '01:00:5e:00:00:01'}\n",
	    "f:1:31: demikernel.local_link_addr: '01:00:5e:00:00:01' is not an Ethernet unicast "
	    "address such as 02:00:00:00:00:01"),
	BAD("demikernel: {local_link_addr: '00:00:00:00:00:00'}\n",
	    "f:1:31: demikernel.local_link_addr: '00:00:00:00:00:00' is not an Ethernet unicast "
	    "address such as 02:00:00:00:00:01"),
	BAD("demikernel: {local_link_addr: 'FF:FF:FF:FF:FF:FF'}\n",
	    "f:1:31: demikernel.local_link_addr: 'FF:FF:FF:FF:FF:FF' is not an Ethernet unicast "
	    "address such as 02:00:00:00:00:01"),
	BAD("demikernel: {local_link_addr: '02:00:00:00:00:01:02'}\n",
	    "f:1:31: demikernel.local_link_addr: '02:00:00:00:00:01:02' is not an Ethernet unicast "
	    "address such as 02:00:00:00:00:01"),
	BAD("tern: {net: {ipv6_gateway: 10.0.0.1}}\n",
	    "f:1:28: tern.net.ipv6_gateway: '10.0.0.1' is not an IPv6 unicast address"),
	BAD("tern: {net: {ipv6_addrs: ['2001:db8::1']}}\n",
	    "f:1:27: tern.net.ipv6_addrs[0]: '2001:db8::1' is not an IPv6 unicast address with "
	    "prefix length, such as 2001:db8::1/64"),
	BAD("tern: {net: {ipv6_addrs: ['2001:db8::1/129']}}\n",
	    "f:1:27: tern.net.ipv6_addrs[0]: '2001:db8::1/129' is not an IPv6 unicast address with "
	    "prefix length, such as 2001:db8::1/64"),
	BAD("tern: {net: {ipv6_addrs: ['2001:db8::1/0']}}\n",
	    "f:1:27: tern.net.ipv6_addrs[0]: '2001:db8::1/0' is not an IPv6 unicast address with "
	    "prefix length, such as 2001:db8::1/64"),
	BAD("tern: {net: {ipv6_addrs: ['2001:db8::1/']}}\n",
	    "f:1:27: tern.net.ipv6_addrs[0]: '2001:db8::1/' is not an IPv6 unicast address with "
	    "prefix length, such as 2001:db8::1/64"),
	BAD("tern: {net: {ipv6_addrs: ['10.0.0.1/8']}}\n",
	    "f:1:27: tern.net.ipv6_addrs[0]: '10.0.0.1/8' is not an IPv6 unicast address with "
	    "prefix length, such as 2001:db8::1/64"),
	BAD("tern: {net: {ipv6_addrs: ['ff02::1/64']}}\n",
	    "f:1:27: tern.net.ipv6_addrs[0]: 'ff02::1/64' is not an IPv6 unicast address with "
	    "prefix length, such as 2001:db8::1/64"),
	BAD("tern: {net: {ipv6_addrs: ['::1/128']}}\n",
	    "f:1:27: tern.net.ipv6_addrs[0]: '::1/128' is not an IPv6 unicast address with prefix "
	    "length, such as 2001:db8::1/64"),
	BAD("tern: {net: {ipv6_addrs: ['::/64']}}\n",
	    "f:1:27: tern.net.ipv6_addrs[0]: '::/64' is not an IPv6 unicast address with prefix "
	    "length, such as 2001:db8::1/64"),
	BAD("tern: {net: {ipv6_addrs: ['::ffff:10.0.0.1/104']}}\n",
	    "f:1:27: tern.net.ipv6_addrs[0]: '::ffff:10.0.0.1/104' is not an IPv6 unicast address "
	    "with prefix length, such as 2001:db8::1/64"),
	BAD("tern: {net: {ipv6_addrs: ['/64']}}\n",
	    "f:1:27: tern.net.ipv6_addrs[0]: '/64' is not an IPv6 unicast address with prefix "
	    "length, such as 2001:db8::1/64"),
	BAD("tern: {net: {ipv6_addrs: "
	    "['11111111111111111111111111111111111111111111111111/64']}}\n",
	    "f:1:27: tern.net.ipv6_addrs[0]: "
	    "'11111111111111111111111111111111111111111111111111/64' is not an IPv6 unicast "
	    "address with prefix length, such as 2001:db8::1/64"),
	BAD("tern: {net: {netmask: 255.0.255.0}}\n",
	    "f:1:23: tern.net.netmask: '255.0.255.0' is not a netmask such as 255.255.255.0"),
	BAD("tern: {net: {netmask: 24}}\n",
	    "f:1:23: tern.net.netmask: '24' is not a netmask such as 255.255.255.0"),
	BAD("tern: {net: {netmask: 255.255.255.1}}\n",
	    "f:1:23: tern.net.netmask: '255.255.255.1' is not a netmask such as 255.255.255.0"),
	BAD("tern: {net: {netmask: \"ffff::\"}}\n",
	    "f:1:23: tern.net.netmask: 'ffff::' is not a netmask such as 255.255.255.0"),
	BAD("tern: {net: {routes: [{to: '10.1.0.0'}]}}\n",
	    "f:1:28: tern.net.routes[0].to: '10.1.0.0' is not a prefix such as 10.1.0.0/16 or "
	    "2001:db8::/32, all zero behind its length"),
	BAD("tern: {net: {routes: [{to: '10.1.0.0/33'}]}}\n",
	    "f:1:28: tern.net.routes[0].to: '10.1.0.0/33' is not a prefix such as 10.1.0.0/16 or "
	    "2001:db8::/32, all zero behind its length"),
	BAD("tern: {net: {routes: [{to: '10.1.0.1/16'}]}}\n",
	    "f:1:28: tern.net.routes[0].to: '10.1.0.1/16' is not a prefix such as 10.1.0.0/16 or "
	    "2001:db8::/32, all zero behind its length"),
	BAD("tern: {net: {routes: [{to: '2001:db8::1/64'}]}}\n",
	    "f:1:28: tern.net.routes[0].to: '2001:db8::1/64' is not a prefix such as 10.1.0.0/16 "
	    "or 2001:db8::/32, all zero behind its length"),
	BAD("tern: {net: {routes: [{to: '224.0.0.0/4'}]}}\n",
	    "f:1:28: tern.net.routes[0].to: '224.0.0.0/4' is not a prefix such as 10.1.0.0/16 or "
	    "2001:db8::/32, all zero behind its length"),
	BAD("tern: {net: {routes: [{to: 'x/8'}]}}\n",
	    "f:1:28: tern.net.routes[0].to: 'x/8' is not a prefix such as 10.1.0.0/16 or "
	    "2001:db8::/32, all zero behind its length"),
	BAD("tern: {net: {routes: [{to: 10.1.0.0/16}]}}\n",
	    "f:1:23: tern.net.routes[0]: 'via' is missing"),
	BAD("tern: {net: {routes: [{via: 10.0.0.1}]}}\n",
	    "f:1:23: tern.net.routes[0]: 'to' is missing"),
	BAD("tern: {net: {routes: [{}]}}\n", "f:1:23: tern.net.routes[0]: 'to' is missing"),
	BAD("tern: {net: {routes: [{to: 10.1.0.0/16, to: 10.1.0.0/16}]}}\n",
	    "f:1:41: tern.net.routes[0].to is there twice"),
	BAD("tern: {net: {routes: [{to: 10.1.0.0/16, dev: eth0}]}}\n",
	    "f:1:41: unknown key 'tern.net.routes[0].dev'; legal here: to, via"),
	BAD("tern: {net: {routes: [{[a]: 1}]}}\n",
	    "f:1:24: tern.net.routes[0]: expected a key, found a list"),
	BAD("tern: {net: {routes: [{via: [a]}]}}\n",
	    "f:1:29: tern.net.routes[0].via: expected a single value, found a list"),
	BAD("inetstack_config: {arp_table: {'02:00:00:00:00': 10.0.0.1}}\n",
	    "f:1:32: inetstack_config.arp_table: '02:00:00:00:00' is not an Ethernet unicast "
	    "address such as 02:00:00:00:00:01"),
	BAD("inetstack_config: {arp_table: {'02:00:00:00:00:01': 10.0.0}}\n",
	    "f:1:53: inetstack_config.arp_table: '10.0.0' is not an IPv4 or IPv6 unicast address"),
	BAD("inetstack_config: \n  arp_table:\n    '02:00:00:00:00:0a': 10.0.0.1\n    "
	    "'02:00:00:00:00:0A': 10.0.0.2\n",
	    "f:4:5: inetstack_config.arp_table: '02:00:00:00:00:0A' is there twice"),
	BAD("inetstack_config: {arp_table: {'02:00:00:00:00:01': [10.0.0.1]}}\n",
	    "f:1:53: inetstack_config.arp_table: expected a single value, found a list"),
	BAD("inetstack_config: {arp_table: {{a: b}: 10.0.0.1}}\n",
	    "f:1:32: inetstack_config.arp_table: expected a single value, found a mapping"),
	BAD("demikernel:\n  local_ipv4_addr: XX.XX.XX.XX\n",
	    "f:2:20: demikernel.local_ipv4_addr: 'XX.XX.XX.XX' is a placeholder of Demikernel's "
	    "template, not an IPv4 unicast address"),
	BAD("demikernel:\n  local_link_addr: \"ff:ff:ff:ff:ff:ff\"\n",
	    "f:2:20: demikernel.local_link_addr: 'ff:ff:ff:ff:ff:ff' is a placeholder of "
	    "Demikernel's template, not an Ethernet unicast address such as 02:00:00:00:00:01"),
	BAD("raw_socket:\n  linux_interface_name: \"abcde\"\n",
	    "f:2:25: raw_socket.linux_interface_name: 'abcde' is a placeholder of Demikernel's "
	    "template, not a string of 1 to 15 printable bytes"),
	BAD("dpdk: {eal_init: [\"-a\", \"WW:WW.W\"]}\n",
	    "f:1:25: dpdk.eal_init[1]: 'WW:WW.W' is a placeholder of Demikernel's template, not a "
	    "string of 0 to 255 printable bytes"),
	BAD("dpdk: {eal_init: [\"--vdev=net_vdev_netvsc0,iface=abcde\"]}\n",
	    "f:1:19: dpdk.eal_init[0]: '--vdev=net_vdev_netvsc0,iface=abcde' is a placeholder of "
	    "Demikernel's template, not a string of 0 to 255 printable bytes"),
	BAD("inetstack_config: {arp_table: {\"ff:ff:ff:ff:ff:ff\": XX.XX.XX.XX}}\n",
	    "f:1:32: inetstack_config.arp_table: 'ff:ff:ff:ff:ff:ff' is a placeholder of "
	    "Demikernel's template, not an Ethernet unicast address such as 02:00:00:00:00:01"),
};

static struct cfg cfg;
static char err[CFG_ERR_LEN];

Test(config_bad, each_file_gets_its_sentence)
{
	unsigned wrong = 0;

	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		const struct bad *f = &files[i];
		int rc = cfg_from_text(&cfg, "f", f->text, f->len, err, sizeof(err));

		if (rc == -EINVAL && strcmp(err, f->err) == 0)
			continue;
		wrong++;
		cr_log_error("file %zu gives %d\n got: %s\nwant: %s", i, rc, err, f->err);
	}
	cr_assert_eq(wrong, 0, "%u of %zu", wrong, ARRAY_SIZE(files));
}

Test(config_bad, every_beginning_of_a_file_is_survived)
{
	static const char text[] = "demikernel: {local_ipv4_addr: 10.0.0.1}\n"
				   "dpdk: {eal_init: [\"-c\", '1']}\n"
				   "inetstack_config:\n"
				   "  arp_table: {\"02:00:00:00:00:01\": 10.0.0.2}\n"
				   "tern:\n"
				   "  net: {prefix_len: 24, gateway: 10.0.0.2,\n"
				   "    routes: [{to: 10.1.0.0/16, via: 10.0.0.3}]}\n";

	for (size_t len = 0; len < sizeof(text); len++) {
		char *copy = malloc(len ? len : 1);
		int rc;

		memcpy(copy, text, len);
		rc = cfg_from_text(&cfg, "f", copy, len, err, sizeof(err));
		cr_assert(rc == 0 || rc == -EINVAL);
		cr_assert_eq(rc == 0, err[0] == '\0');
		free(copy);
	}
}

/* Would take a reader that builds the tree, or follows it, down. */
Test(config_bad, deep_nesting_stops_at_once)
{
	enum {
		DEPTH = 1 << 20
	};
	char *text = malloc(DEPTH);

	memset(text, '[', DEPTH);
	cr_assert_eq(cfg_from_text(&cfg, "f", text, DEPTH, err, sizeof(err)), -EINVAL);
	cr_assert_str_eq(err, "f:1:1: the file: expected a mapping, found a list");
	memset(text, '{', DEPTH);
	cr_assert_eq(cfg_from_text(&cfg, "f", text, DEPTH, err, sizeof(err)), -EINVAL);
	cr_assert_str_eq(err, "f:1:2: expected a key, found a mapping");
	free(text);
}
