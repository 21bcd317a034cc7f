/* SPDX-License-Identifier: MIT */
/*
 * One receiver for the tests of reass and sack_rx. Byte n of transmission `version` of sequence number `seq` has a value
 * that tells both, so that a test sees whose bytes came out.
 */
#ifndef TESTS_UNIT_TCP_RX_H
#define TESTS_UNIT_TCP_RX_H

#include "libos/tcp/reass.h"

struct rx {
	struct buf_pool bufs;
	struct tcp_reass_pool pool;
	struct tcp_reass r;
	uint32_t rcv_nxt;
	uint32_t max_bytes;
	bool fin; /* delivered */
	struct tcp_reass_result res;
	struct buf_queue out; /* of the last pop */
};

/* What a received frame of 2 KB costs. */
#define FRAME_CHARGE (sizeof(struct buf) + BUF_HEADROOM + 2048)

void rx_start(struct rx *rx, uint32_t rcv_nxt, const struct tcp_reass_config *config);

/* Everything must have gone back. */
void rx_stop(struct rx *rx);

uint8_t rx_byte(uint32_t seq, uint8_t version);

/* A received packet of one buf, a stand-in for headers in front of its data. */
struct buf *rx_packet(struct rx *rx, uint32_t seq, uint32_t len, uint8_t version);

/* Inserts [@seq, @seq + @len), and no more. */
void rx_put(struct rx *rx, uint32_t seq, uint32_t len, uint8_t version, bool fin);

/* Pops and compares with the versions in @want, one character per byte ("0012"). */
void rx_expect(struct rx *rx, const char *want);

/* The ranges, relative to @base, as "10-20 30-40". */
void rx_ranges(struct rx *rx, uint32_t base, const char *want);

#endif
