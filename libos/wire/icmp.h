/* SPDX-License-Identifier: MIT */
/*
 * ICMPv4 (RFC 792, 1191), ICMPv6 (RFC 4443) and the neighbour discovery messages that live in it (RFC 4861).
 * The error messages of both families become one struct icmp_error at the edge.
 */
#ifndef LIBOS_WIRE_ICMP_H
#define LIBOS_WIRE_ICMP_H

#include "libos/base/endian.h"
#include "libos/base/ipaddr.h"
#include "libos/wire/eth.h"

#define ICMP_HLEN 8

#define ICMP4_ECHO_REPLY 0
#define ICMP4_UNREACHABLE 3
#define ICMP4_REDIRECT 5
#define ICMP4_ECHO 8
#define ICMP4_TIME_EXCEEDED 11
#define ICMP4_PARAM_PROBLEM 12

#define ICMP4_UNREACH_NET 0
#define ICMP4_UNREACH_HOST 1
#define ICMP4_UNREACH_PROTO 2
#define ICMP4_UNREACH_PORT 3
#define ICMP4_UNREACH_NEEDFRAG 4

#define ICMP6_UNREACHABLE 1
#define ICMP6_TOO_BIG 2
#define ICMP6_TIME_EXCEEDED 3
#define ICMP6_PARAM_PROBLEM 4
#define ICMP6_ECHO 128
#define ICMP6_ECHO_REPLY 129
#define ICMP6_ROUTER_SOLICIT 133
#define ICMP6_ROUTER_ADVERT 134
#define ICMP6_NEIGHBOR_SOLICIT 135
#define ICMP6_NEIGHBOR_ADVERT 136
#define ICMP6_REDIRECT 137

#define ICMP6_UNREACH_NOROUTE 0
#define ICMP6_UNREACH_ADMIN 1
#define ICMP6_UNREACH_ADDR 3
#define ICMP6_UNREACH_PORT 4

struct icmp_hdr {
	uint8_t type;
	uint8_t code;
	struct be16 csum;
	struct be32 rest; /* id and sequence, MTU, pointer, or unused, by type */
};

_Static_assert(sizeof(struct icmp_hdr) == ICMP_HLEN, "wire layout");

enum icmp_error_kind {
	ICMP_ERR_NET_UNREACH,
	ICMP_ERR_HOST_UNREACH,
	ICMP_ERR_PROTO_UNREACH,
	ICMP_ERR_PORT_UNREACH,
	ICMP_ERR_PROHIBITED,
	ICMP_ERR_TOO_BIG, /* mtu is the next hop's, or 0 when an old router did not say */
	ICMP_ERR_TIME_EXCEEDED,
	ICMP_ERR_PARAM_PROBLEM,
};

/* An ICMP error and the packet of ours that it quotes, both families alike. */
struct icmp_error {
	enum icmp_error_kind kind;
	uint32_t mtu;
	uint8_t proto;          /* of the quoted packet */
	struct ipaddr src, dst; /* of the quoted packet: src is us */
	uint16_t sport, dport;  /* of the quoted UDP or TCP header */
	uint32_t tcp_seq;       /* of the quoted TCP header, else 0: RFC 5927 validation */
	uint32_t
		quoted_len; /* of the quoted IP packet as it was sent: for judging mtu (RFC 1191, 5927) */
};

/*
 * Reads the error message whose ICMP header is the first of @len bytes at @p (checksum already verified).
 * False when it is no error message, quotes too little (8 bytes of transport header are the least), quotes a
 * fragment other than the first, another protocol's header than UDP and TCP, or IPv6 addresses that would read as
 * IPv4 ones here. IPv4 options and IPv6 extension headers in the quotation are skipped.
 */
bool icmp4_parse_error(const void *p, size_t len, struct icmp_error *out);
bool icmp6_parse_error(const void *p, size_t len, struct icmp_error *out);

/* Neighbour solicitation or advertisement. */
struct ndp_msg {
	uint8_t type;                     /* ICMP6_NEIGHBOR_SOLICIT or _ADVERT */
	bool router, solicited, override; /* advertisement flags */
	bool has_lladdr;
	struct mac lladdr; /* source (solicit) or target (advert) link-layer address option */
	struct ipaddr target;
};

/*
 * RFC 4861 section 7.1 validity, as far as it shows in the message: length, code 0, target not multicast (nor mapped
 * IPv4), options of non-zero length within the message, an Ethernet unicast address in the link-layer option.
 * Of repeated options the first counts. Hop limit 255 and the address rules are the caller's, who has the IPv6 header.
 */
bool ndp_parse(const void *p, size_t len, struct ndp_msg *out);

/* Bytes of a solicitation or advertisement with its link-layer option. */
#define NDP_MSG_LEN 32

/* Writes the message with checksum zero; the caller fills the checksum. Always carries @m->lladdr if has_lladdr. */
size_t ndp_emit(void *p, const struct ndp_msg *m);

/* The solicited-node multicast address of @a and the MAC that any IPv6 multicast address maps to. */
struct ipaddr ndp_solicited_node(const struct ipaddr *a);
struct mac ip6_multicast_mac(const struct ipaddr *a);

#endif
