/* SPDX-License-Identifier: MIT */
/*
 * A network layer with nothing around it: a device that is two arrays of frames, virtual time, and a short text for
 * each frame sent, so that tests are tables of what goes in and what must come out.
 *
 * We are 10.0.0.1/24, 2001:db8::1/64 and fe80::ff:fe00:1, MAC 02:00:00:00:00:01 ("me"). Other hosts have MAC
 * 02:00:00:00:00:NN ("mNN"). Gateways: 10.0.0.254 and 2001:db8::fe. Time starts at one second.
 */
#ifndef TESTS_UNIT_NET_WORLD_H
#define TESTS_UNIT_NET_WORLD_H

#include "libos/net/net.h"
#include "libos/wire/arp.h"

#define WORLD_TX_MAX 600
#define WORLD_TEXT_MAX 160

struct world_frame {
	uint32_t len;
	uint8_t *bytes;
};

struct world {
	struct dev dev;
	struct buf *rx[64];
	unsigned num_rx;
	struct world_frame tx[WORLD_TX_MAX]; /* what the device took, oldest first */
	unsigned num_tx;
	unsigned next_tx;     /* first that world_sent has not seen */
	unsigned tx_capacity; /* frames the device takes before it is full */
	uint8_t tx_flags;     /* of the last frame taken */
	struct buf_pool pool;
	struct timer_wheel wheel;
	struct net net;
	uint64_t before[NET_COUNTER_NUM];
};

/* The configuration that the text above describes. */
struct net_config world_config(void);

/* Starts @w, and forgets the announcements. @config NULL: world_config. */
void world_start(struct world *w, const struct net_config *config);
void world_start_with(struct world *w, const struct net_config *config, uint32_t features,
		      uint16_t mtu);

/* Stops it; no buffer may be left over. */
void world_stop(struct world *w);

/* Lets time pass, turning the run loop at each timer. */
void world_advance(struct world *w, uint64_t ns);

/* One frame from the wire, and a poll. */
void world_receive(struct world *w, const void *frame, size_t len);

/* The same in two bufs, cut after @first bytes. */
void world_receive_split(struct world *w, const void *frame, size_t len, size_t first);

/* The next frame sent, as text ("" when there is none): see describe in world.c. Valid until the next call. */
const char *world_sent(struct world *w);

/* The same as bytes; NULL when there is none. */
const struct world_frame *world_sent_frame(struct world *w);

/* Asserts that no frame is left that world_sent has not seen. */
void world_assert_quiet(struct world *w);

/* Forgets frames sent and takes note of the counters. */
void world_mark(struct world *w);

/* Counter since world_mark. */
uint64_t world_count(const struct world *w, enum net_counter c);

/* Asserts that since world_mark exactly the drop @c was counted, once; NET_COUNTER_NUM: none at all. */
void world_assert_drop(const struct world *w, enum net_counter c);

struct ipaddr ip(const struct world *w, const char *text);
struct mac world_mac(unsigned nn);

/* A packet to send: @len bytes of @fill, with headroom. */
struct buf *world_packet(struct world *w, uint32_t len, uint8_t fill);

/* Frames from others; all return the length. @to "me", "all", or a number as "m2". */
size_t make_arp(void *out, const char *eth_dst, uint16_t op, unsigned sha, const char *spa,
		const char *tha, const char *tpa);
/* IPv4 or IPv6 by the addresses; the payload follows the header as it is. */
size_t make_ip(void *out, const char *eth_dst, unsigned from_mac, const char *src, const char *dst,
	       uint8_t proto, const void *payload, size_t len);
/* An ICMPv6 message with its checksum and a hop limit of its own. */
size_t make_icmp6(void *out, const char *eth_dst, unsigned from_mac, const char *src,
		  const char *dst, uint8_t hop_limit, const void *msg, size_t len);

/* The neighbour's state by name; "none" when there is no entry. */
const char *world_neigh(struct world *w, const char *addr);

/* Makes 10.0.0.NN or 2001:db8::NN (decimal) a neighbour in @state, having sent nothing that is not forgotten. */
struct neigh *world_set_neigh(struct world *w, const char *addr, unsigned mac,
			      enum neigh_state state);

#endif
