/* SPDX-License-Identifier: MIT */
/*
 * The crash report. Its content and wording are those of Xen's, because that
 * is what people search the public record for. The guest may have left
 * anything anywhere: its stack is read with its own rights, its tables only as
 * far as they are valid frames.
 */
#include "hv/report/crash.h"

#include "engine/table/walk.h"

#include "hv/domain/domain.h"
#include "hv/cpu/x86.h"
#include "hv/mm/guest.h"
#include "hv/mm/layout.h"
#include "hv/report/log.h"
#include "hv/report/print.h"
#include "hv/report/recent.h"
#include "hv/vcpu/vcpu.h"

#define STACK_WORDS 32
#define WORDS_A_LINE 4

/* A line for each level, as Xen prints them. */
static void show_page_walk(const struct vcpu *v, vaddr_t va)
{
	const struct mmu *m = v->domain->mmu.m;
	mfn_t root = v->kernel_mode ? v->mmu.kernel_root : v->mmu.user_root;
	pte_t entries[5];
	const struct pt_width *w = v->domain->mmu.width;
	unsigned int read = mmu_walk(m, w, root, va, entries);

	log_error("Pagetable walk from %016lx:", va.v);
	for (unsigned int level = w->top; level > w->top - read; level--) {
		mfn_t f = pte_mfn(entries[level]);
		uint64_t frame = INVALID_FRAME;

		if (pte_present(entries[level]) && mfn_valid(m, f)) {
			frame = m->m2p[f.v];
		}
		log_error(" L%u[0x%03x] = %016lx %016lx", level,
			  pt_index(va, level), entries[level].v, frame);
	}
}

static void show_registers(const struct vcpu *v, const struct regs *r)
{
	log_error("RIP:    %04x:[<%016lx>]", (unsigned int)(uint16_t)r->cs,
		  r->rip);
	log_error("RFLAGS: %016lx   EM: %d   CONTEXT: pv guest (d%uv%u)",
		  r->rflags, v->event.info->evtchn_upcall_mask,
		  (unsigned int)v->domain->mmu.domid, v->id);
	registers_general(r);
	log_error("r15: %016lx   cr0: %016lx   cr4: %016lx", r->r15,
		  x86_read_cr0(), v->cr4);
	log_error("cr3: %016lx   cr2: %016lx", x86_read_cr3() & ~CR3_TAG_MASK,
		  vcpu_cr2(v));
	log_error("fsb: %016lx   gsb: %016lx   gss: %016lx",
		  x86_rdmsr(MSR_FS_BASE), x86_rdmsr(MSR_GS_BASE),
		  x86_rdmsr(MSR_SHADOW_GS_BASE));
	log_error("ss: %04x   cs: %04x   mode: guest %s",
		  (unsigned int)(uint16_t)r->ss, (unsigned int)(uint16_t)r->cs,
		  v->kernel_mode ? "kernel" : "user");
}

/* Four words of the guest's; it may have none there. */
static bool read_line(uint64_t at, uint64_t word[WORDS_A_LINE])
{
	if (!guest_range_ok(at, WORDS_A_LINE * sizeof(word[0]))) {
		return false;
	}
	for (unsigned int i = 0; i < WORDS_A_LINE; i++) {
		GUEST_LOAD(word[i], at + i * sizeof(word[0]), fault);
	}
	return true;
fault:
	return false;
}

static void show_stack(const struct regs *r)
{
	log_error("Guest stack trace from rsp=%016lx:", r->rsp);
	for (unsigned int i = 0; i < STACK_WORDS; i += WORDS_A_LINE) {
		uint64_t word[WORDS_A_LINE];

		if (!read_line(r->rsp + i * sizeof(word[0]), word)) {
			log_error("   Fault while accessing guest memory.");
			return;
		}
		log_error("   %016lx %016lx %016lx %016lx", word[0], word[1],
			  word[2], word[3]);
	}
}

void crash_report(struct vcpu *v, const struct regs *r, const char *how,
		  const char *reason)
{
	const struct domain *d = v->domain;

	log_error("Domain %u (vcpu#%u) %s on cpu#%u: %s",
		  (unsigned int)d->mmu.domid, v->id, how, cpu_here()->id,
		  reason);
	show_registers(v, r);
	if (d->crash_has_address) {
		show_page_walk(v, vaddr(d->crash_address));
	}
	show_stack(r);
	recent_show(v);
}
