/* SPDX-License-Identifier: MIT */
/*
 * Why an operation was refused. Every reason is a line of rules.def; every
 * refusal is made by refuse(), which returns the rule's errno and fills the
 * domain's refusal record. On the way out those who were working on a table
 * add where in it they were; the door tells the record when it is whole.
 * Nothing of this costs while operations succeed.
 */
#ifndef PW_ENGINE_REFUSAL_H
#define PW_ENGINE_REFUSAL_H

#include <stddef.h>

#include "abi/pte.h"
#include "engine/report/operation.h"
#include "engine/table/frame.h"

enum rule {
	RULE_NONE,
#define RULE(id, errno_, invariant, sentence) RULE_##id,
#include "engine/report/rules.def"
#undef RULE
	RULES
};

struct rule_info {
	const char *name;      /* identifier */
	const char *sentence;  /* one sentence */
	const char *invariant; /* "I1".."I10", or "ABI" */
	int err;               /* positive XEN_E* */
};
extern const struct rule_info rule_info[RULES];

/* An entry of a table. */
struct entry_place {
	mfn_t table;
	uint16_t slot;
	uint8_t level; /* 1..4 */
};

struct refusal {
	struct mmu_op op; /* .operand is not kept: see operand[] */
	uint64_t operand[OPERAND_WORDS];
	uint8_t nr_operands;
	uint64_t request; /* serial number of the operation */
	uint64_t source;  /* operation_source() */
	uint32_t of;      /* operation_list_size() */
	enum rule rule;
	uint8_t level;  /* of the entry refused, or 0 */
	bool has_types; /* seen and expected are meant */
	mfn_t frame;    /* the frame it is about, or ~0 */
	pfn_t pfn;      /* its M2P entry */
	uint64_t seen;  /* type_info, classic encoding */
	uint64_t expected;
	pte_t entry;   /* the entry refused, as it was to be */
	uint64_t bits; /* of it, those that are not allowed */
	bool has_old;  /* the entry was to replace another: */
	pte_t old;
	/*
	 * Where the entry stands: path[0]; when the validation of a table
	 * failed deep down, the entries that led there follow, up to the table
	 * that was asked for.
	 */
	struct entry_place path[4];
	uint8_t nr_path;
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
	uint64_t bits; /* of the entry, the offending ones */
};

/* Returns -errno of the rule, always nonzero. */
int refuse(struct mmu_domain *d, enum rule rule, struct refusal_facts facts);
/* Short forms. */
int refuse_op(struct mmu_domain *d, enum rule rule);
int refuse_frame(struct mmu_domain *d, enum rule rule, mfn_t frame);

/*
 * The way out of a refusal (rc): the entry at `place` was to become `entry`.
 * Does nothing if there was none, but only a pause (-XEN_ERESTART).
 */
void refusal_at(struct mmu_domain *d, int rc, struct entry_place place,
		pte_t entry);
/* What the entry refused was to replace. */
void refusal_replaces(struct mmu_domain *d, int rc, pte_t old);

/* Tells the last refusal, unless that is done. The door does. */
void refusal_tell(struct mmu_domain *d);

/* The machine address of the entry refused, or ~0. */
static inline maddr_t refusal_where(const struct refusal *r)
{
	return r->nr_path == 0 ? maddr(INVALID_FRAME)
			       : maddr((r->path[0].table.v << PAGE_SHIFT) +
				       r->path[0].slot * sizeof(pte_t));
}

/*
 * One line of text, Xen's wording first: for a type clash
 * "Bad type (saw 7400000000000001 != exp 1000000000000000) for mfn b1d89
 * (pfn bacf7)", then our facts. Always ends in NUL; returns the length. A text
 * that has no room ends in "..."; REFUSAL_TEXT_SIZE is room for every one.
 */
#define REFUSAL_TEXT_SIZE 640
size_t refusal_format(const struct refusal *r, char *buf, size_t size);

#endif
