/* SPDX-License-Identifier: MIT */
/* Ethernet II framing. VLAN tags are not taken off here: a tagged frame has an unknown type and is dropped. */
#ifndef LIBOS_WIRE_ETH_H
#define LIBOS_WIRE_ETH_H

#include "libos/base/endian.h"

#define ETH_ALEN 6
#define ETH_HLEN 14
#define ETH_MIN_FRAME 60 /* without FCS; shorter frames are padded on real wires */

#define ETH_TYPE_IP4 0x0800
#define ETH_TYPE_ARP 0x0806
#define ETH_TYPE_IP6 0x86dd

struct mac {
	uint8_t b[ETH_ALEN];
};

struct eth_hdr {
	struct mac dst;
	struct mac src;
	struct be16 type;
};

_Static_assert(sizeof(struct eth_hdr) == ETH_HLEN, "wire layout");

static always_inline bool mac_equal(const struct mac *x, const struct mac *y)
{
	return memcmp(x, y, sizeof(*x)) == 0;
}

/* Group addresses: multicast and broadcast. */
static always_inline bool mac_is_group(const struct mac *m)
{
	return m->b[0] & 1;
}

static inline bool mac_is_zero(const struct mac *m)
{
	static const struct mac zero;

	return mac_equal(m, &zero);
}

static inline struct mac mac_broadcast(void)
{
	return (struct mac){ { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff } };
}

/* "02:00:00:00:00:01"; 0 or -EINVAL. */
int mac_parse(const char *text, struct mac *out) must_check;

#define MAC_STRLEN 18
const char *mac_format(const struct mac *m, char out[MAC_STRLEN]);

static always_inline void eth_emit(void *p, const struct mac *dst, const struct mac *src,
				   uint16_t type)
{
	struct eth_hdr *h = p;

	h->dst = *dst;
	h->src = *src;
	h->type = be16(type);
}

#endif
