/* SPDX-License-Identifier: MIT */
#include "bench/udp_pair.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "demi/libos.h"
#include "demi/sga.h"
#include "demi/wait.h"

static void must(int err, const char *what)
{
	if (err) {
		fprintf(stderr, "udp_pair: %s: %s\n", what, strerror(err));
		exit(1);
	}
}

static void open_end(struct udp_end *end, const char *ip, uint16_t port)
{
	end->addr = (struct sockaddr_in){ .sin_family = AF_INET, .sin_port = htons(port) };
	inet_pton(AF_INET, ip, &end->addr.sin_addr);
	must(tern_sim_enter(end->host), "enter");
	must(demi_socket(&end->qd, AF_INET, SOCK_DGRAM, 0), "socket");
	must(demi_bind(end->qd, (struct sockaddr *)&end->addr, sizeof(end->addr)), "bind");
	must(demi_pop(&end->pop, end->qd), "pop");
}

void udp_pair_open(struct udp_pair *pair, uint32_t size, bool offload)
{
	struct tern_sim_options options = { .seed = 1, .real_time = true };
	struct tern_sim_host_options a = { .ipv4 = "10.0.0.1/24" }, b = { .ipv4 = "10.0.0.2/24" };

	memset(pair, 0, sizeof(*pair));
	pair->size = size;
	a.link.offload = offload;
	must(tern_sim_new(&options, &pair->sim), "rack");
	must(tern_sim_pair_new(pair->sim, &a, &b, &pair->client.host, &pair->server.host), "hosts");
	open_end(&pair->client, "10.0.0.1", 5000);
	open_end(&pair->server, "10.0.0.2", 7);
}

static void push(const struct udp_end *end, demi_sgarray_t *sga, const struct sockaddr_in *to)
{
	demi_qresult_t qr;
	demi_qtoken_t qt;

	must(demi_pushto(&qt, end->qd, sga, (const struct sockaddr *)to, sizeof(*to)), "push");
	must(demi_wait(&qr, qt, NULL), "wait");
	must(demi_sgafree(sga), "free");
}

/* Fetches what the open pop brought and opens the next. */
static demi_sgarray_t pop(struct udp_end *end)
{
	demi_qresult_t qr;

	must(demi_wait(&qr, end->pop, NULL), "wait");
	must(demi_pop(&end->pop, end->qd), "pop");
	return qr.qr_value.sga;
}

void udp_pair_round_trip(struct udp_pair *pair)
{
	demi_sgarray_t sga;
	uint32_t got;

	tern_sim_enter(pair->client.host);
	sga = demi_sgaalloc(pair->size);
	memset(sga.sga_segs[0].sgaseg_buf, 0, pair->size);
	memcpy(sga.sga_segs[0].sgaseg_buf, &pair->round, sizeof(pair->round));
	push(&pair->client, &sga, &pair->server.addr);

	tern_sim_enter(pair->server.host);
	sga = pop(&pair->server);
	push(&pair->server, &sga, &pair->client.addr);

	tern_sim_enter(pair->client.host);
	sga = pop(&pair->client);
	memcpy(&got, sga.sga_segs[0].sgaseg_buf, sizeof(got));
	must(got != pair->round || sga.sga_segs[0].sgaseg_len != pair->size, "wrong answer");
	must(demi_sgafree(&sga), "free");
	pair->round++;
}

void udp_pair_close(struct udp_pair *pair)
{
	tern_sim_free(pair->sim);
}
