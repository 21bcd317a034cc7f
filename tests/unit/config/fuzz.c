/* SPDX-License-Identifier: MIT */
/* Any bytes as a configuration: a verdict, and a sentence with each refusal. */
#include <stdlib.h>

#include "libos/base/bug.h"
#include "libos/config/cfg.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct cfg cfg;
	char err[CFG_ERR_LEN];
	int rc = cfg_from_text(&cfg, "f", (const char *)data, size, err, sizeof(err));

	BUG_ON(rc > 0);
	BUG_ON((rc == 0) != (err[0] == '\0'));
	BUG_ON(strlen(err) >= sizeof(err) - 1);
	if (rc == 0)
		BUG_ON(cfg.mss == 0 || cfg.mss > cfg.mtu - 40 || cfg.ipv4_prefix_len > 32);
	return 0;
}
