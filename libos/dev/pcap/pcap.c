/* SPDX-License-Identifier: MIT */
/*
 * Capture to a file.
 *
 * Records gather in a buffer that is written out when the next one might not fit, and at close. A sent frame is
 * recorded before the device below takes it, since its bytes are not ours to read afterwards, and the record is
 * withdrawn if it is not taken; sent frames are therefore passed on one by one.
 *
 * The file depends on frames and times alone, so equal runs on virtual time give equal files. Traffic never depends
 * on the file: the first write error is reported and counted, the capture ends there, frames go on.
 */
#include "libos/dev/pcap/pcap.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "libos/base/clock.h"
#include "libos/base/log.h"

#define MAGIC_NANOSECOND 0xa1b23c4du
#define LINKTYPE_ETHERNET 1
#define OUT_BYTES (64u << 10)

/* In the writer's byte order; readers tell it by the magic. */
struct file_header {
	uint32_t magic;
	uint16_t major;
	uint16_t minor;
	uint32_t zone;
	uint32_t sigfigs;
	uint32_t snaplen;
	uint32_t linktype;
};

struct record_header {
	uint32_t sec;
	uint32_t nsec;
	uint32_t kept;
	uint32_t len;
};

_Static_assert(sizeof(struct file_header) == 24 && sizeof(struct record_header) == 16,
	       "file layout");

static const char *const counter_names[] = { PCAP_COUNTERS(COUNTER_NAME) };

static cold_path void fail(struct pcap_dev *p, int err)
{
	p->failed = true;
	p->count[PCAP_ERRORS]++;
	log_warning("pcap: capture ends: %s", strerror(err));
}

static void write_out(struct pcap_dev *p)
{
	size_t done = 0;

	while (done < p->out_len && !p->failed) {
		ssize_t n = write(p->fd, p->out + done, p->out_len - done);

		if (n > 0)
			done += (size_t)n;
		else if (n == 0 || errno != EINTR)
			fail(p, n == 0 ? EIO : errno);
	}
	p->out_len = 0;
}

/* Puts the frame's record behind the buffer's end and returns its length; 0 when the capture has ended. */
static size_t stage(struct pcap_dev *p, const struct buf *b, uint64_t now)
{
	uint32_t len = buf_chain_len(b);
	uint64_t at = now + p->epoch_ns;
	struct record_header head = {
		.sec = (uint32_t)(at / NS_PER_SEC),
		.nsec = (uint32_t)(at % NS_PER_SEC),
		.kept = min_t(uint32_t, len, p->snaplen),
		.len = len,
	};

	if (p->out_max - p->out_len < sizeof(head) + head.kept)
		write_out(p);
	if (p->failed)
		return 0;
	memcpy(p->out + p->out_len, &head, sizeof(head));
	buf_copy_out(b, 0, p->out + p->out_len + sizeof(head), head.kept);
	return sizeof(head) + head.kept;
}

static void commit(struct pcap_dev *p, size_t bytes, bool truncated)
{
	if (!bytes) {
		p->count[PCAP_MISSED]++;
		return;
	}
	p->out_len += bytes;
	p->count[PCAP_FRAMES]++;
	p->count[PCAP_TRUNCATED] += truncated;
}

static unsigned capture_rx(struct dev *dev, struct buf **frames, unsigned max, uint64_t now)
{
	struct pcap_dev *p = container_of(dev, struct pcap_dev, dev);
	unsigned num = dev_rx(p->lower, frames, max, now);

	p->dev.link_up = p->lower->link_up;
	for (unsigned i = 0; i < num; i++) {
		bool truncated = buf_chain_len(frames[i]) > p->snaplen;

		commit(p, stage(p, frames[i], now), truncated);
	}
	return num;
}

static unsigned capture_tx(struct dev *dev, struct buf **frames, unsigned num, uint64_t now)
{
	struct pcap_dev *p = container_of(dev, struct pcap_dev, dev);

	for (unsigned i = 0; i < num; i++) {
		bool truncated = buf_chain_len(frames[i]) > p->snaplen;
		size_t bytes = stage(p, frames[i], now);

		if (dev_tx(p->lower, &frames[i], 1, now) != 1)
			return i;
		commit(p, bytes, truncated);
	}
	return num;
}

static uint64_t capture_next_event(const struct dev *dev)
{
	const struct dev *lower = container_of((uintptr_t)dev, struct pcap_dev, dev)->lower;

	return lower->ops->next_event(lower);
}

static int capture_event_fd(struct dev *dev)
{
	struct dev *lower = container_of(dev, struct pcap_dev, dev)->lower;

	return lower->ops->event_fd(lower);
}

static void capture_counters(struct dev *dev, struct list *sets)
{
	struct pcap_dev *p = container_of(dev, struct pcap_dev, dev);

	list_add_tail(sets, &p->counters.link);
	p->lower->ops->counters(p->lower, sets);
}

static void capture_close(struct dev *dev)
{
	struct pcap_dev *p = container_of(dev, struct pcap_dev, dev);

	write_out(p);
	if (close(p->fd) != 0 && !p->failed)
		fail(p, errno);
	free(p->out);
	list_del(&p->counters.link);
	p->lower->ops->close(p->lower);
}

static const struct dev_ops capture_ops = {
	.rx = capture_rx,
	.tx = capture_tx,
	.next_event = capture_next_event,
	.event_fd = capture_event_fd,
	.counters = capture_counters,
	.close = capture_close,
};

static void stage_file_header(struct pcap_dev *p)
{
	struct file_header head = {
		.magic = MAGIC_NANOSECOND,
		.major = 2,
		.minor = 4,
		.snaplen = p->snaplen,
		.linktype = LINKTYPE_ETHERNET,
	};

	memcpy(p->out, &head, sizeof(head));
	p->out_len = sizeof(head);
}

int pcap_dev_init(struct pcap_dev *p, struct dev *lower, const char *path,
		  const struct pcap_dev_config *config)
{
	*p = (struct pcap_dev){
		.dev = *lower,
		.lower = lower,
		.epoch_ns = config->epoch_ns,
		.snaplen = PCAP_MAX_SNAPLEN,
		.counters = { .module = "pcap",
			      .names = counter_names,
			      .values = p->count,
			      .num = PCAP_COUNTER_NUM },
	};
	p->dev.ops = &capture_ops;
	if (config->snaplen)
		p->snaplen = min_t(uint32_t, config->snaplen, PCAP_MAX_SNAPLEN);
	p->out_max = OUT_BYTES + sizeof(struct record_header) + p->snaplen;
	list_init(&p->counters.link);
	p->out = malloc(p->out_max);
	if (!p->out)
		return -ENOMEM;
	p->fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	if (p->fd < 0) {
		int err = errno;

		free(p->out);
		return -err;
	}
	stage_file_header(p);
	return 0;
}
