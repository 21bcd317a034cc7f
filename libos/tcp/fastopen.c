/* SPDX-License-Identifier: MIT */
#include "libos/tcp/fastopen.h"

#include "libos/base/bug.h"

#define FORMAT 1 /* of what is hashed */
#define MAX_DOUBLINGS 8

/* What a cookie is the hash of. */
struct covered {
	struct ipaddr client;
	uint32_t format;
	uint32_t half; /* of the cookie */
};

_Static_assert(sizeof(struct covered) == sizeof(struct ipaddr) + 8, "no padding");

static struct tcp_fastopen_cookie make(const struct hash_key *key, const struct ipaddr *client,
				       uint8_t len)
{
	struct tcp_fastopen_cookie cookie = { .len = len };
	struct covered c = { .client = *client, .format = FORMAT };

	for (; c.half * 8 < len; c.half++)
		store_be64(cookie.b + (size_t)c.half * 8, hash_siphash24(key, &c, sizeof(c)));
	memset(cookie.b + len, 0, sizeof(cookie.b) - len);
	return cookie;
}

struct tcp_fastopen_cookie tcp_fastopen_make(const struct tcp_keys *keys,
					     const struct ipaddr *client, uint8_t len)
{
	BUG_ON(len < TCP_FASTOPEN_COOKIE_MIN || len > TCP_FASTOPEN_COOKIE_MAX || len % 2);
	return make(&keys->key[0], client, len);
}

/* In a time that does not tell where they differ. */
static bool is_same(const struct tcp_fastopen_cookie *x, const struct tcp_fastopen_cookie *y)
{
	uint8_t diff = 0;

	for (unsigned i = 0; i < x->len; i++)
		diff |= x->b[i] ^ y->b[i];
	return diff == 0;
}

enum tcp_fastopen_verdict tcp_fastopen_check(const struct tcp_keys *keys,
					     const struct ipaddr *client, uint8_t len,
					     const struct tcp_fastopen_cookie *cookie)
{
	if (cookie->len != len)
		return TCP_FASTOPEN_BAD;
	for (unsigned i = 0; i < keys->num; i++) {
		struct tcp_fastopen_cookie want = make(&keys->key[i], client, len);

		if (is_same(&want, cookie))
			return i == 0 ? TCP_FASTOPEN_GOOD : TCP_FASTOPEN_OLD;
	}
	return TCP_FASTOPEN_BAD;
}

void tcp_fastopen_cache_init(struct tcp_fastopen_cache *c, struct tcp_fastopen_entry *entries,
			     uint32_t num, struct hash_key key, uint64_t lifetime_ns,
			     uint64_t block_ns)
{
	BUG_ON(num == 0 || num % TCP_FASTOPEN_WAYS);
	*c = (struct tcp_fastopen_cache){
		.entries = entries,
		.num_sets = num / TCP_FASTOPEN_WAYS,
		.key = key,
		.lifetime_ns = lifetime_ns,
		.block_ns = block_ns,
	};
	memset(entries, 0, num * sizeof(*entries));
}

static struct tcp_fastopen_entry *set_of(const struct tcp_fastopen_cache *c,
					 const struct ipaddr *server)
{
	uint64_t h = hash_siphash13(&c->key, server, sizeof(*server));

	return &c->entries[h % c->num_sets * TCP_FASTOPEN_WAYS];
}

static struct tcp_fastopen_entry *find_or_null(const struct tcp_fastopen_cache *c,
					       const struct ipaddr *server)
{
	struct tcp_fastopen_entry *set = set_of(c, server);

	for (unsigned i = 0; i < TCP_FASTOPEN_WAYS; i++) {
		if (set[i].is_used && ipaddr_equal(&set[i].server, server))
			return &set[i];
	}
	return NULL;
}

static struct tcp_fastopen_entry *find_or_make(struct tcp_fastopen_cache *c,
					       const struct ipaddr *server, uint64_t now)
{
	struct tcp_fastopen_entry *e = find_or_null(c, server);

	if (!e) {
		struct tcp_fastopen_entry *set = set_of(c, server);

		e = set;
		for (unsigned i = 1; i < TCP_FASTOPEN_WAYS && e->is_used; i++) {
			if (!set[i].is_used || set[i].used_at < e->used_at)
				e = &set[i];
		}
		*e = (struct tcp_fastopen_entry){ .server = *server, .is_used = true };
	}
	e->used_at = now;
	return e;
}

enum tcp_fastopen_advice tcp_fastopen_advise(struct tcp_fastopen_cache *c,
					     const struct ipaddr *server, uint64_t now,
					     const struct tcp_fastopen_entry **entry)
{
	struct tcp_fastopen_entry *e = find_or_null(c, server);

	*entry = e;
	if (!e)
		return TCP_FASTOPEN_REQUEST;
	e->used_at = now;
	if (now < e->blocked_until)
		return TCP_FASTOPEN_AVOID;
	if (now >= e->expires_at)
		e->cookie.len = 0;
	return e->cookie.len ? TCP_FASTOPEN_USE : TCP_FASTOPEN_REQUEST;
}

void tcp_fastopen_on_cookie(struct tcp_fastopen_cache *c, const struct ipaddr *server,
			    const struct tcp_fastopen_cookie *cookie, bool is_experimental,
			    uint16_t mss, uint64_t now)
{
	struct tcp_fastopen_entry *e = find_or_make(c, server, now);

	e->cookie = *cookie;
	e->is_experimental = is_experimental;
	e->mss = mss;
	e->expires_at = time_add(now, c->lifetime_ns);
}

void tcp_fastopen_on_success(struct tcp_fastopen_cache *c, const struct ipaddr *server)
{
	struct tcp_fastopen_entry *e = find_or_null(c, server);

	if (e) {
		e->failures = 0;
		e->blocked_until = 0;
	}
}

void tcp_fastopen_on_failure(struct tcp_fastopen_cache *c, const struct ipaddr *server,
			     uint64_t now)
{
	struct tcp_fastopen_entry *e = find_or_make(c, server, now);

	e->blocked_until = time_add(now, c->block_ns << e->failures);
	if (e->failures < MAX_DOUBLINGS)
		e->failures++;
}
