/* SPDX-License-Identifier: MIT */
/* Options of stream queues. Set before there is a connection they wait for it; accepted ones inherit the listener's. */
#include <errno.h>
#include <string.h>

#include "libos/tcp/cc/cc.h"
#include "libos/transport/inet/tcp.h"

/* Linux's numbers. Its <netinet/tcp.h> has states and a struct tcp_info of its own, which are not ours. */
enum {
	TCP_NODELAY = 1,
	TCP_MAXSEG = 2,
	TCP_KEEPIDLE = 4,
	TCP_KEEPINTVL = 5,
	TCP_KEEPCNT = 6,
	TCP_CONGESTION = 13,
	TCP_USER_TIMEOUT = 18,
};

void tcp_queue_apply_options(struct tcp_queue *t)
{
	const struct tcp_queue_options *o = &t->options;
	uint64_t now = tcp_queue_now(t);

	tcp_set_nodelay(t->conn, o->nodelay, now);
	tcp_set_keepalive(t->conn, &o->keepalive, now);
	tcp_set_user_timeout(t->conn, o->user_timeout_ms);
	tcp_set_tos(t->conn, o->tos);
	/* The name was checked when it was set; without memory for it the default stays. */
	if (o->cc[0] && tcp_set_cc(t->conn, o->cc, now))
		t->options.cc[0] = 0;
}

static bool has_conn(const struct tcp_queue *t)
{
	return t->role == TCP_QUEUE_CONNECTED;
}

static int set_linger(struct tcp_queue *t, const void *value, socklen_t len)
{
	struct linger linger;

	if (len < sizeof(linger))
		return -EINVAL;
	memcpy(&linger, value, sizeof(linger));
	if (linger.l_linger < 0 || linger.l_linger > UINT16_MAX)
		return -EINVAL;
	t->options.linger = linger.l_onoff != 0;
	t->options.linger_s = (uint16_t)linger.l_linger;
	return 0;
}

/* The engine neither paces nor does ECN yet. */
static bool is_usable(const struct tcp_cc_ops *ops)
{
	return ops && !(ops->flags & (TCP_CC_NEEDS_PACING | TCP_CC_NEEDS_ECN));
}

static int set_congestion(struct tcp_queue *t, const void *value, socklen_t len)
{
	char name[sizeof(t->options.cc)];
	int err = 0;

	if (len == 0 || len >= sizeof(name))
		return -ENOENT;
	memcpy(name, value, len);
	name[len] = 0;
	if (has_conn(t))
		err = tcp_set_cc(t->conn, name, tcp_queue_now(t));
	else if (!is_usable(tcp_cc_find_or_null(name)))
		err = -ENOENT;
	if (!err)
		memcpy(t->options.cc, name, sizeof(name));
	return err;
}

/* An option that is one number: where it lies, what it may be. */
struct number {
	void *at;
	unsigned bytes;
	int low, high;
};

static bool number_of_option(struct tcp_queue *t, int level, int name, struct number *n)
{
	struct tcp_queue_options *o = &t->options;

	if (level == SOL_SOCKET && name == SO_KEEPALIVE)
		*n = (struct number){ &o->keepalive.on, 1, 0, INT32_MAX };
	else if (level == IPPROTO_TCP && name == TCP_NODELAY)
		*n = (struct number){ &o->nodelay, 1, 0, INT32_MAX };
	else if (level == IPPROTO_TCP && name == TCP_KEEPIDLE)
		*n = (struct number){ &o->keepalive.idle_s, 2, 1, 32767 };
	else if (level == IPPROTO_TCP && name == TCP_KEEPINTVL)
		*n = (struct number){ &o->keepalive.interval_s, 2, 1, 32767 };
	else if (level == IPPROTO_TCP && name == TCP_KEEPCNT)
		*n = (struct number){ &o->keepalive.probes, 1, 1, 127 };
	else if (level == IPPROTO_TCP && name == TCP_USER_TIMEOUT)
		*n = (struct number){ &o->user_timeout_ms, 4, 0, INT32_MAX };
	else if (t->q.family == AF_INET ? level == IPPROTO_IP && name == IP_TOS
					: level == IPPROTO_IPV6 && name == IPV6_TCLASS)
		*n = (struct number){ &o->tos, 1, 0, 255 };
	else
		return false;
	return true;
}

static bool is_switch(const struct number *n)
{
	return n->bytes == 1 && n->high == INT32_MAX;
}

static int set_number(struct tcp_queue *t, const struct number *n, const void *value, socklen_t len)
{
	int v;

	if (len < sizeof(v))
		return -EINVAL;
	memcpy(&v, value, sizeof(v));
	if (is_switch(n))
		v = v != 0;
	if (v < n->low || v > n->high)
		return -EINVAL;
	memcpy(n->at, &v, n->bytes); /* little endian */
	if (has_conn(t))
		tcp_queue_apply_options(t);
	return 0;
}

int tcp_queue_setsockopt(struct queue *q, int level, int name, const void *value, socklen_t len)
{
	struct tcp_queue *t = to_tcp_queue(q);
	struct number n;

	if (number_of_option(t, level, name, &n))
		return set_number(t, &n, value, len);
	if (level == SOL_SOCKET && name == SO_LINGER)
		return set_linger(t, value, len);
	if (level == IPPROTO_TCP && name == TCP_CONGESTION)
		return set_congestion(t, value, len);
	/* Listening over connections in TIME-WAIT is always allowed: there is nothing to switch. */
	if (level == SOL_SOCKET && name == SO_REUSEADDR)
		return len < sizeof(int) ? -EINVAL : 0;
	return -ENOPROTOOPT;
}

static int give(void *value, socklen_t *len, const void *what, socklen_t what_len)
{
	*len = min_t(socklen_t, *len, what_len);
	memcpy(value, what, *len);
	return 0;
}

static int get_plain(struct tcp_queue *t, int level, int name, int *v)
{
	struct tcp_info info;

	if (level == SOL_SOCKET && name == SO_TYPE) {
		*v = SOCK_STREAM;
	} else if (level == SOL_SOCKET && name == SO_DOMAIN) {
		*v = t->q.family;
	} else if (level == SOL_SOCKET && name == SO_PROTOCOL) {
		*v = IPPROTO_TCP;
	} else if (level == SOL_SOCKET && name == SO_ACCEPTCONN) {
		*v = t->role == TCP_QUEUE_LISTENING;
	} else if (level == SOL_SOCKET && name == SO_REUSEADDR) {
		*v = 1;
	} else if (level == SOL_SOCKET && name == SO_ERROR) {
		*v = has_conn(t) ? -tcp_error(t->conn) : 0;
	} else if (level == IPPROTO_TCP && name == TCP_MAXSEG && has_conn(t)) {
		tcp_get_info(t->conn, &info);
		*v = (int)info.snd_mss;
	} else {
		return -ENOPROTOOPT;
	}
	return 0;
}

int tcp_queue_getsockopt(struct queue *q, int level, int name, void *value, socklen_t *len)
{
	struct tcp_queue *t = to_tcp_queue(q);
	struct linger linger = { .l_onoff = t->options.linger, .l_linger = t->options.linger_s };
	struct tcp_info info;
	struct number n;
	int v = 0, err;

	if (level == SOL_SOCKET && name == SO_LINGER)
		return give(value, len, &linger, sizeof(linger));
	if (level == IPPROTO_TCP && name == TCP_CONGESTION && has_conn(t)) {
		tcp_get_info(t->conn, &info);
		return give(value, len, info.cc, sizeof(info.cc));
	}
	if (number_of_option(t, level, name, &n)) {
		memcpy(&v, n.at, n.bytes);
		return give(value, len, &v, sizeof(v));
	}
	err = get_plain(t, level, name, &v);
	return err ? err : give(value, len, &v, sizeof(v));
}
