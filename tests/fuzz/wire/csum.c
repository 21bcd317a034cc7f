/* SPDX-License-Identifier: MIT */
/* The twins agree, cut at a point that the first two bytes choose; an update agrees with summing anew. */
#include "libos/wire/csum.h"

#include "tests/fuzz/fuzz.h"

static void check_update(uint8_t *p, size_t len, size_t at)
{
	uint16_t before = csum_finish(csum_add_bytes(0, p, len));
	uint64_t old = csum_add_bytes(0, p + at, 2);
	uint64_t whole;

	p[at] ^= 0x5a;
	p[at + 1] = (uint8_t)(p[at + 1] + 1);
	whole = csum_add_bytes(0, p, len);
	/* A message of nothing but zeros is the one for which the two zeros differ; no protocol has it. */
	if (whole != 0)
		FUZZ_CHECK(csum_update(before, old, csum_add_bytes(0, p + at, 2)) ==
			   csum_finish(whole));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t cut;
	uint8_t *p;
	uint64_t sum;

	if (size < 4)
		return 0;
	cut = load_be16(data) % (size - 1);
	size -= 2;
	p = fuzz_copy(data + 2, size);
	sum = csum_add_bytes_at(csum_add_bytes(0, p, cut), p + cut, size - cut, cut);
	FUZZ_CHECK(csum_fold(sum) == csum_fold(csum_add_bytes_scalar(0, p, size)));
	FUZZ_CHECK(csum_fold(sum) == csum_fold(csum_add_bytes_any(0, p, size)));
	check_update(p, size, cut % (size - 1) & ~(size_t)1);
	free(p);
	return 0;
}
