/* SPDX-License-Identifier: MIT */
/* The table of UDP endpoints by local port. Its size follows their number; nothing else here allocates. */
#include <errno.h>
#include <stdlib.h>

#include "libos/net/net.h"

static struct list *new_buckets_or_null(size_t num)
{
	struct list *buckets = calloc(num, sizeof(buckets[0]));

	for (size_t i = 0; buckets && i < num; i++)
		list_init(&buckets[i]);
	return buckets;
}

int udp_table_init(struct net *net)
{
	struct udp_table *t = &net->udp;

	t->num = 0;
	t->bucket_mask = net->config.udp_buckets - 1;
	t->key.k0 = rng_next(&net->rng) | 1;
	t->key.k1 = rng_next(&net->rng);
	t->buckets = new_buckets_or_null(net->config.udp_buckets);
	return t->buckets ? 0 : -ENOMEM;
}

void udp_table_fini(struct net *net)
{
	BUG_ON(net->udp.num != 0);
	free(net->udp.buckets);
	net->udp.buckets = NULL;
}

void udp_table_grow(struct udp_table *t)
{
	struct list *old = t->buckets, *pos, *tmp;
	size_t num = (size_t)t->bucket_mask + 1;
	struct list *buckets = new_buckets_or_null(2 * num);

	if (!buckets)
		return;
	t->buckets = buckets;
	t->bucket_mask = (uint32_t)(2 * num - 1);
	for (size_t i = 0; i < num; i++) {
		list_for_each_safe (pos, tmp, &old[i]) {
			struct udp_ep *ep = list_entry(pos, struct udp_ep, bucket);
			struct list *bucket = udp_bucket(t, ep->lport);

			BUG_ON(!bucket->next); /* made a list above */
			list_del(pos);
			list_add_tail(bucket, pos); /* the last bound stays first */
		}
	}
	free(old);
}
