/* SPDX-License-Identifier: MIT */
/*
 * The invariants as this world sees them: those on references
 * (tests/unit/support/recount.c), and I2 in what the CPUs have cached.
 */
#include "tests/interleave/recount.h"

#include <stdio.h>
#include <string.h>

#include "tests/unit/support/recount.h"

static char text[160];

const char *recount_all(struct machine *m)
{
	struct recount_of of = {
		.doms = {&m->dom, &m->other},
		.nr_doms = m->other.m == NULL ? 1 : 2,
		.nr_slots = PT_ENTRIES,
	};

	return recount(&m->mmu, &of, text, sizeof(text)) ? NULL : text;
}

/*
 * I2 as the CPUs see it, without a look at the engine's records: no frame that
 * one of them takes for a table, or walks from as a root, is writable through
 * what any of them has cached.
 */
const char *recount_cached(struct machine *m)
{
	uint8_t is_table[MACHINE_FRAMES] = {0};

	for (unsigned int i = 0; i < MACHINE_CPUS; i++) {
		const struct worst_cpu *cpu = &m->cpu[i];

		if (cpu->vcpu == NULL) {
			continue;
		}
		is_table[cpu->vcpu->kernel_root.v] = 1;
		is_table[cpu->vcpu->user_root.v] = 1;
		for (unsigned int e = 0; e < cpu->cache.nr; e++) {
			if (cpu->cache.at[e].level > 1) {
				is_table[cpu->cache.at[e].frame] = 1;
			}
		}
	}
	for (unsigned int i = 0; i < MACHINE_CPUS; i++) {
		const struct cached_list *l = &m->cpu[i].cache;

		for (unsigned int e = 0; e < l->nr; e++) {
			if (l->at[e].level == 1 && l->at[e].writable &&
			    is_table[l->at[e].frame]) {
				snprintf(text, sizeof(text),
					 "frame %#lx is walked as a table and "
					 "writable at %#lx on CPU %u",
					 l->at[e].frame, l->at[e].va, i);
				return text;
			}
		}
	}
	return NULL;
}
