/* SPDX-License-Identifier: MIT */
#include "tests/unit/net_l4/l4.h"

#include <criterion/criterion.h>
#include <stdlib.h>

static void on_datagram(struct udp_ep *ep, struct buf *b, const struct net_pkt *pkt, uint16_t sport)
{
	struct listener *l = container_of(ep, struct listener, ep);
	struct ipaddr src;
	uint16_t port;

	l->num++;
	l->len = buf_chain_len(b);
	cr_assert_leq(l->len, sizeof(l->data));
	buf_copy_out(b, 0, l->data, l->len);
	l->src = pkt->src;
	l->dst = pkt->dst;
	l->pkt = *pkt;
	l->sport = sport;
	udp_source(b, &src, &port);
	cr_assert(ipaddr_equal(&src, &pkt->src));
	cr_assert_eq(port, sport);
	buf_put_chain(b);
	if (l->close_on_datagram)
		udp_close(&l->w->net, ep);
}

static void on_error(struct udp_ep *ep, int err, const struct ipaddr *dst, uint16_t dport)
{
	struct listener *l = container_of(ep, struct listener, ep);

	l->errors++;
	l->err = err;
	l->err_dst = *dst;
	l->err_dport = dport;
	if (l->close_on_error)
		udp_close(&l->w->net, ep);
}

static const struct udp_ep_ops ops = { on_datagram, on_error };

void l4_start_with(struct world *w, const struct net_config *config, uint32_t features,
		   uint16_t mtu)
{
	world_start_with(w, config, features, mtu);
	world_set_neigh(w, "10.0.0.2", 2, NEIGH_STATIC);
	world_set_neigh(w, "2001:db8::2", 2, NEIGH_STATIC);
}

void l4_start(struct world *w, const struct net_config *config)
{
	l4_start_with(w, config, DEV_TX_CHAINS, 1500);
}

void listener_start(struct listener *l, struct world *w, const char *addr, uint16_t port,
		    uint8_t flags)
{
	struct ipaddr a = ip(w, addr);
	int err;

	memset(l, 0, sizeof(*l));
	l->w = w;
	udp_ep_init(&l->ep, &ops, flags | (ipaddr_is_v4(&a) ? 0 : UDP_IS_V6));
	err = udp_bind(&w->net, &l->ep, &a, port);
	cr_assert_eq(err, 0, "bind to %s:%u is %d", addr, port, err);
}

void fill_pattern(uint8_t *p, uint32_t len)
{
	for (uint32_t i = 0; i < len; i++)
		p[i] = pattern(i);
}

bool has_pattern(const struct listener *l, uint32_t len)
{
	for (uint32_t i = 0; i < len && i < l->len; i++) {
		if (l->data[i] != pattern(i))
			return false;
	}
	return l->len == len;
}

uint32_t make_udp(void *out, const char *src, const char *dst, uint16_t sport, uint16_t dport,
		  uint32_t payload)
{
	struct udp_hdr *h = out;
	struct ipaddr s, d;
	uint32_t len = UDP_HLEN + payload;

	cr_assert_eq(ipaddr_parse(src, &s), 0);
	cr_assert_eq(ipaddr_parse(dst, &d), 0);
	udp_emit(h, sport, dport, (uint16_t)len);
	fill_pattern((uint8_t *)out + UDP_HLEN, payload);
	csum_store(&h->csum,
		   udp_csum_finish(csum_add_bytes(csum_pseudo(&s, &d, IP_PROTO_UDP, len), h, len)));
	return len;
}

size_t make_udp_frame(void *out, const char *src, const char *dst, uint16_t sport, uint16_t dport,
		      uint32_t payload)
{
	uint8_t *udp = malloc(UDP_HLEN + payload);
	uint32_t len = make_udp(udp, src, dst, sport, dport, payload);
	size_t total = make_ip(out, "me", 2, src, dst, IP_PROTO_UDP, udp, len);

	free(udp);
	return total;
}

void receive_udp(struct world *w, const char *src, const char *dst, uint16_t sport, uint16_t dport,
		 uint32_t payload)
{
	uint8_t frame[2048];

	world_receive(w, frame, make_udp_frame(frame, src, dst, sport, dport, payload));
}

struct buf *pattern_packet(struct world *w, uint32_t len)
{
	struct buf *b = world_packet(w, len, 0);

	fill_pattern(b->data, len);
	return b;
}

int send_pattern(struct listener *l, const char *dst, uint16_t port, uint32_t len)
{
	struct ipaddr a = ipaddr_any();

	if (dst)
		a = ip(l->w, dst);
	return udp_send(&l->w->net, &l->ep, pattern_packet(l->w, len), dst ? &a : NULL, port);
}

const uint8_t *frame_l4(const struct world_frame *f)
{
	const uint8_t *l3 = f->bytes + ETH_HLEN;

	return l3 + (l3[0] >> 4 == 4 ? IP4_HLEN : IP6_HLEN);
}

bool frame_csum_is_good(const struct world_frame *f)
{
	const uint8_t *l3 = f->bytes + ETH_HLEN;
	const uint8_t *l4 = frame_l4(f);
	uint32_t len = f->len - (uint32_t)(l4 - f->bytes);
	bool is_v4 = l3[0] >> 4 == 4;
	uint8_t proto = is_v4 ? l3[9] : l3[6];
	struct ipaddr src, dst;
	uint64_t sum = 0;

	if (is_v4) {
		src = ipaddr_v4(((const struct ip4_hdr *)l3)->src);
		dst = ipaddr_v4(((const struct ip4_hdr *)l3)->dst);
	} else {
		src = ipaddr_v6(((const struct ip6_hdr *)l3)->src);
		dst = ipaddr_v6(((const struct ip6_hdr *)l3)->dst);
	}
	if (proto != IP_PROTO_ICMP4)
		sum = csum_pseudo(&src, &dst, proto, len);
	return csum_is_good(csum_add_bytes(sum, l4, len));
}
