/* SPDX-License-Identifier: MIT */
/*
 * More output than there is room for, in a hurry: how long it kept this domain
 * from its work, whoever reads it.
 */
#include "kernels/services/services.h"

#define PIECES 150
#define PIECE 4096
#define MS UINT64_C(1000000)

void flood(const struct pv *s)
{
	static char text[PIECE];
	uint64_t start, took;

	memset(text, 'x', sizeof(text));
	start = now(s);
	for (unsigned int i = 0; i < PIECES; i++) {
		hypercall(__HYPERVISOR_console_io, CONSOLEIO_write, PIECE,
			  (uintptr_t)text, 0, 0);
	}
	took = now(s) - start;
	while (now(s) - start < 8000 * MS) {
		hypercall(__HYPERVISOR_sched_op, SCHEDOP_yield, 0, 0, 0, 0);
	}
	say("flood: it took %lu ms", took / MS);
	shut_down(SHUTDOWN_poweroff);
}
