/* SPDX-License-Identifier: MIT */
/*
 * Privileged instructions of a guest kernel that runs in ring 3. Each does to
 * the vCPU what it would do to a CPU, or is the #GP that it was.
 *
 * cli and sti do nothing where IOPL allows them: a kernel cannot see them
 * fail, popf could not be emulated to match, and Xen has always done so.
 */
#include "emul/execute.h"
#include "engine/mmu.h"
#include "hv/domain/domain.h"
#include "hv/emul/cpuid.h"
#include "hv/emul/fetch.h"
#include "hv/emul/io.h"
#include "hv/emul/msr.h"
#include "hv/emul/privileged.h"
#include "hv/vcpu/registers.h"
#include "hv/vcpu/inject.h"
#include "hv/vcpu/vcpu.h"
#include "hv/cpu/x86.h"

#define CR0_PG UINT64_C(0x80000000)
#define CR0_VIEW                                                      \
	(CR0_PG | X86_CR0_AM | X86_CR0_WP | X86_CR0_NE | X86_CR0_ET | \
	 X86_CR0_MP | X86_CR0_PE)
#define CR4_TSD (UINT64_C(1) << 2)
/* What a guest may change of CR4. */
#define CR4_GUESTS (CR4_TSD | X86_CR4_DE)
/* Ours to use, and not offered (cpuid.c). */
#define CR4_HIDDEN ((uint64_t)(X86_CR4_PGE | X86_CR4_PCIDE))

static uint64_t view_cr0(const struct vcpu *v)
{
	return CR0_VIEW | (v->ts ? X86_CR0_TS : 0);
}

static void set_ts(struct vcpu *v, bool set)
{
	uint64_t arg[6] = {set};

	hc_fpu_taskswitch(v, arg);
}

static enum emulated read_cr(struct vcpu *v, struct regs *r,
			     const struct insn *in)
{
	uint64_t *to = regs_gpr(r, in->reg);

	switch (in->special) {
	case 0:
		*to = view_cr0(v);
		return EMULATED_DONE;
	case 2:
		*to = vcpu_cr2(v);
		return EMULATED_DONE;
	case 3:
		*to = v->narrow ? cr3_of_root_32(v->mmu.kernel_root.v)
				: mfn_to_maddr(v->mmu.kernel_root).v;
		return EMULATED_DONE;
	case 4:
		*to = (x86_read_cr4() & ~(CR4_GUESTS | CR4_HIDDEN)) |
		      (v->cr4 & CR4_GUESTS);
		return EMULATED_DONE;
	default:
		return EMULATED_REFUSED;
	}
}

static enum emulated write_cr3(struct vcpu *v, uint64_t value)
{
	const mfn_t root = v->narrow ? mfn(root_of_cr3_32(value))
				     : maddr_to_mfn(maddr(value));
	int rc = mmu_load_cr3(&v->mmu, root);

	if (rc == -XEN_ERESTART) {
		return EMULATED_AGAIN;
	}
	return rc == 0 ? EMULATED_DONE : EMULATED_REFUSED;
}

static enum emulated write_cr4(struct vcpu *v, uint64_t value)
{
	v->cr4 = (v->cr4 & ~CR4_GUESTS) | (value & CR4_GUESTS);
	x86_write_cr4((x86_read_cr4() & ~CR4_TSD) | (v->cr4 & CR4_TSD));
	return EMULATED_DONE;
}

static enum emulated write_cr(struct vcpu *v, struct regs *r,
			      const struct insn *in)
{
	uint64_t value = *regs_gpr(r, in->reg);

	switch (in->special) {
	case 0:
		if ((value ^ view_cr0(v)) & ~(uint64_t)X86_CR0_TS) {
			return EMULATED_REFUSED;
		}
		set_ts(v, value & X86_CR0_TS);
		return EMULATED_DONE;
	case 2:
		vcpu_set_cr2(v, value);
		return EMULATED_DONE;
	case 3:
		return write_cr3(v, value);
	case 4:
		return write_cr4(v, value);
	default:
		return EMULATED_REFUSED;
	}
}

/* DR4 and DR5 are names of DR6 and DR7 unless CR4.DE is set. */
static enum emulated move_dr(struct vcpu *v, struct regs *r,
			     const struct insn *in)
{
	uint64_t *reg = regs_gpr(r, in->reg);
	uint64_t arg[6] = {in->special};

	if (in->special > 7) {
		return EMULATED_REFUSED;
	}
	if (in->special == 4 || in->special == 5) {
		if (v->cr4 & X86_CR4_DE) {
			inject_exception(v, r, TRAP_UD, 0);
			return EMULATED_INJECTED;
		}
		arg[0] += 2;
	}
	if (in->op == INSN_READ_DR) {
		*reg = v->debugreg[arg[0]];
		return EMULATED_DONE;
	}
	arg[1] = *reg;
	return hc_set_debugreg(v, arg) == 0 ? EMULATED_DONE : EMULATED_REFUSED;
}

static void do_cpuid(struct vcpu *v, struct regs *r)
{
	struct cpuid_leaf l =
		cpuid_policy(v, (uint32_t)r->rax, (uint32_t)r->rcx);

	r->rax = l.a;
	r->rbx = l.b;
	r->rcx = l.c;
	r->rdx = l.d;
}

/* Only with CR4.TSD do these trap, and only a kernel may then use them. */
static void do_rdtsc(struct regs *r, bool with_aux)
{
	uint64_t tsc = x86_rdtsc();

	r->rax = (uint32_t)tsc;
	r->rdx = tsc >> 32;
	if (with_aux) {
		r->rcx = 0;
	}
}

/* Those that only a kernel may use. */
static enum emulated emulate_kernel(struct vcpu *v, struct regs *r,
				    const struct insn *in)
{
	switch (in->op) {
	case INSN_WRMSR:
		return emulate_wrmsr(v, r);
	case INSN_RDMSR:
		return emulate_rdmsr(v, r);
	case INSN_READ_CR:
		return read_cr(v, r, in);
	case INSN_WRITE_CR:
		return write_cr(v, r, in);
	case INSN_READ_DR:
	case INSN_WRITE_DR:
		return move_dr(v, r, in);
	case INSN_CLTS:
		set_ts(v, false);
		return EMULATED_DONE;
	case INSN_WBINVD:
		return EMULATED_DONE; /* the caches are not the domain's */
	case INSN_RDTSC:
	case INSN_RDTSCP:
		do_rdtsc(r, in->op == INSN_RDTSCP);
		return EMULATED_DONE;
	default:
		return EMULATED_REFUSED;
	}
}

static enum emulated emulate(struct vcpu *v, struct regs *r,
			     const struct insn *in)
{
	switch (in->op) {
	case INSN_CLI:
	case INSN_STI:
		return emulate_iopl_ok(v) ? EMULATED_DONE : EMULATED_REFUSED;
	case INSN_IN:
	case INSN_OUT:
	case INSN_INS:
	case INSN_OUTS:
		return emulate_io(v, r, in);
	case INSN_CPUID:
		do_cpuid(v, r);
		return EMULATED_DONE;
	default:
		return v->kernel_mode ? emulate_kernel(v, r, in)
				      : EMULATED_REFUSED;
	}
}

bool emulate_privileged(struct vcpu *v, struct regs *r)
{
	struct insn in;

	if (!fetch_insn(v, r, &in)) {
		return false;
	}
	switch (emulate(v, r, &in)) {
	case EMULATED_DONE:
		fetch_retire(v, r, r->rip + in.length);
		return true;
	case EMULATED_AGAIN:
	case EMULATED_INJECTED:
		return true;
	case EMULATED_REFUSED:
		break;
	}
	return false;
}

/* ud2; "xen"; cpuid */
static const uint8_t forced_cpuid[] = {0x0f, 0x0b, 'x', 'e', 'n', 0x0f, 0xa2};

bool emulate_forced_cpuid(struct vcpu *v, struct regs *r)
{
	uint8_t code[FETCH_BYTES];

	if (fetch_code(v, r, code) < sizeof(forced_cpuid) ||
	    __builtin_memcmp(code, forced_cpuid, sizeof(forced_cpuid)) != 0) {
		return false;
	}
	do_cpuid(v, r);
	fetch_retire(v, r, r->rip + sizeof(forced_cpuid));
	return true;
}
