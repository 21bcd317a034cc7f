/* SPDX-License-Identifier: MIT */
/*
 * Paths and packets: the two things that pass between the network layer and the transports above it.
 *
 * A net_path is the cached way to one destination, embedded in every socket and connection. It holds the
 * headers ready to copy; sending is then: compare one number, copy, patch four fields, append to the burst.
 * The number is net->generation: whatever could make any path wrong (addresses, routes, a neighbour's MAC, a
 * path MTU) moves it on, and each path is resolved again at its next use. A path whose neighbour is not
 * resolved yet is never valid, so that its packets take the slow way into the neighbour's queue.
 */
#ifndef LIBOS_NET_PATH_H
#define LIBOS_NET_PATH_H

#include "libos/base/ipaddr.h"
#include "libos/buf/buf.h"
#include "libos/wire/eth.h"
#include "libos/wire/ip4.h"
#include "libos/wire/ip6.h"

struct net;
struct neigh;

enum net_path_kind {
	NET_PATH_UNICAST,
	NET_PATH_LOCAL,     /* to ourselves: never sees the device */
	NET_PATH_BROADCAST, /* IPv4, limited or of a connected net */
	NET_PATH_MULTICAST,
};

#define NET_PATH_HLEN_MAX (ETH_HLEN + IP6_HLEN)

struct net_path {
	/* net->generation for which all below holds; 0: resolve before use. */
	uint64_t generation;
	struct neigh *neigh_or_null; /* next hop; NULL unless NET_PATH_UNICAST */
	uint32_t mtu;    /* bytes of IP packet that reach @dst whole, as far as we know */
	uint8_t hdr_len; /* Ethernet and IP header */
	uint8_t kind;    /* enum net_path_kind */
	bool is_v4;
	bool src_is_bound; /* @src was given, not chosen: never choose another */
	uint16_t addr_sum; /* folded checksum sum of both addresses, for pseudo-headers */
	uint8_t hdr
		[NET_PATH_HLEN_MAX]; /* as it goes out; IPv4: only Ethernet and the addresses are set */
	struct ipaddr src;
	struct ipaddr dst;
};

/* Cannot fail: resolving happens at first use. @src may be any: a source is chosen then. */
void net_path_init(struct net_path *path, const struct ipaddr *dst, const struct ipaddr *src);

/* The slow half of net_path_resolve. */
int net_path_resolve_slow(struct net *net, struct net_path *path) cold_path;

/*
 * What goes with one packet down. Fits a register, so it is passed by value. A TTL of 0 means the configured
 * one.
 */
struct net_tx {
	uint8_t proto;
	uint8_t ttl;
	uint8_t tos;   /* traffic class in IPv6; low two bits are ECN */
	uint8_t flags; /* NET_TX_* */
};

enum {
	NET_TX_DONT_FRAG = 1 << 0, /* too big is -EMSGSIZE; otherwise we cut it up */
	NET_TX_NO_DF = 1 << 1,     /* IPv4: routers may cut it up too: DF clear and an ID */
};

/*
 * Sends one packet, consuming @b, whose data starts at the L4 header, complete with its checksum (or with
 * BUF_TX_CSUM_L4 and the pseudo-header sum in its place; the caller looks at dev->features). The first buf
 * should have NET_PATH_HLEN_MAX bytes of headroom and no other holder in the stack; else a buf for the
 * headers is put in front. l3_off and l4_off of the first buf are set here. BUF_TX_TSO packets may exceed the
 * MTU.
 *
 * IPv4 packets that fit leave with DF set and ID 0 (atomic, RFC 6864), so that path MTU discovery works.
 *
 * 0: sent, or queued for the neighbour or the device. A packet dropped for want of room in such a queue
 * counts as sent. Otherwise @b is gone and the error is
 *   -ENETUNREACH    no route, or no address of ours in that family
 *   -EHOSTUNREACH   the next hop does not answer (known from an earlier attempt)
 *   -EADDRNOTAVAIL  the path's bound source is not ours
 *   -EMSGSIZE       over 65535 bytes, or over the path MTU with NET_TX_DONT_FRAG
 *   -ENOBUFS        out of buffers
 */
int net_output(struct net *net, struct net_path *path, struct buf *b, struct net_tx tx);

/*
 * The lower half, for fragments: consumes @b, whose first buf starts with @l3_len bytes of complete IP header
 * (the IPv6 fragment header included) and has room for Ethernet in front; no other holder in the stack. Fits
 * the link. l3_off and l4_off are set here. Errors as net_output.
 */
int net_output_l3(struct net *net, struct net_path *path, struct buf *b, uint32_t l3_len);

/* What a handler is told about a packet beside its bytes. */
struct net_pkt {
	struct ipaddr src;
	struct ipaddr dst;
	uint8_t proto;
	uint8_t ttl;
	uint8_t tos;
	uint8_t flags;      /* NET_PKT_* */
	uint16_t prev_next; /* IPv6: offset of the next-header byte that named @proto */
};

enum {
	NET_PKT_BROADCAST = 1 << 0, /* to a broadcast address, IPv4 */
	NET_PKT_MULTICAST = 1 << 1,
	NET_PKT_LOCAL = 1 << 2,       /* from ourselves, not off the wire */
	NET_PKT_REASSEMBLED = 1 << 3, /* l3_off names the first fragment's header */
};

#endif
