/* SPDX-License-Identifier: MIT */
/* I/O instructions. */
#ifndef PW_HV_EMUL_IO_H
#define PW_HV_EMUL_IO_H

#include <stdbool.h>

#include "emul/decode.h"
#include "hv/emul/emulated.h"

struct regs;
struct vcpu;

enum emulated emulate_io(struct vcpu *v, struct regs *r, const struct insn *in);

/* May the guest, where it stands, use I/O instructions without the bitmap? */
bool emulate_iopl_ok(const struct vcpu *v);

#endif
