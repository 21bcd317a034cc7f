/* SPDX-License-Identifier: MIT */
/*
 * Simulated wires and network cards.
 *
 * Sending copies. tx gathers the frame into one fresh buf of the *receiver's* pool, as a card's DMA would, and lets
 * go of the sender's: two simulated hosts share no memory, and what the sender keeps for retransmission cannot be
 * written to by the receiver's stack. Headers are stripped and prepended at the far end in BUF_HEADROOM as usual.
 *
 * A frame then passes three queues of the receiving port, all in order of sending:
 *
 *     tx -> waiting (for the line) -> flying (sent, not arrived) -> ring (arrived) -> rx
 *
 * waiting and flying carry in buf->cookie when the frame's last bit leaves. It arrives ->wire.delay_ns later. Nobody
 * is called at these times: sim_port_settle moves everything to where it is at `now`, before anyone looks. Frames
 * settle in amortised O(1). Where the wire has neither delay nor rate and nothing is underway (->is_instant), tx puts
 * frames right into the ring; this path is the medium of benchmarks and has no other branch than that.
 *
 * The line. A frame of n bytes takes (max(n, 60) + 24) * 8 / bits_per_sec, as on real Ethernet. Fractions of a
 * nanosecond are carried from frame to frame in ->line_rest, in units of 1/bits_per_sec ns, so that the rate is
 * exact in the long run; the last bit counts as sent at the next whole nanosecond.
 *
 * Offloads cross the wire as flags: BUF_TX_CSUM_L4 arrives as BUF_RX_CSUM_GOOD with the checksum field as the sender
 * left it, BUF_TX_TSO arrives whole with ->mss set, as if coalesced, though line time and MTU are those of its
 * segments. Only the IPv4 header checksum is filled in for real: nothing says at the far end that it was not.
 *
 * Waking. node->ports_due holds ports by a time that is never later than their first arrival. tx moves it forward
 * when it must; rx never moves it back. It is put right when somebody asks (sim_node_next_arrival), so the data path
 * touches a heap only when a port goes from idle to busy.
 */
#include "libos/dev/sim/port.h"

#include <errno.h>
#include <string.h>

#include "libos/base/endian.h"
#include "libos/dev/sim/offload.h"

#define BITS_NS_PER_BYTE (8 * NS_PER_SEC)
#define COPY_UNIT 32
#define COPY_INLINE_MAX 256

static const char *const counter_names[] = { SIM_PORT_COUNTERS(COUNTER_NAME) };

static void drop(struct buf *b, uint64_t *counter)
{
	(*counter)++;
	buf_put_chain(b);
}

static void drop_all(struct buf_queue *q, uint64_t *counter)
{
	*counter += q->num;
	buf_queue_drain(q);
}

/* Where frames are, and when they get here. */

static uint64_t sent_at(const struct buf *b)
{
	return (uint64_t)(uintptr_t)b->cookie;
}

static void arrive(struct sim_port *port, struct buf *b)
{
	if (!port->node->running)
		drop(b, &port->count[SIM_DROP_STOPPED]);
	else if (port->ring.num >= port->ring_frames)
		drop(b, &port->count[SIM_DROP_RING]);
	else
		buf_queue_push(&port->ring, b);
}

void sim_port_settle(struct sim_port *port, uint64_t now)
{
	while (port->waiting.head && sent_at(port->waiting.head) <= now)
		buf_queue_push(&port->flying, buf_queue_pop_or_null(&port->waiting));
	while (port->flying.head &&
	       time_add(sent_at(port->flying.head), port->wire.delay_ns) <= now)
		arrive(port, buf_queue_pop_or_null(&port->flying));
}

static uint64_t first_arrival(const struct sim_port *port)
{
	const struct buf *b = port->flying.num ? port->flying.head : port->waiting.head;

	if (port->ring.num)
		return 0;
	return b ? time_add(sent_at(b), port->wire.delay_ns) : TIME_NEVER;
}

/* A frame arrives at @at, earlier than any so far. */
static no_inline void wake(struct sim_port *port, uint64_t at)
{
	struct sim_node *node = port->node;

	sim_heap_set(&node->ports_due, &port->due, at);
	if (node->running && at < node->wake.at)
		sim_heap_set(&node->sim->due, &node->wake, at);
}

static struct sim_port *first_port_or_null(struct sim_node *node)
{
	struct sim_heap_entry *e;

	while ((e = node->ports_due.root) != NULL) {
		struct sim_port *port = container_of(e, struct sim_port, due);
		uint64_t at = first_arrival(port);

		if (at <= e->at)
			return port;
		sim_heap_set(&node->ports_due, e, at);
	}
	return NULL;
}

uint64_t sim_node_next_arrival(struct sim_node *node)
{
	const struct sim_port *port = first_port_or_null(node);

	return port ? port->due.at : TIME_NEVER;
}

struct sim_port *sim_node_due_port_or_null(struct sim_node *node, uint64_t now)
{
	struct sim_port *port = first_port_or_null(node);

	return port && port->due.at <= now ? port : NULL;
}

/* Sending. */

static bool fits_wire(const struct sim_wire *wire, const struct buf *b, uint32_t len)
{
	uint32_t max = (uint32_t)wire->mtu + SIM_ETH_HLEN;

	if (len < SIM_ETH_HLEN)
		return false;
	if (len <= max)
		return true;
	return (b->flags & BUF_TX_TSO) && sim_offload_header_bytes(b) + b->mss <= max;
}

static uint64_t line_bytes(const struct buf *b, uint32_t len)
{
	uint32_t head, segs;

	if (!(b->flags & BUF_TX_TSO))
		return max_t(uint32_t, len, SIM_LINE_MIN_FRAME) + SIM_LINE_OVERHEAD;
	head = sim_offload_header_bytes(b);
	segs = max_t(uint32_t, (len - head + b->mss - 1) / b->mss, 1);
	return len - head + (uint64_t)segs * (head + SIM_LINE_OVERHEAD);
}

/* One register full, at any address. */
typedef uint64_t copy_unit __attribute__((vector_size(COPY_UNIT), aligned(1), may_alias));

static always_inline void copy_two(uint8_t *to, const uint8_t *from)
{
	copy_unit first = *(const copy_unit *)from;
	copy_unit second = *(const copy_unit *)(from + COPY_UNIT);

	*(copy_unit *)to = first;
	*(copy_unit *)(to + COPY_UNIT) = second;
}

/* memcpy's call and dispatch cost as much as the copy of a small frame. The last bytes overlap those before. */
static always_inline void copy_bytes(uint8_t *to, const uint8_t *from, uint32_t len)
{
	if (unlikely(len < 2 * COPY_UNIT || len > COPY_INLINE_MAX)) {
		memcpy(to, from, len);
		return;
	}
	for (uint32_t i = 0; i < len - 2 * COPY_UNIT; i += 2 * COPY_UNIT)
		copy_two(to + i, from + i);
	copy_two(to + len - 2 * COPY_UNIT, from + len - 2 * COPY_UNIT);
}

/* An empty buf for a frame of @len bytes that starts with @first. */
static always_inline struct buf *landing_or_null(struct sim_port *to, uint8_t first, uint32_t len)
{
	struct buf *b = buf_alloc_or_null(to->pool, len);

	if (unlikely(!b)) {
		to->count[SIM_DROP_NO_BUF]++;
		return NULL;
	}
	b->len = len;
	b->flags = first & 1 ? BUF_MULTICAST : 0;
	return b;
}

static always_inline struct buf *copy_to_or_null(struct sim_port *to, const struct buf *b,
						 uint32_t len)
{
	struct buf *copy = landing_or_null(to, b->data[0], len);

	if (unlikely(!copy))
		return NULL;
	if (likely(!b->next))
		copy_bytes(copy->data, b->data, len);
	else
		buf_copy_out(b, 0, copy->data, len);
	if (b->flags & SIM_TX_FLAGS)
		sim_offload_carry(copy, b);
	return copy;
}

static always_inline void put_into_ring(struct sim_port *to, struct buf *b, uint64_t now)
{
	buf_queue_push(&to->ring, b);
	if (unlikely(now < to->due.at))
		wake(to, now);
}

/* When the last bit of a frame that is handed to the line at @now has left. */
static uint64_t occupy_line(struct sim_port *to, uint64_t bytes, uint64_t now)
{
	uint64_t rate = to->wire.bits_per_sec;

	if (to->line_free_at < now) {
		to->line_free_at = now;
		to->line_rest = 0;
	}
	if (rate) {
		/* At most 2^24 bytes: far from 2^64. */
		uint64_t rest = to->line_rest + bytes * BITS_NS_PER_BYTE;

		to->line_free_at += rest / rate;
		to->line_rest = rest % rate;
	}
	return to->line_free_at + (to->line_rest != 0);
}

/* Why the wire does not take a frame, as a counter of its sender; SIM_PORT_COUNTER_NUM: it does. */
static enum sim_port_counter refusal(const struct sim_port *from, const struct sim_port *to,
				     const struct buf *b, uint32_t len)
{
	if (!from->node->running)
		return SIM_DROP_STOPPED;
	if (!from->up)
		return SIM_DROP_LINK;
	if (!fits_wire(&to->wire, b, len))
		return SIM_DROP_LENGTH;
	if (to->wire.bits_per_sec && to->waiting.num >= to->wire.queue_frames)
		return SIM_DROP_QUEUE;
	return SIM_PORT_COUNTER_NUM;
}

/* Every case but the one in port_tx. */
static no_inline void send_slow(struct sim_port *from, struct sim_port *to, struct buf *b,
				uint32_t len, uint64_t now)
{
	enum sim_port_counter reason;
	struct buf *copy;
	uint64_t at;

	if (to)
		sim_port_settle(to, now);
	reason = refusal(from, to, b, len);
	if (reason != SIM_PORT_COUNTER_NUM) {
		drop(b, &from->count[reason]);
		return;
	}
	copy = copy_to_or_null(to, b, len);
	if (copy) {
		at = occupy_line(to, line_bytes(b, len), now);
		copy->cookie = (void *)(uintptr_t)at;
		buf_queue_push(&to->waiting, copy);
		sim_port_settle(to, now);
		at = time_add(at, to->wire.delay_ns);
		if (at < to->due.at)
			wake(to, at);
	}
	buf_put_chain(b);
}

/* A chain, on a wire without delay. */
static no_inline void send_chain(struct sim_port *to, struct buf *b, uint32_t len, uint64_t now)
{
	struct buf *copy = copy_to_or_null(to, b, len);

	buf_put_chain(b);
	if (copy)
		put_into_ring(to, copy, now);
}

static unsigned port_tx(struct dev *dev, struct buf **frames, unsigned num, uint64_t now)
{
	struct sim_port *from = container_of(dev, struct sim_port, dev);
	struct sim_port *to = from->peer;
	uint64_t bytes = 0;

	for (unsigned i = 0; i < num; i++) {
		struct buf *b = frames[i];
		uint32_t len = likely(!b->next) ? b->len : buf_chain_len(b);
		struct buf *copy;

		BUG_ON(b->flags & from->refused_flags);
		BUG_ON(b->next && !(from->dev.features & DEV_TX_CHAINS));
		bytes += len;
		/* A length below a header's wraps round to one above every MTU. */
		if (unlikely(!to || !to->is_instant || len - SIM_ETH_HLEN > to->wire.mtu ||
			     to->ring.num >= to->ring_frames)) {
			send_slow(from, to, b, len, now);
			continue;
		}
		if (unlikely(b->next != NULL)) {
			send_chain(to, b, len, now);
			continue;
		}
		copy = copy_to_or_null(to, b, len);
		buf_put(b);
		if (likely(copy))
			put_into_ring(to, copy, now);
	}
	from->count[SIM_TX_FRAMES] += num;
	from->count[SIM_TX_BYTES] += bytes;
	return num;
}

static unsigned port_rx(struct dev *dev, struct buf **frames, unsigned max, uint64_t now)
{
	struct sim_port *port = container_of(dev, struct sim_port, dev);
	uint64_t bytes = 0;
	unsigned num = 0;

	if (unlikely(!port->is_instant))
		sim_port_settle(port, now);
	while (num < max) {
		struct buf *b = buf_queue_pop_or_null(&port->ring);

		if (!b)
			break;
		bytes += b->len;
		frames[num++] = b;
	}
	port->count[SIM_RX_FRAMES] += num;
	port->count[SIM_RX_BYTES] += bytes;
	return num;
}

static uint64_t port_next_event(const struct dev *dev)
{
	return first_arrival(container_of((uintptr_t)dev, struct sim_port, dev));
}

static int port_event_fd(struct dev *dev)
{
	return -ENOTSUP;
}

static void port_counters(struct dev *dev, struct list *sets)
{
	list_add_tail(sets, &container_of(dev, struct sim_port, dev)->counters.link);
}

/* Links. */

/* To be called when anything changes that is_instant stands for. */
static void refresh(struct sim_port *to)
{
	to->is_instant = to->peer && to->up && to->node->running && to->peer->node->running &&
			 !to->wire.delay_ns && !to->wire.bits_per_sec && !to->flying.num &&
			 !to->waiting.num;
}

static void refresh_link(struct sim_port *port)
{
	refresh(port);
	if (port->peer)
		refresh(port->peer);
}

static bool features_match(uint32_t tx, uint32_t rx)
{
	if ((tx & DEV_TX_CSUM_L4) && !(rx & DEV_RX_CSUM))
		return false;
	return (tx & DEV_TSO) == (rx & DEV_TSO);
}

int sim_connect(struct sim_port *a, struct sim_port *b, const struct sim_wire *wire)
{
	if (a->peer || b->peer || a == b)
		return -EBUSY;
	if (!features_match(a->dev.features, b->dev.features) ||
	    !features_match(b->dev.features, a->dev.features))
		return -EINVAL;
	a->peer = b;
	b->peer = a;
	a->wire = b->wire = *wire;
	sim_link_set_up(a, true);
	return 0;
}

void sim_wire_set(struct sim_port *from, const struct sim_wire *wire)
{
	struct sim_port *to = from->peer;
	uint64_t first;

	sim_port_settle(to, sim_now(to->node->sim));
	to->wire = *wire;
	to->line_free_at += to->line_rest != 0;
	to->line_rest = 0;
	refresh(to);
	first = first_arrival(to);
	if (first < to->due.at)
		wake(to, max_t(uint64_t, first, sim_now(to->node->sim)));
}

/* What is underway to @to is lost, on account of its sender. */
static void lose_underway(struct sim_port *to, enum sim_port_counter reason)
{
	drop_all(&to->waiting, &to->peer->count[reason]);
	drop_all(&to->flying, &to->peer->count[reason]);
	to->line_free_at = 0;
}

void sim_link_set_up(struct sim_port *port, bool up)
{
	struct sim_port *ends[] = { port, port->peer };

	BUG_ON(!port->peer);
	for (int i = 0; i < 2; i++) {
		if (!up) {
			sim_port_settle(ends[i], sim_now(ends[i]->node->sim));
			lose_underway(ends[i], SIM_DROP_LINK);
		}
		ends[i]->up = up;
		ends[i]->dev.link_up = up;
	}
	refresh_link(port);
}

/* A frame of ours is on the wire when its last bit has left; what has not is lost with us. */
static void lose_unsent(struct sim_port *port, uint64_t now)
{
	struct sim_port *to = port->peer;

	sim_port_settle(to, now);
	drop_all(&to->waiting, &port->count[SIM_DROP_STOPPED]);
	to->line_free_at = 0;
}

void sim_port_on_stop(struct sim_port *port, uint64_t now)
{
	sim_port_settle(port, now);
	drop_all(&port->ring, &port->count[SIM_DROP_STOPPED]);
	if (port->peer)
		lose_unsent(port, now);
	refresh_link(port);
}

void sim_port_on_restart(struct sim_port *port)
{
	refresh_link(port);
}

static void port_close(struct dev *dev)
{
	struct sim_port *port = container_of(dev, struct sim_port, dev);
	struct sim_port *peer = port->peer;

	if (peer) {
		lose_unsent(port, sim_now(port->node->sim));
		peer->peer = NULL;
		peer->up = peer->dev.link_up = false;
		refresh(peer);
	}
	buf_queue_drain(&port->ring);
	buf_queue_drain(&port->flying);
	buf_queue_drain(&port->waiting);
	sim_heap_set(&port->node->ports_due, &port->due, TIME_NEVER);
	list_del(&port->node_link);
	list_del(&port->counters.link);
}

static const struct dev_ops port_ops = {
	.rx = port_rx,
	.tx = port_tx,
	.next_event = port_next_event,
	.event_fd = port_event_fd,
	.counters = port_counters,
	.close = port_close,
};

struct sim_wire sim_wire_default(void)
{
	return (struct sim_wire){ .queue_frames = 1024, .mtu = 1500 };
}

struct sim_port_config sim_port_config_default(struct buf_pool *pool, uint32_t number)
{
	struct sim_port_config config = {
		.pool = pool,
		.mac = { 0x02 },
		.mtu = 1500,
		.features = DEV_TX_CHAINS,
		.ring_frames = 1024,
	};

	store_be32(config.mac + 2, number);
	return config;
}

static uint8_t flags_refused_by(uint32_t features)
{
	uint8_t refused = SIM_TX_FLAGS;

	if (features & DEV_TX_CSUM_L4)
		refused &= (uint8_t)~BUF_TX_CSUM_L4;
	if (features & DEV_TX_CSUM_IP4)
		refused &= (uint8_t)~BUF_TX_CSUM_IP;
	if (features & DEV_TSO)
		refused &= (uint8_t)~BUF_TX_TSO;
	return refused;
}

void sim_port_init(struct sim_port *port, struct sim_node *node,
		   const struct sim_port_config *config)
{
	*port = (struct sim_port){
		.dev = { .ops = &port_ops, .mtu = config->mtu, .features = config->features },
		.node = node,
		.pool = config->pool,
		.refused_flags = flags_refused_by(config->features),
		.ring_frames = config->ring_frames,
		.counters = { .module = "port",
			      .names = counter_names,
			      .values = port->count,
			      .num = SIM_PORT_COUNTER_NUM },
	};
	memcpy(port->dev.mac, config->mac, DEV_MAC_LEN);
	sim_heap_entry_init(&port->due, node->next_port++);
	list_init(&port->counters.link);
	list_add_tail(&node->ports, &port->node_link);
}
