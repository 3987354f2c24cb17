/* SPDX-License-Identifier: MIT */
/*
 * The hypervisor's beginning: each step needs only the ones before it.
 */
#include <stdbool.h>

#include "abi/control.h"
#include "gen/version.h"
#include "hv/domain/stop.h"
#include "hv/report/audit.h"
#include "hv/report/history.h"
#include "hv/report/lint.h"
#include "hv/report/machine.h"
#include "hv/report/queued.h"
#include "hv/mm/machine_frames.h"
#include "hv/mm/memory.h"
#include "hv/boot/multiboot.h"
#include "hv/boot/options.h"
#include "hv/boot/start.h"
#include "hv/mm/paging.h"
#include "hv/mm/paging_check.h"
#include "hv/record/record.h"
#include "hv/services/console.h"
#include "hv/services/xenstore.h"
#include "hv/report/control.h"
#include "hv/report/lines.h"
#include "hv/cpu/alone.h"
#include "hv/cpu/cpu.h"
#include "hv/boot/features.h"
#include "hv/cpu/smap.h"
#include "hv/life/create.h"
#include "hv/report/log.h"
#include "hv/report/mark.h"
#include "hv/mm/layout.h"
#include "hv/report/panic.h"
#include "hv/report/serial.h"
#include "hv/cpu/clock.h"
#include "hv/cpu/lapic.h"
#include "hv/cpu/pic.h"
#include "hv/emul/pipe.h"
#include "hv/domain/domain.h"
#include "hv/entry/first.h"
#include "hv/entry/hypercall.h"
#include "hv/schedule/schedule.h"
#include "hv/entry/idt.h"
#include "hv/cpu/x86.h"

#define MIB_PAGES 256

_Noreturn void hv_main(uint32_t magic, uint32_t information);

static void cpu_brand(char name[49])
{
	if (x86_cpuid(0x80000000, 0).a < 0x80000004) {
		name[0] = '\0';
		return;
	}
	for (unsigned int i = 0; i < 3; i++) {
		struct cpuid c = x86_cpuid(0x80000002 + i, 0);
		const uint32_t words[4] = {c.a, c.b, c.c, c.d};

		for (unsigned int j = 0; j < 16; j++) {
			name[i * 16 + j] = (char)(words[j / 4] >> j % 4 * 8);
		}
	}
	name[48] = '\0';
}

static void banner(void)
{
	char brand[49];
	uint64_t pages = memory_pages(&memory_ram);

	cpu_brand(brand);
	log_info("Pagewarden %s, %lu MiB of RAM, %s", PW_VERSION,
		 pages / MIB_PAGES, brand);
	control_begin(EVENT_BOOT);
	control_number(BOOT_RAM_KIB, pages * 4);
	control_number(BOOT_FRAMES, machine_mmu.nr_frames);
	control_text(BOOT_CPU, brand);
	control_end();
}

/* Audits need scratch memory; the guest's memory comes first. */
static void init_audit(uint64_t pages)
{
	uint64_t bytes = page_round_up(machine_mmu.nr_frames *
				       sizeof(struct audit_tally));
	uint64_t free = memory_pages(&memory_free);

	if (!audit_wanted()) {
		return;
	}
	if (free < (bytes >> PAGE_SHIFT) + pages) {
		log_warn("no audits: no room for their %lu MiB", bytes >> 20);
		(void)audit_configure("off");
		return;
	}
	audit_init(frames_zeroed_table(bytes));
}

/* Before the frame table, in which its frames then are our own. */
static void init_record(void)
{
	uint64_t at;

	if (record_wanted()) {
		at = memory_take(record_ring_size(), PAGE_SIZE, UINT64_MAX);
		record_init(direct_map(at), at);
	}
}

static void init_pipe(void)
{
	const uint64_t size = sizeof(struct pipe_rings);
	uint64_t at;

	if (pipe_wanted) {
		at = memory_take((size + PAGE_SIZE - 1) & ~(PAGE_SIZE - 1),
				 PAGE_SIZE, UINT64_MAX);
		__builtin_memset(direct_map(at), 0, size);
		pipe_init(direct_map(at));
		control_begin(EVENT_PIPE);
		control_hex(PIPE_RINGS, at);
		control_end();
	}
}

static void init_time(void)
{
	struct frequencies f;

	lapic_init(device_map(lapic_machine_address()));
	pic_init();
	lapic_enable();
	f = clock_init();
	record_clock(f.tsc / 1000);
	log_info("TSC %lu kHz, local APIC timer %lu kHz", f.tsc / 1000,
		 f.lapic / 1000);
}

/* What the hypervisor keeps of each comes first, then their memory. */
static void make_domains(const struct options *o)
{
	struct domain *made[DOMAINS];

	xenstore_init();
	for (unsigned int i = 0; i < o->nr_domains; i++) {
		made[i] = domain_new(&o->domain[i]);
		if (o->nr_domains > 1) {
			lines_begin(made[i]->slot, o->domain[i].name);
		}
	}
	console_choose(made[o->console]);
	if (o->console_named) {
		lines_show_at_once(made[o->console]->slot);
	}
	for (unsigned int i = 0; i < o->nr_domains; i++) {
		domain_make(made[i]);
	}
	frames_to_pool();
	for (unsigned int i = 0; i < o->nr_domains; i++) {
		domain_begin(made[i]);
	}
}

/*
 * Someone follows the requests, or stops at one of them: then they come one
 * after the other, on all CPUs together.
 */
static bool is_followed(void)
{
	return record_wanted() || stop_watches() || mark_at != 0 ||
	       machine_pauses || lint_wanted || queued_wanted() ||
	       !mfn_eq(history_frame, MFN_INVALID);
}

_Noreturn void hv_main(uint32_t magic, uint32_t information)
{
	static struct options options;
	const char *wrong;

	clock_began = x86_rdtsc();
	serial_init();
	wrong = multiboot_read(magic, information);
	options_parse(&options, boot_info.cmdline);
	if (wrong != NULL) {
		panic("%s", wrong);
	}
	features_check();
	options_modules(&options, &boot_info);
	memory_init(&boot_info);
	smap_init();
	paging_init();
	cpu_init(0, &cpu_tables[0]);
	idt_init();
	idt_load();
	init_record();
	init_pipe();
	mark_init();
	frames_init();
	banner();
	paging_check();
	init_time();
	console_irq_init();
	init_audit(options_pages(&options));
	start_cpus(options.cpus);
	make_domains(&options);
	alone_never = is_followed();
	schedule_begin();
	if (nr_cpus > 1) {
		hypercall_lock_all();
	}
	start_release();
	cpu_run_first();
}
