/* SPDX-License-Identifier: MIT */
/*
 * Stream programs on two hosts: transfers both ways with a pattern of prime period checked at both ends, over links
 * of every kind; half-close, refusal, reset, silence.
 */
#include "libos/rack/rack.h"
#include "tests/lib/seed.h"
#include "tests/sim/program.h"

#define PORT 7000
#define PERIOD 251
#define CHUNK 8000u

#define A_IP6 "fd00::1"
#define B_IP6 "fd00::2"

struct transfer {
	uint64_t bytes; /* each way */
	unsigned connections;
};

/* Which family the programs of a test speak. */
static bool over_v6;

static uint8_t pattern(uint64_t at)
{
	return (uint8_t)(at % PERIOD);
}

/* A stream socket, and the address of @ip4 or @ip6 as the test's family has it. */
static int open_stream(const char *ip4, const char *ip6, uint16_t port, int *qd,
		       struct sockaddr_storage *addr, socklen_t *len)
{
	struct sockaddr_in6 v6 = { .sin6_family = AF_INET6, .sin6_port = htons(port) };
	struct sockaddr_in v4 = v4_addr(ip4, port);

	inet_pton(AF_INET6, ip6, &v6.sin6_addr);
	*len = over_v6 ? sizeof(v6) : sizeof(v4);
	memcpy(addr, over_v6 ? (void *)&v6 : (void *)&v4, *len);
	return demi_socket(qd, over_v6 ? AF_INET6 : AF_INET, SOCK_STREAM, 0);
}

static int listen_on(uint16_t port, int *qd)
{
	struct sockaddr_storage local;
	socklen_t len;

	must(open_stream("10.0.0.2", B_IP6, port, qd, &local, &len) == 0);
	must(demi_bind(*qd, (struct sockaddr *)&local, len) == 0);
	return demi_listen(*qd, 16);
}

static int accept_one(int listener, int *qd)
{
	demi_qresult_t qr;
	demi_qtoken_t qt;

	must(demi_accept(&qt, listener) == 0);
	must(demi_wait(&qr, qt, NULL) == 0);
	must(qr.qr_opcode == DEMI_OPC_ACCEPT);
	must(qr.qr_value.ares.addr.sin_family == (over_v6 ? 0 : AF_INET));
	*qd = qr.qr_value.ares.qd;
	return 0;
}

/* 0, or the errno that the connection failed with. */
static int connect_to(const char *ip, uint16_t port, int *qd)
{
	struct sockaddr_storage peer;
	demi_qresult_t qr;
	demi_qtoken_t qt;
	socklen_t len;
	int err;

	must(open_stream(ip, B_IP6, port, qd, &peer, &len) == 0);
	err = demi_connect(&qt, *qd, (struct sockaddr *)&peer, len);
	if (err)
		return err;
	must(demi_wait(&qr, qt, NULL) == 0);
	if (qr.qr_opcode == DEMI_OPC_FAILED)
		return (int)qr.qr_ret;
	must(qr.qr_opcode == DEMI_OPC_CONNECT);
	return 0;
}

static int push_pattern(int qd, uint64_t from, uint32_t len, demi_qtoken_t *qt)
{
	demi_sgarray_t sga = demi_sgaalloc(len);
	uint8_t *bytes = sga.sga_segs[0].sgaseg_buf;

	must(sga.sga_numsegs == 1);
	for (uint32_t i = 0; i < len; i++)
		bytes[i] = pattern(from + i);
	must(demi_push(qt, qd, &sga) == 0);
	return demi_sgafree(&sga);
}

/* Checks what came against the pattern from *@at on; *@eof at the end of the stream. */
static int take(const demi_qresult_t *qr, uint64_t *at, bool *eof)
{
	demi_sgarray_t sga = qr->qr_value.sga;
	const uint8_t *bytes = sga.sga_segs[0].sgaseg_buf;
	uint32_t len = sga.sga_segs[0].sgaseg_len;

	must(qr->qr_opcode == DEMI_OPC_POP);
	for (uint32_t i = 0; i < len; i++)
		must(bytes[i] == pattern(*at + i));
	*at += len;
	*eof = len == 0;
	return demi_sgafree(&sga);
}

/* Sends and receives @bytes at the same time; closes its direction behind them, and reads to the end. */
static int exchange(int qd, uint64_t bytes)
{
	uint64_t sent = 0, received = 0;
	demi_qtoken_t pop, push = 0, qts[2];
	bool eof = false, pushing = false, shut = false;

	must(demi_pop(&pop, qd) == 0);
	while (!eof || !shut) {
		demi_qresult_t qr;
		int offset, num = 0;

		if (!pushing && sent < bytes) {
			uint32_t len = (uint32_t)(bytes - sent < CHUNK ? bytes - sent : CHUNK);

			must(push_pattern(qd, sent, len, &push) == 0);
			sent += len;
			pushing = true;
		}
		if (!eof)
			qts[num++] = pop;
		if (pushing)
			qts[num++] = push;
		must(demi_wait_any(&qr, &offset, qts, num, NULL) == 0);
		if (qr.qr_qt == push) {
			must(qr.qr_opcode == DEMI_OPC_PUSH);
			pushing = false;
			shut = sent == bytes;
			if (shut)
				must(demi_shutdown(qd, SHUT_WR) == 0);
			continue;
		}
		must(take(&qr, &received, &eof) == 0);
		if (!eof)
			must(demi_pop(&pop, qd) == 0);
	}
	must(received == bytes);
	return demi_close(qd);
}

static int server(void *arg)
{
	const struct transfer *t = arg;
	int listener, qd;

	must(start_program() == 0);
	must(listen_on(PORT, &listener) == 0);
	for (unsigned i = 0; i < t->connections; i++) {
		must(accept_one(listener, &qd) == 0);
		must(exchange(qd, t->bytes) == 0);
	}
	return demi_close(listener);
}

static int client(void *arg)
{
	const struct transfer *t = arg;
	int qd;

	must(start_program() == 0);
	for (unsigned i = 0; i < t->connections; i++) {
		must(connect_to("10.0.0.2", PORT, &qd) == 0);
		must(exchange(qd, t->bytes) == 0);
	}
	return 0;
}

static void run_programs(const struct tern_sim_link *link, int (*first)(void *),
			 int (*second)(void *), void *arg)
{
	struct tern_sim_options options = { .seed = test_seed() };
	struct tern_sim_host_options a = { "10.0.0.1/24", A_IP6 "/64", NULL, *link };
	struct tern_sim_host_options b = { .ipv4 = "10.0.0.2/24", .ipv6 = B_IP6 "/64" };
	struct tern_sim_host *hosts[2];
	struct tern_sim *sim;

	cr_assert_eq(tern_sim_new(&options, &sim), 0);
	cr_assert_eq(tern_sim_pair_new(sim, &a, &b, &hosts[0], &hosts[1]), 0);
	if (second)
		cr_assert_eq(tern_sim_spawn(hosts[1], second, arg), 0);
	cr_assert_eq(tern_sim_spawn(hosts[0], first, arg), 0);
	run_to_the_end(sim, hosts, second ? 2 : 1);
	/* When TIME-WAIT and everything else is over, nothing holds a buffer. */
	sim_run_until(&sim->sim, tern_sim_now(sim) + 600 * SEC);
	cr_assert_eq(sim->pool.count[BUFPOOL_IN_USE], 0);
	tern_sim_free(sim);
}

static void run_transfer(const struct tern_sim_link *link, uint64_t bytes, unsigned connections)
{
	struct transfer t = { bytes, connections };

	run_programs(link, client, server, &t);
}

Test(tcp, a_byte_each_way)
{
	struct tern_sim_link link = { .delay_ns = 10 * US };

	run_transfer(&link, 1, 1);
}

Test(tcp, a_megabyte_each_way_over_a_perfect_link)
{
	struct tern_sim_link link = { .delay_ns = 50 * US, .bits_per_sec = 10000000000 };

	run_transfer(&link, 1000000, 1);
}

Test(tcp, over_ipv6_with_loss)
{
	struct tern_sim_link link = { .delay_ns = 100 * US, .faults.loss_ppm = 10000 };

	over_v6 = true;
	run_transfer(&link, 300000, 3);
}

Test(tcp, a_hundred_connections_one_after_the_other)
{
	struct tern_sim_link link = { .delay_ns = 10 * US };

	run_transfer(&link, 5000, 100);
}

Test(tcp, one_percent_loss)
{
	struct tern_sim_link link = { .delay_ns = 500 * US,
				      .bits_per_sec = 1000000000,
				      .faults.loss_ppm = 10000 };

	run_transfer(&link, 1000000, 1);
}

Test(tcp, every_fault_at_once)
{
	struct tern_sim_link link = {
		.delay_ns = 100 * US,
		.faults = { .loss_ppm = 20000,
			    .burst_ppm = 1000,
			    .burst_frames = 4,
			    .duplicate_ppm = 20000,
			    .reorder_ppm = 20000,
			    .corrupt_ppm = 10000 },
	};

	run_transfer(&link, 300000, 3);
}

Test(tcp, device_checksums)
{
	struct tern_sim_link link = { .delay_ns = 10 * US, .offload = true };

	run_transfer(&link, 300000, 1);
}

Test(tcp, a_slow_line_with_a_short_queue)
{
	struct tern_sim_link link = { .delay_ns = 5 * MS,
				      .bits_per_sec = 20000000,
				      .queue_frames = 20 };

	run_transfer(&link, 500000, 1);
}

Test(tcp, ten_megabytes_over_a_fast_link_with_some_loss)
{
	struct tern_sim_link link = { .delay_ns = 20 * US,
				      .bits_per_sec = 25000000000,
				      .faults.loss_ppm = 1000 };

	run_transfer(&link, 10000000, 1);
}

Test(tcp, jumbo_frames)
{
	struct tern_sim_link link = { .delay_ns = 20 * US, .mtu = 9000 };

	run_transfer(&link, 3000000, 1);
}

static int connects_to_nobody(void *arg)
{
	int qd;

	(void)arg;
	must(start_program() == 0);
	must(connect_to("10.0.0.2", PORT, &qd) == ECONNREFUSED);
	return demi_close(qd);
}

static int does_nothing(void *arg)
{
	(void)arg;
	return start_program();
}

Test(tcp, nobody_listens_is_ECONNREFUSED)
{
	struct tern_sim_link link = { .delay_ns = 10 * US };

	run_programs(&link, connects_to_nobody, does_nothing, NULL);
}

static int connects_into_the_void(void *arg)
{
	int qd;

	(void)arg;
	must(start_program() == 0);
	must(connect_to("10.0.0.99", PORT, &qd) == EHOSTUNREACH);
	return demi_close(qd);
}

Test(tcp, no_such_neighbour_is_EHOSTUNREACH)
{
	struct tern_sim_link link = { .delay_ns = 10 * US };

	run_programs(&link, connects_into_the_void, NULL, NULL);
}

static int accepts_and_aborts(void *arg)
{
	struct linger linger = { .l_onoff = 1 };
	int listener, qd;

	(void)arg;
	must(start_program() == 0);
	must(listen_on(PORT, &listener) == 0);
	must(accept_one(listener, &qd) == 0);
	must(demi_setsockopt(qd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger)) == 0);
	return demi_close(qd);
}

static int reads_until_reset(void *arg)
{
	demi_qresult_t qr;
	demi_qtoken_t qt;
	demi_sgarray_t sga;
	int qd;

	(void)arg;
	must(start_program() == 0);
	must(connect_to("10.0.0.2", PORT, &qd) == 0);
	must(demi_pop(&qt, qd) == 0);
	must(demi_wait(&qr, qt, NULL) == 0);
	must(qr.qr_opcode == DEMI_OPC_FAILED && qr.qr_ret == ECONNRESET);
	sga = demi_sgaalloc(10);
	must(demi_push(&qt, qd, &sga) == ECONNRESET);
	must(demi_sgafree(&sga) == 0);
	return demi_close(qd);
}

Test(tcp, a_reset_is_ECONNRESET_for_who_waits)
{
	struct tern_sim_link link = { .delay_ns = 10 * US };

	run_programs(&link, reads_until_reset, accepts_and_aborts, NULL);
}
