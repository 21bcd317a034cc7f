/* SPDX-License-Identifier: MIT */
/* Arrays, push and pop: argument errors, and datagrams between two hosts. */
#include "tests/unit/api/host.h"

TestSuite(io, .init = start_hosts, .fini = stop_hosts);

Test(io, arrays_of_every_size)
{
	static const size_t sizes[] = { 1, 64, 2048, 2049, 9000, 65536, 1 << 20 };

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		demi_sgarray_t sga = demi_sgaalloc(sizes[i]);

		cr_assert_eq(sga.sga_numsegs, 1);
		cr_assert_not_null(sga.sga_buf);
		cr_assert_eq(sga.sga_segs[0].sgaseg_len, sizes[i]);
		memset(sga.sga_segs[0].sgaseg_buf, 1, sizes[i]);
		cr_assert_eq(demi_sgafree(&sga), 0);
	}
	cr_assert_eq(demi_sgaalloc(0).sga_numsegs, 0);
	cr_assert_null(demi_sgaalloc(0).sga_buf);
	cr_assert_eq(demi_sgaalloc((1 << 20) + 1).sga_numsegs, 0);
	cr_assert_eq(demi_sgaalloc(SIZE_MAX).sga_numsegs, 0);
}

Test(io, freeing_twice_or_nothing_is_an_error)
{
	demi_sgarray_t sga = demi_sgaalloc(10), none = { 0 };

	cr_assert_eq(demi_sgafree(NULL), EINVAL);
	cr_assert_eq(demi_sgafree(&none), EINVAL);
	cr_assert_eq(demi_sgafree(&sga), 0);
	cr_assert_eq(demi_sgafree(&sga), EINVAL);
}

Test(io, push_errors)
{
	struct sockaddr_in dest = v4(B_IP, 6000), nowhere = v4("99.0.0.1", 6000),
			   all = v4("10.0.0.255", 6000);
	int qd = udp_bound(A_IP, 5000);
	demi_sgarray_t sga = text_array("x"), freed = text_array("y"), huge = demi_sgaalloc(65508);
	demi_qtoken_t qt;

	cr_assert_eq(demi_sgafree(&freed), 0);
	cr_assert_eq(demi_push(NULL, qd, &sga), EINVAL);
	cr_assert_eq(demi_push(&qt, qd, NULL), EINVAL);
	cr_assert_eq(demi_push(&qt, qd, &sga), EDESTADDRREQ);
	cr_assert_eq(demi_pushto(NULL, qd, &sga, SA(dest)), EINVAL);
	cr_assert_eq(demi_pushto(&qt, qd, NULL, SA(dest)), EINVAL);
	cr_assert_eq(demi_pushto(&qt, qd, &sga, NULL, 0), EINVAL);
	cr_assert_eq(demi_pushto(&qt, qd, &freed, SA(dest)), EINVAL);
	cr_assert_eq(demi_pushto(&qt, qd, &huge, SA(dest)), EMSGSIZE);
	cr_assert_eq(demi_pushto(&qt, qd, &sga, SA(nowhere)), ENETUNREACH);
	cr_assert_eq(demi_pushto(&qt, qd, &sga, SA(all)), EACCES, "broadcast without permission");
	cr_assert_eq(demi_pop(NULL, qd), EINVAL);
	cr_assert_eq(demi_sgafree(&sga), 0);
	cr_assert_eq(demi_sgafree(&huge), 0);
}

Test(io, a_datagram_arrives_with_its_source)
{
	struct sockaddr_in b_addr = v4(B_IP, 6000), from;
	int a = udp_bound(A_IP, 5000), b;
	socklen_t len = sizeof(from);
	demi_qresult_t qr;

	tern_sim_enter(host_b);
	b = udp_bound(B_IP, 6000);
	tern_sim_enter(host_a);
	send_text(a, "hello", SA(b_addr));
	tern_sim_enter(host_b);
	cr_assert_eq(pop_within(b, &one_second, &qr), 0);
	cr_assert(holds_text(&qr, "hello"));
	cr_assert_eq(qr.qr_qd, b);
	cr_assert_eq(ntohs(qr.qr_value.sga.sga_addr.sin_port), 5000);
	cr_assert_eq(tern_sgapeer(&qr.qr_value.sga, (struct sockaddr *)&from, &len), 0);
	cr_assert_eq(memcmp(&from, &qr.qr_value.sga.sga_addr, sizeof(from)), 0);
	cr_assert_eq(demi_sgafree(&qr.qr_value.sga), 0);
}

Test(io, a_v6_datagram_arrives_with_its_source)
{
	struct sockaddr_in6 a_addr = v6(A_IP6, 5000), b_addr = v6(B_IP6, 6000), from;
	int a = udp_socket(AF_INET6), b;
	socklen_t len = sizeof(from);
	demi_qresult_t qr;

	cr_assert_eq(demi_bind(a, SA(a_addr)), 0);
	tern_sim_enter(host_b);
	b = udp_socket(AF_INET6);
	cr_assert_eq(demi_bind(b, SA(b_addr)), 0);
	tern_sim_enter(host_a);
	send_text(a, "hello", SA(b_addr));
	tern_sim_enter(host_b);
	cr_assert_eq(pop_within(b, &one_second, &qr), 0);
	cr_assert(holds_text(&qr, "hello"));
	cr_assert_eq(qr.qr_value.sga.sga_addr.sin_family, 0);
	cr_assert_eq(tern_sgapeer(&qr.qr_value.sga, (struct sockaddr *)&from, &len), 0);
	cr_assert_eq(memcmp(&from, &a_addr, sizeof(from)), 0);
	cr_assert_eq(demi_sgafree(&qr.qr_value.sga), 0);
}

Test(io, only_popped_datagrams_have_a_peer)
{
	demi_sgarray_t sga = text_array("x");
	struct sockaddr_in addr;
	socklen_t len = sizeof(addr);

	cr_assert_eq(tern_sgapeer(NULL, (struct sockaddr *)&addr, &len), EINVAL);
	cr_assert_eq(tern_sgapeer(&sga, NULL, &len), EINVAL);
	cr_assert_eq(tern_sgapeer(&sga, (struct sockaddr *)&addr, &len), EINVAL);
	cr_assert_eq(demi_sgafree(&sga), 0);
	cr_assert_eq(tern_sgapeer(&sga, (struct sockaddr *)&addr, &len), EINVAL);
}

Test(io, what_was_popped_can_be_pushed_back)
{
	struct sockaddr_in b_addr = v4(B_IP, 6000), a_addr = v4(A_IP, 5000);
	int a = udp_bound(A_IP, 5000), b;
	demi_sgarray_t popped;
	demi_qresult_t qr;
	demi_qtoken_t qt;

	tern_sim_enter(host_b);
	b = udp_bound(B_IP, 6000);
	tern_sim_enter(host_a);
	send_text(a, "to and fro", SA(b_addr));
	tern_sim_enter(host_b);
	cr_assert_eq(pop_within(b, &one_second, &qr), 0);
	popped = qr.qr_value.sga;
	cr_assert_eq(demi_pushto(&qt, b, &popped, SA(a_addr)), 0);
	cr_assert_eq(demi_wait(&qr, qt, NULL), 0);
	cr_assert_eq(demi_sgafree(&popped), 0);
	tern_sim_enter(host_a);
	cr_assert_eq(pop_within(a, &one_second, &qr), 0);
	cr_assert(holds_text(&qr, "to and fro"));
	cr_assert_eq(demi_sgafree(&qr.qr_value.sga), 0);
}

Test(io, the_same_array_can_be_pushed_many_times_at_once)
{
	struct sockaddr_in b_addr = v4(B_IP, 6000);
	int a = udp_bound(A_IP, 5000), b;
	demi_sgarray_t sga = text_array("again");
	demi_qtoken_t qts[10];
	demi_qresult_t qr;

	tern_sim_enter(host_b);
	b = udp_bound(B_IP, 6000);
	tern_sim_enter(host_a);
	for (int i = 0; i < 10; i++)
		cr_assert_eq(demi_pushto(&qts[i], a, &sga, SA(b_addr)), 0);
	cr_assert_eq(demi_sgafree(&sga), 0, "freed while the neighbour is not even known");
	for (int i = 0; i < 10; i++)
		cr_assert_eq(demi_wait(&qr, qts[i], NULL), 0);
	tern_sim_enter(host_b);
	for (int i = 0; i < 3; i++) { /* unresolved neighbours queue a few packets only */
		cr_assert_eq(pop_within(b, &one_second, &qr), 0, "datagram %d", i);
		cr_assert(holds_text(&qr, "again"));
		cr_assert_eq(demi_sgafree(&qr.qr_value.sga), 0);
	}
}

Test(io, own_memory_is_busy_until_the_push_completes)
{
	struct sockaddr_in b_addr = v4(B_IP, 6000);
	int a = udp_bound(A_IP, 5000), b;
	char mine[] = "my own memory";
	demi_sgarray_t sga = { .sga_numsegs = 1 };
	demi_qresult_t qr;
	demi_qtoken_t qt;

	sga.sga_segs[0].sgaseg_buf = mine;
	sga.sga_segs[0].sgaseg_len = sizeof(mine) - 1;
	tern_sim_enter(host_b);
	b = udp_bound(B_IP, 6000);
	tern_sim_enter(host_a);
	cr_assert_eq(demi_pushto(&qt, a, &sga, SA(b_addr)), 0);
	cr_assert_eq(demi_wait(&qr, qt, &no_wait), ETIMEDOUT, "it waits for the neighbour");
	cr_assert_eq(demi_wait(&qr, qt, &one_second), 0);
	cr_assert_eq(qr.qr_opcode, DEMI_OPC_PUSH);
	memset(mine, 0, sizeof(mine));
	tern_sim_enter(host_b);
	cr_assert_eq(pop_within(b, &one_second, &qr), 0);
	cr_assert(holds_text(&qr, "my own memory"));
	cr_assert_eq(demi_sgafree(&qr.qr_value.sga), 0);
}

Test(io, large_datagrams_travel_in_fragments)
{
	struct sockaddr_in b_addr = v4(B_IP, 6000);
	int a = udp_bound(A_IP, 5000), b;
	demi_sgarray_t sga = demi_sgaalloc(65507);
	uint8_t *bytes = sga.sga_segs[0].sgaseg_buf, *got;
	demi_qresult_t qr;
	demi_qtoken_t qt;

	for (unsigned i = 0; i < 65507; i++)
		bytes[i] = (uint8_t)(i % 251);
	tern_sim_enter(host_b);
	b = udp_bound(B_IP, 6000);
	tern_sim_enter(host_a);
	send_text(a, "so that the neighbour is known", SA(b_addr));
	tern_sim_enter(host_b);
	cr_assert_eq(pop_within(b, &one_second, &qr), 0);
	cr_assert_eq(demi_sgafree(&qr.qr_value.sga), 0);
	tern_sim_enter(host_a);
	cr_assert_eq(demi_pushto(&qt, a, &sga, SA(b_addr)), 0);
	cr_assert_eq(demi_wait(&qr, qt, NULL), 0);
	tern_sim_enter(host_b);
	cr_assert_eq(pop_within(b, &one_second, &qr), 0);
	cr_assert_eq(qr.qr_value.sga.sga_segs[0].sgaseg_len, 65507);
	got = qr.qr_value.sga.sga_segs[0].sgaseg_buf;
	for (unsigned i = 0; i < 65507; i++)
		cr_assert_eq(got[i], i % 251, "byte %u", i);
	cr_assert_eq(demi_sgafree(&qr.qr_value.sga), 0);
	tern_sim_enter(host_a);
	cr_assert_eq(demi_sgafree(&sga), 0);
}

Test(io, a_closed_port_is_an_error_for_the_connected)
{
	struct sockaddr_in b_addr = v4(B_IP, 6000);
	int connected = udp_bound(A_IP, 5000), loose = udp_bound(A_IP, 5001);
	demi_qresult_t qr;
	demi_qtoken_t qt;
	demi_sgarray_t sga = text_array("anybody there?");

	send_text(loose, "anybody there?", SA(b_addr));
	cr_assert_eq(pop_within(loose, &one_second, &qr), ETIMEDOUT, "nobody told it");
	cr_assert_eq(demi_connect(&qt, connected, SA(b_addr)), 0);
	cr_assert_eq(demi_push(&qt, connected, &sga), 0);
	cr_assert_eq(pop_within(connected, &one_second, &qr), 0);
	cr_assert_eq(qr.qr_opcode, DEMI_OPC_FAILED);
	cr_assert_eq(qr.qr_ret, ECONNREFUSED);
	cr_assert_eq(demi_sgafree(&sga), 0);
}

Test(io, a_host_reaches_itself)
{
	struct sockaddr_in self = v4(A_IP, 5001);
	int a = udp_bound(A_IP, 5000), b = udp_bound(A_IP, 5001);
	demi_qresult_t qr;

	send_text(a, "note to self", SA(self));
	cr_assert_eq(pop_within(b, &one_second, &qr), 0);
	cr_assert(holds_text(&qr, "note to self"));
	cr_assert_eq(demi_sgafree(&qr.qr_value.sga), 0);
}
