/* SPDX-License-Identifier: MIT */
/* What Tern adds to PDPIX sockets. */
#ifndef TERN_SOCKET_H
#define TERN_SOCKET_H

#include <demi/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Who sent the datagram that was popped into @sga, either family, in the manner of getpeername(2). sga_addr has
 * room for IPv4 only. 0, or EINVAL: bad arguments, or an array that no datagram was popped into.
 */
int tern_sgapeer(const demi_sgarray_t *sga, struct sockaddr *addr, socklen_t *addrlen);

/* Takes down this thread's library OS: descriptors close, arrays become invalid. 0, or ENOSYS before demi_init. */
int tern_fini(void);

#ifdef __cplusplus
}
#endif

#endif
