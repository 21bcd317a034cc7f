/* SPDX-License-Identifier: MIT */
/*
 * Two hosts of a real-time rack in one thread, a wire without delay between them, and a UDP echo on it: the load of
 * the udp_echo benchmark and of the instruction budget. A round trip is everything that both ends do: array, push,
 * wait, pop, free. What goes wrong ends the program with a sentence.
 */
#ifndef BENCH_UDP_PAIR_H
#define BENCH_UDP_PAIR_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

#include "demi/types.h"
#include "tern/sim.h"

struct udp_end {
	struct tern_sim_host *host;
	struct sockaddr_in addr;
	int qd;
	demi_qtoken_t pop;
};

struct udp_pair {
	struct tern_sim *sim;
	struct udp_end client;
	struct udp_end server;
	uint32_t size;
	uint32_t round;
};

/* Datagrams of @size bytes, at least 4; @offload: checksums are the simulated device's. */
void udp_pair_open(struct udp_pair *pair, uint32_t size, bool offload);

void udp_pair_close(struct udp_pair *pair);

/* Checks the answer too. Never inlined: the instruction budget counts what happens inside. */
void udp_pair_round_trip(struct udp_pair *pair) __attribute__((noinline));

#endif
