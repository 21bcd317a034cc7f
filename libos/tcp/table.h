/* SPDX-License-Identifier: MIT */
/* The flow table: from addresses and ports to the connection. How it works stands in table.c. */
#ifndef LIBOS_TCP_TABLE_H
#define LIBOS_TCP_TABLE_H

#include "libos/tcp/conn.h"

/* Room for @max_conns, for good. 0 or -ENOMEM. */
int tcp_table_init(struct tcp_table *t, uint32_t max_conns, struct hash_key key) must_check;

void tcp_table_fini(struct tcp_table *t);

struct tcp_conn *tcp_table_find_or_null(const struct tcp_table *t, const struct tcp_tuple *tuple);

/* There must be no such tuple yet, and fewer than max_conns connections. */
void tcp_table_add(struct tcp_table *t, struct tcp_conn *c);

/* @c must be there. */
void tcp_table_del(struct tcp_table *t, struct tcp_conn *c);

/* Calls @end, which must remove its connection, for each. */
void tcp_table_drain(struct tcp_table *t, void (*end)(struct tcp_conn *c));

#endif
