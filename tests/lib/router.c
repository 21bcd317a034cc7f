/* SPDX-License-Identifier: MIT */
#include "tests/lib/router.h"

#include <string.h>

#include "libos/wire/csum.h"
#include "libos/wire/icmp.h"
#include "libos/wire/ip4.h"
#include "libos/wire/ip6.h"

#define QUOTE_MAX 500u

static void send(struct router *r, unsigned side, struct buf *b, uint64_t now)
{
	struct mac self = router_mac(r, side);

	memcpy(b->data, &r->side[side].host, ETH_ALEN);
	memcpy(b->data + ETH_ALEN, &self, ETH_ALEN);
	if (dev_tx(&r->side[side].port.dev, &b, 1, now) == 0)
		buf_put(b);
}

/* Answers @packet, which came in at @side and is @len bytes of IP, with its error. */
static void send_too_big(struct router *r, unsigned side, const uint8_t *packet, uint32_t len,
			 uint32_t mtu, uint64_t now)
{
	bool v4 = packet[0] >> 4 == 4;
	uint32_t ip_len = v4 ? IP4_HLEN : IP6_HLEN;
	uint32_t quote = min_t(uint32_t, len, QUOTE_MAX);
	struct buf *b = buf_alloc_or_null(r->pool, ETH_HLEN + ip_len + ICMP_HLEN + quote);
	struct ipaddr src, dst;
	struct icmp_hdr *icmp;
	uint64_t sum = 0;

	BUG_ON(!b);
	b->len = ETH_HLEN + ip_len + ICMP_HLEN + quote;
	store_be16(b->data + 12, v4 ? ETH_TYPE_IP4 : ETH_TYPE_IP6);
	icmp = (struct icmp_hdr *)(void *)(b->data + ETH_HLEN + ip_len);
	*icmp = (struct icmp_hdr){ .rest = be32(mtu) };
	icmp->type = v4 ? ICMP4_UNREACHABLE : ICMP6_TOO_BIG;
	icmp->code = v4 ? ICMP4_UNREACH_NEEDFRAG : 0;
	memcpy(icmp + 1, packet, quote);
	if (v4) {
		const struct ip4_hdr *h = (const struct ip4_hdr *)(const void *)packet;

		ip4_emit(b->data + ETH_HLEN, 0, (uint16_t)(IP4_HLEN + ICMP_HLEN + quote), 0, 0, 64,
			 IP_PROTO_ICMP4, ipaddr_to_v4(&r->side[side].addr4), h->src, false);
	} else {
		const struct ip6_hdr *h = (const struct ip6_hdr *)(const void *)packet;

		src = r->side[side].addr6;
		dst = ipaddr_v6(h->src);
		ip6_emit(b->data + ETH_HLEN, 0, 0, (uint16_t)(ICMP_HLEN + quote), IP_PROTO_ICMP6,
			 64, &src, &dst);
		sum = csum_pseudo(&src, &dst, IP_PROTO_ICMP6, ICMP_HLEN + quote);
	}
	csum_store(&icmp->csum, csum_finish(csum_add_bytes(sum, icmp, ICMP_HLEN + quote)));
	r->too_big++;
	send(r, side, b, now);
}

static void count_down(uint8_t *packet)
{
	struct ip4_hdr *h4 = (struct ip4_hdr *)(void *)packet;

	if (packet[0] >> 4 == 6) {
		((struct ip6_hdr *)(void *)packet)->hop_limit--;
		return;
	}
	h4->ttl--;
	h4->csum = be16(0);
	csum_store(&h4->csum, csum_finish(csum_add_bytes(0, h4, IP4_HLEN)));
}

static void forward(struct router *r, unsigned from, struct buf *b, uint64_t now)
{
	uint8_t *packet = b->data + ETH_HLEN;
	uint32_t len = b->len - ETH_HLEN;
	uint16_t type = load_be16(b->data + 12);

	if ((type != ETH_TYPE_IP4 && type != ETH_TYPE_IP6) || mac_is_group((struct mac *)b->data)) {
		buf_put(b);
	} else if (len > r->side[!from].mtu) {
		send_too_big(r, from, packet, len, r->side[!from].mtu, now);
		buf_put(b);
	} else {
		count_down(packet);
		r->forwarded++;
		send(r, !from, b, now);
	}
}

static void poll(void *ctx, uint64_t now)
{
	struct router *r = ctx;
	struct buf *frames[DEV_BURST];

	for (unsigned side = 0; side < 2; side++) {
		unsigned num = dev_rx(&r->side[side].port.dev, frames, DEV_BURST, now);

		for (unsigned i = 0; i < num; i++)
			forward(r, side, frames[i], now);
	}
}

static uint64_t next_event(void *ctx)
{
	(void)ctx;
	return TIME_NEVER;
}

static const struct sim_node_ops ops = { .poll = poll, .next_event = next_event };

void router_init(struct router *r, struct sim *sim, struct buf_pool *pool)
{
	memset(r, 0, sizeof(*r));
	r->pool = pool;
	sim_node_init(&r->node, sim, &ops, r);
	for (unsigned side = 0; side < 2; side++) {
		struct sim_port_config config = sim_port_config_default(pool, 0xff00 + side);

		config.mtu = 9000;
		sim_port_init(&r->side[side].port, &r->node, &config);
	}
}

struct mac router_mac(const struct router *r, unsigned side)
{
	struct mac mac;

	memcpy(&mac, r->side[side].port.dev.mac, sizeof(mac));
	return mac;
}
