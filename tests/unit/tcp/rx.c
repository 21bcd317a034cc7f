/* SPDX-License-Identifier: MIT */
#include "tests/unit/tcp/rx.h"

#include <criterion/criterion.h>
#include <stdio.h>

#define HEADERS 54

void rx_start(struct rx *rx, uint32_t rcv_nxt, const struct tcp_reass_config *config)
{
	struct tcp_reass_config def = tcp_reass_default_config();
	struct buf_pool_config c = buf_pool_default_config();

	*rx = (struct rx){ .rcv_nxt = rcv_nxt, .max_bytes = 1u << 30 };
	c.pages = ARENA_PAGES_PLAIN;
	c.arena_bytes = 4u << 20;
	cr_assert_eq(buf_pool_init(&rx->bufs, &c), 0);
	cr_assert_eq(tcp_reass_pool_init(&rx->pool, &rx->bufs, config ? config : &def), 0);
}

void rx_stop(struct rx *rx)
{
	tcp_reass_drain(&rx->pool, &rx->r);
	buf_queue_drain(&rx->out);
	cr_assert_eq(rx->bufs.count[BUFPOOL_IN_USE], 0, "%u bufs are lost",
		     (unsigned)rx->bufs.count[BUFPOOL_IN_USE]);
	cr_assert_eq(rx->pool.small.in_use + rx->pool.large.in_use, 0);
	tcp_reass_pool_fini(&rx->pool);
	buf_pool_fini(&rx->bufs);
}

uint8_t rx_byte(uint32_t seq, uint8_t version)
{
	return (uint8_t)(seq * 7 + version * 101);
}

struct buf *rx_packet(struct rx *rx, uint32_t seq, uint32_t len, uint8_t version)
{
	struct buf *b = buf_alloc_or_null(&rx->bufs, len);

	cr_assert_not_null(b);
	b->data += HEADERS;
	b->len = len;
	for (uint32_t i = 0; i < len; i++)
		b->data[i] = rx_byte(seq + i, version);
	return b;
}

void rx_put(struct rx *rx, uint32_t seq, uint32_t len, uint8_t version, bool fin)
{
	struct tcp_reass_segment s = {
		.b = len ? rx_packet(rx, seq, len, version) : NULL,
		.seq = seq,
		.rcv_nxt = rx->rcv_nxt,
		.max_bytes = rx->max_bytes,
		.fin = fin,
	};

	rx->res = tcp_reass_insert(&rx->pool, &rx->r, &s);
	tcp_reass_check(&rx->pool, &rx->r);
}

void rx_expect(struct rx *rx, const char *want)
{
	uint32_t seq = rx->rcv_nxt;
	const struct buf *b;

	buf_queue_drain(&rx->out);
	rx->rcv_nxt = tcp_reass_pop(&rx->pool, &rx->r, seq, &rx->out, &rx->fin);
	cr_assert_eq(rx->rcv_nxt - seq, strlen(want) + rx->fin, "%u bytes, not %s",
		     rx->rcv_nxt - seq, want);
	for (b = rx->out.head; b; b = b->link) {
		cr_assert_null(b->next);
		for (uint32_t i = 0; i < b->len; i++, seq++, want++)
			cr_assert_eq(b->data[i], rx_byte(seq, (uint8_t)(*want - '0')),
				     "%u from the end", (unsigned)strlen(want));
	}
	cr_assert_eq(*want, 0);
}

void rx_ranges(struct rx *rx, uint32_t base, const char *want)
{
	char got[1024] = "";
	size_t at = 0;

	for (unsigned i = 0; i < tcp_reass_num_ranges(&rx->r) && at < sizeof(got) - 32; i++) {
		struct tcp_sack_block b = tcp_reass_range(&rx->r, i);

		at += (size_t)snprintf(got + at, sizeof(got) - at, "%s%u-%u", i ? " " : "",
				       b.start - base, b.end - base);
	}
	cr_assert_str_eq(got, want);
}
