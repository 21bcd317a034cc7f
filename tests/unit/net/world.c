/* SPDX-License-Identifier: MIT */
#include "tests/unit/net/world.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

static unsigned fake_rx(struct dev *dev, struct buf **frames, unsigned max, uint64_t now)
{
	struct world *w = container_of(dev, struct world, dev);
	unsigned num = min_t(unsigned, max, w->num_rx);

	memcpy(frames, w->rx, num * sizeof(frames[0]));
	w->num_rx -= num;
	memmove(w->rx, w->rx + num, w->num_rx * sizeof(frames[0]));
	return num;
}

static unsigned fake_tx(struct dev *dev, struct buf **frames, unsigned num, uint64_t now)
{
	struct world *w = container_of(dev, struct world, dev);
	unsigned i;

	for (i = 0; i < num && w->tx_capacity; i++, w->tx_capacity--) {
		struct world_frame *f = &w->tx[w->num_tx++];

		cr_assert_leq(w->num_tx, WORLD_TX_MAX);
		cr_assert(!frames[i]->next || dev->features & DEV_TX_CHAINS);
		f->len = buf_chain_len(frames[i]);
		f->bytes = malloc(f->len);
		buf_copy_out(frames[i], 0, f->bytes, f->len);
		w->tx_flags = frames[i]->flags;
		buf_put_chain(frames[i]);
	}
	return i;
}

static uint64_t fake_next_event(const struct dev *dev)
{
	return TIME_NEVER;
}

static const struct dev_ops fake_ops = {
	.rx = fake_rx,
	.tx = fake_tx,
	.next_event = fake_next_event,
};

struct mac world_mac(unsigned nn)
{
	return (struct mac){ { 2, 0, 0, 0, 0, (uint8_t)nn } };
}

static struct ipaddr parse(const char *text)
{
	struct ipaddr a;

	cr_assert_eq(ipaddr_parse(text, &a), 0, "%s", text);
	return a;
}

struct ipaddr ip(const struct world *w, const char *text)
{
	return parse(text);
}

struct net_config world_config(void)
{
	static struct net_addr_config addrs[2];
	struct net_config c = net_default_config();

	addrs[0] = (struct net_addr_config){ parse("10.0.0.1"), NET_V4_BITS(24) };
	addrs[1] = (struct net_addr_config){ parse("2001:db8::1"), 64 };
	c.addrs = addrs;
	c.num_addrs = ARRAY_SIZE(addrs);
	c.gateway4 = parse("10.0.0.254");
	c.gateway6 = parse("2001:db8::fe");
	c.seed = 1;
	return c;
}

void world_start_with(struct world *w, const struct net_config *config, uint32_t features,
		      uint16_t mtu)
{
	struct buf_pool_config pool = buf_pool_default_config();
	struct net_config def = world_config();
	struct mac mac = world_mac(1);

	memset(w, 0, sizeof(*w));
	pool.pages = ARENA_PAGES_PLAIN;
	pool.arena_bytes = 8u << 20;
	cr_assert_eq(buf_pool_init(&w->pool, &pool), 0);
	timer_wheel_init(&w->wheel, NS_PER_SEC);
	w->dev = (struct dev){ .ops = &fake_ops, .mtu = mtu, .features = features };
	memcpy(w->dev.mac, &mac, sizeof(mac));
	w->tx_capacity = UINT32_MAX;
	cr_assert_eq(net_init(&w->net, &w->dev, &w->pool, &w->wheel, config ? config : &def,
			      NS_PER_SEC),
		     0);
	net_flush(&w->net);
	world_mark(w);
}

void world_start(struct world *w, const struct net_config *config)
{
	world_start_with(w, config, DEV_TX_CHAINS, 1500);
}

void world_stop(struct world *w)
{
	net_fini(&w->net);
	world_mark(w);
	for (unsigned i = 0; i < w->num_rx; i++)
		buf_put_chain(w->rx[i]);
	cr_assert_eq(w->pool.count[BUFPOOL_IN_USE], 0, "%lu buffers leaked",
		     w->pool.count[BUFPOOL_IN_USE]);
	cr_assert_eq(timer_wheel_next(&w->wheel), TIME_NEVER, "a timer is left armed");
	buf_pool_fini(&w->pool);
}

void world_advance(struct world *w, uint64_t ns)
{
	uint64_t end = w->net.now + ns;

	for (;;) {
		uint64_t at = timer_wheel_next(&w->wheel);

		if (at > end)
			break;
		timer_wheel_advance(&w->wheel, at);
		net_poll(&w->net, at);
	}
	timer_wheel_advance(&w->wheel, end);
	net_poll(&w->net, end);
}

static struct buf *wire_buf(struct world *w, const void *bytes, size_t len)
{
	struct buf *b = buf_alloc_or_null(&w->pool, (uint32_t)len);

	cr_assert_not_null(b);
	memcpy(b->data, bytes, len);
	b->len = (uint32_t)len;
	return b;
}

void world_receive(struct world *w, const void *frame, size_t len)
{
	w->rx[w->num_rx++] = wire_buf(w, frame, len);
	net_poll(&w->net, w->net.now);
}

void world_receive_split(struct world *w, const void *frame, size_t len, size_t first)
{
	struct buf *b = wire_buf(w, frame, first);

	b->next = wire_buf(w, (const uint8_t *)frame + first, len - first);
	w->rx[w->num_rx++] = b;
	net_poll(&w->net, w->net.now);
}

/* "me", "all" (broadcast), "mNN", or the six bytes. */
static const char *mac_text(const struct mac *m, char out[MAC_STRLEN])
{
	static const uint8_t ours[5] = { 2, 0, 0, 0, 0 };
	struct mac all = mac_broadcast();

	if (mac_equal(m, &all))
		return "all";
	if (memcmp(m->b, ours, 5) != 0)
		return mac_format(m, out);
	snprintf(out, MAC_STRLEN, m->b[5] == 1 ? "me" : "m%u", m->b[5]);
	return out;
}

static void describe_icmp6(const struct ip6_hdr *h, size_t len, char *out, size_t room)
{
	const uint8_t *p = (const uint8_t *)(h + 1);
	struct ipaddr src = ipaddr_v6(h->src), dst = ipaddr_v6(h->dst);
	char text[IPADDR_STRLEN];
	struct ndp_msg m;
	uint64_t sum =
		csum_add_bytes(csum_pseudo(&src, &dst, IP_PROTO_ICMP6, (uint32_t)len), p, len);

	if (csum_fold(sum) != 0xffff)
		snprintf(out, room, " BAD-CSUM");
	else if (ndp_parse(p, len, &m))
		snprintf(out, room, " hl %u %s %s%s%s%s%s", h->hop_limit,
			 m.type == ICMP6_NEIGHBOR_SOLICIT ? "ns" : "na",
			 ipaddr_format(&m.target, text), m.solicited ? " S" : "",
			 m.override ? " O" : "", m.router ? " R" : "",
			 m.has_lladdr ? " +lladdr" : "");
	else
		snprintf(out, room, " icmp6 %u.%u", p[0], p[1]);
}

/*
 * "to m2: arp request 10.0.0.1 > 10.0.0.2", "to m2: 10.0.0.1 > 10.0.0.2 proto 17 len 28 ttl 64 id 0 df",
 * "to m2: fe80::1 > fe80::2 hl 255 ns fe80::2 +lladdr". IPv4 headers with a wrong checksum say so.
 */
static void describe(const struct world_frame *f, char *out, size_t room)
{
	const struct eth_hdr *eth = (const struct eth_hdr *)f->bytes;
	const void *l3 = f->bytes + ETH_HLEN;
	char mac[MAC_STRLEN], src_text[IPADDR_STRLEN], dst_text[IPADDR_STRLEN];
	struct ipaddr src, dst;
	int n = snprintf(out, room, "to %s: ", mac_text(&eth->dst, mac));

	out += n;
	room -= (size_t)n;
	if (be16_get(eth->type) == ETH_TYPE_ARP) {
		const struct arp_pkt *a = l3;

		src = ipaddr_v4(a->spa);
		dst = ipaddr_v4(a->tpa);
		snprintf(out, room, "arp %s %s > %s", be16_get(a->op) == 1 ? "request" : "reply",
			 ipaddr_format(&src, src_text), ipaddr_format(&dst, dst_text));
	} else if (be16_get(eth->type) == ETH_TYPE_IP4) {
		const struct ip4_hdr *h = l3;
		uint16_t frag = be16_get(h->frag);

		src = ipaddr_v4(h->src);
		dst = ipaddr_v4(h->dst);
		snprintf(out, room, "%s > %s proto %u len %u ttl %u id %u%s%s%s",
			 ipaddr_format(&src, src_text), ipaddr_format(&dst, dst_text), h->proto,
			 be16_get(h->total_len), h->ttl, be16_get(h->id),
			 frag & IP4_DF ? " df" : "", frag & ~IP4_DF ? " FRAG" : "",
			 ip4_check(h, f->len - ETH_HLEN, true) == IP4_OK ? "" : " BAD");
	} else {
		const struct ip6_hdr *h = l3;
		size_t len = be16_get(h->payload_len);

		src = ipaddr_v6(h->src);
		dst = ipaddr_v6(h->dst);
		n = snprintf(out, room, "%s > %s", ipaddr_format(&src, src_text),
			     ipaddr_format(&dst, dst_text));
		out += n;
		room -= (size_t)n;
		if (ip6_check(h, f->len - ETH_HLEN) != IP6_OK)
			snprintf(out, room, " BAD");
		else if (h->next == IP_PROTO_ICMP6)
			describe_icmp6(h, len, out, room);
		else
			snprintf(out, room, " proto %u len %zu hl %u tc %u", h->next, len,
				 h->hop_limit, be32_get(h->ver_class_flow) >> 20 & 0xff);
	}
}

const struct world_frame *world_sent_frame(struct world *w)
{
	net_flush(&w->net);
	return w->next_tx < w->num_tx ? &w->tx[w->next_tx++] : NULL;
}

const char *world_sent(struct world *w)
{
	static char text[WORLD_TEXT_MAX];
	const struct world_frame *f = world_sent_frame(w);

	text[0] = '\0';
	if (f)
		describe(f, text, sizeof(text));
	return text;
}

void world_assert_quiet(struct world *w)
{
	cr_assert_str_eq(world_sent(w), "");
}

void world_mark(struct world *w)
{
	for (unsigned i = 0; i < w->num_tx; i++)
		free(w->tx[i].bytes);
	w->num_tx = 0;
	w->next_tx = 0;
	memcpy(w->before, w->net.count, sizeof(w->before));
}

uint64_t world_count(const struct world *w, enum net_counter c)
{
	return w->net.count[c] - w->before[c];
}

void world_assert_drop(const struct world *w, enum net_counter c)
{
	const struct counter_set *set = &w->net.counters;

	for (unsigned i = 0; i < set->num; i++) {
		if (strncmp(set->names[i], "drop_", 5) != 0)
			continue;
		cr_assert_eq(world_count(w, (enum net_counter)i), i == c, "%s is %lu",
			     set->names[i], world_count(w, (enum net_counter)i));
	}
}

struct buf *world_packet(struct world *w, uint32_t len, uint8_t fill)
{
	struct buf *b = buf_alloc_or_null(&w->pool, len);

	cr_assert_not_null(b);
	memset(b->data, fill, len);
	b->len = len;
	return b;
}

static struct mac mac_of(const char *text)
{
	struct mac m;

	if (strcmp(text, "me") == 0)
		return world_mac(1);
	if (strcmp(text, "all") == 0)
		return mac_broadcast();
	if (text[0] == 'm')
		return world_mac((unsigned)atoi(text + 1));
	cr_assert_eq(mac_parse(text, &m), 0, "%s", text);
	return m;
}

size_t make_arp(void *out, const char *eth_dst, uint16_t op, unsigned sha, const char *spa,
		const char *tha, const char *tpa)
{
	struct mac dst = mac_of(eth_dst), from = world_mac(sha), target = mac_of(tha);
	struct ipaddr s = parse(spa), t = parse(tpa);

	eth_emit(out, &dst, &from, ETH_TYPE_ARP);
	arp_emit((uint8_t *)out + ETH_HLEN, op, &from, ipaddr_to_v4(&s), &target, ipaddr_to_v4(&t));
	return ETH_HLEN + ARP_LEN;
}

size_t make_ip(void *out, const char *eth_dst, unsigned from_mac, const char *src, const char *dst,
	       uint8_t proto, const void *payload, size_t len)
{
	struct mac to = mac_of(eth_dst), from = world_mac(from_mac);
	struct ipaddr s = parse(src), d = parse(dst);
	bool is_v4 = ipaddr_is_v4(&s) && strchr(src, ':') == NULL;
	uint8_t *p = out;
	size_t hlen = is_v4 ? IP4_HLEN : IP6_HLEN;

	eth_emit(p, &to, &from, is_v4 ? ETH_TYPE_IP4 : ETH_TYPE_IP6);
	if (is_v4)
		ip4_emit(p + ETH_HLEN, 0, (uint16_t)(hlen + len), 0, IP4_DF, 64, proto,
			 ipaddr_to_v4(&s), ipaddr_to_v4(&d), false);
	else
		ip6_emit(p + ETH_HLEN, 0, 0, (uint16_t)len, proto, 64, &s, &d);
	if (len)
		memcpy(p + ETH_HLEN + hlen, payload, len);
	return ETH_HLEN + hlen + len;
}

size_t make_icmp6(void *out, const char *eth_dst, unsigned from_mac, const char *src,
		  const char *dst, uint8_t hop_limit, const void *msg, size_t len)
{
	size_t total = make_ip(out, eth_dst, from_mac, src, dst, IP_PROTO_ICMP6, msg, len);
	struct ip6_hdr *h = (struct ip6_hdr *)((uint8_t *)out + ETH_HLEN);
	struct icmp_hdr *icmp = (struct icmp_hdr *)(h + 1);
	struct ipaddr s = parse(src), d = parse(dst);

	h->hop_limit = hop_limit;
	icmp->csum = be16(0);
	csum_store(&icmp->csum,
		   csum_finish(csum_add_bytes(csum_pseudo(&s, &d, IP_PROTO_ICMP6, (uint32_t)len),
					      icmp, len)));
	return total;
}

const char *world_neigh(struct world *w, const char *addr)
{
	struct ipaddr a = parse(addr);
	struct neigh *n = neigh_find_or_null(&w->net, &a);

	return n ? neigh_state_name((enum neigh_state)n->state) : "none";
}

struct neigh *world_set_neigh(struct world *w, const char *addr, unsigned mac,
			      enum neigh_state state)
{
	struct ipaddr a = parse(addr);
	struct mac m = world_mac(mac);
	struct neigh *n = NULL;

	switch (state) {
	case NEIGH_STATIC:
		cr_assert_eq(neigh_add_static(&w->net, &a, &m), 0);
		break;
	case NEIGH_STALE:
		neigh_learn(&w->net, &a, &m, NEIGH_LEARN_CREATE);
		break;
	case NEIGH_INCOMPLETE:
		n = neigh_get_or_null(&w->net, &a);
		break;
	case NEIGH_REACHABLE:
	case NEIGH_PROBE:
		n = neigh_get_or_null(&w->net, &a);
		neigh_learn(&w->net, &a, &m, NEIGH_LEARN_SOLICITED);
		if (state == NEIGH_REACHABLE)
			break;
		/* In use, and so asked again when its time is over. */
		n->used_at = w->net.now + 1;
		world_advance(w, w->net.config.neigh_ttl_ns);
		break;
	case NEIGH_FAILED:
		n = neigh_get_or_null(&w->net, &a);
		world_advance(w, w->net.config.neigh_timeout_ns * w->net.config.neigh_retries);
		break;
	case NEIGH_FREE:
	case NEIGH_STATE_NUM:
		cr_assert_fail();
	}
	n = neigh_find_or_null(&w->net, &a);
	cr_assert_not_null(n);
	cr_assert_eq(n->state, state, "%s", neigh_state_name((enum neigh_state)n->state));
	net_flush(&w->net);
	world_mark(w);
	return n;
}
