/* SPDX-License-Identifier: MIT */
/*
 * Theory of operation
 *
 * Time is counted in ticks of 1 us; a timer's tick is its deadline rounded up, so nothing fires early. `tick` is the
 * wheel's present: all that was due by then has fired. A slot of level L stands for 256^L ticks. A timer lies at the
 * level of the highest 8-bit digit in which its tick differs from the present, in the slot that this digit names
 * (level 0 when none differs). It follows that
 *
 *   I1  the slots of level L lie within the current slot of level L+1, so every timer of a lower level is due
 *       before every timer of a higher one, and the nearest timer is in the first occupied slot of the lowest
 *       occupied level;
 *   I2  no occupied slot is behind the present, so "first" is the lowest bit set;
 *   I3  a slot's bit in occupied[] is set exactly if the slot holds a timer, outside of the few lines that empty it.
 *
 * Advancing takes the nearest slot again and again until it starts after `now`: a slot of level 0 fires, one of a
 * higher level has the present moved to its start and its timers placed anew, each at a lower level ("cascade").
 * Empty time costs nothing, however long. What differs above the highest level waits in one bucket beyond, placed
 * anew each time that the topmost digit wraps.
 *
 * A cascade may be late: it is needed when a timer of the slot is due, not when the slot begins. next_at, which both
 * the poll loop's compare and timer_wheel_next rest on, is therefore the earliest deadline itself where that is
 * cheap to know: arming lowers it to the deadline armed, and an advance sets it from the nearest slot's first few
 * timers. Cancelling leaves it alone: too early costs one advance that finds nothing.
 *
 * Moving a timer to a later deadline only stores the deadline, since TCP does that for every segment: whoever comes
 * upon the timer where it lies, in a cascade or to fire it, sees that it is due later and places it anew. (Not so when
 * it is overdue: it would miss its turn in the running advance.)
 *
 * Callbacks run from lists that they may change: a list is popped until it is empty and no pointer into it is kept.
 * While tick T fires, nothing new can get onto T's list: a timer for T or earlier is overdue and waits for the next
 * advance, and T + 256 is not at level 0.
 *
 * Cold memory
 *
 * With 1,000,000 timers the cost is cache misses, 150 ns each if one waits for the other. Arming and cancelling
 * touch independent lines, so the processor overlaps several calls; what limits it is how many instructions fit its
 * window, hence the care with them in place() and 8-bit levels, whose digits are bytes. Walking a list, though, is a
 * chain of misses. Two things break the chain: a slot above level 0 is several lists ("lanes", by the low bits of
 * the deadline) walked in step; and each timer remembers the one that lay four places further when it was
 * pushed, for a prefetch only: by now it may be anywhere, or freed. The hint costs 8 bytes a timer.
 *
 * Expiry per timer, cascades included, 1,000,000 timers in random order; from prototypes on a shared machine, so for
 * the proportions: plain lists 260 ns, 4 lanes 85 ns (both with 6-bit levels and no hint), 2 lanes with the hint 48 ns
 * and a wheel of 15 KB, 4 lanes with the hint, as here, 40 ns and 27 KB. 6-bit levels with 2 lanes and the hint take
 * 6 KB and 60 ns: each timer is touched one or two times more. Level 0 has one plain list per slot, whose timers the
 * cascade has touched just before.
 */
#include "libos/timer/wheel.h"

#include "libos/base/bug.h"

/* For an exact answer timer_wheel_next looks at this many timers of a slot, then settles for the slot's start. */
#define SCAN_MAX 4

/* The slot after the last: it has no bit in occupied[]. */
#define BEYOND (TIMER_LEVELS * TIMER_SLOTS)
#define HORIZON_SHIFT (TIMER_LEVELS * TIMER_LEVEL_BITS)

#define NEVER_FROM (TIME_NEVER - TIMER_TICK_NS)

_Static_assert(TIMER_LEVEL_BITS == 8, "place() masks a bit number down to a multiple of 8");
_Static_assert(HORIZON_SHIFT == 32, "place() and nearest() shift by less than 32 + 8");
_Static_assert(sizeof(struct timer) <= 40, "embedded several times in each TCP connection");

/* Where the nearest timers are, and the ticks [start, end) that the place stands for. */
struct span {
	unsigned slot; /* counted through all levels, or BEYOND */
	uint64_t start;
	uint64_t end;
};

/* Rounded up. The last microseconds before TIME_NEVER are one tick, which no advance reaches. */
static always_inline uint64_t tick_of(uint64_t at)
{
	return (min_t(uint64_t, at, NEVER_FROM) + TIMER_TICK_NS - 1) / TIMER_TICK_NS;
}

static always_inline uint64_t tick_ns(uint64_t tick)
{
	return tick > UINT64_MAX / TIMER_TICK_NS ? TIME_NEVER : tick * TIMER_TICK_NS;
}

static always_inline bool bucket_is_empty(const struct timer_bucket *b)
{
	uintptr_t any = 0;

	for (unsigned i = 0; i < TIMER_LANES; i++)
		any |= (uintptr_t)b->lane[i];
	return !any;
}

static always_inline void push(struct timer **head, struct timer *t)
{
	t->next = *head;
	t->pprev = head;
	if (t->next)
		t->next->pprev = &t->next;
	*head = t;
}

static always_inline struct timer *next_or_null(const struct timer *t)
{
	return t ? t->next : NULL;
}

/* To a lane, with the hint; the three timers that it goes past were pushed last and are still cached. */
static always_inline void push_hinted(struct timer_bucket *b, struct timer *t)
{
	struct timer **head = &b->lane[t->at % TIMER_LANES];

	t->ahead = next_or_null(next_or_null(next_or_null(*head)));
	push(head, t);
}

/* Puts @t, due at @tick >= w->tick, where the digits say. */
static always_inline void place(struct timer_wheel *w, struct timer *t, uint64_t tick)
{
	uint64_t differ = tick ^ w->tick;
	unsigned shift, slot;

	if (unlikely(differ >> HORIZON_SHIFT)) {
		push_hinted(&w->upper[BEYOND - TIMER_SLOTS], t);
		return;
	}
	shift = (63 - (unsigned)__builtin_clzll(differ | 1)) & 24;
	slot = shift * (TIMER_SLOTS / TIMER_LEVEL_BITS) + (tick >> shift) % TIMER_SLOTS;
	w->words |= 1u << slot / 64;
	w->occupied[slot / 64] |= 1ull << slot % 64;
	if (slot < TIMER_SLOTS)
		push(&w->near[slot], t);
	else
		push_hinted(&w->upper[slot - TIMER_SLOTS], t);
}

static always_inline void mark_empty(struct timer_wheel *w, unsigned slot)
{
	w->occupied[slot / 64] &= ~(1ull << slot % 64);
	if (!w->occupied[slot / 64])
		w->words &= ~(1u << slot / 64);
}

/* @head was a list's head and the list is now empty: keep I3, if it was a slot's. */
static void on_list_emptied(struct timer_wheel *w, struct timer **head)
{
	size_t slot = ((uintptr_t)head - (uintptr_t)w->near) / sizeof(w->near[0]);

	if (slot < TIMER_SLOTS) {
		mark_empty(w, (unsigned)slot);
		return;
	}
	slot = ((uintptr_t)head - (uintptr_t)w->upper) / sizeof(w->upper[0]) + TIMER_SLOTS;
	if (slot < BEYOND && bucket_is_empty(&w->upper[slot - TIMER_SLOTS]))
		mark_empty(w, (unsigned)slot);
}

/* A timer without a successor may be the only one: then pprev is the list's head; else it is inside a timer. */
static always_inline void unlink_timer(struct timer_wheel *w, struct timer *t)
{
	struct timer **pprev = t->pprev;

	*pprev = t->next;
	t->pprev = NULL;
	if (likely(t->next))
		t->next->pprev = pprev;
	else
		on_list_emptied(w, pprev);
}

void timer_wheel_init(struct timer_wheel *w, uint64_t now)
{
	*w = (struct timer_wheel){ .next_at = TIME_NEVER, .tick = now / TIMER_TICK_NS };
}

void timer_arm(struct timer_wheel *w, struct timer *t, uint64_t at)
{
	uint64_t tick = tick_of(at);

	if (timer_is_armed(t)) {
		if (at >= t->at && t->at > tick_ns(w->tick)) {
			t->at = at;
			return;
		}
		unlink_timer(w, t);
	}
	t->at = at;
	if (unlikely(tick <= w->tick)) {
		push(&w->overdue, t);
		tick = w->tick;
	} else {
		place(w, t, tick);
	}
	if (unlikely(at < w->next_at))
		w->next_at = min_t(uint64_t, w->next_at, tick_ns(tick));
}

void timer_cancel(struct timer_wheel *w, struct timer *t)
{
	if (timer_is_armed(t))
		unlink_timer(w, t);
}

/* Finds the nearest timers (I1, I2), the overdue aside; false: there are none. */
static always_inline bool nearest(const struct timer_wheel *w, struct span *s)
{
	unsigned word, shift;

	if (unlikely(!w->words)) {
		s->slot = BEYOND;
		s->start = ((w->tick >> HORIZON_SHIFT) + 1) << HORIZON_SHIFT;
		s->end = UINT64_MAX;
		return !bucket_is_empty(&w->upper[BEYOND - TIMER_SLOTS]);
	}
	word = (unsigned)__builtin_ctz(w->words);
	s->slot = word * 64 + (unsigned)__builtin_ctzll(w->occupied[word]);
	shift = s->slot / TIMER_SLOTS * TIMER_LEVEL_BITS;
	s->start = ((w->tick >> shift & ~(uint64_t)(TIMER_SLOTS - 1)) | s->slot % TIMER_SLOTS)
		   << shift;
	s->end = s->start + (1ull << shift);
	return true;
}

/*
 * A lower bound, ns, for all that is not overdue, given where the nearest are: their earliest deadline if they are
 * few. Some may have been moved past @s->end, where others may lie.
 */
static uint64_t earliest_ns(const struct timer_wheel *w, const struct span *s)
{
	const struct timer_bucket *b;
	uint64_t at = TIME_NEVER;
	unsigned seen = 0;

	if (s->slot < TIMER_SLOTS)
		return tick_ns(s->start);
	b = &w->upper[s->slot - TIMER_SLOTS];
	for (unsigned i = 0; i < TIMER_LANES; i++) {
		for (const struct timer *t = b->lane[i]; t; t = t->next) {
			if (++seen > SCAN_MAX)
				return tick_ns(s->start);
			at = min_t(uint64_t, at, t->at);
		}
	}
	return tick_ns(min_t(uint64_t, tick_of(at), s->end));
}

uint64_t timer_wheel_next(const struct timer_wheel *w)
{
	struct span s;

	if (w->overdue)
		return w->next_at;
	if (!nearest(w, &s))
		return TIME_NEVER;
	return max_t(uint64_t, w->next_at, earliest_ns(w, &s));
}

/* Places every timer of a bucket anew, the lanes in step. */
static void cascade(struct timer_wheel *w, struct timer_bucket *b)
{
	struct timer_bucket rest = *b;
	bool more = true;

	*b = (struct timer_bucket){ 0 };
	while (more) {
		more = false;
		for (unsigned i = 0; i < TIMER_LANES; i++) {
			struct timer *t = rest.lane[i];

			if (!t)
				continue;
			more = true;
			rest.lane[i] = t->next;
			prefetch_write(t->ahead);
			place(w, t, tick_of(t->at));
		}
	}
}

/* Empties a list whose turn has come, whatever the callbacks do to it. */
static always_inline unsigned fire(struct timer_wheel *w, struct timer **head, uint64_t now)
{
	uint64_t due = tick_ns(w->tick);
	unsigned fired = 0;

	while (*head) {
		struct timer *t = *head;

		*head = t->next;
		if (t->next)
			t->next->pprev = head;
		t->pprev = NULL;
		if (unlikely(t->at > due)) {
			place(w, t, tick_of(t->at));
			continue;
		}
		t->fn(t, now);
		fired++;
	}
	return fired;
}

static unsigned fire_overdue(struct timer_wheel *w, uint64_t now)
{
	if (!w->overdue)
		return 0;
	w->firing = w->overdue;
	w->firing->pprev = &w->firing;
	w->overdue = NULL;
	return fire(w, &w->firing, now);
}

unsigned timer_wheel_advance_slow(struct timer_wheel *w, uint64_t now)
{
	uint64_t target = now / TIMER_TICK_NS;
	unsigned fired;
	struct span s;
	bool any;

	BUG_ON(w->advancing || target >= tick_of(TIME_NEVER));
	w->advancing = true;
	fired = fire_overdue(w, now);
	while ((any = nearest(w, &s)) && s.start <= target) {
		w->tick = s.start;
		if (s.slot < TIMER_SLOTS) {
			fired += fire(w, &w->near[s.slot], now);
			mark_empty(w, s.slot);
			continue;
		}
		if (s.slot < BEYOND)
			mark_empty(w, s.slot);
		cascade(w, &w->upper[s.slot - TIMER_SLOTS]);
	}
	w->tick = target;
	if (w->overdue)
		w->next_at = tick_ns(target);
	else
		w->next_at = any ? earliest_ns(w, &s) : TIME_NEVER;
	w->advancing = false;
	return fired;
}
