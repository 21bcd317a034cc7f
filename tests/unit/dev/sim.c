/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <signal.h>

#include "station.h"

static uint32_t order[64];
static unsigned num_order;

static void note_turn(struct station *s, uint64_t now)
{
	order[num_order++] = s->node.wake.number;
}

Test(sim, time_jumps_from_event_to_event_and_ends_when_there_is_none)
{
	struct station *s;

	start();
	s = station_new(1);
	cr_assert_eq(sim_next_event(&sim), 0); /* a new node is due at once */
	cr_assert(sim_step(&sim));
	cr_assert_not(sim_step(&sim));
	s->timer_at = 123456789;
	s->on_timer = note_turn;
	sim_node_kick(&s->node);
	cr_assert(sim_step(&sim));
	cr_assert_eq(sim_now(&sim), 0);
	cr_assert(sim_step(&sim));
	cr_assert_eq(sim_now(&sim), 123456789);
	cr_assert_eq(num_order, 1);
	cr_assert_not(sim_step(&sim));
	sim_run_until(&sim, 200000000);
	cr_assert_eq(sim_now(&sim), 200000000);
	cr_assert_eq(s->num_polls, 3);
	station_free(s);
	finish();
}

Test(sim, run_until_does_what_is_due_at_its_end_and_nothing_later)
{
	struct station *s;

	start();
	s = station_new(1);
	s->on_timer = note_turn;
	s->timer_at = 1000;
	sim_run_until(&sim, 999);
	cr_assert_eq(num_order, 0);
	cr_assert_eq(sim_now(&sim), 999);
	sim_run_until(&sim, 1000);
	cr_assert_eq(num_order, 1);
	station_free(s);
	finish();
}

Test(sim, nodes_due_at_one_time_are_polled_in_order_of_their_numbers)
{
	struct station *s[20];

	start();
	for (uint32_t i = 0; i < 20; i++)
		s[i] = station_new(i);
	sim_run_until(&sim, 0);
	for (uint32_t i = 0; i < 20; i++) {
		s[i * 7 % 20]->on_timer = note_turn;
		s[i * 7 % 20]->timer_at = 50;
		sim_node_kick(&s[i * 7 % 20]->node);
	}
	sim_run_until(&sim, 50);
	cr_assert_eq(num_order, 20);
	for (uint32_t i = 0; i < 20; i++)
		cr_assert_eq(order[i], i);
	for (uint32_t i = 0; i < 20; i++)
		station_free(s[i]);
	finish();
}

static void send_both_ways(struct station *s, uint64_t now)
{
	note_turn(s, now);
	send_tag(s, 0, 0, 60);
}

/* Whether the receiver's number is higher or lower than the sender's: it is polled in the next round. */
Test(sim, what_a_round_causes_for_the_same_time_is_the_next_rounds)
{
	struct station *s[2];
	unsigned polls[2];

	start();
	for (uint32_t i = 0; i < 2; i++)
		s[i] = station_new(i);
	join(s[0], s[1], wire(0, 0, 0));
	sim_run_until(&sim, 0);
	for (uint32_t i = 0; i < 2; i++) {
		sim_run_until(&sim, 10 + i);
		polls[0] = s[0]->num_polls;
		polls[1] = s[1]->num_polls;
		s[i]->on_timer = send_both_ways;
		s[i]->timer_at = 10 + i;
		sim_node_kick(&s[i]->node);
		cr_assert(sim_step(&sim));
		cr_assert_eq(s[i]->num_polls, polls[i] + 1);
		cr_assert_eq(s[!i]->num_polls, polls[!i]);
		cr_assert(sim_step(&sim));
		cr_assert_eq(s[!i]->num_polls, polls[!i] + 1);
		cr_assert_eq(s[!i]->got[0].at, 10 + i);
		cr_assert_not(sim_step(&sim));
	}
	station_free(s[0]);
	station_free(s[1]);
	finish();
}

static struct station *victim;

static void kick_victim(struct station *s, uint64_t now)
{
	sim_node_kick(&victim->node);
}

/* A node that was kicked before its turn in the round has served the kick with it; after it, not. */
Test(sim, a_kick_is_served_once)
{
	struct station *s[3];

	start();
	for (uint32_t i = 0; i < 3; i++)
		s[i] = station_new(i);
	victim = s[1];
	s[0]->on_timer = s[2]->on_timer = kick_victim;
	s[1]->on_timer = note_turn;
	s[0]->timer_at = s[1]->timer_at = 100;
	s[2]->timer_at = 200;
	sim_run_until(&sim, 100);
	cr_assert_eq(s[1]->num_polls, 2);
	sim_run_until(&sim, 200);
	cr_assert_eq(s[1]->num_polls, 3);
	for (uint32_t i = 0; i < 3; i++)
		station_free(s[i]);
	finish();
}

static void stop_victim(struct station *s, uint64_t now)
{
	sim_node_stop(&victim->node);
}

static void free_victim(struct station *s, uint64_t now)
{
	station_free(victim);
}

Test(sim, a_node_can_stop_or_finish_another_that_waits_for_its_turn)
{
	struct station *s[3];

	start();
	for (uint32_t i = 0; i < 3; i++)
		s[i] = station_new(i);
	s[0]->on_timer = stop_victim;
	s[1]->on_timer = note_turn;
	s[0]->timer_at = s[1]->timer_at = 100;
	victim = s[1];
	sim_run_until(&sim, 100);
	cr_assert_eq(num_order, 0);
	s[0]->on_timer = free_victim;
	s[0]->timer_at = s[2]->timer_at = 200;
	s[2]->on_timer = note_turn;
	sim_node_kick(&s[0]->node);
	sim_node_kick(&s[2]->node);
	victim = s[2];
	sim_run_until(&sim, 200);
	cr_assert_eq(num_order, 0);
	station_free(s[0]);
	station_free(s[1]);
	finish();
}

/* The wire: 672 ns on the line and 1000 ns of flight. */
Test(sim, a_crash_loses_what_the_node_has_and_what_reaches_it)
{
	struct station *a, *b;

	start();
	a = station_new(1);
	b = station_new(2);
	join(a, b, wire(1000, NS_PER_SEC, 0));
	sim_run_until(&sim, 0);
	for (uint32_t i = 0; i < 3; i++)
		send_tag(b, 1, i, 60); /* leave at 672, 1344, 2016 */
	send_tag(a, 2, 0, 60);         /* arrives at 1672 */
	sim_run_until(&sim, 1400);
	b->timer_at = 1500;
	b->on_timer = note_turn;
	sim_node_stop(&b->node);
	sim_node_stop(&b->node);
	sim_run_until(&sim, 1500);
	send_tag(a, 2, 1, 60); /* arrives at 3172 */
	send_tag(b, 1, 3, 60); /* mute */
	sim_run_until(&sim, 3000);
	cr_assert_eq(a->num, 2);
	cr_assert_eq(a->got[1].tag, 1);
	cr_assert_eq(b->num, 0);
	cr_assert_eq(num_order, 0);
	cr_assert_eq(b->num_polls, 1);
	sim_node_kick(&b->node); /* the dead do not listen */
	sim_run_until(&sim, 3100);
	cr_assert_eq(b->num_polls, 1);
	sim_node_restart(&b->node);
	sim_node_restart(&b->node);
	sim_run_until(&sim, TIME_NEVER);
	cr_assert_eq(b->num, 1);
	cr_assert_eq(b->got[0].tag, 1);
	cr_assert_eq(b->got[0].at, 1500 + 672 + 1000);
	/* One that reached it, one that it had on the line, one that it tried to send. */
	cr_assert_eq(b->port.count[SIM_DROP_STOPPED], 3);
	send_tag(b, 1, 4, 60);
	sim_run_until(&sim, TIME_NEVER);
	cr_assert_eq(a->num, 3);
	cr_assert_eq(a->got[2].tag, 4);
	station_free(a);
	station_free(b);
	finish();
}

Test(sim, a_crash_on_a_wire_without_limits)
{
	struct station *a, *b;

	start();
	a = station_new(1);
	b = station_new(2);
	join(a, b, wire(0, 0, 0));
	sim_run_until(&sim, 1);
	sim_node_stop(&b->node);
	send_tag(a, 2, 0, 60);
	sim_run_until(&sim, 2);
	cr_assert_eq(b->num_polls, 1); /* nor does a frame wake the dead */
	sim_node_restart(&b->node);
	send_tag(a, 2, 1, 60);
	sim_node_stop(&b->node);
	cr_assert_eq(pool.count[BUFPOOL_IN_USE], 0);
	cr_assert_eq(b->port.count[SIM_DROP_STOPPED], 2);
	sim_node_restart(&b->node);
	send_tag(a, 2, 2, 60);
	sim_run_until(&sim, TIME_NEVER);
	cr_assert_eq(b->num, 1);
	cr_assert_eq(b->got[0].tag, 2);
	station_free(a);
	station_free(b);
	finish();
}

static uint64_t always_due(void *ctx)
{
	return 0;
}

static void do_nothing(void *ctx, uint64_t now)
{
}

Test(sim, a_node_that_never_lets_time_move_is_a_bug, .signal = SIGABRT)
{
	static const struct sim_node_ops stuck = { .poll = do_nothing, .next_event = always_due };
	struct sim_node node;

	start();
	sim_node_init(&node, &sim, &stuck, NULL);
	sim_run_until(&sim, 1);
}

Test(sim, on_real_time_every_step_polls_every_node)
{
	struct station *a, *b;
	uint64_t before;

	start();
	sim_init_real(&sim);
	a = station_new(1);
	b = station_new(2);
	join(a, b, wire(0, 0, 0));
	send_tag(b, 1, 5, 60);
	before = sim_now(&sim);
	cr_assert(sim_step(&sim));
	cr_assert(sim_step(&sim));
	cr_assert_eq(a->num_polls, 2);
	cr_assert_eq(b->num_polls, 2);
	cr_assert_eq(a->num, 1);
	cr_assert_geq(a->got[0].at, before);
	sim_node_stop(&a->node);
	sim_run_until(&sim, sim_now(&sim) + 1000);
	cr_assert_eq(a->num_polls, 2);
	cr_assert_geq(b->num_polls, 3);
	station_free(a);
	station_free(b);
	finish();
}
