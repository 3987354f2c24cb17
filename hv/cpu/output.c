/* SPDX-License-Identifier: MIT */
/*
 * Whatever is written, by the hypervisor or for a guest, goes to the same two
 * serial ports, by way of the same queues. Whoever does takes this lock for a
 * line, or for what must stand together. Any of the others may be held when it
 * is taken, for a refusal is told where it comes about; holding it, nobody
 * takes another. It is had in order (engine/request/fair_lock.h).
 */
#include "hv/cpu/output.h"

#include "engine/request/fair_lock.h"
#include "hv/cpu/lock.h"

static struct fair_lock lock;

void output_lock_many(void)
{
	struct cpu *c = cpu_here();

	if (c->output_depth++ != 0) {
		return;
	}
	lock_order_took(c, LOCK_OUTPUT);
	machine_fair_lock(&lock);
}

void output_unlock_many(void)
{
	struct cpu *c = cpu_here();

	if (--c->output_depth != 0) {
		return;
	}
	lock_order_dropped(c, LOCK_OUTPUT);
	fair_lock_give_up(&lock);
}
