/* SPDX-License-Identifier: MIT */
/* Where the CPU enters: IDT, SYSCALL and SYSENTER. */
#ifndef PW_HV_ENTRY_IDT_H
#define PW_HV_ENTRY_IDT_H

/* Fills the IDT, which all CPUs share. */
void idt_init(void);
/* Makes the CPU that calls it enter by the IDT and by entry.S. */
void idt_load(void);

#endif
