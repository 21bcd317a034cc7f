/* SPDX-License-Identifier: MIT */
#include "libos/base/bug.h"

#include <stdio.h>
#include <stdlib.h>

void bug_abort(const char *file, int line, const char *func, const char *what)
{
	fprintf(stderr, "tern: BUG at %s:%d in %s: %s\n", file, line, func, what);
	abort();
}
