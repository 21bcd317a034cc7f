/* SPDX-License-Identifier: MIT */
#include "tests/unit/api/host.h"

TestSuite(waiting, .init = start_hosts, .fini = stop_hosts);

Test(waiting, bad_arguments)
{
	const struct timespec negative = { -1, 0 }, too_many_ns = { 0, 1000000000 },
			      negative_ns = { 0, -1 };
	int qd = udp_bound(A_IP, 5000);
	demi_qresult_t qr;
	demi_qtoken_t qt;
	int n;

	cr_assert_eq(demi_pop(&qt, qd), 0);
	cr_assert_eq(demi_wait(NULL, qt, &no_wait), EINVAL);
	cr_assert_eq(demi_wait(&qr, qt, &negative), EINVAL);
	cr_assert_eq(demi_wait(&qr, qt, &too_many_ns), EINVAL);
	cr_assert_eq(demi_wait(&qr, qt, &negative_ns), EINVAL);
	cr_assert_eq(demi_wait(&qr, 0, &no_wait), EINVAL);
	cr_assert_eq(demi_wait(&qr, (demi_qtoken_t)-1, NULL), EINVAL);
	cr_assert_eq(demi_wait_any(NULL, &n, &qt, 1, &no_wait), EINVAL);
	cr_assert_eq(demi_wait_any(&qr, NULL, &qt, 1, &no_wait), EINVAL);
	cr_assert_eq(demi_wait_any(&qr, &n, NULL, 1, &no_wait), EINVAL);
	cr_assert_eq(demi_wait_any(&qr, &n, &qt, 0, &no_wait), EINVAL);
	cr_assert_eq(demi_wait_any(&qr, &n, &qt, -1, &no_wait), EINVAL);
	cr_assert_eq(demi_wait_any(&qr, &n, &qt, 1, &negative), EINVAL);
	cr_assert_eq(demi_wait_next_n(NULL, 1, &n, &no_wait), EINVAL);
	cr_assert_eq(demi_wait_next_n(&qr, 0, &n, &no_wait), EINVAL);
	cr_assert_eq(demi_wait_next_n(&qr, 1, NULL, &no_wait), EINVAL);
	cr_assert_eq(demi_wait_next_n(&qr, 1, &n, &negative), EINVAL);
}

Test(waiting, timeouts_in_virtual_time_are_exact_and_nothing_is_lost)
{
	const struct timespec timeout = { 2, 345678901 };
	int qd = udp_bound(A_IP, 5000);
	demi_qresult_t qr;
	demi_qtoken_t qt;
	uint64_t before;

	cr_assert_eq(demi_pop(&qt, qd), 0);
	before = tern_sim_now(sim);
	cr_assert_eq(demi_wait(&qr, qt, &timeout), ETIMEDOUT);
	cr_assert_eq(tern_sim_now(sim) - before, 2345678901ull);
	cr_assert_eq(demi_close(qd), 0);
	cr_assert_eq(demi_wait(&qr, qt, &no_wait), 0);
	cr_assert_eq(demi_wait(&qr, qt, &no_wait), EINVAL, "a result is fetched once");
}

Test(waiting, any_says_which)
{
	struct sockaddr_in b_addr = v4(B_IP, 6007);
	int a = udp_bound(A_IP, 5000), qds[20], offset;
	demi_qtoken_t qts[20];
	demi_qresult_t qr;

	tern_sim_enter(host_b);
	for (uint16_t i = 0; i < 20; i++) {
		qds[i] = udp_bound(B_IP, (uint16_t)(6000 + i));
		cr_assert_eq(demi_pop(&qts[i], qds[i]), 0);
	}
	tern_sim_enter(host_a);
	send_text(a, "seven", SA(b_addr));
	tern_sim_enter(host_b);
	cr_assert_eq(demi_wait_any(&qr, &offset, qts, 20, &one_second), 0);
	cr_assert_eq(offset, 7);
	cr_assert_eq(qr.qr_qd, qds[7]);
	cr_assert_eq(qr.qr_qt, qts[7]);
	cr_assert(holds_text(&qr, "seven"));
	cr_assert_eq(demi_sgafree(&qr.qr_value.sga), 0);
}

Test(waiting, next_n_fetches_a_batch)
{
	int a = udp_bound(A_IP, 5000), b = udp_bound(A_IP, 5001), n = -1;
	demi_qtoken_t qts[6];
	demi_qresult_t qrs[4];

	for (int i = 0; i < 6; i++)
		cr_assert_eq(demi_pop(&qts[i], i % 2 ? a : b), 0);
	cr_assert_eq(demi_wait_next_n(qrs, 4, &n, &no_wait), ETIMEDOUT);
	cr_assert_eq(n, 0);
	cr_assert_eq(demi_close(a), 0);
	cr_assert_eq(demi_close(b), 0);
	cr_assert_eq(demi_wait_next_n(qrs, 4, &n, &no_wait), 0);
	cr_assert_eq(n, 4);
	cr_assert_eq(demi_wait_next_n(qrs, 4, &n, &no_wait), 0);
	cr_assert_eq(n, 2);
}
