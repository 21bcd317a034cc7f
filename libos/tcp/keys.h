/* SPDX-License-Identifier: MIT */
/*
 * The key that cookies are made with, and one more that is also believed. On a single server tcp_keys_rotate does.
 * Servers that accept each other's cookies rotate in two steps: tcp_keys_install on all of them, and only then
 * tcp_keys_promote, so that nobody meets a cookie whose key he has not got yet.
 */
#ifndef LIBOS_TCP_KEYS_H
#define LIBOS_TCP_KEYS_H

#include "libos/base/hash.h"

struct tcp_keys {
	struct hash_key key[2]; /* the first one makes */
	unsigned num;           /* 1 or 2 */
};

static inline void tcp_keys_init(struct tcp_keys *k, struct hash_key key)
{
	*k = (struct tcp_keys){ .key = { key }, .num = 1 };
}

/* The key until now is still believed, the one before is forgotten. */
static inline void tcp_keys_rotate(struct tcp_keys *k, struct hash_key key)
{
	k->key[1] = k->key[0];
	k->key[0] = key;
	k->num = 2;
}

/* Believes @key as well, instead of the other one so far. */
static inline void tcp_keys_install(struct tcp_keys *k, struct hash_key key)
{
	k->key[1] = key;
	k->num = 2;
}

/* Makes with the installed key from now on; the one until now is still believed. No-op without one. */
static inline void tcp_keys_promote(struct tcp_keys *k)
{
	struct hash_key was = k->key[0];

	if (k->num < 2)
		return;
	k->key[0] = k->key[1];
	k->key[1] = was;
}

#endif
