/* SPDX-License-Identifier: MIT */
/*
 * The way up, as far as it is common to both families: bursts from the device and packets to ourselves,
 * Ethernet, and at the end the choice of the transport.
 */
#include "libos/net/arp.h"
#include "libos/net/net.h"

/* So that a flood of arrivals cannot keep the application from its turn for ever. */
#define BURSTS_PER_POLL 4

struct buf *net_pullup_slow(struct net *net, struct buf *b, uint32_t bytes)
{
	uint32_t l3_len = (uint32_t)(b->data - buf_mem(b)) - b->l3_off;
	struct buf *front;

	DEBUG_BUG_ON(buf_chain_len(b) < bytes);
	front = buf_alloc_or_null(net->pool, l3_len + bytes);
	if (!front) {
		net->count[NET_DROP_RX_NOBUFS]++;
		buf_put_chain(b);
		return NULL;
	}
	memcpy(front->data, b->data - l3_len, l3_len);
	buf_copy_out(b, 0, front->data + l3_len, bytes);
	front->l3_off = BUF_HEADROOM;
	front->l4_off = (uint16_t)(BUF_HEADROOM + (b->l4_off - b->l3_off));
	front->flags = b->flags & (BUF_RX_CSUM_GOOD | BUF_MULTICAST);
	front->mss = b->mss;
	front->len = l3_len + bytes;
	buf_pull(front, l3_len);

	/* The rest stays where it is, behind what was copied. */
	while (b && bytes >= b->len) {
		struct buf *next = b->next;

		bytes -= b->len;
		buf_put(b);
		b = next;
	}
	if (b)
		buf_pull(b, bytes);
	front->next = b;
	return front;
}

static cold_path void drop(struct net *net, struct buf *b, enum net_counter why)
{
	net->count[why]++;
	buf_put_chain(b);
}

/* A group address as destination: false when the frame is an echo of our own. */
static cold_path bool accept_group(const struct net *net, struct buf *b, const struct eth_hdr *eth)
{
	b->flags |= BUF_MULTICAST;
	return !mac_equal(&eth->src, &net->mac);
}

/* Both headers start, as far as we know, where the data does. */
static always_inline void set_offsets(struct buf *b)
{
	b->l3_off = (uint16_t)(b->data - buf_mem(b));
	b->l4_off = b->l3_off;
}

void net_input(struct net *net, struct buf *b, uint8_t pkt_flags)
{
	const struct eth_hdr *eth;

	if (unlikely(b->flags & BUF_SHARED_MEM)) {
		/* Offsets count from a buf's own memory, so the first buf must have some. */
		b = net_flatten_or_free(net, b);
		if (!b) {
			net->count[NET_DROP_RX_NOBUFS]++;
			return;
		}
	}
	if (unlikely(b->len < ETH_HLEN)) {
		if (buf_chain_len(b) < ETH_HLEN)
			return drop(net, b, NET_DROP_ETH_SHORT);
		set_offsets(b);
		b = net_pullup_or_free(net, b, ETH_HLEN);
		if (!b)
			return;
	}
	eth = (const struct eth_hdr *)b->data;
	if (unlikely(!mac_equal(&eth->dst, &net->mac))) {
		if (!mac_is_group(&eth->dst))
			return drop(net, b, NET_DROP_ETH_NOT_OURS);
		if (!accept_group(net, b, eth))
			return drop(net, b, NET_DROP_ETH_SRC);
	}
	if (unlikely(mac_is_group(&eth->src)))
		return drop(net, b, NET_DROP_ETH_SRC);
	if (unlikely(!net->trust_rx_csum) && !(pkt_flags & NET_PKT_LOCAL))
		b->flags &= (uint8_t)~BUF_RX_CSUM_GOOD;
	buf_pull(b, ETH_HLEN);
	set_offsets(b);
	switch (be16_get(eth->type)) {
	case ETH_TYPE_IP4:
		return ip4_input(net, b, pkt_flags);
	case ETH_TYPE_IP6:
		return ip6_input(net, b, pkt_flags);
	case ETH_TYPE_ARP:
		return arp_input(net, b);
	default:
		return drop(net, b, NET_DROP_ETH_TYPE);
	}
}

static cold_path void on_unknown_proto(struct net *net, struct buf *b, const struct net_pkt *pkt)
{
	/* The argument is IPv6's alone: where the number stands that we do not know. */
	icmp_send_error(net, b, pkt, ICMP_ERR_PROTO_UNREACH, 0, pkt->prev_next);
	drop(net, b, NET_DROP_PROTO);
}

static no_inline void deliver_icmp(struct net *net, struct buf *b, const struct net_pkt *pkt)
{
	if (pkt->proto == IP_PROTO_ICMP4 && ipaddr_is_v4(&pkt->dst))
		return icmp4_input(net, b, pkt);
	if (pkt->proto == IP_PROTO_ICMP6 && !ipaddr_is_v4(&pkt->dst))
		return icmp6_input(net, b, pkt);
	on_unknown_proto(net, b, pkt);
}

void net_deliver(struct net *net, struct buf *b, const struct net_pkt *pkt)
{
	const struct net_l4 *l4 = &net->l4[pkt->proto];

	if (pkt->proto == IP_PROTO_UDP)
		return udp_input(net, b, pkt);
	if (likely(l4->input))
		return l4->input(l4->ctx, b, pkt);
	deliver_icmp(net, b, pkt);
}

void net_dispatch_error(struct net *net, const struct icmp_error *e, bool is_local)
{
	const struct net_l4 *l4 = &net->l4[e->proto];

	if (e->proto == IP_PROTO_UDP)
		udp_error(net, e, is_local);
	else if (l4->error)
		l4->error(l4->ctx, e, is_local);
}

/* What was queued to ourselves before this poll; answers to it wait for the next one. */
static void input_local(struct net *net)
{
	for (uint32_t num = net->local.num; num; num--) {
		net->count[NET_RX_LOCAL]++;
		net_input(net, buf_queue_pop_or_null(&net->local), NET_PKT_LOCAL);
	}
}

static unsigned input_burst(struct net *net)
{
	struct buf *frames[DEV_BURST];
	unsigned num = dev_rx(net->dev, frames, DEV_BURST, net->now);

	net->count[NET_RX_FRAMES] += num;
	if (num)
		prefetch_read(frames[0]->data);
	for (unsigned i = 0; i < num; i++) {
		if (i + 1 < num)
			prefetch_read(frames[i + 1]->data);
		net_input(net, frames[i], 0);
	}
	return num;
}

bool net_poll(struct net *net, uint64_t now)
{
	bool any = net->local.num != 0;
	uint64_t sent = net->count[NET_TX_FRAMES];
	unsigned num = DEV_BURST;

	net->now = now;
	if (unlikely(net->local.num))
		input_local(net);
	for (unsigned i = 0; i < BURSTS_PER_POLL && num == DEV_BURST; i++) {
		num = input_burst(net);
		any |= num != 0;
	}
	net_flush(net);
	return any || net->count[NET_TX_FRAMES] != sent;
}
