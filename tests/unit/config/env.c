/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "libos/config/keys.h"

static struct cfg cfg;
static char err[CFG_ERR_LEN];

/* Each test is a process; whatever variables this one was started with are out of the way. */
static void clear_environment(void)
{
	for (unsigned i = 0; i < cfg_num_keys; i++) {
		if (cfg_keys[i].env)
			unsetenv(cfg_keys[i].env);
	}
}

static char path[] = "/tmp/tern-config-XXXXXX";

static void write_file(const char *text, size_t len)
{
	int fd = mkstemp(path);

	cr_assert_geq(fd, 0);
	cr_assert_eq(write(fd, text, len), (ssize_t)len);
	close(fd);
}

static int load(const char *file)
{
	return cfg_load(&cfg, file, err, sizeof(err));
}

TestSuite(config_env, .init = clear_environment);

Test(config_env, no_file_and_no_variables_give_the_defaults)
{
	static struct cfg want;

	cr_assert_eq(load(NULL), 0, "%s", err);
	cfg_defaults(&want);
	cr_assert_arr_eq((char *)&cfg, (char *)&want, sizeof(cfg));
	cr_assert_eq(cfg.transport, CFG_TRANSPORT_NONE);
	cr_assert_null(cfg.transport_word);
}

Test(config_env, a_variable_wins_over_the_file_over_the_default)
{
	static const char text[] = "inetstack_config: {mtu: 1400, mss: 1200}\n"
				   "tern: {transport: dpdk, sim: {seed: 5}}\n";

	write_file(text, strlen(text));
	setenv("MTU", "1300", 1);
	setenv("LIBOS", "catnap", 1);
	setenv("TERN_SIM_SEED", "", 1);
	cr_assert_eq(load(path), 0, "%s", err);
	unlink(path);
	cr_assert_eq(cfg.mtu, 1300);
	cr_assert_eq(cfg.mss, 1200);
	cr_assert_eq(cfg.transport, CFG_TRANSPORT_URING);
	cr_assert_str_eq(cfg.transport_word, "catnap");
	cr_assert_eq(cfg.sim_seed, 5, "an empty variable is not set");
	cr_assert_eq(cfg.ttl, 64);
}

Test(config_env, every_variable_of_the_table_is_read)
{
	for (unsigned i = 0; i < cfg_num_keys; i++) {
		const struct cfg_key *k = &cfg_keys[i];
		char want[CFG_ERR_LEN];

		if (!k->env)
			continue;
		setenv(k->env, "\x01", 1);
		snprintf(want, sizeof(want), "environment variable %s (%s): '?' is not ", k->env,
			 k->path);
		cr_assert_eq(load(NULL), -EINVAL, "%s", k->env);
		cr_assert_eq(strncmp(err, want, strlen(want)), 0, "%s", err);
		unsetenv(k->env);
	}
}

Test(config_env, names_follow_the_rule)
{
	static const char *const names[][2] = {
		{ "demikernel.local_ipv4_addr", "LOCAL_IPV4_ADDR" },
		{ "inetstack_config.arp_cache_ttl", "ARP_CACHE_TTL" },
		{ "tcp_socket_options.nodelay", "NODELAY" },
		{ "tcp_socket_options.keepalive.enabled", "TCP_SOCKET_OPTIONS_KEEPALIVE_ENABLED" },
		{ "tern.transport", "LIBOS" },
		{ "tern.idle.strategy", "TERN_IDLE_STRATEGY" },
		{ "tern.memory.limit_mb", "TERN_MEMORY_LIMIT_MB" },
		{ "tern.net.ttl", "TERN_NET_TTL" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		cr_assert_str_eq(cfg_key_find_or_null(names[i][0])->env, names[i][1]);
	for (unsigned i = 0; i < cfg_num_keys; i++) {
		const struct cfg_key *k = &cfg_keys[i];
		char want[64];
		size_t n = 0;

		if (strncmp(k->path, "tern.", 5) != 0 || !k->env || strcmp(k->env, "LIBOS") == 0)
			continue;
		for (const char *p = k->path; *p; p++)
			want[n++] = (char)(*p == '.' ? '_' : *p >= 'a' ? *p - 'a' + 'A' : *p);
		want[n] = '\0';
		cr_assert_str_eq(k->env, want);
	}
}

Test(config_env, a_bad_value_names_the_variable)
{
	setenv("MTU", "70000", 1);
	cr_assert_eq(load(NULL), -EINVAL);
	cr_assert_str_eq(err, "environment variable MTU (inetstack_config.mtu): "
			      "'70000' is not a number from 68 to 65535");
}

Test(config_env, cross_checks_name_the_variable_too)
{
	setenv("MSS", "1501", 1);
	cr_assert_eq(load(NULL), -EINVAL);
	cr_assert_str_eq(
		err,
		"environment variable MSS (inetstack_config.mss): 1501 is above the mtu of 1500");
}

Test(config_env, an_unknown_transport_is_an_error_with_the_legal_ones)
{
	setenv("LIBOS", "catloop", 1);
	cr_assert_eq(load(NULL), -EINVAL);
	cr_assert_str_eq(err,
			 "environment variable LIBOS (tern.transport): 'catloop' is not one of "
			 "dpdk, uring, rdma, sim, catnip, catnap, catcollar, catmint");
}

Test(config_env, placeholders_are_refused_in_variables)
{
	setenv("LOCAL_IPV4_ADDR", "XX.XX.XX.XX", 1);
	cr_assert_eq(load(NULL), -EINVAL);
	cr_assert_str_eq(err,
			 "environment variable LOCAL_IPV4_ADDR (demikernel.local_ipv4_addr): "
			 "'XX.XX.XX.XX' is a placeholder of Demikernel's template, not an IPv4 "
			 "unicast address");
}

Test(config_env, long_bytes_of_any_kind_make_a_readable_sentence)
{
	char junk[4096];

	memset(junk, '\xc3', sizeof(junk) - 1);
	junk[sizeof(junk) - 1] = '\0';
	for (size_t i = 1; i < sizeof(junk) - 1; i += 2)
		junk[i] = '\xa4';
	setenv("TERN_SIM_PCAP", junk, 1);
	cr_assert_eq(load(NULL), -EINVAL);
	cr_assert_str_eq(err + strlen(err) - 48,
			 "...' is not a string of 1 to 255 printable bytes");
	cr_assert_lt(strlen(err), 300);
}

Test(config_env, a_file_that_cannot_be_read_is_an_errno)
{
	cr_assert_eq(load("/nonexistent/tern.yaml"), -ENOENT);
	cr_assert_str_eq(err, "/nonexistent/tern.yaml: No such file or directory");
	cr_assert_eq(load("/"), -EISDIR);
	cr_assert_str_eq(err, "/: Is a directory");
	cr_assert_eq(load("/dev/zero"), -EFBIG);
	cr_assert_str_eq(err, "/dev/zero: more than 1048576 bytes");
	cr_assert_eq(load("/dev/null"), 0, "%s", err);
}

Test(config_env, a_mebibyte_is_the_limit)
{
	char *text = malloc((1 << 20) + 1);

	memset(text, '\n', (1 << 20) + 1);
	cr_assert_eq(cfg_from_text(&cfg, "f", text, 1 << 20, err, sizeof(err)), 0, "%s", err);
	cr_assert_eq(cfg_from_text(&cfg, "f", text, (1 << 20) + 1, err, sizeof(err)), -EFBIG);
	cr_assert_str_eq(err, "f: more than 1048576 bytes");
	free(text);
}

Test(config_env, a_short_buffer_for_the_sentence_is_kept_to)
{
	char small[8] = "xxxxxxx";

	setenv("MTU", "0", 1);
	cr_assert_eq(cfg_load(&cfg, NULL, small, 4), -EINVAL);
	cr_assert_str_eq(small, "env");
	cr_assert_eq(small[4], 'x');
	cr_assert_eq(cfg_load(&cfg, NULL, NULL, 0), -EINVAL);
}
