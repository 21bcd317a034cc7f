/* SPDX-License-Identifier: MIT */
/* The bufs behind segments: from the queue of what is unsent into the flight, and from there into frames. */
#ifndef LIBOS_TCP_PAYLOAD_H
#define LIBOS_TCP_PAYLOAD_H

#include "libos/tcp/conn.h"

/* Takes up to @len unsent bytes, not 0, into @s: fewer, or none, when memory is short. */
void tcp_take_unsent(struct tcp_conn *c, struct tcp_seg *s, uint32_t len);

/* The payload of @s as a packet with room for all headers in front; NULL without memory. */
struct buf *tcp_dress_payload_or_null(struct tcp *tcp, struct tcp_seg *s);

/* Cuts @s, which is in the flight, to @len bytes of payload; the rest becomes a segment behind it. False without
 * memory. */
bool tcp_seg_split(struct tcp_conn *c, struct tcp_seg *s, uint32_t len);

/* The first @bytes of its sequence numbers have been acknowledged, not all. */
void tcp_seg_trim(struct tcp_seg *s, uint32_t bytes);

/* Drops the payload's references and the record. */
void tcp_seg_free(struct tcp *tcp, struct tcp_seg *s);

#endif
