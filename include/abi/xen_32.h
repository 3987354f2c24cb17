/* SPDX-License-Identifier: MIT */
/*
 * What 32-bit guests have another layout of, from xen/arch-x86/xen-x86_32.h in
 * types of fixed width: that header itself is for compilers of 32-bit code.
 */
#ifndef PW_ABI_XEN_32_H
#define PW_ABI_XEN_32_H

#include "abi/xen.h"

/* The first two members, and the clock, are where a 64-bit guest has them. */
struct vcpu_info_32 {
	uint8_t evtchn_upcall_pending;
	uint8_t evtchn_upcall_mask;
	uint32_t evtchn_pending_sel;
	uint32_t cr2;
	uint32_t pad[5];
	struct vcpu_time_info time;
};

struct shared_info_32 {
	struct vcpu_info_32 vcpu_info[XEN_LEGACY_MAX_VCPUS];
	uint32_t evtchn_pending[32];
	uint32_t evtchn_mask[32];
	uint32_t wc_version;
	uint32_t wc_sec;
	uint32_t wc_nsec;
	/* struct arch_shared_info */
	uint32_t max_pfn;
	uint32_t pfn_to_mfn_frame_list_list;
	uint32_t nmi_reason;
	uint32_t p2m_cr3;
	uint32_t p2m_vaddr;
	uint32_t p2m_generation;
	uint32_t wc_sec_hi;
};
#define EVENT_PORTS_32 (32 * 32)

struct cpu_user_regs_32 {
	uint32_t ebx, ecx, edx, esi, edi, ebp, eax;
	uint16_t error_code, entry_vector;
	uint32_t eip;
	uint16_t cs;
	uint8_t saved_upcall_mask, pad0;
	uint32_t eflags, esp;
	uint16_t ss, pad1, es, pad2, ds, pad3, fs, pad4, gs, pad5;
};

struct trap_info_32 {
	uint8_t vector, flags;
	uint16_t cs;
	uint32_t address;
};

struct vcpu_guest_context_32 {
	uint8_t fpu_ctxt[512];
	uint32_t flags;
	struct cpu_user_regs_32 user_regs;
	struct trap_info_32 trap_ctxt[256];
	uint32_t ldt_base, ldt_ents;
	uint32_t gdt_frames[16], gdt_ents;
	uint32_t kernel_ss, kernel_sp;
	uint32_t ctrlreg[8];
	uint32_t debugreg[8];
	uint32_t event_callback_cs, event_callback_eip;
	uint32_t failsafe_callback_cs, failsafe_callback_eip;
	uint32_t vm_assist;
};

/* CR3 as such a guest sees it: 32 bits of a frame's number, turned by 12. */
static inline uint32_t cr3_of_root_32(uint64_t root)
{
	return (uint32_t)root << 12 | (uint32_t)root >> 20;
}
static inline uint32_t root_of_cr3_32(uint64_t cr3)
{
	return (uint32_t)cr3 >> 12 | (uint32_t)cr3 << 20;
}

#endif
