/* SPDX-License-Identifier: MIT */
/*
 * The simulated rack of include/tern/sim.h: library OSes as nodes of libos/dev/sim, programs as fibers.
 *
 * A host is a runtime whose device is a port, behind decorators for faults and capture. As a node of the simulator
 * it is polled when a frame arrives or a timer is due; a poll is one turn of its run loop, and then its program goes
 * on if something it may be waiting for is ready. A program that waits yields to the simulator, which moves time.
 * Code outside programs that waits on a host steps the simulator itself.
 *
 * Errors are -errno here; libos/api turns them.
 */
#ifndef LIBOS_RACK_RACK_H
#define LIBOS_RACK_RACK_H

#include "libos/dev/fault/fault.h"
#include "libos/dev/pcap/pcap.h"
#include "libos/dev/sim/bridge.h"
#include "libos/dev/sim/port.h"
#include "libos/dev/sim/sim.h"
#include "libos/rack/fiber.h"
#include "libos/transport/inet/inet.h"
#include "tern/sim.h"

#define RACK_MAX_MTU 9000

struct tern_sim {
	struct sim sim;
	struct buf_pool pool;
	struct sim_bridge bridge; /* the rack's switch */
	struct list hosts;
	uint32_t num_hosts; /* ever made */
	uint32_t num_on_bridge;
	uint32_t num_programs; /* spawned, not returned */
	uint64_t seed;
};

struct tern_sim_host {
	struct tern_sim *rack;
	struct list link;
	struct sim_node node;
	struct sim_port port;
	struct fault fault;
	struct pcap_dev pcap;
	bool has_fault;
	uint32_t number;
	struct runtime rt;
	struct counter_set pool_counters; /* the rack's pool, as this host shows it */
	struct fiber *fiber_or_null;
	uint64_t program_wakes_at; /* when its wait times out */
	bool has_exited;
	int exit_status;
};

/* What of a host does not come from struct tern_sim_host_options: the rest of the configuration. */
struct rack_host_config {
	struct net_config net; /* addresses and gateways in the options replace what is here */
	struct tcp_config tcp;
	struct tcp_queue_options tcp_options;
	struct runtime_config runtime;
	uint32_t udp_recv_queue;
	bool has_mac; /* else one is made from the host's number */
	uint8_t mac[DEV_MAC_LEN];
};

struct rack_host_config rack_default_host_config(void);

int rack_new(const struct tern_sim_options *options, const struct buf_pool_config *memory,
	     struct tern_sim **out) must_check;
void rack_free(struct tern_sim *rack);

int rack_host_new(struct tern_sim *rack, const struct tern_sim_host_options *options,
		  const struct rack_host_config *config, struct tern_sim_host **out) must_check;
int rack_pair_new(struct tern_sim *rack, const struct tern_sim_host_options *a,
		  const struct tern_sim_host_options *b, const struct rack_host_config *config,
		  struct tern_sim_host **out_a, struct tern_sim_host **out_b) must_check;

/* -EOPNOTSUPP on a host without fault injection: one of a real-time rack that was made without faults. */
int rack_set_faults(struct tern_sim_host *host, const struct tern_sim_faults *faults);

int rack_spawn(struct tern_sim_host *host, int (*program)(void *), void *arg) must_check;
int rack_run(struct tern_sim *rack, uint64_t until_ns) must_check;

/* Makes @host_or_null current for code outside programs. */
void rack_enter(struct tern_sim_host *host_or_null);

/*
 * The steps of making a host, for rack.c: build gives it a port, start, once that is connected, the rest. A host that
 * is built must be freed.
 */
int rack_host_build(struct tern_sim *rack, const struct tern_sim_host_options *options,
		    const struct rack_host_config *config, struct tern_sim_host **out) must_check;
int rack_host_start(struct tern_sim_host *host, const struct tern_sim_host_options *options,
		    const struct rack_host_config *config) must_check;
void rack_host_free(struct tern_sim_host *host);

uint16_t rack_link_mtu(const struct tern_sim_link *link);

/* The host whose runtime @rt is. */
static inline struct tern_sim_host *rack_host_of(struct runtime *rt)
{
	return container_of(rt, struct tern_sim_host, rt);
}

#endif
