/* SPDX-License-Identifier: MIT */
#include "station.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "libos/base/endian.h"

struct buf_pool pool;
struct sim sim;

void start(void)
{
	struct buf_pool_config config = buf_pool_default_config();

	config.pages = ARENA_PAGES_PLAIN;
	cr_assert_eq(buf_pool_init(&pool, &config), 0);
	sim_init_virtual(&sim);
}

void finish(void)
{
	sim_fini(&sim);
	cr_assert_eq(pool.count[BUFPOOL_IN_USE], 0, "%llu bufs leaked",
		     (unsigned long long)pool.count[BUFPOOL_IN_USE]);
	buf_pool_fini(&pool);
}

static void note(struct station *s, struct buf *b, uint64_t now)
{
	if (s->num < STATION_LOG)
		s->got[s->num] = (struct arrival){ .at = now,
						   .tag = frame_tag(b),
						   .len = buf_chain_len(b),
						   .flags = b->flags,
						   .mss = b->mss };
	s->num++;
	buf_put_chain(b);
}

static void poll(void *ctx, uint64_t now)
{
	struct station *s = ctx;
	struct buf *frames[DEV_BURST];
	unsigned num;

	s->num_polls++;
	while ((num = dev_rx(s->dev, frames, DEV_BURST, now)) != 0) {
		for (unsigned i = 0; i < num; i++)
			note(s, frames[i], now);
	}
	if (s->on_timer && s->timer_at <= now) {
		s->timer_at = TIME_NEVER;
		s->on_timer(s, now);
	}
}

static uint64_t next_event(void *ctx)
{
	struct station *s = ctx;

	return min_t(uint64_t, s->timer_at, s->dev->ops->next_event(s->dev));
}

static const struct sim_node_ops station_ops = { .poll = poll, .next_event = next_event };

struct station *station_new_with(uint32_t number, const struct sim_port_config *config)
{
	struct station *s = calloc(1, sizeof(*s));

	cr_assert_not_null(s);
	s->timer_at = TIME_NEVER;
	sim_node_init(&s->node, &sim, &station_ops, s);
	sim_port_init(&s->port, &s->node, config);
	s->dev = &s->port.dev;
	return s;
}

struct station *station_new(uint32_t number)
{
	struct sim_port_config config = sim_port_config_default(&pool, number);

	return station_new_with(number, &config);
}

void station_free(struct station *s)
{
	s->dev->ops->close(s->dev);
	sim_node_fini(&s->node);
	free(s);
}

struct buf *frame_new(uint32_t from, uint32_t to, uint32_t tag, uint32_t len)
{
	struct sim_port_config src = sim_port_config_default(&pool, from);
	struct sim_port_config dst = sim_port_config_default(&pool, to);
	struct buf *b = buf_alloc_or_null(&pool, len);

	cr_assert_not_null(b);
	cr_assert_geq(len, 18);
	b->len = len;
	for (uint32_t i = 0; i < len; i++)
		b->data[i] = (uint8_t)(tag + i);
	memcpy(b->data, dst.mac, DEV_MAC_LEN);
	memcpy(b->data + DEV_MAC_LEN, src.mac, DEV_MAC_LEN);
	store_be16(b->data + 12, 0x88b5); /* for local experiments */
	store_be32(b->data + 14, tag);
	return b;
}

uint32_t frame_tag(const struct buf *b)
{
	uint8_t tag[4] = { 0 };

	if (buf_chain_len(b) >= 18)
		buf_copy_out(b, 14, tag, sizeof(tag));
	return load_be32(tag);
}

void send_buf(struct station *s, struct buf *b)
{
	cr_assert_eq(dev_tx(s->dev, &b, 1, sim_now(&sim)), 1);
}

void send_tag(struct station *s, uint32_t to, uint32_t tag, uint32_t len)
{

	send_buf(s, frame_new(load_be32(s->port.dev.mac + 2), to, tag, len));
}

struct sim_wire wire(uint64_t delay_ns, uint64_t bits_per_sec, uint32_t queue_frames)
{
	struct sim_wire w = sim_wire_default();

	w.delay_ns = delay_ns;
	w.bits_per_sec = bits_per_sec;
	if (queue_frames)
		w.queue_frames = queue_frames;
	return w;
}

void join(struct station *a, struct station *b, struct sim_wire w)
{
	cr_assert_eq(sim_connect(&a->port, &b->port, &w), 0);
}
