/* SPDX-License-Identifier: MIT */
/* Addresses as text: what is accepted comes out again the same. */
#include "libos/base/ipaddr.h"
#include "libos/wire/eth.h"
#include "tests/fuzz/fuzz.h"

static void check_mac(const char *text)
{
	struct mac m, back;
	char out[MAC_STRLEN];

	if (mac_parse(text, &m) != 0)
		return;
	FUZZ_CHECK(strlen(text) == MAC_STRLEN - 1);
	FUZZ_CHECK(strlen(mac_format(&m, out)) == MAC_STRLEN - 1);
	FUZZ_CHECK(mac_parse(out, &back) == 0 && mac_equal(&m, &back));
}

static void check_ip(const char *text)
{
	struct ipaddr a, back;
	char out[IPADDR_STRLEN];

	if (ipaddr_parse(text, &a) != 0)
		return;
	FUZZ_CHECK(strlen(ipaddr_format(&a, out)) < IPADDR_STRLEN);
	FUZZ_CHECK(ipaddr_parse(out, &back) == 0 && ipaddr_equal(&a, &back));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);

	if (size > 0)
		memcpy(text, data, size);
	text[size] = '\0';
	text = realloc(text, strlen(text) + 1);
	BUG_ON(!text);
	check_mac(text);
	check_ip(text);
	free(text);
	return 0;
}
