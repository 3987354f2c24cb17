/* SPDX-License-Identifier: MIT */
/* Guest code, for the decoder. */
#ifndef PW_HV_EMUL_FETCH_H
#define PW_HV_EMUL_FETCH_H

#include "emul/decode.h"

struct vcpu;
struct regs;

#define FETCH_BYTES 16

/*
 * The code at the guest's rip: how many bytes could be read, at most
 * FETCH_BYTES; fewer only where the next page cannot be read.
 */
size_t fetch_code(struct vcpu *v, const struct regs *r,
		  uint8_t ret_code[FETCH_BYTES]);

/* Fetches and decodes; false: nothing that emul/ knows. */
bool fetch_insn(struct vcpu *v, const struct regs *r, struct insn *ret_insn);

/* The general registers in encoding order. */
void fetch_gprs(struct regs *r, uint64_t ret_gpr[16]);

/*
 * The instruction has been carried out: rip behind it, RF clear. With TF set
 * the guest takes its single-step exception.
 */
void fetch_retire(struct vcpu *v, struct regs *r, uint64_t rip);

#endif
