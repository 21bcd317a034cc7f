/* SPDX-License-Identifier: MIT */
/*
 * Packet buffers.
 *
 * A struct buf describes a run of bytes. It is one cache line and lies directly in front of its own memory:
 *
 *     [ struct buf | headroom ...... | data ...... | tailroom ]
 *     ^ b            ^ buf_mem(b)      ^ b->data     b->len bytes
 *
 * so descriptor and memory are found from each other by arithmetic, in an arena of ours as in the private area of
 * a DPDK mbuf. Two kinds have no memory of their own: a *slice* shows part of another buf, which it keeps alive;
 * a *foreign* buf shows memory that the application owns and hears when we let go of it. Their headroom is zero.
 *
 * A packet is a chain through ->next. Only the first buf of a chain carries packet fields (l3_off, mss, flags).
 * ->link belongs to whoever holds the packet now and strings packets into a queue; never both a queue and a chain.
 *
 * References. buf_get/buf_put count holders of the *memory*. Whoever passes a chain on with the words "consumes"
 * passes one reference of every buf in it. Data bytes may be written only while nobody else could be reading
 * them; headroom may be written by the only stack holder (buf_may_prepend): the application's own reference, held
 * through an sga, does not count, since the application never looks in front of its data.
 *
 * Freed twice: caught by the reference count in every build. Used after free: pool memory is poisoned under ASan
 * and filled with 0xdb in debug builds. Stale sga handles: caught by ->app_gen (see buf_handle).
 *
 * A buf belongs to the thread whose pool it came from.
 */
#ifndef LIBOS_BUF_BUF_H
#define LIBOS_BUF_BUF_H

#include "libos/base/bug.h"
#include "libos/base/compiler.h"

struct buf;

/* Who gets a buf back when the last reference goes. */
struct buf_owner {
	/* Takes @b back. Not called for a buf that others still hold. May not block. */
	void (*release)(struct buf_owner *owner, struct buf *b);
};

/* ->flags of the first buf of a packet. */
enum {
	BUF_RX_CSUM_GOOD = 1 << 0, /* received: the device has verified the L4 checksum */
	BUF_TX_CSUM_L4 =
		1
		<< 1, /* to send: the device fills the L4 checksum (pseudo-header sum is in place) */
	BUF_TX_CSUM_IP = 1 << 2, /* to send: the device fills the IPv4 header checksum */
	BUF_TX_TSO = 1 << 3,     /* to send: ->mss is the segment size */
	BUF_APP_HELD = 1 << 4,   /* any buf: one of the references is the application's */
	BUF_SHARED_MEM = 1 << 5, /* any buf: no memory of its own (slice or foreign) */
	BUF_MULTICAST = 1 << 6,  /* received: the destination MAC was a group address */
};

struct buf {
	uint8_t *data;
	struct buf *next; /* rest of this packet */
	struct buf *link; /* next packet of the queue it waits in; the holder's */
	struct buf_owner *owner;
	union {
		struct buf *parent; /* slice: whose memory it shows */
		void *cookie;       /* foreign: the owner's; received: the device's */
	};
	uint32_t len; /* these three are set in one store when a buf is handed out */
	uint16_t refs;
	uint16_t mss;     /* TSO size to send; size of coalesced segments as received; else 0 */
	uint32_t cap;     /* bytes of own memory from buf_mem() on */
	uint16_t app_gen; /* see buf_handle */
	uint16_t l3_off;  /* where the IP header starts, from buf_mem */
	uint16_t l4_off;  /* where the transport header starts, from buf_mem */
	uint8_t flags;
	uint8_t reserved[5];
};

_Static_assert(sizeof(struct buf) == CACHE_LINE, "a buf is one cache line");

/* Room for Ethernet with a VLAN tag, IPv6, TCP with all options, and an encapsulation. */
#define BUF_HEADROOM 192

static always_inline uint8_t *buf_mem(const struct buf *b)
{
	return (uint8_t *)(uintptr_t)(b + 1);
}

static always_inline uint32_t buf_headroom(const struct buf *b)
{
	return b->flags & BUF_SHARED_MEM ? 0 : (uint32_t)(b->data - buf_mem(b));
}

static always_inline uint32_t buf_tailroom(const struct buf *b)
{
	return b->flags & BUF_SHARED_MEM ? 0 : (uint32_t)(buf_mem(b) + b->cap - b->data) - b->len;
}

static always_inline struct buf *buf_get(struct buf *b)
{
	DEBUG_BUG_ON(b->refs == 0 || b->refs == UINT16_MAX);
	b->refs++;
	return b;
}

/* Drops one reference of this buf alone, not of what it is chained to. */
static always_inline void buf_put(struct buf *b)
{
	if (b->refs > 1) {
		b->refs--;
	} else {
		BUG_ON(b->refs == 0);
		b->refs = 0;
		b->owner->release(b->owner, b);
	}
}

/* Drops one reference of every buf of a packet. NULL is a packet of none. */
static always_inline void buf_put_chain(struct buf *b)
{
	while (b) {
		struct buf *next = b->next;

		buf_put(b);
		b = next;
	}
}

/* May we write into the headroom? Only if the one holder beside the application is the caller. */
static always_inline bool buf_may_prepend(const struct buf *b, uint32_t bytes)
{
	unsigned stack_refs = b->refs - !!(b->flags & BUF_APP_HELD);

	return stack_refs == 1 && buf_headroom(b) >= bytes;
}

static always_inline uint8_t *buf_prepend(struct buf *b, uint32_t bytes)
{
	DEBUG_BUG_ON(buf_headroom(b) < bytes);
	b->data -= bytes;
	b->len += bytes;
	return b->data;
}

/* Drops @bytes from the front. */
static always_inline void buf_pull(struct buf *b, uint32_t bytes)
{
	DEBUG_BUG_ON(b->len < bytes);
	b->data += bytes;
	b->len -= bytes;
}

/* Sum of ->len over the chain. */
static always_inline uint32_t buf_chain_len(const struct buf *b)
{
	uint32_t len = 0;

	for (; b; b = b->next)
		len += b->len;
	return len;
}

/* Copies @bytes from @offset of the packet to @out. The range must lie within the packet. */
void buf_copy_out(const struct buf *b, uint32_t offset, void *out, uint32_t bytes);

/* Cuts the packet to @bytes in all, freeing bufs past the end; no-op when it is not longer. */
void buf_trim_chain(struct buf *b, uint32_t bytes);

/*
 * The application's handle to a buf, stored in sga_buf: the pointer with app_gen in its upper 16 bits. Freeing an
 * sga moves app_gen on, so freeing or pushing it again is an error, not a corruption. NULL stands for no buf.
 */
static always_inline void *buf_handle(const struct buf *b)
{
	return (void *)((uintptr_t)b | (uintptr_t)b->app_gen << 48);
}

/* NULL when @handle is NULL, stale, or not held by the application. */
static always_inline struct buf *buf_from_handle_or_null(void *handle)
{
	uintptr_t bits = (uintptr_t)handle;
	struct buf *b = (struct buf *)(bits & 0xffffffffffffull);

	if (unlikely(!b || b->app_gen != bits >> 48 || !(b->flags & BUF_APP_HELD)))
		return NULL;
	return b;
}

/* The caller's reference becomes the application's. */
static always_inline void *buf_give_to_app(struct buf *b)
{
	DEBUG_BUG_ON(b->flags & BUF_APP_HELD);
	b->flags |= BUF_APP_HELD;
	return buf_handle(b);
}

/* The application lets go: its handle dies, its reference is dropped. */
static always_inline void buf_take_from_app(struct buf *b)
{
	b->flags &= (uint8_t)~BUF_APP_HELD;
	b->app_gen++;
	buf_put(b);
}

/* FIFO of packets through ->link. */
struct buf_queue {
	struct buf *head;
	struct buf *tail;
	uint32_t num;
};

static always_inline void buf_queue_push(struct buf_queue *q, struct buf *b)
{
	b->link = NULL;
	if (q->head)
		q->tail->link = b;
	else
		q->head = b;
	q->tail = b;
	q->num++;
}

static always_inline struct buf *buf_queue_pop_or_null(struct buf_queue *q)
{
	struct buf *b = q->head;

	if (b) {
		q->head = b->link;
		b->link = NULL;
		q->num--;
	}
	return b;
}

void buf_queue_drain(struct buf_queue *q);

#endif
