/* SPDX-License-Identifier: MIT */
/*
 * The life of the engine and of its connections. What a connection needs beyond its own 384 bytes it takes from pools
 * and gives back: the flight when it has something to send, receiving state when segments come out of order.
 *
 * Settling. Steps of input, timers and user calls only note what is owed; tcp_settle sends it, once, arms the timer
 * and tells the user, in this order, and does not look at the connection afterwards, since the user may end it.
 */
#include "libos/tcp/conn.h"

#include <errno.h>
#include <stdlib.h>

#include "libos/tcp/cc/cc.h"
#include "libos/tcp/input.h"
#include "libos/tcp/listen.h"
#include "libos/tcp/output.h"
#include "libos/tcp/payload.h"
#include "libos/tcp/state.h"
#include "libos/tcp/table.h"
#include "libos/tcp/timers.h"

#define MAX_SEGS (1u << 24)
#define MAX_LISTENERS 65536u
#define SYN_WINDOW_MAX 65535u

static const char *const counter_names[] = { TCP_COUNTERS(COUNTER_NAME) };

struct tcp_config tcp_default_config(void)
{
	return (struct tcp_config){
		.max_conns = 65536,
		.keep_flights = 16384,
		.snd_buf = 4u << 20,
		.rcv_buf = 6u << 20,
		.rto_initial_ns = NS_PER_SEC,
		.rto_min_ns = 200 * NS_PER_MS,
		.rto_max_ns = 120 * NS_PER_SEC,
		.delack_ns = 40 * NS_PER_MS,
		.time_wait_ns = 60 * NS_PER_SEC,
		.fin_wait_2_ns = 60 * NS_PER_SEC,
		.syn_retries = 6,
		.synack_retries = 5,
		.rtx_retries = 15,
		.sack = true,
		.timestamps = true,
		.wscale = true,
		.port_first = 32768,
		.port_last = 60999,
		.challenge_per_s = 1000,
		.keepalive = { .idle_s = 7200, .interval_s = 75, .probes = 9 },
		.cc = "cubic",
	};
}

static bool config_is_good(const struct tcp_config *c)
{
	return c->max_conns > 0 && c->snd_buf > 0 && c->rcv_buf >= TCP_DEFAULT_MSS4 &&
	       c->rcv_buf <= 1u << 30 && c->rto_initial_ns >= NS_PER_US &&
	       c->rto_min_ns >= NS_PER_US && c->rto_max_ns >= c->rto_min_ns &&
	       c->delack_ns <= 500 * NS_PER_MS && (c->mss_max == 0 || c->mss_max >= TCP_MIN_MSS) &&
	       c->cc;
}

static uint8_t scale_for(uint32_t bytes)
{
	uint8_t scale = 0;

	while (scale < TCP_MAX_WSCALE && bytes >> scale > UINT16_MAX)
		scale++;
	return scale;
}

static int init_engine(struct tcp *tcp)
{
	const struct tcp_config *c = &tcp->config;
	uint64_t secret = tcp->env.secret;
	struct tcp_reass_config reass = tcp_reass_default_config();
	int err;

	tcp->cc_ops = tcp_cc_find_or_null(c->cc);
	/* Pacing is not there yet. */
	if (!tcp->cc_ops || tcp->cc_ops->flags & (TCP_CC_NEEDS_PACING | TCP_CC_NEEDS_ECN))
		return -EINVAL;
	err = tcp_ports_init(&tcp->ports, c->port_first, c->port_last, secret ^ 1);
	if (err)
		return err;
	err = tcp_reass_pool_init(&tcp->reass, tcp->env.bufs, &reass);
	if (err)
		return err;
	tcp->isn_key = hash_key_from_seed(secret ^ 2);
	tcp_ratelimit_init(&tcp->challenge, c->challenge_per_s, NS_PER_SEC, secret ^ 3,
			   tcp->env.now);
	tcp->rcv_wscale = scale_for(c->rcv_buf);
	tcp->rtt_config = tcp_rtt_default_config();
	tcp->rtt_config.initial_ns = c->rto_initial_ns;
	tcp->rtt_config.floor_ns = c->rto_min_ns;
	tcp->rtt_config.max_ns = c->rto_max_ns;
	pool_init(&tcp->conns, sizeof(struct tcp_conn), c->max_conns);
	pool_init(&tcp->flights, sizeof(struct tcp_flight), c->max_conns);
	pool_init(&tcp->segs, sizeof(struct tcp_seg), MAX_SEGS);
	pool_init(&tcp->ooos, sizeof(struct tcp_ooo), c->max_conns);
	pool_init(&tcp->listener_pool, sizeof(struct tcp_listener), MAX_LISTENERS);
	for (unsigned i = 0; i < TCP_LISTENER_HEADS; i++)
		list_init(&tcp->listeners[i]);
	list_init(&tcp->dead);
	tcp->counters = (struct counter_set){
		.module = "tcp",
		.names = counter_names,
		.values = tcp->count,
		.num = TCP_COUNTER_NUM,
	};
	list_init(&tcp->counters.link);
	err = tcp_table_init(&tcp->table, c->max_conns, hash_key_from_seed(secret ^ 4));
	if (err)
		tcp_reass_pool_fini(&tcp->reass);
	return err;
}

int tcp_new(const struct tcp_config *config, const struct tcp_env *env, struct tcp **out)
{
	struct tcp *tcp;
	int err;

	if (!config_is_good(config))
		return -EINVAL;
	tcp = calloc(1, sizeof(*tcp));
	if (!tcp)
		return -ENOMEM;
	tcp->config = *config;
	tcp->env = *env;
	err = init_engine(tcp);
	if (err) {
		free(tcp);
		return err;
	}
	*out = tcp;
	return 0;
}

void tcp_free(struct tcp *tcp)
{
	tcp_table_drain(&tcp->table, tcp_conn_free);
	while (!list_is_empty(&tcp->dead))
		tcp_conn_free(list_first(&tcp->dead, struct tcp_conn, pending));
	tcp_table_fini(&tcp->table);
	tcp_reass_pool_fini(&tcp->reass);
	pool_fini(&tcp->listener_pool);
	pool_fini(&tcp->ooos);
	pool_fini(&tcp->segs);
	pool_fini(&tcp->flights);
	pool_fini(&tcp->conns);
	free(tcp);
}

struct counter_set *tcp_counters(struct tcp *tcp)
{
	return &tcp->counters;
}

struct counter_set *tcp_reass_counters(struct tcp *tcp)
{
	return &tcp->reass.counters;
}

void tcp_conn_set_mss(struct tcp_conn *c)
{
	uint32_t mss = min_t(uint32_t, c->path_mss, c->peer_mss);

	/* RFC 6691: the options of every segment come out of the MSS. */
	if (c->flags & TCP_F_TS)
		mss -= min_t(uint32_t, mss - TCP_MIN_MSS / 2, TCP_TS_LEN);
	c->mss = (uint16_t)mss;
	if (c->flight_or_null && c->flight_or_null->cc.mss != mss)
		tcp_cc_set_mss(&c->flight_or_null->cc, mss);
}

struct tcp_conn *tcp_conn_new_or_null(struct tcp *tcp, const struct tcp_tuple *tuple,
				      const struct tcp_path *path, uint64_t now)
{
	const struct tcp_config *config = &tcp->config;
	const struct tcp_keepalive *k = &config->keepalive;
	struct tcp_isn isn = tcp_isn(&tcp->isn_key, tuple, now);
	struct tcp_conn *c;

	if (tcp->table.num >= config->max_conns)
		return NULL;
	c = pool_get_or_null(&tcp->conns);
	if (!c)
		return NULL;
	*c = (struct tcp_conn){
		.tuple = *tuple,
		.tcp = tcp,
		.iss = isn.isn,
		.snd_una = isn.isn,
		.snd_nxt = isn.isn,
		.ts_offset = isn.ts_offset,
		.rcv_buf = config->rcv_buf,
		.rcv_wscale = config->wscale ? tcp->rcv_wscale : 0,
		.keep_idle_s = k->idle_s,
		.keep_interval_s = k->interval_s,
		.keep_probes = k->probes,
		.user_timeout_ms = config->user_timeout_ms,
		.delack_at = TIME_NEVER,
		.life_at = TIME_NEVER,
		.heard_at = now,
		.cc_ops = tcp->cc_ops,
		.flags = (config->sack ? TCP_F_SACK : 0) | (config->timestamps ? TCP_F_TS : 0) |
			 (config->wscale ? TCP_F_WSCALE : 0) |
			 (config->nodelay ? TCP_F_NODELAY : 0) | (k->on ? TCP_F_KEEPALIVE : 0) |
			 (path->csum_offload ? TCP_F_CSUM_OFFLOAD : 0),
	};
	timer_init(&c->timer, tcp_on_timer);
	list_init(&c->pending);
	tcp_rtt_init(&c->rtt);
	c->path_mss = max_t(uint16_t, path->mss, TCP_MIN_MSS);
	if (config->mss_max)
		c->path_mss = min_t(uint16_t, c->path_mss, config->mss_max);
	c->peer_mss = ipaddr_is_v4(&tuple->remote) ? TCP_DEFAULT_MSS4 : TCP_DEFAULT_MSS6;
	tcp_conn_set_mss(c);
	c->rcv_mss = c->path_mss;
	/* Whole segments, and never scaled. */
	c->rcv_wnd = min_t(uint32_t, c->rcv_buf, SYN_WINDOW_MAX);
	if (c->rcv_wnd > c->path_mss)
		c->rcv_wnd -= c->rcv_wnd % c->path_mss;
	tcp_table_add(&tcp->table, c);
	return c;
}

struct tcp_flight *tcp_flight_get_or_null(struct tcp_conn *c, uint64_t now)
{
	struct tcp_flight *f = c->flight_or_null;
	struct tcp_cc_start start = {
		.now = now,
		.srtt_ns = c->rtt.srtt_ns,
		.mss = c->mss,
		.seed = (uint16_t)c->iss,
	};

	if (f)
		return f;
	f = pool_get_or_null(&c->tcp->flights);
	if (!f)
		return NULL;
	*f = (struct tcp_flight){
		.rtx_at = TIME_NEVER,
		.progress_at = now,
		.small_end = c->snd_una,
		.recover = c->snd_una,
		.rack_fack = c->snd_una,
		.rack_reo_mult = 1,
	};
	tcp_cc_init(&f->cc, c->cc_ops, &start);
	if (c->cwnd > 0) {
		f->cc.cwnd = c->cwnd;
		f->cc.ssthresh = c->ssthresh;
	}
	tcp_rate_init(&f->rate, now);
	c->flight_or_null = f;
	return f;
}

static void drop_flight(struct tcp_conn *c)
{
	struct tcp_flight *f = c->flight_or_null;

	if (!f)
		return;
	while (f->head) {
		struct tcp_seg *s = f->head;

		f->head = s->next;
		tcp_seg_free(c->tcp, s);
	}
	buf_queue_drain(&f->unsent);
	pool_put(&c->tcp->flights, f);
	c->flight_or_null = NULL;
}

void tcp_flight_maybe_put(struct tcp_conn *c)
{
	struct tcp_flight *f = c->flight_or_null;

	if (!f || f->head || f->unsent_bytes > 0 || f->cc.phase != TCP_CC_OPEN ||
	    c->tcp->flights.in_use <= c->tcp->config.keep_flights ||
	    (c->flags & (TCP_F_FIN_QUEUED | TCP_F_FIN_SENT)) == TCP_F_FIN_QUEUED)
		return;
	c->cwnd = min_t(uint32_t, f->cc.cwnd, tcp_cc_initial_window(c->mss));
	c->ssthresh = f->cc.ssthresh;
	tcp_count(c->tcp, TCP_RECLAIMED_FLIGHTS);
	drop_flight(c);
}

static void drop_ooo(struct tcp_conn *c)
{
	if (!c->ooo_or_null)
		return;
	tcp_reass_drain(&c->tcp->reass, &c->ooo_or_null->reass);
	pool_put(&c->tcp->ooos, c->ooo_or_null);
	c->ooo_or_null = NULL;
}

static void drop_received(struct tcp_conn *c)
{
	struct buf_queue q = { .head = c->rcv_head, .tail = c->rcv_tail };

	while (q.head)
		buf_put(buf_queue_pop_or_null(&q));
	c->rcv_head = NULL;
	c->rcv_tail = NULL;
	c->rcv_queued = 0;
}

/* No peer can reach it any more. */
static void leave_wire(struct tcp_conn *c)
{
	tcp_listener_forget(c);
	timer_cancel(c->tcp->env.wheel, &c->timer);
	drop_flight(c);
	drop_ooo(c);
	if (c->flags & TCP_F_OFF_TABLE)
		return;
	tcp_table_del(&c->tcp->table, c);
	c->flags |= TCP_F_OFF_TABLE;
}

void tcp_conn_free(struct tcp_conn *c)
{
	struct tcp *tcp = c->tcp;

	leave_wire(c);
	list_del(&c->pending);
	drop_received(c);
	pool_put(&tcp->conns, c);
}

bool tcp_conn_kill(struct tcp_conn *c, int err)
{
	bool is_nobodys = c->flags & TCP_F_ORPHAN || c->listener_or_null;

	tcp_set_state(c, TCP_CLOSED);
	if (is_nobodys) {
		tcp_conn_free(c);
		return true;
	}
	leave_wire(c);
	list_add_tail(&c->tcp->dead, &c->pending);
	c->err = err;
	c->life_at = TIME_NEVER;
	c->delack_at = TIME_NEVER;
	c->flags &= ~(uint32_t)(TCP_F_ACK_NOW | TCP_F_ACK_DELAY | TCP_F_SEND);
	c->events |= TCP_EV_CLOSED;
	return false;
}

static void send_owed(struct tcp_conn *c, uint64_t now)
{
	if (c->flags & TCP_F_SEND) {
		c->flags &= ~(uint32_t)TCP_F_SEND;
		tcp_output(c, now);
	}
	if (c->flags & TCP_F_ACK_NOW)
		tcp_output_ack(c, now);
	else if (c->flags & TCP_F_ACK_DELAY && c->delack_at == TIME_NEVER)
		tcp_arm_delack(c, now);
}

void tcp_settle_quietly(struct tcp_conn *c, uint64_t now)
{
	if (c->state == TCP_CLOSED)
		return;
	send_owed(c, now);
	tcp_ooo_maybe_put(c);
	tcp_arm_timer(c);
	if (TERN_DEBUG)
		tcp_check(c);
}

void tcp_settle(struct tcp_conn *c, uint64_t now)
{
	const struct tcp_env *env = &c->tcp->env;
	unsigned events;

	tcp_settle_quietly(c, now);
	if (c->flags & TCP_F_TELL_LISTENER) {
		c->flags &= ~(uint32_t)TCP_F_TELL_LISTENER;
		c->events = 0;
		env->ops->on_accept_ready(env->ctx, c->listener_or_null);
		return;
	}
	events = c->events;
	c->events = 0;
	if (events && !c->listener_or_null && !(c->flags & TCP_F_ORPHAN))
		env->ops->on_event(env->ctx, c, events);
}

static bool port_is_free(const struct tcp_tuple *tuple, void *arg)
{
	struct tcp *tcp = arg;

	return !tcp_table_find_or_null(&tcp->table, tuple);
}

int tcp_connect(struct tcp *tcp, const struct tcp_connect *how, uint64_t now, struct tcp_conn **out)
{
	struct tcp_tuple tuple = {
		.local = how->local,
		.remote = how->remote,
		.local_port = how->local_port,
		.remote_port = how->remote_port,
	};
	struct tcp_conn *c;

	if (ipaddr_is_any(&how->local) || ipaddr_is_any(&how->remote) ||
	    ipaddr_is_multicast(&how->remote) || how->remote_port == 0)
		return -EINVAL;
	if (tuple.local_port != 0 && !port_is_free(&tuple, tcp))
		return -EADDRINUSE;
	if (tuple.local_port == 0) {
		int err = tcp_ports_pick(&tcp->ports, &tuple, port_is_free, tcp);

		if (err)
			return err;
	}
	c = tcp_conn_new_or_null(tcp, &tuple, &how->path, now);
	if (!c)
		return -ENOMEM;
	c->user = how->user;
	tcp_set_state(c, TCP_SYN_SENT);
	if (!tcp_flight_get_or_null(c, now) || tcp_output_syn(c, now)) {
		tcp_conn_free(c);
		return -ENOMEM;
	}
	tcp_count(tcp, TCP_ACTIVE_OPENS);
	tcp_settle_quietly(c, now);
	*out = c;
	return 0;
}

static void check_flight(const struct tcp_conn *c, const struct tcp_flight *f)
{
	uint32_t sacked = 0, lost = 0, retrans = 0, seq = c->snd_una;

	for (const struct tcp_seg *s = f->head; s; s = s->next) {
		uint32_t bytes = tcp_seg_end(s) - s->seq;

		BUG_ON(s->seq != seq || bytes == 0 || !s->buf != (s->len == 0));
		BUG_ON(s->flags & TCP_SEG_SACKED && s->flags & TCP_SEG_LOST);
		BUG_ON((s->flags & (TCP_SEG_RETRANS | TCP_SEG_LOST)) == TCP_SEG_RETRANS);
		BUG_ON(!s->next && f->tail != s);
		seq += bytes;
		sacked += s->flags & TCP_SEG_SACKED ? bytes : 0;
		lost += s->flags & TCP_SEG_LOST ? bytes : 0;
		retrans += s->flags & TCP_SEG_RETRANS ? bytes : 0;
	}
	BUG_ON(seq != c->snd_nxt);
	/* Without SACK, sacked stands for duplicate ACKs. */
	BUG_ON(c->flags & TCP_F_SACK && sacked != f->sacked);
	BUG_ON(lost != f->lost || retrans != f->retrans);
}

void tcp_check(const struct tcp_conn *c)
{
	const struct tcp_flight *f = c->flight_or_null;
	uint64_t first = min_t(uint64_t, c->delack_at, c->life_at);

	BUG_ON(seq_gt(c->snd_una, c->snd_nxt));
	BUG_ON(seq_gt(c->rcv_wup, c->rcv_nxt));
	BUG_ON(!f && c->snd_una != c->snd_nxt);
	if (f) {
		check_flight(c, f);
		first = min_t(uint64_t, first, f->rtx_at);
		BUG_ON(c->snd_una != c->snd_nxt && f->rtx_at == TIME_NEVER);
	}
	BUG_ON(first != TIME_NEVER && (!timer_is_armed(&c->timer) || c->timer.at > first));
}
