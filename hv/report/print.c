/* SPDX-License-Identifier: MIT */
/* The hypervisor's registers, for its own last report; names of exceptions. */
#include "hv/report/print.h"

#include "engine/table/tags.h"
#include "hv/cpu/regs.h"
#include "hv/report/log.h"
#include "hv/cpu/x86.h"

const char *trap_name(unsigned int vector)
{
	static const char *const names[] = {
		[TRAP_DE] = "divide error",
		[TRAP_DB] = "debug",
		[TRAP_NMI] = "nmi",
		[TRAP_BP] = "int3",
		[TRAP_OF] = "overflow",
		[TRAP_BR] = "bounds",
		[TRAP_UD] = "invalid opcode",
		[TRAP_NM] = "device not available",
		[TRAP_DF] = "double fault",
		[TRAP_TS] = "invalid TSS",
		[TRAP_NP] = "segment not present",
		[TRAP_SS] = "stack error",
		[TRAP_GP] = "general protection fault",
		[TRAP_PF] = "page fault",
		[TRAP_MF] = "FPU error",
		[TRAP_AC] = "alignment check",
		[TRAP_MC] = "machine check",
		[TRAP_XF] = "SIMD error",
	};

	if (vector >= sizeof(names) / sizeof(names[0]) ||
	    names[vector] == NULL) {
		return "exception";
	}
	return names[vector];
}

void registers_general(const struct regs *r)
{
	log_error("rax: %016lx   rbx: %016lx   rcx: %016lx", r->rax, r->rbx,
		  r->rcx);
	log_error("rdx: %016lx   rsi: %016lx   rdi: %016lx", r->rdx, r->rsi,
		  r->rdi);
	log_error("rbp: %016lx   rsp: %016lx   r8:  %016lx", r->rbp, r->rsp,
		  r->r8);
	log_error("r9:  %016lx   r10: %016lx   r11: %016lx", r->r9, r->r10,
		  r->r11);
	log_error("r12: %016lx   r13: %016lx   r14: %016lx", r->r12, r->r13,
		  r->r14);
}

void registers_print(const struct regs *r)
{
	log_error("RIP:    %04lx:[<%016lx>]", r->cs, r->rip);
	log_error("RFLAGS: %016lx   CONTEXT: hypervisor", r->rflags);
	registers_general(r);
	log_error("r15: %016lx   cr2: %016lx   cr3: %016lx", r->r15,
		  x86_read_cr2(), x86_read_cr3() & ~CR3_TAG_MASK);
}
