/* SPDX-License-Identifier: MIT */
/*
 * A tcp_cc and its tcp_rate outside of a connection: what a snapshot carries to another host. Little-endian, no
 * padding, times relative to the moment of export.
 */
#ifndef LIBOS_TCP_CC_IMAGE_H
#define LIBOS_TCP_CC_IMAGE_H

#include "libos/tcp/cc/rate.h"

struct tcp_cc_image {
	char name[TCP_CC_NAME_LEN]; /* of the algorithm, padded with 0 */
	uint32_t version;           /* of priv */
	uint32_t cwnd;
	uint32_t ssthresh;
	uint32_t mss;
	uint64_t pacing_rate;
	uint32_t undo_cwnd;
	uint32_t undo_ssthresh;
	uint64_t bucket_at; /* tcp_cc_valid from here */
	uint64_t unused_at;
	uint32_t round_bytes;
	uint32_t pipe[2];
	uint32_t flight;
	uint8_t is_unused;
	uint8_t limited_round[2];
	uint8_t phase; /* ... to here */
	uint8_t can_undo;
	uint8_t zero[3];
	uint64_t rate_delivered; /* tcp_rate from here */
	uint64_t rate_delivered_at;
	uint64_t rate_first_sent_at;
	uint64_t rate_app_limited;
	uint64_t rate_round_end;
	uint32_t rate_lost; /* ... to here */
	uint32_t zero2;
	uint64_t priv[TCP_CC_PRIV_WORDS];
};

_Static_assert(sizeof(struct tcp_cc_image) == 240, "no padding");

void tcp_cc_export(const struct tcp_cc *cc, const struct tcp_rate *r, uint64_t now,
		   struct tcp_cc_image *image);

/* 0; -ENOENT: no such algorithm, or of another version; -EINVAL: a value that no connection can have. @cc and @r are
 * written on success only. */
int tcp_cc_import(const struct tcp_cc_image *image, uint64_t now, struct tcp_cc *cc,
		  struct tcp_rate *r) must_check;

#endif
