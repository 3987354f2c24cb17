/* SPDX-License-Identifier: MIT */
/*
 * The guest's console: the hvc0 ring both ways, and console_io. The other side
 * of both is COM1.
 */
#ifndef PW_HV_SERVICES_CONSOLE_H
#define PW_HV_SERVICES_CONSOLE_H

#include <stdbool.h>

#include "abi/addr.h"
#include "abi/xen.h"

struct domain;
struct vcpu;
struct xencons_interface;

#define CONSOLE_INPUT 256 /* typed, not yet taken by the guest */

/* Part of struct domain. */
struct console {
	struct xencons_interface *ring; /* in a page of the guest's, or NULL */
	evtchn_port_t port;
	/* Our own indices of the ring: what the page says is the guest's. */
	uint32_t out_cons;
	uint32_t in_prod;
	uint8_t input[CONSOLE_INPUT];
	uint32_t input_in;
	uint32_t input_out;
	bool stalled; /* COM1 may hold bytes that had no room in input[] */
};

/*
 * The ring's page and port; the page is the guest's own frame, which is held
 * writable from here on. 0 or a negative errno.
 */
int console_domain_init(struct domain *d, struct xencons_interface *ring,
			evtchn_port_t port);
/* The guest has sent to the console's port: drains its output. */
void console_kick(struct domain *d);
/* COM1 interrupts from here on: IRQ 4 is CONSOLE_VECTOR. */
#define CONSOLE_VECTOR 0xe4
/* And COM2 for room alone: IRQ 3. */
#define CONTROL_VECTOR 0xe3
void console_irq_init(void);
/* The domain that has the terminal: what is typed is its, or dropped. */
void console_choose(const struct domain *d);
/* Acknowledges; passes on what was typed, and what waited for room. */
void console_interrupt(void);
/* There is room on the port again, and so with each that waits for some. */
void console_go_on(void);
/* The domain ends: its ring is not looked at any more. */
void console_domain_end(struct domain *d);

int control_interrupt(void);

int64_t hc_console_io(struct vcpu *v, uint64_t arg[6]);

#endif
