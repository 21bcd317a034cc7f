/* SPDX-License-Identifier: MIT */
#include "libos/wire/udp.h"

#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *p = fuzz_copy(data, size);
	struct udp_hdr *h = (void *)p;

	if (udp_len_is_good(h, size)) {
		uint16_t len = be16_get(h->len);
		uint8_t again[UDP_HLEN];
		uint64_t sum;

		FUZZ_CHECK(len >= UDP_HLEN && len <= size);
		sum = udp_emit(again, be16_get(h->sport), be16_get(h->dport), len);
		FUZZ_CHECK(memcmp(again, p, 6) == 0 && again[6] == 0 && again[7] == 0);
		FUZZ_CHECK(csum_fold(sum) == csum_fold(csum_add_bytes(0, again, UDP_HLEN)));
		csum_store(&h->csum, 0);
		csum_store(&h->csum, udp_csum_finish(csum_add_bytes(0, p, len)));
		FUZZ_CHECK(csum_load(h->csum) != 0 && csum_is_good(csum_add_bytes(0, p, len)));
	}
	free(p);
	return 0;
}
