/* SPDX-License-Identifier: MIT */
/*
 * Counters: every drop has a reason and every reason a number that can be read while the system runs.
 * A module lists its counters once and makes an enum and a name table of the list:
 *
 *     #define NET_COUNTERS(X) X(NET_RX_FRAMES, "rx_frames") X(NET_DROP_IP4_CSUM, "drop_ip4_csum")
 *     enum net_counter { NET_COUNTERS(COUNTER_ENUM) NET_COUNTER_NUM };
 *     static const char *const names[] = { NET_COUNTERS(COUNTER_NAME) };
 *
 * Counting is `net->count[NET_RX_FRAMES]++`: one add, no lock, since a runtime is one thread.
 */
#ifndef LIBOS_BASE_COUNTERS_H
#define LIBOS_BASE_COUNTERS_H

#include "libos/base/list.h"

#define COUNTER_ENUM(id, text) id,
#define COUNTER_NAME(id, text) text,

/* What a reader sees of one module's counters; the owner keeps it linked on its runtime's list while it lives. */
struct counter_set {
	struct list link;
	const char *module; /* "net": the reader sees "net.rx_frames" */
	const char *const *names;
	const uint64_t *values;
	unsigned num;
};

#endif
