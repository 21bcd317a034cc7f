/* SPDX-License-Identifier: MIT */
/*
 * The input is segments for one receiver, six bytes each: place in the window (2, a little below rcv_nxt included),
 * length (1), how it is cut into bufs (1), what else (1), memory limit (1). The first four bytes are rcv_nxt. What
 * comes out must be, byte for byte, whoever wrote it first; no limit may be passed and no buf be lost; and the SACK
 * blocks that a segment calls forth must be those of the queue.
 */
#include "libos/tcp/sack_rx.h"

#include "tests/fuzz/fuzz.h"

#define WINDOW 1024u
#define STREAM 16384u /* what the oracle remembers; ends the run */
#define BACK 256u
#define NOBODY 0

enum {
	DO_FIN = 1,
	DO_EVICT = 2,
	DO_LEAVE = 4, /* nothing is delivered, unless it came in order */
	DO_NO_MEMORY = 8,
};

static struct buf_pool bufs;
static struct tcp_reass_pool pool;
static struct tcp_reass r;
static struct tcp_sack_rx sack;
static uint8_t writer[STREAM];
static uint32_t base, rcv_nxt;
static bool fin;

static void start_once(void)
{
	struct tcp_reass_config config = tcp_reass_default_config();
	struct buf_pool_config c = buf_pool_default_config();

	if (bufs.arenas)
		return;
	c.pages = ARENA_PAGES_PLAIN;
	c.arena_bytes = 4u << 20;
	config.max_ranges = 24;
	config.max_bufs = 64;
	FUZZ_CHECK(buf_pool_init(&bufs, &c) == 0);
	FUZZ_CHECK(tcp_reass_pool_init(&pool, &bufs, &config) == 0);
}

/* The bytes say who wrote them and where. */
static uint8_t byte_of(uint32_t at, uint8_t who)
{
	return (uint8_t)(who ^ at * 29);
}

static struct buf *packet(uint32_t at, uint32_t len, uint32_t part, uint8_t who)
{
	struct buf *head = NULL, **tail = &head;

	while (len > 0) {
		uint32_t n = min_t(uint32_t, len, part);
		struct buf *b = buf_alloc_or_null(&bufs, n);

		b->len = n;
		for (uint32_t i = 0; i < n; i++)
			b->data[i] = byte_of(at + i, who);
		*tail = b;
		tail = &b->next;
		at += n;
		len -= n;
	}
	return head;
}

static void forget(uint32_t lost, bool had_fin)
{
	lost -= lost > 0 && had_fin;
	for (uint32_t at = rcv_nxt - base + WINDOW; lost > 0; at--) {
		lost -= writer[at - 1] != NOBODY;
		writer[at - 1] = NOBODY;
	}
}

/* What the queue holds is what the oracle has, and what is new is @who's. */
static void follow(uint8_t who)
{
	uint32_t at = rcv_nxt - base, fin_seq;
	bool has_fin = tcp_reass_has_fin(&r, &fin_seq);

	for (unsigned i = 0; i < tcp_reass_num_ranges(&r); i++) {
		struct tcp_sack_block b = tcp_reass_range(&r, i);
		uint32_t end = b.end - base - (has_fin && b.end == fin_seq + 1);

		for (; at < b.start - base; at++)
			FUZZ_CHECK(writer[at] == NOBODY);
		for (; at < end; at++) {
			FUZZ_CHECK(writer[at] != NOBODY || who != NOBODY);
			if (writer[at] == NOBODY)
				writer[at] = who;
		}
	}
	for (; at < rcv_nxt - base + WINDOW; at++)
		FUZZ_CHECK(writer[at] == NOBODY);
}

static void deliver(void)
{
	struct buf_queue out = { 0 };
	uint32_t at = rcv_nxt - base;

	rcv_nxt = tcp_reass_pop(&pool, &r, rcv_nxt, &out, &fin);
	for (const struct buf *b = out.head; b; b = b->link) {
		for (uint32_t i = 0; i < b->len; i++, at++)
			FUZZ_CHECK(writer[at] != NOBODY && b->data[i] == byte_of(at, writer[at]));
	}
	FUZZ_CHECK(base + at + fin == rcv_nxt);
	buf_queue_drain(&out);
}

static void report(const struct tcp_reass_result *res)
{
	struct tcp_sack_block out[TCP_MAX_SACK], b;
	unsigned dsacks, num;

	tcp_sack_rx_on_insert(&sack, &r, res);
	dsacks = tcp_sack_rx_has_dsack(&sack);
	FUZZ_CHECK(dsacks == (res->dup.start != res->dup.end));
	num = tcp_sack_rx_blocks(&sack, &r, TCP_SACK_WITH_TS, out);
	FUZZ_CHECK(num == min_t(unsigned, dsacks + tcp_reass_num_ranges(&r), TCP_SACK_WITH_TS));
	if (dsacks)
		FUZZ_CHECK(out[0].start == res->dup.start && out[0].end == res->dup.end);
	else if (res->added && tcp_reass_find(&r, res->newest.start, &b))
		FUZZ_CHECK(num > 0 && out[0].start == b.start);
	for (unsigned i = dsacks; i < num; i++)
		FUZZ_CHECK(tcp_reass_find(&r, out[i].start, &b) && b.end == out[i].end);
}

/* As when all memory for bufs is used up. */
static struct tcp_reass_result insert_without_slices(const struct tcp_reass_segment *s)
{
	struct buf **list = &bufs.classes[BUF_CLASS_VIEW].free_or_null;
	struct buf_pool was = bufs;
	struct tcp_reass_result res;

	bufs.cut_at = bufs.cut_end;
	bufs.config.limit_bytes = 0;
	*list = NULL;
	res = tcp_reass_insert(&pool, &r, s);
	bufs.cut_at = was.cut_at;
	bufs.config.limit_bytes = was.config.limit_bytes;
	while (*list)
		list = &(*list)->next;
	*list = was.classes[BUF_CLASS_VIEW].free_or_null;
	return res;
}

static void segment(const uint8_t *p, uint8_t who)
{
	uint32_t next = rcv_nxt - base;
	uint32_t low = min_t(uint32_t, next, BACK);
	uint32_t at = next - low + (p[0] << 8 | p[1]) % (WINDOW + low);
	uint32_t len = min_t(uint32_t, p[2], next + WINDOW - at);
	uint32_t had = tcp_reass_bytes(&r), lost = 0, fin_seq;
	bool had_fin = tcp_reass_has_fin(&r, &fin_seq);
	struct tcp_reass_segment s = {
		.b = packet(at, len, 1u + p[3], who),
		.seq = base + at,
		.rcv_nxt = rcv_nxt,
		.max_bytes = p[5] * 1024u,
		.fin = p[4] & DO_FIN,
	};
	struct tcp_reass_result res;

	res = p[4] & DO_NO_MEMORY ? insert_without_slices(&s) : tcp_reass_insert(&pool, &r, &s);
	tcp_reass_check(&pool, &r);
	if (at > next)
		FUZZ_CHECK(tcp_reass_bytes(&r) <= max_t(uint32_t, had, s.max_bytes));
	forget(res.evicted, had_fin);
	follow(who);
	if (at <= next || !(p[4] & DO_LEAVE))
		deliver();
	report(&res);
	if (p[4] & DO_EVICT) {
		had_fin = tcp_reass_has_fin(&r, &fin_seq);
		lost = tcp_reass_evict(&pool, &r, s.max_bytes);
		tcp_reass_check(&pool, &r);
		forget(lost, had_fin);
		follow(NOBODY);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t who = 0;

	start_once();
	if (size < 4)
		return 0;
	memset(writer, NOBODY, sizeof(writer));
	memset(&sack, 0, sizeof(sack));
	base = rcv_nxt = load_be32(data);
	fin = false;
	for (data += 4, size -= 4; size >= 6; data += 6, size -= 6) {
		if (fin || rcv_nxt - base > STREAM - 2 * WINDOW)
			break;
		who = who == UINT8_MAX ? 1 : who + 1;
		segment(data, who);
	}
	tcp_reass_drain(&pool, &r);
	FUZZ_CHECK(bufs.count[BUFPOOL_IN_USE] == 0);
	FUZZ_CHECK(pool.small.in_use + pool.large.in_use == 0);
	return 0;
}
