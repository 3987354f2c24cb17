/* SPDX-License-Identifier: MIT */
/*
 * Exceptions that came while the hypervisor ran. Three kinds are expected: an
 * access to guest memory, which goes on at its fixup; a descriptor of the
 * guest's LDT, which is mapped when first used; and an iretq to the guest with
 * values that the CPU refuses. The last must look to the guest as if it had
 * happened at the place it was going to. Anything else is our own bug.
 *
 * What the CPU says of the guest's fault (fault_address) is kept while we look
 * at it, and faults of our own on the way do not change it: only one that
 * becomes the guest's is told as its.
 */
#include "hv/entry/own.h"

#include "engine/mmu.h"
#include "hv/cpu/alone.h"
#include "hv/cpu/desc.h"
#include "hv/domain/stop.h"
#include "hv/report/log.h"
#include "hv/report/panic.h"
#include "hv/cpu/regs.h"
#include "hv/report/print.h"
#include "hv/vcpu/vcpu.h"
#include "hv/cpu/x86.h"

struct ex_entry {
	uint64_t at;
	uint64_t fixup;
};

extern const struct ex_entry ex_table_start[], ex_table_end[];
extern char fault_of_iret[];

static uint64_t find_fixup(uint64_t rip)
{
	const uint64_t nr =
		((uint64_t)ex_table_end - (uint64_t)ex_table_start) /
		sizeof(struct ex_entry);

	for (uint64_t i = 0; i < nr; i++) {
		if (ex_table_start[i].at == rip) {
			return ex_table_start[i].fixup;
		}
	}
	return 0;
}

/* Work that comes first is done bit by bit: the access is tried again. */
static bool ldt_mapped(int rc)
{
	return rc == 0 || rc == -XEN_ERESTART;
}

/* Is there a descriptor now that the access can find? */
static bool map_ldt(struct vcpu *v, const struct regs *r, uint64_t cr2)
{
	unsigned int page;

	bool mapped;

	if (v == NULL || r->vector != TRAP_PF ||
	    !desc_is_ldt(v->window, cr2, &page)) {
		return false;
	}
	alone_begin();
	mapped = ldt_mapped(mmu_ldt_fault(&v->mmu, page));
	alone_end();
	return mapped;
}

/*
 * The five words that iretq was to pop are still where they were, at the end
 * of the guest's registers; the other registers are the guest's already.
 */
static struct regs *guest_of_iret(const struct regs *r, bool retry)
{
	const struct regs saved = *r;
	struct regs *guest = cpu_guest_regs();
	const struct regs target = *guest;

	*guest = saved;
	guest->rip = target.rip;
	guest->cs = target.cs;
	guest->rflags = target.rflags;
	guest->rsp = target.rsp;
	guest->ss = target.ss;
	if (retry) {
		guest->vector = ENTRY_RETRY;
	}
	return guest;
}

/*
 * A 32-bit kernel that cannot be entered by the segments that it named cannot
 * be told so either: it would be entered by them again, for ever.
 */
static void check_kernel_segments(struct vcpu *v, struct regs *guest)
{
	if (v->narrow && (guest->cs & 3) == 1) {
		domain_crash(v, "the kernel's segments are none");
		guest->vector = ENTRY_RETRY;
	}
}

struct regs *trap_own(struct regs *r)
{
	struct vcpu *v = current;
	uint64_t fixup = find_fixup(r->rip);
	uint64_t cr2 = x86_read_cr2();
	bool retry = map_ldt(v, r, cr2);

	if (fixup == (uint64_t)fault_of_iret) {
		struct regs *guest;

		if (v != NULL && r->vector == TRAP_PF) {
			v->fault_address = cr2;
		}
		guest = guest_of_iret(r, retry);
		if (!retry && v != NULL) {
			check_kernel_segments(v, guest);
		}
		return guest;
	}
	if (retry) {
		return r;
	}
	if (fixup == 0) {
		trap_fatal(r);
	}
	r->rip = fixup;
	r->rflags &= ~(uint64_t)X86_RFLAGS_AC; /* smap.c */
	return r;
}

_Noreturn void trap_fatal(struct regs *r)
{
	log_error("%s in the hypervisor, error code %04x", trap_name(r->vector),
		  r->error);
	registers_print(r);
	panic("%s at %016lx", trap_name(r->vector), r->rip);
}
