/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <errno.h>

#include "libos/base/ipaddr.h"

static struct ipaddr addr(const char *text)
{
	struct ipaddr a;

	cr_assert_eq(ipaddr_parse(text, &a), 0, "%s", text);
	return a;
}

Test(ipaddr, text_round_trips)
{
	static const char *const texts[] = { "0.0.0.0", "10.1.2.3", "255.255.255.255", "::",
					     "::1",     "fe80::1",  "2001:db8::42" };
	char out[IPADDR_STRLEN];

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		struct ipaddr a = addr(texts[i]);

		cr_assert_str_eq(ipaddr_format(&a, out), texts[i]);
	}
}

Test(ipaddr, nonsense_is_refused)
{
	struct ipaddr a;

	cr_assert_eq(ipaddr_parse("10.1.2", &a), -EINVAL);
	cr_assert_eq(ipaddr_parse("10.1.2.256", &a), -EINVAL);
	cr_assert_eq(ipaddr_parse("", &a), -EINVAL);
	cr_assert_eq(ipaddr_parse("fe80::1::2", &a), -EINVAL);
}

Test(ipaddr, mapped_v4_and_v6_text_are_the_same_address)
{
	struct ipaddr a = addr("10.0.0.1"), b = addr("::ffff:10.0.0.1");

	cr_assert(ipaddr_equal(&a, &b));
	cr_assert(ipaddr_is_v4(&b));
}

Test(ipaddr, kinds)
{
	struct ipaddr a;

	a = addr("0.0.0.0");
	cr_assert(ipaddr_is_any(&a));
	a = addr("::");
	cr_assert(ipaddr_is_any(&a) && !ipaddr_is_v4(&a));
	a = addr("224.0.0.1");
	cr_assert(ipaddr_is_multicast(&a));
	a = addr("ff02::1");
	cr_assert(ipaddr_is_multicast(&a) && !ipaddr_is_link_local(&a));
	a = addr("fe80::2");
	cr_assert(ipaddr_is_link_local(&a));
	a = addr("127.0.0.1");
	cr_assert(ipaddr_is_loopback(&a));
	a = addr("::1");
	cr_assert(ipaddr_is_loopback(&a));
	a = addr("10.0.0.1");
	cr_assert(!ipaddr_is_any(&a) && !ipaddr_is_multicast(&a) && !ipaddr_is_loopback(&a));
}

Test(ipaddr, prefixes_split_at_any_bit)
{
	struct ipaddr net = addr("10.0.0.0"), in = addr("10.0.1.255"), out = addr("10.0.2.0");

	cr_assert(ipaddr_in_prefix(&in, &net, 96 + 23));
	cr_assert(!ipaddr_in_prefix(&out, &net, 96 + 23));
	cr_assert(ipaddr_in_prefix(&out, &net, 96 + 22));
	cr_assert(ipaddr_in_prefix(&out, &net, 0));
	cr_assert(!ipaddr_in_prefix(&in, &net, 128));
}
