/* SPDX-License-Identifier: MIT */
/*
 * On top of tests/unit/net/world.h: endpoints that remember what reached them, and datagrams. Our peer, unless
 * a test says otherwise, is 10.0.0.2 and 2001:db8::2, m2, a static neighbour.
 */
#ifndef TESTS_UNIT_NET_L4_L4_H
#define TESTS_UNIT_NET_L4_L4_H

#include "libos/wire/udp.h"
#include "tests/unit/net/world.h"

#define L4_MAX 65600

/* What the last callbacks brought. */
struct listener {
	struct udp_ep ep;
	struct world *w;
	unsigned num; /* datagrams */
	uint32_t len; /* of the last one */
	uint8_t data[L4_MAX];
	struct ipaddr src, dst;
	uint16_t sport;
	struct net_pkt pkt;
	unsigned errors;
	int err; /* the last one */
	struct ipaddr err_dst;
	uint16_t err_dport;
	bool close_on_datagram;
	bool close_on_error;
};

/* The world, with the peer's addresses known. @config NULL: world_config. */
void l4_start(struct world *w, const struct net_config *config);
void l4_start_with(struct world *w, const struct net_config *config, uint32_t features,
		   uint16_t mtu);

/* An endpoint of @addr's family, bound there. */
void listener_start(struct listener *l, struct world *w, const char *addr, uint16_t port,
		    uint8_t flags);

/* Byte @i of the payload that tests send each other. */
static inline uint8_t pattern(uint32_t i)
{
	return (uint8_t)(i * 7 + (i >> 8) * 13 + 1);
}

void fill_pattern(uint8_t *p, uint32_t len);

/* Is @l's last datagram @len bytes of the pattern? */
bool has_pattern(const struct listener *l, uint32_t len);

/* A UDP datagram with @payload bytes of pattern and its checksum, without IP. Returns its length. */
uint32_t make_udp(void *out, const char *src, const char *dst, uint16_t sport, uint16_t dport,
		  uint32_t payload);

/* The same as a frame from m2 to us. */
size_t make_udp_frame(void *out, const char *src, const char *dst, uint16_t sport, uint16_t dport,
		      uint32_t payload);

/* Receives that frame. */
void receive_udp(struct world *w, const char *src, const char *dst, uint16_t sport, uint16_t dport,
		 uint32_t payload);

/* @len bytes of pattern to send. */
struct buf *pattern_packet(struct world *w, uint32_t len);

/* Sends @len bytes of pattern from @l; @dst NULL: to whom it is connected. */
int send_pattern(struct listener *l, const char *dst, uint16_t port, uint32_t len);

/* The payload of an IP packet in a frame, and whether the UDP or ICMP checksum there is right. */
const uint8_t *frame_l4(const struct world_frame *f);
bool frame_csum_is_good(const struct world_frame *f);

#endif
