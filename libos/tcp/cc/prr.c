/* SPDX-License-Identifier: MIT */
/* RFC 9937 section 6. The proportional part rounds up, so that small windows are not starved. */
#include "libos/tcp/cc/prr.h"

void tcp_prr_init(struct tcp_prr *p, uint32_t flight_size, uint32_t acked, uint32_t sacked,
		  uint32_t sacked_total)
{
	/* What was SACKed before the episode will not be delivered within it; what its first ACK brought is. */
	uint32_t old = sacked_total > sacked ? sacked_total - sacked : 0;
	uint32_t fs = flight_size > old ? flight_size - old : 0;

	*p = (struct tcp_prr){ .recover_fs = max_t(uint32_t, fs + acked, 1) };
}

static uint64_t proportional(const struct tcp_prr *p, uint32_t ssthresh)
{
	uint64_t quota = (p->delivered * ssthresh + p->recover_fs - 1) / p->recover_fs;

	return quota > p->out ? quota - p->out : 0;
}

static uint64_t below(const struct tcp_prr *p, uint32_t ssthresh, uint32_t mss, uint32_t in_flight,
		      uint32_t delivered, bool is_safe)
{
	uint64_t owed = p->delivered > p->out ? p->delivered - p->out : 0;
	uint64_t count = max_t(uint64_t, owed, delivered);

	if (is_safe)
		count += mss;
	return min_t(uint64_t, count, ssthresh - in_flight);
}

uint32_t tcp_prr_on_ack(struct tcp_prr *p, uint32_t ssthresh, uint32_t mss, uint32_t in_flight,
			uint32_t delivered, bool is_safe)
{
	uint64_t count = 0;

	/* An ACK that delivered nothing must not make anything leave. */
	if (delivered) {
		p->delivered += delivered;
		count = in_flight > ssthresh
				? proportional(p, ssthresh)
				: below(p, ssthresh, mss, in_flight, delivered, is_safe);
		/* The retransmission that recovery is about; a part of a segment would not let it leave. */
		if (p->out == 0 && count < mss)
			count = mss;
	}
	return (uint32_t)min_t(uint64_t, in_flight + count, UINT32_MAX);
}
