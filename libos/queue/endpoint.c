/* SPDX-License-Identifier: MIT */
#include "libos/queue/endpoint.h"

#include <errno.h>

/* Reads field by field: what the application has just written as fields cannot be forwarded to a wide load. */
static int from_v4(struct endpoint *out, const struct sockaddr *sa, socklen_t len)
{
	const uint8_t *bytes = (const uint8_t *)sa;
	struct be32 addr;

	if (len < sizeof(struct sockaddr_in))
		return -EINVAL;
	memcpy(addr.b, bytes + offsetof(struct sockaddr_in, sin_addr), sizeof(addr));
	out->addr = ipaddr_v4(addr);
	out->port = load_be16(bytes + offsetof(struct sockaddr_in, sin_port));
	out->is_v6 = false;
	return 0;
}

static int from_v6(struct endpoint *out, const struct sockaddr *sa, socklen_t len)
{
	struct sockaddr_in6 sin6;

	if (len < sizeof(sin6))
		return -EINVAL;
	memcpy(&sin6, sa, sizeof(sin6));
	out->addr = ipaddr_v6(sin6.sin6_addr.s6_addr);
	out->port = load_be16(&sin6.sin6_port);
	out->is_v6 = true;
	return 0;
}

int endpoint_from_sockaddr(struct endpoint *out, const struct sockaddr *sa, socklen_t len,
			   int family)
{
	sa_family_t given;

	if (!sa || len < sizeof(given) || len > sizeof(struct sockaddr_storage))
		return -EINVAL;
	memcpy(&given, sa, sizeof(given));
	if (given != family)
		return -EAFNOSUPPORT;
	return family == AF_INET6 ? from_v6(out, sa, len) : from_v4(out, sa, len);
}

void endpoint_to_sockaddr(const struct endpoint *e, struct sockaddr *out, socklen_t *len)
{
	union {
		struct sockaddr_in v4;
		struct sockaddr_in6 v6;
	} full = { 0 };
	socklen_t full_len;

	if (e->is_v6) {
		full.v6.sin6_family = AF_INET6;
		store_be16(&full.v6.sin6_port, e->port);
		memcpy(&full.v6.sin6_addr, e->addr.b, 16);
		full_len = sizeof(full.v6);
	} else {
		full.v4.sin_family = AF_INET;
		store_be16(&full.v4.sin_port, e->port);
		memcpy(&full.v4.sin_addr, &e->addr.b[12], 4);
		full_len = sizeof(full.v4);
	}
	memcpy(out, &full, min_t(socklen_t, *len, full_len));
	*len = full_len;
}
