/* SPDX-License-Identifier: MIT */
/* Environment variables that override keys of the file. */
#include <stdlib.h>

#include "libos/config/keys.h"

int cfg_read_env(struct cfg_loader *l)
{
	for (unsigned i = 0; i < cfg_num_keys; i++) {
		const struct cfg_key *key = &cfg_keys[i];
		const char *text = key->env ? getenv(key->env) : NULL;
		char complaint[CFG_COMPLAINT_LEN];

		if (!text || !*text)
			continue;
		l->origin[i] = (struct cfg_origin){ .is_env = true };
		if (cfg_value_parse(key, text, (char *)l->cfg + key->offset)) {
			cfg_value_complain(key, text, complaint, sizeof(complaint));
			return cfg_fail_key(l, key, "%s", complaint);
		}
	}
	return 0;
}
