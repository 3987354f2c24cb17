/* SPDX-License-Identifier: MIT */
/*
 * Exceptions. Three kinds are expected: one inside port_probe, which a table
 * of fix-ups made by the linker resolves; one inside probe_access, which is
 * what a test wants to see; and whatever a test's own handler takes. All
 * else is a bug of this kernel: it says what it knows and crashes.
 */
#include "kernels/common/kernel.h"

struct fixup {
	uint64_t from;
	uint64_t to;
};

struct trap_entry {
	uint64_t vector;
	uint64_t handler;
};

extern const struct fixup fixups_start[], fixups_end[];
extern const struct trap_entry trap_entries[];
extern const char probe_insn_read[], probe_insn_write[], probe_done[];
int probe_access(uint64_t address, uint64_t value, int write);
void trap_handle(struct trap_frame *f);

static struct trap_info table[32];
static struct shared_info *shared_info;
static trap_fn expected;
static uint64_t probe_error;
static uint64_t probe_cr2;

/* From the first instruction of the table to the last; they lie together. */
static uint64_t fixups_low = UINT64_MAX;
static uint64_t fixups_high;

static void find_fixups(void)
{
	for (const struct fixup *x = fixups_start; x < fixups_end; x++) {
		if (x->from < fixups_low) {
			fixups_low = x->from;
		}
		if (x->from > fixups_high) {
			fixups_high = x->from;
		}
	}
}

static bool fix_up(struct trap_frame *f, uint64_t cr2)
{
	if (f->rip < fixups_low || f->rip > fixups_high) {
		return false;
	}
	for (const struct fixup *x = fixups_start; x < fixups_end; x++) {
		if (x->from == f->rip) {
			f->rip = (uintptr_t)x->to;
			probe_error = f->error;
			probe_cr2 = cr2;
			return true;
		}
	}
	return false;
}

static bool end_probe(struct trap_frame *f, uint64_t cr2)
{
	if (f->rip != (uintptr_t)probe_insn_read &&
	    f->rip != (uintptr_t)probe_insn_write) {
		return false;
	}
	f->rax = f->vector;
	f->rip = (uintptr_t)probe_done;
	probe_error = f->error;
	probe_cr2 = cr2;
	return true;
}

void trap_handle(struct trap_frame *f)
{
	uint64_t cr2 = 0;

	if (shared_info != NULL) {
		cr2 = shared_info->vcpu_info[0].arch.cr2;
	}
	if (fix_up(f, cr2) || end_probe(f, cr2) ||
	    (expected != NULL && expected(f, cr2))) {
		return;
	}
	say("kernel: trap %lu, error %lx, at %lx, stack %lx, address %lx",
	    (uint64_t)f->vector, (uint64_t)f->error, (uint64_t)f->rip,
	    (uint64_t)f->rsp, cr2);
	die("unexpected trap");
}

void traps_init(struct shared_info *shared)
{
	unsigned int nr = 0;

	find_fixups();
	shared_info = shared;
	for (const struct trap_entry *e = trap_entries; e->handler; e++) {
		table[nr++] = (struct trap_info){
			.vector = (uint8_t)e->vector,
			.flags = 3, /* int3 and friends, from ring 3 */
			.cs = FLAT_KERNEL_CS,
			.address = (unsigned long)e->handler,
		};
	}
	table[nr] = (struct trap_info){.address = 0};
	if (hypercall(__HYPERVISOR_set_trap_table, (uintptr_t)table, 0, 0, 0,
		      0) != 0) {
		die("set_trap_table failed");
	}
}

void traps_context(struct trap_info context[256])
{
	for (const struct trap_info *t = table; t->address != 0; t++) {
		context[t->vector] = *t;
	}
}

void traps_expect(trap_fn fn)
{
	expected = fn;
}

static int probe(uint64_t address, uint64_t value, int write,
		 uint64_t *ret_error, uint64_t *ret_cr2)
{
	int vector = probe_access(address, value, write);

	if (vector >= 0 && ret_error != NULL) {
		*ret_error = probe_error;
	}
	if (vector >= 0 && ret_cr2 != NULL) {
		*ret_cr2 = probe_cr2;
	}
	return vector;
}

int probe_read(uint64_t address, uint64_t *ret_error, uint64_t *ret_cr2)
{
	return probe(address, 0, 0, ret_error, ret_cr2);
}

int probe_write(uint64_t address, uint64_t value, uint64_t *ret_error,
		uint64_t *ret_cr2)
{
	return probe(address, value, 1, ret_error, ret_cr2);
}

void probe_last(uint64_t *ret_error, uint64_t *ret_cr2)
{
	*ret_error = probe_error;
	*ret_cr2 = probe_cr2;
}

struct cpuid cpuid(uint32_t leaf)
{
	struct cpuid c;

	/* ud2a; .ascii "xen"; cpuid: see xen/arch-x86/xen.h. */
	__asm__ volatile(XEN_CPUID
			 : "=a"(c.eax), "=b"(c.ebx), "=c"(c.ecx), "=d"(c.edx)
			 : "0"(leaf), "2"(0));
	return c;
}
