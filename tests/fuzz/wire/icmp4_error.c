/* SPDX-License-Identifier: MIT */
#include "libos/wire/icmp.h"
#include "libos/wire/ip4.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *p = fuzz_copy(data, size);
	struct icmp_error e;

	if (icmp4_parse_error(p, size, &e)) {
		const uint8_t *l4 = p + ICMP_HLEN + (p[ICMP_HLEN] & 15) * 4;

		FUZZ_CHECK(l4 + 8 <= p + size);
		FUZZ_CHECK(e.kind <= ICMP_ERR_PARAM_PROBLEM);
		FUZZ_CHECK(e.mtu == 0 || e.kind == ICMP_ERR_TOO_BIG);
		FUZZ_CHECK(e.proto == IP_PROTO_UDP || e.proto == IP_PROTO_TCP);
		FUZZ_CHECK(ipaddr_is_v4(&e.src) && ipaddr_is_v4(&e.dst));
		FUZZ_CHECK(e.sport == load_be16(l4) && e.dport == load_be16(l4 + 2));
		FUZZ_CHECK(e.tcp_seq == (e.proto == IP_PROTO_TCP ? load_be32(l4 + 4) : 0));
		FUZZ_CHECK(e.quoted_len <= UINT16_MAX);
	}
	free(p);
	return 0;
}
