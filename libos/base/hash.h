/* SPDX-License-Identifier: MIT */
/*
 * Keyed hashing, so that a peer who chooses addresses and ports cannot choose our hash buckets or guess our
 * sequence numbers. SipHash-2-4 where a secret must not leak (ISN, cookies, fragment ids); SipHash-1-3 for tables.
 */
#ifndef LIBOS_BASE_HASH_H
#define LIBOS_BASE_HASH_H

#include "libos/base/compiler.h"

struct hash_key {
	uint64_t k0;
	uint64_t k1;
};

struct hash_key hash_key_from_seed(uint64_t seed);

uint64_t hash_siphash24(const struct hash_key *key, const void *data, size_t len);

uint64_t hash_siphash13(const struct hash_key *key, const void *data, size_t len);

#endif
