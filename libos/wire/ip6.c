/* SPDX-License-Identifier: MIT */
/* The walk over extension headers (RFC 8200, section 4). Every step first asks whether its bytes are there. */
#include "libos/wire/ip6.h"

#define OPT_PAD1 0

/* What an option that we do not know wants done, in the upper two bits of its type. */
enum {
	OPT_ACTION_SKIP,
	OPT_ACTION_DROP,
	OPT_ACTION_REPORT,
	OPT_ACTION_REPORT_UNICAST,
};

struct walk {
	const uint8_t *pkt;
	uint32_t options; /* seen so far */
	struct ip6_ext *out;
};

static enum ip6_ext_verdict judge_option(struct walk *w, uint32_t at)
{
	switch (w->pkt[at] >> 6) {
	case OPT_ACTION_SKIP:
		return IP6_EXT_OK;
	case OPT_ACTION_DROP:
		return IP6_EXT_DROP;
	case OPT_ACTION_REPORT:
		w->out->report_multicast = true;
		break;
	case OPT_ACTION_REPORT_UNICAST:
		break;
	}
	w->out->pointer = at;
	return IP6_EXT_BAD_OPTION;
}

/*
 * The options between @at and @end. We know none but the two paddings, and PadN has type 1, whose action bits say
 * skip; the only one without a length byte is Pad1.
 */
static enum ip6_ext_verdict walk_options(struct walk *w, uint32_t at, uint32_t end)
{
	while (at < end) {
		enum ip6_ext_verdict v;

		if (++w->options > IP6_EXT_OPT_MAX)
			return IP6_EXT_TOO_LONG;
		if (w->pkt[at] == OPT_PAD1) {
			at++;
			continue;
		}
		if (end - at < 2 || end - at - 2 < w->pkt[at + 1])
			return IP6_EXT_TRUNCATED;
		v = judge_option(w, at);
		if (v != IP6_EXT_OK)
			return v;
		at += 2u + w->pkt[at + 1];
	}
	return IP6_EXT_OK;
}

/* One header, all of whose bytes are there. */
static enum ip6_ext_verdict judge_header(struct walk *w, uint8_t type, uint32_t at, uint32_t end)
{
	if (type != IP6_NEXT_ROUTING)
		return walk_options(w, at + 2, end);
	/* We are the end of every route: no routing type is known here, so segments left is all that matters. */
	if (w->pkt[at + 3] == 0)
		return IP6_EXT_OK;
	w->out->pointer = at + 2;
	return IP6_EXT_BAD_ROUTING;
}

enum ip6_ext_verdict ip6_walk_ext(const struct ip6_hdr *h, size_t len, struct ip6_ext *out)
{
	struct walk w = { .pkt = (const uint8_t *)h, .out = out };
	uint32_t at = IP6_HLEN;
	unsigned headers = 0;

	*out = (struct ip6_ext){ .proto = h->next, .prev_next = offsetof(struct ip6_hdr, next) };
	for (;;) {
		uint32_t hlen;
		enum ip6_ext_verdict v;

		out->offset = at;
		switch (out->proto) {
		case IP6_NEXT_HOPOPTS:
			if (at != IP6_HLEN) {
				out->pointer = out->prev_next;
				return IP6_EXT_BAD_ORDER;
			}
			break;
		case IP6_NEXT_DSTOPTS:
		case IP6_NEXT_ROUTING:
			break;
		case IP6_NEXT_FRAGMENT:
			return len - at < sizeof(struct ip6_frag_hdr) ? IP6_EXT_TRUNCATED
								      : IP6_EXT_OK;
		default:
			return IP6_EXT_OK;
		}
		if (++headers > IP6_EXT_MAX)
			return IP6_EXT_TOO_LONG;
		if (len - at < 8)
			return IP6_EXT_TRUNCATED;
		hlen = (w.pkt[at + 1] + 1u) * 8;
		if (len - at < hlen)
			return IP6_EXT_TRUNCATED;
		v = judge_header(&w, out->proto, at, at + hlen);
		if (v != IP6_EXT_OK)
			return v;
		out->proto = w.pkt[at];
		out->prev_next = at;
		at += hlen;
	}
}
