/* SPDX-License-Identifier: MIT */
/*
 * Two loops and one tail. Short inputs (headers, small datagrams) take a chain of add-with-carry, the fewest
 * instructions there are. Long inputs are all throughput: AVX2 with 64-bit lanes, in which the sum
 * of whole words W (wrapping) and the sum of their upper halves H (which cannot wrap) give the sum of all 32-bit
 * halves as W - (H << 32) + H: three operations a vector.
 */
#include "libos/wire/csum.h"

#ifdef __AVX2__
#include <immintrin.h>
#endif

static always_inline uint64_t load_below_8(const uint8_t *p, size_t len)
{
	uint64_t word = 0;

	if (len & 4) {
		uint32_t w;

		memcpy(&w, p, sizeof(w));
		word = w;
		p += 4;
	}
	if (len & 2) {
		uint16_t w;

		memcpy(&w, p, sizeof(w));
		word += w;
		p += 2;
	}
	if (len & 1)
		word += *p;
	return word;
}

static always_inline uint64_t add_scalar(uint64_t sum, const uint8_t *p, size_t len)
{
	if (unlikely(len < 8))
		return csum_add(sum, load_below_8(p, len));
	return csum_add_short(sum, p, len);
}

uint64_t csum_add_bytes_scalar(uint64_t sum, const void *data, size_t len)
{
	return add_scalar(sum, data, len);
}

#ifdef __AVX2__

#define VEC sizeof(__m256i)

struct lanes {
	__m256i words;
	__m256i uppers;
};

static always_inline struct lanes lanes_load(struct lanes l, const uint8_t *p)
{
	__m256i v = _mm256_loadu_si256((const __m256i *)(const void *)p);

	l.words = _mm256_add_epi64(l.words, v);
	l.uppers = _mm256_add_epi64(l.uppers, _mm256_srli_epi64(v, 32));
	return l;
}

/* Lane sums stay below 2^64 up to 2^31 vectors: 64 GB. */
static always_inline uint64_t lanes_sum(struct lanes l)
{
	__m256i v = _mm256_add_epi64(_mm256_sub_epi64(l.words, _mm256_slli_epi64(l.uppers, 32)),
				     l.uppers);
	__m128i h = _mm_add_epi64(_mm256_castsi256_si128(v), _mm256_extracti128_si256(v, 1));

	return (uint64_t)_mm_cvtsi128_si64(h) + (uint64_t)_mm_extract_epi64(h, 1);
}

static uint64_t add_simd(uint64_t sum, const uint8_t *p, size_t len)
{
	struct lanes l0 = { _mm256_setzero_si256(), _mm256_setzero_si256() };
	struct lanes l1 = l0;

	for (size_t blocks = len / (4 * VEC); blocks > 0; blocks--, p += 4 * VEC) {
		l0 = lanes_load(l0, p);
		l1 = lanes_load(l1, p + VEC);
		l0 = lanes_load(l0, p + 2 * VEC);
		l1 = lanes_load(l1, p + 3 * VEC);
	}
	if (len & (2 * VEC)) {
		l0 = lanes_load(l0, p);
		l1 = lanes_load(l1, p + VEC);
		p += 2 * VEC;
	}
	sum = csum_add_short(sum, p, len & (2 * VEC - 1));
	l0.words = _mm256_add_epi64(l0.words, l1.words);
	l0.uppers = _mm256_add_epi64(l0.uppers, l1.uppers);
	return csum_add(sum, lanes_sum(l0));
}

uint64_t csum_add_bytes_any(uint64_t sum, const void *data, size_t len)
{
	if (len >= CSUM_SIMD_MIN)
		return add_simd(sum, data, len);
	return add_scalar(sum, data, len);
}

#else

uint64_t csum_add_bytes_any(uint64_t sum, const void *data, size_t len)
{
	return add_scalar(sum, data, len);
}

#endif
