/* SPDX-License-Identifier: MIT */
/*
 * vcpu_op and nmi_op. A domain has the vCPUs that it was built with; another
 * number is -ENOENT, whatever is asked of it.
 */
#include "hv/services/vcpu_op.h"

#include "engine/port.h"
#include "engine/request/form.h"
#include "hv/cpu/ipi.h"
#include "hv/domain/domain.h"
#include "hv/domain/stop.h"
#include "hv/services/deliver.h"
#include "hv/services/guest_time.h"
#include "hv/mm/layout.h"
#include "hv/services/context_32.h"
#include "hv/vcpu/registers.h"
#include "hv/vcpu/vcpu.h"

#define MXCSR_DEFINED 0xffff
#define FLAGS_KEPT                                                  \
	(UINT32_MAX & ~(uint32_t)(X86_RFLAGS_IOPL | X86_RFLAGS_VM | \
				  X86_RFLAGS_NT | X86_RFLAGS_TF))
/* What all vCPUs of a domain have alike. */
#define VCPU_WORK_INHERITED (VCPU_WORK_AUDIT | VCPU_WORK_IOPL | VCPU_WORK_WATCH)

static int64_t register_vcpu_info(struct vcpu *caller, struct vcpu *v,
				  uint64_t from)
{
	struct vcpu_register_vcpu_info op;
	int rc;

	if (port_copy_in(&caller->mmu, &op, from, sizeof(op)) != 0) {
		return -XEN_EFAULT;
	}
	if (v != caller && v->up) {
		return -XEN_EINVAL;
	}
	rc = event_register_vcpu_info(v, op.mfn, op.offset);
	if (rc == 0) {
		time_publish(v);
	}
	return rc;
}

/*
 * In user mode its tables would be the kernel's: Xen refuses none, we do. A
 * 32-bit guest's callback for SYSCALL is no address: take_narrow().
 */
static int check_context(const struct vcpu_guest_context *c, bool narrow)
{
	if ((c->flags & VGCF_in_kernel) == 0 ||
	    !vaddr_canonical(vaddr(c->fs_base)) ||
	    !vaddr_canonical(vaddr(c->gs_base_kernel)) ||
	    !vaddr_canonical(vaddr(c->gs_base_user)) ||
	    !vaddr_canonical(vaddr(c->event_callback_eip)) ||
	    !vaddr_canonical(vaddr(c->failsafe_callback_eip)) ||
	    (!narrow && !vaddr_canonical(vaddr(c->syscall_callback_eip)))) {
		return -XEN_EINVAL;
	}
	for (unsigned int i = 0; i < 256; i++) {
		if (!vaddr_canonical(vaddr(c->trap_ctxt[i].address))) {
			return -XEN_EINVAL;
		}
	}
	return 0;
}

static void take_registers(struct vcpu *v, const struct vcpu_guest_context *c)
{
	const struct cpu_user_regs *u = &c->user_regs;

	v->saved.regs = (struct regs){
		.r15 = u->r15,
		.r14 = u->r14,
		.r13 = u->r13,
		.r12 = u->r12,
		.rbp = u->rbp,
		.rbx = u->rbx,
		.r11 = u->r11,
		.r10 = u->r10,
		.r9 = u->r9,
		.r8 = u->r8,
		.rax = u->rax,
		.rcx = u->rcx,
		.rdx = u->rdx,
		.rsi = u->rsi,
		.rdi = u->rdi,
		.rip = u->rip,
		.rsp = u->rsp,
		.cs = (u->cs & 0xffff) | 3u,
		.ss = (u->ss & 0xffff) | 3u,
		.rflags = (u->rflags & FLAGS_KEPT) | X86_RFLAGS_IF |
			  X86_RFLAGS_FIXED,
		.vector = ENTRY_RETRY,
	};
	v->iopl = u->rflags >> 12 & 3;
	v->saved.ds = u->ds;
	v->saved.es = u->es;
	v->saved.fs = u->fs;
	v->saved.gs = u->gs;
	v->saved.fs_base = c->fs_base;
	v->saved.gs_base = c->gs_base_kernel;
	v->saved.shadow_gs = c->gs_base_user;
}

static void take_fpu(struct vcpu *v, const struct vcpu_guest_context *c)
{
	const uint16_t control = 0x37f;
	uint32_t mxcsr = 0x1f80;

	__builtin_memset(v->fxsave, 0, sizeof(v->fxsave));
	if ((c->flags & VGCF_i387_valid) != 0) {
		__builtin_memcpy(v->fxsave, &c->fpu_ctxt, sizeof(v->fxsave));
		__builtin_memcpy(&mxcsr, v->fxsave + FX_MXCSR, 4);
		mxcsr &= MXCSR_DEFINED;
	} else {
		__builtin_memcpy(v->fxsave, &control, 2);
	}
	__builtin_memcpy(v->fxsave + FX_MXCSR, &mxcsr, 4);
}

static void take_entries(struct vcpu *v, const struct vcpu_guest_context *c)
{
	const uint32_t masks = CALLBACKF_mask_events;

	__builtin_memcpy(v->trap, c->trap_ctxt, sizeof(v->trap));
	v->on_event.address = c->event_callback_eip;
	v->on_failsafe.address = c->failsafe_callback_eip;
	v->on_failsafe.flags =
		(c->flags & VGCF_failsafe_disables_events) != 0 ? masks : 0;
	v->on_syscall.address = c->syscall_callback_eip;
	v->on_syscall.flags |=
		(c->flags & VGCF_syscall_disables_events) != 0 ? masks : 0;
	vcpu_set_kernel_stack(v, c->kernel_ss, c->kernel_sp);
	v->kernel_mode = true;
}

static uint16_t ring_1_at_least(uint32_t selector)
{
	return (uint16_t)((selector & 3) == 0 ? selector | 1 : selector);
}

/*
 * What a 32-bit kernel's has beside that, or otherwise: selectors of the
 * callbacks, and rings that are its own to choose, but for ring 0.
 */
static void take_narrow(struct vcpu *v, const struct vcpu_guest_context *c)
{
	v->saved.regs.cs = ring_1_at_least(c->user_regs.cs);
	v->saved.regs.ss = ring_1_at_least(c->user_regs.ss);
	v->on_event.cs = (uint16_t)c->syscall_callback_eip;
	v->on_failsafe.cs = (uint16_t)(c->syscall_callback_eip >> 32);
	v->on_syscall.address = 0;
	v->kernel_mode = (v->saved.regs.cs & 3) == 1;
}

static int context_in(struct vcpu *caller, struct vcpu_guest_context *c,
		      uint64_t from)
{
	struct vcpu_guest_context_32 narrow;

	if (!caller->narrow) {
		return port_copy_in(&caller->mmu, c, from, sizeof(*c));
	}
	if (port_copy_in(&caller->mmu, &narrow, from, sizeof(narrow)) != 0) {
		return -XEN_EFAULT;
	}
	context_widen(c, &narrow);
	return 0;
}

/* The frame of its root, by what the guest takes for its CR3. */
static uint64_t root_of(const struct vcpu *v, uint64_t cr3)
{
	return v->narrow ? root_of_cr3_32(cr3) : cr3 >> PAGE_SHIFT;
}

/*
 * The registers, tables and entries that a new vCPU begins with. Only once: a
 * vCPU that went down goes on where it was.
 */
static int64_t initialise(struct vcpu *caller, struct vcpu *v, uint64_t from)
{
	struct vcpu_guest_context c;
	uint64_t user = 0;
	int rc;

	if (context_in(caller, &c, from) != 0) {
		return -XEN_EFAULT;
	}
	if (v->initialised) {
		return -XEN_EEXIST;
	}
	rc = check_context(&c, caller->narrow);
	if (rc != 0) {
		return rc;
	}
	/* Bit 0 says that there is one. */
	if ((c.ctrlreg[1] & 1) != 0 && !v->narrow) {
		user = c.ctrlreg[1] >> PAGE_SHIFT;
	}
	rc = mmu_start_vcpu(&caller->mmu, &v->mmu,
			    mfn(root_of(v, c.ctrlreg[3])), mfn(user),
			    c.gdt_frames, (unsigned int)c.gdt_ents);
	if (rc != 0) {
		return rc;
	}
	take_registers(v, &c);
	take_fpu(v, &c);
	take_entries(v, &c);
	if (v->narrow) {
		take_narrow(v, &c);
	}
	v->initialised = true;
	return 0;
}

static int64_t up(struct vcpu *caller, struct vcpu *v)
{
	if (!v->initialised) {
		return -XEN_EINVAL;
	}
	if (!v->up) {
		v->up = true;
		v->blocked = false;
		vcpu_work_add(v, caller->work & VCPU_WORK_INHERITED);
		time_vcpu_up(v);
		vcpu_wake(v);
	}
	return 0;
}

static int64_t send_nmi(struct vcpu *v)
{
	vcpu_work_add(v, VCPU_WORK_NMI);
	vcpu_wake(v);
	return 0;
}

/*
 * The domain's last vCPU going down is the domain's end, but no power-off:
 * that is how kernels halt that died before they could say a word.
 */
static int64_t down(struct domain *d, struct vcpu *v)
{
	vcpu_work_add(v, VCPU_WORK_SCHED);
	if (v->cpu != cpu_here()->id) {
		ipi_wake(v->cpu);
	}
	for (unsigned int i = 0; i < d->nr_vcpus; i++) {
		if (d->vcpu[i] != v && d->vcpu[i]->up) {
			v->up = false;
			return 0;
		}
	}
	v->up = false;
	if (d->event.shutdown_code != 0) {
		domain_shutdown(d, SHUTDOWN_poweroff); /* the code's reason */
	} else {
		domain_halted(d);
	}
	return 0;
}

int64_t hc_vcpu_op(struct vcpu *v, uint64_t arg[6])
{
	unsigned int cmd = (unsigned int)arg[0];
	struct vcpu *target = domain_vcpu(v->domain, (uint32_t)arg[1]);

	if (target == NULL) {
		return -XEN_ENOENT;
	}
	switch (cmd) {
	case VCPUOP_initialise:
		return initialise(v, target, arg[2]);
	case VCPUOP_up:
		return up(v, target);
	case VCPUOP_down:
		return down(v->domain, target);
	case VCPUOP_is_up:
		return target->up;
	case VCPUOP_register_vcpu_info:
		return register_vcpu_info(v, target, arg[2]);
	case VCPUOP_send_nmi:
		return send_nmi(target);
	case VCPUOP_get_physid:
		return -XEN_EINVAL; /* only pinned vCPUs have one */
	default:
		return time_vcpu_op(v, target, cmd, arg[2]);
	}
}

#define NMI_REGISTER 0   /* XENNMI_register_callback */
#define NMI_UNREGISTER 1 /* XENNMI_unregister_callback */

struct nmi_callback {
	uint64_t handler;
	uint64_t pad;
};
static const struct form form_nmi = {
	.wide = sizeof(struct nmi_callback),
	.narrow = 8,
	.words = 1 << 0 | 1 << 1,
};

/* An NMI handler is the trap handler of its vector. */
int64_t hc_nmi_op(struct vcpu *v, uint64_t arg[6])
{
	struct nmi_callback op;

	switch ((uint32_t)arg[0]) {
	case NMI_REGISTER:
		if (form_in(&v->mmu, &form_nmi, &op, arg[1]) != 0) {
			return -XEN_EFAULT;
		}
		if (!vaddr_canonical(vaddr(op.handler))) {
			return -XEN_EINVAL;
		}
		v->trap[2] = (struct trap_info){
			.vector = 2,
			.flags = 1 << 2, /* events masked */
			.cs = v->narrow ? SEL_32_KERNEL_CS : FLAT_KERNEL_CS,
			.address = op.handler,
		};
		return 0;
	case NMI_UNREGISTER:
		v->trap[2] = (struct trap_info){.vector = 0};
		return 0;
	default:
		return -XEN_ENOSYS;
	}
}
