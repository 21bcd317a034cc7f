/* SPDX-License-Identifier: MIT */
#include "libos/wire/arp.h"

#define ARP_HTYPE_ETHERNET 1

const struct arp_pkt *arp_parse_or_null(const void *data, size_t len)
{
	const struct arp_pkt *a = data;

	if (len < ARP_LEN)
		return NULL;
	if (be16_get(a->htype) != ARP_HTYPE_ETHERNET || be16_get(a->ptype) != ETH_TYPE_IP4 ||
	    a->hlen != ETH_ALEN || a->plen != 4)
		return NULL;
	if (be16_get(a->op) != ARP_OP_REQUEST && be16_get(a->op) != ARP_OP_REPLY)
		return NULL;
	return mac_is_group(&a->sha) ? NULL : a;
}

void arp_emit(void *p, uint16_t op, const struct mac *sha, struct be32 spa, const struct mac *tha,
	      struct be32 tpa)
{
	struct arp_pkt *a = p;

	a->htype = be16(ARP_HTYPE_ETHERNET);
	a->ptype = be16(ETH_TYPE_IP4);
	a->hlen = ETH_ALEN;
	a->plen = 4;
	a->op = be16(op);
	a->sha = *sha;
	a->spa = spa;
	a->tha = *tha;
	a->tpa = tpa;
}
