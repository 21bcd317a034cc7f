/* SPDX-License-Identifier: MIT */
/*
 * Reassembly, one engine for both families.
 *
 * A datagram under construction is an entry in a hash table by (source, destination, identifier, and in IPv4 the
 * protocol), with an array of pieces sorted by offset that never overlap. So "complete" is one comparison: the end
 * is known and the lengths of the pieces add up to it. Fragments arrive in order nearly always, and then go to the
 * array's end at once.
 *
 * An entry is in one of two states. Alive: it collects. Dead: it holds nothing and swallows every further fragment
 * until its timer ends, because the rest of a datagram that overlapped must not become one (RFC 8200, 4.5).
 *
 *     (new) -> alive [find_or_make]  alive -> gone [complete | timer | evict_oldest]
 *     alive -> dead [kill]           dead -> gone [timer | evict_oldest]
 *
 * What a stranger can make us hold is bounded: entries, bytes of memory behind the bufs, pieces of a datagram. At a
 * bound the oldest entry goes, since it is the least likely to be completed; an attacker with more bandwidth than
 * a datagram takes to arrive wins, as against every reassembler.
 *
 * Invariants: 1. pieces are sorted, non-empty, disjoint. 2. have = sum of their lengths. 3. end, once known, is not
 * below any piece's end. 4. table.bytes = sum of all entries' bytes. 5. An entry's timer is armed while it exists.
 */
#include "libos/net/frag.h"

#include <errno.h>
#include <stdlib.h>

#include "libos/net/net.h"
#include "libos/wire/tcp.h"
#include "libos/wire/udp.h"

#define IP_TOTAL_MAX 65535u
#define END_UNKNOWN UINT32_MAX

struct frag_piece {
	struct buf *b;
	uint32_t offset;
	uint32_t len;
};

struct frag_datagram {
	struct ipaddr src;
	struct ipaddr dst;
	uint32_t id;
	uint8_t proto; /* IPv4; 0 in IPv6, where it is no part of the key */
	bool is_dead;
	uint8_t ecn_seen; /* bit per codepoint */
	uint16_t num;
	uint32_t have; /* payload bytes in pieces */
	uint32_t end;  /* of the payload, or END_UNKNOWN */
	uint64_t bytes;
	struct net *net;
	struct frag_datagram *hash_next;
	struct list order; /* on table.oldest or table.free */
	struct timer timer;
	struct net_pkt first; /* as the fragment at offset 0 had it, once that is here */
	struct frag_piece pieces[FRAG_MAX_PIECES];
};

/* One arriving fragment. */
struct fragment {
	uint32_t offset;
	uint32_t len;
	bool more;
};

static struct frag_datagram **bucket_of(const struct frag_table *t, const struct net_pkt *pkt,
					uint32_t id, uint8_t proto)
{
	struct {
		struct ipaddr src, dst;
		uint32_t id, proto;
	} key = { pkt->src, pkt->dst, id, proto };

	return &t->buckets[hash_siphash13(&t->key, &key, sizeof(key)) & t->bucket_mask];
}

static void put_pieces(struct frag_datagram *d)
{
	for (unsigned i = 0; i < d->num; i++)
		buf_put_chain(d->pieces[i].b);
	d->net->frag.bytes -= d->bytes;
	d->bytes = 0;
	d->num = 0;
	d->have = 0;
}

/* The entry is gone, with what it holds. */
static void release(struct frag_datagram *d)
{
	struct frag_table *t = &d->net->frag;
	const struct net_pkt key = { .src = d->src, .dst = d->dst };
	struct frag_datagram **at = bucket_of(t, &key, d->id, d->proto);

	put_pieces(d);
	while (*at != d)
		at = &(*at)->hash_next;
	*at = d->hash_next;
	timer_cancel(d->net->wheel, &d->timer);
	list_del(&d->order);
	list_add_head(&t->free, &d->order);
	t->num--;
}

static void evict_oldest(struct net *net, enum net_counter why)
{
	struct frag_datagram *d = list_first(&net->frag.oldest, struct frag_datagram, order);

	/* A dead one was counted when it died. */
	if (!d->is_dead)
		net->count[why]++;
	release(d);
}

static void kill(struct frag_datagram *d, enum net_counter why)
{
	d->net->count[why]++;
	put_pieces(d);
	d->is_dead = true;
}

static void on_timer(struct timer *timer, uint64_t now)
{
	struct frag_datagram *d = container_of(timer, struct frag_datagram, timer);
	struct net *net = d->net;

	net->now = now;
	if (!d->is_dead) {
		net->count[NET_DROP_FRAG_TIMEOUT]++;
		if (d->num && d->pieces[0].offset == 0)
			icmp_send_error(net, d->pieces[0].b, &d->first, ICMP_ERR_TIME_EXCEEDED, 1,
					0);
	}
	release(d);
}

int frag_table_init(struct net *net)
{
	struct frag_table *t = &net->frag;
	uint32_t max = net->config.frag_max_datagrams, buckets = 1;

	while (buckets < max)
		buckets *= 2;
	*t = (struct frag_table){ .bucket_mask = buckets - 1 };
	list_init(&t->oldest);
	list_init(&t->free);
	t->key = hash_key_from_seed(rng_next(&net->rng));
	t->id_key = hash_key_from_seed(rng_next(&net->rng));
	for (unsigned i = 0; i < FRAG_ID_SLOTS; i++)
		t->id_count[i] = (uint32_t)rng_next(&net->rng);
	t->entries = calloc(max, sizeof(t->entries[0]));
	t->buckets = calloc(buckets, sizeof(struct frag_datagram *));
	if (!t->entries || !t->buckets) {
		frag_table_fini(net);
		return -ENOMEM;
	}
	for (uint32_t i = 0; i < max; i++) {
		t->entries[i].net = net;
		timer_init(&t->entries[i].timer, on_timer);
		list_add_tail(&t->free, &t->entries[i].order);
	}
	return 0;
}

void frag_table_fini(struct net *net)
{
	struct frag_table *t = &net->frag;

	while (!list_is_empty(&t->oldest))
		release(list_first(&t->oldest, struct frag_datagram, order));
	BUG_ON(t->bytes != 0 || t->num != 0);
	free(t->buckets);
	free(t->entries);
	t->buckets = NULL;
	t->entries = NULL;
}

static struct frag_datagram *find_or_make(struct net *net, const struct net_pkt *pkt, uint32_t id)
{
	struct frag_table *t = &net->frag;
	bool is_v4 = ipaddr_is_v4(&pkt->dst);
	uint8_t proto = is_v4 ? pkt->proto : 0;
	struct frag_datagram **bucket = bucket_of(t, pkt, id, proto);
	struct frag_datagram *d;

	for (d = *bucket; d; d = d->hash_next) {
		if (d->id == id && d->proto == proto && ipaddr_equal(&d->src, &pkt->src) &&
		    ipaddr_equal(&d->dst, &pkt->dst))
			return d;
	}
	if (list_is_empty(&t->free))
		evict_oldest(net, NET_DROP_FRAG_DATAGRAMS);
	d = list_first(&t->free, struct frag_datagram, order);
	d->src = pkt->src;
	d->dst = pkt->dst;
	d->id = id;
	d->proto = proto;
	d->is_dead = false;
	d->ecn_seen = 0;
	d->end = END_UNKNOWN;
	d->hash_next = *bucket;
	*bucket = d;
	list_del(&d->order);
	list_add_tail(&t->oldest, &d->order);
	t->num++;
	timer_arm(net->wheel, &d->timer,
		  time_add(net->now,
			   is_v4 ? net->config.frag_timeout4_ns : net->config.frag_timeout6_ns));
	return d;
}

/*
 * Does the first fragment show all headers up to the transport's? One that does not hides from filters what it is
 * (RFC 7112; RFC 1858 for IPv4). @b: data behind the fragment header.
 */
static bool shows_headers(const struct buf *b, uint32_t len, uint8_t proto)
{
	uint32_t at = 0;

	for (unsigned i = 0; i <= IP6_EXT_MAX; i++) {
		uint8_t ext[2];

		switch (proto) {
		case IP_PROTO_TCP:
			return len - at >= sizeof(struct tcp_hdr);
		case IP_PROTO_UDP:
		case IP_PROTO_ICMP4:
		case IP_PROTO_ICMP6:
			return len - at >= UDP_HLEN;
		case IP6_NEXT_HOPOPTS:
		case IP6_NEXT_ROUTING:
		case IP6_NEXT_DSTOPTS:
			break;
		default:
			return true;
		}
		if (len - at < 8)
			return false;
		buf_copy_out(b, at, ext, sizeof(ext));
		proto = ext[0];
		at += (ext[1] + 1u) * 8;
		if (at > len)
			return false;
	}
	return false;
}

/* Bytes of IP header, and in IPv6 of what follows it, in front of @b's data. */
static uint32_t headers_of(const struct buf *b)
{
	return (uint32_t)(b->data - buf_mem(b)) - b->l3_off;
}

/*
 * Is @f possible at all? IPv6 senders hear of it if not, with a pointer to the field at fault: the payload length,
 * or the offset, which stands six bytes in front of the data.
 */
static bool is_possible(struct net *net, const struct buf *b, const struct net_pkt *pkt,
			const struct fragment *f)
{
	uint32_t in_front = headers_of(b);
	bool is_v4 = ipaddr_is_v4(&pkt->dst);
	uint32_t total = f->offset + f->len + in_front;

	if (!is_v4)
		total -= IP6_HLEN + (uint32_t)sizeof(struct ip6_frag_hdr);
	if (f->more && f->len % 8 != 0) {
		if (!is_v4)
			icmp_send_error(net, b, pkt, ICMP_ERR_PARAM_PROBLEM, 0,
					offsetof(struct ip6_hdr, payload_len));
		return false;
	}
	if (total > IP_TOTAL_MAX) {
		if (!is_v4)
			icmp_send_error(net, b, pkt, ICMP_ERR_PARAM_PROBLEM, 0, in_front - 6);
		return false;
	}
	if (f->offset == 0 && !shows_headers(b, f->len, pkt->proto))
		return false;
	return f->len != 0;
}

/* Memory that @b keeps from other use. */
static uint64_t memory_of(const struct buf *b)
{
	uint64_t bytes = 0;

	for (; b; b = b->next)
		bytes += sizeof(*b) + b->cap;
	return bytes;
}

enum fit {
	FIT_OK,
	FIT_DUPLICATE,
	FIT_OVERLAP,
};

/* Where among @d's pieces does @f belong? */
static enum fit find_place(const struct frag_datagram *d, const struct fragment *f, unsigned *place)
{
	uint32_t end = f->offset + f->len;
	unsigned i = d->num;

	/* From behind: that is where a fragment in order goes. */
	while (i > 0 && d->pieces[i - 1].offset > f->offset)
		i--;
	*place = i;
	if (i > 0) {
		const struct frag_piece *before = &d->pieces[i - 1];

		if (before->offset == f->offset && before->len == f->len)
			return f->more == (end != d->end) ? FIT_DUPLICATE : FIT_OVERLAP;
		if (before->offset + before->len > f->offset)
			return FIT_OVERLAP;
	}
	if (i < d->num && end > d->pieces[i].offset)
		return FIT_OVERLAP;
	/* The end was known and is another now, or it comes to lie in front of what is here already. */
	if (d->end != END_UNKNOWN ? end > d->end || !f->more : !f->more && i < d->num)
		return FIT_OVERLAP;
	return FIT_OK;
}

static void insert(struct frag_datagram *d, struct buf *b, const struct net_pkt *pkt,
		   const struct fragment *f, unsigned place)
{
	uint64_t bytes = memory_of(b);

	memmove(&d->pieces[place + 1], &d->pieces[place], (d->num - place) * sizeof(d->pieces[0]));
	d->pieces[place] = (struct frag_piece){ b, f->offset, f->len };
	d->num++;
	d->have += f->len;
	d->bytes += bytes;
	d->net->frag.bytes += bytes;
	d->ecn_seen |= (uint8_t)(1 << (pkt->tos & 3));
	if (!f->more)
		d->end = f->offset + f->len;
	if (f->offset == 0)
		d->first = *pkt;
}

#define ECN_NOT_ECT 0
#define ECN_CE 3

/* RFC 3168, 5.3: congestion that one piece met was met by all. False: not-ECT and CE, somebody cheats. */
static bool combine_ecn(const struct frag_datagram *d, uint8_t *tos)
{
	uint8_t ecn = *tos & 3;

	if (d->ecn_seen & 1 << ECN_CE) {
		if (d->ecn_seen & 1 << ECN_NOT_ECT)
			return false;
		ecn = ECN_CE;
	} else if (d->ecn_seen & 1 << ECN_NOT_ECT) {
		ecn = ECN_NOT_ECT;
	}
	*tos = (uint8_t)((*tos & ~3) | ecn);
	return true;
}

/* All pieces of @d in one buf; @d is gone. */
static struct buf *complete_or_null(struct frag_datagram *d, struct net_pkt *pkt)
{
	struct buf *whole = d->pieces[0].b;
	struct net *net = d->net;
	struct buf *last = whole;

	*pkt = d->first;
	pkt->flags |= NET_PKT_REASSEMBLED;
	/* Each fragment was judged by its own header; that of the first can be longer. */
	if (!combine_ecn(d, &pkt->tos) ||
	    (ipaddr_is_v4(&pkt->dst) && headers_of(whole) + d->end > IP_TOTAL_MAX)) {
		kill(d, NET_DROP_FRAG_BAD);
		return NULL;
	}
	for (unsigned i = 1; i < d->num; i++) {
		while (last->next)
			last = last->next;
		last->next = d->pieces[i].b;
	}
	d->num = 0;
	release(d);
	/* Whatever a device has verified, it was not the sum over all pieces. */
	whole->flags &= (uint8_t)~BUF_RX_CSUM_GOOD;
	whole = buf_linearise_or_free(net->pool, whole);
	if (!whole) {
		net->count[NET_DROP_RX_NOBUFS]++;
		return NULL;
	}
	net->count[NET_FRAG_REASSEMBLED]++;
	return whole;
}

static struct buf *drop(struct net *net, struct buf *b, enum net_counter why)
{
	net->count[why]++;
	buf_put_chain(b);
	return NULL;
}

struct buf *frag_input_or_null(struct net *net, struct buf *b, struct net_pkt *pkt, uint32_t id,
			       uint32_t offset, bool more)
{
	struct fragment f = { offset, buf_chain_len(b), more };
	struct frag_datagram *d;
	unsigned place;
	enum fit fit;

	if (!is_possible(net, b, pkt, &f))
		return drop(net, b, NET_DROP_FRAG_BAD);
	if (memory_of(b) > net->config.frag_max_bytes)
		return drop(net, b, NET_DROP_FRAG_MEMORY);
	while (net->frag.bytes + memory_of(b) > net->config.frag_max_bytes)
		evict_oldest(net, NET_DROP_FRAG_MEMORY);
	d = find_or_make(net, pkt, id);
	fit = d->is_dead ? FIT_DUPLICATE : find_place(d, &f, &place);
	if (fit != FIT_OK || d->num == FRAG_MAX_PIECES) {
		if (fit == FIT_OVERLAP)
			kill(d, NET_DROP_FRAG_OVERLAP);
		else if (fit == FIT_OK)
			kill(d, NET_DROP_FRAG_TOO_MANY);
		buf_put_chain(b);
		return NULL;
	}
	insert(d, b, pkt, &f, place);
	if (d->have != d->end)
		return NULL;
	return complete_or_null(d, pkt);
}
