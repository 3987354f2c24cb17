/* SPDX-License-Identifier: MIT */
/*
 * A CPU that lacks an instruction or a register that we use would fault in the
 * midst of things, or worse, seem to work: better to say so first. NX, SMEP and
 * the like are used where they are, and not asked for here.
 */
#include "hv/boot/features.h"

#include "abi/control.h"
#include "hv/cpu/x86.h"
#include "hv/report/control.h"
#include "hv/report/log.h"
#include "hv/report/machine.h"

#define LEAF_BASIC 1
#define LEAF_EXTENDED 0x80000001

/* Bits of EDX (SDM 2A, CPUID; APM 3, E.4). */
static const struct {
	uint32_t leaf;
	unsigned int bit;
	const char *name;
} needed[] = {
	{LEAF_BASIC, 4, "the time-stamp counter (tsc)"},
	{LEAF_BASIC, 5, "model-specific registers (msr)"},
	{LEAF_BASIC, 9, "a local APIC (apic)"},
	{LEAF_BASIC, 24, "FXSAVE (fxsr)"},
	{LEAF_BASIC, 25, "SSE (sse)"},
	{LEAF_BASIC, 26, "SSE2 (sse2)"},
	{LEAF_EXTENDED, 11, "SYSCALL (syscall)"},
};

static _Noreturn void unfit(const char *lacks)
{
	log_error("the CPU lacks %s", lacks);
	control_begin(EVENT_UNFIT);
	control_text(UNFIT_LACKS, lacks);
	control_end();
	machine_end(CONTROL_EXIT_FAILED);
}

void features_check(void)
{
	for (unsigned int i = 0; i < sizeof(needed) / sizeof(needed[0]); i++) {
		if ((x86_cpuid(needed[i].leaf, 0).d >> needed[i].bit & 1) ==
		    0) {
			unfit(needed[i].name);
		}
	}
}
