/* SPDX-License-Identifier: MIT */
/*
 * Capture: a device around a device that writes the frames of both directions to a pcap file with nanosecond
 * timestamps. Names carry pcap_dev_ since libpcap, which DPDK may bring along, has taken plain pcap_.
 */
#ifndef LIBOS_DEV_PCAP_PCAP_H
#define LIBOS_DEV_PCAP_PCAP_H

#include "libos/dev/dev.h"

/* More than any reader accepts in a record is never written. */
#define PCAP_MAX_SNAPLEN 262144u

#define PCAP_COUNTERS(X)                                                                           \
	X(PCAP_FRAMES, "frames")       /* written, or in the buffer to be */                       \
	X(PCAP_TRUNCATED, "truncated") /* of those, longer than the snaplen */                     \
	X(PCAP_MISSED, "missed")       /* passed after a write error had ended the capture */      \
	X(PCAP_ERRORS, "errors")       /* write errors: 0 or 1 */

enum pcap_counter {
	PCAP_COUNTERS(COUNTER_ENUM) PCAP_COUNTER_NUM
};

struct pcap_dev_config {
	uint32_t
		snaplen; /* bytes kept of each frame; 0: PCAP_MAX_SNAPLEN, which is also the most */
	uint64_t
		epoch_ns; /* added to the run loop's time: what that clock's zero is in Unix time */
};

struct pcap_dev {
	struct dev dev;
	struct dev *lower;
	uint8_t *out; /* not yet written */
	size_t out_len;
	size_t out_max;
	uint64_t epoch_ns;
	uint32_t snaplen;
	int fd;
	bool failed;
	uint64_t count[PCAP_COUNTER_NUM];
	struct counter_set counters;
};

/*
 * Creates or truncates @path and wraps @lower, which must outlive the capture; closing @p->dev writes out the rest
 * and closes @lower. 0, -ENOMEM, or the -errno of opening.
 */
int pcap_dev_init(struct pcap_dev *p, struct dev *lower, const char *path,
		  const struct pcap_dev_config *config) must_check;

#endif
