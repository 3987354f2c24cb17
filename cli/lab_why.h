/* SPDX-License-Identifier: MIT */
/*
 * Why a run of the lab failed: what the simulated machine's record and its
 * memory say of holder, maker, caller and history. Facts first, for tests;
 * then text, for people.
 */
#ifndef PW_CLI_LAB_WHY_H
#define PW_CLI_LAB_WHY_H

#include "abi/text.h"
#include "cli/why/holders.h"
#include "cli/why/kernel.h"
#include "engine/report/uses.h"
#include "lab/lab.h"

enum lab_why_kind {
	LAB_WHY_NOTHING,
	LAB_WHY_REFUSED,  /* a request */
	LAB_WHY_WRITTEN,  /* the guest wrote to a table */
	LAB_WHY_STALE,    /* the tables allow what the TLB refused */
	LAB_WHY_FAULT,    /* any other page fault */
	LAB_WHY_MISTAKE,  /* it booted, and a page is not as it should be */
	LAB_WHY_NO_START, /* the domain could not be made */
};

/* Callers, the innermost first, as addresses of our own file. */
struct lab_stack {
	unsigned int nr;
	uint64_t address[SIM_CALLERS_DEPTH];
};

enum lab_made_by {
	LAB_MADE_BY_BUILDER, /* it was there when the guest began */
	LAB_MADE_BY_REQUEST,
	LAB_MADE_BY_STORE, /* before the table was one */
};

/* How an entry, or a pin, came to be as it is. */
struct lab_maker {
	enum lab_made_by by;
	struct mmu_op op; /* of the request */
	uint64_t serial;
	uint64_t typed; /* the store's table became one with this request */
	bool no_flush;  /* the request asked for none */
	struct lab_stack stack;
};

#define LAB_WHY_EVENTS 12
#define LAB_USES 8

/* One event of the frame's history. */
struct lab_past {
	const char *what;
	struct sim_event event;
	struct lab_stack stack;
};

struct lab_why {
	enum lab_why_kind kind;
	const struct refusal *refusal; /* LAB_WHY_REFUSED; else NULL */
	struct refusal refused;
	bool by_vcpu;      /* the guest asked, not the hypervisor for it */
	unsigned int vcpu; /* which; pointers of the record have gone */
	uint64_t mfn;      /* the frame that it is about, or INVALID_FRAME */
	uint64_t pfn;      /* likewise */
	uint64_t type_info;
	bool at_address; /* the next six: a fault, or a mistake */
	vaddr_t va;
	uint32_t code; /* of the fault */
	unsigned int level;
	uint64_t table; /* the entry that the walk ended at */
	unsigned int slot;
	uint64_t entry;
	uint64_t used_flags; /* STALE: what the TLB still had */
	const char *mistake;
	struct lab_stack asker;       /* at the hypercall, the access */
	struct lab_stack queuer;      /* of the batch's request, if another */
	struct lab_maker entry_maker; /* of the entry at va */
	struct holders holders;
	struct lab_maker maker[HOLDERS_KEPT]; /* of holders.list[] */
	struct lab_maker pin_maker;           /* if it is pinned */
	unsigned int nr_uses;                 /* in all */
	struct mmu_use use[LAB_USES];         /* the first ones */
	unsigned int nr_past;
	struct lab_past past[LAB_WHY_EVENTS]; /* the last ones */
	struct lab_notes notes;               /* the kernel's */
	char line[LAB_MESSAGE_SIZE];          /* NO_START, MISTAKE */
};

/* Our own functions' names; all-zero: there are none. */
struct lab_self {
	struct why_kernel kernel;
	void *file;
	size_t size;
};
void lab_self_init(struct lab_self *self);
void lab_self_fini(struct lab_self *self);
/* Leaves of a stack what is the guest's. */
void lab_stack_cut(const struct lab_self *self, struct lab_stack *s);
/* Is the function among those callers? */
bool lab_stack_has(const struct lab_self *self, const struct lab_stack *s,
		   const char *function);

/* Runs a case with a witness, and says why it failed. */
void lab_why_run(const struct lab_self *self, const struct lab_case *c,
		 const struct lab_options *o, struct lab_result *r,
		 struct lab_why *ret);

/* The rule of the refusal, or the kind of failure, as the report has it. */
const char *lab_why_title(const struct lab_why *w);
/* Does it find what the case knows? NULL, or what is otherwise. */
const char *lab_why_differs(const struct lab_self *self,
			    const struct lab_why *w,
			    const struct lab_blame *blame);

/* The whole report; nothing for a run that came out right. */
void lab_why_tell(struct text *t, const struct lab_self *self,
		  const struct lab_why *w);

#endif
