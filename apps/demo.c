/* SPDX-License-Identifier: MIT */
/*
 * What `./run demo` shows: an echo server and a client, two ordinary programs, each on a simulated host, over a link
 * that loses, repeats, reorders and corrupts frames. The client asks until it has the right answer to every
 * question. At the end: what the link did, what the stack made of it, and where the capture lies.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "demi/libos.h"
#include "demi/sga.h"
#include "demi/wait.h"
#include "tern/sim.h"

#define QUESTIONS 10000u
#define SIZE 1200u
#define PATIENCE_NS 2000000
#define PORT 7

struct tally {
	uint64_t asked; /* datagrams sent */
	uint64_t answered;
	uint64_t repeated; /* answers to questions that were answered already */
	uint64_t wrong;
};

static void must(int err, const char *what)
{
	if (err) {
		fprintf(stderr, "demo: %s: %s\n", what, strerror(err));
		exit(1);
	}
}

static struct sockaddr_in address(const char *ip, uint16_t port)
{
	struct sockaddr_in addr = { .sin_family = AF_INET, .sin_port = htons(port) };

	inet_pton(AF_INET, ip, &addr.sin_addr);
	return addr;
}

static int open_bound(const char *ip, uint16_t port)
{
	struct sockaddr_in local = address(ip, port);
	struct demi_args args = { 0 };
	int qd;

	must(demi_init(&args), "init");
	must(demi_socket(&qd, AF_INET, SOCK_DGRAM, 0), "socket");
	must(demi_bind(qd, (struct sockaddr *)&local, sizeof(local)), "bind");
	return qd;
}

static void push(int qd, demi_sgarray_t *sga, const struct sockaddr_in *to)
{
	demi_qresult_t qr;
	demi_qtoken_t qt;

	must(demi_pushto(&qt, qd, sga, (const struct sockaddr *)to, sizeof(*to)), "push");
	must(demi_wait(&qr, qt, NULL), "wait");
	must(demi_sgafree(sga), "free");
}

/* Sends every datagram back where it came from; the client stops it with an empty number. */
static int server(void *arg)
{
	int qd = open_bound("10.0.0.2", PORT);

	(void)arg;
	for (;;) {
		struct sockaddr_in from;
		demi_sgarray_t sga;
		demi_qresult_t qr;
		demi_qtoken_t qt;
		uint32_t number;

		must(demi_pop(&qt, qd), "pop");
		must(demi_wait(&qr, qt, NULL), "wait");
		sga = qr.qr_value.sga;
		memcpy(&number, sga.sga_segs[0].sgaseg_buf, sizeof(number));
		if (number == UINT32_MAX)
			return demi_sgafree(&sga);
		from = sga.sga_addr;
		push(qd, &sga, &from);
	}
}

static void ask(int qd, uint32_t number)
{
	struct sockaddr_in to = address("10.0.0.2", PORT);
	demi_sgarray_t sga = demi_sgaalloc(SIZE);

	must(sga.sga_numsegs ? 0 : ENOMEM, "array");
	memset(sga.sga_segs[0].sgaseg_buf, (int)number, SIZE);
	memcpy(sga.sga_segs[0].sgaseg_buf, &number, sizeof(number));
	push(qd, &sga, &to);
}

/* Which question @sga answers; UINT32_MAX where a byte of it is not as it was sent. */
static uint32_t number_of(const demi_sgarray_t *sga)
{
	const uint8_t *bytes = sga->sga_segs[0].sgaseg_buf;
	uint32_t number;

	memcpy(&number, bytes, sizeof(number));
	for (uint32_t i = sizeof(number); i < SIZE; i++) {
		if (sga->sga_segs[0].sgaseg_len != SIZE || bytes[i] != (uint8_t)number)
			return UINT32_MAX;
	}
	return number;
}

static int client(void *arg)
{
	const struct timespec patience = { 0, PATIENCE_NS };
	int qd = open_bound("10.0.0.1", 5000);
	struct tally *tally = arg;
	demi_qtoken_t qt;

	must(demi_pop(&qt, qd), "pop");
	while (tally->answered < QUESTIONS) {
		uint32_t number = (uint32_t)tally->answered, got;
		demi_qresult_t qr;
		int err;

		ask(qd, number);
		tally->asked++;
		while ((err = demi_wait(&qr, qt, &patience)) != ETIMEDOUT) {
			must(err, "wait");
			got = number_of(&qr.qr_value.sga);
			must(demi_sgafree(&qr.qr_value.sga), "free");
			must(demi_pop(&qt, qd), "pop");
			if (got == number) {
				tally->answered++;
				break;
			}
			if (got == UINT32_MAX)
				tally->wrong++;
			else
				tally->repeated++;
		}
	}
	for (int i = 0; i < 100; i++) /* the link may lose some of these too */
		ask(qd, UINT32_MAX);
	return 0;
}

/* Counters of the host's library that are not zero, those of the link and of what was dropped. */
static void show_counters(struct tern_sim_host *host)
{
	demi_stat_t stats[512];
	int num;

	must(tern_sim_enter(host), "enter");
	must(demi_stats(stats, 512, &num), "stats");
	for (int i = 0; i < num && i < 512; i++) {
		bool is_drop = strncmp(stats[i].name, "drop_", 5) == 0;

		if (stats[i].value && (is_drop || strncmp(stats[i].module, "fault", 5) == 0))
			printf("    %-10s %-24s %10" PRIu64 "\n", stats[i].module, stats[i].name,
			       stats[i].value);
	}
	must(tern_sim_enter(NULL), "enter");
}

int main(int argc, char **argv)
{
	struct tern_sim_options options = { .seed = 1 };
	struct tern_sim_host_options a = { .ipv4 = "10.0.0.1/24" }, b = { .ipv4 = "10.0.0.2/24" };
	struct tern_sim_host *client_host, *server_host;
	struct tally tally = { 0 };
	struct tern_sim *sim;

	a.link = (struct tern_sim_link){
		.delay_ns = 5000,
		.bits_per_sec = 10000000000,
		.faults = { .loss_ppm = 20000,
			    .duplicate_ppm = 10000,
			    .reorder_ppm = 10000,
			    .corrupt_ppm = 10000 },
		.pcap_path = argc > 1 ? argv[1] : NULL,
	};
	must(tern_sim_new(&options, &sim), "rack");
	must(tern_sim_pair_new(sim, &a, &b, &client_host, &server_host), "hosts");
	must(tern_sim_spawn(server_host, server, NULL), "server");
	must(tern_sim_spawn(client_host, client, &tally), "client");
	must(tern_sim_run(sim, UINT64_MAX), "run");
	printf("%u questions of %u bytes over a 10 Gbit/s link that loses 2 %% of all frames, and "
	       "repeats,\n"
	       "reorders and corrupts 1 %% each, both ways:\n\n",
	       QUESTIONS, SIZE);
	printf("    answered rightly   %10" PRIu64 "\n    with a wrong byte  %10" PRIu64
	       "\n    late or repeated   %10" PRIu64 "\n    datagrams sent     %10" PRIu64 "\n",
	       tally.answered, tally.wrong, tally.repeated, tally.asked);
	printf("    virtual time       %10.3f s\n\n", (double)tern_sim_now(sim) / 1e9);
	printf("  What the link did, and what the client's stack dropped for it:\n\n");
	show_counters(client_host);
	tern_sim_free(sim);
	if (argc > 1)
		printf("\n  Every frame, as the client saw it: tshark -r %s\n", argv[1]);
	return tally.answered == QUESTIONS && tally.wrong == 0 ? 0 : 1;
}
