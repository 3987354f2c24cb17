/* SPDX-License-Identifier: MIT */
/*
 * A debugger wants to see the guest, not us. The machine can be stopped here,
 * where the guest's next instruction is known; the command, which has QEMU's
 * gdb stub, lets it run as far as to that instruction. An interrupt handler of
 * the guest's may come before: rip and stack pointer together tell them apart.
 */
#include "hv/report/stopped.h"

#include "abi/control.h"
#include "hv/domain/domain.h"
#include "hv/report/control.h"
#include "hv/report/machine.h"
#include "hv/vcpu/vcpu.h"

void stopped_in_guest(const struct vcpu *v, const struct regs *r)
{
	control_begin(EVENT_STOPPED);
	control_number(STOPPED_DOMAIN, v->domain->mmu.domid);
	control_number(STOPPED_REQUEST, v->domain->mmu.serial);
	control_number(STOPPED_VCPU, v->id);
	control_hex(STOPPED_RIP, r->rip);
	control_hex(STOPPED_RSP, r->rsp);
	control_end();
	machine_stop();
}
