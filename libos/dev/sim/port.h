/* SPDX-License-Identifier: MIT */
/*
 * Ports of simulated nodes and the wires between them. A port is a struct dev; two ports joined are a link, each of
 * whose directions has its own delay, rate, queue and MTU.
 */
#ifndef LIBOS_DEV_SIM_PORT_H
#define LIBOS_DEV_SIM_PORT_H

#include "libos/buf/pool.h"
#include "libos/dev/dev.h"
#include "libos/dev/sim/sim.h"

#define SIM_ETH_HLEN 14
/* What a frame costs on the line beside itself: preamble, FCS, gap; and what short frames are padded to. */
#define SIM_LINE_OVERHEAD 24
#define SIM_LINE_MIN_FRAME 60

#define SIM_PORT_COUNTERS(X)                                                                       \
	X(SIM_TX_FRAMES, "tx_frames") /* taken from the node */                                    \
	X(SIM_TX_BYTES, "tx_bytes")                                                                \
	X(SIM_RX_FRAMES, "rx_frames") /* handed to the node */                                     \
	X(SIM_RX_BYTES, "rx_bytes")                                                                \
	X(SIM_DROP_QUEUE, "drop_queue")     /* sender: the wire's queue is full */                 \
	X(SIM_DROP_LENGTH, "drop_length")   /* sender: longer than the MTU, or no whole header */  \
	X(SIM_DROP_LINK, "drop_link")       /* sender: no wire, or it is down */                   \
	X(SIM_DROP_RING, "drop_ring")       /* receiver: it did not fetch in time */               \
	X(SIM_DROP_NO_BUF, "drop_no_buf")   /* receiver: its pool is out of memory */              \
	X(SIM_DROP_STOPPED, "drop_stopped") /* lost in or by a node that is stopped */

enum sim_port_counter {
	SIM_PORT_COUNTERS(COUNTER_ENUM) SIM_PORT_COUNTER_NUM
};

/* One direction of a link. */
struct sim_wire {
	uint64_t delay_ns;     /* from the last bit sent to its arrival */
	uint64_t bits_per_sec; /* 0: infinitely fast */
	uint32_t
		queue_frames; /* frames that wait for the line, the one on it included; more are dropped */
	uint16_t mtu;         /* frames longer than this and an Ethernet header are dropped */
};

struct sim_port_config {
	struct buf_pool *pool; /* where received frames are put */
	uint8_t mac[DEV_MAC_LEN];
	uint16_t mtu;
	uint32_t features;    /* DEV_*: any; see sim_connect */
	uint32_t ring_frames; /* arrived but not fetched; more are dropped */
};

struct sim_port {
	struct dev dev;
	struct sim_port *peer; /* or NULL: no wire */
	struct sim_node *node;
	struct buf_pool *pool;
	uint8_t refused_flags; /* BUF_TX_* that our features do not cover */
	bool up;               /* the link is */

	/* The way to us. */
	bool is_instant; /* nothing to look at: no delay, no rate, both ends running, link up */
	uint32_t ring_frames;
	struct buf_queue ring;    /* arrived */
	struct buf_queue flying;  /* sent, not arrived; buf->cookie: when the last bit was sent */
	struct buf_queue waiting; /* for the line; buf->cookie as it will be */
	struct sim_wire wire;
	uint64_t line_free_at;     /* when the line to us is done with all it has */
	uint64_t line_rest;        /* and this many 1/bits_per_sec of a ns later */
	struct sim_heap_entry due; /* in node->ports_due; not later than the first arrival */

	struct list node_link;
	uint64_t count[SIM_PORT_COUNTER_NUM];
	struct counter_set counters;
};

/* A wire without limits: no delay, infinitely fast, a queue of 1024 and an MTU of 1500. */
struct sim_wire sim_wire_default(void);

/* MAC 02:00 followed by @number, MTU 1500, chains but no offloads, a ring of 1024. */
struct sim_port_config sim_port_config_default(struct buf_pool *pool, uint32_t number);

/* Adds a port to @node, unconnected. Closed by dev.ops->close or with the node. */
void sim_port_init(struct sim_port *port, struct sim_node *node,
		   const struct sim_port_config *config);

/*
 * Joins two ports by a link, up, both directions like @wire. 0; -EBUSY when one of them is joined already; -EINVAL
 * when their features do not match: a frame that leaves its checksum or its segmentation to the device crosses as it
 * is, so that who has DEV_TX_CSUM_L4 needs a peer with DEV_RX_CSUM, and both or neither have DEV_TSO.
 */
int sim_connect(struct sim_port *a, struct sim_port *b, const struct sim_wire *wire) must_check;

/*
 * Changes the direction from @from to its peer, at any time. Frames that are underway arrive after the new delay;
 * order on a wire never changes.
 */
void sim_wire_set(struct sim_port *from, const struct sim_wire *wire);

/* Pulls or plugs the cable of a joined port. Frames that are underway in either direction when it goes are lost. */
void sim_link_set_up(struct sim_port *port, bool up);

/* Earliest arrival on any of the node's ports; 0 or the past: there is something to fetch. */
uint64_t sim_node_next_arrival(struct sim_node *node);

/* For nodes of many ports: one that has frames at @now, in order of their arrival. */
struct sim_port *sim_node_due_port_or_null(struct sim_node *node, uint64_t now);

/* For sim.c. Settling moves frames to where they are at @now. */
void sim_port_settle(struct sim_port *port, uint64_t now);
void sim_port_on_stop(struct sim_port *port, uint64_t now);
void sim_port_on_restart(struct sim_port *port);

#endif
