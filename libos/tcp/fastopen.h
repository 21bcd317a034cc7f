/* SPDX-License-Identifier: MIT */
/*
 * Fast Open cookies (RFC 7413), both ends. What a SYN with data may do, and when, is the engine's.
 *
 * Server: a cookie is a keyed hash of the client's address, so nothing is stored. Of two live keys the first makes; a
 * cookie of the second is good once more and answered with a new one.
 *
 * Client: a table of bounded size, by server address. An entry holds the server's cookie and MSS until it expires, and
 * whether Fast Open failed there: then it is not tried for a while, which doubles with each failure in a row up to
 * 256-fold. Entries live in sets of four, chosen by keyed hash; in a full set the one used least recently goes.
 */
#ifndef LIBOS_TCP_FASTOPEN_H
#define LIBOS_TCP_FASTOPEN_H

#include "libos/base/clock.h"
#include "libos/base/ipaddr.h"
#include "libos/tcp/keys.h"
#include "libos/wire/tcp.h"

#define TCP_FASTOPEN_COOKIE_DEFAULT 8

struct tcp_fastopen_cookie {
	uint8_t len; /* 0: none */
	uint8_t b[TCP_FASTOPEN_COOKIE_MAX];
};

enum tcp_fastopen_verdict {
	TCP_FASTOPEN_BAD,  /* treat as a request: send a new cookie, do not take the data */
	TCP_FASTOPEN_GOOD, /* take the data */
	TCP_FASTOPEN_OLD,  /* take the data and send a new cookie */
};

/* The cookie for @client; @len from TCP_FASTOPEN_COOKIE_MIN to _MAX, even. */
struct tcp_fastopen_cookie tcp_fastopen_make(const struct tcp_keys *keys,
					     const struct ipaddr *client, uint8_t len);

/* Servers make cookies of @len bytes; one of another length is bad. */
enum tcp_fastopen_verdict tcp_fastopen_check(const struct tcp_keys *keys,
					     const struct ipaddr *client, uint8_t len,
					     const struct tcp_fastopen_cookie *cookie);

struct tcp_fastopen_entry {
	struct ipaddr server;
	uint64_t used_at;
	uint64_t expires_at;    /* of the cookie */
	uint64_t blocked_until; /* 0: works as far as we know */
	struct tcp_fastopen_cookie cookie;
	uint8_t failures; /* in a row */
	bool is_used;
	bool is_experimental; /* cookie came in the option of the experiment */
	uint16_t mss;
};

#define TCP_FASTOPEN_WAYS 4

struct tcp_fastopen_cache {
	struct tcp_fastopen_entry *entries;
	uint32_t num_sets;
	struct hash_key key;
	uint64_t lifetime_ns; /* of a cookie */
	uint64_t block_ns;    /* after a first failure */
};

/* What a connect may do. */
enum tcp_fastopen_advice {
	TCP_FASTOPEN_REQUEST, /* no cookie: ask for one */
	TCP_FASTOPEN_USE,     /* *@entry has a cookie */
	TCP_FASTOPEN_AVOID,   /* failed lately: an ordinary SYN */
};

/* In @num entries of memory that the caller keeps, a multiple of TCP_FASTOPEN_WAYS. */
void tcp_fastopen_cache_init(struct tcp_fastopen_cache *c, struct tcp_fastopen_entry *entries,
			     uint32_t num, struct hash_key key, uint64_t lifetime_ns,
			     uint64_t block_ns);

/* @entry is good until the next call. */
enum tcp_fastopen_advice tcp_fastopen_advise(struct tcp_fastopen_cache *c,
					     const struct ipaddr *server, uint64_t now,
					     const struct tcp_fastopen_entry **entry);

/* The server gave a cookie (one of no length is forgotten) in a SYN with ACK that offered @mss. */
void tcp_fastopen_on_cookie(struct tcp_fastopen_cache *c, const struct ipaddr *server,
			    const struct tcp_fastopen_cookie *cookie, bool is_experimental,
			    uint16_t mss, uint64_t now);

/* Data in a SYN got through: failures in a row are over. */
void tcp_fastopen_on_success(struct tcp_fastopen_cache *c, const struct ipaddr *server);

/* A SYN with a cookie was lost, or its data never acknowledged, or the path was black after it. */
void tcp_fastopen_on_failure(struct tcp_fastopen_cache *c, const struct ipaddr *server,
			     uint64_t now);

#endif
