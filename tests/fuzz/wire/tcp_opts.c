/* SPDX-License-Identifier: MIT */
/* The input is a TCP segment. */
#include "libos/wire/tcp.h"

#include "tests/fuzz/fuzz.h"

static void check_fields(const struct tcp_opts *o)
{
	if (o->seen & TCP_HAS_MSS)
		FUZZ_CHECK(o->mss != 0);
	if (o->seen & TCP_HAS_SACK)
		FUZZ_CHECK(o->num_sack >= 1 && o->num_sack <= TCP_MAX_SACK);
	FUZZ_CHECK(o->wscale <= TCP_MAX_WSCALE);
	FUZZ_CHECK(o->cookie_len <= TCP_FASTOPEN_COOKIE_MAX);
	if (o->seen & TCP_HAS_FASTOPEN_EXP)
		FUZZ_CHECK(o->seen & TCP_HAS_FASTOPEN);
}

/* Beside SACK blocks that find no room, what is emitted is what is parsed. */
static void check_again(struct tcp_opts *o)
{
	uint8_t *p = malloc(tcp_opts_len(o));
	struct tcp_opts back;
	size_t len = tcp_emit_opts(p, o);

	FUZZ_CHECK(len == tcp_opts_len(o) && len % 4 == 0 && len <= TCP_OPTS_MAX);
	tcp_parse_opts(p, len, &back);
	o->seen &= (uint16_t) ~(TCP_HAS_MD5 | TCP_HAS_AO | TCP_HAS_MALFORMED);
	FUZZ_CHECK(back.num_sack <= o->num_sack);
	FUZZ_CHECK(memcmp(back.sack, o->sack, back.num_sack * sizeof(o->sack[0])) == 0);
	FUZZ_CHECK(((back.seen ^ o->seen) & ~TCP_HAS_SACK) == 0);
	FUZZ_CHECK(back.mss == o->mss && back.wscale == o->wscale && back.ts_val == o->ts_val &&
		   back.ts_ecr == o->ts_ecr && back.cookie_len == o->cookie_len);
	FUZZ_CHECK(memcmp(back.cookie, o->cookie, o->cookie_len) == 0);
	free(p);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *p = fuzz_copy(data, size);
	const struct tcp_hdr *h = (const void *)p;

	if (tcp_len_is_good(h, size)) {
		struct tcp_opts o;
		uint32_t ts_val, ts_ecr;

		FUZZ_CHECK(tcp_hlen(h) >= TCP_HLEN && tcp_hlen(h) <= size);
		tcp_parse_opts(p + TCP_HLEN, tcp_hlen(h) - TCP_HLEN, &o);
		check_fields(&o);
		if (tcp_is_ts_only(h, &ts_val, &ts_ecr))
			FUZZ_CHECK(o.seen == TCP_HAS_TS && o.ts_val == ts_val &&
				   o.ts_ecr == ts_ecr);
		check_again(&o);
	}
	free(p);
	return 0;
}
