/* SPDX-License-Identifier: MIT */
/*
 * What lists of requests are made of, as domains of both widths copy them in:
 * an update is the same in both, of 64 bits; the words of an extended operation
 * are the domain's.
 */
#ifndef PW_TRACE_REQUEST_H
#define PW_TRACE_REQUEST_H

#include "abi/xen.h"
#include "engine/report/operation.h"
#include "trace/file/reader.h"

/* Command, and two words. */
#define TRACE_MMUEXT_NARROW 12

/* Bytes of one, or 0: that operation has no list. */
static inline size_t trace_request_size(unsigned int op, bool narrow)
{
	switch (op) {
	case MMU_OP_MMU_UPDATE:
		return sizeof(struct mmu_update);
	case MMU_OP_MMUEXT:
		return narrow ? TRACE_MMUEXT_NARROW : sizeof(struct mmuext_op);
	default:
		return 0;
	}
}

/* The extended operation that was copied in by one of that size. */
static inline struct mmuext_op trace_mmuext(const struct trace_record *r)
{
	struct mmuext_op op;

	if (r->detail == TRACE_MMUEXT_NARROW) {
		__builtin_memset(&op, 0, sizeof(op));
		op.cmd = (unsigned int)trace_word_in(r, 0);
		op.arg1.mfn = trace_word_in(r, 1);
		op.arg2.src_mfn = trace_word_in(r, 2);
	} else {
		__builtin_memcpy(&op, r->word, sizeof(op));
	}
	return op;
}

#endif
