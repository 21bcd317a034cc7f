/* SPDX-License-Identifier: MIT */
#include "libos/wire/tcp.h"

#include "libos/base/bug.h"

#define MSS_LEN 4
#define WSCALE_LEN 3
#define SACK_PERM_LEN 2
#define TS_LEN 10
#define MD5_LEN 18
#define AO_LEN_MIN 4
#define FASTOPEN_BASE 2
#define FASTOPEN_EXP_BASE 4 /* kind, length, magic */
#define SACK_BLOCK_LEN 8

/* @p has the @len bytes of the cookie. */
static bool read_cookie(const uint8_t *p, size_t len, uint16_t form, struct tcp_opts *o)
{
	if (len != 0 && (len < TCP_FASTOPEN_COOKIE_MIN || len > TCP_FASTOPEN_COOKIE_MAX || len % 2))
		return false;
	o->cookie_len = (uint8_t)len;
	memcpy(o->cookie, p, len);
	o->seen &= (uint16_t)~TCP_HAS_FASTOPEN_EXP;
	o->seen |= TCP_HAS_FASTOPEN | form;
	return true;
}

static bool read_sack(const uint8_t *p, size_t len, struct tcp_opts *o)
{
	size_t blocks = (len - 2) / SACK_BLOCK_LEN;

	/* More than four cannot be: no header has room for them. */
	if (len % SACK_BLOCK_LEN != 2 || blocks == 0)
		return false;
	for (size_t i = 0; i < blocks; i++) {
		o->sack[i].start = load_be32(p + 2 + i * SACK_BLOCK_LEN);
		o->sack[i].end = load_be32(p + 6 + i * SACK_BLOCK_LEN);
	}
	o->num_sack = (uint8_t)blocks;
	o->seen |= TCP_HAS_SACK;
	return true;
}

/* Experimental options are known by their magic; foreign ones are none of our business, whatever their length. */
static bool read_experiment(const uint8_t *p, size_t len, struct tcp_opts *o)
{
	if (len < FASTOPEN_EXP_BASE || load_be16(p + 2) != TCP_FASTOPEN_MAGIC)
		return true;
	return read_cookie(p + FASTOPEN_EXP_BASE, len - FASTOPEN_EXP_BASE, TCP_HAS_FASTOPEN_EXP, o);
}

/* One option of @len bytes, all there. False: its length is wrong for its kind. */
static bool read_option(const uint8_t *p, size_t len, struct tcp_opts *o)
{
	switch (p[0]) {
	case TCP_OPT_MSS:
		if (len != MSS_LEN || load_be16(p + 2) == 0)
			return false;
		o->mss = load_be16(p + 2);
		o->seen |= TCP_HAS_MSS;
		return true;
	case TCP_OPT_WSCALE:
		if (len != WSCALE_LEN)
			return false;
		o->wscale = min_t(uint8_t, p[2], TCP_MAX_WSCALE);
		o->seen |= TCP_HAS_WSCALE;
		return true;
	case TCP_OPT_SACK_PERM:
		if (len != SACK_PERM_LEN)
			return false;
		o->seen |= TCP_HAS_SACK_PERM;
		return true;
	case TCP_OPT_SACK:
		return read_sack(p, len, o);
	case TCP_OPT_TS:
		if (len != TS_LEN)
			return false;
		o->ts_val = load_be32(p + 2);
		o->ts_ecr = load_be32(p + 6);
		o->seen |= TCP_HAS_TS;
		return true;
	case TCP_OPT_MD5:
		o->seen |= TCP_HAS_MD5;
		return len == MD5_LEN;
	case TCP_OPT_AO:
		o->seen |= TCP_HAS_AO;
		return len >= AO_LEN_MIN;
	case TCP_OPT_FASTOPEN:
		return read_cookie(p + FASTOPEN_BASE, len - FASTOPEN_BASE, 0, o);
	case TCP_OPT_EXPERIMENT:
		return read_experiment(p, len, o);
	default:
		return true;
	}
}

void tcp_parse_opts(const void *p, size_t len, struct tcp_opts *out)
{
	const uint8_t *at = p;
	const uint8_t *end = at + len;

	BUG_ON(len > TCP_OPTS_MAX);
	*out = (struct tcp_opts){ .seen = 0 };
	while (at < end && *at != TCP_OPT_EOL) {
		size_t left = (size_t)(end - at);

		if (*at == TCP_OPT_NOP) {
			at++;
			continue;
		}
		if (left < 2 || at[1] < 2 || at[1] > left) {
			out->seen |= TCP_HAS_MALFORMED;
			return;
		}
		if (!read_option(at, at[1], out))
			out->seen |= TCP_HAS_MALFORMED;
		at += at[1];
	}
}

static bool has(const struct tcp_opts *o, uint16_t bit)
{
	return o->seen & bit;
}

static size_t fastopen_len(const struct tcp_opts *o)
{
	size_t base = has(o, TCP_HAS_FASTOPEN_EXP) ? FASTOPEN_EXP_BASE : FASTOPEN_BASE;

	BUG_ON(o->cookie_len > TCP_FASTOPEN_COOKIE_MAX);
	return has(o, TCP_HAS_FASTOPEN) ? base + o->cookie_len : 0;
}

/* Everything but SACK, each option as padded by tcp_emit_opts. */
static size_t fixed_len(const struct tcp_opts *o)
{
	size_t len = (fastopen_len(o) + 3) & ~(size_t)3;

	if (has(o, TCP_HAS_MSS))
		len += 4;
	if (has(o, TCP_HAS_TS))
		len += TCP_TS_LEN;
	else if (has(o, TCP_HAS_SACK_PERM))
		len += 4;
	if (has(o, TCP_HAS_WSCALE))
		len += 4;
	BUG_ON(len > TCP_OPTS_MAX);
	return len;
}

/* How many blocks fit behind @used other bytes; a SACK option needs 4 bytes beside its blocks. */
static size_t sack_that_fit(const struct tcp_opts *o, size_t used)
{
	size_t room = TCP_OPTS_MAX - used;

	if (!has(o, TCP_HAS_SACK) || room < 4)
		return 0;
	return min_t(size_t, o->num_sack, (room - 4) / SACK_BLOCK_LEN);
}

size_t tcp_opts_len(const struct tcp_opts *o)
{
	size_t fixed = fixed_len(o);
	size_t blocks = sack_that_fit(o, fixed);

	return fixed + (blocks ? 4 + blocks * SACK_BLOCK_LEN : 0);
}

static uint8_t *put4(uint8_t *p, uint8_t a, uint8_t b, uint8_t c, uint8_t d)
{
	store_be32(p, (uint32_t)a << 24 | (uint32_t)b << 16 | (uint32_t)c << 8 | d);
	return p + 4;
}

static uint8_t *emit_fastopen(uint8_t *p, const struct tcp_opts *o)
{
	size_t len = fastopen_len(o);
	uint8_t *end = p + len;

	if (has(o, TCP_HAS_FASTOPEN_EXP)) {
		p[0] = TCP_OPT_EXPERIMENT;
		store_be16(p + 2, TCP_FASTOPEN_MAGIC);
	} else {
		p[0] = TCP_OPT_FASTOPEN;
	}
	p[1] = (uint8_t)len;
	memcpy(end - o->cookie_len, o->cookie, o->cookie_len);
	for (; len % 4; len++)
		*end++ = TCP_OPT_NOP;
	return end;
}

size_t tcp_emit_opts(void *p, const struct tcp_opts *o)
{
	size_t blocks = sack_that_fit(o, fixed_len(o));
	uint8_t *at = p;

	if (has(o, TCP_HAS_MSS))
		at = put4(at, TCP_OPT_MSS, MSS_LEN, (uint8_t)(o->mss >> 8), (uint8_t)o->mss);
	if (has(o, TCP_HAS_TS)) {
		if (has(o, TCP_HAS_SACK_PERM))
			at = put4(at, TCP_OPT_SACK_PERM, SACK_PERM_LEN, TCP_OPT_TS, TS_LEN);
		else
			at = put4(at, TCP_OPT_NOP, TCP_OPT_NOP, TCP_OPT_TS, TS_LEN);
		store_be32(at, o->ts_val);
		store_be32(at + 4, o->ts_ecr);
		at += 8;
	} else if (has(o, TCP_HAS_SACK_PERM)) {
		at = put4(at, TCP_OPT_NOP, TCP_OPT_NOP, TCP_OPT_SACK_PERM, SACK_PERM_LEN);
	}
	if (has(o, TCP_HAS_WSCALE))
		at = put4(at, TCP_OPT_NOP, TCP_OPT_WSCALE, WSCALE_LEN, o->wscale);
	if (blocks > 0)
		at = put4(at, TCP_OPT_NOP, TCP_OPT_NOP, TCP_OPT_SACK,
			  (uint8_t)(2 + blocks * SACK_BLOCK_LEN));
	for (size_t i = 0; i < blocks; i++, at += SACK_BLOCK_LEN) {
		store_be32(at, o->sack[i].start);
		store_be32(at + 4, o->sack[i].end);
	}
	if (has(o, TCP_HAS_FASTOPEN))
		at = emit_fastopen(at, o);
	return (size_t)(at - (uint8_t *)p);
}
