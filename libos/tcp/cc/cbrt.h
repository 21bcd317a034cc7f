/* SPDX-License-Identifier: MIT */
/* The cube root that CUBIC needs, in integers. */
#ifndef LIBOS_TCP_CC_CBRT_H
#define LIBOS_TCP_CC_CBRT_H

#include "libos/base/compiler.h"

/* The largest number whose cube is at most @x. */
uint32_t tcp_cc_cbrt(uint64_t x);

#endif
