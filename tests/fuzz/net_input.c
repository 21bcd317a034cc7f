/* SPDX-License-Identifier: MIT */
/*
 * A whole network layer under arbitrary frames and times. The input is a list of steps: a byte of step_* bits, then
 * what the step wants. Frames can be mended on the way (destination, lengths, checksums), so that the fuzzer gets
 * past them, and their mending can be left out, so that it tries what is broken.
 *
 * What must hold: every frame that leaves is well-formed; memory stays within what the configuration allows; at the
 * end every buf is back and no timer is armed.
 */
#include "tests/fuzz/fuzz.h"

#include "libos/net/net.h"
#include "libos/wire/csum_buf.h"
#include "libos/wire/tcp.h"
#include "libos/wire/udp.h"

enum {
	STEP_TIME = 1 << 0,      /* two bytes: ms to wait */
	STEP_SEND = 1 << 1,      /* two bytes: how much to send from an endpoint */
	STEP_FULL = 1 << 2,      /* the device takes nothing until the next step with this bit */
	STEP_MEND = 1 << 3,      /* destination, IP lengths, and checksums */
	STEP_SPLIT = 1 << 4,     /* one byte: cut the frame there into a chain */
	STEP_CSUM_GOOD = 1 << 5, /* the device says that checksums are right */
	STEP_TO_GROUP = 1 << 6,  /* mended: to everybody, not to us */
};

#define FRAG_BYTES (64u << 10)
#define NEIGHS 8
#define NEIGH_PACKETS 4
/* Bufs that the configuration above lets the layer keep: reassembly, neighbours' queues with their fragments'
 * slices, the burst, packets to ourselves. */
#define BUFS_MAX                                                                                   \
	(FRAG_BYTES / 256 + NEIGHS * NEIGH_PACKETS * 64 + NET_TX_QUEUE * 3 + NET_LOCAL_QUEUE * 3)

struct fuzz_dev {
	struct dev dev;
	bool is_full;
};

static struct buf_pool pool;
static struct timer_wheel wheel;
static struct net net;
static struct fuzz_dev fdev;
static struct udp_ep eps[3];

static void check_frame(struct buf *b)
{
	uint8_t bytes[ETH_HLEN + IP6_HLEN];
	uint32_t len = buf_chain_len(b);
	const struct eth_hdr *eth = (const struct eth_hdr *)bytes;
	const uint8_t *l3 = bytes + ETH_HLEN;

	FUZZ_CHECK(len >= ETH_HLEN + 28 && len <= ETH_HLEN + fdev.dev.mtu);
	buf_copy_out(b, 0, bytes, min_t(uint32_t, len, sizeof(bytes)));
	FUZZ_CHECK(!mac_is_group(&eth->src));
	switch (be16_get(eth->type)) {
	case ETH_TYPE_IP4:
		FUZZ_CHECK(ip4_check((const void *)l3, len - ETH_HLEN, true) == IP4_OK);
		FUZZ_CHECK(load_be16(l3 + 2) == len - ETH_HLEN);
		break;
	case ETH_TYPE_IP6:
		FUZZ_CHECK(ip6_check((const void *)l3, len - ETH_HLEN) == IP6_OK);
		FUZZ_CHECK(load_be16(l3 + 4) == len - ETH_HLEN - IP6_HLEN);
		break;
	default:
		FUZZ_CHECK(be16_get(eth->type) == ETH_TYPE_ARP);
	}
}

static unsigned dev_no_rx(struct dev *dev, struct buf **frames, unsigned max, uint64_t now)
{
	return 0;
}

static unsigned dev_check_tx(struct dev *dev, struct buf **frames, unsigned num, uint64_t now)
{
	if (fdev.is_full)
		return 0;
	for (unsigned i = 0; i < num; i++) {
		check_frame(frames[i]);
		buf_put_chain(frames[i]);
	}
	return num;
}

static uint64_t dev_next_event(const struct dev *dev)
{
	return TIME_NEVER;
}

static const struct dev_ops dev_ops = {
	.rx = dev_no_rx,
	.tx = dev_check_tx,
	.next_event = dev_next_event,
};

/* Answers, by the very buf that came in. */
static void on_datagram(struct udp_ep *ep, struct buf *b, const struct net_pkt *pkt, uint16_t sport)
{
	struct ipaddr src;
	uint16_t port;

	udp_source(b, &src, &port);
	FUZZ_CHECK(ipaddr_equal(&src, &pkt->src) && port == sport);
	if (ep->is_connected)
		(void)udp_send(&net, ep, b, NULL, 0);
	else
		(void)udp_send(&net, ep, b, &pkt->src, sport);
}

static void on_error(struct udp_ep *ep, int err, const struct ipaddr *dst, uint16_t dport)
{
	FUZZ_CHECK(err > 0 && ipaddr_is_v4(dst) == !(ep->flags & UDP_IS_V6));
}

static const struct udp_ep_ops ep_ops = { on_datagram, on_error };

static void tcp_input(void *ctx, struct buf *b, const struct net_pkt *pkt)
{
	FUZZ_CHECK(pkt->proto == IP_PROTO_TCP && b->data == buf_mem(b) + b->l4_off);
	icmp_send_error(&net, b, pkt, ICMP_ERR_PORT_UNREACH, 0, 0);
	buf_put_chain(b);
}

static void tcp_error(void *ctx, const struct icmp_error *e, bool is_local)
{
	FUZZ_CHECK(e->proto == IP_PROTO_TCP && net_is_local(&net, &e->src));
	if (e->kind == ICMP_ERR_TOO_BIG)
		pmtu_update(&net, &e->dst, e->mtu, e->quoted_len);
}

static const uint8_t our_v6[16] = { 0x20, 0x01, 0x0d, 0xb8, [15] = 1 };

static void start(void)
{
	static const uint8_t peer_v6[16] = { 0x20, 0x01, 0x0d, 0xb8, [15] = 2 };
	struct net_addr_config addrs[2] = {
		{ ipaddr_v4((struct be32){ { 10, 0, 0, 1 } }), NET_V4_BITS(24) },
		{ ipaddr_v6(our_v6), 64 },
	};
	struct net_neigh_config neighs[2] = {
		{ ipaddr_v4((struct be32){ { 10, 0, 0, 2 } }), { { 2, 0, 0, 0, 0, 2 } } },
		{ ipaddr_v6(peer_v6), { { 2, 0, 0, 0, 0, 2 } } },
	};
	struct net_config c = net_default_config();
	struct ipaddr any4 = ipaddr_v4(be32(0)), any6 = ipaddr_any();

	c.addrs = addrs;
	c.num_addrs = 2;
	c.neighs = neighs;
	c.num_neighs = 2;
	c.gateway4 = neighs[0].addr;
	c.gateway6 = neighs[1].addr;
	c.neigh_max = NEIGHS;
	c.neigh_queue_packets = NEIGH_PACKETS;
	c.frag_max_datagrams = 8;
	c.frag_max_bytes = FRAG_BYTES;
	c.pmtu_max = 4;
	c.udp_buckets = 4;
	c.icmp_errors_burst = 1000;
	c.seed = 1;
	timer_wheel_init(&wheel, 0);
	fdev = (struct fuzz_dev){ .dev = { .ops = &dev_ops,
					   .mac = { 2, 0, 0, 0, 0, 1 },
					   .mtu = 1500,
					   .features = DEV_TX_CHAINS } };
	FUZZ_CHECK(net_init(&net, &fdev.dev, &pool, &wheel, &c, 0) == 0);
	net_set_handler(&net, IP_PROTO_TCP, tcp_input, tcp_error, NULL);
	udp_ep_init(&eps[0], &ep_ops, UDP_BROADCAST);
	udp_ep_init(&eps[1], &ep_ops, UDP_IS_V6 | UDP_BROADCAST);
	udp_ep_init(&eps[2], &ep_ops, UDP_DONT_FRAG);
	FUZZ_CHECK(udp_bind(&net, &eps[0], &any4, 7) == 0);
	FUZZ_CHECK(udp_bind(&net, &eps[1], &any6, 7) == 0);
	FUZZ_CHECK(udp_bind(&net, &eps[2], &addrs[0].addr, 8) == 0);
	FUZZ_CHECK(udp_connect(&net, &eps[2], &neighs[0].addr, 7) == 0);
}

static void stop(void)
{
	for (unsigned i = 0; i < ARRAY_SIZE(eps); i++)
		udp_close(&net, &eps[i]);
	net_fini(&net);
	FUZZ_CHECK(pool.count[BUFPOOL_IN_USE] == 0);
	FUZZ_CHECK(timer_wheel_next(&wheel) == TIME_NEVER);
}

static void check_bounds(void)
{
	FUZZ_CHECK(net.frag.bytes <= FRAG_BYTES && net.frag.num <= 8);
	FUZZ_CHECK(net.pmtu.num <= 4);
	FUZZ_CHECK(net.neigh.num <= NEIGHS);
	FUZZ_CHECK(pool.count[BUFPOOL_IN_USE] <= BUFS_MAX);
}

/* The offset of the checksum field of @proto's header; 0: none that we know. */
static uint32_t csum_at(uint8_t proto)
{
	switch (proto) {
	case IP_PROTO_UDP:
		return offsetof(struct udp_hdr, csum);
	case IP_PROTO_TCP:
		return offsetof(struct tcp_hdr, csum);
	case IP_PROTO_ICMP4:
	case IP_PROTO_ICMP6:
		return offsetof(struct icmp_hdr, csum);
	default:
		return 0;
	}
}

static void mend_l4(uint8_t *p, uint32_t len, uint8_t proto, const struct ipaddr *src,
		    const struct ipaddr *dst)
{
	uint32_t at = csum_at(proto);
	struct be16 csum;

	if (!at || len < at + 2)
		return;
	if (proto == IP_PROTO_UDP)
		store_be16(p + 4, (uint16_t)len);
	memset(p + at, 0, 2);
	csum_store(&csum, udp_csum_finish(csum_add_bytes(
				  proto == IP_PROTO_ICMP4 ? 0 : csum_pseudo(src, dst, proto, len),
				  p, len)));
	memcpy(p + at, &csum, 2);
}

static void mend(uint8_t *p, uint32_t len, bool to_group)
{
	static const uint8_t us[ETH_ALEN] = { 2, 0, 0, 0, 0, 1 };
	uint8_t *l3 = p + ETH_HLEN;
	struct ipaddr src, dst;

	if (len < ETH_HLEN)
		return;
	memset(p, 0xff, ETH_ALEN);
	if (!to_group)
		memcpy(p, us, ETH_ALEN);
	p[ETH_ALEN] &= 0xfe;
	len -= ETH_HLEN;
	if (load_be16(p + 12) == ETH_TYPE_IP4 && len >= IP4_HLEN) {
		struct ip4_hdr *h = (void *)l3;

		h->ver_ihl = 0x45;
		h->total_len = be16((uint16_t)len);
		h->dst = to_group ? be32(0xffffffff) : (struct be32){ { 10, 0, 0, 1 } };
		h->csum = be16(0);
		csum_store(&h->csum, csum_finish(ip4_csum(h, IP4_HLEN)));
		src = ipaddr_v4(h->src);
		dst = ipaddr_v4(h->dst);
		if (!ip4_is_fragment(h))
			mend_l4(l3 + IP4_HLEN, len - IP4_HLEN, h->proto, &src, &dst);
	} else if (load_be16(p + 12) == ETH_TYPE_IP6 && len >= IP6_HLEN) {
		struct ip6_hdr *h = (void *)l3;

		h->ver_class_flow.b[0] = 0x60;
		h->payload_len = be16((uint16_t)(len - IP6_HLEN));
		memcpy(h->dst, our_v6, 16);
		src = ipaddr_v6(h->src);
		dst = ipaddr_v6(h->dst);
		mend_l4(l3 + IP6_HLEN, len - IP6_HLEN, h->next, &src, &dst);
	}
}

struct input {
	const uint8_t *at;
	size_t left;
};

static uint32_t take(struct input *in, unsigned bytes)
{
	uint32_t value = 0;

	for (; bytes && in->left; bytes--, in->left--)
		value = value << 8 | *in->at++;
	return value;
}

static struct buf *buf_of(const uint8_t *p, uint32_t len)
{
	struct buf *b = buf_alloc_or_null(&pool, len);

	FUZZ_CHECK(b != NULL);
	if (len)
		memcpy(b->data, p, len);
	b->len = len;
	return b;
}

static void receive(struct input *in, uint8_t step)
{
	uint32_t split = step & STEP_SPLIT ? take(in, 1) : 0;
	uint32_t len = take(in, 2) % 2048;
	uint8_t frame[2048];
	struct buf *b;

	if (len > in->left)
		len = (uint32_t)in->left;

	memcpy(frame, in->at, len);
	in->at += len;
	in->left -= len;
	if (step & STEP_MEND)
		mend(frame, len, step & STEP_TO_GROUP);
	split = min_t(uint32_t, split, len);
	b = buf_of(frame, split ? split : len);
	if (split)
		b->next = buf_of(frame + split, len - split);
	if (step & STEP_CSUM_GOOD)
		b->flags = BUF_RX_CSUM_GOOD;
	net_input(&net, b, 0);
}

static void send(uint32_t what)
{
	static const uint8_t zeros[9000];
	struct udp_ep *ep = &eps[what % ARRAY_SIZE(eps)];
	struct buf *b = buf_of(zeros, what % sizeof(zeros));
	/* Hosts on the link that may or may not be there, and ourselves. */
	struct ipaddr dst = ipaddr_v4((struct be32){ { 10, 0, 0, (uint8_t)(what >> 8) } });

	if (ep == &eps[1]) {
		dst = ipaddr_v6(our_v6);
		dst.b[15] = (uint8_t)(what >> 8);
	}
	(void)udp_send(&net, ep, b, ep->is_connected ? NULL : &dst, 7);
}

static void pass_time(uint64_t ns)
{
	uint64_t end = net.now + ns;

	while (timer_wheel_next(&wheel) <= end) {
		net.now = timer_wheel_next(&wheel);
		timer_wheel_advance(&wheel, net.now);
	}
	timer_wheel_advance(&wheel, end);
	net_poll(&net, end);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buf_pool_config config = buf_pool_default_config();
	struct input in = { data, size };

	if (!pool.arenas) {
		config.pages = ARENA_PAGES_PLAIN;
		FUZZ_CHECK(buf_pool_init(&pool, &config) == 0);
	}
	start();
	while (in.left) {
		uint8_t step = (uint8_t)take(&in, 1);

		if (step & STEP_FULL)
			fdev.is_full = !fdev.is_full;
		if (step & STEP_TIME)
			pass_time(take(&in, 2) * NS_PER_MS);
		else if (step & STEP_SEND)
			send(take(&in, 2));
		else
			receive(&in, step);
		if (!(step & STEP_TIME))
			net_poll(&net, net.now);
		check_bounds();
	}
	stop();
	return 0;
}
