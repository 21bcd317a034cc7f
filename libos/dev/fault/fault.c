/* SPDX-License-Identifier: MIT */
/*
 * Fault injection.
 *
 * Each direction is a path of its own, with its own generator, so that what happens to sent frames does not depend on
 * when received ones are polled; the same seed and the same frames meet the same fate. A frame goes
 *
 *     judge -> lost
 *           -> held (to be overtaken) -\
 *           ---------------------------> line -> the device below (tx), the stack above (rx)
 *
 * The *line* is a ring in order of leaving: a frame leaves at the time that jitter has stamped on it or when those
 * before it have left, whichever is later, so none overtakes another. Reordering is only the *held* set's doing: a frame joins the line late, when enough others have, or when
 * its time is up. Frames that the device below refuses stay at the head of the line, and tx takes no more until it is
 * moving again, so back pressure passes through. A line that is full of delayed frames drops its newest: to refuse
 * them would leave them below, where they keep the node due while time cannot move.
 *
 * Nothing here calls back: held and delayed frames of both directions move on when somebody polls (tx or rx), and
 * next_event tells when that is needed.
 *
 * A slot array of our own keeps the frames, not buf->link: a sent buf may at the same time wait in its sender's
 * retransmission queue. For the same reason corruption and duplication work on copies.
 *
 * Corruption and offloads. A copy to corrupt loses its checksum flags in either direction: a checksum that a device
 * would fill in after the damage would hide it, one that was checked before it would too. It is found wrong by the
 * receiver's software, as on a real wire. A frame to be segmented is one frame here: it is lost or hit as a whole.
 *
 * Invariant: the line has at least num_held free slots, so that what is held can always be released. judge adds at
 * most two frames to line and held set together, and takes a frame only while 2 + num_held slots are free.
 */
#include "libos/dev/fault/fault.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "libos/base/clock.h"

#define CSUM_FLAGS (BUF_RX_CSUM_GOOD | BUF_TX_CSUM_L4 | BUF_TX_CSUM_IP)
#define MAX_CORRUPT_BITS 15

static const char *const counter_names[] = { FAULT_COUNTERS(COUNTER_NAME) };

/* The line. */

static bool has_room(const struct fault_path *p)
{
	return p->line_max - p->line_num >= 2 + p->num_held;
}

static struct fault_slot *line_slot(const struct fault_path *p, uint32_t i)
{
	uint32_t at = p->line_head + i;

	return &p->line[at < p->line_max ? at : at - p->line_max];
}

static void line_push(struct fault_path *p, struct buf *b, uint64_t now)
{
	uint64_t at = now;

	DEBUG_BUG_ON(p->line_num == p->line_max);
	if (p->rates.jitter_ns) {
		at = time_add(now, rng_below(&p->rng, time_add(p->rates.jitter_ns, 1)));
		p->count[FAULT_DELAYED] += at != now;
	}
	*line_slot(p, p->line_num++) = (struct fault_slot){ .b = b, .at = at };
}

/* Shows the frames that may leave at @now, at most @max. */
static unsigned line_peek(const struct fault_path *p, struct buf **out, unsigned max, uint64_t now)
{
	unsigned num = 0;

	while (num < max && num < p->line_num && line_slot(p, num)->at <= now) {
		out[num] = line_slot(p, num)->b;
		num++;
	}
	return num;
}

static void line_drop_front(struct fault_path *p, unsigned num)
{
	p->line_head += num;
	if (p->line_head >= p->line_max)
		p->line_head -= p->line_max;
	p->line_num -= num;
}

/* The held set: released in the order in which they were held. */

static void hold(struct fault_path *p, struct buf *b, uint64_t now)
{
	p->held[p->num_held++] = (struct fault_slot){
		.b = b,
		.at = p->rates.reorder_ns ? time_add(now, p->rates.reorder_ns) : TIME_NEVER,
		.after = p->rates.reorder_frames ? p->passed + p->rates.reorder_frames : UINT64_MAX,
	};
	p->count[FAULT_HELD]++;
}

static void release_held(struct fault_path *p, uint64_t now)
{
	uint32_t kept = 0;

	for (uint32_t i = 0; i < p->num_held; i++) {
		if (p->held[i].at <= now || p->held[i].after <= p->passed)
			line_push(p, p->held[i].b, now);
		else
			p->held[kept++] = p->held[i];
	}
	p->num_held = kept;
}

/* Fates. */

static unsigned draw_loss(struct fault_path *p)
{
	const struct fault_rates *r = &p->rates;
	enum fault_counter reason = FAULT_LOST;
	uint32_t ppm = r->loss_ppm;

	if (r->partition) {
		p->count[FAULT_PARTITIONED]++;
		return FAULT_DROP;
	}
	if (rng_chance_ppm(&p->rng, p->in_burst ? r->burst_leave_ppm : r->burst_enter_ppm))
		p->in_burst = !p->in_burst;
	if (p->in_burst) {
		ppm = r->burst_loss_ppm;
		reason = FAULT_BURST_LOST;
	}
	if (!rng_chance_ppm(&p->rng, ppm))
		return FAULT_PASS;
	p->count[reason]++;
	return FAULT_DROP;
}

static unsigned draw(struct fault_path *p)
{
	unsigned fate = draw_loss(p);

	if (fate != FAULT_PASS)
		return fate;
	if (rng_chance_ppm(&p->rng, p->rates.corrupt_ppm))
		fate |= FAULT_CORRUPT;
	if (rng_chance_ppm(&p->rng, p->rates.duplicate_ppm))
		fate |= FAULT_DUPLICATE;
	if (rng_chance_ppm(&p->rng, p->rates.reorder_ppm))
		fate |= FAULT_HOLD;
	return fate;
}

static unsigned decide(struct fault_path *p, const struct buf *b)
{
	uint64_t index = p->index++;
	unsigned fate = FAULT_BY_RATES;

	p->count[FAULT_SEEN]++;
	if (p->script.verdict)
		fate = p->script.verdict(p->script.ctx, p->dir, index, b);
	if (fate & FAULT_BY_RATES)
		return draw(p);
	p->count[FAULT_SCRIPTED] += !!(fate & FAULT_DROP);
	return fate;
}

/* Offsets are from buf_mem, the copy's data starts elsewhere than the original's. */
static uint16_t moved_offset(const struct buf *b, uint16_t off)
{
	return (uint16_t)(BUF_HEADROOM + (buf_mem(b) + off - b->data));
}

static struct buf *copy_or_null(struct fault *f, struct fault_path *p, const struct buf *b)
{
	uint32_t len = buf_chain_len(b);
	struct buf *copy = buf_alloc_or_null(f->pool, len);

	if (!copy) {
		p->count[FAULT_NO_BUF]++;
		return NULL;
	}
	buf_copy_out(b, 0, copy->data, len);
	copy->len = len;
	copy->flags = b->flags & (uint8_t) ~(BUF_APP_HELD | BUF_SHARED_MEM);
	copy->mss = b->mss;
	if (!(b->flags & BUF_SHARED_MEM)) {
		copy->l3_off = moved_offset(b, b->l3_off);
		copy->l4_off = moved_offset(b, b->l4_off);
	}
	return copy;
}

static void flip_bit(struct buf *b, uint64_t bit)
{
	b->data[bit / 8] ^= (uint8_t)(0x80u >> (bit % 8));
}

/* Flips a burst: its first and its last bit surely, those between by chance. */
static void flip_burst(struct fault_path *p, struct buf *b)
{
	uint64_t from = (uint64_t)p->rates.corrupt_from * 8;
	uint64_t end = (uint64_t)b->len * 8;
	uint64_t first = from + rng_below(&p->rng, end - from);
	uint64_t bits = 1;
	uint64_t last;

	if (p->rates.corrupt_bits > 1)
		bits += rng_below(&p->rng,
				  min_t(uint32_t, p->rates.corrupt_bits, MAX_CORRUPT_BITS));
	last = min_t(uint64_t, first + bits, end) - 1;
	flip_bit(b, first);
	for (uint64_t bit = first + 1; bit < last; bit++) {
		if (rng_next(&p->rng) & 1)
			flip_bit(b, bit);
	}
	if (last > first)
		flip_bit(b, last);
}

/* Consumes @b and returns what goes on in its place. */
static struct buf *corrupt(struct fault *f, struct fault_path *p, struct buf *b)
{
	struct buf *copy;

	if (buf_chain_len(b) <= p->rates.corrupt_from)
		return b;
	copy = copy_or_null(f, p, b);
	if (!copy)
		return b;
	copy->flags &= (uint8_t)~CSUM_FLAGS;
	flip_burst(p, copy);
	buf_put_chain(b);
	p->count[FAULT_CORRUPTED]++;
	return copy;
}

static void pass(struct fault_path *p, struct buf *b, uint64_t now)
{
	p->passed++;
	line_push(p, b, now);
}

/* Consumes @b. */
static void judge(struct fault *f, struct fault_path *p, struct buf *b, uint64_t now)
{
	unsigned fate = decide(p, b);
	struct buf *twin = NULL;

	if (!(fate & FAULT_DROP) && !has_room(p)) {
		p->count[FAULT_LINE_FULL]++;
		fate = FAULT_DROP;
	}
	if (fate & FAULT_DROP) {
		buf_put_chain(b);
		return;
	}
	if (fate & FAULT_CORRUPT)
		b = corrupt(f, p, b);
	if (fate & FAULT_DUPLICATE)
		twin = copy_or_null(f, p, b);
	if ((fate & FAULT_HOLD) && p->num_held < FAULT_HOLD_MAX)
		hold(p, b, now);
	else
		pass(p, b, now);
	if (twin) {
		p->count[FAULT_DUPLICATED]++;
		pass(p, twin, now);
	}
	release_held(p, now);
}

/* The device. */

/* Hands what is due to the device below; false when that is full. */
static bool flush(struct fault *f, uint64_t now)
{
	struct fault_path *p = &f->path[FAULT_TX];
	struct buf *frames[DEV_BURST];
	unsigned num;

	while ((num = line_peek(p, frames, DEV_BURST, now)) != 0) {
		unsigned taken = dev_tx(f->lower, frames, num, now);

		line_drop_front(p, taken);
		if (taken < num)
			return false;
	}
	return true;
}

static bool pump_tx(struct fault *f, uint64_t now)
{
	release_held(&f->path[FAULT_TX], now);
	return flush(f, now);
}

static unsigned fault_tx(struct dev *dev, struct buf **frames, unsigned num, uint64_t now)
{
	struct fault *f = container_of(dev, struct fault, dev);
	struct fault_path *p = &f->path[FAULT_TX];

	if (!pump_tx(f, now))
		return 0;
	for (unsigned i = 0; i < num; i++)
		judge(f, p, frames[i], now);
	flush(f, now);
	return num;
}

static unsigned fault_rx(struct dev *dev, struct buf **frames, unsigned max, uint64_t now)
{
	struct fault *f = container_of(dev, struct fault, dev);
	struct fault_path *p = &f->path[FAULT_RX];
	struct buf *fresh[DEV_BURST];
	unsigned num;

	pump_tx(f, now);
	f->dev.link_up = f->lower->link_up;
	release_held(p, now);
	if (line_peek(p, frames, max, now) < max) {
		num = dev_rx(f->lower, fresh, min_t(unsigned, max, DEV_BURST), now);
		for (unsigned i = 0; i < num; i++)
			judge(f, p, fresh[i], now);
	}
	num = line_peek(p, frames, max, now);
	line_drop_front(p, num);
	return num;
}

static uint64_t path_next_event(const struct fault_path *p)
{
	uint64_t at = p->line_num ? line_slot(p, 0)->at : TIME_NEVER;

	for (uint32_t i = 0; i < p->num_held; i++)
		at = min_t(uint64_t, at, p->held[i].at);
	return at;
}

static uint64_t fault_next_event(const struct dev *dev)
{
	const struct fault *f = container_of((uintptr_t)dev, struct fault, dev);
	uint64_t at = f->lower->ops->next_event(f->lower);

	at = min_t(uint64_t, at, path_next_event(&f->path[FAULT_TX]));
	return min_t(uint64_t, at, path_next_event(&f->path[FAULT_RX]));
}

static int fault_event_fd(struct dev *dev)
{
	struct fault *f = container_of(dev, struct fault, dev);

	return f->lower->ops->event_fd(f->lower);
}

static void fault_counters(struct dev *dev, struct list *sets)
{
	struct fault *f = container_of(dev, struct fault, dev);

	for (int dir = 0; dir < FAULT_DIR_NUM; dir++)
		list_add_tail(sets, &f->path[dir].counters.link);
	f->lower->ops->counters(f->lower, sets);
}

static void path_fini(struct fault_path *p)
{
	for (uint32_t i = 0; i < p->line_num; i++)
		buf_put_chain(line_slot(p, i)->b);
	for (uint32_t i = 0; i < p->num_held; i++)
		buf_put_chain(p->held[i].b);
	list_del(&p->counters.link);
	free(p->line);
}

static void fault_close(struct dev *dev)
{
	struct fault *f = container_of(dev, struct fault, dev);

	for (int dir = 0; dir < FAULT_DIR_NUM; dir++)
		path_fini(&f->path[dir]);
	f->lower->ops->close(f->lower);
}

static const struct dev_ops fault_ops = {
	.rx = fault_rx,
	.tx = fault_tx,
	.next_event = fault_next_event,
	.event_fd = fault_event_fd,
	.counters = fault_counters,
	.close = fault_close,
};

struct fault_config fault_config_default(struct buf_pool *pool, uint64_t seed)
{
	return (struct fault_config){ .pool = pool, .seed = seed, .line_frames = 1024 };
}

static int path_init(struct fault_path *p, enum fault_dir dir, const struct fault_config *config)
{
	*p = (struct fault_path){
		.dir = dir,
		.line_max = config->line_frames,
		.line = calloc(config->line_frames, sizeof(*p->line)),
		.counters = { .module = dir == FAULT_TX ? "fault_tx" : "fault_rx",
			      .names = counter_names,
			      .values = p->count,
			      .num = FAULT_COUNTER_NUM },
	};
	list_init(&p->counters.link);
	rng_init(&p->rng, config->seed * FAULT_DIR_NUM + dir);
	return p->line ? 0 : -ENOMEM;
}

int fault_init(struct fault *f, struct dev *lower, const struct fault_config *config)
{
	if (config->line_frames < FAULT_LINE_MIN)
		return -EINVAL;
	*f = (struct fault){ .dev = *lower, .lower = lower, .pool = config->pool };
	f->dev.ops = &fault_ops;
	for (int dir = 0; dir < FAULT_DIR_NUM; dir++) {
		if (path_init(&f->path[dir], dir, config) != 0) {
			free(f->path[FAULT_TX].line);
			free(f->path[FAULT_RX].line);
			return -ENOMEM;
		}
	}
	return 0;
}

void fault_set_rates(struct fault *f, enum fault_dir dir, const struct fault_rates *rates)
{
	f->path[dir].rates = *rates;
}

void fault_set_script(struct fault *f, enum fault_dir dir, const struct fault_script *script)
{
	f->path[dir].script = *script;
	f->path[dir].index = 0;
}

unsigned fault_drop_listed(void *ctx, enum fault_dir dir, uint64_t index, const struct buf *frame)
{
	const struct fault_drop_list *list = ctx;
	unsigned low = 0, high = list->num;

	while (low < high) {
		unsigned mid = low + (high - low) / 2;

		if (list->index[mid] < index)
			low = mid + 1;
		else
			high = mid;
	}
	return low < list->num && list->index[low] == index ? FAULT_DROP : FAULT_PASS;
}
