/* SPDX-License-Identifier: MIT */
#include "libos/dev/sim/offload.h"

#include "libos/base/endian.h"

#define TCP_DATA_OFFSET 12
#define IP4_CSUM_OFFSET 10

static uint32_t offset_in_data(const struct buf *b, uint16_t off)
{
	return (uint32_t)(buf_mem(b) + off - b->data);
}

uint32_t sim_offload_header_bytes(const struct buf *b)
{
	uint32_t l4 = offset_in_data(b, b->l4_off);

	BUG_ON(b->mss == 0 || l4 >= b->len || b->len - l4 <= TCP_DATA_OFFSET);
	return l4 + (uint32_t)(b->data[l4 + TCP_DATA_OFFSET] >> 4) * 4;
}

static void fill_ip4_csum(uint8_t *h, uint32_t room)
{
	uint32_t bytes = (uint32_t)(h[0] & 0xf) * 4;
	uint32_t sum = 0;

	BUG_ON(bytes > room || bytes <= IP4_CSUM_OFFSET);
	store_be16(h + IP4_CSUM_OFFSET, 0);
	for (uint32_t i = 0; i < bytes; i += 2)
		sum += load_be16(h + i);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	store_be16(h + IP4_CSUM_OFFSET, (uint16_t)~sum);
}

void sim_offload_carry(struct buf *to, const struct buf *from)
{
	to->l3_off = (uint16_t)(BUF_HEADROOM + offset_in_data(from, from->l3_off));
	to->l4_off = (uint16_t)(BUF_HEADROOM + offset_in_data(from, from->l4_off));
	if (from->flags & BUF_TX_CSUM_L4)
		to->flags |= BUF_RX_CSUM_GOOD;
	if (from->flags & BUF_TX_CSUM_IP) {
		uint32_t l3 = offset_in_data(to, to->l3_off);

		BUG_ON(l3 >= to->len);
		fill_ip4_csum(to->data + l3, to->len - l3);
	}
	if ((from->flags & BUF_TX_TSO) && to->len - sim_offload_header_bytes(from) > from->mss)
		to->mss = from->mss;
}
