/* SPDX-License-Identifier: MIT */
/*
 * The straight-line half of net_output, for a transport that asks net_output's questions together with its own: its
 * fast path is then one list of questions and no call. Who gets a "no" calls net_output, which asks again.
 */
#ifndef LIBOS_NET_OUTPUT_H
#define LIBOS_NET_OUTPUT_H

#include "libos/net/net.h"

/* May packets follow @path as it is, to a neighbour that we know? */
static always_inline bool net_path_is_ready(const struct net *net, const struct net_path *path)
{
	return path->generation == net->generation && path->kind == NET_PATH_UNICAST;
}

/* A burst is together; or the queue is full, and then its youngest frame has no place. */
void net_burst_is_full(struct net *net);

static always_inline void net_append(struct net *net, struct buf *b)
{
	net->tx[net->tx_num++] = b;
	if (unlikely(net->tx_num >= net->tx_flush_at))
		net_burst_is_full(net);
}

/* Writes Ethernet and IP header at @p. @id_frag: IPv4's identifier and fragment word. */
static always_inline void net_emit_headers(const struct net_path *path, uint8_t *p,
					   struct net_tx tx, uint32_t total, uint16_t id,
					   uint16_t frag, bool offload)
{
	if (likely(path->is_v4)) {
		const uint8_t *addrs = path->hdr + ETH_HLEN + offsetof(struct ip4_hdr, src);
		struct be32 src, dst;

		memcpy(src.b, addrs, 4);
		memcpy(dst.b, addrs + 4, 4);
		memcpy(p, path->hdr, 16); /* one store; the IP header goes over its end */
		ip4_emit(p + ETH_HLEN, tx.tos, (uint16_t)total, id, frag, tx.ttl, tx.proto, src,
			 dst, offload);
	} else {
		uint8_t *ip = p + ETH_HLEN;
		uint64_t head = (uint64_t)(6u << 28 | (uint32_t)tx.tos << 20) << 32 |
				(uint64_t)(total - IP6_HLEN) << 16 | (uint64_t)tx.proto << 8 |
				tx.ttl;

		memcpy(p, path->hdr, NET_PATH_HLEN_MAX);
		store_be64(ip, head);
	}
}

static always_inline void net_set_offsets(struct buf *b, uint32_t hdr_len)
{
	uint32_t at = (uint32_t)(b->data - buf_mem(b));

	b->l3_off = (uint16_t)(at + ETH_HLEN);
	b->l4_off = (uint16_t)(at + hdr_len);
}

/*
 * Sends @b (consumed), with its headers a packet of @total bytes from the IP header on. The path is ready, the packet
 * fits its MTU, there is room for path->hdr_len in front of @b, the device takes @b's chain, and neither BUF_TX_TSO
 * nor NET_TX_NO_DF asks for anything more.
 */
static always_inline void net_output_ready(struct net *net, const struct net_path *path,
					   struct buf *b, struct net_tx tx, uint32_t total)
{
	uint32_t hdr_len = path->hdr_len;

	if (!tx.ttl)
		tx.ttl = net->ttl;
	buf_prepend(b, hdr_len);
	net_emit_headers(path, b->data, tx, total, 0, IP4_DF, false);
	net_set_offsets(b, hdr_len);
	path->neigh_or_null->used_at = net->now;
	net_append(net, b);
}

#endif
