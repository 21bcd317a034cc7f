/* SPDX-License-Identifier: MIT */
/* Control calls: each argument error, and what the good calls do. */
#include "tests/unit/api/host.h"

TestSuite(socket, .init = start_hosts, .fini = stop_hosts);

Test(socket, bad_arguments)
{
	int qd;

	cr_assert_eq(demi_socket(NULL, AF_INET, SOCK_DGRAM, 0), EINVAL);
	cr_assert_eq(demi_socket(&qd, AF_UNIX, SOCK_DGRAM, 0), EAFNOSUPPORT);
	cr_assert_eq(demi_socket(&qd, -1, -1, -1), EAFNOSUPPORT);
	cr_assert_eq(demi_socket(&qd, AF_INET, SOCK_SEQPACKET, 0), ESOCKTNOSUPPORT);
	cr_assert_eq(demi_socket(&qd, AF_INET, SOCK_DGRAM, IPPROTO_TCP), EPROTONOSUPPORT);
	cr_assert_eq(demi_socket(&qd, AF_INET, SOCK_DGRAM, IPPROTO_UDP), 0);
}

Test(socket, every_call_refuses_what_is_no_descriptor)
{
	static const int nonsense[] = { -1, 0, 1, 77, 1 << 30 };
	struct sockaddr_in addr = v4(A_IP, 1);
	demi_sgarray_t sga = text_array("x");
	socklen_t len = sizeof(addr);
	demi_qtoken_t qt;
	int value;

	for (size_t i = 0; i < sizeof(nonsense) / sizeof(nonsense[0]); i++) {
		int qd = nonsense[i];

		cr_assert_eq(demi_bind(qd, SA(addr)), EBADF);
		cr_assert_eq(demi_listen(qd, 1), EBADF);
		cr_assert_eq(demi_accept(&qt, qd), EBADF);
		cr_assert_eq(demi_connect(&qt, qd, SA(addr)), EBADF);
		cr_assert_eq(demi_close(qd), EBADF);
		cr_assert_eq(demi_push(&qt, qd, &sga), EBADF);
		cr_assert_eq(demi_pushto(&qt, qd, &sga, SA(addr)), EBADF);
		cr_assert_eq(demi_pop(&qt, qd), EBADF);
		cr_assert_eq(demi_shutdown(qd, SHUT_RD), EBADF);
		cr_assert_eq(demi_setsockopt(qd, SOL_SOCKET, SO_BROADCAST, &value, sizeof(value)),
			     EBADF);
		cr_assert_eq(demi_getsockopt(qd, SOL_SOCKET, SO_BROADCAST, &value, &len), EBADF);
		cr_assert_eq(demi_getpeername(qd, (struct sockaddr *)&addr, &len), EBADF);
		cr_assert_eq(demi_getsockname(qd, (struct sockaddr *)&addr, &len), EBADF);
	}
	cr_assert_eq(demi_sgafree(&sga), 0);
}

Test(socket, a_closed_descriptor_is_none)
{
	int qd = udp_bound(A_IP, 5000);

	cr_assert_eq(demi_close(qd), 0);
	cr_assert_eq(demi_close(qd), EBADF);
	udp_bound(A_IP, 5000);
}

Test(socket, bind_errors)
{
	struct sockaddr_in mine = v4(A_IP, 5000), foreign = v4("10.0.0.77", 5000);
	struct sockaddr_in6 other_family = v6(A_IP6, 5000);
	int qd = udp_socket(AF_INET), other = udp_socket(AF_INET);

	cr_assert_eq(demi_bind(qd, NULL, sizeof(mine)), EINVAL);
	cr_assert_eq(demi_bind(qd, (struct sockaddr *)&mine, 3), EINVAL);
	cr_assert_eq(demi_bind(qd, SA(other_family)), EAFNOSUPPORT);
	cr_assert_eq(demi_bind(qd, SA(foreign)), EADDRNOTAVAIL);
	cr_assert_eq(demi_bind(qd, SA(mine)), 0);
	cr_assert_eq(demi_bind(qd, SA(mine)), EINVAL, "bound already");
	cr_assert_eq(demi_bind(other, SA(mine)), EADDRINUSE);
}

Test(socket, port_zero_is_a_free_port)
{
	struct sockaddr_in any = v4("0.0.0.0", 0), name;
	socklen_t len = sizeof(name);
	int qd = udp_socket(AF_INET);

	cr_assert_eq(demi_bind(qd, SA(any)), 0);
	cr_assert_eq(demi_getsockname(qd, (struct sockaddr *)&name, &len), 0);
	cr_assert_eq(name.sin_family, AF_INET);
	cr_assert_geq(ntohs(name.sin_port), 32768);
}

Test(socket, names)
{
	struct sockaddr_in local = v4(A_IP, 5000), peer = v4(B_IP, 6000), got;
	socklen_t len = sizeof(got);
	int qd = udp_socket(AF_INET);
	demi_qresult_t qr;
	demi_qtoken_t qt;

	cr_assert_eq(demi_bind(qd, SA(local)), 0);
	cr_assert_eq(demi_getpeername(qd, (struct sockaddr *)&got, &len), ENOTCONN);
	cr_assert_eq(demi_getpeername(qd, NULL, &len), EFAULT);
	cr_assert_eq(demi_getpeername(qd, (struct sockaddr *)&got, NULL), EFAULT);
	cr_assert_eq(demi_getsockname(qd, NULL, NULL), EFAULT);
	cr_assert_eq(demi_connect(&qt, qd, SA(peer)), 0);
	cr_assert_eq(demi_wait(&qr, qt, NULL), 0);
	cr_assert_eq(qr.qr_opcode, DEMI_OPC_CONNECT);
	cr_assert_eq(demi_getpeername(qd, (struct sockaddr *)&got, &len), 0);
	cr_assert_eq(len, sizeof(got));
	cr_assert_eq(memcmp(&got, &peer, sizeof(got)), 0);
	cr_assert_eq(demi_getsockname(qd, (struct sockaddr *)&got, &len), 0);
	cr_assert_eq(memcmp(&got, &local, sizeof(got)), 0);
}

Test(socket, connect_errors)
{
	struct sockaddr_in peer = v4(B_IP, 6000);
	int qd = udp_socket(AF_INET);
	demi_qtoken_t qt;

	cr_assert_eq(demi_connect(NULL, qd, SA(peer)), EINVAL);
	cr_assert_eq(demi_connect(&qt, qd, NULL, 0), EINVAL);
	peer.sin_port = 0;
	cr_assert_eq(demi_connect(&qt, qd, SA(peer)), EINVAL);
}

Test(socket, datagrams_neither_listen_nor_accept)
{
	int qd = udp_bound(A_IP, 5000);
	demi_qtoken_t qt;

	cr_assert_eq(demi_listen(qd, 1), EOPNOTSUPP);
	cr_assert_eq(demi_accept(&qt, qd), EOPNOTSUPP);
	cr_assert_eq(demi_accept(NULL, qd), EINVAL);
}

Test(socket, shutdown_needs_a_peer_and_a_direction)
{
	struct sockaddr_in peer = v4(B_IP, 6000);
	int qd = udp_socket(AF_INET);
	demi_sgarray_t sga = text_array("x");
	demi_qtoken_t qt, pop;
	demi_qresult_t qr;

	cr_assert_eq(demi_shutdown(qd, 3), EINVAL);
	cr_assert_eq(demi_shutdown(qd, SHUT_RD), ENOTCONN);
	cr_assert_eq(demi_connect(&qt, qd, SA(peer)), 0);
	cr_assert_eq(demi_pop(&pop, qd), 0);
	cr_assert_eq(demi_shutdown(qd, SHUT_RDWR), 0);
	cr_assert_eq(demi_wait(&qr, pop, &no_wait), 0);
	cr_assert_eq(qr.qr_value.sga.sga_segs[0].sgaseg_len, 0, "end of stream");
	cr_assert_eq(demi_sgafree(&qr.qr_value.sga), 0);
	cr_assert_eq(demi_push(&qt, qd, &sga), EPIPE);
	cr_assert_eq(demi_sgafree(&sga), 0);
}

Test(socket, closing_ends_what_is_open_with_ECANCELED)
{
	int qd = udp_bound(A_IP, 5000);
	demi_qtoken_t qts[3];
	demi_qresult_t qr;

	for (int i = 0; i < 3; i++)
		cr_assert_eq(demi_pop(&qts[i], qd), 0);
	cr_assert_eq(demi_close(qd), 0);
	for (int i = 0; i < 3; i++) {
		cr_assert_eq(demi_wait(&qr, qts[i], &no_wait), 0);
		cr_assert_eq(qr.qr_opcode, DEMI_OPC_FAILED);
		cr_assert_eq(qr.qr_ret, ECANCELED);
		cr_assert_eq(qr.qr_qd, qd);
	}
}

static void expect_option(int qd, int level, int name, int want)
{
	int value = -1;
	socklen_t len = sizeof(value);

	cr_assert_eq(demi_getsockopt(qd, level, name, &value, &len), 0);
	cr_assert_eq(len, sizeof(value));
	cr_assert_eq(value, want, "option %d/%d: %d, not %d", level, name, value, want);
}

Test(socket, options)
{
	int v4s = udp_socket(AF_INET), v6s = udp_socket(AF_INET6);
	int one = 1, ttl = 3, zero = 0, big = 256;
	socklen_t len = sizeof(one);

	expect_option(v4s, SOL_SOCKET, SO_TYPE, SOCK_DGRAM);
	expect_option(v4s, SOL_SOCKET, SO_DOMAIN, AF_INET);
	expect_option(v6s, SOL_SOCKET, SO_DOMAIN, AF_INET6);
	expect_option(v4s, SOL_SOCKET, SO_PROTOCOL, IPPROTO_UDP);
	expect_option(v4s, SOL_SOCKET, SO_ERROR, 0);
	expect_option(v4s, SOL_SOCKET, SO_BROADCAST, 0);
	cr_assert_eq(demi_setsockopt(v4s, SOL_SOCKET, SO_BROADCAST, &one, sizeof(one)), 0);
	expect_option(v4s, SOL_SOCKET, SO_BROADCAST, 1);
	expect_option(v4s, SOL_SOCKET, SO_REUSEADDR, 0);
	expect_option(v4s, IPPROTO_IP, IP_TTL, 64);
	cr_assert_eq(demi_setsockopt(v4s, IPPROTO_IP, IP_TTL, &ttl, sizeof(ttl)), 0);
	expect_option(v4s, IPPROTO_IP, IP_TTL, 3);
	cr_assert_eq(demi_setsockopt(v4s, IPPROTO_IP, IP_TTL, &zero, sizeof(zero)), EINVAL);
	cr_assert_eq(demi_setsockopt(v4s, IPPROTO_IP, IP_TTL, &big, sizeof(big)), EINVAL);
	cr_assert_eq(demi_setsockopt(v4s, IPPROTO_IP, IP_TTL, &ttl, 1), EINVAL);
	cr_assert_eq(demi_setsockopt(v4s, IPPROTO_IP, IP_TTL, NULL, sizeof(ttl)), EFAULT);
	cr_assert_eq(demi_setsockopt(v4s, IPPROTO_IPV6, IPV6_UNICAST_HOPS, &ttl, sizeof(ttl)),
		     ENOPROTOOPT, "the other family's");
	cr_assert_eq(demi_setsockopt(v6s, IPPROTO_IPV6, IPV6_UNICAST_HOPS, &ttl, sizeof(ttl)), 0);
	expect_option(v6s, IPPROTO_IPV6, IPV6_UNICAST_HOPS, 3);
	cr_assert_eq(demi_setsockopt(v4s, -1, -1, &one, sizeof(one)), ENOPROTOOPT);
	cr_assert_eq(demi_getsockopt(v4s, -1, -1, &one, &len), ENOPROTOOPT);
	cr_assert_eq(demi_getsockopt(v4s, SOL_SOCKET, SO_TYPE, NULL, &len), EFAULT);
	cr_assert_eq(demi_getsockopt(v4s, SOL_SOCKET, SO_TYPE, &one, NULL), EFAULT);
}

/* Hosts of a rack share a pool, whose counters each of them shows. */
Test(socket, every_host_shows_its_counters)
{
	struct tern_sim_host *hosts[] = { host_a, host_b };
	demi_stat_t stats[512];
	int num[2];

	for (int i = 0; i < 2; i++) {
		bool has_pool = false, has_net = false;

		tern_sim_enter(hosts[i]);
		cr_assert_eq(demi_stats(stats, 512, &num[i]), 0);
		for (int j = 0; j < num[i]; j++) {
			has_pool |= strcmp(stats[j].module, "buf") == 0;
			has_net |= strcmp(stats[j].module, "net") == 0;
		}
		cr_assert(has_pool && has_net, "host %d", i);
	}
	cr_assert_eq(num[0], num[1]);
}
