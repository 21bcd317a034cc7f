/* SPDX-License-Identifier: MIT */
#include "tests/unit/tcp_conn/lang.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "libos/wire/csum_buf.h"

#define PEER_ISN 0xfffffc00u /* wraps in every longer script */
#define MAX_OUT 128
#define MAX_WORDS 32
#define MSS 1460

struct out_seg {
	struct tcp_opts opts;
	uint32_t seq, ack, len, wnd;
	uint8_t flags;
};

static struct world {
	struct buf_pool bufs;
	struct timer_wheel wheel;
	struct tcp *tcp;
	struct tcp_listener *listener;
	struct tcp_conn *conn;
	struct ipaddr us, peer;
	uint16_t our_port;
	uint64_t now;
	uint32_t our_isn;
	bool has_isn;
	uint32_t first_ts, last_ts; /* of ours */
	struct out_seg out[MAX_OUT];
	unsigned num_out, next_out;
	int err;
	uint32_t sent;
	const char *line; /* being run, for messages */
} w;

static char line_text[160];

#define LANG_CHECK(cond) cr_assert(cond, "%s: %s", line_text, #cond)

static int output(void *ctx, struct tcp_conn *conn_or_null, struct buf *b, const struct tcp_tx *tx)
{
	uint8_t frame[4096];
	const struct tcp_hdr *h = (const struct tcp_hdr *)frame;
	uint32_t len = buf_chain_len(b);
	struct out_seg *o = &w.out[w.num_out];

	cr_assert_lt(w.num_out, MAX_OUT, "%s: too much is sent", line_text);
	cr_assert_leq(len, sizeof(frame));
	cr_assert(csum_is_good(csum_add_chain(csum_pseudo(tx->src, tx->dst, 6, len), b, 0, len)));
	buf_copy_out(b, 0, frame, len);
	buf_put_chain(b);
	cr_assert(tcp_len_is_good(h, len));
	*o = (struct out_seg){
		.seq = be32_get(h->seq),
		.ack = be32_get(h->ack),
		.len = len - tcp_hlen(h),
		.wnd = be16_get(h->window),
		.flags = h->flags,
	};
	tcp_parse_opts(h + 1, tcp_hlen(h) - TCP_HLEN, &o->opts);
	if (o->flags & TCP_SYN && !w.has_isn) {
		w.has_isn = true;
		w.our_isn = o->seq;
		w.first_ts = o->opts.ts_val;
	}
	if (o->opts.seen & TCP_HAS_TS)
		w.last_ts = o->opts.ts_val;
	w.our_port = be16_get(h->sport);
	w.num_out++;
	return 0;
}

static int path(void *ctx, const struct ipaddr *local, const struct ipaddr *remote,
		struct tcp_path *out)
{
	*out = (struct tcp_path){ .mss = MSS };
	return 0;
}

static void on_event(void *ctx, struct tcp_conn *conn, unsigned events)
{
	if (events & TCP_EV_CLOSED)
		w.err = tcp_error(conn);
}

static void on_accept_ready(void *ctx, struct tcp_listener *l)
{
	w.conn = tcp_accept_or_null(l, NULL);
}

static const struct tcp_ops ops = { output, path, on_event, on_accept_ready };

struct tcp_config lang_config(void)
{
	struct tcp_config c = tcp_default_config();

	c.max_conns = 16;
	return c;
}

static void start(const struct tcp_config *config)
{
	struct tcp_env env = {
		.bufs = &w.bufs, .wheel = &w.wheel, .ops = &ops, .secret = 1, .now = NS_PER_SEC
	};
	struct buf_pool_config bufs = buf_pool_default_config();
	struct tcp_config c = config ? *config : lang_config();

	memset(&w, 0, sizeof(w));
	w.now = NS_PER_SEC;
	w.our_port = 80;
	bufs.pages = ARENA_PAGES_PLAIN;
	cr_assert_eq(buf_pool_init(&w.bufs, &bufs), 0);
	timer_wheel_init(&w.wheel, w.now);
	cr_assert_eq(ipaddr_parse("10.0.0.1", &w.us), 0);
	cr_assert_eq(ipaddr_parse("10.0.0.2", &w.peer), 0);
	cr_assert_eq(tcp_new(&c, &env, &w.tcp), 0);
}

static uint8_t parse_flags(const char *word)
{
	static const char letters[] = "FSRP.UEC";
	uint8_t flags = 0;

	for (; *word; word++) {
		const char *at = strchr(letters, *word);

		LANG_CHECK(at);
		flags |= (uint8_t)(1u << (at - letters));
	}
	return flags;
}

/* The number in words[*i + 1], which is used up with it. */
static uint32_t number(char **words, unsigned num, unsigned *i)
{
	LANG_CHECK(*i + 1 < num);
	return (uint32_t)strtol(words[++*i], NULL, 10);
}

static void add_sack(struct tcp_opts *o, const char *word, uint32_t base)
{
	char *end;

	o->seen |= TCP_HAS_SACK;
	o->sack[o->num_sack].start = base + (uint32_t)strtol(word, &end, 10);
	LANG_CHECK(*end == '-');
	o->sack[o->num_sack++].end = base + (uint32_t)strtol(end + 1, NULL, 10);
}

struct spec {
	struct out_seg seg;
	bool has_ack, has_wnd, no_opts, old_ts;
};

/* FLAGS SEQ:LEN and the rest. @seq_base and @ack_base: which end it comes from. */
static struct spec parse_spec(char **words, unsigned num, uint32_t seq_base, uint32_t ack_base)
{
	struct spec s = { 0 };
	char *end;

	LANG_CHECK(num >= 3);
	s.seg.flags = parse_flags(words[1]);
	s.seg.seq = seq_base + (uint32_t)strtol(words[2], &end, 10);
	LANG_CHECK(*end == ':');
	s.seg.len = (uint32_t)strtol(end + 1, NULL, 10);
	for (unsigned i = 3; i < num; i++) {
		struct tcp_opts *o = &s.seg.opts;

		if (!strcmp(words[i], "ack")) {
			s.has_ack = true;
			s.seg.ack = ack_base + number(words, num, &i);
		} else if (!strcmp(words[i], "win")) {
			s.has_wnd = true;
			s.seg.wnd = number(words, num, &i);
		} else if (!strcmp(words[i], "mss")) {
			o->seen |= TCP_HAS_MSS;
			o->mss = (uint16_t)number(words, num, &i);
		} else if (!strcmp(words[i], "wscale")) {
			o->seen |= TCP_HAS_WSCALE;
			o->wscale = (uint8_t)number(words, num, &i);
		} else if (!strcmp(words[i], "ts")) {
			o->seen |= TCP_HAS_TS;
			o->ts_val = number(words, num, &i);
		} else if (!strcmp(words[i], "sack")) {
			LANG_CHECK(i + 1 < num);
			add_sack(o, words[++i], seq_base == PEER_ISN ? w.our_isn : PEER_ISN);
		} else if (!strcmp(words[i], "sackOK")) {
			o->seen |= TCP_HAS_SACK_PERM;
		} else if (!strcmp(words[i], "old")) {
			s.old_ts = true;
		} else {
			LANG_CHECK(!strcmp(words[i], "none"));
			s.no_opts = true;
		}
	}
	return s;
}

static void inject(char **words, unsigned num)
{
	struct spec s = parse_spec(words, num, PEER_ISN, w.our_isn);
	struct tcp_rx rx = { .src = w.peer, .dst = w.us };
	size_t opts_len;
	struct buf *b = buf_alloc_or_null(&w.bufs, s.seg.len + TCP_HLEN_MAX);

	cr_assert_not_null(b);
	s.seg.opts.ts_ecr = s.old_ts ? w.first_ts : w.last_ts;
	opts_len = tcp_emit_opts(b->data + TCP_HLEN, &s.seg.opts);
	tcp_emit(b->data, 5000, w.our_port, s.seg.seq, s.has_ack ? s.seg.ack : 0, opts_len,
		 s.seg.flags, (uint16_t)s.seg.wnd, 0);
	for (uint32_t i = 0; i < s.seg.len; i++)
		b->data[TCP_HLEN + opts_len + i] = (uint8_t)(s.seg.seq - PEER_ISN + i);
	b->len = TCP_HLEN + (uint32_t)opts_len + s.seg.len;
	tcp_input(w.tcp, b, &rx, w.now);
}

static void expect_opts(const struct spec *s, const struct tcp_opts *got)
{
	const struct tcp_opts *want = &s->seg.opts;

	LANG_CHECK((got->seen & want->seen) == want->seen);
	LANG_CHECK(!s->no_opts || got->seen == 0);
	LANG_CHECK(!(want->seen & TCP_HAS_MSS) || got->mss == want->mss);
	LANG_CHECK(!(want->seen & TCP_HAS_WSCALE) || got->wscale == want->wscale);
	LANG_CHECK(!(want->seen & TCP_HAS_TS) || got->ts_ecr == want->ts_val);
	LANG_CHECK(want->num_sack == 0 || got->num_sack == want->num_sack);
	for (unsigned i = 0; i < want->num_sack; i++)
		LANG_CHECK(got->sack[i].start == want->sack[i].start &&
			   got->sack[i].end == want->sack[i].end);
}

static void expect(char **words, unsigned num)
{
	struct spec s = parse_spec(words, num, w.our_isn, PEER_ISN);
	const struct out_seg *o = &w.out[w.next_out];

	cr_assert_lt(w.next_out, w.num_out, "%s: nothing was sent", line_text);
	w.next_out++;
	cr_assert_eq(o->flags, s.seg.flags, "%s: flags are %#x", line_text, o->flags);
	/* A reset for nobody is numbered by who caused it. */
	cr_assert_eq(o->seq, s.seg.seq, "%s: seq is %d", line_text, (int)(o->seq - w.our_isn));
	cr_assert_eq(o->len, s.seg.len, "%s: length is %u", line_text, o->len);
	if (s.has_ack)
		cr_assert_eq(o->ack, s.seg.ack, "%s: ack is %d", line_text,
			     (int)(o->ack - PEER_ISN));
	if (s.has_wnd)
		cr_assert_eq(o->wnd, s.seg.wnd, "%s: window is %u", line_text, o->wnd);
	expect_opts(&s, &o->opts);
}

static void advance(uint32_t ms)
{
	uint64_t end = w.now + ms * NS_PER_MS;

	for (;;) {
		uint64_t next = timer_wheel_next(&w.wheel);

		if (next > end)
			break;
		w.now = max_t(uint64_t, next, w.now);
		timer_wheel_advance(&w.wheel, w.now);
	}
	w.now = end;
	timer_wheel_advance(&w.wheel, w.now);
}

static void send_bytes(uint32_t len)
{
	struct buf *b = buf_alloc_or_null(&w.bufs, len);

	cr_assert_not_null(b);
	memset(b->data, (int)(w.sent & 0xff), len);
	b->len = len;
	LANG_CHECK(tcp_send(w.conn, b, w.now) == 0);
	w.sent += len;
}

static void recv_bytes(uint32_t len)
{
	struct buf *b;

	while (len > 0) {
		b = tcp_recv_or_null(w.conn, len, w.now);
		LANG_CHECK(b);
		len -= b->len;
		buf_put(b);
	}
}

static void connect_peer(void)
{
	struct tcp_connect how = { w.us, w.peer, 0, 5000, { .mss = MSS }, NULL };

	LANG_CHECK(tcp_connect(w.tcp, &how, w.now, &w.conn) == 0);
}

static void check_state(const char *name)
{
	if (!strcmp(name, "GONE")) {
		LANG_CHECK(w.tcp->conns.in_use == 0);
		w.conn = NULL;
		return;
	}
	LANG_CHECK(w.tcp->conns.in_use == 1);
	if (!w.conn)
		w.conn = pool_at(&w.tcp->conns, 0); /* not accepted yet, and the only one */
	cr_assert_str_eq(tcp_state_name(w.conn->state), name, "%s: it is %s", line_text,
			 tcp_state_name(w.conn->state));
}

static void user_call(char **words, unsigned num)
{
	uint32_t arg = num > 1 ? (uint32_t)strtol(words[1], NULL, 10) : 0;
	struct tcp_keepalive k = { true, 10, 5, 2 };

	if (!strcmp(words[0], "send"))
		send_bytes(arg);
	else if (!strcmp(words[0], "recv"))
		recv_bytes(arg);
	else if (!strcmp(words[0], "shutdown"))
		LANG_CHECK(tcp_shutdown_send(w.conn, w.now) == 0);
	else if (!strcmp(words[0], "close"))
		tcp_close(w.conn, w.now);
	else if (!strcmp(words[0], "abort"))
		tcp_abort(w.conn, w.now);
	else if (!strcmp(words[0], "nodelay"))
		tcp_set_nodelay(w.conn, true, w.now);
	else if (!strcmp(words[0], "keepalive"))
		tcp_set_keepalive(w.conn, &k, w.now);
	else if (!strcmp(words[0], "path"))
		tcp_set_path_mss(w.conn, (uint16_t)arg, w.now);
	else if (!strcmp(words[0], "connect"))
		connect_peer();
	else if (!strcmp(words[0], "listen"))
		LANG_CHECK(tcp_listen(w.tcp, &w.us, 80, 4, NULL, &w.listener) == 0);
	else if (!strcmp(words[0], "error"))
		cr_assert_eq(w.err, (int)arg, "%s: it is %d", line_text, w.err);
	else if (!strcmp(words[0], "eof"))
		LANG_CHECK(tcp_recv_is_eof(w.conn));
	else
		cr_assert_fail("%s: what is that?", line_text);
}

static void run_line(void)
{
	char copy[sizeof(line_text)], *words[MAX_WORDS] = { NULL }, *save = NULL;
	unsigned num = 0;

	memcpy(copy, line_text, sizeof(copy));
	for (char *p = strtok_r(copy, " ", &save); p && num < MAX_WORDS;
	     p = strtok_r(NULL, " ", &save))
		words[num++] = p;
	if (num == 0)
		return;
	if (words[0][0] == '<') {
		expect(words, num);
		return;
	}
	cr_assert_eq(w.next_out, w.num_out, "before %s: sent flags %#x seq %d len %u ack %d",
		     line_text, w.out[w.next_out].flags, (int)(w.out[w.next_out].seq - w.our_isn),
		     w.out[w.next_out].len, (int)(w.out[w.next_out].ack - PEER_ISN));
	w.num_out = 0;
	w.next_out = 0;
	if (words[0][0] == '>')
		inject(words, num);
	else if (words[0][0] == '+')
		advance((uint32_t)strtol(words[0] + 1, NULL, 10));
	else if (!strcmp(words[0], "state"))
		check_state(num > 1 ? words[1] : "");
	else
		user_call(words, num);
	if (w.conn && w.tcp->table.num == 1 && w.conn->state != TCP_CLOSED)
		tcp_check(w.conn);
}

void lang_run(const struct tcp_config *config, const char *script)
{
	start(config);
	while (*script) {
		size_t len = strcspn(script, "\n");

		cr_assert_lt(len, sizeof(line_text));
		memcpy(line_text, script, len);
		line_text[len] = 0;
		run_line();
		script += len + (script[len] == '\n');
	}
	cr_assert_eq(w.next_out, w.num_out, "at the end: more was sent than expected");
	tcp_free(w.tcp);
	cr_assert_eq(w.bufs.count[BUFPOOL_IN_USE], 0);
	buf_pool_fini(&w.bufs);
}
