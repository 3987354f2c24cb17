/* SPDX-License-Identifier: MIT */
/*
 * Accesses. What the TLB holds is used whatever the tables say: that is the
 * hardware's right, and the reason for half of the contract. Each use is held
 * against the tables of the moment; one that they do not bear out is counted,
 * by what came of it, and kept as the last stale use. It is not stopped: an
 * entry that still lets the CPU read is no danger, and one that lets it write
 * is caught where it matters, in the check of stores below.
 *
 * The check of stores is the security property itself (I2): no store of the
 * guest may ever land in a frame that is in use as page table or descriptor
 * page, however it was translated.
 */
#include "sim/cpu.h"

#include <string.h>

#include "sim/fault.h"
#include "sim/lazy.h"

void cpu_peek(const struct sim *s, vaddr_t va, struct walk *ret)
{
	struct walk_ram ram = sim_ram(s);

	walk_tables(&ram, &s->cpu, s->cr3, va, ret);
}

static uint64_t target(const struct translation *t, vaddr_t va)
{
	return t->page.v | (va.v & ((UINT64_C(1) << t->shift) - 1));
}

/* A use of a TLB entry, held against the tables; A and D do not count. */
static void note_stale(struct sim *s, vaddr_t va, const struct translation *to,
		       struct access access)
{
	uint64_t rights = PTE_RW | PTE_US | PTE_NX;
	bool used = walk_check(&s->cpu, to->flags, access) == 0;
	struct walk now;
	bool same_page;
	bool allowed;

	cpu_peek(s, va, &now);
	same_page = now.mapped && target(to, va) == target(&now.to, va);
	if (same_page && ((to->flags ^ now.to.flags) & rights) == 0) {
		return;
	}
	allowed = now.mapped && walk_check(&s->cpu, now.to.flags, access) == 0;
	s->stats.stale_uses++;
	s->stats.stale_allowed += used && !(same_page && allowed);
	s->stats.stale_denied += !used && allowed;
	s->last_stale = (struct sim_stale){.va = va, .used = *to, .now = now};
}

static uint32_t translate_by_walk(struct sim *s, vaddr_t va,
				  struct access access, struct translation *ret)
{
	struct walk_ram ram = sim_ram(s);
	struct walk w;
	uint32_t code;

	walk_tables(&ram, &s->cpu, s->cr3, va, &w);
	if (!w.mapped) {
		return walk_failed(&s->cpu, &w, access);
	}
	code = walk_check(&s->cpu, w.to.flags, access);
	if (code != 0) {
		return code;
	}
	walk_mark(&ram, &s->cpu, &w, access.write);
	if (tlb_insert(&s->tlb, va, &w.to) != 0) {
		sim_stop(s, SIM_NO_MEMORY);
	}
	if (s->ear != NULL) {
		s->ear->cached(s, va);
	}
	*ret = w.to;
	return 0;
}

uint32_t cpu_translate(struct sim *s, vaddr_t va, struct access access,
		       maddr_t *ret)
{
	struct tlb_entry *e = tlb_find(&s->tlb, va);
	struct translation to = {0};
	uint32_t code = 0;

	if (e != NULL) {
		to = e->to;
		note_stale(s, va, &to, access);
		code = walk_check(&s->cpu, to.flags, access);
	}
	/* A write through an entry that is not dirty yet walks again. */
	if (e == NULL ||
	    (code == 0 && access.write && (to.flags & PTE_D) == 0)) {
		code = translate_by_walk(s, va, access, &to);
	}
	if (code != 0) {
		tlb_flush_page(&s->tlb, va);
		return code;
	}
	*ret = maddr(target(&to, va));
	return 0;
}

static void check_store(struct sim *s, maddr_t at)
{
	const struct frame *f;

	if (!s->config.hypervisor) {
		return;
	}
	f = frame_of(&s->mmu, maddr_to_mfn(at));
	if ((frame_is_table(f->type) || f->type == FRAME_DESC) &&
	    frame_type_refs(f) != 0) {
		sim_violation(s,
			      "a store of the guest landed in mfn %llx, which "
			      "is in use with type %u (I2)",
			      (unsigned long long)maddr_to_mfn(at).v, f->type);
	}
}

/* Physical memory; what is not there reads as ones and takes no writes. */
static void physical_read(struct sim *s, void *to, maddr_t at, uint64_t bytes)
{
	if (at.v >= s->ram_bytes) {
		s->stats.stray++;
		memset(to, 0xff, bytes);
		return;
	}
	if (!lazy_read(s, to, at, bytes)) {
		memcpy(to, s->mmu.ram + at.v, bytes);
	}
}

static void physical_write(struct sim *s, maddr_t at, const void *from,
			   uint64_t bytes)
{
	if (at.v >= s->ram_bytes) {
		s->stats.stray++;
		return;
	}
	check_store(s, at);
	record_store(s, at, bytes);
	if (lazy_write(s, at, from, bytes)) {
		return;
	}
	if (from == NULL) {
		memset(s->mmu.ram + at.v, 0, bytes);
	} else {
		memcpy(s->mmu.ram + at.v, from, bytes);
	}
}

static uint32_t try_access(struct sim *s, vaddr_t va, bool write, maddr_t *ret)
{
	struct access access = {.write = write, .user = s->user};

	return cpu_translate(s, va, access, ret);
}

bool cpu_try_read(struct sim *s, void *to, vaddr_t from, uint64_t bytes)
{
	maddr_t at;

	if (!walk_address_valid(s->config.cpu.mode, from) ||
	    try_access(s, from, false, &at) != 0) {
		return false;
	}
	physical_read(s, to, at, bytes);
	return true;
}

bool cpu_try_write(struct sim *s, vaddr_t to, const void *from, uint64_t bytes)
{
	maddr_t at;

	if (!walk_address_valid(s->config.cpu.mode, to) ||
	    try_access(s, to, true, &at) != 0) {
		return false;
	}
	physical_write(s, at, from, bytes);
	return true;
}

/* Until it goes through: fault_page() comes back only if it may be repeated. */
static maddr_t access_or_fault(struct sim *s, vaddr_t va, bool write)
{
	maddr_t at;
	uint32_t code;

	if (!walk_address_valid(s->config.cpu.mode, va)) {
		fault_general_protection(s, va);
	}
	while ((code = try_access(s, va, write, &at)) != 0) {
		fault_page(s, va, code);
	}
	return at;
}

void cpu_read(struct sim *s, void *to, vaddr_t from, uint64_t bytes)
{
	physical_read(s, to, access_or_fault(s, from, false), bytes);
}

void cpu_write(struct sim *s, vaddr_t to, const void *from, uint64_t bytes)
{
	physical_write(s, access_or_fault(s, to, true), from, bytes);
}

void cpu_load_cr3(struct sim *s, maddr_t root, bool drop_global)
{
	s->stats.writes_cr3++;
	if (s->cpu.mode == PAGING_PAE) {
		struct walk_ram ram = sim_ram(s);

		if (!walk_load_pdptes(&ram, &s->cpu, root)) {
			fault_general_protection(s, vaddr(root.v));
		}
	}
	s->cr3 = root;
	tlb_flush(&s->tlb, drop_global);
}

void cpu_load_tagged(struct sim *s, uint64_t cr3)
{
	s->stats.writes_cr3++;
	s->cr3 = maddr(cr3 & ~(CR3_KEEP | CR3_TAG_MASK));
	s->tlb.tag = cr3 & CR3_TAG_MASK;
	if ((cr3 & CR3_KEEP) == 0) {
		tlb_flush(&s->tlb, false);
	}
}

void cpu_obey(struct sim *s, uint32_t orders, vaddr_t va)
{
	if ((orders & TAGS_RELOAD) != 0) {
		tlb_flush(&s->tlb, false);
	}
	if ((orders & TAGS_INVLPG) != 0) {
		tlb_flush_page(&s->tlb, va);
	}
	if ((orders & TAGS_INVPCID_PAGE) != 0) {
		tlb_flush_page_of(&s->tlb, va,
				  s->tlb.tag == TAG_USER ? TAG_KERNEL
							 : TAG_USER);
	}
	if ((orders & TAGS_INVPCID_ALL) != 0) {
		tlb_flush(&s->tlb, true);
	}
}

void cpu_to_user(struct sim *s)
{
	cpu_load_tagged(s, tags_cr3(&s->tags, TAG_USER,
				    mfn_to_maddr(s->vcpu.user_root).v));
}

void cpu_to_kernel(struct sim *s)
{
	cpu_load_tagged(s, tags_cr3(&s->tags, TAG_KERNEL,
				    mfn_to_maddr(s->vcpu.kernel_root).v));
}

bool cpu_can_use(const struct sim *s, const struct tlb_entry *e)
{
	return e->tag == s->tlb.tag || (e->to.flags & PTE_G) != 0 ||
	       !tags_owes(&s->tags, (enum tag)e->tag);
}

void cpu_invlpg(struct sim *s, vaddr_t va)
{
	s->stats.invlpg++;
	tlb_flush_page(&s->tlb, va);
}
