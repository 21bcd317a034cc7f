/* SPDX-License-Identifier: MIT */
/* The flow table against a list: additions, removals and look-ups in random order, up to what it is made for. */
#include "libos/tcp/table.h"

#include <criterion/criterion.h>
#include <stdlib.h>

#include "libos/base/rng.h"

#define NUM 4096
#define STEPS 40000

static struct tcp_conn *conns;
static bool is_in[NUM];

static void set_tuple(struct tcp_conn *c, uint32_t i)
{
	c->tuple =
		(struct tcp_tuple){ .local_port = (uint16_t)(i % 7), .remote_port = (uint16_t)i };
	c->tuple.remote.b[15] = (uint8_t)(i >> 4);
}

static void check_all(const struct tcp_table *t)
{
	for (uint32_t i = 0; i < NUM; i++)
		cr_assert_eq(tcp_table_find_or_null(t, &conns[i].tuple),
			     is_in[i] ? &conns[i] : NULL, "%u", i);
}

Test(tcp_conn_table, random_order)
{
	struct tcp_table t;
	struct rng rng;

	conns = calloc(NUM, sizeof(*conns));
	cr_assert_not_null(conns);
	rng_init(&rng, 42);
	cr_assert_eq(tcp_table_init(&t, NUM, hash_key_from_seed(1)), 0);
	for (uint32_t i = 0; i < NUM; i++)
		set_tuple(&conns[i], i);
	for (unsigned step = 0; step < STEPS; step++) {
		uint32_t i = (uint32_t)rng_below(&rng, NUM);

		/* Mostly full, so that buckets overflow. */
		if (!is_in[i]) {
			tcp_table_add(&t, &conns[i]);
			is_in[i] = true;
		} else if (rng_below(&rng, 8) == 0) {
			tcp_table_del(&t, &conns[i]);
			is_in[i] = false;
		}
		if (step % 4000 == 0)
			check_all(&t);
	}
	check_all(&t);
	for (uint32_t i = 0; i < NUM; i++) {
		if (is_in[i])
			tcp_table_del(&t, &conns[i]);
		is_in[i] = false;
	}
	check_all(&t);
	cr_assert_eq(t.num, 0);
	tcp_table_fini(&t);
	free(conns);
}
