/* SPDX-License-Identifier: MIT */
/*
 * PDPIX: control path and asynchronous I/O. Every function returns 0 or a positive errno; a call that hands out a
 * token reports what happened to the operation through demi_wait and its kin. The manual pages list all errors.
 *
 * Each thread that calls demi_init has a library OS of its own; descriptors, tokens and arrays stay in it.
 */
#ifndef DEMI_LIBOS_H
#define DEMI_LIBOS_H

#include <demi/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Brings up the library OS of this thread, as the environment (LIBOS, CONFIG_PATH) says. */
int demi_init(const struct demi_args *args);

/* A socket: AF_INET or AF_INET6; SOCK_STREAM or SOCK_DGRAM; protocol 0 or the matching IPPROTO_. */
int demi_socket(int *sockqd_out, int domain, int type, int protocol);

/* Local address. Port 0 takes a free one. */
int demi_bind(int sockqd, const struct sockaddr *addr, socklen_t size);

int demi_listen(int sockqd, int backlog);

int demi_accept(demi_qtoken_t *qt_out, int sockqd);

/* On a datagram socket: sets or changes the peer and completes at once. */
int demi_connect(demi_qtoken_t *qt_out, int sockqd, const struct sockaddr *addr, socklen_t size);

/* Ends the descriptor now; operations still open on it complete as failed with ECANCELED. */
int demi_close(int qd);

/*
 * Sends the array. No copy is made: the bytes must not change until the operation has completed, and memory freed
 * with demi_sgafree before the network has let go of it stays alive until then.
 */
int demi_push(demi_qtoken_t *qt_out, int qd, const demi_sgarray_t *sga);

int demi_pushto(demi_qtoken_t *qt_out, int sockqd, const demi_sgarray_t *sga,
		const struct sockaddr *dest_addr, socklen_t size);

/* Receives: the result holds an array that the caller frees with demi_sgafree, or pushes and then frees. */
int demi_pop(demi_qtoken_t *qt_out, int qd);

int demi_setsockopt(int qd, int level, int optname, const void *optval, socklen_t optlen);

int demi_getsockopt(int qd, int level, int optname, void *optval, socklen_t *optlen);

/* Like getpeername(2): truncates to *addrlen and stores the full length there. */
int demi_getpeername(int qd, struct sockaddr *addr, socklen_t *addrlen);

/* Not in Demikernel 1.5: the local address, in the manner of demi_getpeername. */
int demi_getsockname(int qd, struct sockaddr *addr, socklen_t *addrlen);

/* Not in Demikernel 1.5: half-close, SHUT_RD, SHUT_WR or SHUT_RDWR. */
int demi_shutdown(int qd, int how);

/*
 * Not in Demikernel 1.5: the counters of this thread's library. Stores up to @num of them at @stats_out and how many
 * there are in all at @num_out.
 */
int demi_stats(demi_stat_t *stats_out, int num, int *num_out);

#ifdef __cplusplus
}
#endif

#endif
