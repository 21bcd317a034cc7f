/* SPDX-License-Identifier: MIT */
#include "libos/api/api.h"
#include "libos/rack/rack.h"

int tern_sim_new(const struct tern_sim_options *options, struct tern_sim **out)
{
	struct buf_pool_config memory = buf_pool_default_config();

	if (!options || !out)
		return EINVAL;
	return -rack_new(options, &memory, out);
}

void tern_sim_free(struct tern_sim *sim)
{
	if (sim)
		rack_free(sim);
}

int tern_sim_host_new(struct tern_sim *sim, const struct tern_sim_host_options *options,
		      struct tern_sim_host **out)
{
	struct rack_host_config config = rack_default_host_config();

	if (!sim || !options || !out)
		return EINVAL;
	return -rack_host_new(sim, options, &config, out);
}

int tern_sim_pair_new(struct tern_sim *sim, const struct tern_sim_host_options *a,
		      const struct tern_sim_host_options *b, struct tern_sim_host **out_a,
		      struct tern_sim_host **out_b)
{
	struct rack_host_config config = rack_default_host_config();

	if (!sim || !a || !b || !out_a || !out_b)
		return EINVAL;
	return -rack_pair_new(sim, a, b, &config, out_a, out_b);
}

int tern_sim_set_faults(struct tern_sim_host *host, const struct tern_sim_faults *faults)
{
	return host && faults ? -rack_set_faults(host, faults) : EINVAL;
}

int tern_sim_spawn(struct tern_sim_host *host, int (*program)(void *arg), void *arg)
{
	return host && program ? -rack_spawn(host, program, arg) : EINVAL;
}

int tern_sim_run(struct tern_sim *sim, uint64_t until_ns)
{
	if (!sim || fiber_running_or_null())
		return EINVAL;
	return -rack_run(sim, until_ns);
}

int tern_sim_exit_status(const struct tern_sim_host *host, int *status_out)
{
	if (!host || !status_out)
		return EINVAL;
	if (!host->has_exited)
		return ENOENT;
	*status_out = host->exit_status;
	return 0;
}

int tern_sim_enter(struct tern_sim_host *host)
{
	if (fiber_running_or_null())
		return EINVAL;
	rack_enter(host);
	return 0;
}

uint64_t tern_sim_now(const struct tern_sim *sim)
{
	return sim_now(&sim->sim);
}
