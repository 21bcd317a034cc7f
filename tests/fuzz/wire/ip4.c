/* SPDX-License-Identifier: MIT */
#include "libos/wire/ip4.h"

#include "tests/fuzz/fuzz.h"

/* A header without options, emitted again from its fields, is the same header. */
static void check_emit(const struct ip4_hdr *h)
{
	uint8_t *again = malloc(IP4_HLEN);
	uint16_t csum;

	ip4_emit(again, h->tos, be16_get(h->total_len), be16_get(h->id), be16_get(h->frag), h->ttl,
		 h->proto, h->src, h->dst, false);
	FUZZ_CHECK(ip4_check((const void *)again, be16_get(h->total_len), true) == IP4_OK);
	csum = csum_load(((const struct ip4_hdr *)(const void *)again)->csum);
	/* The two zeros are the same checksum to who verifies. */
	FUZZ_CHECK(csum == csum_load(h->csum) || csum_load(h->csum) == 0xffff);
	FUZZ_CHECK(memcmp(again, h, offsetof(struct ip4_hdr, csum)) == 0);
	FUZZ_CHECK(memcmp(again + 12, (const uint8_t *)h + 12, 8) == 0);
	free(again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *p = fuzz_copy(data, size);
	struct ip4_hdr *h = (void *)p;
	enum ip4_error lax = ip4_check(h, size, false), strict = ip4_check(h, size, true);

	FUZZ_CHECK(strict == lax || (lax == IP4_OK && strict == IP4_BAD_CSUM));
	if (lax == IP4_OK) {
		FUZZ_CHECK(ip4_hlen(h) >= IP4_HLEN && ip4_hlen(h) <= be16_get(h->total_len));
		FUZZ_CHECK(be16_get(h->total_len) <= size);
		FUZZ_CHECK(ip4_is_fragment(h) || ip4_frag_offset(h) == 0);
		/* No fuzzer guesses checksums: mend it, and it must be good. */
		csum_store(&h->csum, 0);
		csum_store(&h->csum, csum_finish(csum_add_bytes(0, h, ip4_hlen(h))));
		FUZZ_CHECK(ip4_check(h, size, true) == IP4_OK);
		if (ip4_hlen(h) == IP4_HLEN)
			check_emit(h);
	}
	free(p);
	return 0;
}
