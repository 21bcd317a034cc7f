/* SPDX-License-Identifier: MIT */
/*
 * A router between two simulated hosts, whose links may have different MTUs: what path MTU discovery needs to be
 * tested against. It forwards IPv4 and IPv6, counts down TTLs, and answers what does not fit with "fragmentation
 * needed" or "packet too big". It resolves nothing: hosts have it as a static neighbour, and it knows them.
 */
#ifndef TESTS_LIB_ROUTER_H
#define TESTS_LIB_ROUTER_H

#include "libos/base/ipaddr.h"
#include "libos/dev/sim/port.h"
#include "libos/wire/eth.h"

struct router_side {
	struct sim_port port;
	struct ipaddr addr4; /* ours: source of the errors we send */
	struct ipaddr addr6;
	struct mac host; /* whom this side leads to */
	uint32_t mtu;
};

struct router {
	struct sim_node node;
	struct buf_pool *pool;
	struct router_side side[2];
	unsigned forwarded;
	unsigned too_big;
};

/* Sides 0 and 1 still have to be connected; the fields of struct router_side but for the port are the caller's. */
void router_init(struct router *r, struct sim *sim, struct buf_pool *pool);

/* The MAC of the router's @side. */
struct mac router_mac(const struct router *r, unsigned side);

#endif
