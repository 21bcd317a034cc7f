/* SPDX-License-Identifier: MIT */
/*
 * Token buckets that hold time instead of tokens: a token costs one second divided by the rate, the bucket fills by
 * itself as time goes by, and nothing is lost to rounding however often it is asked.
 *
 * The destination's bucket is asked before the common one: a peer who is over his share takes nothing of the others'.
 */
#include "libos/net/icmp.h"

#include "libos/net/net.h"

#define SHARE 4 /* a network's part of the whole */

static void bucket_init(struct icmp_bucket *bucket, uint32_t per_sec, uint32_t burst, uint64_t now)
{
	*bucket = (struct icmp_bucket){ .per_sec = per_sec, .burst = burst, .filled_at = now };
	if (per_sec)
		bucket->credit_ns = burst * (NS_PER_SEC / per_sec);
}

static void limit_init(struct icmp_limit *limit, uint32_t per_sec, uint32_t burst, uint64_t now)
{
	uint32_t slot_rate = per_sec < SHARE ? per_sec : per_sec / SHARE;
	uint32_t slot_burst = burst < SHARE ? 1 : burst / SHARE;

	bucket_init(&limit->all, per_sec, burst, now);
	for (unsigned i = 0; i < ICMP_LIMIT_SLOTS; i++)
		bucket_init(&limit->slot[i], slot_rate, slot_burst, now);
}

void icmp_limits_init(struct net *net)
{
	const struct net_config *c = &net->config;

	limit_init(&net->icmp.errors, c->icmp_errors_per_sec, c->icmp_errors_burst, net->now);
	limit_init(&net->icmp.echo, c->icmp_echo_per_sec, c->icmp_echo_burst, net->now);
	net->icmp.key = hash_key_from_seed(rng_next(&net->rng));
}

bool icmp_bucket_take(struct icmp_bucket *bucket, uint64_t now)
{
	uint64_t cost, full;

	if (!bucket->per_sec)
		return false;
	cost = NS_PER_SEC / bucket->per_sec;
	full = bucket->burst * cost;
	if (now > bucket->filled_at) {
		bucket->credit_ns =
			min_t(uint64_t, full, time_add(bucket->credit_ns, now - bucket->filled_at));
		bucket->filled_at = now;
	}
	if (bucket->credit_ns < cost)
		return false;
	bucket->credit_ns -= cost;
	return true;
}

static unsigned slot_of(const struct net *net, const struct ipaddr *dst)
{
	struct ipaddr prefix = *dst;

	if (ipaddr_is_v4(dst))
		prefix.b[15] = 0;
	else
		prefix.q[1] = 0;
	return hash_siphash13(&net->icmp.key, &prefix, sizeof(prefix)) % ICMP_LIMIT_SLOTS;
}

bool icmp_limit_take(struct net *net, struct icmp_limit *limit, const struct ipaddr *dst)
{
	if (icmp_bucket_take(&limit->slot[slot_of(net, dst)], net->now) &&
	    icmp_bucket_take(&limit->all, net->now))
		return true;
	net->count[NET_ICMP_LIMITED]++;
	return false;
}
