/* SPDX-License-Identifier: MIT */
/* ICMPv4 (RFC 792, 1122 section 3.2.2). */
#include "libos/net/icmp.h"
#include "libos/net/net.h"
#include "libos/wire/csum_buf.h"

#define ICMP4_MESSAGE_MAX (576u - IP4_HLEN) /* what every host must take (RFC 1812, 4.3.2.3) */

static cold_path void drop(struct net *net, struct buf *b, enum net_counter why)
{
	net->count[why]++;
	buf_put_chain(b);
}

/* Types that report an error, the deprecated source quench (4) among them. */
static bool is_error_type(uint8_t type)
{
	return type == ICMP4_UNREACHABLE || type == 4 || type == ICMP4_REDIRECT ||
	       type == ICMP4_TIME_EXCEEDED || type == ICMP4_PARAM_PROBLEM;
}

void icmp4_input(struct net *net, struct buf *b, const struct net_pkt *pkt)
{
	uint32_t len = buf_chain_len(b);
	const struct icmp_hdr *h;

	net->count[NET_ICMP_RX]++;
	if (len < ICMP_HLEN)
		return drop(net, b, NET_DROP_ICMP_SHORT);
	b = net_pullup_or_free(net, b, ICMP_HLEN);
	if (!b)
		return;
	h = (const struct icmp_hdr *)(const void *)b->data;
	if (!csum_is_good(csum_add_chain(0, b, 0, len)))
		return drop(net, b, NET_DROP_ICMP_CSUM);
	switch (h->type) {
	case ICMP4_ECHO:
		return icmp_send_echo_reply(net, b, pkt, ICMP4_ECHO_REPLY);
	case ICMP4_UNREACHABLE:
	case ICMP4_TIME_EXCEEDED:
	case ICMP4_PARAM_PROBLEM:
		return icmp_input_error(net, b, pkt, icmp4_parse_error);
	case ICMP4_REDIRECT:
		return drop(net, b, NET_ICMP_REDIRECT_IGNORED);
	default:
		return drop(net, b, NET_DROP_ICMP_TYPE);
	}
}

/* An ICMP error, or a fragment other than the first: never the cause of an error of ours. */
static bool is_exempt(const struct buf *b)
{
	const struct ip4_hdr *ip = (const void *)(buf_mem(b) + b->l3_off);
	const uint8_t *l4 = (const uint8_t *)ip + ip4_hlen(ip);

	if (ip4_frag_offset(ip) != 0)
		return true;
	return ip->proto == IP_PROTO_ICMP4 && (l4 >= b->data + b->len || is_error_type(*l4));
}

static struct icmp_hdr message_of(enum icmp_error_kind kind, uint8_t code, uint32_t arg)
{
	static const uint8_t unreach_code[] = {
		[ICMP_ERR_NET_UNREACH] = ICMP4_UNREACH_NET,
		[ICMP_ERR_HOST_UNREACH] = ICMP4_UNREACH_HOST,
		[ICMP_ERR_PROTO_UNREACH] = ICMP4_UNREACH_PROTO,
		[ICMP_ERR_PORT_UNREACH] = ICMP4_UNREACH_PORT,
		[ICMP_ERR_PROHIBITED] = 13, /* by filtering */
		[ICMP_ERR_TOO_BIG] = ICMP4_UNREACH_NEEDFRAG,
	};

	switch (kind) {
	case ICMP_ERR_TIME_EXCEEDED:
		/* The only time that a host exceeds is that of reassembly. */
		return (struct icmp_hdr){ .type = ICMP4_TIME_EXCEEDED, .code = 1 };
	case ICMP_ERR_PARAM_PROBLEM:
		return (struct icmp_hdr){ .type = ICMP4_PARAM_PROBLEM,
					  .code = code,
					  .rest = be32(arg << 24) };
	case ICMP_ERR_TOO_BIG:
		return (struct icmp_hdr){ .type = ICMP4_UNREACHABLE,
					  .code = ICMP4_UNREACH_NEEDFRAG,
					  .rest = be32(arg & 0xffff) };
	case ICMP_ERR_NET_UNREACH:
	case ICMP_ERR_HOST_UNREACH:
	case ICMP_ERR_PROTO_UNREACH:
	case ICMP_ERR_PORT_UNREACH:
	case ICMP_ERR_PROHIBITED:
		break;
	}
	return (struct icmp_hdr){ .type = ICMP4_UNREACHABLE, .code = unreach_code[kind] };
}

void icmp4_send_error(struct net *net, const struct buf *b, const struct net_pkt *pkt,
		      enum icmp_error_kind kind, uint8_t code, uint32_t arg)
{
	if (!is_exempt(b))
		icmp_send_quote(net, b, pkt, message_of(kind, code, arg), ICMP4_MESSAGE_MAX);
}
