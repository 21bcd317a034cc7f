/* SPDX-License-Identifier: MIT */
/*
 * No two of the remembered numbers lie in one range: ranges grow and merge only by pieces that are reported here, and
 * each piece takes the place of all numbers in the range that it ended up in. Numbers whose range was delivered or
 * evicted leave when blocks are made.
 */
#include "libos/tcp/sack_rx.h"

#include <string.h>

#include "libos/tcp/seq.h"

void tcp_sack_rx_on_insert(struct tcp_sack_rx *s, const struct tcp_reass *r,
			   const struct tcp_reass_result *res)
{
	struct tcp_sack_block range;
	unsigned keep = 0;

	if (res->dup.start != res->dup.end)
		s->dsack = res->dup;
	if (res->added == 0 || !tcp_reass_find(r, res->newest.start, &range))
		return;
	for (unsigned i = 0; i < s->num; i++) {
		if (!seq_between(s->recent[i], range.start, range.end))
			s->recent[keep++] = s->recent[i];
	}
	keep = min_t(unsigned, keep, TCP_MAX_SACK - 1);
	memmove(s->recent + 1, s->recent, keep * sizeof(s->recent[0]));
	s->recent[0] = res->newest.start;
	s->num = keep + 1;
}

void tcp_sack_rx_on_duplicate(struct tcp_sack_rx *s, uint32_t start, uint32_t end)
{
	s->dsack = (struct tcp_sack_block){ start, end };
}

/* Adds @block to the @num ranges in @list unless it is there already; returns their number. */
static unsigned list_range(struct tcp_sack_block *list, unsigned num, struct tcp_sack_block block)
{
	for (unsigned i = 0; i < num; i++) {
		if (list[i].start == block.start)
			return num;
	}
	list[num] = block;
	return num + 1;
}

unsigned tcp_sack_rx_blocks(struct tcp_sack_rx *s, const struct tcp_reass *r, unsigned max,
			    struct tcp_sack_block out[TCP_MAX_SACK])
{
	unsigned dsacks = tcp_sack_rx_has_dsack(s);
	unsigned num_ranges = tcp_reass_num_ranges(r);
	struct tcp_sack_block *list = out + dsacks;
	struct tcp_sack_block range;
	unsigned room = max - dsacks;
	unsigned keep = 0, num = 0;

	if (dsacks) {
		out[0] = s->dsack;
		s->dsack = (struct tcp_sack_block){ 0, 0 };
		if (tcp_reass_find(r, out[0].start, &range))
			num = list_range(list, num, range);
	}
	for (unsigned i = 0; i < s->num; i++) {
		if (!tcp_reass_find(r, s->recent[i], &range))
			continue;
		s->recent[keep++] = s->recent[i];
		if (num < room)
			num = list_range(list, num, range);
	}
	s->num = keep;
	for (unsigned i = 0; i < num_ranges && num < room; i++)
		num = list_range(list, num, tcp_reass_range(r, i));
	return dsacks + num;
}
