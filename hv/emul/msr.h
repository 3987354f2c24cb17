/* SPDX-License-Identifier: MIT */
/* rdmsr and wrmsr. */
#ifndef PW_HV_EMUL_MSR_H
#define PW_HV_EMUL_MSR_H

#include "hv/emul/emulated.h"

struct regs;
struct vcpu;

enum emulated emulate_rdmsr(struct vcpu *v, struct regs *r);
enum emulated emulate_wrmsr(struct vcpu *v, struct regs *r);

#endif
