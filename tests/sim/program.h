/* SPDX-License-Identifier: MIT */
/*
 * What programs on simulated hosts have in common. Checks inside a program count failures instead of leaving it by
 * a jump, which would be one across stacks; the test asserts on the program's exit status.
 */
#ifndef TESTS_SIM_PROGRAM_H
#define TESTS_SIM_PROGRAM_H

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "demi/libos.h"
#include "demi/sga.h"
#include "demi/wait.h"
#include "tern/sim.h"
#include "tern/socket.h"

#define SEC 1000000000ull
#define MS 1000000ull
#define US 1000ull

/* In a program: stop with status 1 and say where. */
#define must(cond)                                                                                 \
	do {                                                                                       \
		if (!(cond)) {                                                                     \
			fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #cond);         \
			return 1;                                                                  \
		}                                                                                  \
	} while (0)

static inline struct sockaddr_in v4_addr(const char *ip, uint16_t port)
{
	struct sockaddr_in sin = { .sin_family = AF_INET, .sin_port = htons(port) };

	inet_pton(AF_INET, ip, &sin.sin_addr);
	return sin;
}

static inline struct timespec after_ns(uint64_t ns)
{
	return (struct timespec){ (time_t)(ns / SEC), (long)(ns % SEC) };
}

static inline int start_program(void)
{
	struct demi_args args = { 0 };

	return demi_init(&args);
}

static inline int open_udp(const char *ip, uint16_t port, int *qd)
{
	struct sockaddr_in local = v4_addr(ip, port);
	int err = demi_socket(qd, AF_INET, SOCK_DGRAM, 0);

	return err ? err : demi_bind(*qd, (struct sockaddr *)&local, sizeof(local));
}

static inline uint64_t stat_of(const char *module, const char *name)
{
	demi_stat_t stats[512];
	int num;

	if (demi_stats(stats, 512, &num) != 0)
		return UINT64_MAX;
	for (int i = 0; i < num && i < 512; i++) {
		if (strcmp(stats[i].module, module) == 0 && strcmp(stats[i].name, name) == 0)
			return stats[i].value;
	}
	return UINT64_MAX;
}

/* The rack runs and every host's program returns 0. */
static inline void run_to_the_end(struct tern_sim *sim, struct tern_sim_host **hosts, unsigned num)
{
	int err = tern_sim_run(sim, 3600 * SEC);

	cr_assert_eq(err, 0, "the rack stopped: %s", strerror(err));
	for (unsigned i = 0; i < num; i++) {
		int status = -1;

		cr_assert_eq(tern_sim_exit_status(hosts[i], &status), 0);
		cr_assert_eq(status, 0, "host %u", i);
	}
}

#endif
