/* SPDX-License-Identifier: MIT */
/* What a simulated card does for frames that leave work to the device; see port.c for what that means here. */
#ifndef LIBOS_DEV_SIM_OFFLOAD_H
#define LIBOS_DEV_SIM_OFFLOAD_H

#include "libos/buf/buf.h"

#define SIM_TX_FLAGS (BUF_TX_CSUM_L4 | BUF_TX_CSUM_IP | BUF_TX_TSO)

/* Bytes of all headers of a frame with BUF_TX_TSO. A frame whose first buf does not hold them is a bug. */
uint32_t sim_offload_header_bytes(const struct buf *b);

/* Turns the requests of @from into what the receiver of its copy @to sees. */
void sim_offload_carry(struct buf *to, const struct buf *from);

#endif
