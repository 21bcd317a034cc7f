/* SPDX-License-Identifier: MIT */
/* The array of ranges, the pools that it comes from, and what may be asked of it. */
#include "libos/tcp/reass_store.h"

#include <errno.h>
#include <string.h>

#include "libos/tcp/seq.h"

#define STORE_BYTES(cap) (sizeof(struct tcp_reass_store) + (cap) * sizeof(struct tcp_range))

_Static_assert(STORE_BYTES(TCP_REASS_SMALL_RANGES) <= 256, "a small store is four cache lines");

static const char *const counter_names[] = { TCP_REASS_COUNTERS(COUNTER_NAME) };

struct tcp_reass_config tcp_reass_default_config(void)
{
	return (struct tcp_reass_config){
		.max_ranges = 256,
		.max_bufs = 8192,
		.max_queues = 1u << 20,
		.max_large = 4096,
	};
}

int tcp_reass_pool_init(struct tcp_reass_pool *p, struct buf_pool *bufs,
			const struct tcp_reass_config *config)
{
	if (config->max_ranges < TCP_REASS_SMALL_RANGES || config->max_ranges == UINT16_MAX ||
	    config->max_bufs == 0)
		return -EINVAL;
	*p = (struct tcp_reass_pool){
		.bufs = bufs,
		.max_bufs = config->max_bufs,
		.max_ranges = config->max_ranges,
	};
	pool_init(&p->small, STORE_BYTES(TCP_REASS_SMALL_RANGES), config->max_queues);
	pool_init(&p->large, STORE_BYTES(config->max_ranges + 1u), config->max_large);
	list_init(&p->counters.link);
	p->counters.module = "tcp_reass";
	p->counters.names = counter_names;
	p->counters.values = p->count;
	p->counters.num = TCP_REASS_COUNTER_NUM;
	return 0;
}

void tcp_reass_pool_fini(struct tcp_reass_pool *p)
{
	BUG_ON(p->small.in_use || p->large.in_use);
	pool_fini(&p->small);
	pool_fini(&p->large);
}

unsigned tcp_store_find(struct tcp_reass_store *st, uint32_t seq)
{
	unsigned low = 0, high = st->num;

	if (high == 0 || seq_geq(seq, tcp_store_last(st)->end))
		return high;
	if (seq_lt(seq, tcp_store_at(st, 0)->end))
		return 0;
	while (high - low > 1) {
		unsigned middle = (low + high) / 2;

		if (seq_gt(tcp_store_at(st, middle - 1)->end, seq))
			high = middle;
		else
			low = middle;
	}
	return low;
}

struct tcp_range *tcp_store_open_slot(struct tcp_reass_store *st, unsigned i)
{
	struct tcp_range *base = tcp_store_at(st, 0);
	bool room_behind = st->first + st->num < st->cap;

	if (room_behind && (st->first == 0 || i >= st->num / 2u)) {
		memmove(base + i + 1, base + i, (st->num - i) * sizeof(*base));
	} else if (i == st->num) {
		/* All the way, so that the next ones find room behind. */
		memmove(st->room, base, st->num * sizeof(*base));
		st->first = 0;
	} else {
		memmove(base - 1, base, i * sizeof(*base));
		st->first--;
	}
	st->num++;
	return tcp_store_at(st, i);
}

void tcp_store_close_slot(struct tcp_reass_store *st, unsigned i)
{
	struct tcp_range *base = tcp_store_at(st, 0);

	if (i < st->num / 2u) {
		memmove(base + 1, base, i * sizeof(*base));
		st->first++;
	} else {
		memmove(base + i, base + i + 1, (st->num - i - 1) * sizeof(*base));
	}
	if (--st->num == 0)
		st->first = 0;
}

bool tcp_store_open(struct tcp_reass_pool *p, struct tcp_reass *r)
{
	struct tcp_reass_store *st = pool_get_or_null(&p->small);

	if (!st)
		return false;
	*st = (struct tcp_reass_store){ .cap = TCP_REASS_SMALL_RANGES };
	r->store_or_null = st;
	return true;
}

void tcp_store_close(struct tcp_reass_pool *p, struct tcp_reass *r)
{
	struct tcp_reass_store *st = r->store_or_null;

	pool_put(st->is_large ? &p->large : &p->small, st);
	r->store_or_null = NULL;
}

bool tcp_store_enlarge(struct tcp_reass_pool *p, struct tcp_reass *r)
{
	struct tcp_reass_store *was = r->store_or_null;
	struct tcp_reass_store *st;

	if (was->is_large)
		return false;
	st = pool_get_or_null(&p->large);
	if (!st)
		return false;
	memcpy(st, was, sizeof(*st));
	memcpy(st->room, tcp_store_at(was, 0), was->num * sizeof(st->room[0]));
	st->first = 0;
	st->cap = (uint16_t)(p->max_ranges + 1);
	st->is_large = true;
	r->store_or_null = st;
	pool_put(&p->small, was);
	return true;
}

uint32_t tcp_reass_charge(const struct tcp_reass_pool *p, const struct buf *b)
{
	uint32_t bytes = sizeof(*b);

	for (; b->owner == &p->bufs->classes[BUF_CLASS_VIEW].owner; b = b->parent)
		bytes += (uint32_t)sizeof(*b);
	return bytes + (b->flags & BUF_SHARED_MEM ? b->len : b->cap);
}

uint32_t tcp_reass_bytes(const struct tcp_reass *r)
{
	return r->store_or_null ? r->store_or_null->bytes : 0;
}

unsigned tcp_reass_num_ranges(const struct tcp_reass *r)
{
	return r->store_or_null ? r->store_or_null->num : 0;
}

struct tcp_sack_block tcp_reass_range(const struct tcp_reass *r, unsigned i)
{
	const struct tcp_range *range = tcp_store_at(r->store_or_null, i);

	return (struct tcp_sack_block){ range->start, range->end };
}

const struct buf *tcp_reass_bufs_or_null(const struct tcp_reass *r, unsigned i)
{
	return tcp_store_at(r->store_or_null, i)->head;
}

bool tcp_reass_find(const struct tcp_reass *r, uint32_t seq, struct tcp_sack_block *out)
{
	unsigned i;

	if (!r->store_or_null)
		return false;
	i = tcp_store_find(r->store_or_null, seq);
	if (i == r->store_or_null->num || seq_lt(seq, tcp_store_at(r->store_or_null, i)->start))
		return false;
	*out = tcp_reass_range(r, i);
	return true;
}

bool tcp_reass_has_fin(const struct tcp_reass *r, uint32_t *fin_seq)
{
	if (!r->store_or_null || !r->store_or_null->has_fin)
		return false;
	*fin_seq = r->store_or_null->fin_seq;
	return true;
}

/* The bufs of @range, of which @fin says that it ends with the FIN. */
static void check_range(const struct tcp_reass_pool *p, const struct tcp_range *range, bool fin,
			uint32_t *bytes, uint32_t *num_bufs)
{
	const struct buf *back = NULL;
	uint32_t at = range->start;

	BUG_ON(seq_leq(range->end, range->start));
	for (const struct buf *b = range->head; b; b = b->link) {
		BUG_ON(b->len == 0 || b->next != back);
		at += b->len;
		*bytes += tcp_reass_charge(p, b);
		++*num_bufs;
		back = b;
	}
	BUG_ON(range->tail != back);
	BUG_ON(at + fin != range->end);
	BUG_ON(!range->head && !fin);
}

void tcp_reass_check(const struct tcp_reass_pool *p, const struct tcp_reass *r)
{
	struct tcp_reass_store *st = r->store_or_null;
	uint32_t bytes = 0, num_bufs = 0;

	if (!st)
		return;
	BUG_ON(st->num == 0 || st->first + st->num > st->cap);
	for (unsigned i = 0; i < st->num; i++) {
		bool fin = st->has_fin && i == st->num - 1u;

		BUG_ON(i > 0 && seq_leq(tcp_store_at(st, i)->start, tcp_store_at(st, i - 1)->end));
		BUG_ON(fin && tcp_store_at(st, i)->end != st->fin_seq + 1);
		check_range(p, tcp_store_at(st, i), fin, &bytes, &num_bufs);
	}
	BUG_ON(bytes != st->bytes || num_bufs != st->num_bufs);
}
