/* SPDX-License-Identifier: MIT */
/*
 * QEMU's argument vector. Files are handed over as inherited descriptors, by
 * /proc/self/fd: no name of the user's is ever parsed by QEMU, where spaces
 * and commas have a meaning, and no temporary file is left behind. What is
 * text of the user's (the guest's command line) gets its commas doubled.
 */
#define _GNU_SOURCE /* vasprintf */

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/qemu.h"

#define MIB (UINT64_C(1) << 20)
#define GIB (UINT64_C(1) << 30)
#define PAGE 4096

/*
 * For each frame: 16 bytes of the frame table, 8 of the M2P, 12 of the audit's
 * scratch memory, which costs nothing while nobody audits.
 */
#define BYTES_PER_FRAME 36
/* The hole below 4 GiB has entries in these tables, but no memory. */
#define HOLE GIB
/* The hypervisor itself, its heap, and what firmware keeps. */
#define SLACK (64 * MIB)
/* QEMU's own default for TCG; and where AMD models move memory above the
 * HyperTransport hole, up to which it is placed contiguously. */
#define DEFAULT_PHYS_BITS 40
#define CONTIGUOUS_MAX (1000 * GIB)

/*
 * Where time is a count of instructions, no clock of the host's may be read:
 * the CMOS clock, from which guests take the date, runs on with the virtual
 * clock from a day that never changes. Random instructions get a seed.
 */
#define EXACT_RTC "base=2024-01-01T00:00:00,clock=vm"
#define EXACT_SEED "1"

#define MAX_ARGUMENTS 64

struct arguments {
	char **list;
	size_t nr;
	bool short_of_memory;
};

__attribute__((format(printf, 2, 3))) static void add(struct arguments *a,
						      const char *format, ...)
{
	va_list args;
	char *text = NULL;

	va_start(args, format);
	if (a->nr == MAX_ARGUMENTS || vasprintf(&text, format, args) < 0) {
		a->short_of_memory = true;
		text = NULL;
	}
	va_end(args);
	if (text != NULL) {
		a->list[a->nr++] = text;
	}
}

static void add_pair(struct arguments *a, const char *first, const char *second)
{
	add(a, "%s", first);
	add(a, "%s", second);
}

uint64_t qemu_ram_size(uint64_t guest, uint64_t modules)
{
	/* total * (PAGE - BYTES_PER_FRAME) / PAGE must leave all of this. */
	uint64_t payload =
		guest + modules + SLACK + HOLE / PAGE * BYTES_PER_FRAME;
	uint64_t frames = payload / (PAGE - BYTES_PER_FRAME) + 1;

	return (frames * PAGE + MIB - 1) / MIB * MIB;
}

unsigned int qemu_phys_bits(uint64_t ram)
{
	unsigned int bits = DEFAULT_PHYS_BITS + 1;

	if (ram <= CONTIGUOUS_MAX) {
		return 0;
	}
	/* Hole, PCI window, and the terabyte that AMD models skip. */
	while ((UINT64_C(1) << bits) < ram + 1024 * GIB + 8 * GIB) {
		bits++;
	}
	return bits;
}

/* Doubles the commas, which else end a module or an option. */
static char *double_commas(const char *text)
{
	char *result = malloc(2 * strlen(text) + 1);
	char *to = result;

	if (result == NULL) {
		return NULL;
	}
	for (; *text != '\0'; text++) {
		if (*text == ',') {
			*to++ = ',';
		}
		*to++ = *text;
	}
	*to = '\0';
	return result;
}

static void add_cpu(struct arguments *a, const struct qemu_config *config)
{
	unsigned int bits = qemu_phys_bits(config->ram);
	const char *model = config->options->cpu;

	add(a, "-cpu");
	if (bits == 0 || strstr(model, "phys-bits=") != NULL) {
		add(a, "%s", model);
	} else {
		add(a, "%s,phys-bits=%u", model, bits);
	}
}

unsigned int qemu_cpus(const struct run_options *o)
{
	const long host = sysconf(_SC_NPROCESSORS_ONLN);
	unsigned int most = o->cpus;

	if (most == 0) {
		most = host < 1              ? 1
		       : host < RUN_CPUS_MAX ? (unsigned int)host
					     : RUN_CPUS_MAX;
	}
	return o->vcpus < most ? o->vcpus : most;
}

static void add_machine(struct arguments *a, const struct qemu_config *config)
{
	uint64_t mib = config->ram / MIB;

	const unsigned int cpus = qemu_cpus(config->options);

	/* One thread for all, where instructions are counted. */
	add_pair(a, "-accel",
		 cpus > 1 && !config->options->icount ? "tcg,thread=multi"
						      : "tcg");
	if (cpus > 1) {
		add(a, "-smp");
		add(a, "%u", cpus);
	}
	add_cpu(a, config);
	add(a, "-object");
	if (config->memory >= 0) {
		add(a,
		    "memory-backend-file,id=ram,size=%" PRIu64
		    "M,share=on,mem-path=/proc/self/fd/%d",
		    mib, config->memory);
	} else {
		add(a,
		    "memory-backend-ram,id=ram,size=%" PRIu64 "M,reserve=off",
		    mib);
	}
	add_pair(a, "-machine", "pc,memory-backend=ram");
	add(a, "-m");
	add(a, "%" PRIu64 "M", mib);
	add_pair(a, "-display", "none");
	add(a, "-nodefaults");
	add(a, "-no-user-config");
	add(a, "-no-reboot");
	add_pair(a, "-device", "isa-debug-exit,iobase=0xf4,iosize=0x04");
	if (config->options->icount) {
		add_pair(a, "-icount", "shift=0,sleep=off");
		add_pair(a, "-rtc", EXACT_RTC);
		add_pair(a, "-seed", EXACT_SEED);
	}
}

static void add_channels(struct arguments *a, const struct qemu_config *config)
{
	add(a, "-chardev");
	add(a, "socket,id=console,fd=%d", config->console);
	add_pair(a, "-serial", "chardev:console");
	add(a, "-chardev");
	add(a, "socket,id=control,fd=%d", config->control);
	add_pair(a, "-serial", "chardev:control");
	if (config->gdb >= 0) {
		add(a, "-chardev");
		add(a, "socket,id=gdb,fd=%d,server=on,wait=off", config->gdb);
		add_pair(a, "-gdb", "chardev:gdb");
		add(a, "-S");
	}
}

/*
 * While instructions are counted nobody may wait for us: how long that takes
 * would be counted, too.
 */
bool qemu_waits(const struct qemu_config *config)
{
	return config->memory >= 0 && !config->options->icount &&
	       !config->options->repeats;
}

static void add_watch(const struct run_options *o, char *text, size_t size)
{
	size_t n = 0;

	if (o->watch != 0) {
		n = (size_t)snprintf(text, size, " watch-mfn=%" PRIx64,
				     o->watch);
	}
	for (unsigned int i = 0; i < o->nr_slots && n < size; i++) {
		n += (size_t)snprintf(text + n, size - n,
				      " watch-slot=%" PRIu64 ":%" PRIx64,
				      o->slots[i].request, o->slots[i].address);
	}
}

static void add_hypervisor(struct arguments *a,
			   const struct qemu_config *config)
{
	const struct run_options *o = config->options;
	char audit[32] = "exit";
	char stop[64] = "";
	char watch[32 + 48 * RUN_SLOTS] = "";
	char processors[48] = "";
	char record[32] = "";

	if (o->audit == RUN_AUDIT_OFF) {
		snprintf(audit, sizeof(audit), "off");
	} else if (o->audit == RUN_AUDIT_EVERY) {
		snprintf(audit, sizeof(audit), "%" PRIu64, o->audit_every);
	}
	if (o->stop_at != 0) {
		snprintf(stop, sizeof(stop), " stop-at=%" PRIu64, o->stop_at);
	}
	add_watch(o, watch, sizeof(watch));
	if (o->vcpus > 1) {
		snprintf(processors, sizeof(processors), " vcpus=%u cpus=%u",
			 o->vcpus, qemu_cpus(o));
	}
	if (o->record != NULL) {
		snprintf(record, sizeof(record), " record=%d", QEMU_RECORD_MIB);
	}
	add_pair(a, "-kernel", config->hypervisor);
	add(a, "-append");
	/* Never reset (-no-reboot): no RAM has been used but by firmware. */
	add(a,
	    "loglevel=%s audit=%s debug-exit fresh%s%s%s%s%s%s%s dom-memory=%" PRIu64,
	    o->log_level, audit, processors, o->stretch ? " stretch" : "", stop,
	    o->stop_at_refusal ? " stop-at-refusal" : "",
	    qemu_waits(config) ? " wait" : "", watch, record, o->memory / MIB);
}

static void add_modules(struct arguments *a, const struct qemu_config *config)
{
	char *cmdline = double_commas(config->cmdline);

	if (cmdline == NULL) {
		a->short_of_memory = true;
		return;
	}
	add(a, "-initrd");
	if (config->initrd >= 0) {
		add(a, "/proc/self/fd/%d %s,/proc/self/fd/%d", config->kernel,
		    cmdline, config->initrd);
	} else {
		add(a, "/proc/self/fd/%d %s", config->kernel, cmdline);
	}
	free(cmdline);
}

char **qemu_arguments(const struct qemu_config *config)
{
	struct arguments a = {
		.list = calloc(MAX_ARGUMENTS + 1, sizeof(char *)),
	};

	if (a.list == NULL) {
		return NULL;
	}
	add(&a, QEMU_PROGRAM);
	add_machine(&a, config);
	add_channels(&a, config);
	add_hypervisor(&a, config);
	add_modules(&a, config);
	if (a.short_of_memory) {
		qemu_free_arguments(a.list);
		return NULL;
	}
	return a.list;
}

void qemu_free_arguments(char **arguments)
{
	for (size_t i = 0; arguments != NULL && arguments[i] != NULL; i++) {
		free(arguments[i]);
	}
	free(arguments);
}
