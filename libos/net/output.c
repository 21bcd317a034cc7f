/* SPDX-License-Identifier: MIT */
/*
 * The way down. net_output is the hot half: a row of questions (is the path valid, does the packet fit, may
 * we write into its headroom, is there anything special about it), then straight-line code (output.h) that copies
 * the path's headers, fills in what differs from packet to packet, and appends to the burst. Any "no" leads to
 * output_slow, which asks everything again and does the rest: resolving, cutting up, chaining a buf for the
 * headers, waiting for the neighbour, packets to ourselves.
 */
#include <errno.h>

#include "libos/net/output.h"

#define IP_LENGTH_MAX 65535u
#define BUF_TX_FLAGS (BUF_TX_CSUM_L4 | BUF_TX_CSUM_IP | BUF_TX_TSO)

struct buf *net_buf_or_null(struct net *net, uint32_t payload)
{
	struct buf *b = buf_alloc_or_null(net->pool, payload);

	if (unlikely(!b))
		net->count[NET_DROP_TX_NOBUFS]++;
	return b;
}

struct buf *net_flatten_or_free(struct net *net, struct buf *b)
{
	uint32_t len = buf_chain_len(b);
	struct buf *flat = buf_alloc_or_null(net->pool, len);

	if (flat) {
		int64_t shift = (int64_t)BUF_HEADROOM - (b->data - buf_mem(b));

		buf_copy_out(b, 0, flat->data, len);
		flat->len = len;
		flat->l3_off = (uint16_t)(b->l3_off + shift);
		flat->l4_off = (uint16_t)(b->l4_off + shift);
		flat->mss = b->mss;
		flat->flags = b->flags & (uint8_t) ~(BUF_APP_HELD | BUF_SHARED_MEM);
	}
	buf_put_chain(b);
	return flat;
}

/* The device is full: what it did not take waits, and the next burst comes on top. */
static cold_path void keep_from(struct net *net, unsigned taken)
{
	net->tx_num -= taken;
	net->tx_flush_at = min_t(uint32_t, net->tx_num + DEV_BURST, NET_TX_QUEUE);
	net->count[NET_TX_BACKLOGGED]++;
	memmove(net->tx, net->tx + taken, net->tx_num * sizeof(struct buf *));
}

void net_flush(struct net *net)
{
	unsigned taken;

	if (!net->tx_num)
		return;
	taken = dev_tx(net->dev, net->tx, net->tx_num, net->now);
	DEBUG_BUG_ON(taken > net->tx_num);
	net->count[NET_TX_FRAMES] += taken;
	if (unlikely(taken != net->tx_num)) {
		keep_from(net, taken);
	} else {
		net->tx_num = 0;
		net->tx_flush_at = DEV_BURST;
	}
}

void net_burst_is_full(struct net *net)
{
	net_flush(net);
	if (net->tx_num == NET_TX_QUEUE) {
		net->count[NET_DROP_TX_FULL]++;
		buf_put_chain(net->tx[--net->tx_num]);
	}
}

void net_tx_frame(struct net *net, struct buf *b)
{
	if (b->next && !(net->tx_features & DEV_TX_CHAINS)) {
		b = net_flatten_or_free(net, b);
		if (!b) {
			net->count[NET_DROP_TX_NOBUFS]++;
			return;
		}
		net->count[NET_TX_LINEARISED]++;
	}
	net_append(net, b);
}

/* Bytes that others may still read, or read later, must not become a received packet, which its receiver cuts. */
static bool is_shared(const struct buf *b)
{
	for (; b; b = b->next) {
		if (b->refs != 1 || b->flags & (BUF_APP_HELD | BUF_SHARED_MEM))
			return true;
	}
	return false;
}

/* @b is a whole frame to ourselves: it comes back in at the next net_poll. */
static void output_local(struct net *net, struct buf *b)
{
	if (net->local.num >= NET_LOCAL_QUEUE) {
		net->count[NET_DROP_LOCAL_FULL]++;
		buf_put_chain(b);
		return;
	}
	if (is_shared(b)) {
		b = net_flatten_or_free(net, b);
		if (!b) {
			net->count[NET_DROP_LOCAL_NOBUFS]++;
			return;
		}
	}
	/* Nothing can have damaged it, and checksums left to the device are not there to be checked. */
	b->flags = BUF_RX_CSUM_GOOD;
	buf_queue_push(&net->local, b);
}

static int output_frame(struct net *net, struct net_path *path, struct buf *b)
{
	switch ((enum net_path_kind)path->kind) {
	case NET_PATH_UNICAST:
		return neigh_output(net, path->neigh_or_null, b);
	case NET_PATH_LOCAL:
		output_local(net, b);
		return 0;
	case NET_PATH_BROADCAST:
	case NET_PATH_MULTICAST:
		break;
	}
	net_tx_frame(net, b);
	return 0;
}

/* Makes room for @bytes of headers in front, in @b or in a buf chained in front of it. NULL: @b is gone. */
static struct buf *with_room_or_free(struct net *net, struct buf *b, uint32_t bytes)
{
	struct buf *front;

	if (likely(buf_may_prepend(b, bytes)))
		return b;
	front = net_buf_or_null(net, 0);
	if (!front) {
		buf_put_chain(b);
		return NULL;
	}
	front->flags = b->flags & BUF_TX_FLAGS;
	front->mss = b->mss;
	front->next = b;
	return front;
}

static cold_path int drop_too_big(struct net *net, struct buf *b)
{
	net->count[NET_DROP_TX_TOO_BIG]++;
	buf_put_chain(b);
	return -EMSGSIZE;
}

static cold_path int output_slow(struct net *net, struct net_path *path, struct buf *b,
				 struct net_tx tx)
{
	uint32_t len = buf_chain_len(b);
	uint16_t id = 0, frag = IP4_DF;
	uint32_t ip_hlen;
	int err = net_path_resolve(net, path);
	bool is_tso = b->flags & BUF_TX_TSO;

	if (err) {
		buf_put_chain(b);
		return err;
	}
	ip_hlen = path->hdr_len - ETH_HLEN;
	/* IPv6's length field does not count the header itself. */
	if (len > IP_LENGTH_MAX - (path->is_v4 ? IP4_HLEN : 0))
		return drop_too_big(net, b);
	if (!tx.ttl)
		tx.ttl = net->ttl;
	if (len + ip_hlen > path->mtu && !is_tso) {
		if (tx.flags & NET_TX_DONT_FRAG)
			return drop_too_big(net, b);
		return frag_output(net, path, b, tx);
	}
	b = with_room_or_free(net, b, path->hdr_len);
	if (!b)
		return -ENOBUFS;
	if (path->is_v4 && tx.flags & NET_TX_NO_DF) {
		id = (uint16_t)frag_next_id(net, &path->src, &path->dst, tx.proto);
		frag = 0;
	}
	if (is_tso)
		b->flags |= BUF_TX_CSUM_IP;
	buf_prepend(b, path->hdr_len);
	net_emit_headers(path, b->data, tx, len + ip_hlen, id, frag, is_tso);
	net_set_offsets(b, path->hdr_len);
	return output_frame(net, path, b);
}

int net_output(struct net *net, struct net_path *path, struct buf *b, struct net_tx tx)
{
	uint32_t total = b->len + path->hdr_len - ETH_HLEN;

	if (unlikely(!net_path_is_ready(net, path) || tx.flags & NET_TX_NO_DF ||
		     b->flags & BUF_TX_TSO || !buf_may_prepend(b, path->hdr_len)))
		return output_slow(net, path, b, tx);
	if (b->next) {
		if (unlikely(!(net->tx_features & DEV_TX_CHAINS)))
			return output_slow(net, path, b, tx);
		total += buf_chain_len(b->next);
	}
	if (unlikely(total > path->mtu))
		return output_slow(net, path, b, tx);
	net_output_ready(net, path, b, tx, total);
	return 0;
}

int net_output_l3(struct net *net, struct net_path *path, struct buf *b, uint32_t l3_len)
{
	int err = net_path_resolve(net, path);

	if (err) {
		buf_put_chain(b);
		return err;
	}
	DEBUG_BUG_ON(!buf_may_prepend(b, ETH_HLEN) || b->len < l3_len);
	memcpy(buf_prepend(b, ETH_HLEN), path->hdr, ETH_HLEN);
	net_set_offsets(b, ETH_HLEN + l3_len);
	return output_frame(net, path, b);
}
