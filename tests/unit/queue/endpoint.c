/* SPDX-License-Identifier: MIT */
#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <errno.h>

#include "libos/queue/endpoint.h"

Test(endpoint, v4_round_trip)
{
	struct sockaddr_in in = { .sin_family = AF_INET, .sin_port = htons(4711) }, out;
	socklen_t len = sizeof(out);
	struct endpoint e;

	inet_pton(AF_INET, "10.1.2.3", &in.sin_addr);
	cr_assert_eq(endpoint_from_sockaddr(&e, (struct sockaddr *)&in, sizeof(in), AF_INET), 0);
	cr_assert(ipaddr_is_v4(&e.addr));
	cr_assert_eq(e.port, 4711);
	endpoint_to_sockaddr(&e, (struct sockaddr *)&out, &len);
	cr_assert_eq(len, sizeof(out));
	cr_assert_eq(memcmp(&in, &out, sizeof(in)), 0);
}

Test(endpoint, v6_round_trip_and_truncation)
{
	struct sockaddr_in6 in = { .sin6_family = AF_INET6, .sin6_port = htons(80) }, out;
	socklen_t len = sizeof(out);
	struct endpoint e;

	inet_pton(AF_INET6, "2001:db8::7", &in.sin6_addr);
	cr_assert_eq(endpoint_from_sockaddr(&e, (struct sockaddr *)&in, sizeof(in), AF_INET6), 0);
	endpoint_to_sockaddr(&e, (struct sockaddr *)&out, &len);
	cr_assert_eq(memcmp(&in, &out, sizeof(in)), 0);
	memset(&out, 0xee, sizeof(out));
	len = 4;
	endpoint_to_sockaddr(&e, (struct sockaddr *)&out, &len);
	cr_assert_eq(len, sizeof(out), "the full length is reported");
	cr_assert_eq(memcmp(&in, &out, 4), 0);
	cr_assert_eq(((uint8_t *)&out)[4], 0xee, "and nothing written past what was offered");
}

Test(endpoint, bad_addresses_are_refused)
{
	struct sockaddr_in in = { .sin_family = AF_INET };
	struct sockaddr *sa = (struct sockaddr *)&in;
	struct endpoint e;

	cr_assert_eq(endpoint_from_sockaddr(&e, NULL, sizeof(in), AF_INET), -EINVAL);
	cr_assert_eq(endpoint_from_sockaddr(&e, sa, 0, AF_INET), -EINVAL);
	cr_assert_eq(endpoint_from_sockaddr(&e, sa, sizeof(in) - 1, AF_INET), -EINVAL);
	cr_assert_eq(endpoint_from_sockaddr(&e, sa, (socklen_t)-1, AF_INET), -EINVAL);
	cr_assert_eq(endpoint_from_sockaddr(&e, sa, sizeof(in), AF_INET6), -EAFNOSUPPORT);
	in.sin_family = AF_INET6;
	cr_assert_eq(endpoint_from_sockaddr(&e, sa, sizeof(in), AF_INET6), -EINVAL);
}

Test(endpoint, the_fixed_structs_hold_only_v4)
{
	struct ipaddr v6 = { .b = { 0x20, 1 } };
	struct sockaddr_in sin;
	uint8_t zero[16] = { 0 };

	endpoint_to_v4(&v6, 80, (uint8_t *)&sin);
	cr_assert_eq(memcmp(&sin, zero, sizeof(sin)), 0);
}
