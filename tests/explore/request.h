/* SPDX-License-Identifier: MIT */
/*
 * Everything that can happen to the explored machine in one step: each request
 * of the door with each operand of the scope, and what a guest does by itself.
 */
#ifndef PW_TESTS_EXPLORE_REQUEST_H
#define PW_TESTS_EXPLORE_REQUEST_H

#include "tests/explore/scope.h"
#include "tests/explore/world.h"

/* A frame as an operand: by name, or one of those without. */
enum operand {
	OPERAND_XEN = 0x80,
	OPERAND_DEVICE,
	OPERAND_BEYOND,  /* the first after the last */
	OPERAND_INVALID, /* the number that means none */
	OPERAND_NONE,    /* 0 */
};

enum request_kind {
	REQUEST_UPDATE,
	REQUEST_UPDATE_AD,  /* preserving A and D */
	REQUEST_UPDATES,    /* as one list, the same so often */
	REQUEST_STORE,      /* by the guest itself, through what is cached */
	REQUEST_VA_MAPPING, /* .level: of enum flush */
	REQUEST_DIRECT,
	REQUEST_CMPXCHG,
	REQUEST_DIRECT_FIND, /* what the hypervisor looks for first */
	REQUEST_PIN,         /* .level */
	REQUEST_UNPIN,
	REQUEST_BASEPTR,
	REQUEST_USER_BASEPTR,
	REQUEST_LOAD_CR3,
	REQUEST_SET_GDT, /* .other: a second page, or none */
	REQUEST_SET_LDT, /* .level: 1 on, 0 off */
	REQUEST_LDT_FAULT,
	REQUEST_DESCRIPTOR,
	REQUEST_CLEAR_PAGE,
	REQUEST_COPY_PAGE, /* to .frame from .other */
	REQUEST_DECREASE,
	REQUEST_INCREASE,
	REQUEST_POPULATE,
	REQUEST_EXCHANGE,
	REQUEST_GRANT_MAP, /* .other at .frame, .slot; .level: writable */
	REQUEST_GRANT_UNMAP,
	REQUEST_GRANT_REPLACE, /* with the entry of the first slots */
	REQUEST_OTHERS, /* another domain's frame by right; .level: by address
			 */
	REQUEST_BORROW, /* for a copy of the hypervisor's; .level: to there */
	REQUEST_TAKE,   /* from the pool, by the hypervisor, and back */
	REQUEST_HOLD,
	REQUEST_HYPERCALL_PAGE,
	REQUEST_FLUSH_ALL,
	REQUEST_FLUSH_LOCAL,
	REQUEST_BATCH,       /* unpin .frame, then pin .other as .level */
	REQUEST_MULTICALL,   /* the same by two calls */
	REQUEST_FLUSH_MULTI, /* .level: the set of vCPUs */
	REQUEST_INVLPG_ALL,  /* .level: where no address is */
	REQUEST_INVLPG_MULTI,
	REQUEST_START_VCPU, /* roots .frame and .to, GDT .other */
	REQUEST_SHARE,      /* lent by the hypervisor, .level: writable */
	REQUEST_UNSHARE,
	REQUEST_CPU_AD, /* the CPU sets A and D */
	REQUEST_ODD,    /* .level: a row of request_odd.c; refused */
	REQUEST_DEATH,  /* of the second domain */
	REQUEST_KINDS
};

/* How update_va_mapping is to flush. */
enum flush { FLUSHES_NOTHING, FLUSHES_EVERYTHING, FLUSHES_PAGE };

/* One more than the engine reads at once. */
#define UPDATES_IN_A_LIST 17

/* So many pages has each domain cleared when a request is made. */
#define PAGES_CLEARED 15

struct request {
	uint8_t kind;
	uint8_t vcpu;
	uint8_t frame;
	uint8_t other;
	uint8_t slot; /* which of the scope's */
	uint8_t level;
	uint8_t to;      /* the entry's frame, an operand */
	uint64_t flags;  /* and its flags */
	bool always_bad; /* no table can take this entry */
	bool must_fail;  /* it is refused in every state */
};

enum outcome { OUTCOME_DONE, OUTCOME_REFUSED, OUTCOME_AGAIN };

/* All requests of a scope; *ret_list is the caller's to free. */
unsigned int request_all(const struct world *w, struct request **ret_list);

/* More than one: what stands before the refused one was done. */
static inline bool request_is_list(const struct request *r)
{
	return r->kind == REQUEST_BATCH || r->kind == REQUEST_UPDATES ||
	       r->kind == REQUEST_MULTICALL ||
	       (r->kind == REQUEST_EXCHANGE && r->other != OPERAND_NONE);
}

/* Can it be made now? A dead domain asks for nothing. */
bool request_is_open(const struct world *w, const struct request *r);
/*
 * Makes it once: -XEN_ERESTART is an outcome. The answers of port_preempt() are
 * those in the world; what the CPUs cache afterwards is cached.
 */
enum outcome request_make(struct world *w, const struct request *r,
			  int64_t *ret_rc);

/* The same again after OUTCOME_AGAIN: of a list, what is left of it. */
enum outcome request_go_on(struct world *w, const struct request *r,
			   int64_t *ret_rc);

/* The call itself, and what it returns. */
int64_t request_call(struct world *w, struct mmu_vcpu *v,
		     const struct request *r);

/* A malformed request: it must be refused, whatever the state. */
int64_t request_odd(struct world *w, struct mmu_vcpu *v,
		    const struct request *r);
unsigned int request_odd_nr(void);
const char *request_odd_name(unsigned int row);

/* The number of a frame that an operand names. */
uint64_t request_frame(const struct world *w, uint8_t operand);
/* An address whose walk goes by the first slots, and by this in the L1. */
uint64_t request_address(const struct world *w, unsigned int slot);
/* The entry that the request asks for. */
pte_t request_entry(const struct world *w, const struct request *r);
/* A live table, whose entries are judged one by one. */
bool request_is_live_table(const struct world *w, uint8_t name);

/* One line that says what it is, frames by the names that `at` gives. */
void request_print(const struct world *w, const struct request *r,
		   const uint8_t *at, char *text, size_t size);
/* The same as a statement of a unit test (tests/unit/support/machine.h). */
void request_print_c(const struct world *w, const struct request *r,
		     const uint8_t *at, char *text, size_t size);

#endif
