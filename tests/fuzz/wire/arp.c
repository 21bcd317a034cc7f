/* SPDX-License-Identifier: MIT */
#include "libos/wire/arp.h"

#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *p = fuzz_copy(data, size);
	const struct arp_pkt *a = arp_parse_or_null(p, size);

	if (a) {
		uint8_t *again = malloc(ARP_LEN);

		FUZZ_CHECK((const uint8_t *)a == p && size >= ARP_LEN && !mac_is_group(&a->sha));
		arp_emit(again, be16_get(a->op), &a->sha, a->spa, &a->tha, a->tpa);
		FUZZ_CHECK(memcmp(again, p, ARP_LEN) == 0);
		free(again);
	}
	free(p);
	return 0;
}
