/* SPDX-License-Identifier: MIT */
#include "libos/rack/fiber.h"

#include <stdlib.h>
#include <sys/mman.h>
#include <ucontext.h>

#include "libos/base/bug.h"

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/common_interface_defs.h>
#define ASAN_LEAVE(save, stack, bytes) __sanitizer_start_switch_fiber(save, stack, bytes)
#define ASAN_ARRIVE(save, stack, bytes) __sanitizer_finish_switch_fiber(save, stack, bytes)
#else
#define ASAN_LEAVE(save, stack, bytes) ((void)(save), (void)(stack), (void)(bytes))
#define ASAN_ARRIVE(save, stack, bytes) ((void)(save), (void)(stack), (void)(bytes))
#endif

/* Mapped, not touched: ten thousand of them cost address space. The lowest page is a guard. */
#define STACK_BYTES (256ul << 10)
#define GUARD_BYTES 4096ul

struct fiber {
	ucontext_t self;
	ucontext_t resumer;
	void *stack;
	void *asan_self; /* shadow stacks, for the sanitizer */
	void *asan_resumer;
	const void *resumer_stack;
	size_t resumer_bytes;
	int (*program)(void *arg);
	void *arg;
	int status;
	bool returned;
};

static _Thread_local struct fiber *running;

/* First frame of every fiber. */
static void enter(void)
{
	struct fiber *f = running;

	ASAN_ARRIVE(NULL, &f->resumer_stack, &f->resumer_bytes);
	f->status = f->program(f->arg);
	f->returned = true;
	running = NULL;
	ASAN_LEAVE(NULL, f->resumer_stack, f->resumer_bytes);
	setcontext(&f->resumer);
}

/* In a function of its own: getcontext returns twice, and nothing may live in registers across it. */
static bool prepare_context(struct fiber *f)
{
	if (getcontext(&f->self) != 0)
		return false;
	f->self.uc_stack.ss_sp = f->stack;
	f->self.uc_stack.ss_size = STACK_BYTES;
	makecontext(&f->self, enter, 0);
	return true;
}

struct fiber *fiber_new_or_null(int (*program)(void *arg), void *arg)
{
	struct fiber *f = calloc(1, sizeof(*f));

	if (!f)
		return NULL;
	f->program = program;
	f->arg = arg;
	f->stack = mmap(NULL, STACK_BYTES, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (f->stack == MAP_FAILED) {
		free(f);
		return NULL;
	}
	if (mprotect(f->stack, GUARD_BYTES, PROT_NONE) != 0 || !prepare_context(f)) {
		fiber_free(f);
		return NULL;
	}
	return f;
}

void fiber_free(struct fiber *f)
{
	BUG_ON(f == running);
	munmap(f->stack, STACK_BYTES);
	free(f);
}

void fiber_resume(struct fiber *f)
{
	BUG_ON(running || f->returned);
	running = f;
	ASAN_LEAVE(&f->asan_resumer, f->stack, STACK_BYTES);
	swapcontext(&f->resumer, &f->self);
	ASAN_ARRIVE(f->asan_resumer, NULL, NULL);
}

void fiber_yield(void)
{
	struct fiber *f = running;

	BUG_ON(!f);
	running = NULL;
	ASAN_LEAVE(&f->asan_self, f->resumer_stack, f->resumer_bytes);
	swapcontext(&f->self, &f->resumer);
	ASAN_ARRIVE(f->asan_self, &f->resumer_stack, &f->resumer_bytes);
}

struct fiber *fiber_running_or_null(void)
{
	return running;
}

bool fiber_has_returned(const struct fiber *f, int *status)
{
	if (f->returned)
		*status = f->status;
	return f->returned;
}
