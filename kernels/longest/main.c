/* SPDX-License-Identifier: MIT */
/*
 * The requests that take longest, each as long as a guest can make it, with
 * all timers off. The kernel judges nothing but that they are carried out: how
 * long the hypervisor went without asking whether to stop, and how long it
 * stayed, is for the hypervisor to measure (`pagewarden run --stretch`) and
 * for whoever reads its summary to judge.
 */
#include "kernels/longest/longest.h"

extern const char virt_base[] __asm__("KERNEL_VIRT_BASE");
void kernel_main(uint64_t start_info);

uint8_t data_page[PAGE_SIZE] __attribute__((aligned(4096)));

uint64_t mfn_at(const struct longest *l, const void *address)
{
	return l->p2m[((uintptr_t)address - l->virt_base) >> PAGE_SHIFT];
}

void *va_of(const struct longest *l, uint64_t frame)
{
	const uint64_t *m2p = (const uint64_t *)MACH2PHYS_VIRT_START;

	return (void *)(l->virt_base + (m2p[frame] << PAGE_SHIFT));
}

void must(const char *what, int64_t got, int64_t want)
{
	if (got != want) {
		say("%s: %ld, expected %ld", what, got, want);
		die("a request was not carried out");
	}
	say("%s", what);
}

int64_t map_page(const void *page, uint64_t entry)
{
	return hypercall(__HYPERVISOR_update_va_mapping, (uintptr_t)page, entry,
			 UVMF_INVLPG | UVMF_LOCAL, 0, 0);
}

static void no_timers(void)
{
	hypercall(__HYPERVISOR_vcpu_op, VCPUOP_stop_periodic_timer, 0, 0, 0, 0);
	hypercall(__HYPERVISOR_vcpu_op, VCPUOP_stop_singleshot_timer, 0, 0, 0,
		  0);
}

void kernel_main(uint64_t start_info)
{
	struct longest l = {
		.start = (const struct start_info *)start_info,
		.virt_base = (uintptr_t)virt_base,
	};

	l.p2m = (const uint64_t *)l.start->mfn_list;
	traps_init(NULL);
	no_timers();
	long_tables(&l);
	long_lists(&l);
	long_services(&l);
	long_memory(&l);
	say("longest: done");
	shut_down(SHUTDOWN_poweroff);
}
