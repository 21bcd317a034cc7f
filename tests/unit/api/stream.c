/* SPDX-License-Identifier: MIT */
/* Stream sockets: argument errors, names, options, and a connection driven by hand. What TCP does is tests/sim/tcp.c's. */
#include <netinet/tcp.h>

#include "tests/unit/api/host.h"

TestSuite(stream, .init = start_hosts, .fini = stop_hosts);

static int stream_socket(int family)
{
	int qd = -1;

	cr_assert_eq(demi_socket(&qd, family, SOCK_STREAM, 0), 0);
	return qd;
}

static int listening(const char *ip, uint16_t port)
{
	struct sockaddr_in local = v4(ip, port);
	int qd = stream_socket(AF_INET);

	cr_assert_eq(demi_bind(qd, SA(local)), 0);
	cr_assert_eq(demi_listen(qd, 8), 0);
	return qd;
}

/* A connection between the hosts: @client on host_a, @server on host_b, which is current afterwards. */
static void connected(uint16_t port, int *client, int *server)
{
	struct sockaddr_in peer = v4(B_IP, port);
	demi_qtoken_t accept, connect;
	demi_qresult_t qr;
	int listener;

	tern_sim_enter(host_b);
	listener = listening(B_IP, port);
	cr_assert_eq(demi_accept(&accept, listener), 0);
	tern_sim_enter(host_a);
	*client = stream_socket(AF_INET);
	cr_assert_eq(demi_connect(&connect, *client, SA(peer)), 0);
	cr_assert_eq(demi_wait(&qr, connect, &one_second), 0);
	cr_assert_eq(qr.qr_opcode, DEMI_OPC_CONNECT);
	tern_sim_enter(host_b);
	cr_assert_eq(demi_wait(&qr, accept, &one_second), 0);
	cr_assert_eq(qr.qr_opcode, DEMI_OPC_ACCEPT);
	*server = qr.qr_value.ares.qd;
}

Test(stream, bad_arguments)
{
	struct sockaddr_in mine = v4(A_IP, 5000), foreign = v4("10.0.0.77", 5000),
			   peer = v4(B_IP, 7);
	int qd = stream_socket(AF_INET), listener = listening(A_IP, 6000), value;
	demi_sgarray_t sga = text_array("x");
	demi_qtoken_t qt;

	cr_assert_eq(demi_socket(&value, AF_INET, SOCK_STREAM, IPPROTO_UDP), EPROTONOSUPPORT);
	cr_assert_eq(demi_bind(qd, SA(foreign)), EADDRNOTAVAIL);
	cr_assert_eq(demi_listen(qd, 1), EDESTADDRREQ, "not bound");
	cr_assert_eq(demi_accept(&qt, qd), EINVAL, "not listening");
	cr_assert_eq(demi_push(&qt, qd, &sga), ENOTCONN);
	cr_assert_eq(demi_pop(&qt, qd), ENOTCONN);
	cr_assert_eq(demi_shutdown(qd, SHUT_WR), ENOTCONN);
	cr_assert_eq(demi_bind(qd, SA(mine)), 0);
	cr_assert_eq(demi_bind(qd, SA(mine)), EINVAL, "bound already");
	cr_assert_eq(demi_listen(qd, 1), 0);
	cr_assert_eq(demi_listen(qd, 1), EINVAL, "listening already");
	cr_assert_eq(demi_connect(&qt, qd, SA(peer)), EOPNOTSUPP, "a listener");
	cr_assert_eq(demi_pushto(&qt, listener, &sga, SA(peer)), EISCONN);
	cr_assert_eq(demi_pop(&qt, listener), ENOTCONN);
	cr_assert_eq(demi_sgafree(&sga), 0);
}

Test(stream, a_port_has_one_listener)
{
	struct sockaddr_in local = v4(A_IP, 6000);
	int first = listening(A_IP, 6000), second = stream_socket(AF_INET);

	cr_assert_eq(demi_bind(second, SA(local)), 0);
	cr_assert_eq(demi_listen(second, 1), EADDRINUSE);
	cr_assert_eq(demi_close(first), 0);
	cr_assert_eq(demi_listen(second, 1), 0);
}

Test(stream, port_zero_is_some_port)
{
	struct sockaddr_in any = v4("0.0.0.0", 0), name;
	socklen_t len = sizeof(name);
	int qd = stream_socket(AF_INET);

	cr_assert_eq(demi_bind(qd, SA(any)), 0);
	cr_assert_eq(demi_listen(qd, 1), 0);
	cr_assert_eq(demi_getsockname(qd, (struct sockaddr *)&name, &len), 0);
	cr_assert_geq(ntohs(name.sin_port), 32768);
}

Test(stream, closing_a_listener_ends_its_accepts)
{
	int listener = listening(A_IP, 6000);
	demi_qresult_t qr;
	demi_qtoken_t qt;

	cr_assert_eq(demi_accept(&qt, listener), 0);
	cr_assert_eq(demi_close(listener), 0);
	cr_assert_eq(demi_wait(&qr, qt, &no_wait), 0);
	cr_assert_eq(qr.qr_opcode, DEMI_OPC_FAILED);
	cr_assert_eq(qr.qr_ret, ECANCELED);
}

Test(stream, both_ends_know_their_names)
{
	struct sockaddr_in a_name, b_name, peer;
	socklen_t len = sizeof(a_name);
	int client, server;

	connected(7000, &client, &server);
	cr_assert_eq(demi_getsockname(server, (struct sockaddr *)&b_name, &len), 0);
	cr_assert_eq(demi_getpeername(server, (struct sockaddr *)&peer, &len), 0);
	tern_sim_enter(host_a);
	cr_assert_eq(demi_getsockname(client, (struct sockaddr *)&a_name, &len), 0);
	cr_assert_eq(memcmp(&a_name, &peer, sizeof(peer)), 0);
	cr_assert_eq(demi_getpeername(client, (struct sockaddr *)&peer, &len), 0);
	cr_assert_eq(memcmp(&b_name, &peer, sizeof(peer)), 0);
	cr_assert_eq(ntohs(peer.sin_port), 7000);
}

Test(stream, bytes_then_end_then_error)
{
	int client, server;
	demi_sgarray_t sga;
	demi_qresult_t qr;
	demi_qtoken_t qt;

	connected(7000, &client, &server);
	tern_sim_enter(host_a);
	sga = text_array("half a word");
	cr_assert_eq(demi_push(&qt, client, &sga), 0);
	cr_assert_eq(demi_sgafree(&sga), 0);
	cr_assert_eq(demi_wait(&qr, qt, &one_second), 0);
	cr_assert_eq(qr.qr_opcode, DEMI_OPC_PUSH);
	cr_assert_eq(demi_shutdown(client, SHUT_WR), 0);
	sga = text_array("too late");
	cr_assert_eq(demi_push(&qt, client, &sga), EPIPE);
	cr_assert_eq(demi_sgafree(&sga), 0);
	tern_sim_enter(host_b);
	cr_assert_eq(pop_within(server, &one_second, &qr), 0);
	cr_assert(holds_text(&qr, "half a word"));
	cr_assert_eq(demi_sgafree(&qr.qr_value.sga), 0);
	for (int i = 0; i < 2; i++) {
		cr_assert_eq(pop_within(server, &one_second, &qr), 0);
		cr_assert_eq(qr.qr_opcode, DEMI_OPC_POP);
		cr_assert_eq(qr.qr_value.sga.sga_segs[0].sgaseg_len, 0,
			     "the end, as often as asked");
		cr_assert_eq(demi_sgafree(&qr.qr_value.sga), 0);
	}
	cr_assert_eq(demi_close(server), 0);
}

Test(stream, connecting_twice)
{
	struct sockaddr_in peer = v4(B_IP, 7000);
	int client, server;
	demi_qtoken_t qt;

	connected(7000, &client, &server);
	tern_sim_enter(host_a);
	cr_assert_eq(demi_connect(&qt, client, SA(peer)), EISCONN);
}

static void expect_option(int qd, int level, int name, int want)
{
	int value = -1;
	socklen_t len = sizeof(value);

	cr_assert_eq(demi_getsockopt(qd, level, name, &value, &len), 0);
	cr_assert_eq(value, want, "option %d/%d: %d, not %d", level, name, value, want);
}

static int set_option(int qd, int level, int name, int value)
{
	return demi_setsockopt(qd, level, name, &value, sizeof(value));
}

Test(stream, options)
{
	int qd = stream_socket(AF_INET);
	struct linger linger = { .l_onoff = 1, .l_linger = 7 };
	socklen_t len = sizeof(linger);
	char cc[16] = "";

	expect_option(qd, SOL_SOCKET, SO_TYPE, SOCK_STREAM);
	expect_option(qd, SOL_SOCKET, SO_PROTOCOL, IPPROTO_TCP);
	expect_option(qd, SOL_SOCKET, SO_ACCEPTCONN, 0);
	expect_option(qd, IPPROTO_TCP, TCP_NODELAY, 0);
	cr_assert_eq(set_option(qd, IPPROTO_TCP, TCP_NODELAY, 5), 0);
	expect_option(qd, IPPROTO_TCP, TCP_NODELAY, 1);
	expect_option(qd, SOL_SOCKET, SO_KEEPALIVE, 0);
	expect_option(qd, IPPROTO_TCP, TCP_KEEPIDLE, 7200);
	cr_assert_eq(set_option(qd, IPPROTO_TCP, TCP_KEEPIDLE, 0), EINVAL);
	cr_assert_eq(set_option(qd, IPPROTO_TCP, TCP_KEEPIDLE, 10), 0);
	expect_option(qd, IPPROTO_TCP, TCP_KEEPIDLE, 10);
	cr_assert_eq(demi_setsockopt(qd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger)), 0);
	memset(&linger, 0, sizeof(linger));
	cr_assert_eq(demi_getsockopt(qd, SOL_SOCKET, SO_LINGER, &linger, &len), 0);
	cr_assert(linger.l_onoff == 1 && linger.l_linger == 7);
	linger.l_linger = -1;
	cr_assert_eq(demi_setsockopt(qd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger)), EINVAL);
	cr_assert_eq(demi_setsockopt(qd, IPPROTO_TCP, TCP_CONGESTION, "vegas", 5), ENOENT);
	cr_assert_eq(demi_setsockopt(qd, IPPROTO_TCP, TCP_CONGESTION, "dctcp", 5), ENOENT);
	cr_assert_eq(demi_setsockopt(qd, IPPROTO_TCP, TCP_CONGESTION, "reno", 4), 0);
	cr_assert_eq(set_option(qd, -1, -1, 1), ENOPROTOOPT);
	len = sizeof(cc);
	cr_assert_eq(demi_getsockopt(qd, IPPROTO_TCP, TCP_MAXSEG, cc, &len), ENOPROTOOPT,
		     "not connected");
}

Test(stream, options_reach_the_connection)
{
	char cc[16] = "";
	socklen_t len = sizeof(cc);
	int client, server;

	connected(7000, &client, &server);
	cr_assert_eq(demi_getsockopt(server, IPPROTO_TCP, TCP_CONGESTION, cc, &len), 0);
	cr_assert_str_eq(cc, "cubic");
	cr_assert_eq(demi_setsockopt(server, IPPROTO_TCP, TCP_CONGESTION, "reno", 4), 0);
	len = sizeof(cc);
	cr_assert_eq(demi_getsockopt(server, IPPROTO_TCP, TCP_CONGESTION, cc, &len), 0);
	cr_assert_str_eq(cc, "reno");
	expect_option(server, IPPROTO_TCP, TCP_MAXSEG, 1448);
	expect_option(server, SOL_SOCKET, SO_ERROR, 0);
}
