/* SPDX-License-Identifier: MIT */
/*
 * What the stack sees of a network device: one small table of functions, each with its contract. DPDK ports, the
 * simulator's links and the decorators (fault injection, capture) all stand behind it, so a decorator wraps any
 * device and the stack has no flags for diagnostics.
 *
 * Frames are Ethernet without FCS. A frame to send is a chain whose first buf starts with the Ethernet header.
 * Received frames are chains too, most often of one buf; their headroom is at least what the sender's headers
 * take, so a frame can be echoed or forwarded without a copy.
 */
#ifndef LIBOS_DEV_DEV_H
#define LIBOS_DEV_DEV_H

#include "libos/base/counters.h"
#include "libos/buf/buf.h"

struct dev;

#define DEV_MAC_LEN 6
#define DEV_BURST 32

/* dev->features: what the device does so that the stack need not. */
enum {
	DEV_TX_CSUM_IP4 = 1 << 0, /* fills the IPv4 header checksum where BUF_TX_CSUM_IP asks */
	DEV_TX_CSUM_L4 = 1 << 1,  /* fills UDP and TCP checksums where BUF_TX_CSUM_L4 asks */
	DEV_RX_CSUM =
		1 << 2,   /* sets BUF_RX_CSUM_GOOD when IPv4 header and L4 checksums are right */
	DEV_TSO = 1 << 3, /* cuts a frame with BUF_TX_TSO into segments of ->mss */
	DEV_TX_CHAINS = 1 << 4, /* takes frames of several bufs; without it the stack linearises */
};

struct dev_ops {
	/*
	 * Puts up to @max received frames into @frames and returns how many; the caller owns them. Never blocks.
	 * @now is the run loop's time; a device that models delay delivers what has arrived by then.
	 */
	unsigned (*rx)(struct dev *dev, struct buf **frames, unsigned max, uint64_t now);
	/*
	 * Takes frames from the front of @frames, consuming one reference of each, and returns how many it took;
	 * the rest stay the caller's (the queue is full). Never blocks. The device reads a frame's bytes
	 * at any time until it drops its reference. Frames it takes but cannot send are its drops to count.
	 */
	unsigned (*tx)(struct dev *dev, struct buf **frames, unsigned num, uint64_t now);
	/* Earliest time at which rx may have something without any outside event; TIME_NEVER: none known. */
	uint64_t (*next_event)(const struct dev *dev);
	/* A descriptor that polls readable when rx has work, for sleeping on; -ENOTSUP where there is none. */
	int (*event_fd)(struct dev *dev);
	/* Appends the device's counter sets to @sets. */
	void (*counters)(struct dev *dev, struct list *sets);
	/* Releases the device; frames it still holds are put. */
	void (*close)(struct dev *dev);
};

struct dev {
	const struct dev_ops *ops;
	uint8_t mac[DEV_MAC_LEN];
	uint16_t mtu; /* IP bytes per frame */
	uint32_t features;
	bool link_up;
};

static always_inline unsigned dev_rx(struct dev *dev, struct buf **frames, unsigned max,
				     uint64_t now)
{
	return dev->ops->rx(dev, frames, max, now);
}

static always_inline unsigned dev_tx(struct dev *dev, struct buf **frames, unsigned num,
				     uint64_t now)
{
	return dev->ops->tx(dev, frames, num, now);
}

#endif
