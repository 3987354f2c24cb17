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
#include "hv/mm/layout.h"
#include "hv/report/log.h"
#include "hv/report/print.h"
#include "hv/report/recent.h"
#include "hv/report/stack.h"
#include "hv/vcpu/vcpu.h"

#define STACK_LINES 8 /* of 32 bytes */
#define WORDS_A_LINE 8

/* A line for each level, as Xen prints them. */
static void show_page_walk(const struct vcpu *v, vaddr_t va)
{
	const struct mmu *m = v->domain->mmu.m;
	mfn_t root = v->kernel_mode ? v->mmu.kernel_root : v->mmu.user_root;
	pte_t entries[5];
	const struct pt_width *w = v->domain->mmu.width;
	unsigned int read = mmu_walk(m, w, root, va, entries);

	log_error(v->narrow ? "Pagetable walk from %08lx:"
			    : "Pagetable walk from %016lx:",
		  va.v);
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

/* As Xen's 32-bit build had them; CR3 is the guest's L3. */
static void show_registers_32(const struct vcpu *v, const struct regs *r)
{
	uint16_t ds, es, fs, gs;

	__asm__ volatile("mov %%ds, %0; mov %%es, %1; mov %%fs, %2; "
			 "mov %%gs, %3"
			 : "=r"(ds), "=r"(es), "=r"(fs), "=r"(gs));
	log_error("EIP:    %04x:[<%08lx>]", (unsigned int)(uint16_t)r->cs,
		  r->rip);
	log_error("EFLAGS: %08lx   EM: %d   CONTEXT: pv guest (d%uv%u)",
		  r->rflags, v->event.info->evtchn_upcall_mask,
		  (unsigned int)v->domain->mmu.domid, v->id);
	log_error("eax: %08lx   ebx: %08lx   ecx: %08lx   edx: %08lx",
		  (uint64_t)(uint32_t)r->rax, (uint64_t)(uint32_t)r->rbx,
		  (uint64_t)(uint32_t)r->rcx, (uint64_t)(uint32_t)r->rdx);
	log_error("esi: %08lx   edi: %08lx   ebp: %08lx   esp: %08lx",
		  (uint64_t)(uint32_t)r->rsi, (uint64_t)(uint32_t)r->rdi,
		  (uint64_t)(uint32_t)r->rbp, (uint64_t)(uint32_t)r->rsp);
	log_error("cr0: %08lx   cr4: %08lx   cr3: %08lx   cr2: %08lx",
		  x86_read_cr0(), v->cr4, v->mmu.kernel_root.v << PAGE_SHIFT,
		  vcpu_cr2(v));
	log_error("ds: %04x   es: %04x   fs: %04x   gs: %04x   ss: %04x   "
		  "cs: %04x   mode: guest %s",
		  ds, es, fs, gs, (unsigned int)(uint16_t)r->ss,
		  (unsigned int)(uint16_t)r->cs,
		  v->kernel_mode ? "kernel" : "user");
}

/* A line of 64 characters, or less where nothing more can be read. */
static bool show_line(const struct vcpu *v, uint64_t at)
{
	const unsigned int bytes = stack_word_bytes(v);
	uint64_t word[WORDS_A_LINE] = {0};
	const unsigned int nr = 32 / bytes;

	for (unsigned int i = 0; i < nr; i++) {
		if (!stack_word(v, at + (uint64_t)i * bytes, &word[i])) {
			return false;
		}
	}
	if (v->narrow) {
		log_error("   %08lx %08lx %08lx %08lx %08lx %08lx %08lx %08lx",
			  word[0], word[1], word[2], word[3], word[4], word[5],
			  word[6], word[7]);
	} else {
		log_error("   %016lx %016lx %016lx %016lx", word[0], word[1],
			  word[2], word[3]);
	}
	return true;
}

static void show_stack(const struct vcpu *v, const struct regs *r)
{
	if (v->narrow) {
		log_error("Guest stack trace from esp=%08lx:", r->rsp);
	} else {
		log_error("Guest stack trace from rsp=%016lx:", r->rsp);
	}
	for (unsigned int i = 0; i < STACK_LINES; i++) {
		if (!show_line(v, r->rsp + i * UINT64_C(32))) {
			log_error("   Fault while accessing guest memory.");
			return;
		}
	}
}

void crash_report(struct vcpu *v, const struct regs *r, const char *how,
		  const char *reason)
{
	const struct domain *d = v->domain;

	log_error("Domain %u (vcpu#%u) %s on cpu#%u: %s",
		  (unsigned int)d->mmu.domid, v->id, how, cpu_here()->id,
		  reason);
	if (v->narrow) {
		show_registers_32(v, r);
	} else {
		show_registers(v, r);
	}
	if (d->crash_has_address) {
		show_page_walk(v, vaddr(d->crash_address));
	}
	show_stack(v, r);
	recent_show(v);
}
