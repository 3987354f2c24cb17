/* SPDX-License-Identifier: MIT */
/*
 * The operations: those by which a page, a table or a root changes hands. All
 * are about the same few frames, so that any two of them meet:
 *
 *   page 6, frame 14   mapped writable at first; what it holds makes an L1
 *   the second space   tables in frames 10 to 13, on the same data; unpinned
 *
 * A vCPU of another domain has ten frames, and its last page in their place.
 */
#include "tests/interleave/op.h"

#include <string.h>

#include "tests/interleave/world.h"

#define SPACE_FRAME 10
#define PAGE_FRAME 14
#define PAGE 6
#define OTHER_FIRST 160 /* its frames, and its last page */
#define OTHER_PAGE_FRAME 9
#define OTHER_PAGE 5

/* A place for the requests of each. */
#define BUFFER(cpu) (GUEST_BUFFER + (cpu) * (GUEST_BUFFER_SIZE / WORLD_CPUS))
#define LIST 512

bool op_succeeded[OPS] = {
	[OP_STORE] = true,
	[OP_LOAD] = true,
	[OP_SCRIBBLE] = true,
};

static bool is_other(unsigned int cpu)
{
	return world.options.two_domains && cpu != 0;
}

static mfn_t frame_for(unsigned int cpu, unsigned int n)
{
	return is_other(cpu) ? mfn(OTHER_FIRST + n) : dom_frame(n);
}

static mfn_t page_frame(unsigned int cpu)
{
	return frame_for(cpu, is_other(cpu) ? OTHER_PAGE_FRAME : PAGE_FRAME);
}

static unsigned int page(unsigned int cpu)
{
	return is_other(cpu) ? OTHER_PAGE : PAGE;
}

static uint64_t page_va(unsigned int cpu)
{
	return (uint64_t)page(cpu) << PAGE_SHIFT;
}

static uint8_t *buffer(unsigned int cpu)
{
	return world.m->guest + (BUFFER(cpu) - GUEST_BUFFER);
}

/* As the guest's instruction does it, until it is done. */
static int64_t call(unsigned int cpu, hypercall_fn *fn, const uint64_t a[4])
{
	uint64_t arg[6] = {a[0], a[1], a[2], a[3]};
	struct world_cpu *c = &world.cpu[cpu];
	int64_t rc;

	do {
		world_guest_step(op_name(c->program.op[c->op]));
		if (world.options.machine_lock) {
			metal_lock();
		} else if (world.options.alone) {
			metal_alone();
		}
		c->inside = true;
		rc = fn(world_vcpu(cpu), arg);
		c->inside = false;
		if (world.options.machine_lock) {
			metal_unlock();
		} else if (world.options.alone) {
			metal_alone_end();
		}
	} while (rc == -XEN_ERESTART);
	/* That of the reservation is the number of extents done. */
	op_succeeded[c->program.op[c->op]] |=
		fn == hc_memory_op && arg[0] != XENMEM_exchange ? rc == 1
								: rc == 0;
	return rc;
}

static void ext(unsigned int cpu, unsigned int cmd, uint64_t arg1,
		uint64_t arg2)
{
	struct mmuext_op op = {.cmd = cmd};

	op.arg1.linear_addr = arg1;
	memcpy(&op.arg2, &arg2, sizeof(arg2));
	memcpy(buffer(cpu), &op, sizeof(op));
	(void)call(cpu, hc_mmuext_op,
		   (uint64_t[]){BUFFER(cpu), 1, 0, DOMID_SELF});
}

static void update(unsigned int cpu, const struct mmu_update *u, uint64_t nr)
{
	memcpy(buffer(cpu), u, nr * sizeof(*u));
	(void)call(cpu, hc_mmu_update,
		   (uint64_t[]){BUFFER(cpu), nr, 0, DOMID_SELF});
}

static struct mmu_update to_page(unsigned int cpu, uint64_t flags)
{
	return (struct mmu_update){
		.ptr = entry_at(frame_for(cpu, L1_FRAME), page(cpu)),
		.val = flags == 0 ? 0 : pte_make(page_frame(cpu), flags).v,
	};
}

static struct mmu_update link(unsigned int cpu, uint64_t flags)
{
	return (struct mmu_update){
		.ptr = entry_at(frame_for(cpu, L2_FRAME), 1),
		.val = flags == 0 ? 0 : pte_make(page_frame(cpu), flags).v,
	};
}

static void reservation(unsigned int cpu, uint64_t op)
{
	struct xen_memory_reservation r = {.nr_extents = 1,
					   .domid = DOMID_SELF};
	uint64_t frame = page_frame(cpu).v;

	set_xen_guest_handle(r.extent_start,
			     (void *)(uintptr_t)(BUFFER(cpu) + LIST));
	memcpy(buffer(cpu), &r, sizeof(r));
	memcpy(buffer(cpu) + LIST, &frame, sizeof(frame));
	(void)call(cpu, hc_memory_op, (uint64_t[]){op, BUFFER(cpu), 0, 0});
}

static void exchange(unsigned int cpu)
{
	struct xen_memory_exchange e = {
		.in = {.nr_extents = 1, .domid = DOMID_SELF},
		.out = {.nr_extents = 1, .domid = DOMID_SELF},
	};
	uint64_t frame = page_frame(cpu).v;
	uint64_t at = PAGE;

	set_xen_guest_handle(e.in.extent_start,
			     (void *)(uintptr_t)(BUFFER(cpu) + LIST));
	set_xen_guest_handle(e.out.extent_start,
			     (void *)(uintptr_t)(BUFFER(cpu) + LIST + 8));
	memcpy(buffer(cpu), &e, sizeof(e));
	memcpy(buffer(cpu) + LIST, &frame, sizeof(frame));
	memcpy(buffer(cpu) + LIST + 8, &at, sizeof(at));
	(void)call(cpu, hc_memory_op,
		   (uint64_t[]){XENMEM_exchange, BUFFER(cpu), 0, 0});
}

/* The guest writes an entry through its view of the L1: two entrances. */
static int64_t direct(struct mmu_vcpu *v, uint64_t arg[6])
{
	vaddr_t va = vaddr((RO_ENTRY + L1_FRAME) * PAGE_SIZE + 7 * 8);
	struct direct_write w;
	uint64_t old;
	int rc = mmu_direct_find(v, va, &w);

	if (rc == 0) {
		rc = mmu_direct_write(v, &w, DIRECT_WRITE, &old, arg[0]);
	}
	return rc;
}

static int64_t ldt_fault(struct mmu_vcpu *v, uint64_t arg[6])
{
	return mmu_ldt_fault(v, (unsigned int)arg[0]);
}

/* To wherever the CPU may still think that the page is. */
static void store(unsigned int cpu)
{
	const struct cached_list *l = &world.m->cpu[world_place(cpu)].cache;

	world_guest_step("store");
	for (unsigned int i = 0; i < l->nr; i++) {
		const struct cached *c = &l->at[i];

		if (c->level != 1 || !c->writable || c->va != page_va(cpu)) {
			continue;
		}
		if (frame_is_table(world.m->frames[c->frame].type) &&
		    frame_type_refs(&world.m->frames[c->frame]) > 0) {
			world_fails("a store lands in table %#lx", c->frame);
		}
		frame_ptes(&world.m->mmu, mfn(c->frame))[0] =
			pte_make(frame_for(cpu, L4_FRAME), RW_FLAGS);
	}
}

/* The other's requests become others: about the L1 instead of the page. */
static void scribble(unsigned int cpu)
{
	uint8_t *at[] = {buffer(1 - cpu) + 8, buffer(1 - cpu) + LIST};
	uint64_t both = page_frame(0).v ^ frame_for(0, L1_FRAME).v;

	world_guest_step("scribble");
	for (unsigned int i = 0; i < 2; i++) {
		uint64_t word;

		memcpy(&word, at[i], sizeof(word));
		word ^= word < MACHINE_FRAMES ? both : both << PAGE_SHIFT;
		memcpy(at[i], &word, sizeof(word));
	}
}

static void flush_set(unsigned int cpu)
{
	uint64_t all = 3;

	memcpy(buffer(cpu) + LIST, &all, sizeof(all));
	ext(cpu, MMUEXT_TLB_FLUSH_MULTI, 0, BUFFER(cpu) + LIST);
}

static void ldt(unsigned int cpu)
{
	ext(cpu, MMUEXT_SET_LDT, page_va(cpu), 16);
	(void)call(cpu, ldt_fault, (uint64_t[]){0, 0, 0, 0});
}

static void va_mapping(unsigned int cpu, uint64_t flags, uint64_t flush)
{
	(void)call(cpu, hc_update_va_mapping,
		   (uint64_t[]){page_va(cpu), to_page(cpu, flags).val, flush,
				0});
}

static void run_update(unsigned int cpu, enum op op)
{
	struct mmu_update both[] = {to_page(cpu, 0), link(cpu, TABLE_FLAGS)};
	struct mmu_update one = {0};

	switch (op) {
	case OP_MAP_RW:
		one = to_page(cpu, RW_FLAGS);
		break;
	case OP_CLEAR:
		one = to_page(cpu, 0);
		break;
	case OP_LINK:
		one = link(cpu, TABLE_FLAGS);
		break;
	case OP_UNLINK:
		one = link(cpu, 0);
		break;
	default:
		update(cpu, both, 2);
		return;
	}
	update(cpu, &one, 1);
}

/*
 * The page becomes a table that the other vCPU may walk, and a page again, in
 * calls between which flushes wait.
 */
static void multicall(unsigned int cpu)
{
	const struct mmu_update u[] = {to_page(cpu, 0), link(cpu, TABLE_FLAGS),
				       link(cpu, 0), to_page(cpu, RW_FLAGS)};
	struct multicall_entry e[4] = {0};

	memcpy(buffer(cpu) + LIST, u, sizeof(u));
	for (unsigned int i = 0; i < 4; i++) {
		e[i].op = __HYPERVISOR_mmu_update;
		e[i].args[0] = BUFFER(cpu) + LIST + i * sizeof(u[0]);
		e[i].args[1] = 1;
		e[i].args[3] = DOMID_SELF;
	}
	memcpy(buffer(cpu), e, sizeof(e));
	(void)call(cpu, hc_multicall, (uint64_t[]){BUFFER(cpu), 4, 0, 0});
}

/* Nobody else is inside while the hypervisor looks around, for two steps. */
static void quiet(unsigned int cpu)
{
	world_guest_step("quiet");
	if (!world.options.alone) {
		return;
	}
	metal_lock();
	metal_quiet();
	world.cpu[cpu].quiet = true;
	world_step("looks around", false);
	world_step("looks around again", false);
	world.cpu[cpu].quiet = false;
	metal_quiet_end();
	metal_unlock();
	op_succeeded[OP_QUIET] = true;
}

static void run_ext(unsigned int cpu, enum op op)
{
	static const uint8_t cmd[OPS] = {
		[OP_PIN_L4] = MMUEXT_PIN_L4_TABLE,
		[OP_UNPIN_L4] = MMUEXT_UNPIN_TABLE,
		[OP_PIN_L1] = MMUEXT_PIN_L1_TABLE,
		[OP_UNPIN_L1] = MMUEXT_UNPIN_TABLE,
		[OP_CR3_OTHER] = MMUEXT_NEW_BASEPTR,
		[OP_CR3_BACK] = MMUEXT_NEW_BASEPTR,
		[OP_USER_OTHER] = MMUEXT_NEW_USER_BASEPTR,
		[OP_USER_NONE] = MMUEXT_NEW_USER_BASEPTR,
		[OP_FLUSH_ALL] = MMUEXT_TLB_FLUSH_ALL,
		[OP_INVLPG_ALL] = MMUEXT_INVLPG_ALL,
		[OP_CLEAR_PAGE] = MMUEXT_CLEAR_PAGE,
	};
	uint64_t arg = page_frame(cpu).v;

	switch (op) {
	case OP_PIN_L4:
	case OP_UNPIN_L4:
	case OP_CR3_OTHER:
	case OP_USER_OTHER:
		arg = frame_for(cpu, SPACE_FRAME).v;
		break;
	case OP_CR3_BACK:
		arg = frame_for(cpu, L4_FRAME).v;
		break;
	case OP_USER_NONE:
	case OP_FLUSH_ALL:
		arg = 0;
		break;
	case OP_INVLPG_ALL:
		arg = page_va(cpu);
		break;
	default:
		break;
	}
	ext(cpu, cmd[op], arg, 0);
}

void op_run(unsigned int cpu, enum op op)
{
	switch (op) {
	case OP_MAP_RW:
	case OP_CLEAR:
	case OP_LINK:
	case OP_UNLINK:
	case OP_CLEAR_AND_LINK:
		run_update(cpu, op);
		break;
	case OP_MAP_RO:
		va_mapping(cpu, RO_FLAGS, UVMF_INVLPG | UVMF_LOCAL);
		break;
	case OP_CLEAR_FLUSH:
		va_mapping(cpu, 0, UVMF_INVLPG | UVMF_ALL);
		break;
	case OP_FREE:
		reservation(cpu, XENMEM_decrease_reservation);
		break;
	case OP_TAKE:
		reservation(cpu, XENMEM_increase_reservation);
		break;
	case OP_EXCHANGE:
		exchange(cpu);
		break;
	case OP_FLUSH_SET:
		flush_set(cpu);
		break;
	case OP_DIRECT:
		(void)call(cpu, direct,
			   (uint64_t[]){pte_make(page_frame(cpu), RW_FLAGS).v,
					0, 0, 0});
		break;
	case OP_LDT:
		ldt(cpu);
		break;
	case OP_STORE:
		store(cpu);
		break;
	case OP_LOAD:
		world_guest_step("load");
		break;
	case OP_MULTICALL:
		multicall(cpu);
		break;
	case OP_QUIET:
		quiet(cpu);
		break;
	case OP_SCRIBBLE:
		scribble(cpu);
		break;
	default:
		run_ext(cpu, op);
		break;
	}
}

const char *op_name(enum op op)
{
	static const char *const name[OPS] = {
		[OP_PIN_L4] = "pin L4",
		[OP_UNPIN_L4] = "unpin L4",
		[OP_PIN_L1] = "pin L1",
		[OP_UNPIN_L1] = "unpin L1",
		[OP_MAP_RW] = "map writable",
		[OP_MAP_RO] = "map read-only",
		[OP_CLEAR] = "clear entry",
		[OP_CLEAR_FLUSH] = "clear and flush",
		[OP_LINK] = "link as L1",
		[OP_UNLINK] = "unlink L1",
		[OP_CLEAR_AND_LINK] = "clear and link",
		[OP_FREE] = "free",
		[OP_EXCHANGE] = "exchange",
		[OP_TAKE] = "take",
		[OP_CR3_OTHER] = "CR3 to other",
		[OP_CR3_BACK] = "CR3 back",
		[OP_USER_OTHER] = "user CR3",
		[OP_USER_NONE] = "no user CR3",
		[OP_FLUSH_ALL] = "flush all",
		[OP_INVLPG_ALL] = "invlpg all",
		[OP_FLUSH_SET] = "flush set",
		[OP_DIRECT] = "direct write",
		[OP_CLEAR_PAGE] = "clear page",
		[OP_LDT] = "LDT",
		[OP_STORE] = "store",
		[OP_LOAD] = "load",
		[OP_SCRIBBLE] = "scribble",
		[OP_MULTICALL] = "multicall",
		[OP_QUIET] = "quiet",
	};

	return name[op];
}
