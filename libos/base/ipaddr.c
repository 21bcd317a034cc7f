/* SPDX-License-Identifier: MIT */
#include "libos/base/ipaddr.h"

#include <arpa/inet.h>
#include <errno.h>

bool ipaddr_in_prefix(const struct ipaddr *a, const struct ipaddr *prefix, unsigned bits)
{
	unsigned whole = bits / 8;
	unsigned rest = bits % 8;

	if (memcmp(a->b, prefix->b, whole) != 0)
		return false;
	return rest == 0 || ((a->b[whole] ^ prefix->b[whole]) >> (8 - rest)) == 0;
}

const char *ipaddr_format(const struct ipaddr *a, char out[IPADDR_STRLEN])
{
	if (ipaddr_is_v4(a))
		return inet_ntop(AF_INET, &a->b[12], out, IPADDR_STRLEN);
	return inet_ntop(AF_INET6, a->b, out, IPADDR_STRLEN);
}

int ipaddr_parse(const char *text, struct ipaddr *out)
{
	struct be32 v4;

	if (inet_pton(AF_INET, text, v4.b) == 1) {
		*out = ipaddr_v4(v4);
		return 0;
	}
	return inet_pton(AF_INET6, text, out->b) == 1 ? 0 : -EINVAL;
}
