/* SPDX-License-Identifier: MIT */
/*
 * A UDP echo between two hosts of a real-time rack in one thread, over a wire without delay. What is measured is the
 * whole cost of a round trip at both ends: pop, array, push, wait, free; UDP, IP, Ethernet, checksums, device.
 */
#include <stdio.h>
#include <string.h>

#include "bench/lib/bench.h"
#include "bench/udp_pair.h"

#define ROUND_TRIPS 100000
#define COUNTED_ROUND_TRIPS 1000

static void counted_round_trips(void *arg)
{
	for (int i = 0; i < COUNTED_ROUND_TRIPS; i++)
		udp_pair_round_trip(arg);
}

static void many_round_trips(void *arg)
{
	for (int i = 0; i < ROUND_TRIPS; i++)
		udp_pair_round_trip(arg);
}

static void count_costs(struct bench *b, const char *case_name, struct udp_pair *pair)
{
	int64_t allocs = bench_count_allocs(counted_round_trips, pair);
	int64_t syscalls = bench_count_syscalls(counted_round_trips, pair);

	if (allocs >= 0)
		bench_report_value(b, case_name, "allocs_per_op", "1",
				   (double)allocs / COUNTED_ROUND_TRIPS);
	else
		fprintf(stderr, "udp_echo: allocations not counted: %s\n", strerror((int)-allocs));
	if (syscalls >= 0)
		bench_report_value(b, case_name, "syscalls_per_op", "1",
				   (double)syscalls / COUNTED_ROUND_TRIPS);
	else
		fprintf(stderr, "udp_echo: system calls not counted: %s\n",
			strerror((int)-syscalls));
}

static void measure(struct bench *b, const char *case_name, uint32_t size, bool offload)
{
	struct bench_samples ns, cycles, pps, per_packet;
	unsigned reps = bench_reps(b);
	struct udp_pair pair;

	udp_pair_open(&pair, size, offload);
	bench_samples_init(&ns, reps);
	bench_samples_init(&cycles, reps);
	bench_samples_init(&pps, reps);
	bench_samples_init(&per_packet, reps);
	many_round_trips(&pair);
	for (unsigned rep = 0; rep < reps; rep++) {
		uint64_t ns_before = bench_now_ns(b), ticks_before = cpu_ticks();
		double rtt, ticks;

		many_round_trips(&pair);
		rtt = (double)(bench_now_ns(b) - ns_before) / ROUND_TRIPS;
		ticks = (double)(cpu_ticks() - ticks_before) / ROUND_TRIPS;
		bench_samples_add(&ns, rtt);
		bench_samples_add(&cycles, ticks);
		bench_samples_add(&pps, 2e9 / rtt);
		bench_samples_add(&per_packet, ticks / 2);
	}
	bench_report(b, case_name, "rtt_ns", "ns", &ns, NULL);
	bench_report(b, case_name, "cycles_per_op", "TSC cycles", &cycles, NULL);
	bench_report(b, case_name, "packets_per_s", "1/s", &pps, NULL);
	bench_report(b, case_name, "cycles_per_packet", "TSC cycles", &per_packet, NULL);
	count_costs(b, case_name, &pair);
	udp_pair_close(&pair);
}

int main(int argc, char **argv)
{
	struct bench b;

	bench_init(&b, "udp_echo", "a UDP round trip, both ends together, from push to pop", argc,
		   argv);
	measure(&b, "64B", 64, false);
	measure(&b, "64B,csum=off", 64, true);
	measure(&b, "1KB", 1024, false);
	return bench_fini(&b);
}
