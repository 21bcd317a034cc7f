/* SPDX-License-Identifier: MIT */
/* Listeners. */
#ifndef LIBOS_TCP_LISTEN_H
#define LIBOS_TCP_LISTEN_H

#include "libos/tcp/conn.h"

/* Who listens at the local end of @tuple, a specific address before any. */
struct tcp_listener *tcp_listener_find_or_null(struct tcp *tcp, const struct tcp_tuple *tuple);

/* A segment for no connection (RFC 9293 3.10.7.2). */
void tcp_listener_input(struct tcp_listener *l, const struct tcp_tuple *tuple, struct tcp_in *in);

/* @c is established: on to the list of those to be accepted. */
void tcp_listener_on_established(struct tcp_conn *c);

/* @c dies before anybody has accepted it: off the lists. */
void tcp_listener_forget(struct tcp_conn *c);

#endif
