/* SPDX-License-Identifier: MIT */
#include "libos/net/ndp.h"

#include "libos/base/log.h"
#include "libos/net/net.h"

#define NDP_HOP_LIMIT 255 /* proves that no router has touched the packet */

static struct ipaddr all_nodes(void)
{
	return (struct ipaddr){ .b = { 0xff, 0x02, [15] = 1 } };
}

struct ipaddr ndp_link_local(const struct mac *mac)
{
	return (struct ipaddr){ .b = { 0xfe, 0x80, [8] = mac->b[0] ^ 2, mac->b[1], mac->b[2], 0xff,
				       0xfe, mac->b[3], mac->b[4], mac->b[5] } };
}

bool ndp_is_our_group(const struct net *net, const struct ipaddr *group)
{
	const struct route_table *t = &net->routes;
	const struct ipaddr all = all_nodes();

	if (ipaddr_equal(group, &all))
		return true;
	for (uint32_t i = 0; i < t->num_addrs; i++) {
		struct ipaddr node = ndp_solicited_node(&t->addrs[i].addr);

		if (!ipaddr_is_v4(&t->addrs[i].addr) && ipaddr_equal(group, &node))
			return true;
	}
	return false;
}

/*
 * Not by net_output: the MAC is known or a group's, the source may be ::, and what is said on behalf of
 * the neighbour cache must not count as use of an entry, or two idle hosts would probe each other for ever.
 */
static void send_msg(struct net *net, const struct mac *eth_dst, const struct ipaddr *src,
		     const struct ipaddr *dst, const struct ndp_msg *msg)
{
	struct buf *b = net_buf_or_null(net, ETH_HLEN + IP6_HLEN + NDP_MSG_LEN);
	uint8_t *icmp;
	size_t len;
	uint64_t sum;

	if (!b)
		return;
	icmp = b->data + ETH_HLEN + IP6_HLEN;
	len = ndp_emit(icmp, msg);
	sum = csum_add_bytes(csum_pseudo(src, dst, IP_PROTO_ICMP6, (uint32_t)len), icmp, len);
	csum_store(&((struct icmp_hdr *)icmp)->csum, csum_finish(sum));
	eth_emit(b->data, eth_dst, &net->mac, ETH_TYPE_IP6);
	ip6_emit(b->data + ETH_HLEN, 0, 0, (uint16_t)len, IP_PROTO_ICMP6, NDP_HOP_LIMIT, src, dst);
	b->len = ETH_HLEN + IP6_HLEN + (uint32_t)len;
	net_tx_frame(net, b);
}

void ndp_solicit(struct net *net, const struct neigh *n)
{
	struct ndp_msg msg = {
		.type = ICMP6_NEIGHBOR_SOLICIT,
		.has_lladdr = true,
		.lladdr = net->mac,
		.target = n->addr,
	};
	struct ipaddr dst = n->addr;
	struct mac mac = n->mac;
	struct ipaddr src;

	/* Without an address of ours in that family there was no path that could have asked. */
	if (route_select_src(net, &n->addr, &n->addr, &src))
		return;
	if (n->state != NEIGH_PROBE) {
		dst = ndp_solicited_node(&n->addr);
		mac = ip6_multicast_mac(&dst);
	}
	send_msg(net, &mac, &src, &dst, &msg);
}

void ndp_probe_duplicate(struct net *net, const struct ipaddr *addr)
{
	struct ndp_msg msg = { .type = ICMP6_NEIGHBOR_SOLICIT, .target = *addr };
	struct ipaddr src = ipaddr_any();
	struct ipaddr dst = ndp_solicited_node(addr);
	struct mac mac = ip6_multicast_mac(&dst);

	net->count[NET_NDP_DAD_SENT]++;
	send_msg(net, &mac, &src, &dst, &msg);
}

static void send_advert(struct net *net, const struct mac *eth_dst, const struct ipaddr *target,
			const struct ipaddr *dst, bool solicited)
{
	struct ndp_msg msg = {
		.type = ICMP6_NEIGHBOR_ADVERT,
		.solicited = solicited,
		.override = true,
		.has_lladdr = true,
		.lladdr = net->mac,
		.target = *target,
	};

	net->count[NET_NDP_TX_ADVERTS]++;
	send_msg(net, eth_dst, target, dst, &msg);
}

void ndp_announce(struct net *net, const struct ipaddr *addr)
{
	struct ipaddr dst = all_nodes();
	struct mac mac = ip6_multicast_mac(&dst);

	send_advert(net, &mac, addr, &dst, false);
}

static void on_conflict(struct net *net, const struct ipaddr *addr)
{
	char text[IPADDR_STRLEN];

	net->count[NET_NDP_CONFLICT]++;
	if (net->has_logged_conflict)
		return;
	net->has_logged_conflict = true;
	log_warning("%s is ours, but another host uses it too", ipaddr_format(addr, text));
}

static void on_solicit(struct net *net, const struct net_pkt *pkt, const struct ndp_msg *msg)
{
	const struct neigh *n;
	struct ipaddr next_hop;
	bool is_on_link;

	net->count[NET_NDP_RX_SOLICITS]++;
	if (ipaddr_is_loopback(&msg->target) || !net_is_local(net, &msg->target)) {
		net->count[NET_DROP_NDP_NOT_OURS]++;
		return;
	}
	if (ipaddr_is_any(&pkt->src)) {
		/* Somebody is about to take our address: tell all (RFC 4862, 5.4.3). */
		if (msg->has_lladdr || !(pkt->flags & NET_PKT_MULTICAST)) {
			net->count[NET_DROP_NDP_BAD]++;
			return;
		}
		on_conflict(net, &msg->target);
		ndp_announce(net, &msg->target);
		return;
	}
	if (msg->has_lladdr) {
		is_on_link = route_next_hop(net, &pkt->src, &next_hop) == 0 &&
			     ipaddr_equal(&next_hop, &pkt->src);
		neigh_learn(net, &pkt->src, &msg->lladdr,
			    NEIGH_LEARN_OVERRIDE | (is_on_link ? NEIGH_LEARN_CREATE : 0));
		send_advert(net, &msg->lladdr, &msg->target, &pkt->src, true);
		return;
	}
	/* A probe by unicast may leave the option out; whoever sends it we have in the cache. */
	n = neigh_find_or_null(net, &pkt->src);
	if (pkt->flags & NET_PKT_MULTICAST || !n || !neigh_is_usable(n)) {
		net->count[NET_DROP_NDP_BAD]++;
		return;
	}
	send_advert(net, &n->mac, &msg->target, &pkt->src, true);
}

static void on_advert(struct net *net, const struct net_pkt *pkt, const struct ndp_msg *msg)
{
	const struct neigh *n;
	unsigned flags = 0;

	net->count[NET_NDP_RX_ADVERTS]++;
	if (msg->solicited && pkt->flags & NET_PKT_MULTICAST) {
		net->count[NET_DROP_NDP_BAD]++;
		return;
	}
	if (net_is_local(net, &msg->target)) {
		on_conflict(net, &msg->target);
		return;
	}
	if (msg->solicited)
		flags |= NEIGH_LEARN_SOLICITED;
	if (msg->has_lladdr) {
		if (msg->override)
			flags |= NEIGH_LEARN_OVERRIDE;
		neigh_learn(net, &msg->target, &msg->lladdr, flags);
		return;
	}
	/* Without the option it can only confirm what we know. */
	n = neigh_find_or_null(net, &msg->target);
	if (n && neigh_is_usable(n))
		neigh_learn(net, &msg->target, &n->mac, flags);
}

void ndp_input(struct net *net, struct buf *b, const struct net_pkt *pkt)
{
	struct ndp_msg msg;
	uint32_t len = buf_chain_len(b);

	b = net_pullup_or_free(net, b, len);
	if (!b)
		return;
	if (pkt->ttl != NDP_HOP_LIMIT) {
		net->count[NET_DROP_NDP_HOP_LIMIT]++;
	} else if (b->data[0] == ICMP6_ROUTER_SOLICIT || b->data[0] == ICMP6_ROUTER_ADVERT) {
		net->count[NET_NDP_ROUTER_IGNORED]++;
	} else if (pkt->flags & NET_PKT_REASSEMBLED || !ndp_parse(b->data, b->len, &msg)) {
		/* Fragmented discovery is how filters are fooled: RFC 6980. */
		net->count[NET_DROP_NDP_BAD]++;
	} else if (msg.type == ICMP6_NEIGHBOR_SOLICIT) {
		on_solicit(net, pkt, &msg);
	} else {
		on_advert(net, pkt, &msg);
	}
	buf_put_chain(b);
}
