/* SPDX-License-Identifier: MIT */
/* Sockets: everything but the transfer of data. */
#include "libos/api/api.h"

int demi_socket(int *sockqd_out, int domain, int type, int protocol)
{
	struct runtime *rt = api_runtime_or_null();
	struct queue *q;
	int err;

	if (!rt)
		return ENOSYS;
	if (!sockqd_out)
		return EINVAL;
	err = rt->transport->socket(rt, domain, type, protocol, &q);
	if (err)
		return -err;
	q->rt = rt;
	q->family = domain;
	err = queue_table_add(&rt->queues, q);
	if (err) {
		q->ops->close(q);
		return -err;
	}
	*sockqd_out = q->qd;
	return 0;
}

int demi_bind(int sockqd, const struct sockaddr *addr, socklen_t size)
{
	struct runtime *rt;
	struct queue *q;
	struct endpoint local;
	int err = api_queue(sockqd, &rt, &q);

	if (err)
		return err;
	err = endpoint_from_sockaddr(&local, addr, size, q->family);
	if (err)
		return -err;
	return q->ops->bind ? -q->ops->bind(q, &local) : EOPNOTSUPP;
}

int demi_listen(int sockqd, int backlog)
{
	struct runtime *rt;
	struct queue *q;
	int err = api_queue(sockqd, &rt, &q);

	if (err)
		return err;
	return q->ops->listen ? -q->ops->listen(q, backlog) : EOPNOTSUPP;
}

int demi_accept(demi_qtoken_t *qt_out, int sockqd)
{
	struct runtime *rt;
	struct queue *q;
	struct op *op;
	int err = api_queue(sockqd, &rt, &q);

	if (err)
		return err;
	if (!qt_out)
		return EINVAL;
	if (!q->ops->accept)
		return EOPNOTSUPP;
	op = op_new_or_null(&rt->sched.ops, sockqd, DEMI_OPC_ACCEPT);
	if (!op)
		return EAGAIN;
	*qt_out = op_token_of(op);
	err = q->ops->accept(q, op);
	if (err)
		op_free(&rt->sched.ops, op);
	return -err;
}

int demi_connect(demi_qtoken_t *qt_out, int sockqd, const struct sockaddr *addr, socklen_t size)
{
	struct runtime *rt;
	struct queue *q;
	struct endpoint peer;
	struct op *op;
	int err = api_queue(sockqd, &rt, &q);

	if (err)
		return err;
	if (!qt_out)
		return EINVAL;
	err = endpoint_from_sockaddr(&peer, addr, size, q->family);
	if (err)
		return -err;
	if (!q->ops->connect)
		return EOPNOTSUPP;
	op = op_new_or_null(&rt->sched.ops, sockqd, DEMI_OPC_CONNECT);
	if (!op)
		return EAGAIN;
	*qt_out = op_token_of(op);
	err = q->ops->connect(q, op, &peer);
	if (err)
		op_free(&rt->sched.ops, op);
	return -err;
}

int demi_close(int qd)
{
	struct runtime *rt;
	struct queue *q;
	int err = api_queue(qd, &rt, &q);

	if (err)
		return err;
	queue_table_remove(&rt->queues, q);
	q->ops->close(q);
	return 0;
}

int demi_shutdown(int qd, int how)
{
	struct runtime *rt;
	struct queue *q;
	int err = api_queue(qd, &rt, &q);

	if (err)
		return err;
	if (how != SHUT_RD && how != SHUT_WR && how != SHUT_RDWR)
		return EINVAL;
	return q->ops->shutdown ? -q->ops->shutdown(q, how) : EOPNOTSUPP;
}

int demi_setsockopt(int qd, int level, int optname, const void *optval, socklen_t optlen)
{
	struct runtime *rt;
	struct queue *q;
	int err = api_queue(qd, &rt, &q);

	if (err)
		return err;
	if (!optval)
		return EFAULT;
	return q->ops->setsockopt ? -q->ops->setsockopt(q, level, optname, optval, optlen)
				  : ENOPROTOOPT;
}

int demi_getsockopt(int qd, int level, int optname, void *optval, socklen_t *optlen)
{
	struct runtime *rt;
	struct queue *q;
	int err = api_queue(qd, &rt, &q);

	if (err)
		return err;
	if (!optval || !optlen)
		return EFAULT;
	return q->ops->getsockopt ? -q->ops->getsockopt(q, level, optname, optval, optlen)
				  : ENOPROTOOPT;
}

typedef int (*name_fn)(struct queue *q, struct endpoint *out);

static int report_name(struct queue *q, name_fn name, struct sockaddr *addr, socklen_t *addrlen)
{
	struct endpoint e;
	int err;

	if (!addr || !addrlen)
		return EFAULT;
	if (!name)
		return EOPNOTSUPP;
	err = name(q, &e);
	if (err)
		return -err;
	endpoint_to_sockaddr(&e, addr, addrlen);
	return 0;
}

int demi_getpeername(int qd, struct sockaddr *addr, socklen_t *addrlen)
{
	struct runtime *rt;
	struct queue *q;
	int err = api_queue(qd, &rt, &q);

	return err ? err : report_name(q, q->ops->getpeername, addr, addrlen);
}

int demi_getsockname(int qd, struct sockaddr *addr, socklen_t *addrlen)
{
	struct runtime *rt;
	struct queue *q;
	int err = api_queue(qd, &rt, &q);

	return err ? err : report_name(q, q->ops->getsockname, addr, addrlen);
}
