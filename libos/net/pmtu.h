/* SPDX-License-Identifier: MIT */
/*
 * Path MTU per destination (RFC 1191, 8201): a bounded table of what routers told us, each entry good for
 * config.pmtu_ttl_ns. Looked at when a path is resolved; any change moves net->generation on, so that
 * paths learn of it at their next use.
 *
 * Values below the family's floor (552 bytes IPv4, 1280 IPv6) are not believed: they are raised to it and
 * counted. Nor are values that the packet would have fitted. Only a lower value than the one in force counts as
 * news; a router cannot raise it, time does. Who calls pmtu_update has found the quoted packet to be one that we
 * may have sent: nobody else can (RFC 5927, 7.2).
 */
#ifndef LIBOS_NET_PMTU_H
#define LIBOS_NET_PMTU_H

#include "libos/base/hash.h"
#include "libos/base/ipaddr.h"
#include "libos/base/list.h"
#include "libos/timer/wheel.h"

struct net;

#define PMTU_FLOOR_V4 552

/* One destination; private to pmtu.c. */
struct pmtu_entry;

struct pmtu_table {
	struct pmtu_entry *entries; /* config.pmtu_max of them */
	struct pmtu_entry **buckets;
	uint32_t bucket_mask;
	uint32_t num;
	struct list lru; /* in order of expiry, next one first */
	struct list free;
	struct hash_key key;
	struct timer timer; /* for the oldest entry */
	struct net *net;
};

/* Sized by net->config. 0 or -ENOMEM. */
int pmtu_table_init(struct net *net) must_check;
void pmtu_table_fini(struct net *net);

/* Bytes of IP packet towards @dst: the table's value, or the link's MTU. */
uint32_t pmtu_get(const struct net *net, const struct ipaddr *dst);

/*
 * A router says that a packet of @packet_len bytes was too big for its next hop of @mtu bytes; 0 from an old
 * router: then the next lower plateau of RFC 1191 section 7.1 is taken. True if that lowered anything.
 */
bool pmtu_update(struct net *net, const struct ipaddr *dst, uint32_t mtu, uint32_t packet_len);

#endif
