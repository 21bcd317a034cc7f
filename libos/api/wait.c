/* SPDX-License-Identifier: MIT */
#include "libos/sched/wait.h"
#include "libos/api/api.h"

/* 0 and the timeout in ns (NULL: TIME_NEVER), or EINVAL. */
static always_inline int timeout_to_ns(const struct timespec *timeout, uint64_t *ns)
{
	*ns = TIME_NEVER;
	if (!timeout)
		return 0;
	if (timeout->tv_sec < 0 || timeout->tv_nsec < 0 || timeout->tv_nsec >= (long)NS_PER_SEC)
		return EINVAL;
	if ((uint64_t)timeout->tv_sec < TIME_NEVER / NS_PER_SEC)
		*ns = (uint64_t)timeout->tv_sec * NS_PER_SEC + (uint64_t)timeout->tv_nsec;
	return 0;
}

static always_inline void fetch_result(struct runtime *rt, struct op *op, demi_qresult_t *qr)
{
	qresult_from_op(qr, op);
	op_free(&rt->sched.ops, op);
}

int demi_wait(demi_qresult_t *qr_out, demi_qtoken_t qt, const struct timespec *timeout)
{
	struct runtime *rt = api_runtime_or_null();
	uint64_t timeout_ns;
	struct op *op;
	int err;

	if (unlikely(!rt))
		return ENOSYS;
	if (unlikely(!qr_out || timeout_to_ns(timeout, &timeout_ns)))
		return EINVAL;
	err = sched_wait(&rt->sched, qt, timeout_ns, &op);
	if (unlikely(err))
		return -err;
	fetch_result(rt, op, qr_out);
	return 0;
}

int demi_wait_any(demi_qresult_t *qr_out, int *ready_offset, const demi_qtoken_t qts[], int num_qts,
		  const struct timespec *timeout)
{
	struct runtime *rt = api_runtime_or_null();
	uint64_t timeout_ns;
	uint32_t offset;
	struct op *op;
	int err;

	if (unlikely(!rt))
		return ENOSYS;
	if (unlikely(!qr_out || !ready_offset || !qts || num_qts <= 0))
		return EINVAL;
	if (unlikely(timeout_to_ns(timeout, &timeout_ns)))
		return EINVAL;
	err = sched_wait_any(&rt->sched, qts, (uint32_t)num_qts, timeout_ns, &offset, &op);
	if (unlikely(err))
		return -err;
	*ready_offset = (int)offset;
	fetch_result(rt, op, qr_out);
	return 0;
}

int demi_wait_next_n(demi_qresult_t *qr_out, int num_qrs, int *num_qrs_out,
		     const struct timespec *timeout)
{
	struct runtime *rt = api_runtime_or_null();
	uint64_t timeout_ns;
	struct op *op;
	int num = 0;
	int err;

	if (unlikely(!rt))
		return ENOSYS;
	if (unlikely(!qr_out || !num_qrs_out || num_qrs <= 0))
		return EINVAL;
	*num_qrs_out = 0;
	if (unlikely(timeout_to_ns(timeout, &timeout_ns)))
		return EINVAL;
	err = sched_wait_next(&rt->sched, timeout_ns, &op);
	if (unlikely(err))
		return -err;
	do {
		fetch_result(rt, op, &qr_out[num++]);
		op = sched_next_done_or_null(&rt->sched);
	} while (op && num < num_qrs);
	*num_qrs_out = num;
	return 0;
}
