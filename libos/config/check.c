/* SPDX-License-Identifier: MIT */
/* What one key's value means for another's. Whoever is at fault was set by the user: defaults agree. */
#include <errno.h>

#include "libos/base/bug.h"
#include "libos/config/keys.h"

#define TCP_IP4_HEADERS 40
#define ETH_MTU 1500
#define IP6_MIN_MTU 1280

static const struct cfg_key *key_of(const char *path)
{
	const struct cfg_key *key = cfg_key_find_or_null(path);

	BUG_ON(!key);
	return key;
}

static bool is_set(const struct cfg_loader *l, const char *path)
{
	const struct cfg_origin *o = &l->origin[key_of(path) - cfg_keys];

	return o->line != 0 || o->is_env;
}

#define FAIL(l, path, ...) cfg_fail_key(l, key_of(path), __VA_ARGS__)

static int check_sizes(struct cfg_loader *l)
{
	struct cfg *c = l->cfg;

	if (!is_set(l, "inetstack_config.mss"))
		c->mss = (uint16_t)(c->mtu - TCP_IP4_HEADERS);
	if (c->mtu > ETH_MTU && !c->enable_jumbo_frames)
		return FAIL(
			l, "inetstack_config.mtu",
			"%u is above %u, which needs inetstack_config.enable_jumbo_frames: true",
			c->mtu, ETH_MTU);
	if (c->mss > c->mtu)
		return FAIL(l, "inetstack_config.mss", "%u is above the mtu of %u", c->mss, c->mtu);
	/* Demikernel's own template has both at 1500 and lets its stack sort it out. */
	c->mss = min_t(uint16_t, c->mss, c->mtu - TCP_IP4_HEADERS);
	if (c->num_ipv6_addrs && c->mtu < IP6_MIN_MTU)
		return FAIL(l, "inetstack_config.mtu", "%u is below %u, which IPv6 needs", c->mtu,
			    IP6_MIN_MTU);
	if (c->memory_arena_bytes > c->memory_limit_bytes)
		return FAIL(l,
			    is_set(l, "tern.memory.arena_mb") ? "tern.memory.arena_mb"
							      : "tern.memory.limit_mb",
			    "an arena of %llu MiB is more than the limit of %llu MiB",
			    (unsigned long long)c->memory_arena_bytes >> 20,
			    (unsigned long long)c->memory_limit_bytes >> 20);
	return 0;
}

static int check_keepalive(struct cfg_loader *l)
{
	if (!l->cfg->keepalive)
		return 0;
	if (l->cfg->keepalive_time_ns == 0)
		return FAIL(l, "tcp_socket_options.keepalive.time_millis",
			    "keepalive is enabled, so this cannot be 0");
	if (l->cfg->keepalive_interval_ns == 0)
		return FAIL(l, "tcp_socket_options.keepalive.interval",
			    "keepalive is enabled, so this cannot be 0");
	return 0;
}

/* Can a neighbour on the link have this address? */
static bool is_on_link(const struct cfg *c, const struct ipaddr *a)
{
	if (ipaddr_is_v4(a))
		return !ipaddr_is_any(&c->local_ipv4_addr) &&
		       ipaddr_in_prefix(a, &c->local_ipv4_addr, 96u + c->ipv4_prefix_len);
	if (ipaddr_is_link_local(a))
		return true;
	for (uint32_t i = 0; i < c->num_ipv6_addrs; i++) {
		if (ipaddr_in_prefix(a, &c->ipv6_addrs[i].addr, c->ipv6_addrs[i].bits))
			return true;
	}
	return false;
}

static bool is_local(const struct cfg *c, const struct ipaddr *a)
{
	if (ipaddr_is_v4(a))
		return ipaddr_equal(a, &c->local_ipv4_addr);
	for (uint32_t i = 0; i < c->num_ipv6_addrs; i++) {
		if (ipaddr_equal(a, &c->ipv6_addrs[i].addr))
			return true;
	}
	return false;
}

/* All ones or all zeros behind the prefix: the subnet itself or its broadcast address (not in a /31 or /32). */
static bool is_subnet_or_broadcast(const struct cfg *c)
{
	uint32_t host = load_be32(&c->local_ipv4_addr.b[12]);
	uint32_t mask;

	if (c->ipv4_prefix_len == 0 || c->ipv4_prefix_len > 30)
		return false;
	mask = UINT32_MAX >> c->ipv4_prefix_len;
	return (host & mask) == 0 || (host & mask) == mask;
}

static int check_ipv4(struct cfg_loader *l)
{
	bool has_len = is_set(l, "tern.net.prefix_len"), has_mask = is_set(l, "tern.net.netmask");
	const char *path = has_mask ? "tern.net.netmask" : "tern.net.prefix_len";
	const struct cfg *c = l->cfg;
	char text[IPADDR_STRLEN];

	if (has_len && has_mask)
		return FAIL(l, path, "tern.net.prefix_len says the same; keep one of them");
	if ((has_len || has_mask) && ipaddr_is_any(&c->local_ipv4_addr))
		return FAIL(l, path, "needs demikernel.local_ipv4_addr");
	if (is_subnet_or_broadcast(c))
		return FAIL(l, "demikernel.local_ipv4_addr",
			    "%s is the subnet's own or broadcast address with prefix length %u",
			    ipaddr_format(&c->local_ipv4_addr, text), c->ipv4_prefix_len);
	return 0;
}

static int check_gateway(struct cfg_loader *l, const char *path, const struct ipaddr *gateway)
{
	char text[IPADDR_STRLEN];

	if (!is_set(l, path))
		return 0;
	if (ipaddr_is_v4(gateway) && !is_set(l, "tern.net.prefix_len") &&
	    !is_set(l, "tern.net.netmask"))
		return FAIL(l, path, "needs tern.net.prefix_len or tern.net.netmask");
	if (is_local(l->cfg, gateway))
		return FAIL(l, path, "%s is this host's own address", ipaddr_format(gateway, text));
	if (!is_on_link(l->cfg, gateway))
		return FAIL(l, path, "%s is in no prefix of this host's addresses",
			    ipaddr_format(gateway, text));
	return 0;
}

static int check_ipv6_addrs(struct cfg_loader *l)
{
	const struct cfg *c = l->cfg;
	char text[IPADDR_STRLEN];

	for (uint32_t i = 0; i < c->num_ipv6_addrs; i++) {
		for (uint32_t k = 0; k < i; k++) {
			if (ipaddr_equal(&c->ipv6_addrs[i].addr, &c->ipv6_addrs[k].addr))
				return FAIL(l, "tern.net.ipv6_addrs", "%s is there twice",
					    ipaddr_format(&c->ipv6_addrs[i].addr, text));
		}
	}
	return 0;
}

static int check_routes(struct cfg_loader *l)
{
	const struct cfg *c = l->cfg;
	char text[IPADDR_STRLEN];

	for (uint32_t i = 0; i < c->num_routes; i++) {
		const struct cfg_route *r = &c->routes[i];

		if (ipaddr_is_v4(&r->to.addr) != ipaddr_is_v4(&r->via))
			return FAIL(l, "tern.net.routes",
				    "entry %u has to and via of different families", i);
		if (is_local(c, &r->via))
			return FAIL(l, "tern.net.routes", "entry %u: %s is this host's own address",
				    i, ipaddr_format(&r->via, text));
		if (!is_on_link(c, &r->via))
			return FAIL(l, "tern.net.routes",
				    "entry %u: %s is in no prefix of this host's addresses", i,
				    ipaddr_format(&r->via, text));
		for (uint32_t k = 0; k < i; k++) {
			if (r->to.bits == c->routes[k].to.bits &&
			    ipaddr_equal(&r->to.addr, &c->routes[k].to.addr))
				return FAIL(l, "tern.net.routes",
					    "entries %u and %u are for the same prefix", k, i);
		}
	}
	return 0;
}

static int check_arp_table(struct cfg_loader *l)
{
	const struct cfg *c = l->cfg;
	char text[IPADDR_STRLEN];

	for (uint32_t i = 0; i < c->num_arp; i++) {
		for (uint32_t k = 0; k < i; k++) {
			if (ipaddr_equal(&c->arp_table[i].ip, &c->arp_table[k].ip))
				return FAIL(l, "inetstack_config.arp_table",
					    "%s has two Ethernet addresses",
					    ipaddr_format(&c->arp_table[i].ip, text));
		}
	}
	return 0;
}

int cfg_check(struct cfg_loader *l)
{
	int rc = check_sizes(l);

	rc = rc ? rc : check_keepalive(l);
	rc = rc ? rc : check_ipv4(l);
	rc = rc ? rc : check_ipv6_addrs(l);
	rc = rc ? rc : check_gateway(l, "tern.net.gateway", &l->cfg->gateway);
	rc = rc ? rc : check_gateway(l, "tern.net.ipv6_gateway", &l->cfg->ipv6_gateway);
	rc = rc ? rc : check_routes(l);
	return rc ? rc : check_arp_table(l);
}
