/* SPDX-License-Identifier: MIT */
/* The guest's stack on the control channel. */
#ifndef PW_HV_REPORT_STACK_H
#define PW_HV_REPORT_STACK_H

struct regs;
struct vcpu;

/*
 * A member of the object under way: a list of the words from the guest
 * kernel's stack pointer on that may be return addresses, those that lie in
 * the top 2 GiB. The command knows which of them are.
 */
void stack_tell(const char *key, const struct vcpu *v, const struct regs *r);

#endif
