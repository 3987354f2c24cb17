/* SPDX-License-Identifier: MIT */
/*
 * The hypervisor's beginning: each step needs only the ones before it.
 */
#include <stdbool.h>

#include "abi/control.h"
#include "gen/version.h"
#include "hv/report/audit.h"
#include "hv/mm/machine_frames.h"
#include "hv/mm/memory.h"
#include "hv/boot/multiboot.h"
#include "hv/boot/start.h"
#include "hv/mm/paging.h"
#include "hv/mm/paging_check.h"
#include "hv/record/record.h"
#include "hv/services/console.h"
#include "hv/report/control.h"
#include "hv/report/history.h"
#include "hv/cpu/cpu.h"
#include "hv/cpu/slice.h"
#include "hv/cpu/smap.h"
#include "hv/life/create.h"
#include "hv/report/log.h"
#include "hv/report/machine.h"
#include "hv/mm/layout.h"
#include "hv/report/panic.h"
#include "hv/report/queued.h"
#include "hv/report/refused.h"
#include "hv/report/serial.h"
#include "hv/cpu/clock.h"
#include "hv/cpu/lapic.h"
#include "hv/cpu/pic.h"
#include "hv/domain/domain.h"
#include "hv/domain/stop.h"
#include "hv/entry/first.h"
#include "hv/entry/hypercall.h"
#include "hv/schedule/schedule.h"
#include "hv/entry/idt.h"
#include "hv/cpu/x86.h"

#define MIB_PAGES 256
#define RECORD_MIB_MAX 64
#define FIRST_DOMID 1
#define WORD_SIZE 64

_Noreturn void hv_main(uint32_t magic, uint32_t information);

struct options {
	uint64_t pages; /* of the domain; 0: all there are */
	uint64_t vcpus; /* of the domain; 0: one */
	uint64_t cpus;  /* of the machine that are used; 0: one */
};

/* What follows the key, or NULL. */
static const char *value_of(const char *word, const char *key)
{
	while (*key != '\0' && *word == *key) {
		word++;
		key++;
	}
	return *key == '\0' ? word : NULL;
}

static bool is_level(const char *text, enum log_level *ret_level)
{
	static const char *const names[] = {"error", "warn", "info", "debug"};

	for (unsigned int i = 0; i < 4; i++) {
		const char *rest = value_of(text, names[i]);

		if (rest != NULL && *rest == '\0') {
			*ret_level = (enum log_level)i;
			return true;
		}
	}
	return false;
}

static bool parse_mib(const char *text, uint64_t *ret_pages)
{
	uint64_t mib = 0;

	for (; *text >= '0' && *text <= '9' && mib < UINT32_MAX; text++) {
		mib = mib * 10 + (uint64_t)(*text - '0');
	}
	*ret_pages = mib * MIB_PAGES;
	return *text == '\0' && mib != 0;
}

/* From 1 to 2^53, which JSON's numbers hold. */
static bool parse_number(const char *text, uint64_t *ret_number)
{
	uint64_t n = 0;

	for (; *text >= '0' && *text <= '9' && n < UINT64_C(1) << 53; text++) {
		n = n * 10 + (uint64_t)(*text - '0');
	}
	*ret_number = n;
	return *text == '\0' && n != 0;
}

/* Up to 16 digits, all of the text. */
static bool parse_hex(const char *text, uint64_t *ret_number)
{
	uint64_t n = 0;
	unsigned int digits = 0;

	for (; digits < 16 && *text != '\0'; text++, digits++) {
		if (*text >= '0' && *text <= '9') {
			n = n << 4 | (uint64_t)(*text - '0');
		} else if (*text >= 'a' && *text <= 'f') {
			n = n << 4 | (uint64_t)(*text - 'a' + 10);
		} else {
			return false;
		}
	}
	*ret_number = n;
	return *text == '\0' && digits != 0;
}

static bool parse_frame(const char *text, mfn_t *ret_frame)
{
	uint64_t frame;

	if (!parse_hex(text, &frame)) {
		return false;
	}
	*ret_frame = mfn(frame);
	return frame >> (64 - PAGE_SHIFT) == 0;
}

/* REQUEST:ADDRESS, decimal and hexadecimal. */
static bool parse_slot(const char *text)
{
	char request[WORD_SIZE];
	uint64_t number, address;
	unsigned int n = 0;

	while (text[n] != '\0' && text[n] != ':') {
		request[n] = text[n];
		n++;
	}
	request[n] = '\0';
	return text[n] == ':' && parse_number(request, &number) &&
	       parse_hex(text + n + 1, &address) && queued_add(number, address);
}

static bool parse_option(struct options *o, const char *word)
{
	const char *v;

	if ((v = value_of(word, "loglevel=")) != NULL) {
		return is_level(v, &log_level);
	}
	if ((v = value_of(word, "audit=")) != NULL) {
		return audit_configure(v);
	}
	if ((v = value_of(word, "dom-memory=")) != NULL) {
		return parse_mib(v, &o->pages);
	}
	if ((v = value_of(word, "vcpus=")) != NULL) {
		return parse_number(v, &o->vcpus) && o->vcpus <= MMU_MAX_VCPUS;
	}
	if ((v = value_of(word, "cpus=")) != NULL) {
		return parse_number(v, &o->cpus) && o->cpus <= CPUS_MAX;
	}
	if ((v = value_of(word, "debug-exit")) != NULL && *v == '\0') {
		machine_debug_exit = true;
		return true;
	}
	if ((v = value_of(word, "fresh")) != NULL && *v == '\0') {
		frames_fresh = true;
		return true;
	}
	if ((v = value_of(word, "stop-at=")) != NULL) {
		return parse_number(v, &stop_at_request);
	}
	if ((v = value_of(word, "stop-at-refusal")) != NULL && *v == '\0') {
		stop_at_refusal = true;
		return true;
	}
	if ((v = value_of(word, "smap")) != NULL && *v == '\0') {
		smap_forced = true;
		return true;
	}
	if ((v = value_of(word, "watch-mfn=")) != NULL) {
		return parse_frame(v, &history_frame);
	}
	if ((v = value_of(word, "record=")) != NULL) {
		return parse_number(v, &record_mib) &&
		       record_mib <= RECORD_MIB_MAX &&
		       (record_mib & (record_mib - 1)) == 0;
	}
	if ((v = value_of(word, "watch-slot=")) != NULL) {
		return parse_slot(v);
	}
	if ((v = value_of(word, "wait")) != NULL && *v == '\0') {
		refused_wait = true;
		return true;
	}
	if ((v = value_of(word, "stretch")) != NULL && *v == '\0') {
		slice_measured = true;
		return true;
	}
	return false;
}

/* The first word is our own file's name. */
static void parse_options(struct options *o, const char *text)
{
	char word[WORD_SIZE];
	bool first = true;

	while (*text != '\0') {
		unsigned int n = 0;

		while (*text == ' ') {
			text++;
		}
		for (; *text != '\0' && *text != ' '; text++) {
			if (n < WORD_SIZE - 1) {
				word[n++] = *text;
			}
		}
		word[n] = '\0';
		if (n != 0 && !first && !parse_option(o, word)) {
			panic("option not understood: %s", word);
		}
		first = false;
	}
}

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
	audit_init(direct_map(memory_take(bytes, PAGE_SIZE, UINT64_MAX)));
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

static void init_time(void)
{
	struct frequencies f;

	lapic_init(device_map(lapic_machine_address()));
	pic_init();
	lapic_enable();
	f = clock_init();
	log_info("TSC %lu kHz, local APIC timer %lu kHz", f.tsc / 1000,
		 f.lapic / 1000);
}

_Noreturn void hv_main(uint32_t magic, uint32_t information)
{
	struct options options = {0};
	struct domain *d;
	const char *wrong;

	serial_init();
	wrong = multiboot_read(magic, information);
	parse_options(&options, boot_info.cmdline);
	if (wrong != NULL) {
		panic("%s", wrong);
	}
	memory_init(&boot_info);
	smap_init();
	paging_init();
	cpu_init(0, &cpu_tables[0]);
	idt_init();
	idt_load();
	init_record();
	frames_init();
	banner();
	paging_check();
	init_time();
	console_irq_init();
	init_audit(options.pages);
	start_cpus((unsigned int)options.cpus);
	d = domain_create(&boot_info, FIRST_DOMID, options.pages,
			  options.vcpus == 0 ? 1 : (unsigned int)options.vcpus);
	schedule_begin();
	if (nr_cpus > 1) {
		hypercall_lock_all();
	}
	start_release();
	vcpu_run_first(d->vcpu[0]);
}
