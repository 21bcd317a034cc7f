/* SPDX-License-Identifier: MIT */
/*
 * Reassembly: tables for the rules, and random fragments against an oracle that knows only bytes. The oracle's rules
 * are those of frag.h: what covers exactly the same bytes again is dropped alone, any other contact kills.
 */
#include "libos/net/frag.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

#include "tests/lib/seed.h"
#include "tests/unit/net_l4/l4.h"

static struct world w;
static struct listener a, b;

static const char *const us[2] = { "10.0.0.1", "2001:db8::1" };
static const char *const peer[2] = { "10.0.0.2", "2001:db8::2" };

struct part {
	uint32_t offset, len;
	bool more;
};

/* The piece @part of the payload @all as a frame with identifier @id. */
static size_t make_fragment(uint8_t *out, bool v6, const uint8_t *all, struct part part,
			    uint32_t id, uint8_t tos)
{
	uint8_t *payload = malloc(part.len + 8);
	size_t len;

	if (v6) {
		struct ip6_frag_hdr *f = (struct ip6_frag_hdr *)payload;

		*f = (struct ip6_frag_hdr){ .next = IP_PROTO_UDP,
					    .offset_flags =
						    be16((uint16_t)(part.offset | part.more)),
					    .id = be32(id) };
		memcpy(payload + 8, all + part.offset, part.len);
		len = make_ip(out, "me", 2, peer[1], us[1], IP6_NEXT_FRAGMENT, payload,
			      part.len + 8);
		out[ETH_HLEN] = (uint8_t)(0x60 | tos >> 4);
		out[ETH_HLEN + 1] = (uint8_t)(tos << 4);
	} else {
		struct be32 src = { { 10, 0, 0, 2 } }, dst = { { 10, 0, 0, 1 } };

		len = make_ip(out, "me", 2, peer[0], us[0], IP_PROTO_UDP, all + part.offset,
			      part.len);
		ip4_emit(out + ETH_HLEN, tos, (uint16_t)(len - ETH_HLEN), (uint16_t)id,
			 (uint16_t)(part.offset / 8 | (part.more ? IP4_MF : 0)), 64, IP_PROTO_UDP,
			 src, dst, false);
	}
	free(payload);
	return len;
}

static uint8_t whole[L4_MAX + 64];

static void receive_part(bool v6, struct part part, uint32_t id, uint8_t tos)
{
	static uint8_t frame[L4_MAX + 128];

	world_receive(&w, frame, make_fragment(frame, v6, whole, part, id, tos));
}

/* A datagram of @len bytes, UDP header included, in @whole. */
static void make_whole(bool v6, uint32_t len)
{
	make_udp(whole, peer[v6], us[v6], 7, 1000, len - UDP_HLEN);
}

static struct listener *listener_of(bool v6)
{
	return v6 ? &b : &a;
}

static void start(const struct net_config *config)
{
	l4_start(&w, config);
	listener_start(&a, &w, "0.0.0.0", 1000, 0);
	listener_start(&b, &w, "::", 1000, 0);
}

static void stop(void)
{
	udp_close(&w.net, &a.ep);
	udp_close(&w.net, &b.ep);
	world_stop(&w);
}

Test(frag, rules)
{
	enum {
		MAX_PARTS = 5
	};
	static const struct {
		uint32_t len;
		struct part parts[MAX_PARTS];
		bool arrives;
		enum net_counter drop;
	} rows[] = {
		{ 64, { { 0, 32, true }, { 32, 32, false } }, true, NET_COUNTER_NUM },
		{ 64, { { 32, 32, false }, { 0, 32, true } }, true, NET_COUNTER_NUM },
		{ 61, { { 0, 32, true }, { 32, 29, false } }, true, NET_COUNTER_NUM },
		{ 64,
		  { { 16, 16, true }, { 48, 16, false }, { 0, 16, true }, { 32, 16, true } },
		  true,
		  NET_COUNTER_NUM },
		{ 33, { { 32, 1, false }, { 0, 32, true } }, true, NET_COUNTER_NUM },
		/* Duplicates of every kind. */
		{ 64,
		  { { 0, 32, true }, { 0, 32, true }, { 32, 32, false } },
		  true,
		  NET_COUNTER_NUM },
		{ 64,
		  { { 32, 32, false }, { 32, 32, false }, { 0, 32, true } },
		  true,
		  NET_COUNTER_NUM },
		/* Overlaps: by a part, inside, around, and what is still to come. */
		{ 64, { { 0, 32, true }, { 24, 40, false } }, false, NET_DROP_FRAG_OVERLAP },
		{ 64, { { 24, 40, false }, { 0, 32, true } }, false, NET_DROP_FRAG_OVERLAP },
		{ 64, { { 0, 48, true }, { 8, 8, true } }, false, NET_DROP_FRAG_OVERLAP },
		{ 64, { { 8, 8, true }, { 0, 48, true } }, false, NET_DROP_FRAG_OVERLAP },
		{ 64,
		  { { 0, 32, true }, { 0, 40, true }, { 0, 32, true }, { 32, 32, false } },
		  false,
		  NET_DROP_FRAG_OVERLAP },
		/* Two ends, or something behind the end. */
		{ 64, { { 32, 16, false }, { 48, 16, false } }, false, NET_DROP_FRAG_OVERLAP },
		{ 64, { { 48, 16, false }, { 32, 8, false } }, false, NET_DROP_FRAG_OVERLAP },
		{ 64, { { 48, 16, true }, { 16, 8, false } }, false, NET_DROP_FRAG_OVERLAP },
		{ 64, { { 16, 8, false }, { 48, 16, true } }, false, NET_DROP_FRAG_OVERLAP },
		{ 64, { { 32, 32, true }, { 32, 32, false } }, false, NET_DROP_FRAG_OVERLAP },
		{ 64, { { 32, 32, false }, { 32, 32, true } }, false, NET_DROP_FRAG_OVERLAP },
		/* Impossible ones, dropped alone. */
		{ 64,
		  { { 0, 28, true }, { 0, 32, true }, { 32, 32, false } },
		  true,
		  NET_DROP_FRAG_BAD },
		{ 64, { { 32, 0, true }, { 0, 32, true } }, false, NET_DROP_FRAG_BAD },
		{ 64, { { 32, 0, false }, { 0, 32, true } }, false, NET_DROP_FRAG_BAD },
		{ 64, { { 65528, 100, false } }, false, NET_DROP_FRAG_BAD },
		/* Not all there. */
		{ 64, { { 0, 32, true }, { 40, 24, false } }, false, NET_COUNTER_NUM },
		{ 64, { { 0, 32, true }, { 32, 32, true } }, false, NET_COUNTER_NUM },
		{ 64, { { 8, 56, false } }, false, NET_COUNTER_NUM },
	};

	for (int v6 = 0; v6 < 2; v6++) {
		for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
			start(NULL);
			make_whole(v6, rows[i].len);
			for (const struct part *p = rows[i].parts;
			     p < rows[i].parts + MAX_PARTS && p->offset + p->len; p++)
				receive_part(v6, *p, 77, 0);
			cr_assert_eq(listener_of(v6)->num, rows[i].arrives, "v6 %d row %zu", v6, i);
			if (rows[i].arrives)
				cr_assert(has_pattern(listener_of(v6), rows[i].len - UDP_HLEN));
			world_assert_drop(&w, rows[i].drop);
			cr_assert_eq(world_count(&w, NET_FRAG_REASSEMBLED), rows[i].arrives);
			stop();
		}
	}
}

/* What IPv6 senders are told, RFC 8200 section 4.5. */
Test(frag, parameter_problems)
{
	const struct world_frame *f;

	start(NULL);
	make_whole(true, 64);
	receive_part(true, (struct part){ 0, 28, true }, 1, 0);
	f = world_sent_frame(&w);
	cr_assert_eq(frame_l4(f)[0], ICMP6_PARAM_PROBLEM);
	cr_assert_eq(frame_l4(f)[1], 0);
	cr_assert_eq(load_be32(frame_l4(f) + 4), 4, "payload length");
	receive_part(true, (struct part){ 65528, 16, true }, 2, 0);
	f = world_sent_frame(&w);
	cr_assert_eq(frame_l4(f)[0], ICMP6_PARAM_PROBLEM);
	cr_assert_eq(load_be32(frame_l4(f) + 4), 42, "fragment offset");
	receive_part(false, (struct part){ 0, 28, true }, 1, 0);
	world_assert_quiet(&w);
	stop();
}

/* A first fragment must show the transport's header. */
Test(frag, tiny_first_fragments)
{
	static const struct {
		uint8_t proto;
		uint8_t bytes[16]; /* of the payload */
		uint32_t len;
		bool bad;
	} rows[] = {
		{ IP_PROTO_TCP, { 0 }, 16, true },
		{ IP_PROTO_TCP, { 0 }, 24, false },
		{ IP_PROTO_UDP, { 0 }, 8, false },
		{ IP_PROTO_ICMP6, { 0 }, 8, false },
		{ IP6_NEXT_DSTOPTS, { IP_PROTO_UDP, 0 }, 8, true },
		{ IP6_NEXT_DSTOPTS, { IP_PROTO_UDP, 0 }, 16, false },
		{ IP6_NEXT_DSTOPTS, { IP_PROTO_TCP, 0 }, 24, true },
		{ IP6_NEXT_DSTOPTS, { IP_PROTO_UDP, 1 }, 16, true },
		{ IP6_NEXT_DSTOPTS, { IP_PROTO_UDP, 255 }, 64, true },
		{ 200, { 0 }, 8, false },
	};
	uint8_t frame[256];

	start(NULL);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		size_t len;

		memset(whole, 0, 128);
		memcpy(whole, rows[i].bytes, sizeof(rows[i].bytes));
		len = make_fragment(frame, true, whole, (struct part){ 0, rows[i].len, true },
				    (uint32_t)i, 0);
		frame[ETH_HLEN + IP6_HLEN] = rows[i].proto;
		world_mark(&w);
		world_receive(&w, frame, len);
		world_assert_drop(&w, rows[i].bad ? NET_DROP_FRAG_BAD : NET_COUNTER_NUM);
	}
	stop();
}

/* RFC 6946: an atomic fragment does not wait for others, nor disturb them. */
Test(frag, atomic_fragments)
{
	start(NULL);
	make_whole(true, 64);
	receive_part(true, (struct part){ 0, 32, true }, 5, 0);
	receive_part(true, (struct part){ 0, 64, false }, 5, 0);
	cr_assert_eq(b.num, 1);
	cr_assert(has_pattern(&b, 56));
	receive_part(true, (struct part){ 32, 32, false }, 5, 0);
	cr_assert_eq(b.num, 2);
	world_assert_drop(&w, NET_COUNTER_NUM);
	stop();
}

Test(frag, the_largest_datagrams)
{
	static const uint32_t sizes[2] = { 65535 - IP4_HLEN, 65535 };

	start(NULL);
	for (int v6 = 0; v6 < 2; v6++) {
		uint32_t at = 0;

		make_whole(v6, sizes[v6]);
		for (; at + 1448 < sizes[v6]; at += 1448)
			receive_part(v6, (struct part){ at, 1448, true }, 9, 0);
		receive_part(v6, (struct part){ at, sizes[v6] - at, false }, 9, 0);
		cr_assert_eq(listener_of(v6)->num, 1, "v6 %d", v6);
		cr_assert(has_pattern(listener_of(v6), sizes[v6] - UDP_HLEN));
		/* One byte more is one too many. */
		receive_part(v6, (struct part){ at, sizes[v6] + 1 - at, false }, 10, 0);
		world_assert_drop(&w, NET_DROP_FRAG_BAD);
		world_mark(&w);
	}
	stop();
}

Test(frag, congestion_marks_combine)
{
	static const struct {
		uint8_t first, second;
		int result; /* -1: dropped */
	} rows[] = {
		{ 0, 0, 0 }, { 1, 1, 1 },  { 2, 2, 2 },  { 3, 3, 3 }, { 2, 3, 3 }, { 3, 1, 3 },
		{ 1, 2, 1 }, { 0, 3, -1 }, { 3, 0, -1 }, { 0, 2, 0 }, { 2, 0, 0 },
	};

	for (int v6 = 0; v6 < 2; v6++) {
		start(NULL);
		make_whole(v6, 64);
		for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
			struct listener *l = listener_of(v6);

			l->num = 0;
			receive_part(v6, (struct part){ 0, 32, true }, (uint32_t)i,
				     0x40 | rows[i].first);
			receive_part(v6, (struct part){ 32, 32, false }, (uint32_t)i,
				     0x80 | rows[i].second);
			cr_assert_eq(l->num, rows[i].result >= 0, "row %zu", i);
			if (l->num)
				cr_assert_eq(l->pkt.tos, 0x40 | rows[i].result, "row %zu", i);
		}
		stop();
	}
}

/* A device that verified the first piece's headers knows nothing of the sum over all pieces. */
Test(frag, verified_pieces_make_no_verified_whole)
{
	static const struct part parts[] = { { 0, 32, true }, { 32, 32, false } };
	uint8_t frame[256];

	start(NULL);
	make_whole(false, 64);
	whole[40] ^= 1;
	for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
		size_t len = make_fragment(frame, false, whole, parts[i], 1, 0);
		struct buf *rx = world_packet(&w, (uint32_t)len, 0);

		memcpy(rx->data, frame, len);
		rx->flags = BUF_RX_CSUM_GOOD;
		net_input(&w.net, rx, 0);
	}
	cr_assert_eq(world_count(&w, NET_FRAG_REASSEMBLED), 1);
	world_assert_drop(&w, NET_DROP_UDP_CSUM);
	stop();
}

Test(frag, what_keeps_datagrams_apart)
{
	uint8_t frame[256];
	size_t len;

	start(NULL);
	make_whole(false, 64);
	receive_part(false, (struct part){ 0, 32, true }, 1, 0);
	receive_part(false, (struct part){ 32, 32, false }, 2, 0);
	cr_assert_eq(a.num, 0, "identifier");
	len = make_fragment(frame, false, whole, (struct part){ 32, 32, false }, 1, 0);
	ip4_emit(frame + ETH_HLEN, 0, 52, 1, 4, 64, 99, (struct be32){ { 10, 0, 0, 2 } },
		 (struct be32){ { 10, 0, 0, 1 } }, false);
	world_receive(&w, frame, len);
	cr_assert_eq(a.num, 0, "protocol");
	ip4_emit(frame + ETH_HLEN, 0, 52, 1, 4, 64, IP_PROTO_UDP, (struct be32){ { 10, 0, 0, 3 } },
		 (struct be32){ { 10, 0, 0, 1 } }, false);
	world_receive(&w, frame, len);
	cr_assert_eq(a.num, 0, "source");
	receive_part(false, (struct part){ 32, 32, false }, 1, 0);
	cr_assert_eq(a.num, 1);
	cr_assert_eq(w.net.frag.num, 3);

	/* In IPv6 only the first fragment's next header counts. */
	make_whole(true, 64);
	len = make_fragment(frame, true, whole, (struct part){ 32, 32, false }, 1, 0);
	frame[ETH_HLEN + IP6_HLEN] = 99;
	world_receive(&w, frame, len);
	receive_part(true, (struct part){ 0, 32, true }, 1, 0);
	cr_assert_eq(b.num, 1);
	stop();
}

Test(frag, time_runs_out)
{
	for (int v6 = 0; v6 < 2; v6++) {
		uint64_t timeout = (v6 ? 60 : 30) * NS_PER_SEC;
		const struct world_frame *f;

		/* With the first fragment here, the sender hears of it. */
		start(NULL);
		make_whole(v6, 96);
		receive_part(v6, (struct part){ 32, 32, true }, 1, 0);
		world_advance(&w, timeout - NS_PER_MS);
		receive_part(v6, (struct part){ 0, 32, true }, 1, 0);
		cr_assert_eq(w.net.frag.num, 1);
		cr_assert_gt(w.net.frag.bytes, 0);
		world_assert_quiet(&w);
		world_advance(&w, 2 * NS_PER_MS);
		f = world_sent_frame(&w);
		cr_assert_not_null(f);
		cr_assert_eq(frame_l4(f)[0], v6 ? ICMP6_TIME_EXCEEDED : ICMP4_TIME_EXCEEDED);
		cr_assert_eq(frame_l4(f)[1], 1);
		cr_assert(frame_csum_is_good(f));
		cr_assert_eq(frame_l4(f)[8] >> 4, v6 ? 6 : 4);
		cr_assert_eq(memcmp(frame_l4(f) + 8 + (v6 ? 48 : 20), whole, 32), 0);
		world_assert_drop(&w, NET_DROP_FRAG_TIMEOUT);
		cr_assert_eq(w.net.frag.num, 0);
		cr_assert_eq(w.net.frag.bytes, 0);

		/* Without it, or for what was killed, not. */
		world_mark(&w);
		receive_part(v6, (struct part){ 32, 32, true }, 2, 0);
		receive_part(v6, (struct part){ 0, 32, true }, 3, 0);
		receive_part(v6, (struct part){ 8, 32, true }, 3, 0);
		world_advance(&w, timeout + NS_PER_MS);
		world_assert_quiet(&w);
		cr_assert_eq(world_count(&w, NET_DROP_FRAG_TIMEOUT), 1);
		cr_assert_eq(w.net.frag.num, 0);
		/* The identifier is good again. */
		make_whole(v6, 64);
		receive_part(v6, (struct part){ 0, 32, true }, 3, 0);
		receive_part(v6, (struct part){ 32, 32, false }, 3, 0);
		cr_assert_eq(listener_of(v6)->num, 1);
		stop();
	}
}

Test(frag, limits)
{
	struct net_config config = world_config();
	const uint64_t piece = sizeof(struct buf) + BUF_HEADROOM + 2048;

	/* Datagrams: the oldest goes. */
	config.frag_max_datagrams = 4;
	start(&config);
	make_whole(false, 64);
	for (uint32_t id = 0; id < 6; id++)
		receive_part(false, (struct part){ 0, 32, true }, id, 0);
	cr_assert_eq(w.net.frag.num, 4);
	cr_assert_eq(world_count(&w, NET_DROP_FRAG_DATAGRAMS), 2);
	for (uint32_t id = 2; id < 6; id++)
		receive_part(false, (struct part){ 32, 32, false }, id, 0);
	cr_assert_eq(a.num, 4);
	cr_assert_eq(w.net.frag.num, 0);
	world_assert_quiet(&w);
	stop();

	/* Bytes, as the bufs occupy them. */
	config = world_config();
	config.frag_max_bytes = 4 * piece;
	start(&config);
	for (uint32_t id = 0; id < 3; id++)
		receive_part(false, (struct part){ 0, 32, true }, id, 0);
	cr_assert_eq(w.net.frag.bytes, 3 * piece);
	receive_part(false, (struct part){ 40, 8, true }, 2, 0);
	cr_assert_eq(world_count(&w, NET_DROP_FRAG_MEMORY), 0);
	receive_part(false, (struct part){ 56, 8, true }, 2, 0);
	cr_assert_eq(world_count(&w, NET_DROP_FRAG_MEMORY), 1);
	cr_assert_eq(w.net.frag.num, 2);
	cr_assert_eq(w.net.frag.bytes, 4 * piece);
	/* One that would not fit alone is refused and costs nobody anything. */
	make_whole(false, 9000);
	receive_part(false, (struct part){ 0, 8992, true }, 9, 0);
	cr_assert_eq(world_count(&w, NET_DROP_FRAG_MEMORY), 2);
	cr_assert_eq(w.net.frag.num, 2);
	stop();

	/* Pieces of a datagram. */
	start(NULL);
	make_whole(true, 8 * FRAG_MAX_PIECES + 64);
	for (uint32_t i = 0; i < FRAG_MAX_PIECES; i++)
		receive_part(true, (struct part){ 8 * i, 8, true }, 1, 0);
	cr_assert_eq(w.net.frag.bytes, FRAG_MAX_PIECES * piece);
	receive_part(true, (struct part){ 8 * FRAG_MAX_PIECES, 8, true }, 1, 0);
	world_assert_drop(&w, NET_DROP_FRAG_TOO_MANY);
	cr_assert_eq(w.net.frag.bytes, 0);
	stop();
}

/* What the oracle knows of a datagram: for each byte the piece that brought it. */
struct oracle {
	bool alive;
	bool done;
	uint32_t end; /* 0: not known */
	uint32_t have;
	uint32_t num;
	struct part parts[64];
};

static bool oracle_overlaps(const struct oracle *o, struct part p)
{
	for (uint32_t i = 0; i < o->num; i++) {
		if (p.offset < o->parts[i].offset + o->parts[i].len &&
		    o->parts[i].offset < p.offset + p.len)
			return true;
		if (!p.more && o->parts[i].offset + o->parts[i].len > p.offset + p.len)
			return true;
	}
	return o->end && (!p.more || p.offset + p.len > o->end);
}

static bool oracle_has(const struct oracle *o, struct part p)
{
	for (uint32_t i = 0; i < o->num; i++) {
		const struct part *q = &o->parts[i];

		if (q->offset == p.offset && q->len == p.len && q->more == p.more)
			return true;
	}
	return false;
}

/* True: this one completes the datagram. */
static bool oracle_input(struct oracle *o, struct part p)
{
	if (!o->alive || oracle_has(o, p))
		return false;
	if (oracle_overlaps(o, p)) {
		o->alive = false;
		return false;
	}
	o->parts[o->num++] = p;
	o->have += p.len;
	if (!p.more)
		o->end = p.offset + p.len;
	return o->have == o->end;
}

/* Cuts @len bytes into random pieces; returns their number. */
static unsigned cut_up(struct rng *rng, uint32_t len, struct part *parts, unsigned max)
{
	unsigned num = 0;
	uint32_t at = 0;

	while (at < len) {
		uint32_t rest = len - at;
		uint32_t piece = num + 1 == max ? rest : 8 * (1 + (uint32_t)rng_below(rng, 40));

		piece = min_t(uint32_t, piece, rest);
		parts[num++] = (struct part){ at, piece, piece < rest };
		at += piece;
	}
	return num;
}

/* Adds what a bad network or a bad peer does: copies, shifted and stretched pieces, losses. */
static unsigned spoil(struct rng *rng, uint32_t len, struct part *parts, unsigned num)
{
	unsigned extra = rng_below(rng, 3) ? 0 : (unsigned)rng_below(rng, 4);

	for (unsigned copies = (unsigned)rng_below(rng, 4); copies; copies--, num++)
		parts[num] = parts[rng_below(rng, num)];
	for (; extra; extra--) {
		uint32_t offset = 8 * (uint32_t)rng_below(rng, len / 8);
		uint32_t bytes = 8 * (1 + (uint32_t)rng_below(rng, 30));

		if (offset + bytes > len + 200)
			continue;
		parts[num++] = (struct part){ offset, bytes, rng_below(rng, 4) != 0 };
	}
	if (rng_below(rng, 4) == 0 && num > 1) {
		num--;
		parts[rng_below(rng, num + 1)] = parts[num];
	}
	for (unsigned i = num; i > 1; i--) {
		unsigned k = (unsigned)rng_below(rng, i);
		struct part t = parts[k];

		parts[k] = parts[i - 1];
		parts[i - 1] = t;
	}
	return num;
}

static void one_round(struct rng *rng, uint64_t seed, uint32_t id)
{
	bool v6 = rng_below(rng, 2);
	uint32_t len = 100 + (uint32_t)rng_below(rng, 4000);
	struct listener *l = listener_of(v6);
	struct oracle o = { .alive = true };
	struct part parts[64];
	unsigned num = cut_up(rng, len, parts, 40);

	num = spoil(rng, len, parts, num);
	make_whole(v6, len);
	l->num = 0;
	for (unsigned i = 0; i < num && !o.done; i++) {
		/* What is whole by itself is no fragment. */
		if (parts[i].offset == 0 && !parts[i].more)
			continue;
		o.done = oracle_input(&o, parts[i]);
		receive_part(v6, parts[i], id, 0);
		/* A false end in front of the true one makes a datagram that UDP finds too short. */
		if (o.done && o.end >= len) {
			cr_assert_eq(l->num, 1, "seed %lu id %u", seed, id);
			cr_assert(has_pattern(l, len - UDP_HLEN), "seed %lu id %u", seed, id);
		} else {
			cr_assert_eq(l->num, 0, "seed %lu id %u", seed, id);
		}
		if (o.done)
			break;
		cr_assert_eq(w.net.frag.bytes == 0, !o.alive, "seed %lu id %u", seed, id);
	}
	world_mark(&w);
	world_advance(&w, 61 * NS_PER_SEC);
	cr_assert_eq(w.net.frag.num, 0);
	cr_assert_eq(w.net.frag.bytes, 0);
	cr_assert_eq(w.pool.count[BUFPOOL_IN_USE], 0, "seed %lu id %u", seed, id);
}

Test(frag, random_fragments_against_an_oracle)
{
	uint64_t seed = test_seed();
	unsigned arrived = 0;
	struct rng rng;

	rng_init(&rng, seed);
	start(NULL);
	for (uint32_t id = 0; id < 3000; id++) {
		one_round(&rng, seed, id);
		arrived += a.num + b.num != 0;
	}
	/* The spoilers leave enough of each kind. */
	cr_assert_gt(arrived, 300);
	cr_assert_gt(w.net.count[NET_DROP_FRAG_OVERLAP], 300);
	cr_assert_gt(w.net.count[NET_DROP_FRAG_TIMEOUT], 300);
	stop();
}
