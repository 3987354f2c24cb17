/* SPDX-License-Identifier: MIT */
/*
 * Operations: what a domain may ask of the engine, and the record of the one
 * under way. The door (request/door.h) fills it, refusals copy it.
 */
#ifndef PW_ENGINE_OPERATION_H
#define PW_ENGINE_OPERATION_H

#include <stdbool.h>
#include <stdint.h>

#define NO_HYPERCALL 0xff

enum mmu_operation {
#define OPERATION(id, hypercall, operands, words, name) MMU_OP_##id,
#include "engine/report/operations.def"
#undef OPERATION
	MMU_OPERATIONS
};

struct operation_info {
	const char *name;  /* its hypercall's name first, if it has one */
	uint8_t hypercall; /* NO_HYPERCALL: it comes by no hypercall */
	uint8_t nr_operands;
	uint8_t nr_words; /* at MMU_EVENT_BEGIN, behind mmu_op.operand */
};

/* Words of the operands of some operations, at the door. */
enum {
	DIRECT_OPERAND_VA,
	DIRECT_OPERAND_VAL,
	DIRECT_OPERAND_WHERE,
	DIRECT_OPERAND_KIND,
	DIRECT_OPERAND_OLD, /* compared with; at the end: what was read */
	DIRECT_OPERANDS
};
enum {
	GRANT_OPERAND_ADDRESS,
	GRANT_OPERAND_OWNER, /* its tag */
	GRANT_OPERAND_FLAGS, /* GRANT_* */
	GRANT_OPERAND_FRAME,
	GRANT_OPERANDS,
	GRANT_OPERAND_NEW_ADDRESS = GRANT_OPERANDS, /* of a replacement */
};
#define GRANT_BY_PTE 1
#define GRANT_WRITABLE 2
enum {
	LOAN_OPERAND_FRAME,
	LOAN_OPERAND_WRITABLE,
	LOAN_OPERAND_ADDRESS,
	LOAN_OPERAND_FLAGS,
	LOAN_OPERAND_TO, /* tag of the domain that maps it */
	LOAN_OPERAND_VCPU,
	LOAN_OPERANDS
};
enum {
	START_OPERAND_KERNEL,
	START_OPERAND_USER,
	START_OPERAND_VCPU,
	START_OPERAND_ENTRIES,
	START_OPERAND_GDT, /* 14 frames */
};
extern const struct operation_info operation_info[MMU_OPERATIONS];

static inline bool operation_is_pin(enum mmu_operation op)
{
	return op >= MMU_OP_PIN_L1 && op <= MMU_OP_PIN_L4;
}

/* Do its operands come from a list of requests in the guest's memory? */
static inline bool operation_has_list(enum mmu_operation op)
{
	return op == MMU_OP_MMU_UPDATE ||
	       (op >= MMU_OP_MMUEXT && op <= MMU_OP_UNMARK_SUPER);
}

struct mmu_vcpu;

/* Words of a request's operands that a refusal keeps. */
#define OPERAND_WORDS 3

/*
 * A list of requests, of mmu_update or mmuext_op: arg[0] where it is, arg[1]
 * their number, with MMU_UPDATE_PREEMPTED when this is a continuation; arg[2]
 * where the number done is to be written, or 0; arg[3] the domain meant.
 */
struct request_list {
	const uint64_t *arg;  /* as they were in this issue of the hypercall */
	uint32_t count;       /* without the flag */
	uint32_t done;        /* in this issue */
	uint32_t done_before; /* in earlier ones */
};

struct mmu_op {
	struct mmu_vcpu *vcpu; /* who asked; NULL: the hypervisor itself */
	enum mmu_operation id;
	uint32_t index; /* in its list of requests */
	uint32_t call;  /* in its multicall, from 1; 0: in none */
	/* Of one that has a list (operation_has_list()), as soon as it begins.
	 */
	const struct request_list *list;
	/*
	 * The operands as they were copied in, while the operation is under
	 * way: ptr and val of an mmu_update; cmd, arg1 and arg2 of an
	 * mmuext_op; va, val and flags of an update_va_mapping; else the first
	 * arguments of the operation's function. NULL: none.
	 */
	const uint64_t *operand;
};

/*
 * The guest's address from which the operands of the operation under way came:
 * its entry of a list, or its arguments in a multicall. 0: from registers.
 */
uint64_t operation_source(const struct mmu_op *op);
/* How many its list holds, those done before included; 0: it has none. */
uint32_t operation_list_size(const struct mmu_op *op);

#endif
