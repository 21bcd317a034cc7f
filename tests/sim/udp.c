/* SPDX-License-Identifier: MIT */
/* Ordinary blocking programs on two hosts: a UDP echo over links of every kind. */
#include "tests/lib/seed.h"
#include "tests/sim/program.h"

#define ROUNDS 2000
#define RETRY_NS (10 * MS)

struct echo {
	uint32_t size;
	unsigned retries;
};

static int echo_server(void *arg)
{
	int qd;

	must(start_program() == 0);
	must(open_udp("10.0.0.2", 7, &qd) == 0);
	for (;;) {
		demi_qresult_t qr, pushed;
		struct sockaddr_in from;
		uint32_t number;
		demi_qtoken_t qt;
		demi_sgarray_t sga;

		must(demi_pop(&qt, qd) == 0);
		must(demi_wait(&qr, qt, NULL) == 0);
		must(qr.qr_opcode == DEMI_OPC_POP);
		sga = qr.qr_value.sga;
		memcpy(&number, sga.sga_segs[0].sgaseg_buf, sizeof(number));
		if (number == UINT32_MAX)
			return demi_sgafree(&sga);
		from = sga.sga_addr;
		must(demi_pushto(&qt, qd, &sga, (struct sockaddr *)&from, sizeof(from)) == 0);
		must(demi_wait(&pushed, qt, NULL) == 0);
		must(demi_sgafree(&sga) == 0);
	}
}

static int send_numbered(int qd, uint32_t number, uint32_t size)
{
	struct sockaddr_in server = v4_addr("10.0.0.2", 7);
	demi_sgarray_t sga = demi_sgaalloc(size);
	uint8_t *bytes = sga.sga_segs[0].sgaseg_buf;
	demi_qresult_t qr;
	demi_qtoken_t qt;

	must(sga.sga_numsegs == 1);
	for (uint32_t i = 4; i < size; i++)
		bytes[i] = (uint8_t)((number + i) % 251);
	memcpy(bytes, &number, 4);
	must(demi_pushto(&qt, qd, &sga, (struct sockaddr *)&server, sizeof(server)) == 0);
	must(demi_wait(&qr, qt, NULL) == 0);
	return demi_sgafree(&sga);
}

static bool is_numbered(const demi_sgarray_t *sga, uint32_t number, uint32_t size)
{
	const uint8_t *bytes = sga->sga_segs[0].sgaseg_buf;

	if (sga->sga_segs[0].sgaseg_len != size || memcmp(bytes, &number, 4) != 0)
		return false;
	for (uint32_t i = 4; i < size; i++) {
		if (bytes[i] != (number + i) % 251)
			return false;
	}
	return true;
}

/* Asks until the answer to this very question comes; late and repeated answers to others are let go. */
static int echo_client(void *arg)
{
	struct echo *echo = arg;
	struct timespec patience = after_ns(RETRY_NS);
	demi_qtoken_t pop;
	int qd;

	must(start_program() == 0);
	must(open_udp("10.0.0.1", 5000, &qd) == 0);
	must(demi_pop(&pop, qd) == 0);
	for (uint32_t number = 0; number < ROUNDS; number++) {
		bool answered = false;

		must(send_numbered(qd, number, echo->size) == 0);
		while (!answered) {
			demi_qresult_t qr;
			int err = demi_wait(&qr, pop, &patience);

			if (err == ETIMEDOUT) {
				echo->retries++;
				must(send_numbered(qd, number, echo->size) == 0);
				continue;
			}
			must(err == 0 && qr.qr_opcode == DEMI_OPC_POP);
			answered = is_numbered(&qr.qr_value.sga, number, echo->size);
			must(demi_sgafree(&qr.qr_value.sga) == 0);
			must(demi_pop(&pop, qd) == 0);
		}
	}
	for (int i = 0; i < 200; i++)
		must(send_numbered(qd, UINT32_MAX, echo->size) == 0);
	return demi_close(qd);
}

static unsigned run_echo(const struct tern_sim_link *link, uint32_t size)
{
	struct tern_sim_options options = { .seed = test_seed() };
	struct tern_sim_host_options a = { .ipv4 = "10.0.0.1/24", .link = *link };
	struct tern_sim_host_options b = { .ipv4 = "10.0.0.2/24" };
	struct tern_sim_host *hosts[2];
	struct echo echo = { .size = size };
	struct tern_sim *sim;

	cr_assert_eq(tern_sim_new(&options, &sim), 0);
	cr_assert_eq(tern_sim_pair_new(sim, &a, &b, &hosts[0], &hosts[1]), 0);
	cr_assert_eq(tern_sim_spawn(hosts[1], echo_server, NULL), 0);
	cr_assert_eq(tern_sim_spawn(hosts[0], echo_client, &echo), 0);
	run_to_the_end(sim, hosts, 2);
	tern_sim_free(sim);
	return echo.retries;
}

Test(udp, a_perfect_link_needs_no_retries)
{
	struct tern_sim_link link = { .delay_ns = 10 * US };

	cr_assert_eq(run_echo(&link, 64), 0);
}

Test(udp, a_slow_line_needs_no_retries)
{
	struct tern_sim_link link = { .delay_ns = 10 * US, .bits_per_sec = 100000000 };

	cr_assert_eq(run_echo(&link, 1400), 0);
}

Test(udp, device_checksums)
{
	struct tern_sim_link link = { .delay_ns = 10 * US, .offload = true };

	cr_assert_eq(run_echo(&link, 1400), 0);
}

Test(udp, ten_percent_loss)
{
	struct tern_sim_link link = { .delay_ns = 10 * US, .faults.loss_ppm = 100000 };
	unsigned retries = run_echo(&link, 64);

	/* A round trip survives with 0.9 * 0.9: one retry per 4.3 rounds. */
	cr_assert(retries > ROUNDS / 8 && retries < ROUNDS / 2, "%u retries", retries);
}

/* Whatever the wire does, no answer with a wrong byte reaches a program: the checksums see to that. */
Test(udp, every_fault_at_once)
{
	struct tern_sim_link link = {
		.delay_ns = 10 * US,
		.faults = { .loss_ppm = 20000,
			    .burst_ppm = 2000,
			    .burst_frames = 5,
			    .duplicate_ppm = 20000,
			    .reorder_ppm = 20000,
			    .corrupt_ppm = 20000 },
	};

	cr_assert_gt(run_echo(&link, 1000), 0);
}

Test(udp, fragments_over_a_small_mtu)
{
	struct tern_sim_link link = { .delay_ns = 10 * US, .mtu = 576 };

	cr_assert_eq(run_echo(&link, 5000), 0);
}

Test(udp, fragments_over_a_lossy_link)
{
	struct tern_sim_link link = { .delay_ns = 10 * US, .faults.loss_ppm = 20000 };

	cr_assert_gt(run_echo(&link, 8000), 0);
}

Test(udp, jumbo_frames)
{
	struct tern_sim_link link = { .delay_ns = 10 * US, .mtu = 9000 };

	cr_assert_eq(run_echo(&link, 8900), 0);
}
