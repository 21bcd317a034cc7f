/* SPDX-License-Identifier: MIT */
/*
 * A rack of simulated hosts in one thread: every host runs the whole library OS over an in-memory network, so that
 * servers and clients can be tested together, deterministically and far faster than real time.
 *
 * Time is virtual: it stands still while code runs and jumps to the next event when every host waits. The same
 * seed and the same programs give the same run, packet for packet. (In real-time mode, meant for benchmarks, the
 * clock is the machine's.)
 *
 * Each host has one interface, either on the rack's learning switch (tern_sim_host_new) or wired straight to one
 * other host (tern_sim_pair_new). There are two ways to run applications on hosts:
 *
 *  - tern_sim_spawn starts a function as the host's program. It may call anything in demi/, demi_init included, and
 *    looks like an ordinary main: where it waits, other hosts go on. tern_sim_run runs the rack.
 *  - tern_sim_enter makes a host the one that the calling code's demi_ calls are for, to drive several hosts by hand.
 *
 * All functions return 0 or a positive errno. A rack belongs to the thread that made it.
 */
#ifndef TERN_SIM_H
#define TERN_SIM_H

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct tern_sim;
struct tern_sim_host;

struct tern_sim_options {
	uint64_t seed;
	bool real_time;
	uint32_t max_hosts; /* ports of the rack's switch; 0: 256 */
};

/* What a link does to frames, each in parts per million, independently per direction. */
struct tern_sim_faults {
	uint32_t loss_ppm;
	uint32_t burst_ppm;    /* chance that a frame begins a burst of losses */
	uint32_t burst_frames; /* mean length of such a burst */
	uint32_t duplicate_ppm;
	uint32_t reorder_ppm; /* held back past a few later frames */
	uint32_t corrupt_ppm; /* one to fifteen neighbouring bits flipped */
	bool partitioned;     /* nothing passes */
};

/* Zero means: no delay, infinite bandwidth, a queue of 1,024 frames, MTU 1,500, no faults. */
struct tern_sim_link {
	uint64_t delay_ns;
	uint64_t bits_per_sec;
	uint32_t queue_frames;
	uint16_t mtu;
	struct tern_sim_faults faults;
	bool offload;          /* both ends fill and verify checksums in "hardware" */
	const char *pcap_path; /* record the link here, as the first host sees it; NULL: do not */
};

struct tern_sim_host_options {
	const char *ipv4;    /* "10.0.0.1/24"; NULL: none */
	const char *ipv6;    /* "fd00::1/64"; NULL: only the link-local address */
	const char *gateway; /* of either family; NULL: none */
	struct tern_sim_link link;
};

int tern_sim_new(const struct tern_sim_options *options, struct tern_sim **out);

/* Ends all programs where they stand, closes all hosts. */
void tern_sim_free(struct tern_sim *sim);

int tern_sim_host_new(struct tern_sim *sim, const struct tern_sim_host_options *options,
		      struct tern_sim_host **out);

/* Two hosts on one wire, which is as @a's link says; each end has its own faults and its own capture. */
int tern_sim_pair_new(struct tern_sim *sim, const struct tern_sim_host_options *a,
		      const struct tern_sim_host_options *b, struct tern_sim_host **out_a,
		      struct tern_sim_host **out_b);

/*
 * New faults on the host's link, from now on. EOPNOTSUPP in a real-time rack for a host that was made without faults:
 * fault injection costs time there.
 */
int tern_sim_set_faults(struct tern_sim_host *host, const struct tern_sim_faults *faults);

/* Starts @program when the rack next runs. One program at a time per host; EBUSY while one runs. */
int tern_sim_spawn(struct tern_sim_host *host, int (*program)(void *arg), void *arg);

/*
 * Runs the rack until every program has returned (0), @until_ns is reached (ETIMEDOUT), or all that are left wait
 * for what cannot come (EDEADLK).
 */
int tern_sim_run(struct tern_sim *sim, uint64_t until_ns);

/* What the host's last program returned; ENOENT before it has. */
int tern_sim_exit_status(const struct tern_sim_host *host, int *status_out);

/* Makes @host (NULL: none) the one that demi_ calls of this thread act for. Not from within a program. */
int tern_sim_enter(struct tern_sim_host *host);

/* ns since the rack was made. */
uint64_t tern_sim_now(const struct tern_sim *sim);

#ifdef __cplusplus
}
#endif

#endif
