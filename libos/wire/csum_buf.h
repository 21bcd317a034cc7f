/* SPDX-License-Identifier: MIT */
/* The Internet checksum over packets that are chains of buffers. */
#ifndef LIBOS_WIRE_CSUM_BUF_H
#define LIBOS_WIRE_CSUM_BUF_H

#include "libos/buf/buf.h"
#include "libos/wire/csum.h"

/*
 * Adds @len bytes from @offset of the packet @b to @sum, as if they started at an even offset. The range must lie
 * within the packet; the bufs may cut it anywhere.
 */
uint64_t csum_add_chain(uint64_t sum, const struct buf *b, uint32_t offset, uint32_t len);

#endif
