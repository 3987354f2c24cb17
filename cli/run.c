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

#include "builder/layout.h"
#include "cli/doctor.h"
#include "cli/explain.h"
#include "cli/image.h"
#include "cli/machine_report.h"
#include "cli/place.h"
#include "cli/recording.h"
#include "cli/run.h"
#include "cli/session.h"
#include "cli/size.h"

#define BASE_CMDLINE "console=hvc0"
/* Modules lie below 4 GiB, beside firmware and hypervisor. */
#define MAX_MODULES (UINT64_C(2) << 30)
#define ERROR_SIZE 512
#define MIB (UINT64_C(1) << 20)
#define SHARED_MAX (UINT64_C(16) << 30)

/* One domain's files. */
struct guest {
	struct run_domain options;
	char kernel_path[PATH_MAX];
	char initrd_path[PATH_MAX]; /* "": there is none */
	char cmdline[LAYOUT_CMDLINE_SIZE];
	uint64_t elf_size;
	uint64_t initrd_size;
	uint64_t entry;
};

struct run {
	struct recording recording; /* with --record */
	struct run_options options;
	struct guest guest[DOMAINS_MAX];
	unsigned int nr_guests;
	char hypervisor_path[PATH_MAX];
	struct qemu_config config;
	char error[ERROR_SIZE];
};

__attribute__((format(printf, 3, 4))) static enum exit_status refuse(
	struct run *r, enum exit_status status, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(r->error, sizeof(r->error), format, args);
	va_end(args);
	return status;
}

/* The guest's descriptors, which the configuration has. */
static struct qemu_guest *files_of(struct run *r, const struct guest *g)
{
	return &r->config.guest[g - r->guest];
}

/* A file beside the executable; "" if the path is too long. */
static void beside_executable(const char *name, char *path)
{
	char self[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	char *slash;
	int length;

	self[n < 0 ? 0 : n] = '\0';
	slash = strrchr(self, '/');
	length = slash == NULL ? 0 : (int)(slash + 1 - self);
	if (snprintf(path, PATH_MAX, "%.*s%s", length, self, name) >=
	    PATH_MAX) {
		path[0] = '\0';
	}
}

/* The user's file, or the default; "" in path if it does not fit. */
static void choose(const char *given, const char *name, char *path)
{
	if (given == NULL) {
		beside_executable(name, path);
	} else if (snprintf(path, PATH_MAX, "%s", given) >= PATH_MAX) {
		path[0] = '\0';
	}
}

static enum exit_status find_files(struct run *r, struct guest *g)
{
	const struct run_domain *o = &g->options;

	choose(o->kernel, "vmlinuz", g->kernel_path);
	if (g->kernel_path[0] == '\0') {
		return refuse(r, STATUS_USAGE, "--kernel: path too long");
	}
	if (o->no_initrd) {
		return STATUS_OK;
	}
	choose(o->initrd, "initramfs.cpio.gz", g->initrd_path);
	if (g->initrd_path[0] == '\0') {
		return refuse(r, STATUS_USAGE, "--initrd: path too long");
	}
	return STATUS_OK;
}

static enum exit_status make_cmdline(struct run *r, struct guest *g)
{
	const char *append = g->options.append;
	int n;

	if (append == NULL || append[0] == '\0') {
		snprintf(g->cmdline, sizeof(g->cmdline), BASE_CMDLINE);
		return STATUS_OK;
	}
	n = snprintf(g->cmdline, sizeof(g->cmdline), "%s %s", BASE_CMDLINE,
		     append);
	if (n < 0 || (size_t)n >= sizeof(g->cmdline)) {
		return refuse(r, STATUS_USAGE,
			      "--append: %d bytes with %s, but start_info "
			      "takes %zu",
			      n, BASE_CMDLINE, sizeof(g->cmdline) - 1);
	}
	for (const char *c = append; *c != '\0'; c++) {
		if (*c == '\n' || *c == '\r') {
			return refuse(r, STATUS_USAGE,
				      "--append: contains a line break");
		}
	}
	return STATUS_OK;
}

static enum exit_status check_hypervisor(struct run *r)
{
	if (access(r->hypervisor_path, R_OK) != 0) {
		return refuse(r, STATUS_OURS,
			      "hypervisor image %s: %s (run make)",
			      r->hypervisor_path, strerror(errno));
	}
	return STATUS_OK;
}

static enum exit_status open_initrd(struct run *r, struct guest *g)
{
	const char *advice = g->options.initrd != NULL
				     ? ""
				     : " (run make, or give --no-initrd)";
	struct stat status;
	int fd;

	if (g->initrd_path[0] == '\0') {
		return STATUS_OK;
	}
	fd = open(g->initrd_path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	files_of(r, g)->initrd = fd;
	if (fd < 0 || fstat(fd, &status) != 0) {
		return refuse(r, STATUS_USAGE, "initrd %s: %s%s",
			      g->initrd_path, strerror(errno), advice);
	}
	if (!S_ISREG(status.st_mode)) {
		return refuse(r, STATUS_USAGE, "initrd %s: not a regular file",
			      g->initrd_path);
	}
	if (status.st_size == 0) {
		return refuse(r, STATUS_USAGE, "initrd %s: file is empty",
			      g->initrd_path);
	}
	g->initrd_size = (uint64_t)status.st_size;
	return STATUS_OK;
}

/* The builder's judgement: can this domain be built? */
static enum exit_status check_domain(struct run *r, struct guest *g,
				     const struct image *image)
{
	struct layout_request request = {
		.nr_pages = g->options.memory >> PAGE_SHIFT,
		.initrd_size = g->initrd_size,
		.cmdline_size = strlen(g->cmdline),
	};
	struct build_error e = {.text = ""};
	struct elf_image elf;
	struct xen_notes notes;
	struct layout layout;

	if (elf_parse(&elf, image->elf, image->size, &e) != 0 ||
	    notes_parse(&elf, &notes, &e) != 0 ||
	    layout_plan(&notes, &request, &layout, &e) != 0) {
		return refuse(r, STATUS_USAGE, "kernel %s: %s", g->kernel_path,
			      e.text);
	}
	g->entry = layout.entry.v;
	return STATUS_OK;
}

/* To anonymous memory: no file to clean up. Returns a descriptor, or -1. */
static int to_memory(const struct image *image)
{
	int fd = memfd_create("guest-kernel", MFD_CLOEXEC);
	size_t done = 0;

	while (fd >= 0 && done < image->size) {
		ssize_t n = write(fd, image->elf + done, image->size - done);

		if (n > 0) {
			done += (size_t)n;
		} else if (n == 0 || errno != EINTR) {
			close(fd);
			fd = -1;
		}
	}
	return fd;
}

static double seconds_since(const struct timespec *start)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)(t.tv_sec - start->tv_sec) +
	       (double)(t.tv_nsec - start->tv_nsec) / 1e9;
}

static enum exit_status load_kernel(struct run *r, struct guest *g)
{
	char reason[IMAGE_ERROR_SIZE] = "";
	char size[SIZE_TEXT];
	struct timespec start;
	struct image image = {0};
	enum exit_status status;

	if (access(g->kernel_path, R_OK) != 0) {
		return refuse(r, STATUS_USAGE, "kernel %s: %s%s",
			      g->kernel_path, strerror(errno),
			      g->options.kernel != NULL
				      ? ""
				      : " (make fetches Debian's)");
	}
	clock_gettime(CLOCK_MONOTONIC, &start);
	say("unpacking %s", g->kernel_path);
	if (image_load(g->kernel_path, &image, reason) != 0) {
		return refuse(r, STATUS_USAGE, "kernel %s: %s", g->kernel_path,
			      reason);
	}
	status = check_domain(r, g, &image);
	if (status == STATUS_OK) {
		g->elf_size = image.size;
		files_of(r, g)->kernel = to_memory(&image);
		if (files_of(r, g)->kernel < 0) {
			status = refuse(r, STATUS_OURS,
					"cannot keep the unpacked kernel: %s",
					strerror(errno));
		} else {
			say("%s, %s unpacked, in %.1f s", image.kind,
			    size_format(image.size, size),
			    seconds_since(&start));
		}
	}
	image_free(&image);
	return status;
}

/*
 * RAM that QEMU and we share: the explanations of refusals read it. Not for
 * very large machines, whose memory is better left to QEMU alone.
 */
static int open_memory(uint64_t size)
{
	int fd = size > SHARED_MAX ? -1 : memfd_create("ram", MFD_CLOEXEC);

	if (fd >= 0 && ftruncate(fd, (off_t)size) != 0) {
		close(fd);
		fd = -1;
	}
	return fd;
}

static uint64_t ring_size(const struct run *r)
{
	return r->options.record == NULL ? 0 : (QEMU_RECORD_MIB + 1) * MIB;
}

static enum exit_status prepare_guest(struct run *r, struct guest *g)
{
	enum exit_status status = find_files(r, g);

	if (status == STATUS_OK) {
		status = make_cmdline(r, g);
	}
	if (status == STATUS_OK) {
		status = open_initrd(r, g);
	}
	if (status == STATUS_OK) {
		status = load_kernel(r, g);
	}
	files_of(r, g)->cmdline = g->cmdline;
	return status;
}

/* A guest's troubles are told with its name, where there are several. */
static void name_error(struct run *r, const struct guest *g)
{
	char text[ERROR_SIZE];

	if (r->nr_guests > 1) {
		memcpy(text, r->error, sizeof(text));
		snprintf(r->error, sizeof(r->error), "%s: %.*s",
			 g->options.name,
			 (int)(ERROR_SIZE - DOMAINS_NAME_MAX - 3), text);
	}
}

static enum exit_status prepare(struct run *r)
{
	enum exit_status status = STATUS_OK;
	uint64_t modules = 0;
	uint64_t memory = 0;

	for (unsigned int i = 0; status == STATUS_OK && i < r->nr_guests; i++) {
		struct guest *g = &r->guest[i];

		status = prepare_guest(r, g);
		if (status != STATUS_OK) {
			name_error(r, g);
		}
		modules += g->elf_size + g->initrd_size;
		memory += g->options.memory;
	}
	if (status == STATUS_OK && modules > MAX_MODULES) {
		status = refuse(r, STATUS_USAGE,
				"kernel and initrd are more than 2 GiB");
	}
	choose(NULL, "pagewarden-hv.elf", r->hypervisor_path);
	if (status == STATUS_OK) {
		status = check_hypervisor(r);
	}
	if (status != STATUS_OK) {
		return status;
	}
	r->config.options = &r->options;
	r->config.hypervisor = r->hypervisor_path;
	r->config.nr_guests = r->nr_guests;
	r->config.ram = qemu_ram_size(memory, modules + ring_size(r));
	r->config.memory = open_memory(r->config.ram);
	if (r->options.record != NULL && r->config.memory < 0) {
		return refuse(r, STATUS_USAGE,
			      "--record: this machine is too large to share "
			      "its memory");
	}
	return STATUS_OK;
}

/* The run as a whole; with one guest that is the guest's report. */
static struct run_report report_of_run(const struct run *r,
				       const struct session *s,
				       const char *asker)
{
	return (struct run_report){
		.result = s->result,
		.monitor = s->monitor,
		.expect = r->options.expect,
		.expect_seen = s->expect_seen,
		.strict = r->options.strict,
		.audit = r->options.audit != RUN_AUDIT_OFF,
		.icount = r->options.icount,
		.memory = r->guest[0].options.memory,
		.seconds = s->seconds,
		.kernel = r->guest[0].kernel_path,
		.asker = asker,
		.detail = s->error,
	};
}

/* Of each life; at most MONITOR_MAX_LIVES. Returns how many. */
static unsigned int report_lives(const struct run *r,
				 const struct run_report *whole,
				 struct run_report *lives)
{
	const struct monitor *m = whole->monitor;
	unsigned int nr = 0;

	for (; r->nr_guests > 1 && m != NULL; m = m->next) {
		const struct guest *g = &r->guest[0];

		for (unsigned int i = 0; i < r->nr_guests; i++) {
			if (strcmp(r->guest[i].options.name, monitor_name(m)) ==
			    0) {
				g = &r->guest[i];
			}
		}
		lives[nr] = *whole;
		lives[nr].monitor = m;
		lives[nr].expect = NULL;
		lives[nr].memory = g->options.memory;
		lives[nr].kernel = g->kernel_path;
		lives[nr].result = report_result(m, whole->result);
		nr++;
	}
	return nr;
}

/* The report of a run that has taken place. */
static enum exit_status conclude(struct run *r, const struct session *s,
				 const char *asker)
{
	const struct run_report whole = report_of_run(r, s, asker);
	struct run_report lives[MONITOR_MAX_LIVES];
	const struct machine_report machine = {
		.whole = &whole,
		.lives = lives,
		.nr_lives = report_lives(r, &whole, lives),
	};
	enum exit_status status = machine_status(&machine);

	if (r->options.doctor) {
		doctor_report(&whole);
	} else if (!r->options.json) {
		/* A machine that never ran has nothing to tell. */
		if (s->result != RUN_BAD_CPU && s->result != RUN_QEMU_FAILED) {
			say_console_mid_line(false);
			machine_text(stdout, &machine);
		}
	} else if (!machine_json(stdout, &machine)) {
		say("out of memory for the summary");
		status = STATUS_OURS;
	}
	fflush(stdout);
	machine_verdicts(&machine);
	return status;
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
		return refuse(r, STATUS_OURS, "--record %s: %s",
			      r->options.record, recording->writer.error);
	}
	say("recorded %s: %s, %s unpacked", r->options.record,
	    size_format(recording->writer.written, written),
	    size_format(recording->writer.words * 8, unpacked));
	return STATUS_OK;
}

static void tell_places(struct session *s)
{
	unsigned int n = 0;

	for (struct monitor *m = s->monitor; m != NULL; m = m->next, n++) {
		if (cJSON_GetArraySize(m->places) != 0) {
			places_tell(m, why_live_kernel(session_why(s, n, m)));
		}
	}
}

static void say_start(const struct run *r)
{
	char guest[SIZE_TEXT];
	char machine[SIZE_TEXT];

	for (unsigned int i = 0; i < r->nr_guests; i++) {
		const struct run_domain *d = &r->guest[i].options;

		if (r->nr_guests > 1) {
			say("domain %s: %s, %u vCPU%s", d->name,
			    size_format(d->memory, guest), d->vcpus,
			    d->vcpus == 1 ? "" : "s");
		}
	}
	if (r->nr_guests > 1) {
		snprintf(guest, sizeof(guest), "%u domains", r->nr_guests);
	} else {
		size_format(r->guest[0].options.memory, guest);
	}
	say("starting QEMU: guest %s, machine %s, CPU %s%s", guest,
	    size_format(r->config.ram, machine), r->options.cpu,
	    r->options.interactive && isatty(STDIN_FILENO) ? "; Ctrl-] quits"
							   : "");
}

/* Runs, and tells of it. */
static enum exit_status run_session(struct run *r, struct session *s)
{
	char asker[128];
	enum exit_status recorded;
	enum exit_status status;

	say_start(r);
	if (r->options.record != NULL) {
		if (!recording_open(&r->recording, r->options.record,
				    r->config.memory, r->config.ram)) {
			return refuse(r, STATUS_USAGE, "--record %s: %s",
				      r->options.record,
				      r->recording.writer.error);
		}
		s->recording = &r->recording;
	}
	if (session_run(s) != 0) {
		(void)end_recording(r, s->recording);
		return refuse(r, STATUS_OURS, "%s", s->error);
	}
	tell_places(s);
	if (r->options.explain && s->signal == 0) {
		explain_again(s);
	}
	why_live_asker(session_why(s, 0, s->monitor), s->monitor, asker,
		       sizeof(asker));
	recorded = end_recording(r, s->recording);
	s->recording = NULL;
	status = conclude(r, s, asker);
	status = recorded != STATUS_OK ? recorded : status;
	if (s->signal != 0) {
		die_of(s->signal);
	}
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
			.waits = qemu_waits(&r->config),
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

static enum exit_status run(struct run *r)
{
	struct monitor monitor;
	enum exit_status status = prepare(r);

	if (status == STATUS_OK) {
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
	if (r->error[0] != '\0') {
		say("%s", r->error);
	}
	return status;
}

int run_with(const struct run_options *options)
{
	struct run *r = calloc(1, sizeof(*r));
	enum exit_status status;

	if (r == NULL) {
		say("out of memory");
		return STATUS_OURS;
	}
	r->options = *options;
	r->nr_guests = run_options_nr(options);
	r->config.memory = -1;
	for (unsigned int i = 0; i < DOMAINS_MAX; i++) {
		r->config.guest[i].kernel = -1;
		r->config.guest[i].initrd = -1;
	}
	for (unsigned int i = 0; i < r->nr_guests; i++) {
		r->guest[i].options = run_options_domain(options, i);
	}
	status = run(r);
	free(r);
	return (int)status;
}

int cmd_run(int argc, char **argv)
{
	char error[RUN_OPTIONS_ERROR_SIZE];
	struct run_options options;
	int status = STATUS_USAGE;

	switch (run_options_parse(argc, argv, &options, error)) {
	case RUN_OPTIONS_HELP:
		fputs(run_options_help, stdout);
		status = STATUS_OK;
		break;
	case RUN_OPTIONS_BAD:
		say("%s", error);
		break;
	case RUN_OPTIONS_OK:
		status = run_with(&options);
		break;
	}
	run_options_fini(&options);
	return status;
}
