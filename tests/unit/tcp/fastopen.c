/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <string.h>

#include "libos/tcp/fastopen.h"

static struct ipaddr host(uint32_t n)
{
	return ipaddr_v4(be32(0x0a000000 + n));
}

Test(tcp_fastopen, rfc7413_4_1_2_a_cookie_is_good_for_its_client_alone)
{
	static const uint8_t lens[] = { 4, 6, 8, 10, 12, 14, 16 };
	struct ipaddr client = host(1), other = host(2);
	struct tcp_keys keys;

	tcp_keys_init(&keys, hash_key_from_seed(1));
	for (size_t i = 0; i < ARRAY_SIZE(lens); i++) {
		struct tcp_fastopen_cookie c = tcp_fastopen_make(&keys, &client, lens[i]);

		cr_assert_eq(c.len, lens[i]);
		cr_assert_eq(tcp_fastopen_check(&keys, &client, lens[i], &c), TCP_FASTOPEN_GOOD);
		cr_assert_eq(tcp_fastopen_check(&keys, &other, lens[i], &c), TCP_FASTOPEN_BAD);
		for (unsigned bit = 0; bit < 8u * lens[i]; bit++) {
			struct tcp_fastopen_cookie forged = c;

			forged.b[bit / 8] ^= (uint8_t)(1u << bit % 8);
			cr_assert_eq(tcp_fastopen_check(&keys, &client, lens[i], &forged),
				     TCP_FASTOPEN_BAD, "%u bytes, bit %u", lens[i], bit);
		}
		c.len -= 2;
		cr_assert_eq(tcp_fastopen_check(&keys, &client, lens[i], &c), TCP_FASTOPEN_BAD,
			     "another length");
		c.len = 0;
		cr_assert_eq(tcp_fastopen_check(&keys, &client, lens[i], &c), TCP_FASTOPEN_BAD,
			     "a request is no cookie");
	}
}

Test(tcp_fastopen, the_halves_of_a_long_cookie_differ_and_ipv6_works)
{
	struct tcp_fastopen_cookie c;
	struct ipaddr client;
	struct tcp_keys keys;

	tcp_keys_init(&keys, hash_key_from_seed(1));
	cr_assert_eq(ipaddr_parse("2001:db8::7", &client), 0);
	c = tcp_fastopen_make(&keys, &client, 16);
	cr_assert_neq(memcmp(c.b, c.b + 8, 8), 0);
	cr_assert_eq(tcp_fastopen_check(&keys, &client, 16, &c), TCP_FASTOPEN_GOOD);
}

Test(tcp_fastopen, rfc7413_4_1_2_keys_rotate)
{
	struct ipaddr client = host(1);
	struct tcp_fastopen_cookie c;
	struct tcp_keys keys, zero;

	tcp_keys_init(&keys, hash_key_from_seed(1));
	tcp_keys_init(&zero, (struct hash_key){ 0, 0 });
	c = tcp_fastopen_make(&zero, &client, 8);
	cr_assert_eq(tcp_fastopen_check(&keys, &client, 8, &c), TCP_FASTOPEN_BAD,
		     "a key that was never set");
	c = tcp_fastopen_make(&keys, &client, 8);
	tcp_keys_rotate(&keys, hash_key_from_seed(2));
	cr_assert_eq(tcp_fastopen_check(&keys, &client, 8, &c), TCP_FASTOPEN_OLD);
	tcp_keys_rotate(&keys, hash_key_from_seed(3));
	cr_assert_eq(tcp_fastopen_check(&keys, &client, 8, &c), TCP_FASTOPEN_BAD);
	/* In two steps: what another server makes already is believed before we make it. */
	c = tcp_fastopen_make(&keys, &client, 8);
	tcp_keys_install(&keys, hash_key_from_seed(4));
	cr_assert_eq(tcp_fastopen_check(&keys, &client, 8, &c), TCP_FASTOPEN_GOOD);
	tcp_keys_promote(&keys);
	cr_assert_eq(tcp_fastopen_check(&keys, &client, 8, &c), TCP_FASTOPEN_OLD);
}

#define ENTRIES 16
#define LIFE (100 * NS_PER_SEC)
#define BLOCK NS_PER_SEC

static struct tcp_fastopen_entry entries[ENTRIES];
static struct tcp_fastopen_cache cache;
static const struct tcp_fastopen_entry *entry;

static void start(uint32_t num)
{
	tcp_fastopen_cache_init(&cache, entries, num, hash_key_from_seed(5), LIFE, BLOCK);
}

static void learn(uint32_t n, uint8_t first_byte, uint64_t now)
{
	struct tcp_fastopen_cookie c = { .len = 8, .b = { first_byte } };
	struct ipaddr server = host(n);

	tcp_fastopen_on_cookie(&cache, &server, &c, false, 1460, now);
}

static enum tcp_fastopen_advice advise(uint32_t n, uint64_t now)
{
	struct ipaddr server = host(n);

	return tcp_fastopen_advise(&cache, &server, now, &entry);
}

Test(tcp_fastopen, rfc7413_4_1_3_the_client_keeps_cookie_and_mss_until_they_expire)
{
	struct tcp_fastopen_cookie other = { .len = 4, .b = { 9 } };
	struct ipaddr server = host(1);

	start(ENTRIES);
	cr_assert_eq(advise(1, 0), TCP_FASTOPEN_REQUEST);
	cr_assert_null(entry);
	learn(1, 7, 0);
	cr_assert_eq(advise(1, 1), TCP_FASTOPEN_USE);
	cr_assert_eq(entry->cookie.len, 8);
	cr_assert_eq(entry->cookie.b[0], 7);
	cr_assert_eq(entry->mss, 1460);
	cr_assert(!entry->is_experimental);
	cr_assert_eq(advise(2, 1), TCP_FASTOPEN_REQUEST, "another server");
	tcp_fastopen_on_cookie(&cache, &server, &other, true, 536, 10);
	cr_assert_eq(advise(1, 10), TCP_FASTOPEN_USE);
	cr_assert_eq(entry->cookie.len, 4);
	cr_assert_eq(entry->mss, 536);
	cr_assert(entry->is_experimental);
	cr_assert_eq(advise(1, LIFE + 9), TCP_FASTOPEN_USE);
	cr_assert_eq(advise(1, LIFE + 10), TCP_FASTOPEN_REQUEST);
	learn(1, 8, LIFE + 10);
	other.len = 0;
	tcp_fastopen_on_cookie(&cache, &server, &other, false, 1460, LIFE + 11);
	cr_assert_eq(advise(1, LIFE + 12), TCP_FASTOPEN_REQUEST, "taken back");
}

Test(tcp_fastopen, rfc7413_4_1_3_1_failures_are_remembered_and_wait_longer_each_time)
{
	struct ipaddr server = host(1);
	uint64_t now = 0;

	start(ENTRIES);
	learn(1, 7, 0);
	for (unsigned i = 0; i < 12; i++) {
		uint64_t wait = BLOCK << (i < 8 ? i : 8);

		learn(1, 7, now);
		tcp_fastopen_on_failure(&cache, &server, now);
		cr_assert_eq(advise(1, now + wait - 1), TCP_FASTOPEN_AVOID, "failure %u", i);
		cr_assert_neq(advise(1, now + wait), TCP_FASTOPEN_AVOID, "failure %u", i);
		now += wait;
	}
	learn(1, 7, now);
	tcp_fastopen_on_success(&cache, &server);
	cr_assert_eq(advise(1, now), TCP_FASTOPEN_USE);
	tcp_fastopen_on_failure(&cache, &server, now);
	cr_assert_eq(advise(1, now + BLOCK), TCP_FASTOPEN_USE, "counted from one again");
	server = host(3);
	tcp_fastopen_on_failure(&cache, &server, now);
	cr_assert_eq(advise(3, now), TCP_FASTOPEN_AVOID, "also without an entry before");
	server = host(4);
	tcp_fastopen_on_success(&cache, &server);
	cr_assert_eq(advise(4, now), TCP_FASTOPEN_REQUEST);
}

Test(tcp_fastopen, the_cache_is_bounded_and_the_least_recently_used_goes)
{
	start(TCP_FASTOPEN_WAYS);
	for (uint32_t n = 0; n < TCP_FASTOPEN_WAYS; n++)
		learn(n, (uint8_t)n, n);
	cr_assert_eq(advise(0, 10), TCP_FASTOPEN_USE, "now the one used last");
	learn(100, 100, 11);
	cr_assert_eq(advise(1, 12), TCP_FASTOPEN_REQUEST);
	for (uint32_t n = 0; n < TCP_FASTOPEN_WAYS; n++) {
		if (n != 1)
			cr_assert_eq(advise(n, 13), TCP_FASTOPEN_USE, "%u", n);
	}
	cr_assert_eq(advise(100, 14), TCP_FASTOPEN_USE);

	start(ENTRIES);
	for (uint32_t n = 0; n < 100000; n++)
		learn(n, 1, n);
	cr_assert_eq(advise(99999, 100000), TCP_FASTOPEN_USE);
}
