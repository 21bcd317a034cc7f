/* SPDX-License-Identifier: MIT */
#include "libos/wire/eth.h"

#include <errno.h>

#include "tests/unit/wire/guard.h"

static const struct mac sample = { { 0x02, 0x00, 0xab, 0xcd, 0xef, 0x19 } };

Test(eth, mac_text_round_trips)
{
	char out[MAC_STRLEN];
	struct mac m;

	cr_assert_str_eq(mac_format(&sample, out), "02:00:ab:cd:ef:19");
	cr_assert_eq(mac_parse(out, &m), 0);
	cr_assert(mac_equal(&m, &sample));
	cr_assert_eq(mac_parse("02:00:AB:CD:eF:19", &m), 0);
	cr_assert(mac_equal(&m, &sample));
}

Test(eth, mac_nonsense_is_refused_and_changes_nothing)
{
	static const char *const texts[] = {
		"",
		"02",
		"02:00:ab:cd:ef",
		"02:00:ab:cd:ef:",
		"02:00:ab:cd:ef:1",
		"02:00:ab:cd:ef:19:",
		"02:00:ab:cd:ef:190",
		"02:00:ab:cd:ef:1g",
		"0:00:ab:cd:ef:19",
		" 02:00:ab:cd:ef:19",
		"02-00-ab-cd-ef-19",
		"0200abcdef19",
		"02:00:ab:cd:ef:@1",
		"02:00:ab:cd:ef:/1",
		"02:00:ab:cd:ef:1\x10",
		"02:00:ab:cd:ef:\xc1\xc1",
	};

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		struct mac m = sample;

		cr_assert_eq(mac_parse(texts[i], &m), -EINVAL, "%s", texts[i]);
		cr_assert(mac_equal(&m, &sample));
	}
}

Test(eth, mac_parse_stops_at_the_end_of_the_text)
{
	static const char text[] = "02:00:ab:cd:ef:19";
	struct mac m;

	for (size_t len = 0; len < sizeof(text) - 1; len++) {
		char *p = (char *)guard_end() - len - 1;

		memcpy(p, text, len);
		p[len] = '\0';
		cr_assert_eq(mac_parse(p, &m), -EINVAL, "%s", p);
	}
}

Test(eth, kinds_of_mac)
{
	struct mac zero = { { 0 } }, all = mac_broadcast();
	struct mac multicast = { { 0x33, 0x33, 0, 0, 0, 1 } };

	cr_assert(mac_is_zero(&zero) && !mac_is_zero(&sample));
	cr_assert(mac_is_group(&all) && mac_is_group(&multicast) && !mac_is_group(&sample));
	cr_assert(!mac_equal(&all, &multicast));
}

Test(eth, header_bytes)
{
	static const uint8_t want[] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02,
					0x00, 0xab, 0xcd, 0xef, 0x19, 0x86, 0xdd };
	uint8_t *p = guard_end() - ETH_HLEN;
	struct mac all = mac_broadcast();

	eth_emit(p, &all, &sample, ETH_TYPE_IP6);
	cr_assert_arr_eq(p, want, sizeof(want));
}
