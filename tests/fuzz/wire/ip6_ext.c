/* SPDX-License-Identifier: MIT */
/* The input is a whole IPv6 packet; only the version and the length are mended. */
#include "libos/wire/ip6.h"

#include "tests/fuzz/fuzz.h"

static void check_verdict(const uint8_t *p, size_t size, enum ip6_ext_verdict v,
			  const struct ip6_ext *e)
{
	switch (v) {
	case IP6_EXT_OK:
		FUZZ_CHECK(e->offset >= IP6_HLEN && e->offset <= size && e->offset % 8 == 0);
		FUZZ_CHECK(e->prev_next < e->offset && p[e->prev_next] == e->proto);
		FUZZ_CHECK(e->proto != IP6_NEXT_HOPOPTS && e->proto != IP6_NEXT_DSTOPTS &&
			   e->proto != IP6_NEXT_ROUTING);
		if (e->proto == IP6_NEXT_FRAGMENT)
			FUZZ_CHECK(e->offset + sizeof(struct ip6_frag_hdr) <= size);
		break;
	case IP6_EXT_BAD_OPTION:
		FUZZ_CHECK(e->pointer >= IP6_HLEN + 2 && e->pointer < size);
		FUZZ_CHECK(p[e->pointer] >> 6 == (e->report_multicast ? 2 : 3));
		break;
	case IP6_EXT_BAD_ROUTING:
		FUZZ_CHECK(e->pointer + 1 < size && p[e->pointer + 1] != 0);
		break;
	case IP6_EXT_BAD_ORDER:
		FUZZ_CHECK(e->pointer < size && p[e->pointer] == IP6_NEXT_HOPOPTS);
		break;
	case IP6_EXT_TRUNCATED:
	case IP6_EXT_DROP:
	case IP6_EXT_TOO_LONG:
		break;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *p = fuzz_copy(data, size);
	struct ip6_hdr *h = (void *)p;
	struct ip6_ext e;

	FUZZ_CHECK(ip6_check(h, size) != IP6_OK || IP6_HLEN + be16_get(h->payload_len) <= size);
	if (size >= IP6_HLEN && size <= IP6_HLEN + UINT16_MAX) {
		p[0] = 0x60;
		h->payload_len = be16((uint16_t)(size - IP6_HLEN));
		FUZZ_CHECK(ip6_check(h, size) == IP6_OK);
		check_verdict(p, size, ip6_walk_ext(h, size, &e), &e);
	}
	free(p);
	return 0;
}
