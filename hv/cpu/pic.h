/* SPDX-License-Identifier: MIT */
/* The two 8259 interrupt controllers. */
#ifndef PW_HV_CPU_PIC_H
#define PW_HV_CPU_PIC_H

/* IRQ n comes as vector PIC_VECTOR + n. */
#define PIC_VECTOR 0xe0

/* Moves the IRQs to their vectors; all masked. */
void pic_init(void);
void pic_unmask(unsigned int irq);
/* The interrupt has been dealt with. */
void pic_end(unsigned int irq);

#endif
