/* SPDX-License-Identifier: MIT */
/* ARP for Ethernet and IPv4 (RFC 826). */
#ifndef LIBOS_WIRE_ARP_H
#define LIBOS_WIRE_ARP_H

#include "libos/wire/eth.h"

#define ARP_LEN 28
#define ARP_OP_REQUEST 1
#define ARP_OP_REPLY 2

struct arp_pkt {
	struct be16 htype;
	struct be16 ptype;
	uint8_t hlen;
	uint8_t plen;
	struct be16 op;
	struct mac sha;
	struct be32 spa;
	struct mac tha;
	struct be32 tpa;
};

_Static_assert(sizeof(struct arp_pkt) == ARP_LEN, "wire layout");

/* A checked view into the frame, or NULL: too short, not Ethernet/IPv4, unknown operation, group sender MAC. */
const struct arp_pkt *arp_parse_or_null(const void *data, size_t len);

void arp_emit(void *p, uint16_t op, const struct mac *sha, struct be32 spa, const struct mac *tha,
	      struct be32 tpa);

#endif
