/* SPDX-License-Identifier: MIT */
/*
 * Counting system calls by ptrace: a forked child asks to be traced, runs the function between two calls of a number
 * that no kernel has, and the parent counts the stops in between. Exact, needs no privilege, and far too slow to
 * measure time with: count and clock in separate runs.
 */
#include <errno.h>
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench/lib/count.h"

#define MARKER 0x7e48a11L

#define SYSCALL_STOP (SIGTRAP | 0x80)

static _Noreturn void run_child(bench_fn fn, void *arg)
{
	if (ptrace(PTRACE_TRACEME, 0, NULL, NULL))
		_exit(errno);
	raise(SIGSTOP);
	syscall(MARKER);
	fn(arg);
	syscall(MARKER);
	_exit(0);
}

/* Lets @pid run to its next stop. 0, or -ECHILD when it has ended; @status as of waitpid. */
static int step(pid_t pid, int sig, int *status)
{
	if (ptrace(PTRACE_SYSCALL, pid, NULL, (long)sig))
		return -errno;
	while (waitpid(pid, status, 0) < 0) {
		if (errno != EINTR)
			return -errno;
	}
	return WIFSTOPPED(*status) ? 0 : -ECHILD;
}

static int64_t count_stops(pid_t pid)
{
	unsigned markers = 0;
	bool entering = true;
	int64_t count = 0;
	int sig = 0;

	if (ptrace(PTRACE_SETOPTIONS, pid, NULL, PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL))
		return -errno;
	while (markers < 2) {
		struct user_regs_struct regs;
		int status = 0, rc;

		rc = step(pid, sig, &status);
		if (rc)
			return rc;
		sig = WSTOPSIG(status);
		if (sig != SYSCALL_STOP)
			continue;
		sig = 0;
		if (entering) {
			if (ptrace(PTRACE_GETREGS, pid, NULL, &regs))
				return -errno;
			if ((long)regs.orig_rax == MARKER)
				markers++;
			else if (markers)
				count++;
		}
		entering = !entering;
	}
	return count;
}

int64_t bench_count_syscalls(bench_fn fn, void *arg)
{
	int status;
	int64_t count;
	pid_t pid = fork();

	if (pid < 0)
		return -errno;
	if (!pid)
		run_child(fn, arg);
	if (waitpid(pid, &status, 0) != pid)
		return -errno;
	if (!WIFSTOPPED(status))
		return WIFEXITED(status) ? -WEXITSTATUS(status) : -ECHILD;
	count = count_stops(pid);
	kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
	return count;
}
