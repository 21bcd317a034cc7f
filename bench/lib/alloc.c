/* SPDX-License-Identifier: MIT */
/*
 * Defines malloc and its kin in the program itself, ahead of the C library, so that every caller outside of the C
 * library is seen, shared libraries included; the work is done by glibc's own functions under their other names,
 * and free is left alone. A zero is only a finding if the counter can count: bench_count_allocs proves it each time.
 */
#include <errno.h>
#include <malloc.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "bench/lib/count.h"
#include "libos/base/bug.h"

#ifndef __has_feature
#define __has_feature(x) 0
#endif

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) ||                               \
	__has_feature(address_sanitizer) || __has_feature(thread_sanitizer)

int64_t bench_count_allocs(bench_fn fn, void *arg)
{
	return -ENOTSUP;
}

#else

/* These names are the C library's: to stand in front of it is the purpose. */
/* NOLINTBEGIN(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp,readability-inconsistent-declaration-parameter-name) */

static atomic_uint_fast64_t allocs;

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t num, size_t size);
void *__libc_realloc(void *p, size_t size);
void *__libc_memalign(size_t align, size_t size);

static void count(void)
{
	atomic_fetch_add_explicit(&allocs, 1, memory_order_relaxed);
}

void *malloc(size_t size)
{
	count();
	return __libc_malloc(size);
}

void *calloc(size_t num, size_t size)
{
	count();
	return __libc_calloc(num, size);
}

void *realloc(void *p, size_t size)
{
	count();
	return __libc_realloc(p, size);
}

void *reallocarray(void *p, size_t num, size_t size)
{
	size_t bytes;

	count();
	if (__builtin_mul_overflow(num, size, &bytes)) {
		errno = ENOMEM;
		return NULL;
	}
	return __libc_realloc(p, bytes);
}

void *memalign(size_t align, size_t size)
{
	count();
	return __libc_memalign(align, size);
}

void *aligned_alloc(size_t align, size_t size)
{
	count();
	return __libc_memalign(align, size);
}

int posix_memalign(void **out, size_t align, size_t size)
{
	void *p;

	count();
	if (align < sizeof(void *) || (align & (align - 1)))
		return EINVAL;
	p = __libc_memalign(align, size);
	if (!p)
		return ENOMEM;
	*out = p;
	return 0;
}

/* With 64-bit off_t the library's mmap and mmap64 are one; a header may send callers to either. */
#undef mmap
#undef mmap64
void *mmap(void *addr, size_t len, int prot, int flags, int fd, off_t off)
{
	count();
	return (void *)syscall(SYS_mmap, addr, len, prot, flags, fd, off);
}

void *mmap64(void *addr, size_t len, int prot, int flags, int fd, off64_t off)
{
	count();
	return (void *)syscall(SYS_mmap, addr, len, prot, flags, fd, off);
}

/* NOLINTEND(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp,readability-inconsistent-declaration-parameter-name) */

int64_t bench_count_allocs(bench_fn fn, void *arg)
{
	uint64_t before = atomic_load(&allocs);
	void *volatile probe = malloc(1);

	BUG_ON(atomic_load(&allocs) != before + 1);
	free(probe);
	before = atomic_load(&allocs);
	fn(arg);
	return (int64_t)(atomic_load(&allocs) - before);
}

#endif
