/* SPDX-License-Identifier: MIT */
/*
 * ICMP of both families.
 *
 * In: echo is answered; errors about our own packets go to the path MTU table and to the error handler of the
 * quoted protocol, which decides whether the quote is believable (ports, sequence number: RFC 5927);
 * redirects are ignored and counted; neighbour discovery goes to ndp.c.
 *
 * Out: errors are sent neither about ICMP errors, nor about anything that came to a group address or from one
 * that is not a unicast address, nor about fragments but the first (RFC 1122 3.2.2, RFC 4443 2.4 e; packet
 * too big and the two parameter problems that RFC excepts do not occur on a host). Token buckets limit errors
 * and echo replies apart, in whatever time net->now counts.
 */
#ifndef LIBOS_NET_ICMP_H
#define LIBOS_NET_ICMP_H

#include "libos/net/path.h"
#include "libos/wire/icmp.h"

/* One token per packet; filled at @per_sec, up to @burst. A rate of 0 means: never. */
struct icmp_bucket {
	uint64_t per_sec;
	uint64_t burst;
	uint64_t credit_ns; /* time not yet spent: one token is 1 s / per_sec of it */
	uint64_t filled_at;
};

struct icmp_limits {
	struct icmp_bucket errors;
	struct icmp_bucket echo;
};

void icmp_limits_init(struct net *net);

/* Takes a token if there is one. */
bool icmp_bucket_take(struct icmp_bucket *bucket, uint64_t now);

/* Consume @b, data at the ICMP header. */
void icmp4_input(struct net *net, struct buf *b, const struct net_pkt *pkt);
void icmp6_input(struct net *net, struct buf *b, const struct net_pkt *pkt);

/*
 * Tells the sender of @b (received; not consumed; l3_off names its IP header, quoted from there to the end of
 * the chain or of what a message may quote) that it met an error. @arg is the pointer of an
 * ICMP_ERR_PARAM_PROBLEM, and in IPv6 of ICMP_ERR_PROTO_UNREACH, which is a parameter problem there; @code is
 * used by ICMP_ERR_PARAM_PROBLEM alone.
 */
void icmp_send_error(struct net *net, const struct buf *b, const struct net_pkt *pkt,
		     enum icmp_error_kind kind, uint8_t code, uint32_t arg);

/* For icmp_send_error only. */
void icmp4_send_error(struct net *net, const struct buf *b, const struct net_pkt *pkt,
		      enum icmp_error_kind kind, uint8_t code, uint32_t arg);
void icmp6_send_error(struct net *net, const struct buf *b, const struct net_pkt *pkt,
		      enum icmp_error_kind kind, uint8_t code, uint32_t arg);

/* The positive errno that a socket is told for @kind: ECONNREFUSED, EHOSTUNREACH, EMSGSIZE, ... */
int icmp_error_errno(enum icmp_error_kind kind);

#endif
