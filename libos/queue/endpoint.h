/* SPDX-License-Identifier: MIT */
/* Socket addresses: the application's struct sockaddr becomes a checked family-neutral value once, and back. */
#ifndef LIBOS_QUEUE_ENDPOINT_H
#define LIBOS_QUEUE_ENDPOINT_H

#include <netinet/in.h>
#include <sys/socket.h>

#include "libos/base/ipaddr.h"

struct endpoint {
	struct ipaddr addr;
	uint16_t port;
	bool is_v6; /* named in the IPv6 family: decides the form it is given back in */
};

/* 0; -EINVAL: no address or too short for its family; -EAFNOSUPPORT: another family than @family. */
int endpoint_from_sockaddr(struct endpoint *out, const struct sockaddr *sa, socklen_t len,
			   int family) must_check;

/* Copies at most *@len bytes to @out and stores the full length in *@len, as getpeername(2) does. */
void endpoint_to_sockaddr(const struct endpoint *e, struct sockaddr *out, socklen_t *len);

/* The 16 bytes that the fixed PDPIX structs have for a peer; zero for one that is not IPv4. */
static always_inline void endpoint_to_v4(const struct ipaddr *addr, uint16_t port, uint8_t out[16])
{
	struct sockaddr_in sin = { 0 };

	if (likely(ipaddr_is_v4(addr))) {
		sin.sin_family = AF_INET;
		store_be16(&sin.sin_port, port);
		memcpy(&sin.sin_addr, &addr->b[12], 4);
	}
	_Static_assert(sizeof(sin) == 16, "the PDPIX structs hold a sockaddr_in");
	memcpy(out, &sin, sizeof(sin));
}

#endif
