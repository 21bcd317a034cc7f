/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>

#include "tests/unit/net/world.h"

static struct world w;

/* What the last packet handed up looked like. */
static struct net_pkt seen;
static uint8_t seen_bytes[2048];
static uint32_t seen_len;
static unsigned num_seen;
static bool seen_offsets_good;

static void on_input(void *ctx, struct buf *b, const struct net_pkt *pkt)
{
	const struct ip4_hdr *h;

	/* As a transport does whose header is in pieces. */
	b = net_pullup_or_free(&w.net, b, buf_chain_len(b));
	cr_assert_not_null(b);
	h = (const struct ip4_hdr *)(buf_mem(b) + b->l3_off);
	num_seen++;
	seen = *pkt;
	seen_len = buf_chain_len(b);
	buf_copy_out(b, 0, seen_bytes, seen_len);
	seen_offsets_good = b->data == buf_mem(b) + b->l4_off && h->ver_ihl >> 4 == 4 &&
			    ip4_hlen(h) == (uint32_t)(b->l4_off - b->l3_off);
	buf_put_chain(b);
}

static void start(void)
{
	world_start(&w, NULL);
	net_set_handler(&w.net, IP_PROTO_TCP, on_input, NULL, NULL);
	num_seen = 0;
}

static struct ip4_hdr *ip_of(uint8_t *f)
{
	return (struct ip4_hdr *)(f + ETH_HLEN);
}

static void fix_csum(uint8_t *f)
{
	struct ip4_hdr *h = ip_of(f);

	h->csum = be16(0);
	csum_store(&h->csum, csum_finish(csum_add_bytes(0, h, ip4_hlen(h))));
}

static void set_version(uint8_t *f)
{
	ip_of(f)->ver_ihl = 0x55;
}

static void set_short_header(uint8_t *f)
{
	ip_of(f)->ver_ihl = 0x44;
}

static void set_long_header(uint8_t *f)
{
	ip_of(f)->ver_ihl = 0x4f;
}

static void set_total_too_long(uint8_t *f)
{
	ip_of(f)->total_len = be16(29);
	fix_csum(f);
}

static void set_total_below_header(uint8_t *f)
{
	ip_of(f)->total_len = be16(19);
	fix_csum(f);
}

static void damage(uint8_t *f)
{
	ip_of(f)->ttl ^= 1;
}

static void set_eth_group_src(uint8_t *f)
{
	f[6] |= 1;
}

static void set_eth_type(uint8_t *f)
{
	f[12] = 0x81;
}

Test(input4, each_reason_to_drop)
{
	static const struct {
		const char *eth_dst, *src, *dst;
		void (*change)(uint8_t *frame);
		enum net_counter drop; /* NET_COUNTER_NUM: accepted */
	} rows[] = {
		{ "me", "10.0.0.2", "10.0.0.1", NULL, NET_COUNTER_NUM },
		{ "m9", "10.0.0.2", "10.0.0.1", NULL, NET_DROP_ETH_NOT_OURS },
		{ "me", "10.0.0.2", "10.0.0.1", set_eth_group_src, NET_DROP_ETH_SRC },
		{ "me", "10.0.0.2", "10.0.0.1", set_eth_type, NET_DROP_ETH_TYPE },
		{ "me", "10.0.0.2", "10.0.0.1", set_version, NET_DROP_IP4_VERSION },
		{ "me", "10.0.0.2", "10.0.0.1", set_short_header, NET_DROP_IP4_LENGTH },
		{ "me", "10.0.0.2", "10.0.0.1", set_long_header, NET_DROP_IP4_LENGTH },
		{ "me", "10.0.0.2", "10.0.0.1", set_total_too_long, NET_DROP_IP4_LENGTH },
		{ "me", "10.0.0.2", "10.0.0.1", set_total_below_header, NET_DROP_IP4_LENGTH },
		{ "me", "10.0.0.2", "10.0.0.1", damage, NET_DROP_IP4_CSUM },
		/* Sources. */
		{ "me", "0.0.0.0", "10.0.0.1", NULL, NET_DROP_IP4_MARTIAN },
		{ "me", "0.1.2.3", "10.0.0.1", NULL, NET_DROP_IP4_MARTIAN },
		{ "me", "127.0.0.1", "10.0.0.1", NULL, NET_DROP_IP4_MARTIAN },
		{ "me", "224.0.0.5", "10.0.0.1", NULL, NET_DROP_IP4_MARTIAN },
		{ "me", "240.0.0.5", "10.0.0.1", NULL, NET_DROP_IP4_MARTIAN },
		{ "me", "255.255.255.255", "10.0.0.1", NULL, NET_DROP_IP4_MARTIAN },
		{ "me", "10.0.0.255", "10.0.0.1", NULL, NET_DROP_IP4_MARTIAN },
		{ "me", "10.0.0.1", "10.0.0.1", NULL, NET_DROP_IP4_OUR_SRC },
		/* Destinations. */
		{ "me", "10.0.0.2", "10.0.0.3", NULL, NET_DROP_IP4_NOT_OURS },
		{ "me", "10.0.0.2", "127.0.0.1", NULL, NET_DROP_IP4_NOT_OURS },
		{ "me", "10.0.0.2", "0.0.0.0", NULL, NET_DROP_IP4_NOT_OURS },
		{ "01:00:5e:00:00:01", "10.0.0.2", "224.0.0.1", NULL, NET_DROP_IP4_NOT_OURS },
		{ "all", "10.0.0.2", "10.0.0.1", NULL, NET_DROP_IP4_GROUP_MAC },
		{ "all", "10.0.0.2", "10.0.0.255", NULL, NET_COUNTER_NUM },
		{ "all", "10.0.0.2", "255.255.255.255", NULL, NET_COUNTER_NUM },
		{ "me", "10.0.0.2", "10.0.0.255", NULL, NET_COUNTER_NUM },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		bool is_accepted = rows[i].drop == NET_COUNTER_NUM;
		uint8_t f[128], payload[8] = "payload";
		size_t len = make_ip(f, rows[i].eth_dst, 2, rows[i].src, rows[i].dst, IP_PROTO_TCP,
				     payload, sizeof(payload));

		if (rows[i].change)
			rows[i].change(f);
		start();
		world_receive(&w, f, len);
		world_assert_drop(&w, rows[i].drop);
		cr_assert_eq(num_seen, is_accepted, "row %zu", i);
		if (is_accepted)
			cr_assert_eq(seen.flags & NET_PKT_BROADCAST,
				     strstr(rows[i].dst, "255") ? NET_PKT_BROADCAST : 0);
		world_stop(&w);
	}
}

Test(input4, the_handler_gets_the_payload_and_no_padding)
{
	uint8_t f[ETH_MIN_FRAME] = { 0 }, payload[5] = "abcde";
	size_t len = make_ip(f, "me", 2, "10.0.0.2", "10.0.0.1", IP_PROTO_TCP, payload, 5);

	start();
	ip_of(f)->tos = 0xb9;
	fix_csum(f);
	cr_assert_lt(len, sizeof(f));
	world_receive(&w, f, sizeof(f));
	cr_assert_eq(num_seen, 1);
	cr_assert_eq(seen_len, 5);
	cr_assert_arr_eq(seen_bytes, payload, 5);
	cr_assert(seen_offsets_good);
	cr_assert_eq(seen.tos, 0xb9);
	cr_assert_eq(seen.ttl, 64);
	cr_assert_eq(seen.proto, IP_PROTO_TCP);
	cr_assert_eq(seen.flags, 0);
	world_stop(&w);
}

Test(input4, options_are_skipped)
{
	uint8_t f[128], payload[28];
	size_t len;

	memset(payload, 1, 20); /* no-operation */
	memcpy(payload + 20, "12345678", 8);
	len = make_ip(f, "me", 2, "10.0.0.2", "10.0.0.1", IP_PROTO_TCP, payload, sizeof(payload));
	ip_of(f)->ver_ihl = 0x4a;
	fix_csum(f);
	start();
	world_receive(&w, f, len);
	cr_assert_eq(num_seen, 1);
	cr_assert_eq(seen_len, 8);
	cr_assert_arr_eq(seen_bytes, "12345678", 8);
	cr_assert(seen_offsets_good);
	world_stop(&w);
}

/* Whatever the device cuts, the handler sees the same. */
Test(input4, frames_in_pieces)
{
	uint8_t f[ETH_MIN_FRAME + 70] = { 0 }, payload[72];
	size_t len;

	memset(payload, 1, 40); /* options: no-operation */
	for (size_t i = 40; i < sizeof(payload); i++)
		payload[i] = (uint8_t)i;
	len = make_ip(f, "me", 2, "10.0.0.2", "10.0.0.1", IP_PROTO_TCP, payload, sizeof(payload));
	ip_of(f)->ver_ihl = 0x4f;
	fix_csum(f);
	start();
	for (size_t first = 1; first < sizeof(f); first++) {
		num_seen = 0;
		world_receive_split(&w, f, sizeof(f), first);
		cr_assert_eq(num_seen, 1, "cut after %zu", first);
		cr_assert_eq(seen_len, 32);
		cr_assert_arr_eq(seen_bytes, payload + 40, 32);
		cr_assert(seen_offsets_good, "cut after %zu", first);
	}
	cr_assert_lt(len, sizeof(f));
	world_stop(&w);
}

Test(input4, short_frames)
{
	uint8_t f[128], payload[8] = { 0 };

	make_ip(f, "me", 2, "10.0.0.2", "10.0.0.1", IP_PROTO_TCP, payload, 8);
	start();
	for (size_t len = 1; len < ETH_HLEN + IP4_HLEN + 8; len++) {
		world_mark(&w);
		world_receive(&w, f, len);
		world_assert_drop(&w, len < ETH_HLEN ? NET_DROP_ETH_SHORT : NET_DROP_IP4_LENGTH);
		if (len < 2)
			continue;
		world_mark(&w);
		world_receive_split(&w, f, len, len / 2);
		world_assert_drop(&w, len < ETH_HLEN ? NET_DROP_ETH_SHORT : NET_DROP_IP4_LENGTH);
	}
	cr_assert_eq(num_seen, 0);
	world_stop(&w);
}

Test(input4, no_memory_to_join_pieces)
{
	struct buf *hoard = NULL, *b, *frame;
	uint8_t f[128], payload[8] = { 0 };
	size_t len = make_ip(f, "me", 2, "10.0.0.2", "10.0.0.1", IP_PROTO_TCP, payload, 8);

	start();
	frame = world_packet(&w, 10, 0);
	memcpy(frame->data, f, 10);
	frame->next = world_packet(&w, (uint32_t)len - 10, 0);
	memcpy(frame->next->data, f + 10, len - 10);
	w.pool.config.limit_bytes = 0;
	while ((b = buf_alloc_or_null(&w.pool, 0)) != NULL) {
		b->next = hoard;
		hoard = b;
	}
	net_input(&w.net, frame, 0);
	world_assert_drop(&w, NET_DROP_RX_NOBUFS);
	buf_put_chain(hoard);
	world_stop(&w);
}

Test(input4, a_good_checksum_is_believed_only_where_configured)
{
	uint8_t f[128], payload[8] = { 0 };
	size_t len = make_ip(f, "me", 2, "10.0.0.2", "10.0.0.1", IP_PROTO_TCP, payload, 8);

	damage(f);
	for (unsigned trust = 0; trust < 2; trust++) {
		struct net_config c = world_config();
		struct buf *b;

		c.csum_offload_rx = trust;
		world_start(&w, &c);
		net_set_handler(&w.net, IP_PROTO_TCP, on_input, NULL, NULL);
		num_seen = 0;
		b = world_packet(&w, (uint32_t)len, 0);
		memcpy(b->data, f, len);
		b->flags = BUF_RX_CSUM_GOOD;
		net_input(&w.net, b, 0);
		cr_assert_eq(num_seen, trust);
		cr_assert_eq(world_count(&w, NET_DROP_IP4_CSUM), !trust);
		world_stop(&w);
	}
}

Test(input4, an_unknown_protocol_is_counted)
{
	uint8_t f[128], payload[8] = { 0 };

	start();
	world_receive(&w, f, make_ip(f, "me", 2, "10.0.0.2", "10.0.0.1", 99, payload, 8));
	world_assert_drop(&w, NET_DROP_PROTO);
	world_mark(&w);
	/* The other family's ICMP is nothing here. */
	world_receive(&w, f,
		      make_ip(f, "me", 2, "10.0.0.2", "10.0.0.1", IP_PROTO_ICMP6, payload, 8));
	world_assert_drop(&w, NET_DROP_PROTO);
	world_mark(&w);
	net_set_handler(&w.net, IP_PROTO_TCP, NULL, NULL, NULL);
	world_receive(&w, f, make_ip(f, "me", 2, "10.0.0.2", "10.0.0.1", IP_PROTO_TCP, payload, 8));
	world_assert_drop(&w, NET_DROP_PROTO);
	world_stop(&w);
}

Test(input4, a_poll_takes_all_that_is_there)
{
	uint8_t f[128], payload[8] = { 0 };
	size_t len = make_ip(f, "me", 2, "10.0.0.2", "10.0.0.1", IP_PROTO_TCP, payload, 8);

	start();
	for (unsigned i = 0; i < 50; i++) {
		struct buf *b = world_packet(&w, (uint32_t)len, 0);

		memcpy(b->data, f, len);
		w.rx[w.num_rx++] = b;
	}
	cr_assert(net_poll(&w.net, w.net.now));
	cr_assert_eq(num_seen, 50);
	cr_assert_eq(world_count(&w, NET_RX_FRAMES), 50);
	cr_assert_not(net_poll(&w.net, w.net.now));
	world_stop(&w);
}
