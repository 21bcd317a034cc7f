/* SPDX-License-Identifier: MIT */
/*
 * Our addresses, and which neighbour leads to a destination. Both tables are a handful of entries in arrays:
 * routes sorted by prefix length, so that the first match is the longest. Looked at when a path is resolved,
 * never per packet. Prefix lengths count in the 128-bit form: an IPv4 /24 is 120.
 */
#ifndef LIBOS_NET_ROUTE_H
#define LIBOS_NET_ROUTE_H

#include "libos/base/ipaddr.h"

struct net;

#define NET_MAX_ADDRS 16
#define NET_MAX_ROUTES 64

/* Prefix bits of an IPv4 prefix in the common form. */
#define NET_V4_BITS(bits) (96u + (bits))

struct net_addr {
	struct ipaddr addr;
	struct ipaddr broadcast; /* IPv4 nets of more than two hosts; else any */
	uint8_t bits;            /* of the connected prefix */
};

struct route {
	struct ipaddr prefix;
	struct ipaddr gateway; /* any: the destination itself is the neighbour */
	uint8_t bits;
};

struct route_table {
	struct net_addr addrs[NET_MAX_ADDRS];
	struct route routes[NET_MAX_ROUTES]; /* by descending bits */
	/* IPv4 addresses and their broadcast addresses (0: none) in memory order, for the input check. */
	uint32_t v4[NET_MAX_ADDRS];
	uint32_t v4_broadcast[NET_MAX_ADDRS];
	uint32_t num_addrs;
	uint32_t num_v4;
	uint32_t num_routes;
};

/*
 * Gives us @addr, with the prefix that is reached directly through it. Does not tell the neighbours: see
 * net_announce. 0, -EEXIST, -ENOSPC, or -EINVAL: no unicast address, or @bits does not suit the family.
 */
int net_addr_add(struct net *net, const struct ipaddr *addr, unsigned bits) must_check;

/* Takes it away, with its connected route. 0 or -ENOENT. Sockets bound to it fail from then on. */
int net_addr_remove(struct net *net, const struct ipaddr *addr) must_check;

/* @gateway any: directly connected. Replaces the same prefix. 0, -EINVAL (families differ, bits) or -ENOSPC. */
int net_route_add(struct net *net, const struct ipaddr *prefix, unsigned bits,
		  const struct ipaddr *gateway) must_check;

/* 0 or -ENOENT. */
int net_route_remove(struct net *net, const struct ipaddr *prefix, unsigned bits) must_check;

/* Is it one of ours? Loopback addresses are. */
bool net_is_local(const struct net *net, const struct ipaddr *addr);

/* 255.255.255.255 or the broadcast address of a connected net. */
bool net_is_broadcast(const struct net *net, const struct ipaddr *addr);

/* The neighbour on the way to @dst. 0 or -ENETUNREACH. */
int route_next_hop(const struct net *net, const struct ipaddr *dst,
		   struct ipaddr *next_hop) must_check;

/*
 * Our address to use towards @dst: of its family; link-local if and only if @dst is, when there is one; else
 * the address whose net holds the next hop; else the first. 0 or -ENETUNREACH: none of the family.
 */
int route_select_src(const struct net *net, const struct ipaddr *dst, const struct ipaddr *next_hop,
		     struct ipaddr *src) must_check;

#endif
