/* SPDX-License-Identifier: MIT */
/*
 * The neighbour cache: IP address to MAC, one engine for ARP and NDP, which only make and read the messages.
 *
 *     INCOMPLETE  asked, no answer yet; packets wait in the entry's queue
 *     REACHABLE   answered or confirmed within neigh_ttl_ns
 *     STALE       usable, but nobody confirmed that the neighbour hears us: learned from its own request
 *     PROBE       usable; asked again by unicast, since packets still go there
 *     FAILED      does not answer; refuses packets for one request timeout, so that a dead host costs few requests
 *     STATIC      from the configuration: never changes
 *
 *     (new)      -> INCOMPLETE [neigh_get_or_null]  -> STALE [neigh_learn, from a request to us]  -> STATIC [neigh_add_static]
 *     INCOMPLETE -> REACHABLE, STALE [neigh_learn]  -> FAILED [timer: retries used up]
 *     REACHABLE  -> PROBE [timer: ttl over, in use]  -> STALE [neigh_learn, MAC changed]  -> gone [timer: ttl over, unused]
 *     STALE      -> PROBE [timer: in use]  -> REACHABLE [neigh_learn, neigh_confirm]  -> gone [timer: unused]
 *     PROBE      -> REACHABLE, STALE [as above]  -> FAILED [timer]
 *     FAILED     -> gone [timer]  -> REACHABLE, STALE [neigh_learn]
 *
 * Nothing but our own need or a request addressed to us makes an entry, so that a stranger's broadcasts
 * cannot fill the table. A full table gives up the entry that was used longest ago; static entries stay.
 */
#ifndef LIBOS_NET_NEIGH_H
#define LIBOS_NET_NEIGH_H

#include "libos/base/hash.h"
#include "libos/base/ipaddr.h"
#include "libos/base/list.h"
#include "libos/buf/buf.h"
#include "libos/timer/wheel.h"
#include "libos/wire/eth.h"

struct net;
struct net_path;

enum neigh_state {
	NEIGH_FREE,
	NEIGH_INCOMPLETE,
	NEIGH_REACHABLE,
	NEIGH_STALE,
	NEIGH_PROBE,
	NEIGH_FAILED,
	NEIGH_STATIC,
	NEIGH_STATE_NUM,
};

struct neigh {
	uint64_t used_at; /* last packet sent through it, written by every output */
	struct mac mac;   /* meaningful in the usable states */
	uint8_t state;
	bool has_paths;  /* a path may hold a pointer: removal moves net->generation on */
	uint32_t tries;  /* requests sent since the state was entered */
	uint64_t since;  /* REACHABLE: last confirmation; STALE: when learned */
	uint64_t lru_at; /* used_at when it was last put at the young end of the LRU list */
	struct net *net;
	struct ipaddr addr;
	struct neigh *hash_next;
	struct list lru; /* table's LRU list, old end first; free entries: the free list */
	struct timer timer;
	struct buf_queue waiting; /* whole frames but for the destination MAC */
};

struct neigh_table {
	struct neigh *entries;
	struct neigh **buckets;
	uint32_t bucket_mask;
	uint32_t num;
	struct list lru;
	struct list free;
	struct hash_key key;
};

static always_inline bool neigh_is_usable(const struct neigh *n)
{
	return n->state == NEIGH_REACHABLE || n->state == NEIGH_STALE || n->state == NEIGH_PROBE ||
	       n->state == NEIGH_STATIC;
}

const char *neigh_state_name(enum neigh_state state);

/* Sized by net->config. 0 or -ENOMEM. */
int neigh_table_init(struct net *net) must_check;
void neigh_table_fini(struct net *net);

struct neigh *neigh_find_or_null(struct net *net, const struct ipaddr *addr);

/* Finds or makes the entry, for us to send to: a new one starts asking. NULL: the table is full of static ones. */
struct neigh *neigh_get_or_null(struct net *net, const struct ipaddr *addr);

/* 0, -EINVAL (no unicast address or MAC) or -ENOSPC. */
int neigh_add_static(struct net *net, const struct ipaddr *addr, const struct mac *mac) must_check;

/*
 * Sends @b (consumed), a whole frame but for the destination MAC, when @n is usable, else queues it.
 * -EHOSTUNREACH: @n has failed. A full queue drops its oldest packet.
 */
int neigh_output(struct net *net, struct neigh *n, struct buf *b);

/* How we came to hear of a neighbour's MAC. */
enum {
	NEIGH_LEARN_CREATE = 1 << 0,    /* it asked for us: worth an entry */
	NEIGH_LEARN_SOLICITED = 1 << 1, /* it answered us: it hears us */
	NEIGH_LEARN_OVERRIDE = 1 << 2,  /* replaces another MAC that we hold */
};

/* RFC 4861 section 7.2.3 to 7.2.5 in one function; ARP uses it with the flags that fit. */
void neigh_learn(struct net *net, const struct ipaddr *addr, const struct mac *mac, unsigned flags);

/* A transport saw progress through @path (new data acknowledged): the next hop is alive, no need to probe it. */
void net_neigh_confirm(struct net *net, struct net_path *path);

#endif
