/* SPDX-License-Identifier: MIT */
/* Resolving a path: route, source address, neighbour, path MTU, and the headers made of them. */
#include "libos/net/path.h"

#include <errno.h>

#include "libos/net/net.h"

void net_path_init(struct net_path *path, const struct ipaddr *dst, const struct ipaddr *src)
{
	path->generation = 0;
	path->neigh_or_null = NULL;
	path->dst = *dst;
	path->src = *src;
	path->src_is_bound = !ipaddr_is_any(src);
	path->is_v4 = ipaddr_is_v4(dst);
}

static enum net_path_kind kind_of(const struct net *net, const struct ipaddr *dst)
{
	if (net_is_local(net, dst))
		return NET_PATH_LOCAL;
	if (ipaddr_is_multicast(dst))
		return NET_PATH_MULTICAST;
	return net_is_broadcast(net, dst) ? NET_PATH_BROADCAST : NET_PATH_UNICAST;
}

static int choose_src(struct net *net, struct net_path *path, const struct ipaddr *next_hop)
{
	int err;

	if (path->src_is_bound) {
		bool is_usable = ipaddr_is_v4(&path->src) == path->is_v4 &&
				 net_is_local(net, &path->src) &&
				 (path->kind == NET_PATH_LOCAL || !ipaddr_is_loopback(&path->src));

		if (!is_usable)
			net->count[NET_DROP_TX_NO_SOURCE]++;
		return is_usable ? 0 : -EADDRNOTAVAIL;
	}
	if (path->kind == NET_PATH_LOCAL) {
		path->src = path->dst;
		return 0;
	}
	err = route_select_src(net, &path->dst, next_hop, &path->src);
	if (err)
		net->count[NET_DROP_TX_FAMILY]++;
	return err;
}

static struct mac ip4_multicast_mac(const struct ipaddr *a)
{
	return (struct mac){ { 0x01, 0x00, 0x5e, a->b[13] & 0x7f, a->b[14], a->b[15] } };
}

static void build_headers(struct net *net, struct net_path *path, const struct mac *dst_mac)
{
	uint8_t *ip = path->hdr + ETH_HLEN;

	path->addr_sum = csum_fold(csum_addrs(&path->src, &path->dst));
	eth_emit(path->hdr, dst_mac, &net->mac, path->is_v4 ? ETH_TYPE_IP4 : ETH_TYPE_IP6);
	if (path->is_v4) {
		ip4_emit(ip, 0, 0, 0, 0, 0, 0, ipaddr_to_v4(&path->src), ipaddr_to_v4(&path->dst),
			 true);
		path->hdr_len = ETH_HLEN + IP4_HLEN;
	} else {
		ip6_emit(ip, 0, 0, 0, 0, 0, &path->src, &path->dst);
		path->hdr_len = ETH_HLEN + IP6_HLEN;
	}
}

/* The neighbour's entry and, if it is known already, its MAC. */
static int find_neigh(struct net *net, struct net_path *path, const struct ipaddr *next_hop,
		      struct mac *mac)
{
	struct neigh *n = neigh_get_or_null(net, next_hop);

	if (!n) {
		net->count[NET_DROP_NEIGH_FULL]++;
		return -ENOBUFS;
	}
	if (n->state == NEIGH_FAILED) {
		net->count[NET_DROP_NEIGH_FAILED]++;
		return -EHOSTUNREACH;
	}
	path->neigh_or_null = n;
	if (neigh_is_usable(n)) {
		n->has_paths = true;
		*mac = n->mac;
	}
	return 0;
}

int net_path_resolve_slow(struct net *net, struct net_path *path)
{
	struct ipaddr next_hop = path->dst;
	struct mac mac = net->mac;
	int err;

	net->count[NET_PATH_RESOLVES]++;
	path->generation = 0;
	path->neigh_or_null = NULL;
	path->kind = (uint8_t)kind_of(net, &path->dst);
	path->mtu = net->mtu;
	if (path->kind == NET_PATH_UNICAST) {
		err = ipaddr_is_any(&path->dst) ? -ENETUNREACH
						: route_next_hop(net, &path->dst, &next_hop);
		if (err) {
			net->count[NET_DROP_TX_NO_ROUTE]++;
			return err;
		}
		path->mtu = pmtu_get(net, &path->dst);
	}
	err = choose_src(net, path, &next_hop);
	if (err)
		return err;

	switch ((enum net_path_kind)path->kind) {
	case NET_PATH_UNICAST:
		err = find_neigh(net, path, &next_hop, &mac);
		if (err)
			return err;
		break;
	case NET_PATH_LOCAL:
		path->mtu = UINT16_MAX + (path->is_v4 ? 0 : IP6_HLEN); /* all that can be said */
		break;
	case NET_PATH_BROADCAST:
		mac = mac_broadcast();
		break;
	case NET_PATH_MULTICAST:
		mac = path->is_v4 ? ip4_multicast_mac(&path->dst) : ip6_multicast_mac(&path->dst);
		break;
	}
	build_headers(net, path, &mac);
	if (!path->neigh_or_null || neigh_is_usable(path->neigh_or_null))
		path->generation = net->generation;
	return 0;
}
