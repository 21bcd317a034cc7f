/* SPDX-License-Identifier: MIT */
/* The two ends of a connection, as what is hashed with a key: no padding, so its bytes are its value. */
#ifndef LIBOS_TCP_TUPLE_H
#define LIBOS_TCP_TUPLE_H

#include "libos/base/ipaddr.h"

struct tcp_tuple {
	struct ipaddr local;
	struct ipaddr remote;
	uint16_t local_port;
	uint16_t remote_port;
	uint32_t reserved; /* 0 */
};

_Static_assert(sizeof(struct tcp_tuple) == 40, "hashed as a whole: no padding");

#endif
