/* SPDX-License-Identifier: MIT */
/* Counting what a fast path must not do: allocate, and enter the kernel. */
#ifndef BENCH_LIB_COUNT_H
#define BENCH_LIB_COUNT_H

#include "libos/base/compiler.h"

typedef void (*bench_fn)(void *arg);

/*
 * Memory requests (malloc and its kin, mmap) made while @fn(@arg) runs, by any thread, from any library except
 * the C library itself; -ENOTSUP in a sanitizer's build, where the sanitizer owns malloc.
 */
int64_t bench_count_allocs(bench_fn fn, void *arg);

/*
 * System calls that @fn(@arg) makes, run in a forked copy of the calling thread that is traced meanwhile: what it
 * does to memory is lost, and its threads, if it starts any, do not count. Calls that the vDSO serves are none.
 * Negative errno: -EPERM, -ENOSYS and the like where tracing is not allowed, -ECHILD when @fn did not return.
 */
int64_t bench_count_syscalls(bench_fn fn, void *arg);

#endif
