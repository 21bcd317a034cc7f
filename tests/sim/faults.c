/* SPDX-License-Identifier: MIT */
/* Hosts on the rack's switch whose links lose the very packets that make a network work. */
#include "tests/lib/seed.h"
#include "tests/sim/program.h"

static struct tern_sim *new_rack(void)
{
	struct tern_sim_options options = { .seed = test_seed() };
	struct tern_sim *sim;

	cr_assert_eq(tern_sim_new(&options, &sim), 0);
	return sim;
}

static struct tern_sim_host *new_host(struct tern_sim *sim, const char *ipv4,
				      const struct tern_sim_faults *faults)
{
	struct tern_sim_host_options options = { .ipv4 = ipv4, .link.delay_ns = 5 * US };
	struct tern_sim_host *host;

	if (faults)
		options.link.faults = *faults;
	cr_assert_eq(tern_sim_host_new(sim, &options, &host), 0);
	return host;
}

static int send_one(int qd, const char *ip, uint16_t port, const char *text, demi_qresult_t *qr)
{
	struct sockaddr_in dest = v4_addr(ip, port);
	demi_sgarray_t sga = demi_sgaalloc(strlen(text));
	demi_qtoken_t qt;

	must(sga.sga_numsegs == 1);
	memcpy(sga.sga_segs[0].sgaseg_buf, text, strlen(text));
	must(demi_pushto(&qt, qd, &sga, (struct sockaddr *)&dest, sizeof(dest)) == 0);
	must(demi_wait(qr, qt, NULL) == 0);
	return demi_sgafree(&sga);
}

static int pop_one(int qd, const char *text, uint64_t timeout_ns)
{
	struct timespec timeout = after_ns(timeout_ns);
	demi_qresult_t qr;
	demi_qtoken_t qt;

	must(demi_pop(&qt, qd) == 0);
	must(demi_wait(&qr, qt, &timeout) == 0);
	must(qr.qr_opcode == DEMI_OPC_POP);
	must(qr.qr_value.sga.sga_segs[0].sgaseg_len == strlen(text));
	must(memcmp(qr.qr_value.sga.sga_segs[0].sgaseg_buf, text, strlen(text)) == 0);
	return demi_sgafree(&qr.qr_value.sga);
}

static int patient_receiver(void *arg)
{
	int qd;

	must(start_program() == 0);
	must(open_udp("10.0.0.2", 7, &qd) == 0);
	return pop_one(qd, "through the storm", 3000 * SEC);
}

/* Its link is dead at first, so that the first requests for the neighbour are lost. */
static int flaky_sender(void *arg)
{
	struct tern_sim_host *self = arg;
	struct tern_sim_faults none = { 0 };
	struct timespec a_while = after_ns(1500 * MS);
	demi_qresult_t qr;
	demi_qtoken_t qt;
	int qd;

	must(start_program() == 0);
	must(open_udp("10.0.0.1", 5000, &qd) == 0);
	must(send_one(qd, "10.0.0.2", 7, "through the storm", &qr) == 0);
	must(demi_pop(&qt, qd) == 0);
	must(demi_wait(&qr, qt, &a_while) == ETIMEDOUT);
	must(tern_sim_set_faults(self, &none) == 0);
	return demi_close(qd);
}

Test(faults, a_lost_arp_request_delays_the_datagram_and_does_not_lose_it)
{
	struct tern_sim_faults dead = { .partitioned = true };
	struct tern_sim *sim = new_rack();
	struct tern_sim_host *hosts[2] = { new_host(sim, "10.0.0.1/24", &dead),
					   new_host(sim, "10.0.0.2/24", NULL) };

	cr_assert_eq(tern_sim_spawn(hosts[0], flaky_sender, hosts[0]), 0);
	cr_assert_eq(tern_sim_spawn(hosts[1], patient_receiver, NULL), 0);
	run_to_the_end(sim, hosts, 2);
	tern_sim_free(sim);
}

static int push_connected(int qd, const char *text)
{
	demi_sgarray_t sga = demi_sgaalloc(strlen(text));
	demi_qresult_t qr;
	demi_qtoken_t qt;

	must(sga.sga_numsegs == 1);
	memcpy(sga.sga_segs[0].sgaseg_buf, text, strlen(text));
	must(demi_push(&qt, qd, &sga) == 0);
	must(demi_wait(&qr, qt, NULL) == 0);
	return demi_sgafree(&sga);
}

static int sender_to_nobody(void *arg)
{
	struct sockaddr_in dest = v4_addr("10.0.0.99", 7);
	struct timespec long_enough = after_ns(600 * SEC);
	demi_qresult_t qr;
	demi_qtoken_t qt;
	int qd;

	must(start_program() == 0);
	must(open_udp("10.0.0.1", 5000, &qd) == 0);
	must(demi_connect(&qt, qd, (struct sockaddr *)&dest, sizeof(dest)) == 0);
	must(demi_wait(&qr, qt, NULL) == 0);
	must(push_connected(qd, "hello?") == 0);
	must(demi_pop(&qt, qd) == 0);
	must(demi_wait(&qr, qt, &long_enough) == 0);
	must(qr.qr_opcode == DEMI_OPC_FAILED && qr.qr_ret == EHOSTUNREACH);
	return demi_close(qd);
}

Test(faults, a_neighbour_that_never_answers_is_EHOSTUNREACH_for_the_connected)
{
	struct tern_sim *sim = new_rack();
	struct tern_sim_host *host = new_host(sim, "10.0.0.1/24", NULL);

	cr_assert_eq(tern_sim_spawn(host, sender_to_nobody, NULL), 0);
	run_to_the_end(sim, &host, 1);
	tern_sim_free(sim);
}

Test(faults, programs_that_wait_for_nothing_are_a_deadlock_or_a_timeout)
{
	struct tern_sim *sim = new_rack();
	struct tern_sim_host *host = new_host(sim, "10.0.0.2/24", NULL);
	int status;

	cr_assert_eq(tern_sim_spawn(host, patient_receiver, NULL), 0);
	cr_assert_eq(tern_sim_spawn(host, patient_receiver, NULL), EBUSY);
	cr_assert_eq(tern_sim_run(sim, 10 * SEC), ETIMEDOUT);
	cr_assert_eq(tern_sim_now(sim), 10 * SEC);
	cr_assert_eq(tern_sim_exit_status(host, &status), ENOENT);
	tern_sim_free(sim);
}

static int returns_at_once(void *arg)
{
	must(start_program() == 0);
	must(start_program() == EALREADY);
	must(tern_fini() == 0);
	must(tern_fini() == ENOSYS);
	return 0;
}

Test(faults, a_host_can_run_one_program_after_the_other)
{
	struct tern_sim *sim = new_rack();
	struct tern_sim_host *host = new_host(sim, "10.0.0.2/24", NULL);

	for (int i = 0; i < 3; i++) {
		cr_assert_eq(tern_sim_spawn(host, returns_at_once, NULL), 0);
		run_to_the_end(sim, &host, 1);
	}
	tern_sim_free(sim);
}
