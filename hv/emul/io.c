/* SPDX-License-Identifier: MIT */
/*
 * I/O instructions. Whether the guest may use them is as on a real CPU: by
 * privilege level, else by the bitmap that its kernel gave. A domain has no
 * devices, so what is written goes nowhere, and what is read is what an empty
 * bus gives: all ones. The exception is the interval timer's channel 2, which
 * a kernel that calibrates its TSC takes, if all ones, for a counter that it
 * has to wait a hundred thousand reads for; 0 makes it give up at once.
 */
#include "emul/execute.h"
#include "engine/port.h"
#include "hv/domain/domain.h"
#include "hv/emul/io.h"
#include "hv/vcpu/inject.h"
#include "hv/vcpu/vcpu.h"
#include "hv/cpu/x86.h"

#define PIT_CHANNEL2 0x42

bool emulate_iopl_ok(const struct vcpu *v)
{
	unsigned int level = 3;

	if (v->kernel_mode) {
		bool ring0 = v->domain->vm_assist &
			     1u << VMASST_TYPE_architectural_iopl;

		level = ring0 ? 0 : 1;
	}
	return v->iopl >= level;
}

/*
 * The bitmap is in guest-kernel memory. What cannot be read there forbids.
 * A port's byte and the one behind it are read, as the CPU does.
 */
static bool bitmap_allows(struct vcpu *v, uint32_t port, unsigned int size)
{
	uint8_t bits[2] = {0xff, 0xff};
	bool user = !v->kernel_mode;
	unsigned int mask = ((1u << size) - 1) << (port & 7);

	if (port + size > v->iobmp_ports) {
		return false;
	}
	if (user) {
		vcpu_toggle_mode(v);
	}
	if (port_copy_in(&v->mmu, bits, v->iobmp + port / 8, 2) != 0 &&
	    port_copy_in(&v->mmu, bits, v->iobmp + port / 8, 1) != 0) {
		bits[0] = 0xff;
	}
	if (user) {
		vcpu_toggle_mode(v);
	}
	return ((bits[0] | (unsigned int)bits[1] << 8) & mask) == 0;
}

static bool io_allowed(struct vcpu *v, uint32_t port, unsigned int size)
{
	return emulate_iopl_ok(v) || bitmap_allows(v, port, size);
}

static uint32_t io_read(uint32_t port, unsigned int size)
{
	uint32_t value = 0;

	for (unsigned int i = 0; i < size; i++) {
		if (port + i != PIT_CHANNEL2) {
			value |= UINT32_C(0xff) << (8 * i);
		}
	}
	return value;
}

/*
 * Does the instruction address memory as its code does by itself? What we copy
 * is copied with our rights, which for a 64-bit guest's user end where its own
 * tables do; a 32-bit one's would reach its kernel's pages.
 */
static bool is_usual(const struct vcpu *v, const struct insn *in)
{
	return v->narrow ? in->address_size == 4 && v->kernel_mode
			 : in->address_size == 8;
}

/* A pointer or count of 32-bit code has no more bits. */
static uint64_t wrapped(const struct vcpu *v, uint64_t value)
{
	return v->narrow ? (uint32_t)value : value;
}

/* Elements of one string instruction carried out for one trap. */
#define STRING_STRETCH 64

static enum emulated emulate_ins(struct vcpu *v, struct regs *r,
				 const struct insn *in, uint32_t port)
{
	uint64_t step =
		(r->rflags & X86_RFLAGS_DF) ? 0 - (uint64_t)in->size : in->size;
	uint32_t value = io_read(port, in->size);

	if (!is_usual(v, in)) {
		return EMULATED_REFUSED;
	}
	r->rdi = wrapped(v, r->rdi);
	r->rcx = wrapped(v, r->rcx);
	for (unsigned int i = 0; i < STRING_STRETCH; i++) {
		if (in->rep && r->rcx == 0) {
			return EMULATED_DONE;
		}
		if (port_copy_out(&v->mmu, r->rdi, &value, in->size) != 0) {
			inject_page_fault(v, r, r->rdi, PF_ERROR_WRITE);
			return EMULATED_INJECTED;
		}
		r->rdi = wrapped(v, r->rdi + step);
		if (!in->rep) {
			return EMULATED_DONE;
		}
		r->rcx--;
	}
	return r->rcx == 0 ? EMULATED_DONE : EMULATED_AGAIN;
}

/* What would be written is not looked at: nobody receives it. */
static enum emulated emulate_outs(const struct vcpu *v, struct regs *r,
				  const struct insn *in)
{
	uint64_t count = in->rep ? r->rcx : 1;
	uint64_t bytes = count * in->size;

	if (!is_usual(v, in)) {
		return EMULATED_REFUSED;
	}
	r->rsi = wrapped(v, r->rsi + ((r->rflags & X86_RFLAGS_DF) ? 0 - bytes
								  : bytes));
	if (in->rep) {
		r->rcx = 0;
	}
	return EMULATED_DONE;
}

enum emulated emulate_io(struct vcpu *v, struct regs *r, const struct insn *in)
{
	uint32_t port = (uint16_t)r->rdx;

	if (in->operand == OPERAND_IMM) {
		port = (uint8_t)in->imm;
	}
	if (!io_allowed(v, port, in->size)) {
		return EMULATED_REFUSED;
	}
	switch (in->op) {
	case INSN_IN:
		r->rax = execute_merge(r->rax, io_read(port, in->size),
				       in->size);
		return EMULATED_DONE;
	case INSN_INS:
		return emulate_ins(v, r, in, port);
	case INSN_OUTS:
		return emulate_outs(v, r, in);
	default:
		return EMULATED_DONE; /* out */
	}
}
