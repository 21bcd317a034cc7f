/* SPDX-License-Identifier: MIT */
/*
 * The same seed gives the same run, byte for byte: 100 hosts for 100 seconds of virtual time, 10,000 node-seconds,
 * on lossy links, each sending to random others at random times. A capture of one link and a hash over every
 * datagram that every host received, with its time, must agree between two runs and differ for another seed.
 */
#include <stdlib.h>
#include <unistd.h>

#include "libos/base/hash.h"
#include "libos/base/rng.h"
#include "tests/lib/seed.h"
#include "tests/sim/program.h"

#define HOSTS 100
#define SECONDS 100
#define PORT 9

struct run {
	struct tern_sim *sim;
	uint64_t seed;
	uint64_t hash;
	uint64_t received;
};

struct chatter {
	struct run *run;
	unsigned number;
};

static const struct hash_key hash_key = { 1, 2 };

static void address_of(unsigned number, char out[20])
{
	snprintf(out, 20, "10.0.%u.%u", number / 200, 1 + number % 200);
}

static void note(struct run *run, unsigned receiver, const demi_sgarray_t *sga)
{
	struct {
		uint64_t before, now, receiver;
		uint8_t text[16];
	} event = { run->hash, tern_sim_now(run->sim), receiver, { 0 } };

	memcpy(event.text, sga->sga_segs[0].sgaseg_buf, sizeof(event.text));
	run->hash = hash_siphash24(&hash_key, &event, sizeof(event));
	run->received++;
}

static int say(int qd, struct rng *rng, unsigned self)
{
	char ip[20];
	struct sockaddr_in dest;
	demi_sgarray_t sga = demi_sgaalloc(16 + rng_below(rng, 1000));
	demi_qresult_t qr;
	demi_qtoken_t qt;

	must(sga.sga_numsegs == 1);
	address_of((unsigned)rng_below(rng, HOSTS), ip);
	dest = v4_addr(ip, PORT);
	memset(sga.sga_segs[0].sgaseg_buf, (int)self, sga.sga_segs[0].sgaseg_len);
	/* A neighbour that has not answered lately is an error, and as deterministic as the rest. */
	if (demi_pushto(&qt, qd, &sga, (struct sockaddr *)&dest, sizeof(dest)) == 0)
		must(demi_wait(&qr, qt, NULL) == 0);
	return demi_sgafree(&sga);
}

static int chat(void *arg)
{
	struct chatter *me = arg;
	struct rng rng;
	char ip[20];
	demi_qtoken_t pop;
	int qd;

	rng_init(&rng, me->run->seed + me->number);
	address_of(me->number, ip);
	must(start_program() == 0);
	must(open_udp(ip, PORT, &qd) == 0);
	must(demi_pop(&pop, qd) == 0);
	while (tern_sim_now(me->run->sim) < SECONDS * SEC) {
		struct timespec pause = after_ns(rng_below(&rng, 2 * SEC));
		demi_qresult_t qr;
		int err = demi_wait(&qr, pop, &pause);

		if (err == ETIMEDOUT) {
			must(say(qd, &rng, me->number) == 0);
			continue;
		}
		must(err == 0 && qr.qr_opcode == DEMI_OPC_POP);
		note(me->run, me->number, &qr.qr_value.sga);
		must(demi_sgafree(&qr.qr_value.sga) == 0);
		must(demi_pop(&pop, qd) == 0);
	}
	return 0;
}

static uint64_t hash_of_file(const char *path)
{
	FILE *f = fopen(path, "rb");
	uint8_t block[4096];
	uint64_t hash = 0;
	size_t len;

	cr_assert_not_null(f);
	while ((len = fread(block, 1, sizeof(block), f)) > 0)
		hash = hash * 31 + hash_siphash24(&hash_key, block, len);
	fclose(f);
	return hash;
}

static void run_once(uint64_t seed, struct run *run, uint64_t *capture_hash)
{
	struct tern_sim_options options = { .seed = seed };
	static struct tern_sim_host *hosts[HOSTS];
	static struct chatter chatters[HOSTS];
	char path[] = "/tmp/tern-replay-XXXXXX";
	int fd = mkstemp(path);

	cr_assert_geq(fd, 0);
	close(fd);
	*run = (struct run){ .seed = seed };
	cr_assert_eq(tern_sim_new(&options, &run->sim), 0);
	for (unsigned i = 0; i < HOSTS; i++) {
		char ip[24];
		struct tern_sim_host_options host = {
			.ipv4 = ip,
			.link = { .delay_ns = 2 * US,
				  .bits_per_sec = 10000000000,
				  .faults = { .loss_ppm = 10000,
					      .duplicate_ppm = 5000,
					      .reorder_ppm = 5000,
					      .corrupt_ppm = 5000 } },
		};

		address_of(i, ip);
		strcat(ip, "/16");
		if (i == 0)
			host.link.pcap_path = path;
		cr_assert_eq(tern_sim_host_new(run->sim, &host, &hosts[i]), 0);
		chatters[i] = (struct chatter){ run, i };
		cr_assert_eq(tern_sim_spawn(hosts[i], chat, &chatters[i]), 0);
	}
	run_to_the_end(run->sim, hosts, HOSTS);
	tern_sim_free(run->sim);
	*capture_hash = hash_of_file(path);
	unlink(path);
}

Test(replay, ten_thousand_node_seconds_twice_to_the_same_hash)
{
	uint64_t seed = test_seed(), capture[3];
	struct run run[3];

	run_once(seed, &run[0], &capture[0]);
	run_once(seed, &run[1], &capture[1]);
	run_once(seed + 1, &run[2], &capture[2]);
	cr_assert_gt(run[0].received, HOSTS * SECONDS / 2);
	cr_assert_eq(run[0].hash, run[1].hash);
	cr_assert_eq(run[0].received, run[1].received);
	cr_assert_eq(capture[0], capture[1]);
	cr_assert_neq(run[0].hash, run[2].hash);
	cr_assert_neq(capture[0], capture[2]);
}
