/* SPDX-License-Identifier: MIT */
/*
 * UDP. Two hot paths, each a few questions and then straight-line code: udp_send, when the endpoint's path still
 * leads to the destination, and udp_input, when one endpoint listens. Everything else is a function of its own.
 *
 * A bucket holds all endpoints whose local port hashes to it, the last bound first. The hash is multiply-shift
 * with a secret multiplier: ports are 16 bits, of which a peer chooses none that we bind, so SipHash would buy
 * nothing here. Which endpoint gets a datagram is decided by adding up what it asks for (see score).
 *
 * An endpoint's callbacks may close it or any other, so nothing is read from one after its callback ran. Group
 * datagrams can have several receivers: those are picked one at a time, by their order in the bucket, and the
 * walk starts anew behind the last one's place rather than from a pointer that may be gone.
 */
#include "libos/net/udp.h"

#include <errno.h>

#include "libos/net/output.h"
#include "libos/wire/csum_buf.h"
#include "libos/wire/udp.h"

#define EPHEMERAL_DRAWS 16 /* before looking at every port in turn */
#define BUF_TX_FLAGS (BUF_TX_CSUM_L4 | BUF_TX_CSUM_IP | BUF_TX_TSO)

static always_inline bool is_v6(const struct udp_ep *ep)
{
	return ep->flags & UDP_IS_V6;
}

static struct ipaddr any_of(bool v6)
{
	return v6 ? ipaddr_any() : ipaddr_v4(be32(0));
}

void udp_ep_init(struct udp_ep *ep, const struct udp_ep_ops *ops, uint8_t flags)
{
	struct ipaddr none = ipaddr_any();

	memset(ep, 0, sizeof(*ep));
	ep->ops = ops;
	ep->flags = flags;
	ep->laddr = any_of(is_v6(ep));
	ep->raddr = ep->laddr;
	net_path_init(&ep->path, &none, &none);
	list_init(&ep->bucket);
}

/* Would binding to @addr take what @other has? */
static bool conflicts(const struct udp_ep *other, const struct ipaddr *addr, uint8_t flags)
{
	if ((other->flags ^ flags) & UDP_IS_V6)
		return false;
	if (other->flags & flags & UDP_REUSE)
		return false;
	return ipaddr_is_any(&other->laddr) || ipaddr_is_any(addr) ||
	       ipaddr_equal(&other->laddr, addr);
}

static bool is_port_free(const struct net *net, const struct ipaddr *addr, uint16_t port,
			 uint8_t flags)
{
	const struct list *bucket = udp_bucket(&net->udp, port);
	struct list *pos;

	list_for_each (pos, bucket) {
		const struct udp_ep *other = list_entry(pos, struct udp_ep, bucket);

		if (other->lport == port && conflicts(other, addr, flags))
			return false;
	}
	return true;
}

/*
 * RFC 6056 algorithm 2: draw until a free port comes; when most are taken, the rest in turn from the last draw. A
 * port drawn is never one to share: its owner did not ask for that number.
 */
static uint16_t ephemeral_or_zero(struct net *net, const struct ipaddr *addr, uint8_t flags)
{
	uint32_t at = 0;

	flags &= (uint8_t)~UDP_REUSE;
	for (int i = 0; i < EPHEMERAL_DRAWS; i++) {
		at = (uint32_t)rng_below(&net->rng, UDP_EPHEMERAL_NUM);
		if (is_port_free(net, addr, (uint16_t)(UDP_EPHEMERAL_FIRST + at), flags))
			return (uint16_t)(UDP_EPHEMERAL_FIRST + at);
	}
	for (uint32_t i = 1; i < UDP_EPHEMERAL_NUM; i++) {
		uint32_t port = UDP_EPHEMERAL_FIRST + (at + i) % UDP_EPHEMERAL_NUM;

		if (is_port_free(net, addr, (uint16_t)port, flags))
			return (uint16_t)port;
	}
	return 0;
}

/* Another destination, or another source: the path is found anew at the next send. */
static void reset_path(struct udp_ep *ep, const struct ipaddr *dst)
{
	net_path_init(&ep->path, dst, &ep->laddr);
}

int udp_bind(struct net *net, struct udp_ep *ep, const struct ipaddr *addr, uint16_t port)
{
	struct ipaddr none = ipaddr_any();

	if (ep->is_bound || ipaddr_is_v4(addr) == is_v6(ep))
		return -EINVAL;
	if (!ipaddr_is_any(addr) && !net_is_local(net, addr))
		return -EADDRNOTAVAIL;
	if (!port)
		port = ephemeral_or_zero(net, addr, ep->flags);
	else if (!is_port_free(net, addr, port, ep->flags))
		return -EADDRINUSE;
	if (!port)
		return -EADDRINUSE;
	ep->laddr = *addr;
	ep->lport = port;
	ep->is_bound = true;
	reset_path(ep, &none);
	if (net->udp.num > net->udp.bucket_mask)
		udp_table_grow(&net->udp);
	list_add_head(udp_bucket(&net->udp, port), &ep->bucket);
	net->udp.num++;
	return 0;
}

static int bind_any(struct net *net, struct udp_ep *ep)
{
	struct ipaddr any = any_of(is_v6(ep));

	return udp_bind(net, ep, &any, 0);
}

int udp_connect(struct net *net, struct udp_ep *ep, const struct ipaddr *addr, uint16_t port)
{
	struct net_path path;
	int err;

	if (!port || ipaddr_is_v4(addr) == is_v6(ep))
		return -EINVAL;
	if (net_is_broadcast(net, addr) && !(ep->flags & UDP_BROADCAST))
		return -EACCES;
	net_path_init(&path, addr, &ep->laddr);
	err = net_path_resolve(net, &path);
	/* A next hop that does not answer now may do so by the time something is sent. */
	if (err && err != -EHOSTUNREACH && err != -ENOBUFS)
		return err;
	if (!ep->is_bound) {
		err = bind_any(net, ep);
		if (err)
			return err;
	}
	ep->path = path;
	ep->raddr = *addr;
	ep->rport = port;
	ep->is_connected = true;
	return 0;
}

void udp_disconnect(struct net *net, struct udp_ep *ep)
{
	(void)net;
	ep->is_connected = false;
	ep->raddr = any_of(is_v6(ep));
	ep->rport = 0;
}

void udp_close(struct net *net, struct udp_ep *ep)
{
	if (ep->is_bound) {
		list_del(&ep->bucket);
		net->udp.num--;
	}
	udp_ep_init(ep, ep->ops, ep->flags);
}

/* Where to, for the first datagram to a destination. Leaves the path resolved. */
static int prepare(struct net *net, struct udp_ep *ep, const struct ipaddr *dst, uint16_t port)
{
	int err;

	if (!port || ipaddr_is_v4(dst) == is_v6(ep))
		return -EINVAL;
	if (!ep->is_bound) {
		err = bind_any(net, ep);
		if (err)
			return err;
	}
	if (!ipaddr_equal(&ep->path.dst, dst))
		reset_path(ep, dst);
	err = net_path_resolve(net, &ep->path);
	if (err)
		return err;
	if (ep->path.kind == NET_PATH_BROADCAST && !(ep->flags & UDP_BROADCAST))
		return -EACCES;
	return 0;
}

static int refuse(struct buf *b, int err)
{
	buf_put_chain(b);
	return err;
}

/* The payload may not be written in front of: the header gets a buf of its own. */
static struct buf *with_front_or_free(struct net *net, struct buf *b)
{
	struct buf *front = net_buf_or_null(net, 0);

	if (front)
		front->next = b;
	else
		buf_put_chain(b);
	return front;
}

/*
 * Puts the header of a datagram of @ulen bytes in front of @b, its checksum filled in, given the payload's sum, or left
 * to the device.
 */
static always_inline void emit(const struct net *net, const struct udp_ep *ep, struct buf *b,
			       uint16_t port, uint32_t ulen, uint64_t payload)
{
	uint64_t pseudo = ep->path.addr_sum + csum_pseudo_rest(IP_PROTO_UDP, ulen);
	uint8_t *h = buf_prepend(b, UDP_HLEN);
	uint64_t head = udp_emit(h, ep->lport, port, (uint16_t)ulen);
	uint8_t flags = b->flags & (uint8_t)~BUF_TX_FLAGS;
	uint16_t csum;

	if (unlikely(ep->flags & UDP_NO_CSUM_TX) && !is_v6(ep)) {
		csum = 0;
	} else if (net->tx_features & DEV_TX_CSUM_L4) {
		csum = csum_fold(pseudo);
		flags |= BUF_TX_CSUM_L4;
	} else {
		csum = udp_csum_finish(csum_add(csum_add(payload, head), pseudo));
	}
	csum_store(&((struct udp_hdr *)(void *)h)->csum, csum);
	b->flags = flags;
}

/* All that udp_send's fast path is not for. */
static cold_path int send_slow(struct net *net, struct udp_ep *ep, struct buf *b,
			       const struct ipaddr *dst, uint16_t port)
{
	struct net_tx tx = { .proto = IP_PROTO_UDP, .ttl = ep->ttl, .tos = ep->tos };
	uint32_t len = buf_chain_len(b);
	uint64_t payload;
	int err;

	if (!dst && !ep->is_connected)
		return refuse(b, -EDESTADDRREQ);
	if (dst && ep->is_connected)
		return refuse(b, -EISCONN);
	err = dst ? prepare(net, ep, dst, port) : prepare(net, ep, &ep->raddr, ep->rport);
	if (err)
		return refuse(b, err);
	if (len > (is_v6(ep) ? UDP_MAX_PAYLOAD_V6 : UDP_MAX_PAYLOAD_V4))
		return refuse(b, -EMSGSIZE);
	if (ep->flags & UDP_DONT_FRAG)
		tx.flags = NET_TX_DONT_FRAG;
	payload = net->tx_features & DEV_TX_CSUM_L4 ? 0 : csum_add_chain(0, b, 0, len);
	if (!buf_may_prepend(b, NET_PATH_HLEN_MAX + UDP_HLEN)) {
		b = with_front_or_free(net, b);
		if (!b)
			return -ENOBUFS;
	}
	emit(net, ep, b, dst ? port : ep->rport, UDP_HLEN + len, payload);
	err = net_output(net, &ep->path, b, tx);
	net->count[NET_UDP_TX] += !err;
	return err;
}

int udp_send(struct net *net, struct udp_ep *ep, struct buf *b, const struct ipaddr *dst,
	     uint16_t port)
{
	struct net_tx tx = { .proto = IP_PROTO_UDP, .ttl = ep->ttl, .tos = ep->tos };
	uint32_t ulen = UDP_HLEN + b->len;
	uint32_t total = ulen + ep->path.hdr_len - ETH_HLEN;
	const struct ipaddr *to = dst ? dst : &ep->raddr;
	uint16_t to_port = dst ? port : ep->rport;
	uint64_t payload = 0;

	/* Only the endpoint of a bound socket has a path that is ready. */
	if (unlikely(!dst != ep->is_connected || !to_port || !net_path_is_ready(net, &ep->path) ||
		     !ipaddr_equal(to, &ep->path.dst) || total > ep->path.mtu || b->next ||
		     !buf_may_prepend(b, NET_PATH_HLEN_MAX + UDP_HLEN)))
		return send_slow(net, ep, b, dst, port);

	if (!(net->tx_features & DEV_TX_CSUM_L4))
		payload = csum_add_bytes_inline(0, b->data, b->len);
	emit(net, ep, b, to_port, ulen, payload);
	net_output_ready(net, &ep->path, b, tx, total);
	net->count[NET_UDP_TX]++;
	return 0;
}

/* Who a datagram, or an error about one, is for: our end and the peer's. */
struct flow {
	const struct ipaddr *local;
	const struct ipaddr *remote;
	uint16_t lport;
	uint16_t rport;
};

/* 0: not for @ep. Else the higher, the more exactly @ep asked for it: being connected outweighs being bound. */
static always_inline unsigned score(const struct udp_ep *ep, const struct flow *f)
{
	unsigned points = 1;

	if (ep->lport != f->lport)
		return 0;
	if (likely(ipaddr_equal(&ep->laddr, f->local)))
		points += 1;
	else if (is_v6(ep) == ipaddr_is_v4(f->local) || !ipaddr_is_any(&ep->laddr))
		return 0;
	if (ep->is_connected) {
		if (ep->rport != f->rport || !ipaddr_equal(&ep->raddr, f->remote))
			return 0;
		points += 2;
	}
	return points;
}

static always_inline struct udp_ep *find_or_null(const struct net *net, const struct flow *f)
{
	const struct list *bucket = udp_bucket(&net->udp, f->lport);
	struct udp_ep *best = NULL;
	unsigned best_points = 0;
	struct list *pos;

	list_for_each (pos, bucket) {
		struct udp_ep *ep = list_entry(pos, struct udp_ep, bucket);
		unsigned points = score(ep, f);

		if (points > best_points) {
			best = ep;
			best_points = points;
		}
	}
	return best;
}

/* The first endpoint from place @*at of its bucket on that hears group datagrams of @f; @*at moves behind it. */
static struct udp_ep *next_group_ep_or_null(const struct net *net, const struct flow *f,
					    uint32_t *at)
{
	const struct list *bucket = udp_bucket(&net->udp, f->lport);
	struct list *pos;
	uint32_t place = 0;

	list_for_each (pos, bucket) {
		struct udp_ep *ep = list_entry(pos, struct udp_ep, bucket);

		if (place++ < *at || !(ep->flags & UDP_BROADCAST) || !score(ep, f))
			continue;
		*at = place;
		return ep;
	}
	return NULL;
}

static cold_path void drop(struct net *net, struct buf *b, enum net_counter why)
{
	net->count[why]++;
	buf_put_chain(b);
}

/* A copy of @b, headers included, which leaves @b as it is. */
static struct buf *copy_or_null(struct net *net, struct buf *b)
{
	for (struct buf *part = b; part; part = part->next)
		buf_get(part);
	return buf_linearise_slow(net->pool, b);
}

/*
 * A broadcast or multicast datagram: a copy for each endpoint that hears those. Closing an endpoint in a callback
 * can make the walk miss another one, binding one can make it meet the same again: broadcast may do both. It ends.
 */
static cold_path void deliver_group(struct net *net, struct buf *b, const struct net_pkt *pkt,
				    const struct flow *f)
{
	uint32_t at = 0, copies = 0, most = net->udp.num;
	struct udp_ep *ep;

	while (copies < most && (ep = next_group_ep_or_null(net, f, &at)) != NULL) {
		struct buf *copy = copy_or_null(net, b);

		if (!copy)
			return drop(net, b, NET_DROP_RX_NOBUFS);
		copies++;
		net->count[NET_UDP_RX]++;
		ep->ops->on_datagram(ep, copy, pkt, f->rport);
	}
	if (!copies)
		return drop(net, b, NET_DROP_UDP_NO_PORT);
	buf_put_chain(b);
}

static cold_path void drop_no_port(struct net *net, struct buf *b, const struct net_pkt *pkt)
{
	icmp_send_error(net, b, pkt, ICMP_ERR_PORT_UNREACH, 0, 0);
	drop(net, b, NET_DROP_UDP_NO_PORT);
}

/* True: whole, or a family and a sender that may do without. */
static bool csum_holds(struct net *net, const struct buf *b, const struct net_pkt *pkt,
		       const struct udp_hdr *h, uint32_t ulen)
{
	if (b->flags & BUF_RX_CSUM_GOOD)
		return true;
	if (csum_load(h->csum) == 0) {
		if (ipaddr_is_v4(&pkt->dst))
			return true;
		net->count[NET_DROP_UDP_ZERO_CSUM]++;
		return false;
	}
	if (csum_is_good(csum_add_chain(csum_pseudo(&pkt->src, &pkt->dst, IP_PROTO_UDP, ulen), b, 0,
					ulen)))
		return true;
	net->count[NET_DROP_UDP_CSUM]++;
	return false;
}

/* Consumes @b, a datagram that is in order and meant for one. */
static always_inline void deliver(struct net *net, struct buf *b, const struct net_pkt *pkt,
				  const struct udp_hdr *h)
{
	const struct flow flow = { &pkt->dst, &pkt->src, be16_get(h->dport), be16_get(h->sport) };
	struct udp_ep *ep = find_or_null(net, &flow);

	if (unlikely(!ep))
		return drop_no_port(net, b, pkt);
	net->count[NET_UDP_RX]++;
	buf_pull(b, UDP_HLEN);
	ep->ops->on_datagram(ep, b, pkt, flow.rport);
}

/* All of what udp_input's fast path is not for: chains, groups, no checksum, and every reason to drop. */
static cold_path void input_slow(struct net *net, struct buf *b, const struct net_pkt *pkt)
{
	uint32_t len = buf_chain_len(b);
	const struct udp_hdr *h;

	b = net_pullup_or_free(net, b, min_t(uint32_t, len, UDP_HLEN));
	if (!b)
		return;
	h = (const struct udp_hdr *)(const void *)b->data;
	if (!udp_len_is_good(h, len))
		return drop(net, b, NET_DROP_UDP_LENGTH);
	buf_trim_chain(b, be16_get(h->len));
	if (!csum_holds(net, b, pkt, h, be16_get(h->len)))
		return buf_put_chain(b);
	if (!(pkt->flags & (NET_PKT_BROADCAST | NET_PKT_MULTICAST)))
		return deliver(net, b, pkt, h);
	buf_pull(b, UDP_HLEN);
	deliver_group(net, b, pkt,
		      &(struct flow){ &pkt->dst, &pkt->src, be16_get(h->dport),
				      be16_get(h->sport) });
}

/* Not the ones without a checksum. */
static always_inline bool is_intact(const struct buf *b, const struct net_pkt *pkt,
				    const struct udp_hdr *h, uint32_t ulen)
{
	uint64_t pseudo;

	if (b->flags & BUF_RX_CSUM_GOOD)
		return true;
	pseudo = csum_pseudo(&pkt->src, &pkt->dst, IP_PROTO_UDP, ulen);
	return csum_load(h->csum) != 0 &&
	       csum_is_good(csum_add_bytes_inline(pseudo, b->data, ulen));
}

void udp_input(struct net *net, struct buf *b, const struct net_pkt *pkt)
{
	const struct udp_hdr *h = (const struct udp_hdr *)(const void *)b->data;

	if (unlikely(b->next || !udp_len_is_good(h, b->len) ||
		     pkt->flags & (NET_PKT_BROADCAST | NET_PKT_MULTICAST) ||
		     !is_intact(b, pkt, h, be16_get(h->len))))
		return input_slow(net, b, pkt);
	b->len = be16_get(h->len);
	deliver(net, b, pkt, h);
}

void udp_error(struct net *net, const struct icmp_error *e, bool is_local)
{
	struct flow flow = { &e->src, &e->dst, e->sport, e->dport };
	struct udp_ep *ep = find_or_null(net, &flow);

	if (!ep) {
		net->count[NET_DROP_ICMP_QUOTE]++;
		return;
	}
	if (e->kind == ICMP_ERR_TOO_BIG && !is_local)
		pmtu_update(net, &e->dst, e->mtu, e->quoted_len);
	net->count[NET_UDP_RX_ERRORS]++;
	ep->ops->on_error(ep, icmp_error_errno(e->kind), &e->dst, e->dport);
}

void udp_source(const struct buf *b, struct ipaddr *src, uint16_t *sport)
{
	const uint8_t *ip = buf_mem(b) + b->l3_off;

	*src = *ip >> 4 == 4 ? ipaddr_v4(((const struct ip4_hdr *)(const void *)ip)->src)
			     : ipaddr_v6(((const struct ip6_hdr *)(const void *)ip)->src);
	*sport = be16_get(((const struct udp_hdr *)(const void *)(buf_mem(b) + b->l4_off))->sport);
}
