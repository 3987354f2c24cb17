/* SPDX-License-Identifier: MIT */
/*
 * The contract, written a second time: slowly and plainly. No counts are kept;
 * whoever wants one has it recounted from all tables, pins, roots and slots.
 * Nothing is ever partial. Used as an oracle beside the engine.
 */
#ifndef PW_TESTS_MODEL_H
#define PW_TESTS_MODEL_H

#include "tests/unit/support/machine.h"

struct model {
	uint64_t mem[MACHINE_FRAMES][PT_ENTRIES];
	/* Type in force, FRAME_NONE when nothing refers to the frame by type.
	 */
	uint8_t type[MACHINE_FRAMES];
	/* Entries of a table that have been checked: 512 when it is done. */
	uint16_t upto[MACHINE_FRAMES];
	bool pinned[MACHINE_FRAMES];
	uint64_t kernel_root;
	uint64_t user_root; /* 0: none */
	uint64_t gdt;       /* 0: none */
	uint64_t xen_slot;
};

/* Recounted references of a frame. */
struct model_refs {
	unsigned int plain;
	unsigned int typed;
};

void model_init(struct model *o, const struct machine *m);
void model_count(const struct model *o, struct model_refs refs[MACHINE_FRAMES]);

/* Each predicts the hypercall's result and brings the model to its state. */
int model_pin(struct model *o, uint64_t frame, enum frame_type type);
int model_unpin(struct model *o, uint64_t frame);
int model_update(struct model *o, uint64_t frame, unsigned int index,
		 uint64_t val);
int model_va_mapping(struct model *o, uint64_t va, uint64_t val);
int model_kernel_root(struct model *o, uint64_t frame);
int model_user_root(struct model *o, uint64_t frame);
int model_set_gdt(struct model *o, uint64_t frame, unsigned int entries);
int model_clear_page(struct model *o, uint64_t frame);

#endif
