/* SPDX-License-Identifier: MIT */
/*
 * Entries live equally long from their last change, so one list holds them in order of expiry, and one timer stands
 * for its head. Every change and every expiry moves net->generation on: paths keep their own copy of the value.
 */
#include "libos/net/pmtu.h"

#include <errno.h>
#include <stdlib.h>

#include "libos/net/net.h"

struct pmtu_entry {
	struct ipaddr dst;
	uint32_t mtu;
	uint64_t expires_at;
	struct pmtu_entry *hash_next;
	struct list order; /* on table.lru or table.free */
};

/* RFC 1191, table 7-1, between 64 KB and the floor. */
static const uint16_t plateaus[] = { 32000, 17914, 8166, 4352, 2002, 1492, 1006 };

static struct pmtu_entry **bucket_of(const struct pmtu_table *t, const struct ipaddr *dst)
{
	return &t->buckets[hash_siphash13(&t->key, dst, sizeof(*dst)) & t->bucket_mask];
}

static struct pmtu_entry *find_or_null(const struct pmtu_table *t, const struct ipaddr *dst)
{
	struct pmtu_entry *e = *bucket_of(t, dst);

	while (e && !ipaddr_equal(&e->dst, dst))
		e = e->hash_next;
	return e;
}

static void release(struct pmtu_table *t, struct pmtu_entry *e)
{
	struct pmtu_entry **at = bucket_of(t, &e->dst);

	while (*at != e)
		at = &(*at)->hash_next;
	*at = e->hash_next;
	list_del(&e->order);
	list_add_head(&t->free, &e->order);
	t->num--;
}

static void rearm(struct pmtu_table *t)
{
	if (list_is_empty(&t->lru))
		timer_cancel(t->net->wheel, &t->timer);
	else
		timer_arm(t->net->wheel, &t->timer,
			  list_first(&t->lru, struct pmtu_entry, order)->expires_at);
}

static void on_timer(struct timer *timer, uint64_t now)
{
	struct pmtu_table *t = container_of(timer, struct pmtu_table, timer);

	while (!list_is_empty(&t->lru)) {
		struct pmtu_entry *e = list_first(&t->lru, struct pmtu_entry, order);

		if (e->expires_at > now)
			break;
		release(t, e);
		t->net->count[NET_PMTU_EXPIRED]++;
	}
	net_paths_changed(t->net);
	rearm(t);
}

int pmtu_table_init(struct net *net)
{
	struct pmtu_table *t = &net->pmtu;
	uint32_t buckets = 1;

	while (buckets < net->config.pmtu_max)
		buckets *= 2;
	*t = (struct pmtu_table){ .bucket_mask = buckets - 1, .net = net };
	list_init(&t->lru);
	list_init(&t->free);
	timer_init(&t->timer, on_timer);
	t->key = hash_key_from_seed(rng_next(&net->rng));
	t->entries = calloc(net->config.pmtu_max, sizeof(t->entries[0]));
	t->buckets = calloc(buckets, sizeof(struct pmtu_entry *));
	if (!t->entries || !t->buckets) {
		pmtu_table_fini(net);
		return -ENOMEM;
	}
	for (uint32_t i = 0; i < net->config.pmtu_max; i++)
		list_add_tail(&t->free, &t->entries[i].order);
	return 0;
}

void pmtu_table_fini(struct net *net)
{
	struct pmtu_table *t = &net->pmtu;

	timer_cancel(net->wheel, &t->timer);
	free(t->buckets);
	free(t->entries);
	t->buckets = NULL;
	t->entries = NULL;
}

uint32_t pmtu_get(const struct net *net, const struct ipaddr *dst)
{
	const struct pmtu_entry *e = net->pmtu.num ? find_or_null(&net->pmtu, dst) : NULL;

	return e ? min_t(uint32_t, e->mtu, net->mtu) : net->mtu;
}

/* What to try when a router does not say: the largest plateau below the packet, or below what we tried so far. */
static uint32_t next_plateau(uint32_t packet_len, uint32_t current)
{
	uint32_t below = packet_len ? min_t(uint32_t, packet_len, current) : current;

	for (size_t i = 0; i < ARRAY_SIZE(plateaus); i++) {
		if (plateaus[i] < below)
			return plateaus[i];
	}
	return PMTU_FLOOR_V4;
}

static struct pmtu_entry *insert(struct net *net, const struct ipaddr *dst)
{
	struct pmtu_table *t = &net->pmtu;
	struct pmtu_entry **bucket, *e;

	if (list_is_empty(&t->free)) {
		release(t, list_first(&t->lru, struct pmtu_entry, order));
		net->count[NET_PMTU_EVICTED]++;
	}
	e = list_first(&t->free, struct pmtu_entry, order);
	bucket = bucket_of(t, dst);
	e->dst = *dst;
	e->hash_next = *bucket;
	*bucket = e;
	t->num++;
	return e;
}

bool pmtu_update(struct net *net, const struct ipaddr *dst, uint32_t mtu, uint32_t packet_len)
{
	uint32_t floor = ipaddr_is_v4(dst) ? PMTU_FLOOR_V4 : IP6_MIN_MTU;
	struct pmtu_table *t = &net->pmtu;
	uint32_t current = pmtu_get(net, dst);
	struct pmtu_entry *e;

	if (!mtu && ipaddr_is_v4(dst))
		mtu = next_plateau(packet_len, current);
	else if (packet_len && mtu >= packet_len)
		return false;
	if (mtu < floor) {
		net->count[NET_PMTU_BELOW_FLOOR]++;
		mtu = floor;
	}
	if (mtu >= current)
		return false;
	e = find_or_null(t, dst);
	if (!e)
		e = insert(net, dst);
	e->mtu = mtu;
	e->expires_at = time_add(net->now, net->config.pmtu_ttl_ns);
	list_del(&e->order);
	list_add_tail(&t->lru, &e->order);
	rearm(t);
	net->count[NET_PMTU_LOWERED]++;
	net_paths_changed(net);
	return true;
}
