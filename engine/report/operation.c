/* SPDX-License-Identifier: MIT */
/* The names of the operations: one table, made from operations.def. */
#include "engine/report/operation.h"

#include "abi/xen.h"

const struct operation_info operation_info[MMU_OPERATIONS] = {
#define OPERATION(id, hypercall_, operands_, words_, name_) \
	[MMU_OP_##id] = {.name = (name_),                   \
			 .hypercall = (hypercall_),         \
			 .nr_operands = (operands_),        \
			 .nr_words = (words_)},
#include "engine/report/operations.def"
#undef OPERATION
};
