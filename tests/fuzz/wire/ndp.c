/* SPDX-License-Identifier: MIT */
#include "libos/wire/icmp.h"
#include "tests/fuzz/fuzz.h"

static void check_again(const struct ndp_msg *m)
{
	uint8_t *p = malloc(NDP_MSG_LEN);
	struct ndp_msg back;
	size_t len = ndp_emit(p, m);

	FUZZ_CHECK(len == (m->has_lladdr ? NDP_MSG_LEN : NDP_MSG_LEN - 8));
	FUZZ_CHECK(ndp_parse(p, len, &back));
	FUZZ_CHECK(back.type == m->type && back.router == m->router &&
		   back.solicited == m->solicited && back.override == m->override);
	FUZZ_CHECK(back.has_lladdr == m->has_lladdr && mac_equal(&back.lladdr, &m->lladdr));
	FUZZ_CHECK(ipaddr_equal(&back.target, &m->target));
	free(p);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *p = fuzz_copy(data, size);
	struct ndp_msg m;

	if (ndp_parse(p, size, &m)) {
		FUZZ_CHECK(!ipaddr_is_multicast(&m.target) && !ipaddr_is_v4(&m.target));
		FUZZ_CHECK(!m.has_lladdr || !mac_is_group(&m.lladdr));
		check_again(&m);
	}
	free(p);
	return 0;
}
