/* SPDX-License-Identifier: MIT */
/*
 * What cpuid tells a guest that asks by the forced-emulation prefix: the CPU's
 * own answers, less what a PV guest cannot use. A plain cpuid in ring 3 is not
 * trapped and tells the truth; CR4 hides the rest from it (no OSXSAVE).
 *
 * Masks name what is kept: a feature that is not known here is not offered.
 */
#include "abi/xen.h"

#include <xen/arch-x86/cpuid.h>

#include "hv/domain/domain.h"
#include "hv/emul/cpuid.h"
#include "hv/vcpu/vcpu.h"
#include "hv/cpu/x86.h"

#define BIT(n) (UINT32_C(1) << (n))

/* Leaf 1, ecx. Absent for PV: MONITOR, VMX, SMX, PCID, x2APIC, XSAVE, AVX. */
#define KEEP_1C                                                             \
	(BIT(0) /* SSE3 */ | BIT(1) /* PCLMULQDQ */ | BIT(9) /* SSSE3 */ |  \
	 BIT(13) /* CX16 */ | BIT(19) /* SSE4.1 */ | BIT(20) /* SSE4.2 */ | \
	 BIT(22) /* MOVBE */ | BIT(23) /* POPCNT */ | BIT(25) /* AES */ |   \
	 BIT(30) /* RDRAND */)
#define HYPERVISOR_PRESENT BIT(31)
/* Leaf 1, edx. Absent for PV: VME, PSE, APIC, MTRR, PGE, PSE36. */
#define KEEP_1D                                                           \
	(BIT(0) /* FPU */ | BIT(2) /* DE */ | BIT(4) /* TSC */ |          \
	 BIT(5) /* MSR */ | BIT(6) /* PAE */ | BIT(7) /* MCE */ |         \
	 BIT(8) /* CX8 */ | BIT(11) /* SEP */ | BIT(14) /* MCA */ |       \
	 BIT(15) /* CMOV */ | BIT(16) /* PAT */ | BIT(19) /* CLFLUSH */ | \
	 BIT(23) /* MMX */ | BIT(24) /* FXSR */ | BIT(25) /* SSE */ |     \
	 BIT(26) /* SSE2 */)
#define FEATURE_SEP BIT(11)
/* Leaf 7, ebx. Absent for PV: FSGSBASE, SMEP, INVPCID, SMAP, AVX2, HLE. */
#define KEEP_7B                                                                \
	(BIT(3) /* BMI1 */ | BIT(8) /* BMI2 */ | BIT(9) /* ERMS */ |           \
	 BIT(18) /* RDSEED */ | BIT(19) /* ADX */ | BIT(23) /* CLFLUSHOPT */ | \
	 BIT(24) /* CLWB */ | BIT(29) /* SHA */)
#define KEEP_7D (BIT(4) /* FSRM */ | BIT(10) /* MD_CLEAR */)
/* Leaf 80000001h, ecx. Absent for PV: SVM, XOP, FMA4, topology, counters. */
#define KEEP_E1C                                                       \
	(BIT(0) /* LAHF */ | BIT(5) /* LZCNT */ | BIT(6) /* SSE4A */ | \
	 BIT(7) /* MISALIGNSSE */ | BIT(8) /* PREFETCHW */)
/* edx: AMD's copies of leaf 1, and its own. Absent for PV: 1 GiB pages. */
#define KEEP_E1D                                                           \
	((KEEP_1D & ~(FEATURE_SEP | BIT(25) | BIT(26) | BIT(19))) |        \
	 BIT(11) /* SYSCALL */ | BIT(20) /* NX */ | BIT(22) /* MMXEXT */ | \
	 BIT(27) /* RDTSCP */ | BIT(29) /* LM */ | BIT(30) | BIT(31))

#define MAX_BASIC 0x0d
#define FIRST_EXTENDED UINT32_C(0x80000000)
#define MAX_EXTENDED UINT32_C(0x80000008)
#define VENDOR_AMD UINT32_C(0x68747541) /* "Auth", leaf 0 ebx */

static uint32_t at_most(uint32_t value, uint32_t limit)
{
	return value < limit ? value : limit;
}

static void policy_1(struct cpuid_leaf *l)
{
	/* One thread, with APIC number 0. */
	l->b = (l->b & 0xff00) | BIT(16);
	l->c = (l->c & KEEP_1C) | HYPERVISOR_PRESENT;
	l->d &= KEEP_1D;
	if (x86_cpuid(0, 0).b == VENDOR_AMD) {
		l->d &= ~FEATURE_SEP; /* not in long mode, there */
	}
}

static void policy_7(struct cpuid_leaf *l, uint32_t subleaf)
{
	if (subleaf != 0) {
		*l = (struct cpuid_leaf){0};
		return;
	}
	l->a = 0;
	l->b &= KEEP_7B;
	l->c = 0;
	l->d &= KEEP_7D;
}

static void policy_basic(struct cpuid_leaf *l, uint32_t leaf, uint32_t subleaf)
{
	switch (leaf) {
	case 0:
		l->a = at_most(l->a, MAX_BASIC);
		break;
	case 1:
		policy_1(l);
		break;
	case 2: /* caches */
		break;
	case 4: /* caches; in eax also how many cores share them */
		l->a &= 0x3fff;
		break;
	case 7:
		policy_7(l, subleaf);
		break;
	default:
		*l = (struct cpuid_leaf){0};
		break;
	}
}

/* Of it a 32-bit domain has nothing: no 64-bit code, hence no SYSCALL of it. */
#define LONG_MODE (BIT(29) | BIT(11))

static void policy_extended(struct cpuid_leaf *l, uint32_t leaf, bool narrow)
{
	switch (leaf) {
	case FIRST_EXTENDED:
		l->a = at_most(l->a, MAX_EXTENDED);
		break;
	case FIRST_EXTENDED + 1:
		l->c &= KEEP_E1C;
		l->d &= narrow ? KEEP_E1D & ~LONG_MODE : KEEP_E1D;
		break;
	case FIRST_EXTENDED + 2: /* the brand */
	case FIRST_EXTENDED + 3:
	case FIRST_EXTENDED + 4:
	case FIRST_EXTENDED + 5: /* caches and TLBs */
	case FIRST_EXTENDED + 6:
		break;
	case FIRST_EXTENDED + 8: /* address widths */
		*l = (struct cpuid_leaf){.a = l->a & 0xffff};
		break;
	default:
		*l = (struct cpuid_leaf){0};
		break;
	}
}

/* Bits of a machine address. */
static uint32_t machine_bits(const struct domain *d)
{
	uint64_t last = (d->mmu.m->nr_frames << PAGE_SHIFT) - 1;

	return 64 - (uint32_t)__builtin_clzll(last);
}

/* Xen's time leaf: the TSC is what it seems, and guests read it themselves. */
static struct cpuid_leaf time_leaf(uint32_t subleaf)
{
	struct vcpu_time_info t;

	clock_guest(&t);
	switch (subleaf) {
	case 0:
		return (struct cpuid_leaf){.a = BIT(1), /* reliable */
					   .b = 2,      /* never emulated */
					   .c = (uint32_t)clock_tsc_khz(),
					   .d = 0};
	case 1:
		return (struct cpuid_leaf){.c = t.tsc_to_system_mul,
					   .d = (uint8_t)t.tsc_shift};
	case 2:
		return (struct cpuid_leaf){.a = (uint32_t)clock_tsc_khz()};
	default:
		return (struct cpuid_leaf){0};
	}
}

static struct cpuid_leaf xen_leaf(const struct domain *d, uint32_t number,
				  uint32_t subleaf)
{
	switch (number) {
	case 0:
		return (struct cpuid_leaf){.a = XEN_CPUID_LEAF(
						   XEN_CPUID_MAX_NUM_LEAVES),
					   .b = XEN_CPUID_SIGNATURE_EBX,
					   .c = XEN_CPUID_SIGNATURE_ECX,
					   .d = XEN_CPUID_SIGNATURE_EDX};
	case 1:
		return (struct cpuid_leaf){.a = 4 << 16 | 17};
	case 2: /* hypercall pages there can be, and the MSR that fills one */
		return (struct cpuid_leaf){
			.a = 1,
			.b = XEN_CPUID_LEAF(0),
			.c = XEN_CPUID_FEAT1_MMU_PT_UPDATE_PRESERVE_AD};
	case 3:
		return time_leaf(subleaf);
	case 5:
		return (struct cpuid_leaf){.b = machine_bits(d)};
	default: /* 4 is for HVM guests */
		return (struct cpuid_leaf){0};
	}
}

struct cpuid_leaf cpuid_policy(struct vcpu *v, uint32_t leaf, uint32_t subleaf)
{
	struct cpuid real;
	struct cpuid_leaf l;

	if (leaf >= XEN_CPUID_FIRST_LEAF &&
	    leaf < XEN_CPUID_FIRST_LEAF + 0x100) {
		return xen_leaf(v->domain, leaf - XEN_CPUID_FIRST_LEAF,
				subleaf);
	}
	real = x86_cpuid(leaf, subleaf);
	l = (struct cpuid_leaf){real.a, real.b, real.c, real.d};
	if (leaf >= FIRST_EXTENDED) {
		policy_extended(&l, leaf, v->narrow);
	} else {
		policy_basic(&l, leaf, subleaf);
	}
	return l;
}
