/* SPDX-License-Identifier: MIT */
/*
 * Our own mistakes. BUG_ON stays in release builds: a library OS that goes on with broken invariants
 * corrupts somebody's connection. DEBUG_BUG_ON is for checks too dear for the hot path; it is compiled
 * (so it cannot rot) but evaluated only where TERN_DEBUG is 1. A peer's fault or a full disk is never a bug.
 */
#ifndef LIBOS_BASE_BUG_H
#define LIBOS_BASE_BUG_H

#include "libos/base/compiler.h"

#ifndef TERN_DEBUG
#define TERN_DEBUG 0
#endif

_Noreturn void bug_abort(const char *file, int line, const char *func, const char *what);

#define BUG_ON(cond)                                                                               \
	do {                                                                                       \
		if (unlikely(cond))                                                                \
			bug_abort(__FILE__, __LINE__, __func__, #cond);                            \
	} while (0)

#define DEBUG_BUG_ON(cond)                                                                         \
	do {                                                                                       \
		if (TERN_DEBUG)                                                                    \
			BUG_ON(cond);                                                              \
	} while (0)

#endif
