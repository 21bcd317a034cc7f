/* SPDX-License-Identifier: MIT */
/* Neighbour solicitations and advertisements (RFC 4861, sections 4.3, 4.4, 4.6.1 and 7.1). */
#include "libos/wire/icmp.h"

#define NDP_FIXED_LEN 24
#define NDP_OPT_LEN (NDP_MSG_LEN - NDP_FIXED_LEN)

#define OPT_SOURCE_LLADDR 1
#define OPT_TARGET_LLADDR 2

#define FLAG_ROUTER 0x80
#define FLAG_SOLICITED 0x40
#define FLAG_OVERRIDE 0x20

static uint8_t lladdr_option(uint8_t type)
{
	return type == ICMP6_NEIGHBOR_SOLICIT ? OPT_SOURCE_LLADDR : OPT_TARGET_LLADDR;
}

static bool parse_options(const uint8_t *p, size_t len, struct ndp_msg *m)
{
	while (len > 0) {
		size_t opt_len = len < 2 ? 0 : (size_t)p[1] * 8;

		if (opt_len == 0 || opt_len > len)
			return false;
		if (p[0] == lladdr_option(m->type) && !m->has_lladdr) {
			if (opt_len != NDP_OPT_LEN)
				return false;
			memcpy(m->lladdr.b, p + 2, ETH_ALEN);
			if (mac_is_group(&m->lladdr))
				return false;
			m->has_lladdr = true;
		}
		p += opt_len;
		len -= opt_len;
	}
	return true;
}

bool ndp_parse(const void *p, size_t len, struct ndp_msg *out)
{
	const uint8_t *b = p;
	const struct icmp_hdr *h = p;
	struct ndp_msg m = { 0 };

	if (len < NDP_FIXED_LEN || h->code != 0)
		return false;
	if (h->type != ICMP6_NEIGHBOR_SOLICIT && h->type != ICMP6_NEIGHBOR_ADVERT)
		return false;
	m.type = h->type;
	if (m.type == ICMP6_NEIGHBOR_ADVERT) {
		m.router = h->rest.b[0] & FLAG_ROUTER;
		m.solicited = h->rest.b[0] & FLAG_SOLICITED;
		m.override = h->rest.b[0] & FLAG_OVERRIDE;
	}
	m.target = ipaddr_v6(b + ICMP_HLEN);
	if (ipaddr_is_multicast(&m.target) || ipaddr_is_v4(&m.target))
		return false;
	if (!parse_options(b + NDP_FIXED_LEN, len - NDP_FIXED_LEN, &m))
		return false;
	*out = m;
	return true;
}

size_t ndp_emit(void *p, const struct ndp_msg *m)
{
	struct icmp_hdr *h = p;
	uint8_t *b = p;

	*h = (struct icmp_hdr){ .type = m->type };
	if (m->type == ICMP6_NEIGHBOR_ADVERT)
		h->rest.b[0] = (uint8_t)((m->router ? FLAG_ROUTER : 0) |
					 (m->solicited ? FLAG_SOLICITED : 0) |
					 (m->override ? FLAG_OVERRIDE : 0));
	memcpy(b + ICMP_HLEN, m->target.b, 16);
	if (!m->has_lladdr)
		return NDP_FIXED_LEN;
	b[NDP_FIXED_LEN] = lladdr_option(m->type);
	b[NDP_FIXED_LEN + 1] = NDP_OPT_LEN / 8;
	memcpy(b + NDP_FIXED_LEN + 2, m->lladdr.b, ETH_ALEN);
	return NDP_MSG_LEN;
}

struct ipaddr ndp_solicited_node(const struct ipaddr *a)
{
	struct ipaddr r = { .b = { 0xff, 0x02, [11] = 0x01, [12] = 0xff } };

	memcpy(&r.b[13], &a->b[13], 3);
	return r;
}

struct mac ip6_multicast_mac(const struct ipaddr *a)
{
	struct mac m = { { 0x33, 0x33 } };

	memcpy(&m.b[2], &a->b[12], 4);
	return m;
}
