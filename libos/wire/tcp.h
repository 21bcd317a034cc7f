/* SPDX-License-Identifier: MIT */
/* TCP header and options (RFC 9293, 7323, 2018, 7413). What an option means is for the engine to say. */
#ifndef LIBOS_WIRE_TCP_H
#define LIBOS_WIRE_TCP_H

#include "libos/base/endian.h"
#include "libos/wire/csum.h"

#define TCP_HLEN 20
#define TCP_OPTS_MAX 40
#define TCP_HLEN_MAX (TCP_HLEN + TCP_OPTS_MAX)
#define TCP_TS_LEN                                                                                 \
	12 /* the timestamp option with its two paddings: what established segments carry */

#define TCP_FIN 0x01
#define TCP_SYN 0x02
#define TCP_RST 0x04
#define TCP_PSH 0x08
#define TCP_ACK 0x10
#define TCP_URG 0x20
#define TCP_ECE 0x40
#define TCP_CWR 0x80

struct tcp_hdr {
	struct be16 sport;
	struct be16 dport;
	struct be32 seq;
	struct be32 ack;
	uint8_t offset; /* header length in words << 4 | reserved */
	uint8_t flags;
	struct be16 window;
	struct be16 csum;
	struct be16 urgent;
};

_Static_assert(sizeof(struct tcp_hdr) == TCP_HLEN, "wire layout");

static always_inline uint32_t tcp_hlen(const struct tcp_hdr *h)
{
	return (uint32_t)(h->offset >> 4) * 4;
}

/* Does the @len bytes long segment at @h hold its whole header? Ports, flags and checksum are the caller's. */
static always_inline bool tcp_len_is_good(const struct tcp_hdr *h, size_t len)
{
	return len >= TCP_HLEN && tcp_hlen(h) >= TCP_HLEN && tcp_hlen(h) <= len;
}

enum {
	TCP_OPT_EOL = 0,
	TCP_OPT_NOP = 1,
	TCP_OPT_MSS = 2,
	TCP_OPT_WSCALE = 3,
	TCP_OPT_SACK_PERM = 4,
	TCP_OPT_SACK = 5,
	TCP_OPT_TS = 8,
	TCP_OPT_MD5 = 19,
	TCP_OPT_AO = 29,
	TCP_OPT_FASTOPEN = 34,
	TCP_OPT_EXPERIMENT = 254, /* with a magic number that says whose */
};

#define TCP_MAX_WSCALE 14
#define TCP_MAX_SACK 4
#define TCP_FASTOPEN_COOKIE_MIN 4
#define TCP_FASTOPEN_COOKIE_MAX 16
#define TCP_FASTOPEN_MAGIC 0xf989

/* Bits of tcp_opts.seen. */
enum {
	TCP_HAS_MSS = 1 << 0,
	TCP_HAS_WSCALE = 1 << 1,
	TCP_HAS_SACK_PERM = 1 << 2,
	TCP_HAS_TS = 1 << 3,
	TCP_HAS_SACK = 1 << 4,
	TCP_HAS_FASTOPEN = 1 << 5,
	TCP_HAS_FASTOPEN_EXP =
		1 << 6, /* with HAS_FASTOPEN: in the experimental form, to be answered in kind */
	TCP_HAS_MD5 = 1 << 7,
	TCP_HAS_AO = 1 << 8,
	TCP_HAS_MALFORMED = 1 << 9, /* some length was illegal */
};

struct tcp_sack_block {
	uint32_t start;
	uint32_t end; /* the first sequence number after the block */
};

/* A field counts only if ->seen says so. */
struct tcp_opts {
	uint16_t seen;
	uint16_t mss;
	uint8_t wscale;     /* at most TCP_MAX_WSCALE */
	uint8_t num_sack;   /* 1 to TCP_MAX_SACK */
	uint8_t cookie_len; /* 0 asks for a cookie */
	uint32_t ts_val;
	uint32_t ts_ecr;
	struct tcp_sack_block sack[TCP_MAX_SACK];
	uint8_t cookie[TCP_FASTOPEN_COOKIE_MAX];
};

/*
 * Reads the @len bytes of options at @p. An option whose length is impossible (below 2, or past the end) ends the
 * parse; a known one of the wrong length or an MSS of 0 is skipped like an unknown one; either way what was read
 * stays and HAS_MALFORMED is set (RFC 9293 MUST-7). Of a repeated option the last counts. Options are read without
 * regard to the flags: ignoring MSS, window scale and SACK permitted outside of a SYN is the caller's.
 */
void tcp_parse_opts(const void *p, size_t len, struct tcp_opts *out);

/*
 * Are the options of @h (length checked) exactly what nearly every established segment carries: two paddings and a
 * timestamp? The quick way around tcp_parse_opts.
 */
static always_inline bool tcp_is_ts_only(const struct tcp_hdr *h, uint32_t *ts_val,
					 uint32_t *ts_ecr)
{
	const uint8_t *p = (const uint8_t *)(h + 1);

	if (tcp_hlen(h) != TCP_HLEN + TCP_TS_LEN || load_be32(p) != 0x0101080a)
		return false;
	*ts_val = load_be32(p + 4);
	*ts_ecr = load_be32(p + 8);
	return true;
}

/* Bytes that tcp_emit_opts will write: a multiple of 4, at most TCP_OPTS_MAX. */
size_t tcp_opts_len(const struct tcp_opts *o);

/*
 * Writes the options in the order and with the paddings of Linux: MSS, SACK permitted and timestamp, window scale,
 * SACK, fast open. Of the SACK blocks as many as there is room for, from the first one; everything else always
 * fits. MD5 and AO are never written. Returns tcp_opts_len(@o).
 */
size_t tcp_emit_opts(void *p, const struct tcp_opts *o);

/*
 * Writes the fixed header with checksum zero for @opts_len bytes of options. Returns the checksum sum of these 20
 * bytes, so that nobody need read back what was just stored in other sizes, which stalls on the store buffer.
 */
static always_inline uint64_t tcp_emit(void *p, uint16_t sport, uint16_t dport, uint32_t seq,
				       uint32_t ack, size_t opts_len, uint8_t flags,
				       uint16_t window, uint16_t urgent)
{
	uint64_t head = __builtin_bswap64((uint64_t)sport << 48 | (uint64_t)dport << 32 | seq);
	uint64_t middle =
		__builtin_bswap64((uint64_t)ack << 32 | (uint64_t)(TCP_HLEN + opts_len) << 26 |
				  (uint64_t)flags << 16 | window);
	uint32_t tail = __builtin_bswap32(urgent);

	memcpy(p, &head, sizeof(head));
	memcpy((uint8_t *)p + 8, &middle, sizeof(middle));
	memcpy((uint8_t *)p + 16, &tail, sizeof(tail));
	return csum_add(csum_add(head, middle), tail);
}

/* Writes the TCP_TS_LEN bytes that tcp_is_ts_only knows; returns their checksum sum. */
static always_inline uint64_t tcp_emit_ts(void *p, uint32_t ts_val, uint32_t ts_ecr)
{
	uint32_t kind = __builtin_bswap32(0x0101080a);
	uint64_t stamps = __builtin_bswap64((uint64_t)ts_val << 32 | ts_ecr);

	memcpy(p, &kind, sizeof(kind));
	memcpy((uint8_t *)p + 4, &stamps, sizeof(stamps));
	return csum_add(stamps, kind);
}

#endif
