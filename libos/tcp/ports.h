/* SPDX-License-Identifier: MIT */
/*
 * Ephemeral ports by double hashing (RFC 6056, algorithm 4) with random increments (its algorithm 5): where the
 * search begins depends on a keyed hash of both addresses and the remote port, and moves on with a counter that only
 * some destinations share, so that nobody can tell from his own connections which port another one gets, or how many
 * we make. A port comes back late.
 */
#ifndef LIBOS_TCP_PORTS_H
#define LIBOS_TCP_PORTS_H

#include "libos/base/hash.h"
#include "libos/base/rng.h"
#include "libos/tcp/tuple.h"

#define TCP_PORTS_COUNTERS 256
#define TCP_PORTS_MAX_STEP 8 /* increments are 1 to this */

struct tcp_ports {
	struct hash_key offset_key;
	struct hash_key counter_key;
	struct rng rng;
	uint16_t first;
	uint32_t num;
	uint32_t counter[TCP_PORTS_COUNTERS];
};

/* Ports @first to @last, which may be equal. 0, or -EINVAL when there is none or port 0 among them. */
int tcp_ports_init(struct tcp_ports *p, uint16_t first, uint16_t last, uint64_t secret) must_check;

/*
 * Sets tuple->local_port to a port that @is_free agrees to; it is asked with the port filled in, each port at most
 * once, and @arg is its own. 0, or -EADDRNOTAVAIL with the port set to 0 when all are taken.
 */
int tcp_ports_pick(struct tcp_ports *p, struct tcp_tuple *tuple,
		   bool (*is_free)(const struct tcp_tuple *tuple, void *arg), void *arg) must_check;

#endif
