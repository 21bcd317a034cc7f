/* SPDX-License-Identifier: MIT */
/*
 * ICMP of both families.
 *
 * In: echo is answered, by the received buf itself; errors about our own packets go to the error handler of the
 * quoted protocol, which decides whether the quote is believable (ports, sequence number: RFC 5927) and, if it
 * is, calls pmtu_update for ICMP_ERR_TOO_BIG; redirects are ignored and counted; neighbour discovery goes to
 * ndp.c. All other types are dropped: timestamps and address masks tell a stranger what he need not know.
 *
 * Out: errors are sent neither about ICMP errors, nor about anything that came to a group address or from one
 * that is not a unicast address, nor about IPv4 fragments but the first (RFC 1122 3.2.2, RFC 4443 2.4 e; packet
 * too big and the two parameter problems that RFC excepts do not occur on a host). Token buckets limit errors
 * and echo replies apart, all together and towards each network, so that one noisy peer cannot use up what
 * others are due. In all of it time is net->now.
 */
#ifndef LIBOS_NET_ICMP_H
#define LIBOS_NET_ICMP_H

#include "libos/base/hash.h"
#include "libos/net/path.h"
#include "libos/wire/icmp.h"

/* One token per packet; filled at @per_sec, up to @burst. A rate of 0 means: never. */
struct icmp_bucket {
	uint64_t per_sec;
	uint64_t burst;
	uint64_t credit_ns; /* time not yet spent: one token is 1 s / per_sec of it */
	uint64_t filled_at;
};

/*
 * Networks (/24, /64) share a few buckets by keyed hash, each good for a quarter of the whole, at least one
 * token.
 */
#define ICMP_LIMIT_SLOTS 64

struct icmp_limit {
	struct icmp_bucket all;
	struct icmp_bucket slot[ICMP_LIMIT_SLOTS];
};

struct icmp_limits {
	struct icmp_limit errors;
	struct icmp_limit echo;
	struct hash_key key;
};

void icmp_limits_init(struct net *net);

/* May we send one more of what @limit counts to @dst? If so that is counted, else NET_ICMP_LIMITED. */
bool icmp_limit_take(struct net *net, struct icmp_limit *limit, const struct ipaddr *dst);

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

/* For icmp4.c and icmp6.c: what both families do alike. */

/* Sends the error message @head about @b, with as much of it as a message of @max bytes holds. */
void icmp_send_quote(struct net *net, const struct buf *b, const struct net_pkt *pkt,
		     struct icmp_hdr head, uint32_t max);

/* Consumes @b, an intact echo request: sends it back as @reply_type. */
void icmp_send_echo_reply(struct net *net, struct buf *b, const struct net_pkt *pkt,
			  uint8_t reply_type);

/* Consumes @b, an intact error message, which @parse reads. */
void icmp_input_error(struct net *net, struct buf *b, const struct net_pkt *pkt,
		      bool (*parse)(const void *p, size_t len, struct icmp_error *out));

/* The positive errno that a socket is told for @kind: ECONNREFUSED, EHOSTUNREACH, EMSGSIZE, ... */
int icmp_error_errno(enum icmp_error_kind kind);

#endif
