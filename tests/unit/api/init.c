/* SPDX-License-Identifier: MIT */
/* Bringing the library up from the environment, as ordinary programs do. */
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#include "tests/unit/api/host.h"

static const struct demi_args no_args;

static void clean_environment(void)
{
	unsetenv("LIBOS");
	unsetenv("CONFIG_PATH");
}

TestSuite(init, .init = clean_environment);

Test(init, nothing_works_before_it)
{
	struct sockaddr_in addr = v4(A_IP, 1);
	demi_sgarray_t sga = { 0 };
	demi_qtoken_t qt = 1;
	demi_qresult_t qr;
	int n;

	cr_assert_eq(demi_socket(&n, AF_INET, SOCK_DGRAM, 0), ENOSYS);
	cr_assert_eq(demi_bind(1, SA(addr)), ENOSYS);
	cr_assert_eq(demi_close(1), ENOSYS);
	cr_assert_eq(demi_pop(&qt, 1), ENOSYS);
	cr_assert_eq(demi_push(&qt, 1, &sga), ENOSYS);
	cr_assert_eq(demi_sgaalloc(1).sga_numsegs, 0);
	cr_assert_eq(demi_sgafree(&sga), ENOSYS);
	cr_assert_eq(demi_wait(&qr, qt, NULL), ENOSYS);
	cr_assert_eq(demi_wait_any(&qr, &n, &qt, 1, NULL), ENOSYS);
	cr_assert_eq(demi_wait_next_n(&qr, 1, &n, NULL), ENOSYS);
	cr_assert_eq(demi_stats(NULL, 0, &n), ENOSYS);
	cr_assert_eq(tern_fini(), ENOSYS);
}

Test(init, the_transport_must_be_named_known_and_built_in)
{
	static const char *const absent[] = { "dpdk",   "uring",     "rdma",   "catnip",
					      "catnap", "catcollar", "catmint" };

	cr_assert_eq(demi_init(NULL), EINVAL);
	cr_assert_eq(demi_init(&no_args), EINVAL);
	setenv("LIBOS", "catfish", 1);
	cr_assert_eq(demi_init(&no_args), EINVAL);
	for (size_t i = 0; i < sizeof(absent) / sizeof(absent[0]); i++) {
		setenv("LIBOS", absent[i], 1);
		cr_assert_eq(demi_init(&no_args), ENOTSUP, "%s", absent[i]);
	}
	setenv("LIBOS", "sim", 1);
	cr_assert_eq(demi_init(&no_args), 0);
	cr_assert_eq(demi_init(&no_args), EALREADY);
	cr_assert_eq(tern_fini(), 0);
	cr_assert_eq(demi_init(&no_args), 0, "up again");
	cr_assert_eq(tern_fini(), 0);
}

static void write_config(char path[32], const char *text)
{
	int fd;

	strcpy(path, "/tmp/tern-config-XXXXXX");
	fd = mkstemp(path);
	cr_assert_geq(fd, 0);
	cr_assert_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	close(fd);
	setenv("CONFIG_PATH", path, 1);
}

Test(init, the_file_says_who_we_are)
{
	struct sockaddr_in mine = v4("192.168.7.9", 5000), other = v4("10.0.0.1", 5000);
	struct sockaddr_in6 mine6 = v6("fd00::9", 5000);
	char path[32];

	write_config(path, "demikernel:\n  local_ipv4_addr: 192.168.7.9\n"
			   "tern:\n  transport: sim\n  net:\n    prefix_len: 24\n"
			   "    ipv6_addrs: ['fd00::9/64']\n");
	cr_assert_eq(demi_init(&no_args), 0);
	cr_assert_eq(demi_bind(udp_socket(AF_INET), SA(other)), EADDRNOTAVAIL);
	cr_assert_eq(demi_bind(udp_socket(AF_INET), SA(mine)), 0);
	cr_assert_eq(demi_bind(udp_socket(AF_INET6), SA(mine6)), 0);
	cr_assert_eq(tern_fini(), 0);
	unlink(path);
}

Test(init, a_bad_file_or_none_is_an_error)
{
	char path[32];

	setenv("LIBOS", "sim", 1);
	write_config(path, "inetstack_config:\n  mtuu: 1500\n");
	cr_assert_eq(demi_init(&no_args), EINVAL);
	unlink(path);
	cr_assert_eq(demi_init(&no_args), ENOENT);
	setenv("CONFIG_PATH", "/tmp", 1);
	cr_assert_eq(demi_init(&no_args), EISDIR);
	unsetenv("CONFIG_PATH");
	cr_assert_eq(demi_init(&no_args), 0, "and leaves nothing half done");
	cr_assert_eq(tern_fini(), 0);
}

/* Each thread has a library of its own: the same port on all of them, and a datagram to oneself. */
static void *thread_main(void *arg)
{
	struct sockaddr_in self = v4("10.0.0.1", 5000);
	demi_qresult_t qr;
	int qd;

	cr_assert_eq(demi_sgaalloc(1).sga_numsegs, 0, "not this thread's yet");
	cr_assert_eq(demi_init(&no_args), 0);
	qd = udp_bound("10.0.0.1", 5000);
	for (int i = 0; i < 1000; i++) {
		send_text(qd, arg, SA(self));
		cr_assert_eq(pop_within(qd, &one_second, &qr), 0);
		cr_assert(holds_text(&qr, arg));
		cr_assert_eq(demi_sgafree(&qr.qr_value.sga), 0);
	}
	cr_assert_eq(tern_fini(), 0);
	return NULL;
}

Test(init, every_thread_has_its_own)
{
	pthread_t threads[4];
	char names[4][2] = { "a", "b", "c", "d" };

	setenv("LIBOS", "sim", 1);
	for (int i = 0; i < 4; i++)
		cr_assert_eq(pthread_create(&threads[i], NULL, thread_main, names[i]), 0);
	for (int i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
}

Test(init, stats_count_and_tell_how_many_there_are)
{
	demi_stat_t stats[512];
	struct sockaddr_in self = v4("10.0.0.1", 5000);
	uint64_t sent = 0;
	int all, again, qd;

	setenv("LIBOS", "sim", 1);
	cr_assert_eq(demi_init(&no_args), 0);
	qd = udp_bound("10.0.0.1", 5000);
	send_text(qd, "x", SA(self));
	cr_assert_eq(demi_stats(NULL, 0, NULL), EINVAL);
	cr_assert_eq(demi_stats(NULL, 1, &all), EINVAL);
	cr_assert_eq(demi_stats(stats, -1, &all), EINVAL);
	cr_assert_eq(demi_stats(NULL, 0, &all), 0);
	cr_assert(all > 20 && all < 512, "%d", all);
	memset(stats, 0, sizeof(stats));
	cr_assert_eq(demi_stats(stats, all - 1, &again), 0);
	cr_assert_eq(again, all);
	cr_assert_null(stats[all - 1].name, "no more written than asked for");
	cr_assert_eq(demi_stats(stats, 512, &again), 0);
	for (int i = 0; i < all; i++) {
		if (strcmp(stats[i].module, "net") == 0 && strcmp(stats[i].name, "udp_tx") == 0)
			sent = stats[i].value;
	}
	cr_assert_eq(sent, 1);
	cr_assert_eq(tern_fini(), 0);
}
