/* SPDX-License-Identifier: MIT */
/*
 * Learning switch: source addresses are learnt with the port they came in by; a frame goes to the port of its
 * destination, or to all others when that is unknown or a group. No spanning tree: a loop of wires is the rack
 * builder's mistake.
 *
 * The table. Every address is in a hash chain and, by when it was last seen, on ->by_age. A full table forgets the
 * address at its head, so the table holds the max_macs most recently seen ones. Ageing needs no timer: each poll
 * forgets what has become too old at the head before it looks anything up.
 *
 * Offload flags are carried through: what came in with a checksum known good goes out with "the device fills it".
 */
#include "libos/dev/sim/bridge.h"

#include <errno.h>
#include <stdlib.h>

#include "libos/base/endian.h"

static const char *const counter_names[] = { SIM_BRIDGE_COUNTERS(COUNTER_NAME) };

#define MAC_GROUP_BIT (1ull << 40)

static uint64_t mac_load(const uint8_t *p)
{
	return (uint64_t)load_be16(p) << 32 | load_be32(p + 2);
}

static struct sim_bridge_mac **bucket_of(struct sim_bridge *br, uint64_t mac)
{
	return &br->buckets[(mac * 0x9e3779b97f4a7c15ull) >> br->bucket_shift];
}

static struct sim_bridge_mac *lookup_or_null(struct sim_bridge *br, uint64_t mac)
{
	struct sim_bridge_mac *e = *bucket_of(br, mac);

	while (e && e->mac != mac)
		e = e->next;
	return e;
}

static void forget(struct sim_bridge *br, struct sim_bridge_mac *e, enum sim_bridge_counter reason)
{
	struct sim_bridge_mac **at = bucket_of(br, e->mac);

	while (*at != e)
		at = &(*at)->next;
	*at = e->next;
	list_del(&e->by_age);
	list_add_tail(&br->unused, &e->by_age);
	br->count[reason]++;
}

static struct sim_bridge_mac *oldest_or_null(struct sim_bridge *br)
{
	return list_is_empty(&br->by_age) ? NULL
					  : list_first(&br->by_age, struct sim_bridge_mac, by_age);
}

static void forget_aged(struct sim_bridge *br, uint64_t now)
{
	struct sim_bridge_mac *e;

	while ((e = oldest_or_null(br)) != NULL && now - e->seen_at > br->ageing_ns)
		forget(br, e, SIM_BRIDGE_AGED);
}

static struct sim_bridge_mac *add(struct sim_bridge *br, uint64_t mac, uint32_t port)
{
	struct sim_bridge_mac **bucket = bucket_of(br, mac);
	struct sim_bridge_mac *e;

	if (list_is_empty(&br->unused))
		forget(br, oldest_or_null(br), SIM_BRIDGE_EVICTED);
	e = list_first(&br->unused, struct sim_bridge_mac, by_age);
	e->mac = mac;
	e->port = port;
	e->next = *bucket;
	*bucket = e;
	br->count[SIM_BRIDGE_LEARNED]++;
	return e;
}

static void learn(struct sim_bridge *br, uint64_t mac, uint32_t port, uint64_t now)
{
	struct sim_bridge_mac *e;

	if (mac & MAC_GROUP_BIT)
		return;
	e = lookup_or_null(br, mac);
	if (!e)
		e = add(br, mac, port);
	if (e->port != port) {
		e->port = port;
		br->count[SIM_BRIDGE_MOVED]++;
	}
	e->seen_at = now;
	list_del(&e->by_age);
	list_add_tail(&br->by_age, &e->by_age);
}

static void send(struct sim_port *port, struct buf *b, uint64_t now)
{
	dev_tx(&port->dev, &b, 1, now);
}

static void flood(struct sim_bridge *br, struct buf *b, uint32_t from, uint64_t now)
{
	br->count[SIM_BRIDGE_FLOODED]++;
	for (uint32_t i = 0; i < br->num_ports; i++) {
		if (i != from && br->ports[i].up)
			send(&br->ports[i], buf_get(b), now);
	}
	buf_put(b);
}

static void forward(struct sim_bridge *br, struct buf *b, uint32_t from, uint64_t now)
{
	uint64_t dst = mac_load(b->data);
	struct sim_bridge_mac *e = NULL;

	learn(br, mac_load(b->data + DEV_MAC_LEN), from, now);
	if (!(dst & MAC_GROUP_BIT))
		e = lookup_or_null(br, dst);
	b->flags = (uint8_t)((b->flags & BUF_RX_CSUM_GOOD ? BUF_TX_CSUM_L4 : 0) |
			     (b->mss ? BUF_TX_TSO : 0));
	if (!e) {
		flood(br, b, from, now);
	} else if (e->port == from) {
		br->count[SIM_BRIDGE_FILTERED]++;
		buf_put(b);
	} else {
		br->count[SIM_BRIDGE_FORWARDED]++;
		send(&br->ports[e->port], b, now);
	}
}

/* One burst of each port that is due; ports that still have frames then make the node due again. */
static void poll(void *ctx, uint64_t now)
{
	struct sim_bridge *br = ctx;
	struct buf *frames[DEV_BURST];
	struct sim_port *port;
	uint32_t turns = br->num_ports;

	forget_aged(br, now);
	while (turns-- && (port = sim_node_due_port_or_null(&br->node, now)) != NULL) {
		unsigned num = dev_rx(&port->dev, frames, DEV_BURST, now);

		for (unsigned i = 0; i < num; i++)
			forward(br, frames[i], (uint32_t)(port - br->ports), now);
	}
}

static uint64_t next_event(void *ctx)
{
	return TIME_NEVER;
}

static const struct sim_node_ops bridge_ops = { .poll = poll, .next_event = next_event };

struct sim_bridge_config sim_bridge_config_default(struct buf_pool *pool, uint32_t num_ports)
{
	return (struct sim_bridge_config){
		.pool = pool,
		.num_ports = num_ports,
		.max_macs = 4096,
		.ageing_ns = 300 * NS_PER_SEC,
		.features = DEV_TX_CHAINS,
		.ring_frames = 1024,
		.mtu = 1500,
	};
}

static int alloc_tables(struct sim_bridge *br, const struct sim_bridge_config *config)
{
	uint32_t log2 = 1;

	while (log2 < 31 && (1u << log2) < config->max_macs)
		log2++;
	br->bucket_shift = 64 - log2;
	br->buckets = calloc(1ull << log2, sizeof(struct sim_bridge_mac *));
	br->macs = calloc(config->max_macs, sizeof(*br->macs));
	br->ports = calloc(config->num_ports, sizeof(*br->ports));
	return br->buckets && br->macs && br->ports ? 0 : -ENOMEM;
}

static void free_tables(struct sim_bridge *br)
{
	free(br->buckets);
	free(br->macs);
	free(br->ports);
}

static void init_ports(struct sim_bridge *br, const struct sim_bridge_config *config)
{
	struct sim_port_config port = sim_port_config_default(config->pool, 0);

	port.features = config->features;
	port.ring_frames = config->ring_frames;
	port.mtu = config->mtu;
	for (uint32_t i = 0; i < br->num_ports; i++)
		sim_port_init(&br->ports[i], &br->node, &port);
}

int sim_bridge_init(struct sim_bridge *br, struct sim *sim, const struct sim_bridge_config *config)
{
	int err;

	if (!config->num_ports || !config->max_macs)
		return -EINVAL;
	*br = (struct sim_bridge){
		.num_ports = config->num_ports,
		.ageing_ns = config->ageing_ns,
		.counters = { .module = "bridge",
			      .names = counter_names,
			      .values = br->count,
			      .num = SIM_BRIDGE_COUNTER_NUM },
	};
	err = alloc_tables(br, config);
	if (err) {
		free_tables(br);
		return err;
	}
	list_init(&br->by_age);
	list_init(&br->unused);
	list_init(&br->counters.link);
	for (uint32_t i = 0; i < config->max_macs; i++)
		list_add_tail(&br->unused, &br->macs[i].by_age);
	sim_node_init(&br->node, sim, &bridge_ops, br);
	init_ports(br, config);
	return 0;
}

void sim_bridge_fini(struct sim_bridge *br)
{
	sim_node_fini(&br->node);
	list_del(&br->counters.link);
	free_tables(br);
}
