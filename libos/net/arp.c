/* SPDX-License-Identifier: MIT */
#include "libos/net/arp.h"

#include "libos/base/log.h"
#include "libos/net/net.h"

static void send_arp(struct net *net, const struct mac *eth_dst, uint16_t op, struct be32 spa,
		     const struct mac *tha, struct be32 tpa)
{
	struct buf *b = net_buf_or_null(net, ETH_HLEN + ARP_LEN);

	if (!b)
		return;
	b->len = ETH_HLEN + ARP_LEN;
	eth_emit(b->data, eth_dst, &net->mac, ETH_TYPE_ARP);
	arp_emit(b->data + ETH_HLEN, op, &net->mac, spa, tha, tpa);
	net_tx_frame(net, b);
}

void arp_solicit(struct net *net, const struct neigh *n)
{
	static const struct mac unknown;
	const struct mac broadcast = mac_broadcast();
	struct ipaddr src;

	/* Without an address of ours in that family there was no path that could have asked. */
	if (route_select_src(net, &n->addr, &n->addr, &src))
		return;
	send_arp(net, n->state == NEIGH_PROBE ? &n->mac : &broadcast, ARP_OP_REQUEST,
		 ipaddr_to_v4(&src), &unknown, ipaddr_to_v4(&n->addr));
}

void arp_announce(struct net *net, struct be32 addr)
{
	static const struct mac unknown;
	const struct mac broadcast = mac_broadcast();

	net->count[NET_ARP_ANNOUNCED]++;
	send_arp(net, &broadcast, ARP_OP_REQUEST, addr, &unknown, addr);
}

/* Somebody claims the address that is ours. */
static void on_conflict(struct net *net, const struct ipaddr *addr, const struct mac *mac)
{
	char addr_text[IPADDR_STRLEN], mac_text[MAC_STRLEN];

	net->count[NET_ARP_CONFLICT]++;
	if (net->has_logged_conflict)
		return;
	net->has_logged_conflict = true;
	log_warning("%s is ours, but %s uses it too", ipaddr_format(addr, addr_text),
		    mac_format(mac, mac_text));
}

/* A sender address that is good for nothing: neither a host's nor 0.0.0.0, which address probes use. */
static bool is_bad_sender(const struct net *net, const struct ipaddr *spa)
{
	return ipaddr_is_multicast(spa) || ipaddr_is_loopback(spa) || net_is_broadcast(net, spa);
}

static void on_request(struct net *net, const struct arp_pkt *arp, const struct ipaddr *spa,
		       const struct ipaddr *tpa)
{
	struct ipaddr next_hop;

	net->count[NET_ARP_RX_REQUESTS]++;
	if (ipaddr_equal(spa, tpa)) {
		neigh_learn(net, spa, &arp->sha, NEIGH_LEARN_OVERRIDE);
		return;
	}
	if (ipaddr_is_loopback(tpa) || !net_is_local(net, tpa)) {
		net->count[NET_DROP_ARP_NOT_OURS]++;
		return;
	}
	if (!ipaddr_is_any(spa)) {
		/* Who is not on this link by our own routes gets his answer, but no entry. */
		bool is_on_link =
			route_next_hop(net, spa, &next_hop) == 0 && ipaddr_equal(&next_hop, spa);

		neigh_learn(net, spa, &arp->sha,
			    NEIGH_LEARN_OVERRIDE | (is_on_link ? NEIGH_LEARN_CREATE : 0));
	}
	net->count[NET_ARP_TX_REPLIES]++;
	send_arp(net, &arp->sha, ARP_OP_REPLY, arp->tpa, &arp->sha, arp->spa);
}

static void on_reply(struct net *net, const struct arp_pkt *arp, const struct ipaddr *spa,
		     const struct ipaddr *tpa)
{
	unsigned flags = NEIGH_LEARN_OVERRIDE;

	net->count[NET_ARP_RX_REPLIES]++;
	if (ipaddr_is_any(spa)) {
		net->count[NET_DROP_ARP_BAD]++;
		return;
	}
	if (mac_equal(&arp->tha, &net->mac) && net_is_local(net, tpa)) {
		const struct neigh *n = neigh_find_or_null(net, spa);

		/* It answers a question only if we asked one. */
		if (n && (n->state == NEIGH_INCOMPLETE || n->state == NEIGH_PROBE))
			flags |= NEIGH_LEARN_SOLICITED;
	} else if (!ipaddr_equal(spa, tpa)) {
		net->count[NET_DROP_ARP_NOT_OURS]++;
		return;
	}
	neigh_learn(net, spa, &arp->sha, flags);
}

void arp_input(struct net *net, struct buf *b)
{
	const struct arp_pkt *arp;
	struct ipaddr spa, tpa;

	b = net_pullup_or_free(net, b, min_t(uint32_t, buf_chain_len(b), ARP_LEN));
	if (!b)
		return;
	arp = arp_parse_or_null(b->data, b->len);
	if (!arp) {
		net->count[NET_DROP_ARP_BAD]++;
		buf_put_chain(b);
		return;
	}
	spa = ipaddr_v4(arp->spa);
	tpa = ipaddr_v4(arp->tpa);
	if (is_bad_sender(net, &spa)) {
		net->count[NET_DROP_ARP_BAD]++;
	} else if (net_is_local(net, &spa)) {
		if (!mac_equal(&arp->sha, &net->mac))
			on_conflict(net, &spa, &arp->sha);
	} else if (be16_get(arp->op) == ARP_OP_REQUEST) {
		on_request(net, arp, &spa, &tpa);
	} else {
		on_reply(net, arp, &spa, &tpa);
	}
	buf_put_chain(b);
}
