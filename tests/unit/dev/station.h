/* SPDX-License-Identifier: MIT */
/* A node with one port that sends numbered frames and writes down what it receives: the tests' end of a wire. */
#ifndef TESTS_UNIT_DEV_STATION_H
#define TESTS_UNIT_DEV_STATION_H

#include "libos/dev/sim/port.h"

#define STATION_LOG 8192

struct arrival {
	uint64_t at;
	uint32_t tag;
	uint32_t len;
	uint8_t flags;
	uint16_t mss;
};

struct station {
	struct sim_node node;
	struct sim_port port;
	struct dev *dev; /* outermost: the port or what is around it */
	uint64_t timer_at;
	void (*on_timer)(struct station *s, uint64_t now); /* or NULL; sets timer_at anew */
	unsigned num_polls;
	unsigned num; /* arrivals, of which the first STATION_LOG are kept */
	struct arrival got[STATION_LOG];
};

/* One pool and one simulation per test (each runs in its own process). */
extern struct buf_pool pool;
extern struct sim sim;

void start(void);

/* Everything was finished: checks that no buf is left. */
void finish(void);

struct station *station_new(uint32_t number);
struct station *station_new_with(uint32_t number, const struct sim_port_config *config);
void station_free(struct station *s);

/* A frame of @len bytes from @from to the station of number @to; @tag follows the Ethernet header. */
struct buf *frame_new(uint32_t from, uint32_t to, uint32_t tag, uint32_t len);
uint32_t frame_tag(const struct buf *b);

/* Sends now; every frame is to be taken. */
void send_buf(struct station *s, struct buf *b);
void send_tag(struct station *s, uint32_t to, uint32_t tag, uint32_t len);

struct sim_wire wire(uint64_t delay_ns, uint64_t bits_per_sec, uint32_t queue_frames);
void join(struct station *a, struct station *b, struct sim_wire w);

#endif
