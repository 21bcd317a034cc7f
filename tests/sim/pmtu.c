/* SPDX-License-Identifier: MIT */
/* Path MTU discovery (RFC 1191, 8201) through a router whose far link is narrower than the near one. */
#include "libos/rack/rack.h"
#include "tests/lib/router.h"
#include "tests/sim/program.h"

#define FAR_MTU 1280
#define SIZE 1400

static struct tern_sim *sim;
static struct tern_sim_host *hosts[2];
static struct router router;

static struct ipaddr ip(const char *text)
{
	struct ipaddr a;

	cr_assert_eq(ipaddr_parse(text, &a), 0);
	return a;
}

static struct tern_sim_host *host_at(unsigned side, const char *ipv4, const char *ipv6,
				     const char *router4, const char *router6)
{
	struct tern_sim_host_options options = { .ipv4 = ipv4, .ipv6 = ipv6 };
	struct net_neigh_config neighs[2] = { { ip(router4), router_mac(&router, side) },
					      { ip(router6), router_mac(&router, side) } };
	struct rack_host_config config = rack_default_host_config();
	struct sim_wire wire = sim_wire_default();
	struct tern_sim_host *host;

	config.net.neighs = neighs;
	config.net.num_neighs = 2;
	config.net.gateway4 = neighs[0].addr;
	config.net.gateway6 = neighs[1].addr;
	router.side[side].addr4 = neighs[0].addr;
	router.side[side].addr6 = neighs[1].addr;
	router.side[side].mtu = side ? FAR_MTU : 1500;
	cr_assert_eq(rack_host_build(sim, &options, &config, &host), 0);
	memcpy(&router.side[side].host, host->port.dev.mac, ETH_ALEN);
	wire.delay_ns = 10 * US;
	cr_assert_eq(sim_connect(&host->port, &router.side[side].port, &wire), 0);
	cr_assert_eq(rack_host_start(host, &options, &config), 0);
	return host;
}

static void start(void)
{
	struct tern_sim_options options = { .seed = 1 };

	cr_assert_eq(tern_sim_new(&options, &sim), 0);
	router_init(&router, &sim->sim, &sim->pool);
	hosts[0] = host_at(0, "10.0.1.1/24", "fd01::1/64", "10.0.1.254", "fd01::fe");
	hosts[1] = host_at(1, "10.0.2.1/24", "fd02::1/64", "10.0.2.254", "fd02::fe");
}

static void stop(void)
{
	sim_node_fini(&router.node);
	tern_sim_free(sim);
}

TestSuite(pmtu, .init = start, .fini = stop);

struct flow {
	int family;
	const char *src;
	const char *dst;
	bool dont_fragment;
};

static socklen_t address(const struct flow *f, const char *text, uint16_t port,
			 struct sockaddr_storage *out)
{
	struct sockaddr_in *v4 = (struct sockaddr_in *)out;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)out;

	memset(out, 0, sizeof(*out));
	out->ss_family = (sa_family_t)f->family;
	if (f->family == AF_INET) {
		v4->sin_port = htons(port);
		inet_pton(AF_INET, text, &v4->sin_addr);
		return sizeof(*v4);
	}
	v6->sin6_port = htons(port);
	inet_pton(AF_INET6, text, &v6->sin6_addr);
	return sizeof(*v6);
}

static int open_bound(const struct flow *f, const char *addr, uint16_t port, int *qd)
{
	struct sockaddr_storage local;
	socklen_t len = address(f, addr, port, &local);

	must(demi_socket(qd, f->family, SOCK_DGRAM, 0) == 0);
	return demi_bind(*qd, (struct sockaddr *)&local, len);
}

static int push_sized(int qd, const struct flow *f, uint32_t size)
{
	struct sockaddr_storage dest;
	socklen_t len = address(f, f->dst, 7, &dest);
	demi_sgarray_t sga = demi_sgaalloc(size);
	demi_qresult_t qr;
	demi_qtoken_t qt;
	int err;

	memset(sga.sga_segs[0].sgaseg_buf, 0x5a, size);
	err = demi_pushto(&qt, qd, &sga, (struct sockaddr *)&dest, len);
	if (!err)
		err = demi_wait(&qr, qt, NULL);
	demi_sgafree(&sga);
	return err;
}

static int let_time_pass(int qd, uint64_t ns)
{
	struct timespec ts = after_ns(ns);
	demi_qresult_t qr;
	demi_qtoken_t qt;

	must(demi_pop(&qt, qd) == 0);
	must(demi_wait(&qr, qt, &ts) == ETIMEDOUT);
	return 0;
}

/* The first datagram is the one that finds out. From then on the host cuts to size, or refuses where it may not. */
static int sender(void *arg)
{
	const struct flow *f = arg;
	int want = IP_PMTUDISC_DO, qd;

	must(start_program() == 0);
	must(open_bound(f, f->src, 5000, &qd) == 0);
	if (f->dont_fragment)
		must(demi_setsockopt(qd, IPPROTO_IP, IP_MTU_DISCOVER, &want, sizeof(want)) == 0);
	must(push_sized(qd, f, SIZE) == 0);
	must(let_time_pass(qd, 10 * MS) == 0);
	must(push_sized(qd, f, SIZE) == (f->dont_fragment ? EMSGSIZE : 0));
	must(push_sized(qd, f, 1000) == 0);
	return 0;
}

static int expect_sized(int qd, uint32_t size)
{
	struct timespec patience = after_ns(SEC);
	const uint8_t *bytes;
	demi_qresult_t qr;
	demi_qtoken_t qt;

	must(demi_pop(&qt, qd) == 0);
	must(demi_wait(&qr, qt, &patience) == 0);
	must(qr.qr_value.sga.sga_segs[0].sgaseg_len == size);
	bytes = qr.qr_value.sga.sga_segs[0].sgaseg_buf;
	for (uint32_t i = 0; i < size; i++)
		must(bytes[i] == 0x5a);
	return demi_sgafree(&qr.qr_value.sga);
}

static int receiver(void *arg)
{
	const struct flow *f = arg;
	int qd;

	must(start_program() == 0);
	must(open_bound(f, f->dst, 7, &qd) == 0);
	if (!f->dont_fragment)
		must(expect_sized(qd, SIZE) == 0);
	must(expect_sized(qd, 1000) == 0);
	return 0;
}

static void run(struct flow *f)
{
	cr_assert_eq(tern_sim_spawn(hosts[1], receiver, f), 0);
	cr_assert_eq(tern_sim_spawn(hosts[0], sender, f), 0);
	run_to_the_end(sim, hosts, 2);
	cr_assert_eq(router.too_big, 1);
	/* Small ones go as they are, large ones in two pieces. */
	cr_assert_eq(router.forwarded, f->dont_fragment ? 1 : 3);
}

Test(pmtu, ipv4_is_learnt_once_and_datagrams_are_cut_to_it)
{
	struct flow f = { AF_INET, "10.0.1.1", "10.0.2.1", false };

	run(&f);
}

Test(pmtu, ipv6_is_learnt_once_and_datagrams_are_cut_to_it)
{
	struct flow f = { AF_INET6, "fd01::1", "fd02::1", false };

	run(&f);
}

Test(pmtu, who_may_not_fragment_is_told)
{
	struct flow f = { AF_INET, "10.0.1.1", "10.0.2.1", true };

	run(&f);
}
