/* SPDX-License-Identifier: MIT */
/*
 * UDP (RFC 768, 8200 section 8.1, 8085) over both families.
 *
 * Endpoints hang in one hash table, keyed by a secret, under their local port. A datagram goes to the most
 * specific match: connected to its sender, then bound to its destination address, then bound to any address.
 * A socket has one family; an endpoint bound to :: does not get IPv4. Broadcast datagrams reach wildcard
 * endpoints with UDP_BROADCAST only, each of them (multicast, where it is accepted at all, likewise).
 */
#ifndef LIBOS_NET_UDP_H
#define LIBOS_NET_UDP_H

#include "libos/base/hash.h"
#include "libos/base/list.h"
#include "libos/net/path.h"

struct udp_ep;
struct icmp_error;

#define UDP_MAX_PAYLOAD_V4 65507
#define UDP_MAX_PAYLOAD_V6 65527
#define UDP_EPHEMERAL_FIRST 32768
#define UDP_EPHEMERAL_NUM 28232

struct udp_ep_ops {
	/*
	 * A datagram for @ep: consumes @b, whose data is the payload (which may be empty, and a chain). @pkt
	 * names both addresses. May call any udp_ function on any endpoint, udp_close(@ep) included.
	 */
	void (*on_datagram)(struct udp_ep *ep, struct buf *b, const struct net_pkt *pkt,
			    uint16_t sport);
	/* A datagram that @ep sent to @dst met the positive errno @err. May call as on_datagram. */
	void (*on_error)(struct udp_ep *ep, int err, const struct ipaddr *dst, uint16_t dport);
};

enum {
	UDP_IS_V6 = 1 << 0, /* the family; set before bind */
	UDP_REUSE =
		1
		<< 1, /* may share an address and port with others that may; the last bound gets unicast */
	UDP_BROADCAST = 1 << 2,  /* may send to broadcast addresses, and hears them */
	UDP_DONT_FRAG = 1 << 3,  /* over the path MTU is -EMSGSIZE */
	UDP_NO_CSUM_TX = 1 << 4, /* IPv4: send without checksum */
};

/* Embedded in the socket. udp_ep_init sets everything; fields above the line are then the user's to change. */
struct udp_ep {
	const struct udp_ep_ops *ops;
	uint8_t flags; /* UDP_* */
	uint8_t ttl;   /* 0: configured */
	uint8_t tos;
	/* ---- */
	bool is_bound;
	bool is_connected;
	uint16_t lport;
	uint16_t rport;       /* connected: the peer's; the path's destination is its address */
	struct ipaddr laddr;  /* bound address, or any of the family */
	struct ipaddr raddr;  /* connected: the peer */
	struct net_path path; /* to the last destination */
	struct list bucket;   /* on udp_table.buckets */
};

struct udp_table {
	struct list *buckets;
	uint32_t bucket_mask;
	uint32_t num;
	struct hash_key key;
};

/* 0 or -ENOMEM; sized by net->config. */
int udp_table_init(struct net *net) must_check;
void udp_table_fini(struct net *net);

/* Twice the buckets, so that they stay short. Without memory for that they grow long instead. */
void udp_table_grow(struct udp_table *t) cold_path;

/* Where the endpoints of a local port hang. */
static always_inline struct list *udp_bucket(const struct udp_table *t, uint16_t port)
{
	return &t->buckets[(port * t->key.k0 + t->key.k1) >> 32 & t->bucket_mask];
}

void udp_ep_init(struct udp_ep *ep, const struct udp_ep_ops *ops, uint8_t flags);

/*
 * Binds to @addr (any: all of ours) and @port (0: a free ephemeral one, drawn at random: RFC 6056). 0,
 * -EINVAL (bound already, or the other family), -EADDRINUSE (also: no free port), -EADDRNOTAVAIL (not ours).
 */
int udp_bind(struct net *net, struct udp_ep *ep, const struct ipaddr *addr,
	     uint16_t port) must_check;

/*
 * From now on only @addr:@port is heard, and udp_send may leave its destination out. Binds first where
 * needed; connecting again replaces the peer. 0, -EINVAL (the other family, port 0), -ENETUNREACH,
 * -EADDRINUSE, -EACCES (broadcast).
 */
int udp_connect(struct net *net, struct udp_ep *ep, const struct ipaddr *addr,
		uint16_t port) must_check;

/* Hears everybody again; stays bound. */
void udp_disconnect(struct net *net, struct udp_ep *ep);

/* Back to the state after udp_ep_init. No callback runs after it. */
void udp_close(struct net *net, struct udp_ep *ep);

/*
 * Sends @b (consumed in every case), the payload, to @dst:@port; @dst NULL: to the connected peer. Binds
 * first where needed. With 50 bytes of headroom and no second holder in the stack nothing is copied or
 * allocated. 0 or
 *   -EDESTADDRREQ  no destination, and not connected
 *   -EISCONN       a destination, but connected
 *   -EINVAL        the other family, or port 0
 *   -EMSGSIZE      over the largest datagram, or over the path MTU with UDP_DONT_FRAG
 *   -EACCES        a broadcast address without UDP_BROADCAST
 *   -EADDRINUSE    no ephemeral port left
 *   and the errors of net_output
 */
int udp_send(struct net *net, struct udp_ep *ep, struct buf *b, const struct ipaddr *dst,
	     uint16_t port);

/* Consumes @b, data at the UDP header. */
void udp_input(struct net *net, struct buf *b, const struct net_pkt *pkt);

/* Who sent @b, a datagram as on_datagram got it, whole in one buf: read from the headers in front of it. */
void udp_source(const struct buf *b, struct ipaddr *src, uint16_t *sport);

/*
 * An error about a datagram of ours: @is_local when we met it ourselves (see net_error_fn). One that fits no
 * endpoint is not believed; that also decides about a smaller path MTU.
 */
void udp_error(struct net *net, const struct icmp_error *e, bool is_local);

#endif
