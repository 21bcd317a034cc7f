/* SPDX-License-Identifier: MIT */
/*
 * A TCP echo between two hosts of a real-time rack in one thread, over a wire without delay, on one or many connections
 * in turn. What is measured is the whole cost of a round trip at both ends: array, push, wait, pop, free; TCP with
 * timestamps, IP, Ethernet, checksums, device, acknowledgements.
 */
#include <arpa/inet.h>
#include <errno.h>
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
#define PORT 7

struct stream {
	int qd;
	demi_qtoken_t pop;
};

struct pair {
	struct tern_sim *sim;
	struct tern_sim_host *client_host;
	struct tern_sim_host *server_host;
	struct stream *clients;
	struct stream *servers;
	unsigned conns;
	unsigned next;
	uint32_t size;
	uint32_t round;
};

static void must(int err, const char *what)
{
	if (err) {
		fprintf(stderr, "tcp_echo: %s: %s\n", what, strerror(err));
		exit(1);
	}
}

static int stream_socket(void)
{
	int qd;

	must(demi_socket(&qd, AF_INET, SOCK_STREAM, 0), "socket");
	return qd;
}

static void open_stream(struct pair *p, unsigned i, int listener, const struct sockaddr_in *addr)
{
	demi_qtoken_t accept, connect;
	demi_qresult_t qr;

	tern_sim_enter(p->server_host);
	must(demi_accept(&accept, listener), "accept");
	tern_sim_enter(p->client_host);
	p->clients[i].qd = stream_socket();
	must(demi_connect(&connect, p->clients[i].qd, (const struct sockaddr *)addr, sizeof(*addr)),
	     "connect");
	must(demi_wait(&qr, connect, NULL), "wait");
	must((int)qr.qr_ret, "connection");
	must(demi_pop(&p->clients[i].pop, p->clients[i].qd), "pop");
	tern_sim_enter(p->server_host);
	must(demi_wait(&qr, accept, NULL), "wait");
	p->servers[i].qd = qr.qr_value.ares.qd;
	must(demi_pop(&p->servers[i].pop, p->servers[i].qd), "pop");
}

static void open_pair(struct pair *p, uint32_t size, unsigned conns, bool offload)
{
	struct tern_sim_options options = { .seed = 1, .real_time = true };
	struct tern_sim_host_options a = { .ipv4 = "10.0.0.1/24" }, b = { .ipv4 = "10.0.0.2/24" };
	struct sockaddr_in addr = { .sin_family = AF_INET, .sin_port = htons(PORT) };
	int listener;

	*p = (struct pair){ .size = size, .conns = conns };
	p->clients = calloc(conns, sizeof(p->clients[0]));
	p->servers = calloc(conns, sizeof(p->servers[0]));
	must(p->clients && p->servers ? 0 : ENOMEM, "connections");
	a.link.offload = offload;
	must(tern_sim_new(&options, &p->sim), "rack");
	must(tern_sim_pair_new(p->sim, &a, &b, &p->client_host, &p->server_host), "hosts");
	inet_pton(AF_INET, "10.0.0.2", &addr.sin_addr);
	tern_sim_enter(p->server_host);
	listener = stream_socket();
	must(demi_bind(listener, (struct sockaddr *)&addr, sizeof(addr)), "bind");
	must(demi_listen(listener, 128), "listen");
	for (unsigned i = 0; i < conns; i++)
		open_stream(p, i, listener, &addr);
}

static void close_pair(struct pair *p)
{
	tern_sim_free(p->sim);
	free(p->clients);
	free(p->servers);
}

static void push(const struct stream *s, demi_sgarray_t *sga)
{
	demi_qresult_t qr;
	demi_qtoken_t qt;

	must(demi_push(&qt, s->qd, sga), "push");
	must(demi_wait(&qr, qt, NULL), "wait");
	must(demi_sgafree(sga), "free");
}

static demi_sgarray_t pop(struct stream *s)
{
	demi_qresult_t qr;

	must(demi_wait(&qr, s->pop, NULL), "wait");
	must(demi_pop(&s->pop, s->qd), "pop");
	return qr.qr_value.sga;
}

static void round_trip(struct pair *p)
{
	struct stream *client = &p->clients[p->next], *server = &p->servers[p->next];
	demi_sgarray_t sga;
	uint32_t got;

	p->next = p->next + 1 == p->conns ? 0 : p->next + 1;
	tern_sim_enter(p->client_host);
	sga = demi_sgaalloc(p->size);
	memset(sga.sga_segs[0].sgaseg_buf, 0, p->size);
	memcpy(sga.sga_segs[0].sgaseg_buf, &p->round, sizeof(p->round));
	push(client, &sga);

	tern_sim_enter(p->server_host);
	sga = pop(server);
	push(server, &sga);

	tern_sim_enter(p->client_host);
	sga = pop(client);
	memcpy(&got, sga.sga_segs[0].sgaseg_buf, sizeof(got));
	must(got != p->round || sga.sga_segs[0].sgaseg_len != p->size, "wrong answer");
	must(demi_sgafree(&sga), "free");
	p->round++;
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

static void count_costs(struct bench *b, const char *case_name, struct pair *p)
{
	int64_t allocs = bench_count_allocs(counted_round_trips, p);
	int64_t syscalls = bench_count_syscalls(counted_round_trips, p);

	if (allocs >= 0)
		bench_report_value(b, case_name, "allocs_per_op", "1",
				   (double)allocs / COUNTED_ROUND_TRIPS);
	else
		fprintf(stderr, "tcp_echo: allocations not counted: %s\n", strerror((int)-allocs));
	if (syscalls >= 0)
		bench_report_value(b, case_name, "syscalls_per_op", "1",
				   (double)syscalls / COUNTED_ROUND_TRIPS);
	else
		fprintf(stderr, "tcp_echo: system calls not counted: %s\n",
			strerror((int)-syscalls));
}

static void measure(struct bench *b, const char *case_name, uint32_t size, unsigned conns,
		    bool offload)
{
	struct bench_samples ns, cycles;
	unsigned reps = bench_reps(b);
	struct pair p;

	open_pair(&p, size, conns, offload);
	bench_samples_init(&ns, reps);
	bench_samples_init(&cycles, reps);
	many_round_trips(&p);
	for (unsigned rep = 0; rep < reps; rep++) {
		uint64_t ns_before = bench_now_ns(b), ticks_before = cpu_ticks();

		many_round_trips(&p);
		bench_samples_add(&ns, (double)(bench_now_ns(b) - ns_before) / ROUND_TRIPS);
		bench_samples_add(&cycles, (double)(cpu_ticks() - ticks_before) / ROUND_TRIPS);
	}
	bench_report(b, case_name, "rtt_ns", "ns", &ns, NULL);
	bench_report(b, case_name, "cycles_per_op", "TSC cycles", &cycles, NULL);
	count_costs(b, case_name, &p);
	close_pair(&p);
}

int main(int argc, char **argv)
{
	struct bench b;

	bench_init(&b, "tcp_echo", "a TCP round trip, both ends together, from push to pop", argc,
		   argv);
	measure(&b, "64B", 64, 1, false);
	measure(&b, "64B,csum=off", 64, 1, true);
	measure(&b, "1KB", 1024, 1, false);
	measure(&b, "64B,conns=1000", 64, 1000, false);
	return bench_fini(&b);
}
