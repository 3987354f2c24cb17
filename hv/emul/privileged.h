/* SPDX-License-Identifier: MIT */
/* Between the files of hv/emul: parts of privileged instructions. */
#ifndef PW_HV_EMUL_PRIVILEGED_H
#define PW_HV_EMUL_PRIVILEGED_H

#include "emul/decode.h"

struct vcpu;
struct regs;

/* An instruction's end. */
enum emulated {
	EMULATED_DONE,     /* retire it */
	EMULATED_REFUSED,  /* the trap is the guest's */
	EMULATED_INJECTED, /* the guest has got another exception instead */
	EMULATED_AGAIN,    /* rip stays: it is executed again */
};

enum emulated emulate_io(struct vcpu *v, struct regs *r, const struct insn *in);
enum emulated emulate_rdmsr(struct vcpu *v, struct regs *r);
enum emulated emulate_wrmsr(struct vcpu *v, struct regs *r);

/* May the guest, where it stands, use I/O instructions without the bitmap? */
bool emulate_iopl_ok(const struct vcpu *v);

#endif
