/* SPDX-License-Identifier: MIT */
#include "libos/dev/pcap/pcap.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "libos/base/endian.h"
#include "station.h"

#define EPOCH_NS (1000000000ull * NS_PER_SEC + 5)

static struct station *a, *b;
static struct pcap_dev cap; /* around a's port */
static char path[64];
static uint8_t *bytes;
static size_t num_bytes;

static void start_captured(const char *to, uint32_t snaplen)
{
	struct pcap_dev_config config = { .snaplen = snaplen, .epoch_ns = EPOCH_NS };

	start();
	a = station_new(1);
	b = station_new(2);
	join(a, b, wire(100, 0, 0));
	cr_assert_eq(pcap_dev_init(&cap, a->dev, to, &config), 0);
	a->dev = &cap.dev;
	sim_run_until(&sim, 0);
}

static void name_file(void)
{
	int fd;

	snprintf(path, sizeof(path), "/tmp/tern-test-XXXXXX");
	fd = mkstemp(path);
	cr_assert_geq(fd, 0);
	close(fd);
}

static void end_captured(void)
{
	station_free(a);
	station_free(b);
	finish();
}

static void read_file(void)
{
	FILE *f = fopen(path, "rb");

	cr_assert_not_null(f);
	bytes = malloc(1u << 22);
	cr_assert_not_null(bytes);
	num_bytes = fread(bytes, 1, 1u << 22, f);
	fclose(f);
}

static void drop_file(void)
{
	free(bytes);
	unlink(path);
}

static uint32_t word(size_t at)
{
	uint32_t v;

	cr_assert_leq(at + sizeof(v), num_bytes);
	memcpy(&v, bytes + at, sizeof(v));
	return v;
}

/* Checks the record at @at and returns where the next one starts. */
static size_t check_record(size_t at, uint64_t time, uint32_t tag, uint32_t kept, uint32_t len)
{
	uint64_t unix_ns = EPOCH_NS + time;

	cr_assert_eq(word(at), unix_ns / NS_PER_SEC);
	cr_assert_eq(word(at + 4), unix_ns % NS_PER_SEC);
	cr_assert_eq(word(at + 8), kept);
	cr_assert_eq(word(at + 12), len);
	cr_assert_leq(at + 16 + kept, num_bytes);
	cr_assert_eq(load_be32(bytes + at + 16 + 14), tag);
	return at + 16 + kept;
}

Test(pcap, writes_both_directions_with_the_run_loops_time)
{
	struct buf *chain;
	size_t at = 24;

	name_file();
	start_captured(path, 0);
	sim_run_until(&sim, 3 * NS_PER_SEC);
	chain = frame_new(1, 2, 7, 60);
	chain->next = frame_new(1, 2, 8, 100);
	send_buf(a, chain);
	send_tag(b, 1, 9, 64);
	sim_run_until(&sim, TIME_NEVER);
	end_captured();
	read_file();
	cr_assert_eq(word(0), 0xa1b23c4d);
	cr_assert_eq(word(4), 2 | 4 << 16);
	cr_assert_eq(word(16), PCAP_MAX_SNAPLEN);
	cr_assert_eq(word(20), 1);
	at = check_record(at, 3 * NS_PER_SEC, 7, 160, 160);
	cr_assert_eq(load_be32(bytes + 24 + 16 + 60 + 14), 8);
	at = check_record(at, 3 * NS_PER_SEC + 100, 9, 64, 64);
	cr_assert_eq(at, num_bytes);
	drop_file();
}

Test(pcap, keeps_no_more_than_the_snaplen)
{
	name_file();
	start_captured(path, 40);
	send_tag(a, 2, 1, 40);
	send_tag(a, 2, 2, 41);
	cr_assert_eq(cap.count[PCAP_FRAMES], 2);
	cr_assert_eq(cap.count[PCAP_TRUNCATED], 1);
	end_captured();
	read_file();
	cr_assert_eq(word(16), 40);
	cr_assert_eq(check_record(check_record(24, 0, 1, 40, 40), 0, 2, 40, 41), num_bytes);
	drop_file();
}

Test(pcap, more_than_the_buffer_holds_is_complete)
{
	size_t at = 24;

	name_file();
	start_captured(path, 0);
	for (uint32_t i = 0; i < 1000; i++) {
		send_tag(a, 2, i, 1000 + i % 500);
		sim_run_until(&sim, i + 1);
	}
	end_captured();
	read_file();
	for (uint32_t i = 0; i < 1000; i++)
		at = check_record(at, i, i, 1000 + i % 500, 1000 + i % 500);
	cr_assert_eq(at, num_bytes);
	drop_file();
}

static unsigned refuse(struct dev *dev, struct buf **frames, unsigned num, uint64_t now)
{
	return 0;
}

static void close_nothing(struct dev *dev)
{
}

Test(pcap, frames_that_are_not_taken_are_not_written)
{
	static const struct dev_ops ops = { .tx = refuse, .close = close_nothing };
	struct pcap_dev_config config = { 0 };
	struct dev full = { .ops = &ops };
	struct buf *frame;

	start();
	name_file();
	cr_assert_eq(pcap_dev_init(&cap, &full, path, &config), 0);
	frame = frame_new(1, 2, 1, 60);
	cr_assert_eq(dev_tx(&cap.dev, &frame, 1, 0), 0);
	buf_put(frame);
	cap.dev.ops->close(&cap.dev);
	finish();
	read_file();
	cr_assert_eq(num_bytes, 24);
	drop_file();
}

Test(pcap, a_full_disk_ends_the_capture_and_not_the_traffic)
{
	start_captured("/dev/full", 0);
	for (uint32_t i = 0; i < 2000; i++) {
		send_tag(a, 2, i, 1514);
		sim_run_until(&sim, i * 1000);
	}
	sim_run_until(&sim, TIME_NEVER);
	cr_assert_eq(b->num, 2000);
	cr_assert_eq(cap.count[PCAP_ERRORS], 1);
	cr_assert_gt(cap.count[PCAP_MISSED], 0);
	cr_assert_eq(cap.count[PCAP_FRAMES] + cap.count[PCAP_MISSED], 2000);
	end_captured();
}

Test(pcap, a_file_that_cannot_be_made_is_an_error)
{
	struct pcap_dev_config config = { 0 };

	start();
	a = station_new(1);
	cr_assert_eq(pcap_dev_init(&cap, a->dev, "/nonexistent/file", &config), -ENOENT);
	station_free(a);
	finish();
}

/* Wireshark's reader must see the same frames. */
Test(pcap, tshark_reads_it)
{
	char command[256], line[256];
	unsigned num = 0;
	FILE *out;

	/* NOLINTNEXTLINE(cert-env33-c): a fixed command */
	if (system("command -v tshark >/dev/null 2>&1") != 0) {
		fprintf(stderr, "SKIP: no tshark here\n");
		return;
	}
	name_file();
	start_captured(path, 0);
	for (uint32_t i = 0; i < 5; i++) {
		sim_run_until(&sim, i * 1000);
		send_tag(a, 2, i, 60 + i);
	}
	end_captured();
	snprintf(command, sizeof(command),
		 "tshark -r %s -T fields -e frame.time_epoch -e frame.len -e eth.dst -e eth.type "
		 "2>&1",
		 path);
	out = popen(command, "r"); /* NOLINT(cert-env33-c): made of a name of ours */
	cr_assert_not_null(out);
	while (fgets(line, sizeof(line), out)) {
		char want[256];

		if (strncmp(line, "Running as user", 15) == 0)
			continue;
		/* Newer versions write the type with four leading zeros. */
		snprintf(want, sizeof(want), "1000000000.%09u\t%u\t02:00:00:00:00:02\t%s\n",
			 num * 1000 + 5, 60 + num,
			 strstr(line, "0x000088b5") ? "0x000088b5" : "0x88b5");
		cr_assert_str_eq(line, want);
		num++;
	}
	cr_assert_eq(pclose(out), 0);
	cr_assert_eq(num, 5);
	unlink(path);
}
