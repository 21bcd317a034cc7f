/* SPDX-License-Identifier: MIT */
/* PDPIX: memory that the network can send from and receive into without a copy. */
#ifndef DEMI_SGA_H
#define DEMI_SGA_H

#include <demi/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/* An array of one segment of @size bytes (1 to 1 MiB), not cleared. sga_numsegs is 0 when there is no memory. */
demi_sgarray_t demi_sgaalloc(size_t size);

/* Gives an array back. Freed twice: EINVAL. */
int demi_sgafree(demi_sgarray_t *sga);

#ifdef __cplusplus
}
#endif

#endif
