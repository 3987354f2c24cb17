/* SPDX-License-Identifier: MIT */
/*
 * Fetching what the guest was about to execute. The usual case is two loads;
 * where they fault, the rest of the page is tried alone.
 */
#include "hv/emul/fetch.h"

#include "engine/port.h"
#include "hv/cpu/desc.h"
#include "hv/cpu/smap.h"
#include "hv/mm/guest.h"
#include "hv/mm/layout.h"
#include "hv/vcpu/inject.h"
#include "hv/vcpu/vcpu.h"
#include "hv/cpu/x86.h"

#define DR6_SINGLE_STEP (1u << 14)
#define GDT_ENTRIES ((RESERVED_GDT_PAGE + 1) * PT_ENTRIES)

#define RIGHTS_L (1u << 21)
#define RIGHTS_D (1u << 22)

/*
 * The rights of the guest's code segment, or 0: it may stand in an LDT that the
 * guest has just taken away.
 */
static uint32_t code_rights(const struct regs *r)
{
	uint32_t rights = 0;

	__asm__ goto("1: lar %k1, %0\n" EX_TABLE_ENTRY("1b", "%l[fault]")
		     : "+r"(rights)
		     : "r"(r->cs)
		     : "cc"
		     : fault);
	return rights;
fault:
	return 0;
}

/*
 * Is the code segment of 32-bit code the flat one, so that eip is an address?
 * Any other of the guest's has a base that only its descriptor tells, or is of
 * 16-bit code: what traps there is the guest's.
 */
static bool is_flat_32(const struct vcpu *v, const struct regs *r)
{
	const uint64_t *gdt = (const void *)desc_window_address(v->window);
	const uint64_t base = UINT64_C(0xff0000ffffff0000);
	const unsigned int index = (unsigned int)(r->cs & 0xffff) >> 3;
	uint64_t desc;

	if ((r->cs & 4) != 0 || index >= GDT_ENTRIES ||
	    (code_rights(r) & (RIGHTS_L | RIGHTS_D)) != RIGHTS_D) {
		return false;
	}
	desc = __atomic_load_n(&gdt[index], __ATOMIC_RELAXED);
	return (desc & base) == 0;
}

size_t fetch_code(struct vcpu *v, const struct regs *r,
		  uint8_t ret_code[FETCH_BYTES])
{
	size_t to_page_end = PAGE_SIZE - page_offset(r->rip);
	uint64_t low = 0;
	uint64_t high = 0;

	if (!guest_range_ok(r->rip, FETCH_BYTES) ||
	    (v->narrow && !is_flat_32(v, r))) {
		return 0;
	}
	guest_access_begin();
	GUEST_LOAD(low, r->rip, fault);
	GUEST_LOAD(high, r->rip + 8, fault);
	guest_access_end();
	__builtin_memcpy(ret_code, &low, sizeof(low));
	__builtin_memcpy(ret_code + 8, &high, sizeof(high));
	return FETCH_BYTES;
fault:
	if (to_page_end >= FETCH_BYTES ||
	    port_copy_in(&v->mmu, ret_code, r->rip, to_page_end) != 0) {
		return 0;
	}
	return to_page_end;
}

bool fetch_insn(struct vcpu *v, const struct regs *r, struct insn *ret_insn)
{
	uint8_t code[FETCH_BYTES];
	size_t nr = fetch_code(v, r, code);

	return decode_insn(ret_insn, code, nr,
			   (code_rights(r) & RIGHTS_L) != 0) == DECODE_OK;
}

void fetch_gprs(struct regs *r, uint64_t ret_gpr[16])
{
	ret_gpr[0] = r->rax;
	ret_gpr[1] = r->rcx;
	ret_gpr[2] = r->rdx;
	ret_gpr[3] = r->rbx;
	ret_gpr[4] = r->rsp;
	ret_gpr[5] = r->rbp;
	ret_gpr[6] = r->rsi;
	ret_gpr[7] = r->rdi;
	ret_gpr[8] = r->r8;
	ret_gpr[9] = r->r9;
	ret_gpr[10] = r->r10;
	ret_gpr[11] = r->r11;
	ret_gpr[12] = r->r12;
	ret_gpr[13] = r->r13;
	ret_gpr[14] = r->r14;
	ret_gpr[15] = r->r15;
}

void fetch_retire(struct vcpu *v, struct regs *r, uint64_t rip)
{
	r->rip = v->narrow ? (uint32_t)rip : rip;
	r->rflags &= ~(uint64_t)X86_RFLAGS_RF;
	if (r->rflags & X86_RFLAGS_TF) {
		v->debugreg[6] |= DR6_SINGLE_STEP;
		inject_exception(v, r, TRAP_DB, 0);
	}
}
