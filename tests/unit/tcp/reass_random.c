/* SPDX-License-Identifier: MIT */
/*
 * Random segments of a stream, each with bytes of its own, against an array that remembers who wrote a byte first.
 * The sender goes on until everything has arrived, so what the queue refuses or evicts must come again, and may then be
 * another's: the array forgets as many of the highest bytes as the queue says that it threw out.
 */
#include <criterion/criterion.h>
#include <string.h>

#include "libos/tcp/sack_rx.h"
#include "libos/tcp/seq.h"
#include "tests/lib/seed.h"
#include "tests/unit/tcp/rx.h"

#define STREAM 6000u
#define NOBODY 0xff

static struct rx rx;
static struct rng rng;
static struct tcp_sack_rx sack;
static uint8_t writer[STREAM];
static uint32_t base;

/* What is held now that was not: @version wrote it. What is not held was not before, or forgotten. */
static void follow(uint8_t version)
{
	uint32_t at = rx.rcv_nxt - base;

	for (unsigned i = 0; i < tcp_reass_num_ranges(&rx.r); i++) {
		struct tcp_sack_block b = tcp_reass_range(&rx.r, i);
		uint32_t end = min_t(uint32_t, b.end - base, STREAM); /* without the FIN */

		for (; at < b.start - base; at++)
			cr_assert_eq(writer[at], NOBODY, "byte %u was lost", at);
		for (; at < end; at++) {
			if (writer[at] == NOBODY)
				writer[at] = version;
		}
	}
	for (; at < STREAM; at++)
		cr_assert_eq(writer[at], NOBODY, "byte %u was lost", at);
}

/* The queue threw out the highest @lost numbers that it held, the FIN's first if @fin. */
static void forget(uint32_t lost, bool fin)
{
	lost -= lost > 0 && fin;
	for (uint32_t at = STREAM; lost > 0; at--) {
		cr_assert(seq_gt(base + at, rx.rcv_nxt));
		lost -= writer[at - 1] != NOBODY;
		writer[at - 1] = NOBODY;
	}
}

static uint32_t holes(uint32_t from, uint32_t to)
{
	uint32_t n = 0;

	for (; from < to; from++)
		n += writer[from] == NOBODY;
	return n;
}

static void deliver(void)
{
	uint32_t at = rx.rcv_nxt - base;

	buf_queue_drain(&rx.out);
	rx.rcv_nxt = tcp_reass_pop(&rx.pool, &rx.r, rx.rcv_nxt, &rx.out, &rx.fin);
	for (const struct buf *b = rx.out.head; b; b = b->link) {
		for (uint32_t i = 0; i < b->len; i++, at++)
			cr_assert_eq(b->data[i], rx_byte(base + at, writer[at]), "byte %u", at);
	}
	cr_assert_eq(base + at + rx.fin, rx.rcv_nxt);
}

static void check_report(void)
{
	struct tcp_sack_block out[TCP_MAX_SACK];
	bool had_dsack = tcp_sack_rx_has_dsack(&sack);
	unsigned num = tcp_sack_rx_blocks(&sack, &rx.r, TCP_MAX_SACK, out);
	unsigned want = min_t(unsigned, tcp_reass_num_ranges(&rx.r) + had_dsack, TCP_MAX_SACK);

	cr_assert_eq(num, want);
	cr_assert_leq(sack.num, tcp_reass_num_ranges(&rx.r));
	for (unsigned i = had_dsack; i < num; i++) {
		struct tcp_sack_block b = { 0, 0 };

		cr_assert(tcp_reass_find(&rx.r, out[i].start, &b));
		cr_assert(b.start == out[i].start && b.end == out[i].end);
		for (unsigned j = had_dsack; j < i; j++)
			cr_assert_neq(out[j].start, out[i].start);
	}
}

static void step(uint32_t max_len)
{
	uint32_t next = rx.rcv_nxt - base;
	uint32_t window = min_t(uint32_t, STREAM, next + 3000);
	uint32_t from = next > 100 ? next - 100 : 0;
	uint32_t at = rng_below(&rng, 16) ? from + (uint32_t)rng_below(&rng, window - from) : next;
	uint32_t len = 1 + (uint32_t)rng_below(&rng, min_t(uint32_t, max_len, window - at));
	uint8_t version = (uint8_t)rng_below(&rng, 200);
	uint32_t new_bytes = at + len > next ? holes(at > next ? at : next, at + len) : 0;
	uint32_t had = tcp_reass_bytes(&rx.r);
	uint32_t fin_seq;
	bool had_fin = tcp_reass_has_fin(&rx.r, &fin_seq);

	rx_put(&rx, base + at, len, version, at + len == STREAM);
	cr_assert_leq(rx.res.added, new_bytes + 1 + rx.res.evicted);
	if (at <= next && at + len > next)
		cr_assert_geq(rx.res.added, new_bytes, "in order: refused by no limit");
	else
		cr_assert_leq(tcp_reass_bytes(&rx.r), max_t(uint32_t, rx.max_bytes, had));
	forget(rx.res.evicted, had_fin);
	follow(version);
	deliver();
	tcp_sack_rx_on_insert(&sack, &rx.r, &rx.res);
	check_report();
	if (rng_below(&rng, 200) == 0) {
		had_fin = tcp_reass_has_fin(&rx.r, &fin_seq);
		forget(tcp_reass_evict(&rx.pool, &rx.r, (uint32_t)rng_below(&rng, 20000)), had_fin);
		tcp_reass_check(&rx.pool, &rx.r);
	}
}

static void run(uint32_t max_len, uint32_t max_bytes, const struct tcp_reass_config *config)
{
	/* The wrap anywhere in the stream. */
	base = 0u - (uint32_t)rng_below(&rng, STREAM + 2);
	rx_start(&rx, base, config);
	rx.max_bytes = max_bytes;
	sack = (struct tcp_sack_rx){ 0 };
	memset(writer, NOBODY, sizeof(writer));
	for (unsigned i = 0; !rx.fin; i++) {
		cr_assert_lt(i, 100000, "no progress at %u", rx.rcv_nxt - base);
		step(max_len);
	}
	cr_assert_eq(rx.rcv_nxt, base + STREAM + 1);
	cr_assert(tcp_reass_is_empty(&rx.r));
	rx_stop(&rx);
}

Test(tcp_reass, every_byte_is_the_first_writer_s)
{
	struct tcp_reass_config few = tcp_reass_default_config();

	few.max_ranges = TCP_REASS_SMALL_RANGES;
	few.max_bufs = 12;
	rng_init(&rng, test_seed());
	for (unsigned i = 0; i < 12; i++) {
		run(400, 1u << 30, NULL);
		run(30, 1u << 30, NULL);
		run(400, 40000, NULL);
		run(900, 1u << 30, &few);
		run(100, 10000, &few);
		few.max_large = i % 2;
	}
}
