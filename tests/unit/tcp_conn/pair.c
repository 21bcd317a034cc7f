/* SPDX-License-Identifier: MIT */
#include "tests/unit/tcp_conn/pair.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

#include "libos/wire/csum_buf.h"

#define PORT 80
#define MSS 1460
#define TIME_LIMIT (3600 * NS_PER_SEC)

static struct pair_end *end_of(struct pair *p, bool server)
{
	return server ? &p->server : &p->client;
}

static bool is_dropped(struct pair *p)
{
	if (rng_chance_ppm(&p->rng, p->loss_ppm))
		return true;
	for (unsigned i = 0; i < PAIR_DROPS; i++)
		if (p->drop[i] == (int)p->num_frames)
			return true;
	return false;
}

/* A frame travels as a copy, so that nothing that the sender keeps is shared with the receiver. */
static void put_on_wire(struct pair *p, const struct buf *b, uint32_t len, bool to_server)
{
	struct pair_frame f = {
		.at = p->now + p->delay_ns + rng_below(&p->rng, p->jitter_ns),
		.b = buf_alloc_or_null(&p->bufs, len),
		.to_server = to_server,
	};
	unsigned i = p->tail++;

	cr_assert_not_null(f.b);
	cr_assert_leq(p->tail - p->head, PAIR_MAX_FRAMES);
	buf_copy_out(b, 0, f.b->data, len);
	f.b->len = len;
	for (; i != p->head && p->frames[(i - 1) % PAIR_MAX_FRAMES].at > f.at; i--)
		p->frames[i % PAIR_MAX_FRAMES] = p->frames[(i - 1) % PAIR_MAX_FRAMES];
	p->frames[i % PAIR_MAX_FRAMES] = f;
}

static int output(void *ctx, struct tcp_conn *conn_or_null, struct buf *b, const struct tcp_tx *tx)
{
	struct pair_end *e = ctx;
	struct pair *p = e->pair;
	uint32_t len = buf_chain_len(b);

	cr_assert(csum_is_good(csum_add_chain(csum_pseudo(tx->src, tx->dst, 6, len), b, 0, len)));
	if (is_dropped(p)) {
		p->num_frames++;
		buf_put_chain(b);
		return 0;
	}
	p->num_frames++;
	put_on_wire(p, b, len, e == &p->client);
	if (rng_chance_ppm(&p->rng, p->dup_ppm))
		put_on_wire(p, b, len, e == &p->client);
	buf_put_chain(b);
	return 0;
}

static int path(void *ctx, const struct ipaddr *local, const struct ipaddr *remote,
		struct tcp_path *out)
{
	*out = (struct tcp_path){ .mss = MSS };
	return 0;
}

static void read_all(struct pair_end *e)
{
	struct buf *b;

	while ((b = tcp_recv_or_null(e->conn, 5000, e->pair->now))) {
		for (uint32_t i = 0; i < b->len; i++)
			cr_assert_eq(b->data[i], pair_byte(e->received + i), "byte %u",
				     e->received + i);
		e->received += b->len;
		buf_put(b);
	}
	if (tcp_recv_is_eof(e->conn))
		e->ended = true;
}

static void write_all(struct pair_end *e)
{
	struct pair *p = e->pair;

	while (e->sent < e->to_send) {
		uint32_t len = min_t(uint32_t, p->push_bytes, e->to_send - e->sent);
		struct buf *b = buf_alloc_or_null(&p->bufs, len);
		int err;

		cr_assert_not_null(b);
		for (uint32_t i = 0; i < len; i++)
			b->data[i] = pair_byte(e->sent + i);
		b->len = len;
		err = tcp_send(e->conn, b, p->now);
		if (err) {
			buf_put(b);
			cr_assert_eq(err, -EAGAIN);
			return;
		}
		e->sent += len;
	}
	if (!e->shut) {
		e->shut = true;
		cr_assert_eq(tcp_shutdown_send(e->conn, p->now), 0);
	}
}

static void maybe_close(struct pair_end *e)
{
	struct tcp_conn *conn = e->conn;

	if (!e->ended || !e->shut)
		return;
	e->conn = NULL;
	e->closed = true;
	tcp_close(conn, e->pair->now);
}

static void on_event(void *ctx, struct tcp_conn *conn, unsigned events)
{
	struct pair_end *e = ctx;

	e->conn = conn;
	if (events & TCP_EV_CLOSED && tcp_error(conn)) {
		e->err = tcp_error(conn);
		e->conn = NULL;
		tcp_close(conn, e->pair->now);
		return;
	}
	if (events & (TCP_EV_CONNECTED | TCP_EV_WRITABLE))
		write_all(e);
	read_all(e);
	maybe_close(e);
}

static void on_accept_ready(void *ctx, struct tcp_listener *l)
{
	struct pair_end *e = ctx;

	e->conn = tcp_accept_or_null(l, e);
	cr_assert_not_null(e->conn);
	write_all(e);
	read_all(e);
	maybe_close(e);
}

static const struct tcp_ops ops = { output, path, on_event, on_accept_ready };

static void start_end(struct pair *p, struct pair_end *e, const struct tcp_config *config,
		      const char *addr, uint32_t bytes)
{
	struct tcp_env env = {
		.bufs = &p->bufs,
		.wheel = &e->wheel,
		.ops = &ops,
		.ctx = e,
		.secret = bytes + 7,
		.now = p->now,
	};

	*e = (struct pair_end){ .pair = p, .to_send = bytes };
	timer_wheel_init(&e->wheel, p->now);
	cr_assert_eq(ipaddr_parse(addr, &e->addr), 0);
	cr_assert_eq(tcp_new(config, &env, &e->tcp), 0);
}

void pair_start(struct pair *p, const struct tcp_config *config, uint32_t client_bytes,
		uint32_t server_bytes)
{
	struct buf_pool_config bufs = buf_pool_default_config();
	struct tcp_config c = config ? *config : tcp_default_config();

	memset(p, 0, sizeof(*p));
	if (!config)
		c.max_conns = 256;
	bufs.pages = ARENA_PAGES_PLAIN;
	cr_assert_eq(buf_pool_init(&p->bufs, &bufs), 0);
	p->now = NS_PER_SEC;
	p->delay_ns = 5 * NS_PER_MS;
	p->push_bytes = 1000;
	rng_init(&p->rng, 1);
	memset(p->drop, 0xff, sizeof(p->drop));
	start_end(p, &p->client, &c, "10.0.0.1", client_bytes);
	start_end(p, &p->server, &c, "10.0.0.2", server_bytes);
}

static void connect_end(struct pair_end *e, const struct pair_end *to, uint16_t port)
{
	struct tcp_connect how = {
		.local = e->addr,
		.remote = to->addr,
		.local_port = port,
		.remote_port = PORT,
		.path = { .mss = MSS },
		.user = e,
	};

	cr_assert_eq(tcp_connect(e->tcp, &how, e->pair->now, &e->conn), 0);
}

void pair_open(struct pair *p)
{
	if (p->both_open) {
		connect_end(&p->client, &p->server, PORT);
		connect_end(&p->server, &p->client, PORT);
		return;
	}
	cr_assert_eq(tcp_listen(p->server.tcp, &p->server.addr, PORT, 8, NULL, &p->server.listener),
		     0);
	connect_end(&p->client, &p->server, 0);
}

/* RFC 9293 3.8.6: nothing new beyond what the receiver has offered; a probe may lie below. */
static void check_window(const struct pair_end *e, const struct buf *b)
{
	const struct tcp_hdr *h = (const struct tcp_hdr *)b->data;
	uint32_t end = be32_get(h->seq) + b->len - tcp_hlen(h);

	if (e->conn && tcp_conn_state(e->conn) >= TCP_ESTABLISHED)
		cr_assert(seq_leq(end, e->conn->rcv_wup + e->conn->rcv_wnd));
}

static void deliver(struct pair *p)
{
	struct pair_frame *f = &p->frames[p->head++ % PAIR_MAX_FRAMES];
	struct pair_end *e = end_of(p, f->to_server), *from = end_of(p, !f->to_server);
	struct tcp_rx rx = { .src = from->addr, .dst = e->addr };

	check_window(e, f->b);
	tcp_input(e->tcp, f->b, &rx, p->now);
}

static void check_end(const struct pair_end *e)
{
	if (e->conn && tcp_conn_state(e->conn) != TCP_CLOSED)
		tcp_check(e->conn);
}

void pair_run(struct pair *p, uint64_t until)
{
	for (;;) {
		uint64_t next = min_t(uint64_t, timer_wheel_next(&p->client.wheel),
				      timer_wheel_next(&p->server.wheel));
		bool has_frame = p->head != p->tail;

		if (has_frame)
			next = min_t(uint64_t, next, p->frames[p->head % PAIR_MAX_FRAMES].at);
		if (next == TIME_NEVER || next > until)
			return;
		p->now = max_t(uint64_t, p->now, next);
		if (has_frame && p->frames[p->head % PAIR_MAX_FRAMES].at <= p->now)
			deliver(p);
		timer_wheel_advance(&p->client.wheel, p->now);
		timer_wheel_advance(&p->server.wheel, p->now);
		check_end(&p->client);
		check_end(&p->server);
	}
}

static void check_done(const struct pair *p, const struct pair_end *e, const struct pair_end *peer)
{
	const char *who = e == &p->client ? "client" : "server";

	cr_assert_eq(e->err, 0, "%s: %d, drops %d %d, seed %lu", who, e->err, p->drop[0],
		     p->drop[1], p->seed);
	cr_assert_eq(e->received, peer->to_send, "%s: %u of %u, drops %d %d, seed %lu", who,
		     e->received, peer->to_send, p->drop[0], p->drop[1], p->seed);
	cr_assert(e->closed, "%s not closed, drops %d %d", who, p->drop[0], p->drop[1]);
	cr_assert_eq(e->tcp->table.num, 0, "%s stays, drops %d %d", who, p->drop[0], p->drop[1]);
	cr_assert_eq(e->tcp->conns.in_use + e->tcp->flights.in_use + e->tcp->segs.in_use +
			     e->tcp->ooos.in_use,
		     0);
}

void pair_finish(struct pair *p)
{
	pair_run(p, TIME_LIMIT);
	check_done(p, &p->client, &p->server);
	check_done(p, &p->server, &p->client);
	cr_assert_eq(p->bufs.count[BUFPOOL_IN_USE], 0);
	tcp_free(p->client.tcp);
	tcp_free(p->server.tcp);
	buf_pool_fini(&p->bufs);
}
