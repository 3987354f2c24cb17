/* SPDX-License-Identifier: MIT */
/*
 * The trace format: all that went into the engine, from the machine's first
 * frame to its end, so that the same engine, given the same again, does the
 * same again. docs/trace.md tells it with examples.
 *
 * A file is a struct trace_file_header, then blocks, each a struct
 * trace_block_header and one zstd frame, and at last a block with nothing in
 * it: without that one the file has been cut off. What the blocks unpack to,
 * one after the other, is the stream: 64-bit little-endian words. A record is
 * a head and so many words as the head says:
 *
 *   bits  0 to  7   kind, enum trace_kind
 *         8 to 15   vCPU, or TRACE_NO_VCPU: the hypervisor itself
 *        16 to 31   owner tag of the domain, or 0: none
 *        32 to 47   words that follow
 *        48 to 63   detail, by the kind
 *
 * The stream begins with TRACE_NAMES of both kinds and TRACE_MACHINE. What
 * happens within an operation stands between its TRACE_BEGIN and its
 * TRACE_END; operations do not nest, and those of several vCPUs and domains
 * stand in the order in which they held the machine.
 *
 * Operations and rules are numbered by the names in the stream, so that a new
 * one makes no new version. What a version has that its predecessor had not:
 *
 *   3   domains of 32 bits: TRACE_DOMAIN with a word, TRACE_MACHINE_32 and
 *       TRACE_EXTENDED_CR3. A stream of version 2 has none of them, and all of
 *       its domains are of 64 bits.
 *
 * A reader takes these two, and no other.
 */
#ifndef PAGEWARDEN_TRACE_H
#define PAGEWARDEN_TRACE_H

#include <stdint.h>

#define TRACE_MAGIC "PWTRACE"
#define TRACE_VERSION 3
#define TRACE_VERSION_OLDEST 2 /* that is still read */

struct trace_file_header {
	char magic[8]; /* TRACE_MAGIC and its NUL */
	uint32_t version;
	uint32_t crc; /* zlib's crc32 of what stands before */
};

/* Unpacked bytes of a block, at most; a multiple of 8. */
#define TRACE_BLOCK_MAX (UINT32_C(1) << 20)
/* No block of so few words packs to more than this. */
#define TRACE_PACKED_MAX (TRACE_BLOCK_MAX + (TRACE_BLOCK_MAX >> 7))

struct trace_block_header {
	uint32_t packed; /* bytes that follow; 0 in the last block alone */
	uint32_t size;   /* and what they unpack to */
	uint32_t crc;    /* of the packed bytes */
	uint32_t check;  /* of this header's first three members */
};

enum trace_kind {
	/* Names with a NUL after each, then zeros to the word's end.
	 * detail: enum trace_names. */
	TRACE_NAMES = 1,
	/* nr_frames, machine address of the M2P or ~0 if it lies elsewhere, NX
	 * bit of entries, frame of zeros, 16 L4 entries of the hypervisor's. */
	TRACE_MACHINE,
	TRACE_OWN,  /* first, number: frames of the hypervisor's own */
	TRACE_POOL, /* first, number: frames that join the free pool */
	/* Nothing, or the domain's width: bits of enum trace_width. detail:
	 * domid. */
	TRACE_DOMAIN,
	TRACE_VCPU,
	TRACE_ASSIGN, /* first, pfn, number: a domain's from its start */
	TRACE_LEND,   /* frame: lent for ever; detail: 1 writable */
	/* time in TSC ticks, the guest's rip, number of the operation in its
	 * domain, place in its multicall from 1 or 0, then its operands.
	 * detail: operation. */
	TRACE_BEGIN,
	/* Bytes copied from the guest or to it, then zeros to the word's end.
	 * detail: their number, and TRACE_FAULT if there was a page fault. */
	TRACE_COPIED_IN,
	TRACE_COPIED_OUT,
	/* Whether to stop was asked for the n-th time in this operation, and
	 * the answer was yes: n. */
	TRACE_PREEMPTED,
	/* A frame is about to be judged, with what the guest filled it:
	 * frame, 8 words of 512 bits, then those of its 512 words whose bit is
	 * set; the others are 0. detail: enum frame_type. */
	TRACE_TABLE,
	/* The last refusal of the operation: frame or ~0, index in the list of
	 * requests. detail: rule. */
	TRACE_REFUSED,
	/* The result, and the time; for direct writes then the entry as it was
	 * read. */
	TRACE_END,
	/* A domain's end, in words, as TRACE_NAMES has them. detail: reason,
	 * SHUTDOWN_* of Xen or 0xff for a crash. */
	TRACE_STOPPED,
	/* Ticks of the TSC in a millisecond. */
	TRACE_CLOCK,
	/* Frames that the domain may have, where those of its start are not
	 * all. */
	TRACE_LIMIT,
	/* Outside of operations: the vCPU's TLB has got what the tables say of
	 * an address: the address. Recorded where the TLB is known. */
	TRACE_CACHED,
	/* The vCPU met a page fault that nobody handled: address, error code,
	 * time. detail: TRACE_STALE. */
	TRACE_PAGE_FAULT,
	/* Before the first domain of 32 bits, once: machine address of the M2P
	 * of 4-byte entries or 0 if there is none, the hypervisor's entries of
	 * a last L2. */
	TRACE_MACHINE_32,
	/* May the roots of a domain of 32 bits lie beyond 4 GiB from now on?
	 * detail: 1 yes. */
	TRACE_EXTENDED_CR3,
	TRACE_KINDS
};

enum trace_width {
	TRACE_PAE = 1,    /* three levels of tables; the fourth is not its */
	TRACE_NARROW = 2, /* its requests are of 4-byte words */
};

enum trace_names {
	TRACE_NAMES_OPERATIONS,
	TRACE_NAMES_RULES,
	TRACE_NAME_LISTS
};

#define TRACE_NO_VCPU 0xff
/* The tables allow what the TLB denied. */
#define TRACE_STALE 1
#define TRACE_FAULT 0x8000
#define TRACE_BYTES_MAX 4096 /* of a TRACE_COPIED_* */

#define TRACE_ELSEWHERE UINT64_MAX /* an M2P not in the machine's frames */
#define TRACE_MACHINE_WORDS 20
#define TRACE_MACHINE_32_WORDS 85
#define TRACE_BEGIN_WORDS 4 /* before the operands */
#define TRACE_OPERANDS_MAX 18
#define TRACE_BITMAP_WORDS 8
#define TRACE_TABLE_WORDS 512

static inline uint64_t trace_head(enum trace_kind kind, unsigned int vcpu,
				  unsigned int domain, unsigned int words,
				  unsigned int detail)
{
	return (uint64_t)kind | (uint64_t)(vcpu & 0xff) << 8 |
	       (uint64_t)(domain & 0xffff) << 16 |
	       (uint64_t)(words & 0xffff) << 32 |
	       (uint64_t)(detail & 0xffff) << 48;
}

/*
 * How a machine and who records it share the stream: a ring of words in the
 * machine's memory, behind this page. head and tail count words and wrap only
 * in the ring; the writer waits while head - tail is the ring's size.
 */
#define TRACE_RING_MAGIC UINT64_C(0x676e697265636172)
struct trace_ring {
	uint64_t magic;
	uint64_t words; /* a power of 2 */
	uint64_t head;  /* the machine's */
	uint64_t unused[5];
	uint64_t tail; /* the reader's, in a cache line of its own */
	uint64_t unused2[503];
};

#endif
