/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>

#include "libos/tcp/cc/prr.h"
#include "tests/lib/seed.h"

#define MSS 1000

/* RFC 9937 6.1, with its three terms. */
Test(prr, rfc9937_6_1_recover_fs)
{
	struct tcp_prr p;

	tcp_prr_init(&p, 20000, 0, 1000, 3000);
	cr_assert_eq(p.recover_fs, 18000, "what was SACKed before will not be delivered again");
	tcp_prr_init(&p, 20000, 2000, 0, 0);
	cr_assert_eq(p.recover_fs, 22000, "what this ACK acknowledged counts");
	tcp_prr_init(&p, 0, 0, 0, 5000);
	cr_assert_neq(p.recover_fs, 0, "nonsense from below must not divide by zero");
}

/* One loss of 20 segments, ssthresh 10: one segment leaves for every second that arrives, and 10 are in flight at
 * the end. The first ACK sends the retransmission. */
Test(prr, rfc9937_single_loss_halves_over_one_round)
{
	struct tcp_prr p;
	uint32_t in_flight = 20 * MSS, sent = 0;

	/* Three SACKs, then recovery: two were there before. */
	in_flight -= 4 * MSS;
	tcp_prr_init(&p, 20 * MSS, 0, MSS, 3 * MSS);
	cr_assert_eq(p.recover_fs, 18 * MSS);
	for (unsigned ack = 0; ack < 17; ack++) {
		uint32_t cwnd;

		if (ack)
			in_flight -= MSS;
		cwnd = tcp_prr_on_ack(&p, 10 * MSS, MSS, in_flight, MSS, false);
		if (ack == 0)
			cr_assert_geq(cwnd, in_flight + MSS);
		while (in_flight + MSS <= cwnd) {
			in_flight += MSS;
			sent++;
			tcp_prr_on_sent(&p, MSS);
		}
		cr_assert_leq(sent, (ack + 1) * 10 / 18 + 1);
	}
	cr_assert_eq(in_flight, 10 * MSS);
}

/* All but three of ten were lost, with ssthresh 7: conservation while losses are found, one more per ACK when safe. */
Test(prr, rfc9937_below_ssthresh)
{
	struct tcp_prr p;

	tcp_prr_init(&p, 10 * MSS, 0, MSS, 3 * MSS);
	cr_assert_eq(tcp_prr_on_ack(&p, 7 * MSS, MSS, 0, MSS, false), MSS);
	tcp_prr_on_sent(&p, MSS);
	cr_assert_eq(tcp_prr_on_ack(&p, 7 * MSS, MSS, 0, MSS, true), 2 * MSS);
	tcp_prr_on_sent(&p, 2 * MSS);
	cr_assert_eq(tcp_prr_on_ack(&p, 7 * MSS, MSS, MSS, MSS, true), 3 * MSS);
	/* never past ssthresh */
	cr_assert_eq(tcp_prr_on_ack(&p, 7 * MSS, MSS, 6500, 3 * MSS, true), 7 * MSS);
}

Test(prr, rfc9937_6_2_ack_that_delivers_nothing_sends_nothing)
{
	struct tcp_prr p;

	tcp_prr_init(&p, 10 * MSS, 0, MSS, MSS);
	cr_assert_eq(tcp_prr_on_ack(&p, 5 * MSS, MSS, 8 * MSS, 0, true), 8 * MSS);
	cr_assert_eq(p.delivered, 0);
	/* ... but the first that does always sends the retransmission */
	cr_assert_eq(tcp_prr_on_ack(&p, 1, MSS, 8 * MSS, MSS, false), 9 * MSS);
	cr_assert_eq(tcp_prr_on_ack(&p, 0, MSS, 8 * MSS, MSS, false), 9 * MSS);
	tcp_prr_on_sent(&p, MSS);
	cr_assert_eq(tcp_prr_on_ack(&p, 0, MSS, 8 * MSS, MSS, false), 8 * MSS);
}

/*
 * Random episodes: at no step may more leave than the section allows.
 * 1. Above ssthresh, prr_out stays within ceil(prr_delivered * ssthresh / RecoverFS), the forced first one excepted.
 * 2. At or below it, in flight stays within ssthresh, and what leaves within what is owed plus one MSS.
 */
Test(prr, rfc9937_never_sends_more_than_the_rules_allow)
{
	struct rng rng;

	rng_init(&rng, test_seed());
	for (unsigned episode = 0; episode < 5000; episode++) {
		uint32_t segments = 1 + (uint32_t)rng_below(&rng, 200);
		uint32_t ssthresh = (uint32_t)rng_below(&rng, segments * MSS + 1);
		uint32_t in_flight = segments * MSS;
		uint64_t delivered = 0, out = 0;
		struct tcp_prr p;

		tcp_prr_init(&p, in_flight, 0, 0, 0);
		while (in_flight && delivered < segments * MSS) {
			uint32_t newly = (uint32_t)rng_below(&rng, 4) * MSS / 2, lost, cwnd, room;
			bool is_safe = rng_below(&rng, 2);
			uint64_t owed, quota;

			newly = newly > in_flight ? in_flight : newly;
			in_flight -= newly;
			delivered += newly;
			lost = rng_below(&rng, 4) ? 0 : (uint32_t)rng_below(&rng, in_flight + 1);
			in_flight -= lost;
			cwnd = tcp_prr_on_ack(&p, ssthresh, MSS, in_flight, newly, is_safe);
			room = cwnd - in_flight;
			cr_assert_geq(cwnd, in_flight);
			if (newly == 0) {
				cr_assert_eq(room, 0);
				continue;
			}
			owed = delivered > out ? delivered - out : 0;
			quota = (delivered * ssthresh + segments * MSS - 1) / (segments * MSS);
			if (out == 0 && room == MSS)
				;
			else if (in_flight > ssthresh)
				cr_assert_leq(out + room, out > quota ? out : quota);
			else
				cr_assert(cwnd <= ssthresh &&
					  room <= (owed > newly ? owed : newly) +
							  (is_safe ? MSS : 0));
			/* The sender may have less to send than it may. */
			room = rng_below(&rng, 4) ? room : room / 2;
			tcp_prr_on_sent(&p, room);
			out += room;
			in_flight += room;
		}
	}
}
