/* SPDX-License-Identifier: MIT */
/*
 * A program with a stack of its own that runs until it yields: how applications that block in demi_wait share one
 * thread in the simulator. Not for the data path: a switch saves the signal mask, a system call.
 */
#ifndef LIBOS_RACK_FIBER_H
#define LIBOS_RACK_FIBER_H

#include "libos/base/compiler.h"

struct fiber;

/* Does not start it. NULL when memory is out. */
struct fiber *fiber_new_or_null(int (*program)(void *arg), void *arg);

/* Its stack goes, wherever it stood: what it held is not released. */
void fiber_free(struct fiber *f);

/* Runs @f until it yields or returns; not from within a fiber. */
void fiber_resume(struct fiber *f);

/* Back to whoever resumed the running fiber. */
void fiber_yield(void);

/* The fiber that is running, or NULL. */
struct fiber *fiber_running_or_null(void);

/* Has the program returned, and what? */
bool fiber_has_returned(const struct fiber *f, int *status);

#endif
