/* SPDX-License-Identifier: MIT */
/*
 * The network layer of one runtime: one device, its addresses, and everything between frames and transports.
 *
 *     device --net_poll--> input.c: Ethernet --> input4.c / input6.c --> udp.c, icmp4.c, icmp6.c, handlers (TCP)
 *                             \-> arp.c                  \-> frag.c
 *     transports --net_output--> output.c: IP, Ethernet --> neigh.c (unresolved) | local queue | tx burst --net_flush--> device
 *
 * Single-threaded like all of the runtime. Time is net->now: net_poll sets it; who calls anything else first,
 * or at another time, sets it before. Memory is allocated by net_init, and by binding when the
 * table of UDP sockets must grow; never on the way of a packet. Timers (neighbours, reassembly,
 * path MTU) hang in the wheel that the caller hands in and advances.
 *
 * Nothing reaches the device before net_flush or the end of net_poll, except when a burst is full. What the
 * device does not take stays, up to NET_TX_QUEUE frames; the rest is dropped and counted.
 */
#ifndef LIBOS_NET_NET_H
#define LIBOS_NET_NET_H

#include "libos/base/rng.h"
#include "libos/buf/pool.h"
#include "libos/dev/dev.h"
#include "libos/net/counters.h"
#include "libos/net/frag.h"
#include "libos/net/icmp.h"
#include "libos/net/neigh.h"
#include "libos/net/path.h"
#include "libos/net/pmtu.h"
#include "libos/net/route.h"
#include "libos/net/udp.h"
#include "libos/timer/wheel.h"

#define NET_TX_QUEUE 512
#define NET_LOCAL_QUEUE 256

struct net_addr_config {
	struct ipaddr addr;
	uint8_t bits; /* of the connected net; IPv4: NET_V4_BITS */
};

struct net_neigh_config {
	struct ipaddr addr;
	struct mac mac;
};

/* Start from net_default_config. The arrays are read by net_init and not kept. */
struct net_config {
	const struct net_addr_config *addrs;
	unsigned num_addrs;
	const struct route *routes; /* beyond connected nets and gateways */
	unsigned num_routes;
	const struct net_neigh_config *neighs; /* static neighbours */
	unsigned num_neighs;
	struct ipaddr gateway4; /* any: none */
	struct ipaddr gateway6;
	uint64_t seed; /* of hash keys, ephemeral ports, identifiers */
	uint32_t mtu;  /* 0: the device's; never above it */

	uint32_t neigh_max;           /* entries */
	uint32_t neigh_queue_packets; /* per unresolved neighbour */
	uint32_t neigh_retries;       /* requests before giving up (arp_request_retries) */
	uint64_t neigh_timeout_ns;    /* between requests (arp_request_timeout) */
	uint64_t neigh_ttl_ns;        /* lifetime of what we know (arp_cache_ttl) */
	uint64_t neigh_delay_ns;      /* a stale neighbour in use is probed after this */

	uint32_t frag_max_datagrams;
	uint64_t frag_max_bytes;
	uint64_t frag_timeout4_ns;
	uint64_t frag_timeout6_ns;

	uint32_t pmtu_max; /* destinations */
	uint64_t pmtu_ttl_ns;

	uint32_t icmp_errors_per_sec;
	uint32_t icmp_errors_burst;
	uint32_t icmp_echo_per_sec;
	uint32_t icmp_echo_burst;

	uint32_t
		udp_buckets; /* to start with, a power of two; they grow with the number of sockets */
	uint8_t ttl;
	bool csum_offload_tx; /* use what the device offers */
	bool csum_offload_rx;
};

/*
 * Takes one packet up: consumes @b, whose data starts at the L4 header and whose chain ends with the packet.
 * The first buf holds the L3 header (at l3_off) but maybe only part of L4: see net_pullup_or_free.
 */
typedef void (*net_l4_fn)(void *ctx, struct buf *b, const struct net_pkt *pkt);

/*
 * An error about a packet that @ctx's protocol sent. From the wire it is a claim that anybody can make: check
 * it against what is in flight. @is_local: we know it ourselves, since the next hop did not answer. Who believes an
 * ICMP_ERR_TOO_BIG passes it on to pmtu_update; nobody else does.
 */
typedef void (*net_error_fn)(void *ctx, const struct icmp_error *e, bool is_local);

struct net_l4 {
	net_l4_fn input;
	net_error_fn error;
	void *ctx;
};

struct net {
	uint64_t now;
	uint64_t generation; /* see path.h; starts at 1 */
	struct dev *dev;
	struct buf_pool *pool;
	struct timer_wheel *wheel;
	struct mac mac;
	uint8_t ttl;
	uint32_t mtu;
	uint32_t tx_features; /* dev->features that the configuration lets us use */
	bool trust_rx_csum;
	bool has_logged_conflict;
	uint32_t tx_num;      /* below NET_TX_QUEUE */
	uint32_t tx_flush_at; /* tx_num at which a burst goes out unasked */
	struct buf *tx[NET_TX_QUEUE];
	struct buf_queue local;
	uint64_t count[NET_COUNTER_NUM];
	struct route_table routes;
	struct neigh_table neigh;
	struct frag_table frag;
	struct pmtu_table pmtu;
	struct icmp_limits icmp;
	struct udp_table udp;
	struct net_l4 l4[256]; /* by protocol; UDP and ICMP are not in here */
	struct rng rng;
	struct net_config config; /* the arrays' pointers are NULL */
	struct counter_set counters;
};

struct net_config net_default_config(void);

/*
 * Sets everything up and queues announcements and duplicate probes for our addresses. @dev, @pool and @wheel
 * outlive the net. 0, -ENOMEM, or -EINVAL: an address, route or size makes no sense.
 */
int net_init(struct net *net, struct dev *dev, struct buf_pool *pool, struct timer_wheel *wheel,
	     const struct net_config *config, uint64_t now) must_check;

/* Cancels all timers, puts all packets; UDP endpoints must be closed before. */
void net_fini(struct net *net);

/* Receives until the device is empty or a few bursts are done, then flushes. True if anything happened. */
bool net_poll(struct net *net, uint64_t now);

/* Hands the queued frames to the device, as many as it takes. */
void net_flush(struct net *net);

/* When net_poll may next have something without an outside event (timers aside); TIME_NEVER: not known. */
uint64_t net_next_event(const struct net *net);

/* Who gets packets and errors of @proto; @input NULL: nobody (protocol unreachable). Not for UDP and ICMP. */
void net_set_handler(struct net *net, uint8_t proto, net_l4_fn input, net_error_fn error,
		     void *ctx);

/* Tells the neighbours that @addr, an address of ours, is here (gratuitous ARP, unsolicited advertisement). */
void net_announce(struct net *net, const struct ipaddr *addr);

/* Brings an error to whom it concerns: UDP or the registered handler. */
void net_dispatch_error(struct net *net, const struct icmp_error *e, bool is_local);

/* Moves every path to its slow way once. */
static always_inline void net_paths_changed(struct net *net)
{
	net->generation++;
}

/* 0: @path holds for now. Errors as net_output. The path need not be ready to send: its neighbour may be asked still. */
static always_inline int net_path_resolve(struct net *net, struct net_path *path)
{
	if (likely(path->generation == net->generation))
		return 0;
	return net_path_resolve_slow(net, path);
}

/* The slow half of net_pullup_or_free. */
struct buf *net_pullup_slow(struct net *net, struct buf *b, uint32_t bytes) cold_path;

/*
 * Makes the first @bytes of a received packet contiguous, which must not be longer than it; its L3 header is kept
 * in front of them (l3_off, l4_off move with it). Returns the packet, maybe in another first buf; NULL: out of memory
 * (counted as drop_rx_nobufs), and the packet is gone.
 */
static always_inline struct buf *net_pullup_or_free(struct net *net, struct buf *b, uint32_t bytes)
{
	if (likely(b->len >= bytes))
		return b;
	return net_pullup_slow(net, b, bytes);
}

/* One frame from the device, or (@pkt_flags NET_PKT_LOCAL) from ourselves: consumes @b. */
void net_input(struct net *net, struct buf *b, uint8_t pkt_flags);

/*
 * For input.c: consume @b, data at the IP header. Not inlined by the linker, so that each family's path needs the
 * stack and registers of its own alone.
 */
void ip4_input(struct net *net, struct buf *b, uint8_t pkt_flags) no_inline;
void ip6_input(struct net *net, struct buf *b, uint8_t pkt_flags) no_inline;

/* The end of the way up: consumes @b, data at the L4 header, l4_off set. */
void net_deliver(struct net *net, struct buf *b, const struct net_pkt *pkt);

/* A buf with room for @payload bytes behind its headroom, or NULL, counted as drop_tx_nobufs. */
struct buf *net_buf_or_null(struct net *net, uint32_t payload);

/* One contiguous copy of the packet @b (consumed), offsets and flags with it; NULL (@b gone too): out of memory. */
struct buf *net_flatten_or_free(struct net *net, struct buf *b);

/* The end of the way down: appends a whole frame (consumed) to the burst. */
void net_tx_frame(struct net *net, struct buf *b);

#endif
