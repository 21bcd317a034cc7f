/* SPDX-License-Identifier: MIT */
/*
 * Cutting up what does not fit. Each piece is a buf of headers with slices of the packet behind it, so nothing is
 * copied; where the device takes no chains the bytes are copied at once, instead of being chained here and
 * flattened below. All pieces are made before the first is sent: half a datagram helps nobody.
 */
#include <errno.h>

#include "libos/net/net.h"
#include "libos/wire/csum_buf.h"
#include "libos/wire/tcp.h"
#include "libos/wire/udp.h"

#define IP_TOTAL_MAX 65535u
#define IP6_FRAG_HLEN (IP6_HLEN + (uint32_t)sizeof(struct ip6_frag_hdr))

uint32_t frag_next_id(struct net *net, const struct ipaddr *src, const struct ipaddr *dst,
		      uint8_t proto)
{
	struct {
		struct ipaddr src, dst;
		uint64_t proto;
	} key = { *src, *dst, proto };
	uint64_t hash = hash_siphash24(&net->frag.id_key, &key, sizeof(key));

	return (uint32_t)(hash >> 32) + net->frag.id_count[hash % FRAG_ID_SLOTS]++;
}

/* Where in the packet the next piece starts. */
struct cursor {
	struct buf *b;
	uint32_t offset; /* in @b */
};

static void skip_empty(struct cursor *c)
{
	while (c->b && c->offset == c->b->len) {
		c->b = c->b->next;
		c->offset = 0;
	}
}

static void copy_bytes(struct buf *to, struct cursor *c, uint32_t bytes)
{
	while (bytes) {
		uint32_t part;

		skip_empty(c);
		part = min_t(uint32_t, bytes, c->b->len - c->offset);
		memcpy(to->data + to->len, c->b->data + c->offset, part);
		to->len += part;
		c->offset += part;
		bytes -= part;
	}
}

/* False: out of descriptors; what was chained so far hangs on @to. */
static bool chain_slices(struct net *net, struct buf *to, struct cursor *c, uint32_t bytes)
{
	while (bytes) {
		uint32_t part;

		skip_empty(c);
		part = min_t(uint32_t, bytes, c->b->len - c->offset);
		to->next = buf_slice_or_null(net->pool, c->b, c->b->data + c->offset, part);
		if (!to->next)
			return false;
		to = to->next;
		c->offset += part;
		bytes -= part;
	}
	return true;
}

/* The next @bytes of the packet, or NULL, counted. */
static struct buf *piece_or_null(struct net *net, struct cursor *c, uint32_t bytes)
{
	bool copies = !(net->tx_features & DEV_TX_CHAINS);
	struct buf *piece = net_buf_or_null(net, copies ? bytes : 0);

	if (!piece)
		return NULL;
	if (copies) {
		copy_bytes(piece, c, bytes);
	} else if (!chain_slices(net, piece, c, bytes)) {
		net->count[NET_DROP_TX_NOBUFS]++;
		buf_put_chain(piece);
		return NULL;
	}
	return piece;
}

/* Puts the IP header in front of @piece, the @len bytes at @offset of the payload. */
static void emit_headers(const struct net *net, const struct net_path *path, struct buf *piece,
			 struct net_tx tx, uint32_t id, uint32_t offset, uint32_t len, bool more)
{
	uint8_t ttl = tx.ttl ? tx.ttl : net->ttl;

	if (path->is_v4) {
		uint16_t word = (uint16_t)(offset / 8 | (more ? IP4_MF : 0));

		ip4_emit(buf_prepend(piece, IP4_HLEN), tx.tos, (uint16_t)(IP4_HLEN + len),
			 (uint16_t)id, word, ttl, tx.proto, ipaddr_to_v4(&path->src),
			 ipaddr_to_v4(&path->dst), false);
	} else {
		struct ip6_frag_hdr *f = (void *)buf_prepend(piece, sizeof(*f));

		*f = (struct ip6_frag_hdr){ .next = tx.proto,
					    .offset_flags = be16((uint16_t)(offset | more)),
					    .id = be32(id) };
		ip6_emit(buf_prepend(piece, IP6_HLEN), tx.tos, 0, (uint16_t)(sizeof(*f) + len),
			 IP6_NEXT_FRAGMENT, ttl, &path->src, &path->dst);
	}
}

/* The device sees only pieces, so the sum over the whole, whose pseudo-header part is in place, is made here. */
static void fill_csum(struct buf *b, uint8_t proto, uint32_t len)
{
	uint64_t sum = csum_add_chain(0, b, 0, len);

	if (proto == IP_PROTO_UDP)
		csum_store(&((struct udp_hdr *)(void *)b->data)->csum, udp_csum_finish(sum));
	else
		csum_store(&((struct tcp_hdr *)(void *)b->data)->csum, csum_finish(sum));
	b->flags &= (uint8_t)~BUF_TX_CSUM_L4;
}

/* Cuts @b into pieces of at most @room bytes and queues them on @pieces. 0 or -ENOBUFS. */
static int cut(struct net *net, const struct net_path *path, struct buf *b, struct net_tx tx,
	       uint32_t room, struct buf_queue *pieces)
{
	uint32_t id = frag_next_id(net, &path->src, &path->dst, tx.proto);
	uint32_t len = buf_chain_len(b);
	struct cursor c = { b, 0 };

	for (uint32_t offset = 0; offset < len; offset += room) {
		uint32_t bytes = min_t(uint32_t, room, len - offset);
		struct buf *piece = piece_or_null(net, &c, bytes);

		if (!piece)
			return -ENOBUFS;
		emit_headers(net, path, piece, tx, id, offset, bytes, offset + bytes < len);
		buf_queue_push(pieces, piece);
	}
	return 0;
}

int frag_output(struct net *net, struct net_path *path, struct buf *b, struct net_tx tx)
{
	uint32_t len = buf_chain_len(b), hlen, room;
	struct buf_queue pieces = { NULL, NULL, 0 };
	struct buf *piece;
	int err = net_path_resolve(net, path);

	if (err) {
		buf_put_chain(b);
		return err;
	}
	hlen = path->is_v4 ? IP4_HLEN : IP6_FRAG_HLEN;
	room = path->mtu > hlen ? (path->mtu - hlen) & ~7u : 0;
	if (!room || (path->is_v4 ? IP4_HLEN + len : len) > IP_TOTAL_MAX) {
		net->count[NET_DROP_TX_TOO_BIG]++;
		buf_put_chain(b);
		return -EMSGSIZE;
	}
	if (b->flags & BUF_TX_CSUM_L4)
		fill_csum(b, tx.proto, len);
	err = cut(net, path, b, tx, room, &pieces);
	buf_put_chain(b);
	if (err) {
		buf_queue_drain(&pieces);
		return err;
	}
	net->count[NET_FRAG_TX_DATAGRAMS]++;
	while ((piece = buf_queue_pop_or_null(&pieces)) != NULL) {
		err = net_output_l3(net, path, piece, hlen);
		if (err) {
			buf_queue_drain(&pieces);
			return err;
		}
		net->count[NET_FRAG_TX]++;
	}
	return 0;
}
