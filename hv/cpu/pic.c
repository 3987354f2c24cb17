/* SPDX-License-Identifier: MIT */
/*
 * The 8259s. They are all that the hypervisor needs of external interrupts
 * (the serial port's), and every PC has them where they always were. They are
 * wired through the local APIC's LINT0 (timer.c).
 */
#include "hv/cpu/pic.h"

#include "hv/cpu/x86.h"

#define PIC1 0x20
#define PIC2 0xa0
#define PIC_CASCADE 2 /* IRQ of the first that the second hangs on */

#define ICW1_INIT 0x11 /* edge-triggered, cascaded, ICW4 follows */
#define ICW4_8086 0x01
#define OCW2_EOI 0x20

void pic_init(void)
{
	x86_out8(PIC1, ICW1_INIT);
	x86_out8(PIC2, ICW1_INIT);
	x86_out8(PIC1 + 1, PIC_VECTOR);
	x86_out8(PIC2 + 1, PIC_VECTOR + 8);
	x86_out8(PIC1 + 1, 1 << PIC_CASCADE);
	x86_out8(PIC2 + 1, PIC_CASCADE);
	x86_out8(PIC1 + 1, ICW4_8086);
	x86_out8(PIC2 + 1, ICW4_8086);
	x86_out8(PIC1 + 1, 0xff);
	x86_out8(PIC2 + 1, 0xff);
}

void pic_unmask(unsigned int irq)
{
	uint16_t port = irq < 8 ? PIC1 + 1 : PIC2 + 1;

	x86_out8(port, (uint8_t)(x86_in8(port) & ~(1u << (irq % 8))));
	if (irq >= 8) {
		pic_unmask(PIC_CASCADE);
	}
}

void pic_end(unsigned int irq)
{
	if (irq >= 8) {
		x86_out8(PIC2, OCW2_EOI);
	}
	x86_out8(PIC1, OCW2_EOI);
}
