/* SPDX-License-Identifier: MIT */
/*
 * Neighbour discovery (RFC 4861, 4862) as far as a host with configured addresses needs it: solicitations and
 * advertisements. Duplicate detection is optimistic (RFC 4429): one probe at start, the address is used
 * meanwhile, a conflict is counted and logged once. Router messages are counted and ignored: routes come from
 * the configuration. Multicast membership is a test on arrival (solicited-node and all-nodes), without MLD.
 */
#ifndef LIBOS_NET_NDP_H
#define LIBOS_NET_NDP_H

#include "libos/net/path.h"

/*
 * ICMPv6 types ROUTER_SOLICIT to NEIGHBOR_ADVERT. Consumes @b, whose data starts at the ICMPv6 header,
 * checksum verified by the caller; not contiguous beyond the first buf.
 */
void ndp_input(struct net *net, struct buf *b, const struct net_pkt *pkt);

/* Asks for @n->addr: multicast, or by unicast when @n is being probed. */
void ndp_solicit(struct net *net, const struct neigh *n);

/* Duplicate address probe for @addr, an address of ours. */
void ndp_probe_duplicate(struct net *net, const struct ipaddr *addr);

/* Unsolicited advertisement with override, to all nodes: "@addr is here now". */
void ndp_announce(struct net *net, const struct ipaddr *addr);

/* fe80::/64 with the modified EUI-64 of @mac. */
struct ipaddr ndp_link_local(const struct mac *mac);

/* All-nodes, or the solicited-node group of an address of ours. */
bool ndp_is_our_group(const struct net *net, const struct ipaddr *group);

#endif
