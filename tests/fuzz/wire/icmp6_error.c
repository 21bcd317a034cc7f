/* SPDX-License-Identifier: MIT */
#include "libos/wire/icmp.h"
#include "libos/wire/ip4.h"
#include "libos/wire/ip6.h"
#include "tests/fuzz/fuzz.h"

/* Do the ports and the sequence number of @e stand somewhere behind the quoted fixed header? */
static bool quotes_it(const uint8_t *p, size_t size, const struct icmp_error *e)
{
	for (size_t at = ICMP_HLEN + IP6_HLEN; at + 8 <= size; at += 8) {
		if (load_be16(p + at) == e->sport && load_be16(p + at + 2) == e->dport &&
		    (e->proto != IP_PROTO_TCP || load_be32(p + at + 4) == e->tcp_seq))
			return true;
	}
	return false;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *p = fuzz_copy(data, size);
	struct icmp_error e;

	if (icmp6_parse_error(p, size, &e)) {
		FUZZ_CHECK(e.kind <= ICMP_ERR_PARAM_PROBLEM);
		FUZZ_CHECK(e.mtu == 0 || e.kind == ICMP_ERR_TOO_BIG);
		FUZZ_CHECK(e.proto == IP_PROTO_UDP || e.proto == IP_PROTO_TCP);
		FUZZ_CHECK(!ipaddr_is_v4(&e.src) && !ipaddr_is_v4(&e.dst));
		FUZZ_CHECK(memcmp(e.src.b, p + ICMP_HLEN + 8, 16) == 0);
		FUZZ_CHECK(memcmp(e.dst.b, p + ICMP_HLEN + 24, 16) == 0);
		FUZZ_CHECK(e.proto == IP_PROTO_TCP || e.tcp_seq == 0);
		FUZZ_CHECK(quotes_it(p, size, &e));
	}
	free(p);
	return 0;
}
