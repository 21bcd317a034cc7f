/* SPDX-License-Identifier: MIT */
/* Words of the compiler that the whole tree uses, and nothing else. */
#ifndef LIBOS_BASE_COMPILER_H
#define LIBOS_BASE_COMPILER_H

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Both compilers' words for the address sanitizer. */
#if defined(__SANITIZE_ADDRESS__)
#define HAS_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define HAS_ASAN 1
#endif
#endif

#define likely(x) __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)

#define CACHE_LINE 64
#define cache_aligned __attribute__((aligned(CACHE_LINE)))
#define always_inline inline __attribute__((__always_inline__))
#define no_inline __attribute__((__noinline__))
#define cold_path __attribute__((__cold__, __noinline__))
#define must_check __attribute__((warn_unused_result))
#define printf_like(fmt, first) __attribute__((format(printf, fmt, first)))

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

#define container_of(ptr, type, member) ((type *)((char *)(ptr)-offsetof(type, member)))

#define min_t(type, a, b) ((type)(a) < (type)(b) ? (type)(a) : (type)(b))
#define max_t(type, a, b) ((type)(a) > (type)(b) ? (type)(a) : (type)(b))

static always_inline void prefetch_read(const void *p)
{
	__builtin_prefetch(p, 0, 3);
}

static always_inline void prefetch_write(const void *p)
{
	__builtin_prefetch(p, 1, 3);
}

#endif
