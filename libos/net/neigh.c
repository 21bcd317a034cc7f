/* SPDX-License-Identifier: MIT */
/*
 * The neighbour cache. States and transitions stand in neigh.h; this is how the entries live.
 *
 * All entries are made by neigh_table_init. An entry in use is in one hash chain and, unless it is static, on
 * the LRU list; a free one on the free list. Sending through an entry writes used_at and nothing else, so the
 * LRU list is not in order of use; eviction makes up for it, by giving each entry that was used since it was
 * last put at the young end a second round. That costs each use at most one move.
 *
 * Each entry in use but the static ones has its timer armed: the next request (INCOMPLETE, PROBE), the end of
 * what we know (REACHABLE), the end of grace (STALE, FAILED). Confirmations only write `since`; the timer
 * finds out when it fires. "In use" means: sent through since the last confirmation.
 *
 * Paths hold pointers to entries. They are valid for one net->generation, so every removal of an entry, loss
 * of its usability, or change of its MAC moves the generation on, if a path was ever made of it (has_paths).
 *
 * Invariants: packets wait only in INCOMPLETE; the MAC means something exactly in the usable states.
 */
#include "libos/net/neigh.h"

#include <errno.h>
#include <stdlib.h>

#include "libos/net/arp.h"
#include "libos/net/ndp.h"
#include "libos/net/net.h"

static const char *const state_names[] = {
	[NEIGH_FREE] = "free",           [NEIGH_INCOMPLETE] = "incomplete",
	[NEIGH_REACHABLE] = "reachable", [NEIGH_STALE] = "stale",
	[NEIGH_PROBE] = "probe",         [NEIGH_FAILED] = "failed",
	[NEIGH_STATIC] = "static",
};
_Static_assert(ARRAY_SIZE(state_names) == NEIGH_STATE_NUM, "a name per state");

#define TO(state) (1u << NEIGH_##state)

static const uint8_t allowed[NEIGH_STATE_NUM] = {
	[NEIGH_FREE] = TO(INCOMPLETE) | TO(STALE) | TO(STATIC),
	[NEIGH_INCOMPLETE] = TO(REACHABLE) | TO(STALE) | TO(FAILED) | TO(STATIC) | TO(FREE),
	[NEIGH_REACHABLE] = TO(REACHABLE) | TO(STALE) | TO(PROBE) | TO(STATIC) | TO(FREE),
	[NEIGH_STALE] = TO(REACHABLE) | TO(STALE) | TO(PROBE) | TO(STATIC) | TO(FREE),
	[NEIGH_PROBE] = TO(REACHABLE) | TO(STALE) | TO(FAILED) | TO(STATIC) | TO(FREE),
	[NEIGH_FAILED] = TO(REACHABLE) | TO(STALE) | TO(STATIC) | TO(FREE),
	[NEIGH_STATIC] = TO(FREE),
};

const char *neigh_state_name(enum neigh_state state)
{
	return state_names[state];
}

static void on_timer(struct timer *t, uint64_t now);

static void set_state(struct neigh *n, enum neigh_state state)
{
	BUG_ON(!(allowed[n->state] & 1u << state));
	n->state = (uint8_t)state;
	n->tries = 0;
	n->since = n->net->now;
}

static void arm_after(struct neigh *n, uint64_t delay)
{
	timer_arm(n->net->wheel, &n->timer, time_add(n->net->now, delay));
}

static struct neigh **bucket_of(struct neigh_table *t, const struct ipaddr *addr)
{
	return &t->buckets[hash_siphash13(&t->key, addr, sizeof(*addr)) & t->bucket_mask];
}

int neigh_table_init(struct net *net)
{
	struct neigh_table *t = &net->neigh;
	uint32_t max = net->config.neigh_max;
	uint32_t buckets = 16;

	while (buckets < max)
		buckets *= 2;
	list_init(&t->lru);
	list_init(&t->free);
	t->key = hash_key_from_seed(rng_next(&net->rng));
	t->bucket_mask = buckets - 1;
	t->num = 0;
	t->entries = calloc(max, sizeof(t->entries[0]));
	t->buckets = calloc(buckets, sizeof(struct neigh *));
	if (!t->entries || !t->buckets) {
		free(t->entries);
		free(t->buckets);
		return -ENOMEM;
	}
	for (uint32_t i = 0; i < max; i++)
		list_add_tail(&t->free, &t->entries[i].lru);
	return 0;
}

void neigh_table_fini(struct net *net)
{
	struct neigh_table *t = &net->neigh;

	for (uint32_t i = 0; i < net->config.neigh_max; i++) {
		struct neigh *n = &t->entries[i];

		if (n->state == NEIGH_FREE)
			continue;
		timer_cancel(net->wheel, &n->timer);
		buf_queue_drain(&n->waiting);
	}
	free(t->entries);
	free(t->buckets);
}

struct neigh *neigh_find_or_null(struct net *net, const struct ipaddr *addr)
{
	struct neigh *n = *bucket_of(&net->neigh, addr);

	while (n && !ipaddr_equal(&n->addr, addr))
		n = n->hash_next;
	return n;
}

/* Nobody may send by what the paths remember of @n any more. */
static void forget_paths(struct neigh *n)
{
	if (n->has_paths)
		net_paths_changed(n->net);
	n->has_paths = false;
}

static void remove_entry(struct neigh *n)
{
	struct neigh_table *t = &n->net->neigh;
	struct neigh **at = bucket_of(t, &n->addr);

	while (*at != n)
		at = &(*at)->hash_next;
	*at = n->hash_next;
	timer_cancel(n->net->wheel, &n->timer);
	forget_paths(n);
	set_state(n, NEIGH_FREE);
	list_del(&n->lru);
	list_add_head(&t->free, &n->lru);
	t->num--;
}

/* False: all entries are static. */
static bool evict_one(struct net *net)
{
	struct neigh_table *t = &net->neigh;
	struct neigh *n;

	for (;;) {
		if (list_is_empty(&t->lru))
			return false;
		n = list_first(&t->lru, struct neigh, lru);
		if (n->used_at <= n->lru_at)
			break;
		n->lru_at = n->used_at;
		list_del(&n->lru);
		list_add_tail(&t->lru, &n->lru);
	}
	net->count[NET_NEIGH_EVICTED]++;
	net->count[NET_DROP_NEIGH_EVICTED] += n->waiting.num;
	buf_queue_drain(&n->waiting);
	remove_entry(n);
	return true;
}

/* In state FREE, but in the hash: the caller gives it its first state. */
static struct neigh *create_or_null(struct net *net, const struct ipaddr *addr)
{
	struct neigh_table *t = &net->neigh;
	struct neigh **bucket = bucket_of(t, addr);
	struct neigh *n;

	if (list_is_empty(&t->free) && !evict_one(net))
		return NULL;
	n = list_first(&t->free, struct neigh, lru);
	list_del(&n->lru);
	*n = (struct neigh){
		.state = NEIGH_FREE,
		.net = net,
		.addr = *addr,
		.used_at = net->now,
		.lru_at = net->now,
		.hash_next = *bucket,
	};
	*bucket = n;
	list_init(&n->lru);
	list_add_tail(&t->lru, &n->lru);
	timer_init(&n->timer, on_timer);
	t->num++;
	net->count[NET_NEIGH_CREATED]++;
	return n;
}

static void solicit(struct neigh *n)
{
	struct net *net = n->net;

	n->tries++;
	net->count[NET_NEIGH_REQUESTS]++;
	if (n->state == NEIGH_PROBE)
		net->count[NET_NEIGH_PROBES]++;
	arm_after(n, net->config.neigh_timeout_ns);
	if (ipaddr_is_v4(&n->addr))
		arp_solicit(net, n);
	else
		ndp_solicit(net, n);
}

struct neigh *neigh_get_or_null(struct net *net, const struct ipaddr *addr)
{
	struct neigh *n = neigh_find_or_null(net, addr);

	if (n)
		return n;
	n = create_or_null(net, addr);
	if (!n)
		return NULL;
	set_state(n, NEIGH_INCOMPLETE);
	solicit(n);
	return n;
}

static void send_to(struct neigh *n, struct buf *b)
{
	memcpy(b->data, &n->mac, sizeof(n->mac));
	net_tx_frame(n->net, b);
}

/* We have its MAC: what waited may go. */
static void set_usable(struct neigh *n, const struct mac *mac, enum neigh_state state)
{
	struct net *net = n->net;
	bool was_waiting = n->state == NEIGH_INCOMPLETE;
	struct buf *b;

	n->mac = *mac;
	set_state(n, state);
	if (state == NEIGH_STATIC)
		timer_cancel(net->wheel, &n->timer);
	else
		arm_after(n, state == NEIGH_REACHABLE ? net->config.neigh_ttl_ns
						      : net->config.neigh_delay_ns);
	if (was_waiting)
		net->count[NET_NEIGH_RESOLVED]++;
	while ((b = buf_queue_pop_or_null(&n->waiting)) != NULL)
		send_to(n, b);
}

int neigh_add_static(struct net *net, const struct ipaddr *addr, const struct mac *mac)
{
	struct neigh *n;

	if (ipaddr_is_any(addr) || ipaddr_is_multicast(addr) || net_is_local(net, addr) ||
	    net_is_broadcast(net, addr) || mac_is_group(mac) || mac_is_zero(mac))
		return -EINVAL;
	n = neigh_find_or_null(net, addr);
	if (n && n->state == NEIGH_STATIC)
		return -EINVAL;
	if (!n)
		n = create_or_null(net, addr);
	if (!n)
		return -ENOSPC;
	forget_paths(n);
	list_del(&n->lru);
	set_usable(n, mac, NEIGH_STATIC);
	return 0;
}

int neigh_output(struct net *net, struct neigh *n, struct buf *b)
{
	n->used_at = net->now;
	if (likely(neigh_is_usable(n))) {
		send_to(n, b);
		return 0;
	}
	if (n->state == NEIGH_FAILED) {
		net->count[NET_DROP_NEIGH_FAILED]++;
		buf_put_chain(b);
		return -EHOSTUNREACH;
	}
	buf_queue_push(&n->waiting, b);
	if (n->waiting.num > net->config.neigh_queue_packets) {
		net->count[NET_DROP_NEIGH_QUEUE]++;
		buf_put_chain(buf_queue_pop_or_null(&n->waiting));
	}
	return 0;
}

void neigh_learn(struct net *net, const struct ipaddr *addr, const struct mac *mac, unsigned flags)
{
	struct neigh *n = neigh_find_or_null(net, addr);
	enum neigh_state state = flags & NEIGH_LEARN_SOLICITED ? NEIGH_REACHABLE : NEIGH_STALE;

	if (!n) {
		if (!(flags & NEIGH_LEARN_CREATE)) {
			net->count[NET_NEIGH_REFUSED]++;
			return;
		}
		n = create_or_null(net, addr);
		if (n)
			set_usable(n, mac, NEIGH_STALE);
		return;
	}
	if (n->state == NEIGH_STATIC) {
		if (!mac_equal(&n->mac, mac))
			net->count[NET_NEIGH_STATIC_KEPT]++;
		return;
	}
	if (!neigh_is_usable(n)) {
		set_usable(n, mac, state);
		return;
	}
	if (mac_equal(&n->mac, mac)) {
		if (flags & NEIGH_LEARN_SOLICITED)
			set_usable(n, mac, NEIGH_REACHABLE);
		return;
	}
	if (flags & NEIGH_LEARN_OVERRIDE) {
		net->count[NET_NEIGH_MOVED]++;
		forget_paths(n);
		set_usable(n, mac, state);
	} else if (n->state == NEIGH_REACHABLE) {
		set_usable(n, &n->mac, NEIGH_STALE); /* two say they are it: ask soon */
	}
}

void net_neigh_confirm(struct net *net, struct net_path *path)
{
	struct neigh *n = path->neigh_or_null;

	if (!n || path->generation != net->generation)
		return;
	if (likely(n->state == NEIGH_REACHABLE))
		n->since = net->now;
	else if (n->state == NEIGH_STALE || n->state == NEIGH_PROBE)
		set_usable(n, &n->mac, NEIGH_REACHABLE);
}

/* Tells the transport whose packet @b (a whole frame that waited) will not arrive. */
static void report_unreachable(struct net *net, const struct buf *b)
{
	struct icmp_error e = { .kind = ICMP_ERR_HOST_UNREACH };
	uint32_t l4_at = (uint32_t)(b->l4_off - b->l3_off) + ETH_HLEN;
	const uint8_t *ip = b->data + ETH_HLEN; /* our headers: contiguous; ports may lie behind */
	uint8_t l4[8];

	if (ip[0] >> 4 == 4) {
		const struct ip4_hdr *h = (const struct ip4_hdr *)ip;

		if (ip4_frag_offset(h) != 0)
			return;
		e.proto = h->proto;
		e.src = ipaddr_v4(h->src);
		e.dst = ipaddr_v4(h->dst);
		e.quoted_len = be16_get(h->total_len);
	} else {
		const struct ip6_hdr *h = (const struct ip6_hdr *)ip;

		if (h->next == IP6_NEXT_FRAGMENT) {
			const struct ip6_frag_hdr *f = (const struct ip6_frag_hdr *)(ip + IP6_HLEN);

			if (be16_get(f->offset_flags) >> 3 != 0)
				return;
			e.proto = f->next;
		} else {
			e.proto = h->next;
		}
		e.src = ipaddr_v6(h->src);
		e.dst = ipaddr_v6(h->dst);
		e.quoted_len = be16_get(h->payload_len) + IP6_HLEN;
	}
	if (buf_chain_len(b) < l4_at + sizeof(l4))
		return;
	buf_copy_out(b, l4_at, l4, sizeof(l4));
	e.sport = load_be16(l4);
	e.dport = load_be16(l4 + 2);
	if (e.proto == IP_PROTO_TCP)
		e.tcp_seq = load_be32(l4 + 4);
	net_dispatch_error(net, &e, true);
}

/*
 * The callbacks may send again; the entry refuses that while it is FAILED, so it is set first, and not looked
 * at afterwards.
 */
static void fail(struct neigh *n)
{
	struct net *net = n->net;
	struct buf_queue waiting = n->waiting;
	struct buf *b;

	n->waiting = (struct buf_queue){ 0 };
	forget_paths(n);
	set_state(n, NEIGH_FAILED);
	arm_after(n, net->config.neigh_timeout_ns);
	net->count[NET_NEIGH_FAILED]++;
	net->count[NET_DROP_NEIGH_FAILED] += waiting.num;
	while ((b = buf_queue_pop_or_null(&waiting)) != NULL) {
		report_unreachable(net, b);
		buf_put_chain(b);
	}
}

static void start_probing(struct neigh *n)
{
	set_state(n, NEIGH_PROBE);
	solicit(n);
}

/* What a REACHABLE or STALE entry knows has come of age. */
static void on_aged(struct neigh *n)
{
	struct net *net = n->net;
	uint64_t end = time_add(n->since, net->config.neigh_ttl_ns);

	if (n->state == NEIGH_REACHABLE && net->now < end) {
		timer_arm(net->wheel, &n->timer, end); /* confirmed meanwhile */
	} else if (n->used_at > n->since) {
		start_probing(n);
	} else if (net->now < end) {
		timer_arm(net->wheel, &n->timer,
			  min_t(uint64_t, end, time_add(net->now, net->config.neigh_delay_ns)));
	} else {
		net->count[NET_NEIGH_EXPIRED]++;
		remove_entry(n);
	}
}

static void on_timer(struct timer *t, uint64_t now)
{
	struct neigh *n = container_of(t, struct neigh, timer);

	n->net->now = now;
	switch ((enum neigh_state)n->state) {
	case NEIGH_INCOMPLETE:
	case NEIGH_PROBE:
		if (n->tries >= n->net->config.neigh_retries)
			fail(n);
		else
			solicit(n);
		break;
	case NEIGH_REACHABLE:
	case NEIGH_STALE:
		on_aged(n);
		break;
	case NEIGH_FAILED:
		remove_entry(n);
		break;
	case NEIGH_FREE:
	case NEIGH_STATIC:
	case NEIGH_STATE_NUM:
		BUG_ON(true);
	}
}
