/* SPDX-License-Identifier: MIT */
/*
 * What the instruction budget counts: `instruction_budget LOAD N` does N operations of a load. tests/gate/budget.sh runs it
 * under callgrind, which counts only inside the load's own function, and holds the prices against bench/budget.txt.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/udp_pair.h"

static void udp_echo(unsigned long num, uint32_t size, bool offload)
{
	struct udp_pair pair;

	udp_pair_open(&pair, size, offload);
	while (num--)
		udp_pair_round_trip(&pair);
	udp_pair_close(&pair);
}

int main(int argc, char **argv)
{
	unsigned long num = argc == 3 ? strtoul(argv[2], NULL, 10) : 0;

	if (num == 0) {
		fprintf(stderr, "usage: instruction_budget LOAD N, with N at least 1\n");
		return 2;
	}
	if (strcmp(argv[1], "udp_echo_64B") == 0) {
		udp_echo(num, 64, false);
	} else if (strcmp(argv[1], "udp_echo_64B_offload") == 0) {
		udp_echo(num, 64, true);
	} else if (strcmp(argv[1], "udp_echo_1KB") == 0) {
		udp_echo(num, 1024, false);
	} else {
		fprintf(stderr, "instruction_budget: unknown load '%s'\n", argv[1]);
		return 2;
	}
	return 0;
}
