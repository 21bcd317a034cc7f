/* SPDX-License-Identifier: MIT */
#include "libos/rack/rack.h"

#include <errno.h>
#include <stdlib.h>

#define DEFAULT_MAX_HOSTS 256
/* Held-back frames go on after so many others or so long. */
#define REORDER_FRAMES 3
#define REORDER_NS NS_PER_MS
#define CORRUPT_BITS 15

int rack_new(const struct tern_sim_options *options, const struct buf_pool_config *memory,
	     struct tern_sim **out)
{
	struct tern_sim *rack = calloc(1, sizeof(*rack));
	struct sim_bridge_config bridge;
	int err;

	if (!rack)
		return -ENOMEM;
	err = buf_pool_init(&rack->pool, memory);
	if (err) {
		free(rack);
		return err;
	}
	if (options->real_time)
		sim_init_real(&rack->sim);
	else
		sim_init_virtual(&rack->sim);
	list_init(&rack->hosts);
	rack->seed = options->seed;
	bridge = sim_bridge_config_default(&rack->pool, options->max_hosts ? options->max_hosts
									   : DEFAULT_MAX_HOSTS);
	bridge.mtu = RACK_MAX_MTU;
	err = sim_bridge_init(&rack->bridge, &rack->sim, &bridge);
	if (err) {
		buf_pool_fini(&rack->pool);
		free(rack);
		return err;
	}
	*out = rack;
	return 0;
}

void rack_free(struct tern_sim *rack)
{
	while (!list_is_empty(&rack->hosts))
		rack_host_free(list_first(&rack->hosts, struct tern_sim_host, link));
	sim_bridge_fini(&rack->bridge);
	sim_fini(&rack->sim);
	buf_pool_fini(&rack->pool);
	free(rack);
}

static void fill_rates(struct fault_rates *rates, const struct tern_sim_faults *faults)
{
	*rates = (struct fault_rates){
		.loss_ppm = faults->loss_ppm,
		.burst_enter_ppm = faults->burst_ppm,
		.burst_leave_ppm = 1000000 / max_t(uint32_t, faults->burst_frames, 1),
		.burst_loss_ppm = 1000000,
		.duplicate_ppm = faults->duplicate_ppm,
		.corrupt_ppm = faults->corrupt_ppm,
		.corrupt_bits = CORRUPT_BITS,
		.reorder_ppm = faults->reorder_ppm,
		.reorder_frames = REORDER_FRAMES,
		.reorder_ns = REORDER_NS,
		.partition = faults->partitioned,
	};
}

int rack_set_faults(struct tern_sim_host *host, const struct tern_sim_faults *faults)
{
	struct fault_rates rates;

	if (!host->has_fault)
		return -EOPNOTSUPP;
	fill_rates(&rates, faults);
	fault_set_rates(&host->fault, FAULT_TX, &rates);
	fault_set_rates(&host->fault, FAULT_RX, &rates);
	return 0;
}

static struct sim_wire wire_of(const struct tern_sim_link *link)
{
	struct sim_wire wire = sim_wire_default();

	wire.delay_ns = link->delay_ns;
	wire.bits_per_sec = link->bits_per_sec;
	wire.mtu = rack_link_mtu(link);
	if (link->queue_frames)
		wire.queue_frames = link->queue_frames;
	return wire;
}

int rack_host_new(struct tern_sim *rack, const struct tern_sim_host_options *options,
		  const struct rack_host_config *config, struct tern_sim_host **out)
{
	struct sim_wire wire = wire_of(&options->link);
	uint32_t slot = rack->num_on_bridge;
	struct tern_sim_host *host;
	int err;

	if (options->link.offload)
		return -EINVAL; /* the switch forwards bytes: checksums must be in them */
	if (slot >= rack->bridge.num_ports)
		return -ENOSPC;
	err = rack_host_build(rack, options, config, &host);
	if (err)
		return err;
	err = sim_connect(&host->port, sim_bridge_port(&rack->bridge, slot), &wire);
	if (!err)
		err = rack_host_start(host, options, config);
	if (err) {
		rack_host_free(host);
		return err;
	}
	rack->num_on_bridge++;
	*out = host;
	return 0;
}

int rack_pair_new(struct tern_sim *rack, const struct tern_sim_host_options *a,
		  const struct tern_sim_host_options *b, const struct rack_host_config *config,
		  struct tern_sim_host **out_a, struct tern_sim_host **out_b)
{
	struct sim_wire wire = wire_of(&a->link);
	struct tern_sim_host_options other = *b;
	struct tern_sim_host *host_a, *host_b;
	int err;

	other.link.mtu = a->link.mtu;
	other.link.offload = a->link.offload;
	err = rack_host_build(rack, a, config, &host_a);
	if (err)
		return err;
	err = rack_host_build(rack, &other, config, &host_b);
	if (err) {
		rack_host_free(host_a);
		return err;
	}
	err = sim_connect(&host_a->port, &host_b->port, &wire);
	if (!err)
		err = rack_host_start(host_a, a, config);
	if (!err)
		err = rack_host_start(host_b, &other, config);
	if (err) {
		rack_host_free(host_a);
		rack_host_free(host_b);
		return err;
	}
	*out_a = host_a;
	*out_b = host_b;
	return 0;
}

int rack_run(struct tern_sim *rack, uint64_t until_ns)
{
	while (rack->num_programs) {
		if (rack->sim.clock.kind == CLOCK_KIND_VIRTUAL) {
			uint64_t next = sim_next_event(&rack->sim);

			if (next == TIME_NEVER)
				return -EDEADLK;
			if (next > until_ns) {
				sim_run_until(&rack->sim, until_ns);
				return -ETIMEDOUT;
			}
		} else if (sim_now(&rack->sim) > until_ns) {
			return -ETIMEDOUT;
		}
		sim_step(&rack->sim);
	}
	return 0;
}
