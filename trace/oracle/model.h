/* SPDX-License-Identifier: MIT */
/*
 * The contract, written a second time: slowly and plainly, without a look at
 * the engine. It knows how many name each frame, and model_recount() says the
 * same from all tables, pins, roots and slots alone. Nothing is ever partial,
 * nothing waits, nothing is flushed. An oracle beside the engine: see oracle.h
 * and tests/unit/test_engine_model.c.
 *
 * What it does not know: grants, foreign mappings, exchanges.
 */
#ifndef PW_TRACE_MODEL_H
#define PW_TRACE_MODEL_H

#include <stdbool.h>
#include <stdint.h>

#include "abi/xen.h"
#include "engine/table/frame.h"

#define MODEL_ENTRIES 512
#define MODEL_GDT_FRAMES 14
#define MODEL_LDT_FRAMES 16
#define MODEL_VCPUS 32
#define MODEL_DOMAINS 32
#define MODEL_HELD 64

/* Whose a frame is, beside the tags of domains. */
#define MODEL_HOLE 0
#define MODEL_OURS 0xfffe
#define MODEL_FREE 0xffff

struct model_frame {
	uint32_t plain; /* that name it, its owner's reservation included */
	uint32_t typed; /* of them, those that rely on its type */
	uint16_t owner;
	uint16_t upto; /* entries of a table that hold what they name */
	uint8_t type;  /* FRAME_NONE while nothing relies on it */
	bool pinned;
	bool reserved; /* counted in its owner's reservation */
	bool lent;     /* the hypervisor's own, its owner may map it */
};

struct model_vcpu {
	uint64_t kernel_root;
	uint64_t user_root; /* 0: none */
	uint64_t gdt[MODEL_GDT_FRAMES];
	uint64_t ldt[MODEL_LDT_FRAMES];
	uint64_t ldt_base;
	unsigned int ldt_entries;
};

struct model_domain {
	uint16_t tag;
	uint16_t domid;
	bool pae;          /* a 32-bit one */
	bool narrow;       /* its requests are of 4-byte words */
	bool extended_cr3; /* its roots may lie anywhere */
	uint64_t nr_pages;
	uint64_t max_pages;
	uint64_t nr_pfns;
	unsigned int nr_vcpus;
	struct model_vcpu vcpu[MODEL_VCPUS];
	unsigned int nr_held;
	uint64_t held[MODEL_HELD];
};

struct model {
	uint64_t nr_frames;
	uint64_t nr_free;
	struct model_frame *frame;
	/* Contents; known only of what is or was a table or descriptors. */
	uint64_t (*mem)[MODEL_ENTRIES];
	uint64_t xen_slot[XEN_L4_SLOTS];
	uint64_t xen_l2_slot[XEN_L2_SLOTS];
	uint64_t nx; /* the bit, if entries may have it */
	unsigned int nr_domains;
	struct model_domain *domain[MODEL_DOMAINS];
	/* Who asks: */
	struct model_domain *dom;
	struct model_vcpu *cpu;
	/* Told of every frame whose counts or type change, if not NULL. */
	void (*touched)(struct model *o, uint64_t frame);
};

/* False: memory is short. The frames are all holes. */
bool model_init(struct model *o, uint64_t nr_frames, const uint64_t *xen_slots,
		uint64_t nx);
void model_fini(struct model *o);
/* NULL: there are too many. It asks from now on, as vCPU 0. */
struct model_domain *model_add_domain(struct model *o, uint16_t tag,
				      uint16_t domid);
void model_assign(struct model *o, uint64_t first, uint64_t nr);
void model_share(struct model *o, uint64_t frame, bool writable);

/* How many name each frame, by a count of all there is. */
struct model_refs {
	uint32_t plain;
	uint32_t typed;
};
void model_recount(const struct model *o, struct model_refs *refs);

/* Each predicts the request's result and brings the model to its state. */
int model_pin(struct model *o, uint64_t frame, enum frame_type type);
int model_unpin(struct model *o, uint64_t frame);
int model_update(struct model *o, uint64_t frame, unsigned int index,
		 uint64_t val, bool preserve_ad);
int model_va_mapping(struct model *o, uint64_t va, uint64_t val);
int model_kernel_root(struct model *o, uint64_t frame);
int model_user_root(struct model *o, uint64_t frame);
int model_set_gdt(struct model *o, const uint64_t *frames,
		  unsigned int entries);
int model_set_ldt(struct model *o, uint64_t base, unsigned int entries);
int model_ldt_fault(struct model *o, unsigned int index);
int model_update_descriptor(struct model *o, uint64_t where, uint64_t desc);
/* A page of the guest's is written for it. */
int model_write_page(struct model *o, uint64_t frame, const uint64_t *data);
int model_clear_page(struct model *o, uint64_t frame);
int model_copy_page(struct model *o, uint64_t to, uint64_t from);
/* Kept writable for the hypervisor until its domain dies. */
int model_hold(struct model *o, uint64_t frame);
int model_start_vcpu(struct model *o, struct model_vcpu *v, uint64_t kernel,
		     uint64_t user, const uint64_t *gdt, unsigned int entries);
/*
 * A store of the guest's own into a table's entry. read: what it read, and
 * what compares equal to `expected` (exchange) is replaced.
 */
int model_direct(struct model *o, uint64_t where, bool exchange,
		 uint64_t expected, uint64_t val, uint64_t *ret_read);
/* Memory: leaves the reservation; comes into it. */
int model_decrease(struct model *o, uint64_t frame);
void model_populate(struct model *o, uint64_t first, uint64_t nr);
int model_unshare(struct model *o, uint64_t first, uint64_t nr);
void model_death(struct model *o);

/* --- between model.c and model_ops.c -------------------------------------- */

bool model_owned(const struct model *o, uint64_t f);
bool model_is_table(const struct model *o, uint64_t f);
/* Is that entry of a table of the type the hypervisor's own? */
bool model_xen_slot(unsigned int type, unsigned int i);
/* The frame is named as one of that type, with all that follows from it. */
int model_want(struct model *o, uint64_t f, enum frame_type type);
void model_drop(struct model *o, uint64_t f, bool typed);
int model_entry(struct model *o, uint64_t table, unsigned int index,
		uint64_t val, bool preserve_ad);
/* Might an L1 have that entry? Changes nothing. */
int model_judge(struct model *o, uint64_t table, uint64_t val);
/* A descriptor as the domain may have it; false: it may not. */
bool model_descriptor(const struct model *o, uint64_t *desc);

#endif
