/* SPDX-License-Identifier: MIT */
/*
 * A rack of nodes in one thread: who is polled when. Frames between nodes are port.h's business.
 *
 * On virtual time nothing happens between events: sim_step jumps to the earliest time at which any node has work
 * (a timer of its own, or a frame that arrives) and polls exactly the nodes that are due then, in order of their
 * numbers. The same program gives the same run, on any machine.
 *
 * On real time the clock is the machine's, nodes may be polled by whoever likes, and sim_step polls each of them once.
 */
#ifndef LIBOS_DEV_SIM_SIM_H
#define LIBOS_DEV_SIM_SIM_H

#include "libos/base/clock.h"
#include "libos/base/list.h"
#include "libos/dev/sim/heap.h"

struct sim {
	struct clock clock; /* what every node's run loop reads */
	struct sim_heap due;
	struct list nodes; /* by number */
	uint32_t next_number;
	uint32_t rounds; /* since time last moved */
	bool in_step;
	uint64_t polls; /* node polls so far: what an idle node does not cost */
};

struct sim_node_ops {
	/*
	 * Does all that the node has to do at @now. Frames left unfetched on a port make the node due again at once,
	 * without time moving. May stop, restart, kick, wire and finish other nodes; may stop itself, not finish.
	 */
	void (*poll)(void *ctx, uint64_t now);
	/*
	 * Earliest time at which the node has work by itself, TIME_NEVER if none. Called after each poll. Arrivals
	 * on its ports are the simulator's to watch, frames that a decorator holds back are not: a node with
	 * decorated ports includes their next_event here.
	 */
	uint64_t (*next_event)(void *ctx);
};

struct sim_node {
	struct sim *sim;
	const struct sim_node_ops *ops;
	void *ctx;
	struct sim_heap_entry wake; /* in sim->due, unless idle or stopped */
	struct sim_heap ports_due;  /* its ports by earliest arrival; see port.c */
	struct list ports;
	struct list link;     /* sim->nodes */
	struct list due_link; /* the round's list, while it waits for its turn */
	uint32_t next_port;
	bool running;
	bool kicked; /* has work that next_event does not know */
};

void sim_init_virtual(struct sim *sim);
void sim_init_real(struct sim *sim);

/* All nodes must be finished. */
void sim_fini(struct sim *sim);

static inline uint64_t sim_now(const struct sim *sim)
{
	return clock_read(&sim->clock);
}

/* When the next node is due; TIME_NEVER: nothing will ever happen again. Virtual time only. */
static inline uint64_t sim_next_event(const struct sim *sim)
{
	return sim->due.root ? sim->due.root->at : TIME_NEVER;
}

/*
 * Virtual: moves to the earliest event and polls the nodes due then, once each; false when there is none. What they
 * cause for the same time is the next step's. Real: polls every running node once; true.
 */
bool sim_step(struct sim *sim);

/*
 * Steps through everything up to and including @at; the clock reads @at (real: or later) afterwards. TIME_NEVER on
 * virtual time: until nothing is left to happen.
 */
void sim_run_until(struct sim *sim, uint64_t at);

/* Adds a running node with the next number; it is due at once. @ops and @ctx must outlive it. */
void sim_node_init(struct sim_node *node, struct sim *sim, const struct sim_node_ops *ops,
		   void *ctx);

/* Closes its ports and takes it out. */
void sim_node_fini(struct sim_node *node);

/* The node has work now that its next_event did not tell of (an application pushed something). */
void sim_node_kick(struct sim_node *node);

/*
 * A crash: no more polls, frames that wait in its ports or were not yet on the wire are lost, and so is what arrives
 * until sim_node_restart, which brings an empty-handed machine back at the same ports, due at once.
 */
void sim_node_stop(struct sim_node *node);
void sim_node_restart(struct sim_node *node);

#endif
