/* SPDX-License-Identifier: MIT */
#include "libos/api/api.h"

int demi_stats(demi_stat_t *stats_out, int num, int *num_out)
{
	struct runtime *rt = api_runtime_or_null();
	struct list *pos;
	int all = 0;

	if (!rt)
		return ENOSYS;
	if (num < 0 || (num > 0 && !stats_out) || !num_out)
		return EINVAL;
	list_for_each (pos, &rt->counter_sets) {
		const struct counter_set *set = list_entry(pos, struct counter_set, link);

		for (unsigned i = 0; i < set->num; i++, all++) {
			if (all >= num)
				continue;
			stats_out[all] = (demi_stat_t){
				.module = set->module,
				.name = set->names[i],
				.value = set->values[i],
			};
		}
	}
	*num_out = all;
	return 0;
}
