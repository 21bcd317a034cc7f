/* SPDX-License-Identifier: MIT */
/*
 * Time and turns of the simulated rack.
 *
 * sim->due holds every running node that knows when it has work, keyed by that time, ties by node number. One step
 * is one round: the nodes due at the earliest time leave the heap, are polled in order of number, and each is put
 * back by what it and its ports say next. A round, not a loop until nothing is due at this time: two nodes that
 * answer each other over a wire without delay would keep it from ever returning, and a frame that node 5 sends to
 * node 3 must not depend on who happened to be polled before whom.
 *
 * Invariants.
 *  1. A node is in sim->due only while it runs.
 *  2. wake.at of a running node that is not in a round is never later than the earliest of: its last next_event, the
 *     arrivals on its ports, the time of a kick.
 *  3. Virtual time never moves past wake.at of any node.
 *
 * A kick that comes while the node waits for its turn in this round is served by that turn; one that comes during
 * its poll or after asks for another round. ->kicked tells them apart: it is cleared right before the poll.
 *
 * A rack in which time no longer moves is a bug in a node (it says it has work and does none) or a loop of wires
 * without delay; a million rounds at one time are taken as proof and named.
 */
#include "libos/dev/sim/sim.h"

#include "libos/base/bug.h"
#include "libos/base/log.h"
#include "libos/dev/sim/port.h"

#define MAX_ROUNDS_AT_ONE_TIME 1000000u

static void init(struct sim *sim)
{
	*sim = (struct sim){ 0 };
	list_init(&sim->nodes);
}

void sim_init_virtual(struct sim *sim)
{
	init(sim);
	clock_init_virtual(&sim->clock, 0);
}

void sim_init_real(struct sim *sim)
{
	init(sim);
	clock_init_real(&sim->clock);
}

void sim_fini(struct sim *sim)
{
	BUG_ON(!list_is_empty(&sim->nodes));
}

static bool is_virtual(const struct sim *sim)
{
	return sim->clock.kind == CLOCK_KIND_VIRTUAL;
}

static void schedule(struct sim_node *node, uint64_t now)
{
	uint64_t at = now;

	if (!is_virtual(node->sim))
		return;
	if (!node->kicked) {
		uint64_t arrival = sim_node_next_arrival(node);

		at = node->ops->next_event(node->ctx);
		at = max_t(uint64_t, min_t(uint64_t, at, arrival), now);
	}
	sim_heap_set(&node->sim->due, &node->wake, at);
}

static cold_path void die_of_standstill(const struct sim *sim, uint64_t now)
{
	log_error("sim: time stands still at %llu ns; node %u is always due",
		  (unsigned long long)now, sim->due.root->number);
	BUG_ON(sim->rounds >= MAX_ROUNDS_AT_ONE_TIME);
}

/* Moves time to the earliest event and the nodes due then to @round; false when there is none. */
static bool gather_due(struct sim *sim, struct list *round)
{
	uint64_t now = sim_now(sim);
	uint64_t at = sim_next_event(sim);
	struct sim_heap_entry *first;

	if (at == TIME_NEVER)
		return false;
	if (at > now) {
		clock_advance_to(&sim->clock, at);
		now = at;
		sim->rounds = 0;
	} else if (unlikely(++sim->rounds >= MAX_ROUNDS_AT_ONE_TIME)) {
		die_of_standstill(sim, now);
	}
	while ((first = sim->due.root) != NULL && first->at <= now) {
		struct sim_node *node = container_of(first, struct sim_node, wake);

		sim_heap_set(&sim->due, first, TIME_NEVER);
		list_add_tail(round, &node->due_link);
	}
	return true;
}

static void gather_all(struct sim *sim, struct list *round)
{
	struct list *pos;

	list_for_each (pos, &sim->nodes) {
		struct sim_node *node = list_entry(pos, struct sim_node, link);

		if (node->running)
			list_add_tail(round, &node->due_link);
	}
}

/* Whoever is stopped or finished by another's poll leaves the round. */
static void poll_round(struct sim *sim, struct list *round)
{
	while (!list_is_empty(round)) {
		struct sim_node *node = list_first(round, struct sim_node, due_link);
		uint64_t now = sim_now(sim);

		list_del(&node->due_link);
		sim->polls++;
		node->kicked = false;
		node->ops->poll(node->ctx, now);
		if (node->running)
			schedule(node, now);
	}
}

bool sim_step(struct sim *sim)
{
	struct list round;
	bool more = true;

	BUG_ON(sim->in_step);
	list_init(&round);
	if (is_virtual(sim))
		more = gather_due(sim, &round);
	else
		gather_all(sim, &round);
	sim->in_step = true;
	poll_round(sim, &round);
	sim->in_step = false;
	return more;
}

void sim_run_until(struct sim *sim, uint64_t at)
{
	if (!is_virtual(sim)) {
		while (sim_now(sim) < at)
			sim_step(sim);
		return;
	}
	while (sim_next_event(sim) <= at && sim_step(sim))
		;
	if (at != TIME_NEVER && at > sim_now(sim)) {
		clock_advance_to(&sim->clock, at);
		sim->rounds = 0;
	}
}

void sim_node_init(struct sim_node *node, struct sim *sim, const struct sim_node_ops *ops,
		   void *ctx)
{
	*node = (struct sim_node){ .sim = sim, .ops = ops, .ctx = ctx, .running = true };
	sim_heap_entry_init(&node->wake, sim->next_number++);
	list_init(&node->ports);
	list_init(&node->due_link);
	list_add_tail(&sim->nodes, &node->link);
	sim_node_kick(node);
}

void sim_node_fini(struct sim_node *node)
{
	while (!list_is_empty(&node->ports)) {
		struct sim_port *port = list_first(&node->ports, struct sim_port, node_link);

		port->dev.ops->close(&port->dev);
	}
	sim_heap_set(&node->sim->due, &node->wake, TIME_NEVER);
	list_del(&node->due_link);
	list_del(&node->link);
}

void sim_node_kick(struct sim_node *node)
{
	if (!node->running)
		return;
	node->kicked = true;
	sim_heap_set(&node->sim->due, &node->wake, sim_now(node->sim));
}

void sim_node_stop(struct sim_node *node)
{
	uint64_t now = sim_now(node->sim);
	struct list *pos;

	if (!node->running)
		return;
	node->running = false;
	sim_heap_set(&node->sim->due, &node->wake, TIME_NEVER);
	list_del(&node->due_link);
	list_for_each (pos, &node->ports)
		sim_port_on_stop(list_entry(pos, struct sim_port, node_link), now);
}

void sim_node_restart(struct sim_node *node)
{
	uint64_t now = sim_now(node->sim);
	struct list *pos;

	if (node->running)
		return;
	list_for_each (pos, &node->ports)
		sim_port_settle(list_entry(pos, struct sim_port, node_link), now);
	node->running = true;
	list_for_each (pos, &node->ports)
		sim_port_on_restart(list_entry(pos, struct sim_port, node_link));
	sim_node_kick(node);
}
