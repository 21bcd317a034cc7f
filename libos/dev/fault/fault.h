/* SPDX-License-Identifier: MIT */
/*
 * Fault injection: a device around a device that loses, reorders, repeats, corrupts and delays frames, by seeded
 * chance or by script, in each direction by itself.
 */
#ifndef LIBOS_DEV_FAULT_FAULT_H
#define LIBOS_DEV_FAULT_FAULT_H

#include "libos/base/rng.h"
#include "libos/buf/pool.h"
#include "libos/dev/dev.h"

/* Frames that the reorder fault holds back at a time; above that they are not held. */
#define FAULT_HOLD_MAX 32

enum fault_dir {
	FAULT_TX,
	FAULT_RX,
	FAULT_DIR_NUM,
};

#define FAULT_COUNTERS(X)                                                                          \
	X(FAULT_SEEN, "seen")               /* frames that came in */                              \
	X(FAULT_LOST, "lost")               /* by loss_ppm */                                      \
	X(FAULT_BURST_LOST, "burst_lost")   /* by burst_loss_ppm, in the bad state */              \
	X(FAULT_PARTITIONED, "partitioned") /* while partition was set */                          \
	X(FAULT_SCRIPTED, "script_dropped") /* by a script's verdict */                            \
	X(FAULT_CORRUPTED, "corrupted")                                                            \
	X(FAULT_DUPLICATED, "duplicated")                                                          \
	X(FAULT_HELD, "held")           /* held back to be overtaken */                            \
	X(FAULT_DELAYED, "delayed")     /* by jitter */                                            \
	X(FAULT_LINE_FULL, "line_full") /* lost: more than line_frames underway */                 \
	X(FAULT_NO_BUF, "no_buf")       /* no memory for a copy: the frame went through as it was */

enum fault_counter {
	FAULT_COUNTERS(COUNTER_ENUM) FAULT_COUNTER_NUM
};

/* All zero: no faults. Chances are in parts per million, drawn for each frame. */
struct fault_rates {
	uint32_t loss_ppm;
	/* Gilbert-Elliott: in the bad state, entered and left by chance at each frame, burst_loss_ppm counts instead. */
	uint32_t burst_enter_ppm;
	uint32_t burst_leave_ppm;
	uint32_t burst_loss_ppm;
	uint32_t duplicate_ppm;
	uint32_t corrupt_ppm;
	uint32_t corrupt_bits; /* a burst of up to so many bits, at most 15; 0 and 1: one bit */
	uint32_t corrupt_from; /* first byte that may be hit: 14 spares the Ethernet header */
	uint32_t reorder_ppm;
	uint32_t
		reorder_frames; /* a held frame goes on when so many later ones have passed (0: however many), */
	uint64_t reorder_ns; /* or after this time (0: however long) */
	uint64_t jitter_ns;  /* extra delay, uniform in [0, jitter_ns]; keeps the order */
	bool partition;      /* everything is lost */
};

/* What happens to a frame: any of these together; DROP excludes the rest. */
enum {
	FAULT_PASS = 0,
	FAULT_DROP = 1 << 0,
	FAULT_CORRUPT = 1 << 1,
	FAULT_DUPLICATE = 1 << 2,
	FAULT_HOLD = 1 << 3,
	FAULT_BY_RATES = 1 << 4, /* a script's answer: as if there were none */
};

struct fault_script {
	/* Decides about frame number @index (from 0, in this direction, since the script was set). NULL: no script. */
	unsigned (*verdict)(void *ctx, enum fault_dir dir, uint64_t index, const struct buf *frame);
	void *ctx;
};

/* For fault_drop_listed: frames to drop, by ascending number. */
struct fault_drop_list {
	const uint64_t *index;
	unsigned num;
};

struct fault_config {
	struct buf_pool *pool; /* for copies */
	uint64_t seed;
	uint32_t line_frames; /* most frames underway in each direction; at least FAULT_LINE_MIN */
};

#define FAULT_LINE_MIN (FAULT_HOLD_MAX + 4)

struct fault_slot {
	struct buf *b;
	uint64_t at;    /* goes on at this time, */
	uint64_t after; /* or once so many have passed (held frames) */
};

/* One direction. */
struct fault_path {
	enum fault_dir dir;
	struct fault_rates rates;
	struct fault_script script;
	struct rng rng;
	uint64_t index;  /* of the next frame, for the script */
	uint64_t passed; /* frames that were not held */
	bool in_burst;
	uint32_t line_head;
	uint32_t line_num;
	uint32_t line_max;
	uint32_t num_held;
	struct fault_slot *line; /* ring of frames underway */
	struct fault_slot held[FAULT_HOLD_MAX];
	uint64_t count[FAULT_COUNTER_NUM];
	struct counter_set counters;
};

struct fault {
	struct dev dev;
	struct dev *lower;
	struct buf_pool *pool;
	struct fault_path path[FAULT_DIR_NUM];
};

struct fault_config fault_config_default(struct buf_pool *pool, uint64_t seed);

/* Wraps @lower, which must outlive it; closing @f->dev closes @lower. 0, -ENOMEM, or -EINVAL: line_frames. */
int fault_init(struct fault *f, struct dev *lower, const struct fault_config *config) must_check;

/* At any time. Frames already held or delayed stay so. */
void fault_set_rates(struct fault *f, enum fault_dir dir, const struct fault_rates *rates);

/* At any time; numbering starts again. */
void fault_set_script(struct fault *f, enum fault_dir dir, const struct fault_script *script);

/* A verdict: drops exactly the frames that @ctx, a struct fault_drop_list, names. */
unsigned fault_drop_listed(void *ctx, enum fault_dir dir, uint64_t index, const struct buf *frame);

#endif
