/* SPDX-License-Identifier: MIT */
/*
 * The names of the operations, made from operations.def; and where an
 * operation was written down before it was asked for. Kernels put requests
 * into a queue and send them later, so whoever wrote there is the one to name.
 */
#include "engine/report/operation.h"

#include "abi/xen.h"
#include "engine/mmu.h"

const struct operation_info operation_info[MMU_OPERATIONS] = {
#define OPERATION(id, hypercall_, operands_, words_, name_) \
	[MMU_OP_##id] = {.name = (name_),                   \
			 .hypercall = (hypercall_),         \
			 .nr_operands = (operands_),        \
			 .nr_words = (words_)},
#include "engine/report/operations.def"
#undef OPERATION
};

uint64_t operation_source(const struct mmu_op *op)
{
	const size_t size = op->id == MMU_OP_MMU_UPDATE
				    ? sizeof(struct mmu_update)
				    : sizeof(struct mmuext_op);

	if (operation_has_list(op->id)) {
		return op->list == NULL
			       ? 0
			       : op->list->arg[0] +
					 (op->index - op->list->done_before) *
						 size;
	}
	if (op->call == 0 || op->vcpu == NULL) {
		return 0;
	}
	return op->vcpu->multicall.list +
	       (op->call - 1) * sizeof(struct multicall_entry) +
	       offsetof(struct multicall_entry, args);
}

uint32_t operation_list_size(const struct mmu_op *op)
{
	return !operation_has_list(op->id) || op->list == NULL
		       ? 0
		       : op->list->done_before + op->list->count;
}
