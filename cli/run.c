/* SPDX-License-Identifier: MIT */
/*
 * `pagewarden run`: everything before QEMU's start and after its end. What the
 * user gave is judged here, by the same builder that the hypervisor will use,
 * so that bad input is told as such, with its reason, instead of showing as a
 * machine that dies.
 */
#define _GNU_SOURCE /* memfd_create */

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "cli/explain.h"
#include "cli/machine/machine.h"
#include "cli/output.h"
#include "cli/place.h"
#include "cli/report/report.h"
#include "cli/run.h"
#include "cli/run_check.h"
#include "cli/run_end.h"
#include "cli/session.h"
#include "cli/size.h"

/* Modules lie below 4 GiB, beside firmware and hypervisor. */
#define MAX_MODULES (UINT64_C(2) << 30)
#define MIB (UINT64_C(1) << 20)
#define SHARED_MAX (UINT64_C(16) << 30)

__attribute__((format(printf, 3, 4))) static enum exit_status refuse(
	struct run *r, enum exit_status status, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(r->error, sizeof(r->error), format, args);
	va_end(args);
	return status;
}

/*
 * RAM that QEMU and we share: the explanations of refusals read it. Not for
 * very large machines, whose memory is better left to QEMU alone.
 */
static int open_memory(uint64_t size, bool must)
{
	int fd = size > SHARED_MAX && !must ? -1
					    : memfd_create("ram", MFD_CLOEXEC);

	if (fd >= 0 && ftruncate(fd, (off_t)size) != 0) {
		close(fd);
		fd = -1;
	}
	return fd;
}

/* The option that wants a recording, if one does. */
static const char *recorded_for(const struct run *r)
{
	return r->options.record != NULL   ? "--record"
	       : r->options.report != NULL ? "--report"
					   : NULL;
}

/* The option that reads the machine's memory, if one does. */
static const char *shared_for(const struct run *r)
{
	const char *option = recorded_for(r);

	return option == NULL && r->options.dump != NULL ? "--dump" : option;
}

static uint64_t ring_size(const struct run *r)
{
	return recorded_for(r) == NULL ? 0 : (QEMU_RECORD_MIB + 1) * MIB;
}

/* A guest's troubles are told with its name, where there are several. */
static void name_error(struct run *r, const struct guest *g)
{
	char text[GUEST_ERROR_SIZE];

	if (r->nr_guests > 1) {
		memcpy(text, r->error, sizeof(text));
		snprintf(r->error, sizeof(r->error), "%s: %.*s",
			 g->options.name,
			 (int)(GUEST_ERROR_SIZE - DOMAINS_NAME_MAX - 3), text);
	}
}

static enum exit_status prepare(struct run *r)
{
	enum exit_status status;
	uint64_t modules = 0;
	uint64_t memory = 0;

	guest_beside_executable("pagewarden-hv.elf", r->hypervisor_path);
	status = run_check(&r->options, r->hypervisor_path, r->error,
			   sizeof(r->error));
	if (r->options.dry_run) {
		r->options.command.log = NULL; /* nothing is written */
	}

	for (unsigned int i = 0; status == STATUS_OK && i < r->nr_guests; i++) {
		struct guest *g = &r->guest[i];

		g->files = &r->config.guest[i];
		g->error = r->error;
		g->bare = r->options.no_console_arg;
		g->no_cache = r->options.no_cache;
		g->command = has_command(r) ? &r->options.command : NULL;
		status = guest_prepare(g);
		if (status != STATUS_OK) {
			name_error(r, g);
		}
		modules += g->elf_size + g->initrd_size;
		memory += run_memory(&g->options);
	}
	if (status == STATUS_OK && modules > MAX_MODULES) {
		status = refuse(r, STATUS_USAGE,
				"kernel and initrd are more than 2 GiB");
	}
	if (status != STATUS_OK) {
		return status;
	}
	if (qemu_has_pipe(&r->options) &&
	    !command_init(&r->command, &r->options.command)) {
		return refuse(r, STATUS_USAGE, "%s", r->command.error);
	}
	r->config.options = &r->options;
	r->config.hypervisor = r->hypervisor_path;
	r->config.nr_guests = r->nr_guests;
	r->config.ram = qemu_ram_size(memory, modules + ring_size(r));
	r->config.memory =
		open_memory(r->config.ram, qemu_has_pipe(&r->options));
	if (shared_for(r) != NULL && r->config.memory < 0) {
		return refuse(r, STATUS_USAGE,
			      "%s: this machine is too large to share its "
			      "memory",
			      shared_for(r));
	}
	r->command.memory = r->config.memory;
	r->command.ram = r->config.ram;
	if (qemu_has_pipe(&r->options) && r->config.memory < 0) {
		return refuse(r, STATUS_OURS, "no memory to share with QEMU");
	}
	return machine_open(&r->config, r->error);
}

/* Of a machine that never began there is nothing to read. */
static void forget_recording(const struct run *r,
			     const struct recording *recording)
{
	if (!recording->running && r->unnamed[0] == '\0') {
		output_forget(r->options.record);
	}
}

/* The recording's end: what is not in the file is told. */
static enum exit_status end_recording(struct run *r,
				      struct recording *recording)
{
	char written[SIZE_TEXT];
	char unpacked[SIZE_TEXT];

	if (recording == NULL) {
		return STATUS_OK;
	}
	if (!recording_close(recording)) {
		forget_recording(r, recording);
		return refuse(r, STATUS_OURS, "--record %s: %s",
			      r->options.record, recording->writer.error);
	}
	if (r->unnamed[0] != '\0') {
		return STATUS_OK;
	}
	note("recorded %s: %s, %s unpacked", r->options.record,
	     size_format(recording->writer.written, written),
	     size_format(recording->writer.words * 8, unpacked));
	return STATUS_OK;
}

static enum exit_status end_dump(struct run *r, struct session *s)
{
	if (s->dump != NULL && !dump_close(s->dump)) {
		return refuse(r, STATUS_OURS, "--dump %s: %s", r->options.dump,
			      s->dump->error);
	}
	s->dump = NULL;
	return STATUS_OK;
}

static void tell_places(struct session *s)
{
	unsigned int n = 0;

	for (struct monitor *m = s->monitor; m != NULL; m = m->next, n++) {
		if (cJSON_GetArraySize(m->places) != 0) {
			places_tell(m, why_live_kernel(session_why(s, n, m)));
		}
		why_live_end(session_why(s, n, m), m);
	}
}

static void say_start(const struct run *r)
{
	char guest[SIZE_TEXT];
	char machine[SIZE_TEXT];

	for (unsigned int i = 0; i < r->nr_guests; i++) {
		const struct run_domain *d = &r->guest[i].options;

		if (r->nr_guests > 1) {
			note("domain %s: %s, %u vCPU%s", d->name,
			     size_format(d->memory, guest), d->vcpus,
			     d->vcpus == 1 ? "" : "s");
		}
	}
	if (r->nr_guests > 1) {
		snprintf(guest, sizeof(guest), "%u domains", r->nr_guests);
	} else {
		size_format(r->guest[0].options.memory, guest);
	}
	note("starting QEMU: guest %s, machine %s, CPU %s%s", guest,
	     size_format(r->config.ram, machine), qemu_model(&r->options),
	     r->options.interactive && isatty(STDIN_FILENO) ? "; Ctrl-] quits"
							    : "");
}

/* A report without a recording that is kept: one in memory. */
static void record_for_report(struct run *r)
{
	int fd;

	if (r->options.report == NULL || r->options.record != NULL) {
		return;
	}
	fd = memfd_create("recording", MFD_CLOEXEC);
	snprintf(r->unnamed, sizeof(r->unnamed), "/proc/self/fd/%d", fd);
	r->options.record = r->unnamed;
}

static enum exit_status open_recording(struct run *r, struct session *s)
{
	record_for_report(r);
	if (r->options.record == NULL) {
		return STATUS_OK;
	}
	if (!recording_open(&r->recording, r->options.record, r->config.memory,
			    r->config.ram)) {
		return refuse(r, STATUS_USAGE, "--record %s: %s",
			      r->options.record, r->recording.writer.error);
	}
	s->recording = &r->recording;
	return STATUS_OK;
}

static enum exit_status open_dump(struct run *r, struct session *s)
{
	if (r->options.dump == NULL) {
		return STATUS_OK;
	}
	if (!dump_open(&r->dump, r->options.dump)) {
		return refuse(r, STATUS_USAGE, "--dump %s: %s", r->options.dump,
			      strerror(errno));
	}
	s->dump = &r->dump;
	return STATUS_OK;
}

static enum exit_status open_remote(struct run *r, struct session *s)
{
	if (r->options.socket == NULL) {
		return STATUS_OK;
	}
	if (!remote_open(&r->remote, r->options.socket)) {
		return refuse(r, STATUS_USAGE, "--socket %s: %s",
			      r->options.socket, strerror(errno));
	}
	s->remote = &r->remote;
	return STATUS_OK;
}

/* The files that the run is to write, and the one it is to be told by. */
static enum exit_status open_files(struct run *r, struct session *s)
{
	enum exit_status status = open_remote(r, s);

	if (status == STATUS_OK) {
		status = open_recording(r, s);
	}
	return status == STATUS_OK ? open_dump(r, s) : status;
}

/* And what becomes of them. */
static enum exit_status end_files(struct run *r, struct session *s)
{
	const enum exit_status dumped = end_dump(r, s);
	const enum exit_status recorded = end_recording(r, s->recording);
	const enum exit_status machine =
		machine_close(&r->config,
			      s->result == RUN_TIMED_OUT ||
				      s->result == RUN_QUIT,
			      r->error);

	if (s->remote != NULL) {
		remote_close(s->remote, r->options.socket);
		s->remote = NULL;
	}
	s->recording = NULL;
	return recorded != STATUS_OK  ? recorded
	       : machine != STATUS_OK ? machine
				      : dumped;
}

/* It never began: what is said is why not. */
static enum exit_status give_up(struct run *r, struct session *s,
				enum exit_status status, const char *why)
{
	char text[GUEST_ERROR_SIZE];

	snprintf(text, sizeof(text), "%s", why);
	(void)end_files(r, s);
	return refuse(r, status, "%s", text);
}

/* Runs, and tells of it. */
static enum exit_status run_session(struct run *r, struct session *s)
{
	char asker[128];
	enum exit_status written;
	enum exit_status status;

	status = open_files(r, s);
	if (status != STATUS_OK) {
		return give_up(r, s, status, r->error);
	}
	say_start(r);
	if (session_run(s) != 0) {
		return give_up(r, s, STATUS_OURS, s->error);
	}
	tell_places(s);
	if (r->options.explain && s->signal == 0) {
		explain_again(s);
	}
	why_live_asker(session_why(s, 0, s->monitor), s->monitor, asker,
		       sizeof(asker));
	written = end_files(r, s);
	status = run_conclude(r, s, asker);
	status = written != STATUS_OK ? written : status;
	if (r->options.report != NULL && written == STATUS_OK) {
		written = report_write(r->options.record, r->options.report,
				       NULL);
		status = written != STATUS_OK ? written : status;
	}
	r->signal = s->signal;
	return status;
}

static enum exit_status run_guests(struct run *r, struct monitor *monitor)
{
	struct why_live why[DOMAINS_MAX] = {{.kernel_fd = -1}};
	struct why_live *lives = calloc(MONITOR_MAX_LIVES, sizeof(*lives));
	struct session s = {
		.why_of = why,
		.why = lives,
		.options = &r->options,
		.config = &r->config,
		.entry = r->guest[0].entry,
		.monitor = monitor,
		.command = qemu_has_pipe(&r->options) ? &r->command : NULL,
	};
	enum exit_status status;

	if (lives == NULL) {
		return refuse(r, STATUS_OURS, "out of memory");
	}
	for (unsigned int i = 0; i < r->nr_guests; i++) {
		why[i] = (struct why_live){
			.kernel_fd = r->config.guest[i].kernel,
			.kernel_size = r->guest[i].elf_size,
			.map_path = r->options.symbols,
			.waits = qemu_waits(&r->config) ||
				 qemu_pauses(&r->config),
		};
	}
	status = run_session(r, &s);
	session_forget(&s);
	free(lives);
	return status;
}

static void close_fd(int fd)
{
	if (fd >= 0) {
		close(fd);
	}
}

static enum exit_status show_command_line(struct run *r)
{
	if (qemu_print(&r->config, r->error) != 0) {
		return STATUS_OURS;
	}
	r->command_status = STATUS_OK;
	return STATUS_OK;
}

static enum exit_status run(struct run *r)
{
	struct monitor monitor;
	enum exit_status status = prepare(r);

	if (status == STATUS_OK && r->options.dry_run) {
		status = show_command_line(r);
	} else if (status == STATUS_OK) {
		if (!monitor_init(&monitor)) {
			status = refuse(r, STATUS_OURS, "out of memory");
		} else {
			status = run_guests(r, &monitor);
			monitor_fini(&monitor);
		}
	}
	for (unsigned int i = 0; i < DOMAINS_MAX; i++) {
		close_fd(r->config.guest[i].kernel);
		close_fd(r->config.guest[i].initrd);
	}
	close_fd(r->config.memory);
	close_fd(r->config.events);
	close_fd(r->config.snapshot);
	command_fini(&r->command);
	if (r->error[0] != '\0') {
		say("%s", r->error);
	}
	return status;
}

/* A command's in the guest, or that of a shell on the console, is the run's. */
static int final_status(const struct run *r, enum exit_status status)
{
	if (has_command(r)) {
		return r->command_status < 0 ? COMMAND_OURS : r->command_status;
	}
	if (status == STATUS_OK && r->command.ended) {
		say("the shell ended with status %d", r->command.status);
		return r->command.status;
	}
	return (int)status;
}

/* A signal that ended the run ends the command, as shells expect. */
static void die_of(int number)
{
	sigset_t set;

	signal(number, SIG_DFL);
	sigemptyset(&set);
	sigaddset(&set, number);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
	raise(number);
}

/*
 * The file of the cases is emptied before anything is known: what an earlier
 * run left there must not be taken for this one's.
 */
static bool reserve_cases(const struct run_options *o)
{
	return o->junit == NULL || o->dry_run || junit_reserve(o->junit);
}

static int run_and_tell(struct run *r)
{
	int result = final_status(r, run(r));

	if (!r->options.dry_run) {
		result = run_cases_end(r, result);
	}
	return result;
}

int run_with(const struct run_options *options)
{
	struct run *r = calloc(1, sizeof(*r));
	int result = STATUS_USAGE;
	int number;

	if (r == NULL) {
		say("out of memory");
		return STATUS_OURS;
	}
	r->options = *options;
	r->command.log = -1;
	r->command_status = -1;
	if (has_command(r)) {
		say_no_notes();
	}
	r->nr_guests = run_options_nr(options);
	r->config.memory = -1;
	r->config.events = -1;
	r->config.snapshot = -1;
	for (unsigned int i = 0; i < DOMAINS_MAX; i++) {
		r->config.guest[i].kernel = -1;
		r->config.guest[i].initrd = -1;
	}
	for (unsigned int i = 0; i < r->nr_guests; i++) {
		r->guest[i].options = run_options_domain(options, i);
	}
	if (reserve_cases(options)) {
		result = run_and_tell(r);
	} else if (has_command(r)) {
		result = COMMAND_OURS;
	}
	number = r->signal;
	free(r);
	if (number != 0) {
		fflush(stdout);
		die_of(number);
	}
	return result;
}
