/* SPDX-License-Identifier: MIT */
/*
 * Why an operation was refused. Every reason is a line of rules.def; every
 * refusal is made by refuse(), which returns the rule's errno and fills the
 * domain's refusal record. Nothing of this costs while operations succeed.
 */
#ifndef PW_ENGINE_REFUSAL_H
#define PW_ENGINE_REFUSAL_H

#include <stddef.h>

#include "abi/pte.h"
#include "engine/table/frame.h"

enum rule {
	RULE_NONE,
#define RULE(id, errno_, invariant, sentence) RULE_##id,
#include "engine/report/rules.def"
#undef RULE
	RULES
};

struct rule_info {
	const char *name;      /* identifier, lower case not needed */
	const char *sentence;  /* one sentence */
	const char *invariant; /* "I1".."I10", or "ABI" */
	int err;               /* positive XEN_E* */
};
extern const struct rule_info rule_info[RULES];

/* The operation under way: set by the decoders, copied into refusals. */
struct mmu_op {
	const char *name; /* "mmu_update", "mmuext_op pin_l4", ... */
	uint32_t index;   /* in its batch */
	uint64_t operand; /* mmuext_op's arg1: the frame to pin, ... */
};

struct refusal {
	struct mmu_op op;
	enum rule rule;
	uint8_t level;  /* of the entry refused, or 0 */
	bool has_types; /* seen and expected are meant */
	mfn_t frame;    /* the frame it is about, or ~0 */
	pfn_t pfn;      /* its M2P entry */
	uint64_t seen;  /* type_info, classic encoding */
	uint64_t expected;
	pte_t entry;     /* the entry refused */
	maddr_t where;   /* its machine address, or ~0 */
	uint64_t rip;    /* filled by the event sink, which knows it */
	uint64_t serial; /* refusals of this domain so far */
};

struct mmu_domain;

/* What a refusal is about; unnamed members default to "nothing". */
struct refusal_facts {
	const mfn_t *frame;
	enum frame_type expected; /* FRAME_NONE: no type was asked for */
	unsigned int level;
	pte_t entry;
	const maddr_t *where;
};

/* Returns -errno of the rule, always nonzero. */
int refuse(struct mmu_domain *d, enum rule rule, struct refusal_facts facts);
/* Short forms. */
int refuse_op(struct mmu_domain *d, enum rule rule);
int refuse_frame(struct mmu_domain *d, enum rule rule, mfn_t frame);

/*
 * One line of text, Xen's wording first: for a type clash
 * "Bad type (saw 7400000000000001 != exp 1000000000000000) for mfn b1d89
 * (pfn bacf7)", then our facts. Always ends in NUL; returns the length.
 */
size_t refusal_format(const struct refusal *r, char *buf, size_t size);

#endif
