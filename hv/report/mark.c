/* SPDX-License-Identifier: MIT */
/*
 * A machine that QEMU replays may execute no instruction that it did not
 * execute when it was recorded: it cannot be told to stop at a request, nor say
 * where it has. So it writes down where the guest goes on each time, in one
 * place before the request that is named and in another from there on, of which
 * a debugger has a watchpoint. Which request that is changes an address, and
 * neither a branch nor the number of instructions.
 */
#include "hv/report/mark.h"

#include "abi/control.h"
#include "hv/domain/domain.h"
#include "hv/report/control.h"
#include "hv/vcpu/vcpu.h"

uint64_t mark_at;

static volatile uint64_t marks[2][MARK_WORDS];

void mark_init(void)
{
	if (mark_at != 0) {
		control_begin(EVENT_MARK);
		control_hex(MARK_AT, (uint64_t)marks[1]);
		control_end();
	}
}

void mark_set(const struct vcpu *v, const struct regs *r)
{
	const uint64_t request = v->domain->mmu.serial;
	volatile uint64_t *mark = marks[request >= mark_at];

	mark[MARK_REQUEST] = request;
	mark[MARK_RIP] = r->rip;
	mark[MARK_RSP] = r->rsp;
}
