/* SPDX-License-Identifier: MIT */
/* Types of the PDPIX interface. Names, values and layouts are those of Demikernel 1.5: its C programs build unchanged. */
#ifndef DEMI_TYPES_H
#define DEMI_TYPES_H

#include <netinet/in.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A scatter-gather array has one segment. Messages of any size that fits a uint32_t travel as several pushes. */
#define DEMI_SGARRAY_MAXSIZE 1

/* Names one asynchronous operation until its result has been fetched. Never reused for another operation. */
typedef uint64_t demi_qtoken_t;

typedef struct __attribute__((__packed__)) demi_sgaseg {
	void *sgaseg_buf;
	uint32_t sgaseg_len; /* bytes */
} demi_sgaseg_t;

/*
 * Memory for a push, or the result of a pop. Arrays from demi_sgaalloc and demi_wait have a non-null sga_buf, which
 * belongs to the library. An application may push memory of its own with sga_buf null; that push completes when
 * the library has let go of the memory.
 */
typedef struct __attribute__((__packed__)) demi_sgarray {
	void *sga_buf;
	uint32_t sga_numsegs;
	demi_sgaseg_t sga_segs[DEMI_SGARRAY_MAXSIZE];
	struct sockaddr_in
		sga_addr; /* popped datagrams: who sent it; zero for an IPv6 sender (see tern_sgapeer) */
} demi_sgarray_t;

typedef enum demi_opcode {
	DEMI_OPC_INVALID = 0,
	DEMI_OPC_PUSH, /* demi_push and demi_pushto */
	DEMI_OPC_POP,
	DEMI_OPC_ACCEPT,
	DEMI_OPC_CONNECT,
	DEMI_OPC_CLOSE,
	DEMI_OPC_FAILED, /* any of these, failed: qr_ret is the errno */
} demi_opcode_t;

typedef struct __attribute__((__packed__)) demi_accept_result {
	int32_t qd;              /* the new connection */
	struct sockaddr_in addr; /* its peer; zero for an IPv6 peer (ask demi_getpeername) */
} demi_accept_result_t;

typedef struct __attribute__((__packed__)) demi_qresult {
	enum demi_opcode qr_opcode;
	int32_t qr_qd;
	demi_qtoken_t qr_qt;
	int64_t qr_ret; /* 0, or an errno when qr_opcode is DEMI_OPC_FAILED */
	union {
		demi_sgarray_t sga; /* DEMI_OPC_POP; no bytes in the segment: end of stream */
		demi_accept_result_t ares; /* DEMI_OPC_ACCEPT */
	} qr_value;
} demi_qresult_t;

/* Accepted for compatibility; nothing calls it. */
typedef void (*demi_callback_t)(const char *, uint32_t, uint64_t);

struct __attribute__((__packed__)) demi_args {
	int argc;
	char *const *argv;
	demi_callback_t callback;
};

/* One counter of the library, as demi_stats reports it. Both strings live as long as the program. */
typedef struct demi_stat {
	const char *module; /* "net" */
	const char *name;   /* "drop_ip4_csum" */
	uint64_t value;
} demi_stat_t;

#ifdef __cplusplus
}
#endif

#endif
