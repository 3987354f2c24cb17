/* SPDX-License-Identifier: MIT */
/*
 * Model-specific registers. A guest has its segment bases, and a few more that
 * read the same in every domain. Any other is a #GP, as on a CPU that does not
 * have it. A guest that has no #GP handler yet reads zero
 * instead, as Xen has it: early kernels probe before they can catch.
 */
#include "builder/build.h"
#include "hv/domain/domain.h"
#include "hv/emul/msr.h"
#include "hv/report/log.h"
#include "hv/vcpu/vcpu.h"
#include "hv/cpu/x86.h"

#define MSR_TSC 0x10
#define MSR_UCODE_REVISION 0x8b
#define MSR_MCG_CAP 0x179 /* machine checks: no bank that reports any */
#define MSR_MCG_STATUS 0x17a
#define MSR_MISC_ENABLE 0x1a0

#define APIC_BASE_BSP (UINT64_C(1) << 8)
#define APIC_BASE_ENABLE (UINT64_C(1) << 11)
#define APIC_BASE_ADDRESS UINT64_C(0xfee00000)
/* Of IA32_MISC_ENABLE: no monitors, and no traces of branches or events. */
#define MISC_PERF_AVAILABLE (UINT64_C(1) << 7)
#define MISC_BTS_UNAVAILABLE (UINT64_C(1) << 11)
#define MISC_PEBS_UNAVAILABLE (UINT64_C(1) << 12)
#define MISC_MONITOR (UINT64_C(1) << 18)
#define MISC_XTPR_DISABLE (UINT64_C(1) << 23)
#define VENDOR_INTEL UINT32_C(0x756e6547) /* "Genu", leaf 0 ebx */

/* Writing a frame's address here makes it a page of hypercalls (leaf 2). */
#define MSR_HYPERCALL_PAGE 0x40000000

#define EFER_SHOWN (EFER_SCE | EFER_LME | EFER_LMA | EFER_NXE)

/* What a guest does often must not fill the log. */
#define LOGGED_MSRS 32

static void log_msr(struct vcpu *v, const char *what, uint32_t msr)
{
	if (v->counters.msrs_logged < LOGGED_MSRS) {
		v->counters.msrs_logged++;
		log_debug("d%uv%u %s of unknown MSR %#x",
			  (unsigned int)v->domain->mmu.domid, v->id, what, msr);
	}
}

/*
 * Kernels choose how they copy by the bit for fast string instructions, so it
 * is the real one; on other CPUs than Intel's the register is made up.
 */
static uint64_t misc_enable(void)
{
	uint64_t real = 0;

	if (x86_cpuid(0, 0).b == VENDOR_INTEL) {
		real = x86_rdmsr(MSR_MISC_ENABLE);
	}
	return (real & ~(MISC_PERF_AVAILABLE | MISC_MONITOR)) |
	       MISC_BTS_UNAVAILABLE | MISC_PEBS_UNAVAILABLE | MISC_XTPR_DISABLE;
}

static bool read_msr(struct vcpu *v, uint32_t msr, uint64_t *ret_value)
{
	switch (msr) {
	case MSR_FS_BASE:
	case MSR_GS_BASE:
	case MSR_SHADOW_GS_BASE:
	case MSR_PAT:
		*ret_value = x86_rdmsr(msr);
		return true;
	case MSR_EFER:
		*ret_value = x86_rdmsr(msr) & EFER_SHOWN;
		return true;
	case MSR_TSC:
		*ret_value = x86_rdtsc();
		return true;
	case MSR_APIC_BASE:
		*ret_value = APIC_BASE_ADDRESS | APIC_BASE_ENABLE |
			     (v->id == 0 ? APIC_BASE_BSP : 0);
		return true;
	case MSR_HYPERCALL_PAGE:
	case MSR_UCODE_REVISION:
	case MSR_MCG_CAP:
	case MSR_MCG_STATUS:
		*ret_value = 0;
		return true;
	case MSR_MISC_ENABLE:
		*ret_value = misc_enable();
		return true;
	default:
		log_msr(v, "read", msr);
		*ret_value = 0;
		return v->trap[TRAP_GP].address == 0;
	}
}

static enum emulated write_hypercall_page(struct vcpu *v, uint64_t value)
{
	uint8_t page[PAGE_SIZE];
	int rc;

	if (page_offset(value) != 0) {
		return EMULATED_REFUSED;
	}
	build_hypercall_page(page, v->narrow ? &guest_pae : &guest_64);
	rc = mmu_write_hypercall_page(&v->mmu, maddr_to_mfn(maddr(value)),
				      page);
	if (rc == -XEN_ERESTART) {
		return EMULATED_AGAIN;
	}
	return rc == 0 ? EMULATED_DONE : EMULATED_REFUSED;
}

static bool write_msr(struct vcpu *v, uint32_t msr, uint64_t value)
{
	switch (msr) {
	case MSR_FS_BASE:
	case MSR_GS_BASE:
	case MSR_SHADOW_GS_BASE:
		/* Of 32-bit segments a descriptor says where they begin. */
		if (v->narrow || !vaddr_canonical(vaddr(value))) {
			return false;
		}
		x86_wrmsr(msr, value);
		return true;
	case MSR_EFER:
		return value == (x86_rdmsr(msr) & EFER_SHOWN);
	case MSR_UCODE_REVISION:
	case MSR_MCG_STATUS:
	case MSR_MISC_ENABLE:
		return true; /* without effect */
	default:
		log_msr(v, "write", msr);
		return false;
	}
}

enum emulated emulate_rdmsr(struct vcpu *v, struct regs *r)
{
	uint64_t value;

	if (!read_msr(v, (uint32_t)r->rcx, &value)) {
		return EMULATED_REFUSED;
	}
	r->rax = (uint32_t)value;
	r->rdx = value >> 32;
	return EMULATED_DONE;
}

enum emulated emulate_wrmsr(struct vcpu *v, struct regs *r)
{
	uint64_t value = r->rdx << 32 | (uint32_t)r->rax;

	if ((uint32_t)r->rcx == MSR_HYPERCALL_PAGE) {
		return write_hypercall_page(v, value);
	}
	return write_msr(v, (uint32_t)r->rcx, value) ? EMULATED_DONE
						     : EMULATED_REFUSED;
}
