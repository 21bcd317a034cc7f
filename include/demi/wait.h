/* SPDX-License-Identifier: MIT */
/*
 * PDPIX: waiting. A result can be fetched once; its token is dead from then on. A null timeout waits for ever, a
 * zero one looks once. Operations go on when a wait times out (ETIMEDOUT).
 */
#ifndef DEMI_WAIT_H
#define DEMI_WAIT_H

#include <demi/types.h>
#include <time.h>

#ifdef __cplusplus
extern "C" {
#endif

int demi_wait(demi_qresult_t *qr_out, demi_qtoken_t qt, const struct timespec *timeout);

/* The first of @num_qts operations to complete; its place in @qts goes to @ready_offset. */
int demi_wait_any(demi_qresult_t *qr_out, int *ready_offset, const demi_qtoken_t qts[], int num_qts,
		  const struct timespec *timeout);

/* Up to @num_qrs results of whichever operations of this thread complete first, at least one. */
int demi_wait_next_n(demi_qresult_t *qr_out, int num_qrs, int *num_qrs_out,
		     const struct timespec *timeout);

#ifdef __cplusplus
}
#endif

#endif
