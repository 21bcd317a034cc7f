/* SPDX-License-Identifier: MIT */
/* What the network layer counts. Every way in which a packet can end has its own line here. */
#ifndef LIBOS_NET_COUNTERS_H
#define LIBOS_NET_COUNTERS_H

#include "libos/base/counters.h"

#define NET_COUNTERS(X)                                                                            \
	/* Traffic. */                                                                             \
	X(NET_RX_FRAMES, "rx_frames")                                                              \
	X(NET_TX_FRAMES, "tx_frames")                                                              \
	X(NET_RX_LOCAL, "rx_local")           /* packets from ourselves to ourselves */            \
	X(NET_TX_LINEARISED, "tx_linearised") /* chains copied for a device without chains */      \
	X(NET_TX_BACKLOGGED, "tx_backlogged") /* flushes that met a full device */                 \
	X(NET_PATH_RESOLVES, "path_resolves")                                                      \
	/* Frames dropped on arrival. */                                                           \
	X(NET_DROP_ETH_SHORT, "drop_eth_short")                                                    \
	X(NET_DROP_ETH_NOT_OURS, "drop_eth_not_ours")                                              \
	X(NET_DROP_ETH_TYPE, "drop_eth_type")                                                      \
	X(NET_DROP_ETH_SRC, "drop_eth_src") /* a group source address */                           \
	X(NET_DROP_IP4_LENGTH, "drop_ip4_length")                                                  \
	X(NET_DROP_IP4_VERSION, "drop_ip4_version")                                                \
	X(NET_DROP_IP4_CSUM, "drop_ip4_csum")                                                      \
	X(NET_DROP_IP4_MARTIAN, "drop_ip4_martian") /* a source that nobody can have */            \
	X(NET_DROP_IP4_OUR_SRC, "drop_ip4_our_src") /* our own address as source */                \
	X(NET_DROP_IP4_NOT_OURS, "drop_ip4_not_ours")                                              \
	X(NET_DROP_IP4_GROUP_MAC, "drop_ip4_group_mac") /* unicast IP in a group frame */          \
	X(NET_DROP_IP6_LENGTH, "drop_ip6_length")                                                  \
	X(NET_DROP_IP6_VERSION, "drop_ip6_version")                                                \
	X(NET_DROP_IP6_MARTIAN, "drop_ip6_martian")                                                \
	X(NET_DROP_IP6_OUR_SRC, "drop_ip6_our_src")                                                \
	X(NET_DROP_IP6_NOT_OURS, "drop_ip6_not_ours")                                              \
	X(NET_DROP_IP6_GROUP_MAC, "drop_ip6_group_mac")                                            \
	X(NET_DROP_IP6_EXT, "drop_ip6_ext")         /* extension headers: broken or too many */    \
	X(NET_DROP_IP6_OPTION, "drop_ip6_option")   /* an option that says: drop me */             \
	X(NET_DROP_IP6_ROUTING, "drop_ip6_routing") /* a routing header with hops left */          \
	X(NET_DROP_IP6_NO_NEXT, "drop_ip6_no_next")                                                \
	X(NET_DROP_PROTO, "drop_proto")               /* no handler for the protocol */            \
	X(NET_DROP_RX_NOBUFS, "drop_rx_nobufs")       /* no memory to make headers contiguous */   \
	X(NET_DROP_LOCAL_FULL, "drop_local_full")     /* the queue to ourselves is full */         \
	X(NET_DROP_LOCAL_NOBUFS, "drop_local_nobufs") /* no memory to copy a shared packet */      \
	/* Packets that could not leave. */                                                        \
	X(NET_DROP_TX_FULL, "drop_tx_full") /* device full and backlog full */                     \
	X(NET_DROP_TX_NOBUFS, "drop_tx_nobufs")                                                    \
	X(NET_DROP_TX_NO_ROUTE, "drop_tx_no_route")                                                \
	X(NET_DROP_TX_NO_SOURCE,                                                                   \
	  "drop_tx_no_source") /* the bound source is not ours (any more) */                       \
	X(NET_DROP_TX_TOO_BIG, "drop_tx_too_big")                                                  \
	X(NET_DROP_TX_FAMILY, "drop_tx_family") /* no address of the destination's family */       \
	/* Neighbours. */                                                                          \
	X(NET_NEIGH_CREATED, "neigh_created")                                                      \
	X(NET_NEIGH_RESOLVED, "neigh_resolved")                                                    \
	X(NET_NEIGH_REQUESTS, "neigh_requests") /* solicitations sent, probes included */          \
	X(NET_NEIGH_PROBES, "neigh_probes")     /* of those, unicast */                            \
	X(NET_NEIGH_FAILED, "neigh_failed")                                                        \
	X(NET_NEIGH_EXPIRED, "neigh_expired") /* unused for their whole lifetime */                \
	X(NET_NEIGH_EVICTED, "neigh_evicted")                                                      \
	X(NET_NEIGH_MOVED, "neigh_moved")               /* a neighbour changed its MAC */          \
	X(NET_NEIGH_STATIC_KEPT, "neigh_static_kept")   /* claims against a static entry */        \
	X(NET_NEIGH_REFUSED, "neigh_refused")           /* unsolicited news of a stranger */       \
	X(NET_DROP_NEIGH_QUEUE, "drop_neigh_queue")     /* oldest packet made room */              \
	X(NET_DROP_NEIGH_FAILED, "drop_neigh_failed")   /* queued packets of a dead neighbour */   \
	X(NET_DROP_NEIGH_EVICTED, "drop_neigh_evicted") /* queued packets of an evicted entry */   \
	X(NET_DROP_NEIGH_FULL, "drop_neigh_full")       /* table full of static entries */         \
	X(NET_ARP_RX_REQUESTS, "arp_rx_requests")                                                  \
	X(NET_ARP_RX_REPLIES, "arp_rx_replies")                                                    \
	X(NET_ARP_TX_REPLIES, "arp_tx_replies")                                                    \
	X(NET_ARP_ANNOUNCED, "arp_announced")                                                      \
	X(NET_ARP_CONFLICT, "arp_conflict") /* somebody else claims an address of ours */          \
	X(NET_DROP_ARP_BAD, "drop_arp_bad")                                                        \
	X(NET_DROP_ARP_NOT_OURS, "drop_arp_not_ours")                                              \
	X(NET_NDP_RX_SOLICITS, "ndp_rx_solicits")                                                  \
	X(NET_NDP_RX_ADVERTS, "ndp_rx_adverts")                                                    \
	X(NET_NDP_TX_ADVERTS, "ndp_tx_adverts")                                                    \
	X(NET_NDP_DAD_SENT, "ndp_dad_sent")                                                        \
	X(NET_NDP_CONFLICT, "ndp_conflict")                                                        \
	X(NET_NDP_ROUTER_IGNORED, "ndp_router_ignored") /* router solicits and adverts */          \
	X(NET_DROP_NDP_BAD, "drop_ndp_bad")                                                        \
	X(NET_DROP_NDP_HOP_LIMIT, "drop_ndp_hop_limit") /* not from this link */                   \
	X(NET_DROP_NDP_NOT_OURS, "drop_ndp_not_ours")                                              \
	/* Fragments. */                                                                           \
	X(NET_FRAG_RX, "frag_rx")                                                                  \
	X(NET_FRAG_REASSEMBLED, "frag_reassembled")                                                \
	X(NET_FRAG_TX, "frag_tx")                         /* fragments made by us */               \
	X(NET_FRAG_TX_DATAGRAMS, "frag_tx_datagrams")     /* datagrams cut up */                   \
	X(NET_DROP_FRAG_OVERLAP, "drop_frag_overlap")     /* datagrams, not fragments */           \
	X(NET_DROP_FRAG_TIMEOUT, "drop_frag_timeout")     /* datagrams */                          \
	X(NET_DROP_FRAG_MEMORY, "drop_frag_memory")       /* datagrams: over the byte limit */     \
	X(NET_DROP_FRAG_DATAGRAMS, "drop_frag_datagrams") /* datagrams: too many at once */        \
	X(NET_DROP_FRAG_BAD, "drop_frag_bad")             /* length or offset impossible */        \
	X(NET_DROP_FRAG_TOO_MANY, "drop_frag_too_many")   /* datagrams in absurdly many pieces */  \
	/* ICMP. */                                                                                \
	X(NET_ICMP_RX, "icmp_rx")                                                                  \
	X(NET_ICMP_RX_ECHO, "icmp_rx_echo")                                                        \
	X(NET_ICMP_RX_ERRORS, "icmp_rx_errors")                                                    \
	X(NET_ICMP_TX_REPLIES, "icmp_tx_replies")                                                  \
	X(NET_ICMP_TX_ERRORS, "icmp_tx_errors")                                                    \
	X(NET_ICMP_LIMITED, "icmp_limited") /* not sent: rate limit */                             \
	X(NET_ICMP_REDIRECT_IGNORED, "icmp_redirect_ignored")                                      \
	X(NET_DROP_ICMP_SHORT, "drop_icmp_short")                                                  \
	X(NET_DROP_ICMP_CSUM, "drop_icmp_csum")                                                    \
	X(NET_DROP_ICMP_TYPE, "drop_icmp_type")                                                    \
	X(NET_DROP_ICMP_QUOTE, "drop_icmp_quote") /* an error that quotes nothing of ours */       \
	X(NET_DROP_ICMP_BROADCAST, "drop_icmp_broadcast") /* echo to a group address */            \
	X(NET_PMTU_LOWERED, "pmtu_lowered")                                                        \
	X(NET_PMTU_EXPIRED, "pmtu_expired")                                                        \
	X(NET_PMTU_EVICTED, "pmtu_evicted")                                                        \
	X(NET_PMTU_BELOW_FLOOR, "pmtu_below_floor")                                                \
	/* UDP. */                                                                                 \
	X(NET_UDP_RX, "udp_rx")                                                                    \
	X(NET_UDP_TX, "udp_tx")                                                                    \
	X(NET_UDP_RX_ERRORS, "udp_rx_errors") /* ICMP errors handed to a socket */                 \
	X(NET_DROP_UDP_LENGTH, "drop_udp_length")                                                  \
	X(NET_DROP_UDP_CSUM, "drop_udp_csum")                                                      \
	X(NET_DROP_UDP_ZERO_CSUM, "drop_udp_zero_csum") /* IPv6 without a checksum */              \
	X(NET_DROP_UDP_NO_PORT, "drop_udp_no_port")

enum net_counter {
	NET_COUNTERS(COUNTER_ENUM) NET_COUNTER_NUM
};

#endif
