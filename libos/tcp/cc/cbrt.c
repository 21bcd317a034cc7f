/* SPDX-License-Identifier: MIT */
/*
 * Digit by digit in base 8, as one extracts a root by hand: with y the root of the digits so far, the next one is 1
 * when (2y + 1)^3 - (2y)^3 = 3 * 2y * (2y + 1) + 1 still fits into what is left. 22 rounds of shift, multiply and
 * compare, no division and no table; CUBIC asks once per congestion event.
 */
#include "libos/tcp/cc/cbrt.h"

uint32_t tcp_cc_cbrt(uint64_t x)
{
	uint64_t y = 0;

	for (int shift = 63; shift >= 0; shift -= 3) {
		uint64_t step;

		y *= 2;
		step = 3 * y * (y + 1) + 1;
		if (x >> shift >= step) {
			x -= step << shift;
			y++;
		}
	}
	return (uint32_t)y;
}
