/* SPDX-License-Identifier: MIT */
/* The TCP engine on libos/net: segments down, segments and ICMP errors up. */
#include <errno.h>

#include "libos/net/net.h"
#include "libos/transport/inet/tcp.h"
#include "libos/wire/csum_buf.h"
#include "libos/wire/icmp.h"
#include "libos/wire/tcp.h"

#define TCP_HLEN_ALL_MAX 60u

/* The way for segments without a queue: replies to strangers, connections that nobody has accepted yet. */
static struct net_path *loose_path(struct inet *inet, const struct tcp_tx *tx)
{
	struct net_path *path = &inet->loose_path;

	if (!ipaddr_equal(&path->dst, tx->dst) || !ipaddr_equal(&path->src, tx->src))
		net_path_init(path, tx->dst, tx->src);
	return path;
}

static int output(void *ctx, struct tcp_conn *conn_or_null, struct buf *b, const struct tcp_tx *tx)
{
	struct inet *inet = ctx;
	struct tcp_queue *t = conn_or_null ? tcp_user(conn_or_null) : NULL;
	struct net_path *path = likely(t != NULL) ? &t->path : loose_path(inet, tx);
	struct net_tx net_tx = { .proto = IP_PROTO_TCP, .ttl = tx->ttl, .tos = tx->tos };

	return net_output(&inet->net, path, b, net_tx);
}

struct tcp_path inet_tcp_path(const struct inet *inet, const struct net_path *path)
{
	uint32_t headers = (path->is_v4 ? IP4_HLEN : IP6_HLEN) + TCP_HLEN;

	return (struct tcp_path){
		.mss = (uint16_t)(min_t(uint32_t, path->mtu, UINT16_MAX) - headers),
		.csum_offload = inet->net.tx_features & DEV_TX_CSUM_L4,
	};
}

static int path_to(void *ctx, const struct ipaddr *local, const struct ipaddr *remote,
		   struct tcp_path *out)
{
	struct inet *inet = ctx;
	struct net_path path;
	int err;

	net_path_init(&path, remote, local);
	err = net_path_resolve(&inet->net, &path);
	if (!err)
		*out = inet_tcp_path(inet, &path);
	return err;
}

static const struct tcp_ops glue_ops = {
	.output = output,
	.path = path_to,
	.on_event = tcp_queue_on_event,
	.on_accept_ready = tcp_queue_on_accept_ready,
};

static bool checksum_is_good(const struct buf *b, const struct net_pkt *pkt, uint32_t len)
{
	uint64_t sum;

	if (b->flags & BUF_RX_CSUM_GOOD)
		return true;
	sum = csum_pseudo(&pkt->src, &pkt->dst, IP_PROTO_TCP, len);
	return csum_is_good(csum_add_chain(sum, b, 0, len));
}

static void drop(struct inet *inet, struct buf *b, enum inet_counter why)
{
	inet->count[why]++;
	buf_put_chain(b);
}

static void input(void *ctx, struct buf *b, const struct net_pkt *pkt)
{
	struct inet *inet = ctx;
	struct tcp_rx rx = { .src = pkt->src, .dst = pkt->dst, .tos = pkt->tos };
	uint32_t len = buf_chain_len(b);

	if (unlikely(pkt->flags & (NET_PKT_BROADCAST | NET_PKT_MULTICAST)))
		return drop(inet, b, INET_DROP_TCP_GROUP);
	if (unlikely(!checksum_is_good(b, pkt, len)))
		return drop(inet, b, INET_DROP_TCP_CSUM);
	if (unlikely(b->next)) {
		b = net_pullup_or_free(&inet->net, b, min_t(uint32_t, len, TCP_HLEN_ALL_MAX));
		if (!b)
			return;
	}
	tcp_input(inet->tcp, b, &rx, inet->net.now);
}

/* RFC 1122 4.2.3.9: what will not heal ends a connection attempt; the rest the retransmissions outlive. */
static bool is_hard(enum icmp_error_kind kind)
{
	return kind == ICMP_ERR_PORT_UNREACH || kind == ICMP_ERR_PROTO_UNREACH ||
	       kind == ICMP_ERR_PROHIBITED;
}

static void error(void *ctx, const struct icmp_error *e, bool is_local)
{
	struct inet *inet = ctx;
	struct tcp_icmp icmp = {
		.local = e->src,
		.remote = e->dst,
		.local_port = e->sport,
		.remote_port = e->dport,
		.seq = e->tcp_seq,
		.err = -icmp_error_errno(e->kind),
		.is_hard = is_hard(e->kind) || is_local,
	};
	uint32_t headers = (ipaddr_is_v4(&e->dst) ? IP4_HLEN : IP6_HLEN) + TCP_HLEN;

	if (e->kind != ICMP_ERR_TOO_BIG) {
		tcp_icmp_error(inet->tcp, &icmp, inet->net.now);
		return;
	}
	icmp.err = 0;
	icmp.is_hard = false;
	icmp.new_mss =
		e->mtu > headers ? (uint16_t)min_t(uint32_t, e->mtu - headers, UINT16_MAX) : 0;
	if (tcp_icmp_error(inet->tcp, &icmp, inet->net.now))
		pmtu_update(&inet->net, &e->dst, e->mtu, e->quoted_len);
}

int inet_tcp_init(struct inet *inet, const struct tcp_config *config, uint64_t secret, uint64_t now)
{
	struct tcp_env env = {
		.bufs = inet->rt->pool,
		.wheel = &inet->rt->sched.timers,
		.ops = &glue_ops,
		.ctx = inet,
		.secret = secret,
		.now = now,
	};
	struct ipaddr none = ipaddr_any();
	int err = tcp_new(config, &env, &inet->tcp);

	if (err)
		return err;
	pool_init(&inet->tcp_queues, sizeof(struct tcp_queue), config->max_conns);
	net_path_init(&inet->loose_path, &none, &none);
	net_set_handler(&inet->net, IP_PROTO_TCP, input, error, inet);
	runtime_add_counters(inet->rt, tcp_counters(inet->tcp));
	runtime_add_counters(inet->rt, tcp_reass_counters(inet->tcp));
	return 0;
}

void inet_tcp_fini(struct inet *inet)
{
	tcp_free(inet->tcp);
	pool_fini(&inet->tcp_queues);
}
