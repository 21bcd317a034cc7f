/* SPDX-License-Identifier: MIT */
/*
 * A UDP echo between two hosts of a real-time rack in one thread, over a wire without delay. What is measured is the
 * whole cost of a round trip at both ends: pop, array, push, wait, free; UDP, IP, Ethernet, checksums, device.
 */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/lib/bench.h"
#include "demi/libos.h"
#include "demi/sga.h"
#include "demi/wait.h"
#include "tern/sim.h"

#define ROUND_TRIPS 100000
#define COUNTED_ROUND_TRIPS 1000

struct end {
	struct tern_sim_host *host;
	struct sockaddr_in addr;
	int qd;
	demi_qtoken_t pop;
};

struct echo {
	struct tern_sim *sim;
	struct end client;
	struct end server;
	uint32_t size;
	uint32_t round;
};

static void must(int err, const char *what)
{
	if (err) {
		fprintf(stderr, "udp_echo: %s: %s\n", what, strerror(err));
		exit(1);
	}
}

static void open_end(struct end *end, const char *ip, uint16_t port)
{
	end->addr = (struct sockaddr_in){ .sin_family = AF_INET, .sin_port = htons(port) };
	inet_pton(AF_INET, ip, &end->addr.sin_addr);
	must(tern_sim_enter(end->host), "enter");
	must(demi_socket(&end->qd, AF_INET, SOCK_DGRAM, 0), "socket");
	must(demi_bind(end->qd, (struct sockaddr *)&end->addr, sizeof(end->addr)), "bind");
	must(demi_pop(&end->pop, end->qd), "pop");
}

static void open_echo(struct echo *echo, uint32_t size, bool offload)
{
	struct tern_sim_options options = { .seed = 1, .real_time = true };
	struct tern_sim_host_options a = { .ipv4 = "10.0.0.1/24" }, b = { .ipv4 = "10.0.0.2/24" };

	memset(echo, 0, sizeof(*echo));
	echo->size = size;
	a.link.offload = offload;
	must(tern_sim_new(&options, &echo->sim), "rack");
	must(tern_sim_pair_new(echo->sim, &a, &b, &echo->client.host, &echo->server.host), "hosts");
	open_end(&echo->client, "10.0.0.1", 5000);
	open_end(&echo->server, "10.0.0.2", 7);
}

static void push(const struct end *end, demi_sgarray_t *sga, const struct sockaddr_in *to)
{
	demi_qresult_t qr;
	demi_qtoken_t qt;

	must(demi_pushto(&qt, end->qd, sga, (const struct sockaddr *)to, sizeof(*to)), "push");
	must(demi_wait(&qr, qt, NULL), "wait");
	must(demi_sgafree(sga), "free");
}

/* Fetches what the open pop brought and opens the next. */
static demi_sgarray_t pop(struct end *end)
{
	demi_qresult_t qr;

	must(demi_wait(&qr, end->pop, NULL), "wait");
	must(demi_pop(&end->pop, end->qd), "pop");
	return qr.qr_value.sga;
}

static void round_trip(struct echo *echo)
{
	demi_sgarray_t sga;
	uint32_t got;

	tern_sim_enter(echo->client.host);
	sga = demi_sgaalloc(echo->size);
	memset(sga.sga_segs[0].sgaseg_buf, 0, echo->size);
	memcpy(sga.sga_segs[0].sgaseg_buf, &echo->round, sizeof(echo->round));
	push(&echo->client, &sga, &echo->server.addr);

	tern_sim_enter(echo->server.host);
	sga = pop(&echo->server);
	push(&echo->server, &sga, &echo->client.addr);

	tern_sim_enter(echo->client.host);
	sga = pop(&echo->client);
	memcpy(&got, sga.sga_segs[0].sgaseg_buf, sizeof(got));
	must(got != echo->round || sga.sga_segs[0].sgaseg_len != echo->size, "wrong answer");
	must(demi_sgafree(&sga), "free");
	echo->round++;
}

static void counted_round_trips(void *arg)
{
	for (int i = 0; i < COUNTED_ROUND_TRIPS; i++)
		round_trip(arg);
}

static void many_round_trips(void *arg)
{
	for (int i = 0; i < ROUND_TRIPS; i++)
		round_trip(arg);
}

static void count_costs(struct bench *b, const char *case_name, struct echo *echo)
{
	int64_t allocs = bench_count_allocs(counted_round_trips, echo);
	int64_t syscalls = bench_count_syscalls(counted_round_trips, echo);

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
	struct echo echo;

	open_echo(&echo, size, offload);
	bench_samples_init(&ns, reps);
	bench_samples_init(&cycles, reps);
	bench_samples_init(&pps, reps);
	bench_samples_init(&per_packet, reps);
	many_round_trips(&echo);
	for (unsigned rep = 0; rep < reps; rep++) {
		uint64_t ns_before = bench_now_ns(b), ticks_before = cpu_ticks();
		double rtt, ticks;

		many_round_trips(&echo);
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
	count_costs(b, case_name, &echo);
	tern_sim_free(echo.sim);
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
