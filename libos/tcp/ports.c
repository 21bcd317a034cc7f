/* SPDX-License-Identifier: MIT */
#include "libos/tcp/ports.h"

#include <errno.h>

int tcp_ports_init(struct tcp_ports *p, uint16_t first, uint16_t last, uint64_t secret)
{
	if (first == 0 || last < first)
		return -EINVAL;
	*p = (struct tcp_ports){ .first = first, .num = last - first + 1u };
	rng_init(&p->rng, secret);
	p->offset_key = hash_key_from_seed(rng_next(&p->rng));
	p->counter_key = hash_key_from_seed(rng_next(&p->rng));
	for (unsigned i = 0; i < TCP_PORTS_COUNTERS; i++)
		p->counter[i] = (uint32_t)rng_next(&p->rng);
	return 0;
}

int tcp_ports_pick(struct tcp_ports *p, struct tcp_tuple *tuple,
		   bool (*is_free)(const struct tcp_tuple *tuple, void *arg), void *arg)
{
	uint32_t offset, *counter, start;

	tuple->local_port = 0;
	offset = (uint32_t)hash_siphash24(&p->offset_key, tuple, sizeof(*tuple));
	counter = &p->counter[hash_siphash24(&p->counter_key, tuple, sizeof(*tuple)) %
			      TCP_PORTS_COUNTERS];
	start = (uint32_t)(((uint64_t)offset + *counter) % p->num);
	for (uint32_t i = 0; i < p->num; i++) {
		tuple->local_port = (uint16_t)(p->first + (start + i) % p->num);
		if (is_free(tuple, arg)) {
			*counter += i + 1 + (uint32_t)rng_below(&p->rng, TCP_PORTS_MAX_STEP);
			return 0;
		}
	}
	tuple->local_port = 0;
	return -EADDRNOTAVAIL;
}
