/* SPDX-License-Identifier: MIT */
/*
 * ARP (RFC 826, 5227). Replies only for addresses of ours; learns only from requests to us, from answers to
 * our requests, and, where we hold an entry already, from announcements. A claim to an address of ours is
 * counted and logged once; we keep the address (RFC 5227, 2.4 c would have us fight: that is for the operator
 * to see).
 */
#ifndef LIBOS_NET_ARP_H
#define LIBOS_NET_ARP_H

#include "libos/buf/buf.h"
#include "libos/wire/arp.h"

struct net;
struct neigh;

/* Consumes @b, whose data starts behind the Ethernet header. */
void arp_input(struct net *net, struct buf *b);

/* Asks for @n->addr: broadcast, or by unicast when @n is being probed. */
void arp_solicit(struct net *net, const struct neigh *n);

/* Gratuitous ARP for @addr, an address of ours. */
void arp_announce(struct net *net, struct be32 addr);

#endif
