/* SPDX-License-Identifier: MIT */
/*
 * What the demi_ functions share. This layer checks arguments and turns -errno into errno; everything else is below.
 * Order of checks: library up (ENOSYS), pointers (EINVAL), descriptor (EBADF), values.
 */
#ifndef LIBOS_API_API_H
#define LIBOS_API_API_H

#include <errno.h>

#include "demi/libos.h"
#include "demi/sga.h"
#include "demi/wait.h"
#include "libos/queue/runtime.h"
#include "libos/queue/sga.h"

static always_inline struct runtime *api_runtime_or_null(void)
{
	return runtime_current;
}

/* 0 and the queue behind @qd, or a positive errno. */
static always_inline int api_queue(int qd, struct runtime **rt, struct queue **q)
{
	*rt = runtime_current;
	*q = NULL;
	if (unlikely(!*rt))
		return ENOSYS;
	*q = queue_lookup_or_null(&(*rt)->queues, qd);
	return likely(*q != NULL) ? 0 : EBADF;
}

#endif
