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

#include "abi/pipe.h"
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

/* At CONTROL_STOP_PORT. */
#define STOP_DEVICE "pvpanic,ioport=0x505"

#define MAX_ARGUMENTS (64 + RUN_QEMU_ARGUMENTS)

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
	const char *model = qemu_model(config->options);

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
	unsigned int vcpus = 0;

	if (most == 0) {
		most = host < 1              ? 1
		       : host < RUN_CPUS_MAX ? (unsigned int)host
					     : RUN_CPUS_MAX;
	}
	for (unsigned int i = 0; i < run_options_nr(o); i++) {
		const struct run_domain d = run_options_domain(o, i);

		vcpus += run_vcpus(&d);
	}
	return vcpus < most ? vcpus : most;
}

static bool has_replay(const struct run_options *o)
{
	return o->record_machine != NULL || o->replay_machine != NULL;
}

/* A snapshot of the beginning is what going backwards starts from. */
static void add_replay(struct arguments *a, const struct qemu_config *config)
{
	add(a, "-icount");
	add(a,
	    "shift=0,sleep=off,rr=%s,rrfile=/proc/self/fd/%d,rrsnapshot=start",
	    config->options->record_machine != NULL ? "record" : "replay",
	    config->events);
	add(a, "-drive");
	add(a, "file=/proc/self/fd/%d,format=qcow2,if=none,id=snapshot",
	    config->snapshot);
}

static void add_machine(struct arguments *a, const struct qemu_config *config)
{
	uint64_t mib = config->ram / MIB;

	const unsigned int cpus = qemu_cpus(config->options);

	/* One thread for all, where instructions are counted. */
	add_pair(a, "-accel",
		 qemu_has_kvm(config->options)          ? "kvm"
		 : cpus > 1 && !config->options->icount ? "tcg,thread=multi"
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
	if (qemu_stops(config->options)) {
		add_pair(a, "-device", STOP_DEVICE);
		add_pair(a, "-action", "panic=pause");
	}
	if (has_replay(config->options)) {
		add_replay(a, config);
	} else if (config->options->icount) {
		add_pair(a, "-icount", "shift=0,sleep=off");
	}
	if (config->options->icount) {
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
	if (config->bell >= 0) {
		add(a, "-chardev");
		add(a, "socket,id=bell,fd=%d", config->bell);
		add(a, "-device");
		add(a, "isa-debugcon,iobase=%#x,chardev=bell", PIPE_RING_PORT);
	}
	for (unsigned int i = 0; qemu_pauses(config) && i < PAUSES; i++) {
		add(a, "-chardev");
		add(a, "file,id=pause%u,path=/proc/self/fd/%d", i,
		    config->pause[i]);
		add(a, "-device");
		add(a, "isa-debugcon,iobase=%#x,chardev=pause%u",
		    CONTROL_PAUSE_PORT + i, i);
	}
	if (config->gdb >= 0) {
		add(a, "-chardev");
		add(a, "socket,id=gdb,fd=%d,server=on,wait=off", config->gdb);
		add_pair(a, "-gdb", "chardev:gdb");
		add(a, "-S");
	}
}

bool qemu_has_kvm(const struct run_options *o)
{
	return o->accel == RUN_ACCEL_KVM ||
	       (o->accel == RUN_ACCEL_AUTO && !o->icount &&
		access(QEMU_KVM, R_OK | W_OK) == 0);
}

const char *qemu_model(const struct run_options *o)
{
	return o->cpu != NULL ? o->cpu : qemu_has_kvm(o) ? "host" : "Nehalem";
}

bool qemu_has_pipe(const struct run_options *o)
{
	return (command_wanted(&o->command) || o->interactive) && !o->repeats;
}

bool qemu_stops(const struct run_options *o)
{
	return o->gdb && o->replay_machine == NULL &&
	       (o->stop_at != 0 || o->stop_at_refusal);
}

/*
 * While instructions are counted nobody may wait for us: how long that takes
 * would be counted, too. So the machine stands. A repetition executes the same
 * instructions, and finds no device there.
 */
static bool has_pauses(const struct qemu_config *config)
{
	return config->memory >= 0 && config->options->icount;
}

bool qemu_pauses(const struct qemu_config *config)
{
	return has_pauses(config) && !config->options->repeats;
}

bool qemu_waits(const struct qemu_config *config)
{
	return config->memory >= 0 && !config->options->icount &&
	       !config->options->repeats;
}

/* A string that is put together piece by piece. */
struct words {
	char text[32768];
	size_t used;
};

__attribute__((format(printf, 2, 3))) static void say_word(struct words *w,
							   const char *format,
							   ...)
{
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(w->text + w->used, sizeof(w->text) - w->used, format,
		      args);
	va_end(args);
	if (n > 0) {
		w->used += (size_t)n;
	}
	if (w->used >= sizeof(w->text)) {
		w->used = sizeof(w->text) - 1;
	}
}

static void say_audit(struct words *w, const struct run_options *o)
{
	switch (o->audit) {
	case RUN_AUDIT_OFF:
		say_word(w, " audit=off");
		break;
	case RUN_AUDIT_EVERY:
		say_word(w, " audit=%" PRIu64, o->audit_every);
		break;
	case RUN_AUDIT_EXIT:
		say_word(w, " audit=exit");
		break;
	}
}

static void say_watch(struct words *w, const struct run_options *o)
{
	if (o->watch != 0) {
		say_word(w, " watch-mfn=%" PRIx64, o->watch);
	}
	for (unsigned int i = 0; i < o->nr_slots; i++) {
		say_word(w, " watch-slot=%" PRIu64 ":%" PRIx64,
			 o->slots[i].request, o->slots[i].address);
	}
}

static void say_map(struct words *w, const struct e820_map *map)
{
	for (unsigned int i = 0; i < map->nr; i++) {
		const struct e820_piece *p = &map->piece[i];

		say_word(w, " e820=%" PRIx64 ":%" PRIx64 ":%x", p->addr,
			 p->size, p->type);
	}
}

static void say_domain(struct words *w, const struct run_domain *d, bool named,
		       const struct qemu_guest *g)
{
	const bool initrd = g->initrd >= 0;

	if (named) {
		say_word(w, " domain=%s", d->name);
	}
	say_word(w, " dom-memory=%" PRIu64, d->memory / MIB);
	if (run_memory(d) > d->memory) {
		say_word(w, " maxmem=%" PRIu64, run_memory(d) / MIB);
	}
	say_map(w, &g->map);
	if (run_vcpus(d) > 1) {
		say_word(w, " vcpus=%u", run_vcpus(d));
	}
	if (run_vcpus(d) > d->vcpus) {
		say_word(w, " online=%u", d->vcpus);
	}
	if (d->restarts != 0) {
		say_word(w, " restart=%u", d->restarts);
	}
	if (d->privileged) {
		say_word(w, " privileged");
	}
	if (d->root_first) {
		say_word(w, " root-first");
	}
	for (unsigned int i = 0; i < DOMAINS_MAX; i++) {
		if ((d->may_map >> i & 1) != 0) {
			say_word(w, " privileged=%u", i + 1);
		}
	}
	if (named && initrd) {
		say_word(w, " initrd");
	}
}

static void add_hypervisor(struct arguments *a,
			   const struct qemu_config *config)
{
	const struct run_options *o = config->options;
	const char *console = o->console != NULL   ? o->console
			      : o->domains.nr == 0 ? NULL
			      : o->interactive     ? o->domains.list[0].name
						   : NULL;
	struct words w = {.used = 0};

	say_word(&w, "loglevel=%s", o->log_level);
	say_audit(&w, o);
	/* Never reset (-no-reboot): no RAM has been used but by firmware. */
	say_word(&w, " debug-exit fresh%s%s", o->stretch ? " stretch" : "",
		 o->lint ? " lint" : "");
	if (qemu_cpus(o) > 1) {
		say_word(&w, " cpus=%u", qemu_cpus(o));
	}
	if (has_replay(o)) {
		say_word(&w, " mark-at=%0*" PRIu64, MARK_DIGITS,
			 o->stop_at != 0 ? o->stop_at : MARK_NEVER);
	} else if (o->stop_at != 0) {
		say_word(&w, " stop-at=%" PRIu64, o->stop_at);
	}
	say_word(&w, "%s%s%s%s", o->stop_at_refusal ? " stop-at-refusal" : "",
		 qemu_stops(o) ? " stop-in-guest" : "",
		 qemu_waits(config) ? " wait" : "",
		 has_pauses(config) ? " pause" : "");
	say_watch(&w, o);
	if (o->record != NULL) {
		say_word(&w, " record=%d", QEMU_RECORD_MIB);
	}
	if (config->bell >= 0) {
		say_word(&w, " pipe");
	}
	if (o->dump != NULL) {
		say_word(&w, " dump");
	}
	if (console != NULL) {
		say_word(&w, " console=%s", console);
	}
	for (unsigned int i = 0; i < config->nr_guests; i++) {
		const struct run_domain d = run_options_domain(o, i);

		say_domain(&w, &d, o->domains.nr != 0, &config->guest[i]);
	}
	add_pair(a, "-kernel", config->hypervisor);
	add_pair(a, "-append", w.text);
}

static void add_modules(struct arguments *a, const struct qemu_config *config)
{
	char *list = NULL;

	for (unsigned int i = 0; i < config->nr_guests; i++) {
		const struct qemu_guest *g = &config->guest[i];
		char *cmdline = double_commas(g->cmdline);
		char *longer = NULL;
		char initrd[48] = "";

		if (g->initrd >= 0) {
			snprintf(initrd, sizeof(initrd), ",/proc/self/fd/%d",
				 g->initrd);
		}
		if (cmdline == NULL ||
		    asprintf(&longer, "%s%s/proc/self/fd/%d %s%s",
			     list != NULL ? list : "", list != NULL ? "," : "",
			     g->kernel, cmdline, initrd) < 0) {
			a->short_of_memory = true;
			longer = NULL;
		}
		free(cmdline);
		free(list);
		list = longer;
	}
	if (list != NULL) {
		add_pair(a, "-initrd", list);
	}
	free(list);
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
	for (unsigned int i = 0; i < config->options->nr_qemu_arguments; i++) {
		add(&a, "%s", config->options->qemu_argument[i]);
	}
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
