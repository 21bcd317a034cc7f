/* SPDX-License-Identifier: MIT */
/* ICMPv6 (RFC 4443), but for neighbour discovery. */
#include "libos/net/icmp.h"
#include "libos/net/ndp.h"
#include "libos/net/net.h"
#include "libos/wire/csum_buf.h"

#define ICMP6_MESSAGE_MAX (IP6_MIN_MTU - IP6_HLEN)
#define ICMP6_FIRST_INFO 128 /* types below are errors */

static cold_path void drop(struct net *net, struct buf *b, enum net_counter why)
{
	net->count[why]++;
	buf_put_chain(b);
}

void icmp6_input(struct net *net, struct buf *b, const struct net_pkt *pkt)
{
	uint32_t len = buf_chain_len(b);
	const struct icmp_hdr *h;
	uint64_t sum;

	net->count[NET_ICMP_RX]++;
	if (len < ICMP_HLEN)
		return drop(net, b, NET_DROP_ICMP_SHORT);
	b = net_pullup_or_free(net, b, ICMP_HLEN);
	if (!b)
		return;
	h = (const struct icmp_hdr *)(const void *)b->data;
	sum = csum_pseudo(&pkt->src, &pkt->dst, IP_PROTO_ICMP6, len);
	if (!csum_is_good(csum_add_chain(sum, b, 0, len)))
		return drop(net, b, NET_DROP_ICMP_CSUM);
	switch (h->type) {
	case ICMP6_ECHO:
		return icmp_send_echo_reply(net, b, pkt, ICMP6_ECHO_REPLY);
	case ICMP6_UNREACHABLE:
	case ICMP6_TOO_BIG:
	case ICMP6_TIME_EXCEEDED:
	case ICMP6_PARAM_PROBLEM:
		return icmp_input_error(net, b, pkt, icmp6_parse_error);
	case ICMP6_ROUTER_SOLICIT:
	case ICMP6_ROUTER_ADVERT:
	case ICMP6_NEIGHBOR_SOLICIT:
	case ICMP6_NEIGHBOR_ADVERT:
		/* Never in fragments: RFC 6980, section 5. */
		if (pkt->flags & NET_PKT_REASSEMBLED)
			return drop(net, b, NET_DROP_NDP_BAD);
		return ndp_input(net, b, pkt);
	case ICMP6_REDIRECT:
		return drop(net, b, NET_ICMP_REDIRECT_IGNORED);
	default:
		return drop(net, b, NET_DROP_ICMP_TYPE);
	}
}

/*
 * Is the packet at @p, of which @len bytes are at hand, an ICMPv6 error or a redirect? Its extension headers may be
 * the very thing that is wrong, so this believes no length in them and says yes when it cannot tell.
 */
static bool is_error_packet(const uint8_t *p, size_t len)
{
	uint8_t next = p[offsetof(struct ip6_hdr, next)];
	size_t at = IP6_HLEN;

	while (at + 1 < len) {
		switch (next) {
		case IP6_NEXT_FRAGMENT:
			next = p[at];
			at += sizeof(struct ip6_frag_hdr);
			break;
		case IP6_NEXT_HOPOPTS:
		case IP6_NEXT_ROUTING:
		case IP6_NEXT_DSTOPTS:
			next = p[at];
			at += (p[at + 1] + 1u) * 8;
			break;
		case IP_PROTO_ICMP6:
			return p[at] < ICMP6_FIRST_INFO || p[at] == ICMP6_REDIRECT;
		default:
			return false;
		}
	}
	return next == IP_PROTO_ICMP6;
}

static struct icmp_hdr message_of(enum icmp_error_kind kind, uint8_t code, uint32_t arg)
{
	static const uint8_t unreach_code[] = {
		[ICMP_ERR_NET_UNREACH] = ICMP6_UNREACH_NOROUTE,
		[ICMP_ERR_HOST_UNREACH] = ICMP6_UNREACH_ADDR,
		[ICMP_ERR_PORT_UNREACH] = ICMP6_UNREACH_PORT,
		[ICMP_ERR_PROHIBITED] = ICMP6_UNREACH_ADMIN,
	};

	switch (kind) {
	case ICMP_ERR_TIME_EXCEEDED:
		return (struct icmp_hdr){ .type = ICMP6_TIME_EXCEEDED, .code = 1 };
	case ICMP_ERR_PROTO_UNREACH:
		return (struct icmp_hdr){ .type = ICMP6_PARAM_PROBLEM,
					  .code = 1,
					  .rest = be32(arg) };
	case ICMP_ERR_PARAM_PROBLEM:
		return (struct icmp_hdr){ .type = ICMP6_PARAM_PROBLEM,
					  .code = code,
					  .rest = be32(arg) };
	case ICMP_ERR_TOO_BIG:
		return (struct icmp_hdr){ .type = ICMP6_TOO_BIG, .rest = be32(arg) };
	case ICMP_ERR_NET_UNREACH:
	case ICMP_ERR_HOST_UNREACH:
	case ICMP_ERR_PORT_UNREACH:
	case ICMP_ERR_PROHIBITED:
		break;
	}
	return (struct icmp_hdr){ .type = ICMP6_UNREACHABLE, .code = unreach_code[kind] };
}

void icmp6_send_error(struct net *net, const struct buf *b, const struct net_pkt *pkt,
		      enum icmp_error_kind kind, uint8_t code, uint32_t arg)
{
	const uint8_t *ip = buf_mem(b) + b->l3_off;

	if (!is_error_packet(ip, (size_t)(b->data + b->len - ip)))
		icmp_send_quote(net, b, pkt, message_of(kind, code, arg), ICMP6_MESSAGE_MAX);
}
