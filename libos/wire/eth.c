/* SPDX-License-Identifier: MIT */
#include "libos/wire/eth.h"

#include <errno.h>

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

int mac_parse(const char *text, struct mac *out)
{
	struct mac m;

	for (int i = 0; i < ETH_ALEN; i++, text += 3) {
		int high = hex_digit(text[0]);
		int low = high < 0 ? -1 : hex_digit(text[1]);

		if (low < 0 || text[2] != (i == ETH_ALEN - 1 ? '\0' : ':'))
			return -EINVAL;
		m.b[i] = (uint8_t)(high << 4 | low);
	}
	*out = m;
	return 0;
}

const char *mac_format(const struct mac *m, char out[MAC_STRLEN])
{
	static const char digits[] = "0123456789abcdef";

	for (int i = 0; i < ETH_ALEN; i++) {
		out[3 * i] = digits[m->b[i] >> 4];
		out[3 * i + 1] = digits[m->b[i] & 15];
		out[3 * i + 2] = i == ETH_ALEN - 1 ? '\0' : ':';
	}
	return out;
}
