/* SPDX-License-Identifier: MIT */
/*
 * Starting the other CPUs. All are sent the same interrupts and take numbers
 * as they come. A page below 1 MiB is borrowed for their first instructions
 * (start.S) and given back as it was. How many come is waited for, for a
 * second: a machine with fewer runs with those.
 *
 * Time is the TSC's on every CPU, without corrections. So each is compared
 * with the first one's on its way up: it must lie between two readings there.
 */
#include "hv/boot/start.h"

#include "hv/cpu/clock.h"
#include "hv/cpu/cpu.h"
#include "hv/cpu/lapic.h"
#include "hv/cpu/x86.h"
#include "hv/entry/first.h"
#include "hv/entry/idt.h"
#include "hv/mm/layout.h"
#include "hv/mm/paging.h"
#include "hv/report/log.h"
#include "hv/schedule/schedule.h"

#define START_PAGE 8 /* at 0x8000 */
#define PATIENCE UINT64_C(1000000000)

extern const uint8_t start_page[], start_page_end[];

uint32_t start_next = 1;
uint32_t start_limit = 1;
static uint64_t tsc_of[CPUS_MAX];
static bool released;

_Noreturn void start_cpu(unsigned int id);

/* Called by start.S, on the CPU's own stack. */
_Noreturn void start_cpu(unsigned int id)
{
	struct cpu *c = cpu_here();

	if (paging_nx() != 0) {
		x86_wrmsr(MSR_EFER, x86_rdmsr(MSR_EFER) | EFER_NXE);
	}
	x86_write_cr3(paging_root());
	cpu_init(id, &cpu_tables[id]);
	idt_load();
	lapic_enable();
	c->apic_id = lapic_id();
	__atomic_store_n(&tsc_of[id], x86_rdtsc(), __ATOMIC_RELAXED);
	__atomic_store_n(&c->online, true, __ATOMIC_RELEASE);
	while (!__atomic_load_n(&released, __ATOMIC_ACQUIRE)) {
		x86_pause();
	}
	cpu_run_first();
}

static unsigned int count_online(unsigned int wanted)
{
	unsigned int nr = 1;

	while (nr < wanted &&
	       __atomic_load_n(&cpu_at(nr)->online, __ATOMIC_ACQUIRE)) {
		nr++;
	}
	return nr;
}

static void check_tsc(unsigned int nr, uint64_t before, uint64_t after)
{
	for (unsigned int i = 1; i < nr; i++) {
		if (tsc_of[i] < before || tsc_of[i] > after) {
			log_warn("CPU %u: its TSC is not the first one's", i);
			clock_unstable();
		}
	}
}

void start_cpus(unsigned int wanted)
{
	const uint64_t bytes = (uint64_t)start_page_end - (uint64_t)start_page;
	uint8_t *page = direct_map(START_PAGE * PAGE_SIZE);
	uint8_t saved[128];
	uint64_t before = x86_rdtsc();
	uint64_t end;
	unsigned int nr;

	cpu_here()->apic_id = lapic_id();
	cpu_here()->online = true;
	if (wanted < 2) {
		return;
	}
	__builtin_memcpy(saved, page, bytes);
	__builtin_memcpy(page, start_page, bytes);
	start_limit = wanted;
	lapic_start_all(START_PAGE);
	end = clock_now() + PATIENCE;
	while ((nr = count_online(wanted)) < wanted && clock_now() < end) {
		x86_pause();
	}
	check_tsc(nr, before, x86_rdtsc());
	/* Whoever comes later finds no number left. */
	__atomic_store_n(&start_limit, 0, __ATOMIC_RELEASE);
	__builtin_memcpy(page, saved, bytes);
	log_info("%u CPUs", nr);
	schedule_cpus(nr);
}

void start_release(void)
{
	__atomic_store_n(&released, true, __ATOMIC_RELEASE);
}
