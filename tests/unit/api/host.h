/* SPDX-License-Identifier: MIT */
/* One or two simulated hosts under the public interface: what every test of the demi_ calls starts from. */
#ifndef TESTS_UNIT_API_HOST_H
#define TESTS_UNIT_API_HOST_H

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

#include "demi/libos.h"
#include "demi/sga.h"
#include "demi/wait.h"
#include "tern/sim.h"
#include "tern/socket.h"

#define A_IP "10.0.0.1"
#define B_IP "10.0.0.2"
#define A_IP6 "fd00::1"
#define B_IP6 "fd00::2"

static struct tern_sim *sim;
static struct tern_sim_host *host_a, *host_b;

static const struct timespec no_wait = { 0, 0 };
static const struct timespec one_second = { 1, 0 };

static inline void start_hosts(void)
{
	struct tern_sim_options options = { .seed = 1 };
	struct tern_sim_host_options a = { .ipv4 = A_IP "/24", .ipv6 = A_IP6 "/64" };
	struct tern_sim_host_options b = { .ipv4 = B_IP "/24", .ipv6 = B_IP6 "/64" };

	a.link.delay_ns = 1000;
	cr_assert_eq(tern_sim_new(&options, &sim), 0);
	cr_assert_eq(tern_sim_pair_new(sim, &a, &b, &host_a, &host_b), 0);
	cr_assert_eq(tern_sim_enter(host_a), 0);
}

static inline void stop_hosts(void)
{
	tern_sim_free(sim);
}

static inline struct sockaddr_in v4(const char *ip, uint16_t port)
{
	struct sockaddr_in sin = { .sin_family = AF_INET, .sin_port = htons(port) };

	cr_assert_eq(inet_pton(AF_INET, ip, &sin.sin_addr), 1);
	return sin;
}

static inline struct sockaddr_in6 v6(const char *ip, uint16_t port)
{
	struct sockaddr_in6 sin6 = { .sin6_family = AF_INET6, .sin6_port = htons(port) };

	cr_assert_eq(inet_pton(AF_INET6, ip, &sin6.sin6_addr), 1);
	return sin6;
}

#define SA(x) ((struct sockaddr *)&(x)), sizeof(x)

static inline int udp_socket(int family)
{
	int qd = -1;

	cr_assert_eq(demi_socket(&qd, family, SOCK_DGRAM, 0), 0);
	return qd;
}

static inline int udp_bound(const char *ip, uint16_t port)
{
	struct sockaddr_in local = v4(ip, port);
	int qd = udp_socket(AF_INET);

	cr_assert_eq(demi_bind(qd, SA(local)), 0);
	return qd;
}

static inline demi_sgarray_t text_array(const char *text)
{
	demi_sgarray_t sga = demi_sgaalloc(strlen(text));

	cr_assert_eq(sga.sga_numsegs, 1);
	memcpy(sga.sga_segs[0].sgaseg_buf, text, strlen(text));
	return sga;
}

static inline bool holds_text(const demi_qresult_t *qr, const char *text)
{
	const demi_sgaseg_t *seg = &qr->qr_value.sga.sga_segs[0];

	return qr->qr_opcode == DEMI_OPC_POP && seg->sgaseg_len == strlen(text) &&
	       memcmp(seg->sgaseg_buf, text, seg->sgaseg_len) == 0;
}

/* Sends one datagram and gives the array back at once, as applications do. */
static inline void send_text(int qd, const char *text, struct sockaddr *dest, socklen_t len)
{
	demi_sgarray_t sga = text_array(text);
	demi_qresult_t qr;
	demi_qtoken_t qt;

	cr_assert_eq(demi_pushto(&qt, qd, &sga, dest, len), 0);
	cr_assert_eq(demi_wait(&qr, qt, NULL), 0);
	cr_assert_eq(qr.qr_opcode, DEMI_OPC_PUSH);
	cr_assert_eq(demi_sgafree(&sga), 0);
}

static inline int pop_within(int qd, const struct timespec *timeout, demi_qresult_t *qr)
{
	demi_qtoken_t qt;

	cr_assert_eq(demi_pop(&qt, qd), 0);
	return demi_wait(qr, qt, timeout);
}

#endif
