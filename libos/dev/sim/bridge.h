/* SPDX-License-Identifier: MIT */
/*
 * A learning Ethernet switch as a node of the simulated rack. Any other forwarding is written the same way: a node
 * with ports (see poll in bridge.c).
 */
#ifndef LIBOS_DEV_SIM_BRIDGE_H
#define LIBOS_DEV_SIM_BRIDGE_H

#include "libos/dev/sim/port.h"

#define SIM_BRIDGE_COUNTERS(X)                                                                     \
	X(SIM_BRIDGE_FORWARDED, "forwarded") /* to one port */                                     \
	X(SIM_BRIDGE_FLOODED, "flooded")     /* to all but one */                                  \
	X(SIM_BRIDGE_FILTERED, "filtered")   /* the destination is where it came from */           \
	X(SIM_BRIDGE_LEARNED, "learned")     /* addresses that were not in the table */            \
	X(SIM_BRIDGE_MOVED, "moved")         /* addresses seen at another port than before */      \
	X(SIM_BRIDGE_AGED, "aged")           /* addresses forgotten as too old */                  \
	X(SIM_BRIDGE_EVICTED, "evicted")     /* addresses forgotten for want of room */

enum sim_bridge_counter {
	SIM_BRIDGE_COUNTERS(COUNTER_ENUM) SIM_BRIDGE_COUNTER_NUM
};

struct sim_bridge_config {
	struct buf_pool *pool;
	uint32_t num_ports;
	uint32_t max_macs;
	uint64_t ageing_ns;   /* an address not seen for longer is forgotten */
	uint32_t features;    /* DEV_*, of every port */
	uint32_t ring_frames; /* of every port */
	uint16_t mtu;         /* of every port */
};

struct sim_bridge_mac {
	uint64_t mac;
	uint64_t seen_at;
	struct list by_age;
	struct sim_bridge_mac *next; /* in its hash bucket */
	uint32_t port;
};

struct sim_bridge {
	struct sim_node node;
	struct sim_port *ports;
	uint32_t num_ports;
	uint64_t ageing_ns;
	struct sim_bridge_mac *macs; /* config.max_macs of them */
	struct sim_bridge_mac **buckets;
	uint32_t bucket_shift; /* 64 - log2 of how many */
	struct list by_age;    /* least recently seen first */
	struct list unused;
	uint64_t count[SIM_BRIDGE_COUNTER_NUM];
	struct counter_set counters;
};

/* 4096 addresses for five minutes, MTU 1500, rings of 1024, chains but no offloads. */
struct sim_bridge_config sim_bridge_config_default(struct buf_pool *pool, uint32_t num_ports);

/* Adds the bridge to @sim. 0, -ENOMEM, or -EINVAL: no port or no address. */
int sim_bridge_init(struct sim_bridge *br, struct sim *sim,
		    const struct sim_bridge_config *config) must_check;

void sim_bridge_fini(struct sim_bridge *br);

/* @index must be below num_ports. For sim_connect. */
static inline struct sim_port *sim_bridge_port(struct sim_bridge *br, uint32_t index)
{
	BUG_ON(index >= br->num_ports);
	return &br->ports[index];
}

#endif
