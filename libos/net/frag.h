/* SPDX-License-Identifier: MIT */
/*
 * Fragments, both families and both directions.
 *
 * Reassembly keeps the received bufs themselves, sorted by offset, and hands up the datagram in one buf, headers of
 * the first fragment in front. Any overlap kills the whole datagram, pieces to come included (RFC 8200, 4.5; for
 * IPv4 as well, where no honest sender makes one). A fragment that covers the same bytes as one that we hold is
 * taken for a duplicate made by the network, as the RFC permits, and dropped alone; the first to come counts.
 * Memory is bounded by bytes (as the bufs occupy them, not as they are filled), datagrams and pieces per
 * datagram; the oldest datagram makes room. When the timer of a datagram ends, its pieces are dropped and, if
 * the first piece is there, the sender hears time exceeded.
 *
 * Identifiers are per destination and protocol: keyed hash of the addresses plus a counter in one of a few
 * slots, so that they neither repeat soon nor tell one peer about our traffic with another (RFC 7739).
 */
#ifndef LIBOS_NET_FRAG_H
#define LIBOS_NET_FRAG_H

#include "libos/base/hash.h"
#include "libos/base/list.h"
#include "libos/net/path.h"
#include "libos/timer/wheel.h"

#define FRAG_ID_SLOTS 256
#define FRAG_MAX_PIECES 128

/* One datagram being put together; private to frag.c. */
struct frag_datagram;

struct frag_table {
	struct frag_datagram *entries; /* config.frag_max_datagrams of them */
	struct frag_datagram **buckets;
	uint32_t bucket_mask;
	uint32_t num;
	uint64_t bytes;     /* held by all pieces, memory of the bufs */
	struct list oldest; /* in order of arrival of their first piece */
	struct list free;
	struct hash_key key;
	struct hash_key id_key;
	uint32_t id_count[FRAG_ID_SLOTS];
};

/* Sized by net->config. 0 or -ENOMEM. */
int frag_table_init(struct net *net) must_check;
void frag_table_fini(struct net *net);

/*
 * Takes a fragment (consumes @b: data at the bytes that belong at @offset of the datagram's payload, in a
 * chain trimmed to them; l3_off names its IP header). Returns the whole datagram when this was the last
 * missing piece: one buf, data at the start of the payload, l3_off naming the first fragment's header, and l4_off
 * set; else NULL.
 *
 * @pkt names source, destination and protocol (IPv6: what the fragment header says comes next). With a
 * datagram it is completed: protocol and prev_next of the first fragment, ECN as RFC 3168 section 5.3
 * combines it, NET_PKT_REASSEMBLED. The caller handles IPv6 atomic fragments (offset 0, nothing more) itself.
 * Parameter problems that RFC 8200 section 4.5 asks for are sent here.
 */
struct buf *frag_input_or_null(struct net *net, struct buf *b, struct net_pkt *pkt, uint32_t id,
			       uint32_t offset, bool more);

/*
 * Sends @b (consumed; as net_output takes it) in pieces that fit path->mtu. An L4 checksum left to the device
 * is computed here, since it covers all pieces. Errors as net_output; -EMSGSIZE over 65535 bytes.
 */
int frag_output(struct net *net, struct net_path *path, struct buf *b, struct net_tx tx);

/* The next identifier towards a destination; IPv4 uses the low 16 bits. */
uint32_t frag_next_id(struct net *net, const struct ipaddr *src, const struct ipaddr *dst,
		      uint8_t proto);

#endif
