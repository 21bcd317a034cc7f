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
	/* In whole words, as it is copied on. */
	uint64_t words[2] = { 0, 0 };

	_Static_assert(sizeof(struct sockaddr_in) == sizeof(words) &&
			       offsetof(struct sockaddr_in, sin_port) == 2 &&
			       offsetof(struct sockaddr_in, sin_addr) == 4,
		       "the PDPIX structs hold a sockaddr_in");
	if (likely(ipaddr_is_v4(addr)))
		words[0] = AF_INET | (uint64_t)__builtin_bswap32(port) |
			   (addr->q[1] & ~(uint64_t)UINT32_MAX);
	memcpy(out, words, sizeof(words));
}

#endif
