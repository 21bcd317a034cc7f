/* SPDX-License-Identifier: MIT */
#include "libos/net/route.h"

#include <errno.h>

#include "libos/net/net.h"

static bool is_limited_broadcast(const struct ipaddr *a)
{
	return ipaddr_is_v4(a) && load_be32(&a->b[12]) == 0xffffffff;
}

/* Sets (@ones) or clears all bits behind the first @bits. */
static struct ipaddr with_host_bits(const struct ipaddr *a, unsigned bits, bool ones)
{
	struct ipaddr r = *a;

	for (unsigned i = bits / 8; i < 16; i++) {
		uint8_t host = i == bits / 8 ? 0xff >> bits % 8 : 0xff;

		r.b[i] = ones ? r.b[i] | host : r.b[i] & (uint8_t)~host;
	}
	return r;
}

static bool bits_suit(const struct ipaddr *a, unsigned bits)
{
	return bits <= 128 && (!ipaddr_is_v4(a) || bits >= NET_V4_BITS(0));
}

static bool is_same_prefix(const struct route *r, const struct ipaddr *prefix, unsigned bits)
{
	return r->bits == bits && ipaddr_is_v4(&r->prefix) == ipaddr_is_v4(prefix) &&
	       ipaddr_in_prefix(prefix, &r->prefix, bits);
}

int net_route_add(struct net *net, const struct ipaddr *prefix, unsigned bits,
		  const struct ipaddr *gateway)
{
	struct route_table *t = &net->routes;
	bool is_v4 = ipaddr_is_v4(prefix);
	uint32_t at = 0;

	if (!bits_suit(prefix, bits) || ipaddr_is_multicast(gateway))
		return -EINVAL;
	if (!ipaddr_is_any(gateway) && ipaddr_is_v4(gateway) != is_v4)
		return -EINVAL;
	while (at < t->num_routes && t->routes[at].bits > bits)
		at++;
	for (uint32_t i = at; i < t->num_routes && t->routes[i].bits == bits; i++) {
		if (is_same_prefix(&t->routes[i], prefix, bits)) {
			t->routes[i].gateway = *gateway;
			net_paths_changed(net);
			return 0;
		}
	}
	if (t->num_routes == NET_MAX_ROUTES)
		return -ENOSPC;
	memmove(&t->routes[at + 1], &t->routes[at], (t->num_routes - at) * sizeof(t->routes[0]));
	t->routes[at] = (struct route){
		.prefix = with_host_bits(prefix, bits, false),
		.gateway = *gateway,
		.bits = (uint8_t)bits,
	};
	t->num_routes++;
	net_paths_changed(net);
	return 0;
}

int net_route_remove(struct net *net, const struct ipaddr *prefix, unsigned bits)
{
	struct route_table *t = &net->routes;

	for (uint32_t i = 0; i < t->num_routes; i++) {
		if (!is_same_prefix(&t->routes[i], prefix, bits))
			continue;
		t->num_routes--;
		memmove(&t->routes[i], &t->routes[i + 1],
			(t->num_routes - i) * sizeof(t->routes[0]));
		net_paths_changed(net);
		return 0;
	}
	return -ENOENT;
}

/* The IPv4 addresses again, as the input path compares them. */
static void rebuild_v4(struct route_table *t)
{
	t->num_v4 = 0;
	for (uint32_t i = 0; i < t->num_addrs; i++) {
		const struct net_addr *a = &t->addrs[i];

		if (!ipaddr_is_v4(&a->addr))
			continue;
		memcpy(&t->v4[t->num_v4], &a->addr.b[12], 4);
		memcpy(&t->v4_broadcast[t->num_v4], &a->broadcast.b[12], 4);
		t->num_v4++;
	}
}

int net_addr_add(struct net *net, const struct ipaddr *addr, unsigned bits)
{
	struct route_table *t = &net->routes;
	const struct ipaddr on_link = ipaddr_any();
	bool is_v4 = ipaddr_is_v4(addr);

	if (!bits_suit(addr, bits) || ipaddr_is_any(addr) || ipaddr_is_multicast(addr) ||
	    ipaddr_is_loopback(addr) || is_limited_broadcast(addr))
		return -EINVAL;
	if (!is_v4 && net->mtu < IP6_MIN_MTU)
		return -EINVAL;
	for (uint32_t i = 0; i < t->num_addrs; i++) {
		if (ipaddr_equal(&t->addrs[i].addr, addr))
			return -EEXIST;
	}
	if (t->num_addrs == NET_MAX_ADDRS)
		return -ENOSPC;
	if (bits < 128) {
		int err = net_route_add(net, addr, bits, &on_link);

		if (err)
			return err;
	}
	t->addrs[t->num_addrs++] = (struct net_addr){
		.addr = *addr,
		.broadcast = is_v4 && bits <= NET_V4_BITS(30) ? with_host_bits(addr, bits, true)
							      : ipaddr_any(),
		.bits = (uint8_t)bits,
	};
	rebuild_v4(t);
	net_paths_changed(net);
	return 0;
}

int net_addr_remove(struct net *net, const struct ipaddr *addr)
{
	struct route_table *t = &net->routes;
	struct net_addr gone;
	uint32_t i = 0;

	while (i < t->num_addrs && !ipaddr_equal(&t->addrs[i].addr, addr))
		i++;
	if (i == t->num_addrs)
		return -ENOENT;
	gone = t->addrs[i];
	t->num_addrs--;
	memmove(&t->addrs[i], &t->addrs[i + 1], (t->num_addrs - i) * sizeof(gone));
	rebuild_v4(t);
	net_paths_changed(net);
	for (i = 0; i < t->num_addrs; i++) {
		if (t->addrs[i].bits == gone.bits &&
		    ipaddr_in_prefix(&gone.addr, &t->addrs[i].addr, gone.bits))
			return 0; /* the net stays connected through another address */
	}
	/* May be gone already: net_route_remove is the operator's too. */
	(void)!net_route_remove(net, &gone.addr, gone.bits);
	return 0;
}

bool net_is_local(const struct net *net, const struct ipaddr *addr)
{
	const struct route_table *t = &net->routes;

	for (uint32_t i = 0; i < t->num_addrs; i++) {
		if (ipaddr_equal(&t->addrs[i].addr, addr))
			return true;
	}
	return ipaddr_is_loopback(addr);
}

bool net_is_broadcast(const struct net *net, const struct ipaddr *addr)
{
	const struct route_table *t = &net->routes;

	if (!ipaddr_is_v4(addr))
		return false;
	for (uint32_t i = 0; i < t->num_addrs; i++) {
		if (ipaddr_equal(&t->addrs[i].broadcast, addr))
			return true;
	}
	return is_limited_broadcast(addr);
}

int route_next_hop(const struct net *net, const struct ipaddr *dst, struct ipaddr *next_hop)
{
	const struct route_table *t = &net->routes;
	bool is_v4 = ipaddr_is_v4(dst);

	for (uint32_t i = 0; i < t->num_routes; i++) {
		const struct route *r = &t->routes[i];

		/* ::/0 holds the mapped IPv4 addresses as well, but is no route to them. */
		if (ipaddr_is_v4(&r->prefix) != is_v4 ||
		    !ipaddr_in_prefix(dst, &r->prefix, r->bits))
			continue;
		*next_hop = ipaddr_is_any(&r->gateway) ? *dst : r->gateway;
		return 0;
	}
	return -ENETUNREACH;
}

/* Link-local unicast, and IPv6 multicast that does not leave the link. */
static bool has_link_scope(const struct ipaddr *a)
{
	return ipaddr_is_link_local(a) || (a->b[0] == 0xff && (a->b[1] & 0x0f) <= 2);
}

int route_select_src(const struct net *net, const struct ipaddr *dst, const struct ipaddr *next_hop,
		     struct ipaddr *src)
{
	const struct route_table *t = &net->routes;
	bool is_v4 = ipaddr_is_v4(dst);
	bool link_scope = has_link_scope(dst);
	const struct net_addr *best = NULL;
	int best_score = -1;

	for (uint32_t i = 0; i < t->num_addrs; i++) {
		const struct net_addr *a = &t->addrs[i];
		int score;

		if (ipaddr_is_v4(&a->addr) != is_v4)
			continue;
		score = ipaddr_is_link_local(&a->addr) == link_scope ? 2 : 0;
		score += ipaddr_in_prefix(next_hop, &a->addr, a->bits);
		if (score > best_score) {
			best = a;
			best_score = score;
		}
	}
	if (!best)
		return -ENETUNREACH;
	*src = best->addr;
	return 0;
}
