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

struct run {
	struct run_options options;
	char kernel_path[PATH_MAX];
	char initrd_path[PATH_MAX];
	char hypervisor_path[PATH_MAX];
	char cmdline[LAYOUT_CMDLINE_SIZE];
	uint64_t elf_size;
	uint64_t initrd_size;
	uint64_t entry;
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

static enum exit_status find_files(struct run *r)
{
	const struct run_options *o = &r->options;

	choose(NULL, "pagewarden-hv.elf", r->hypervisor_path);
	choose(o->kernel, "vmlinuz", r->kernel_path);
	if (r->kernel_path[0] == '\0') {
		return refuse(r, STATUS_USAGE, "--kernel: path too long");
	}
	if (o->no_initrd) {
		return STATUS_OK;
	}
	choose(o->initrd, "initramfs.cpio.gz", r->initrd_path);
	if (r->initrd_path[0] == '\0') {
		return refuse(r, STATUS_USAGE, "--initrd: path too long");
	}
	return STATUS_OK;
}

static enum exit_status make_cmdline(struct run *r)
{
	const char *append = r->options.append;
	int n;

	if (append == NULL || append[0] == '\0') {
		snprintf(r->cmdline, sizeof(r->cmdline), BASE_CMDLINE);
		return STATUS_OK;
	}
	n = snprintf(r->cmdline, sizeof(r->cmdline), "%s %s", BASE_CMDLINE,
		     append);
	if (n < 0 || (size_t)n >= sizeof(r->cmdline)) {
		return refuse(r, STATUS_USAGE,
			      "--append: %d bytes with %s, but start_info "
			      "takes %zu",
			      n, BASE_CMDLINE, sizeof(r->cmdline) - 1);
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

static enum exit_status open_initrd(struct run *r)
{
	const char *advice = r->options.initrd != NULL
				     ? ""
				     : " (run make, or give --no-initrd)";
	struct stat status;

	if (r->initrd_path[0] == '\0') {
		return STATUS_OK;
	}
	r->config.initrd =
		open(r->initrd_path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (r->config.initrd < 0 || fstat(r->config.initrd, &status) != 0) {
		return refuse(r, STATUS_USAGE, "initrd %s: %s%s",
			      r->initrd_path, strerror(errno), advice);
	}
	if (!S_ISREG(status.st_mode)) {
		return refuse(r, STATUS_USAGE, "initrd %s: not a regular file",
			      r->initrd_path);
	}
	if (status.st_size == 0) {
		return refuse(r, STATUS_USAGE, "initrd %s: file is empty",
			      r->initrd_path);
	}
	r->initrd_size = (uint64_t)status.st_size;
	return STATUS_OK;
}

/* The builder's judgement: can this domain be built? */
static enum exit_status check_domain(struct run *r, const struct image *image)
{
	struct layout_request request = {
		.nr_pages = r->options.memory >> PAGE_SHIFT,
		.initrd_size = r->initrd_size,
		.cmdline_size = strlen(r->cmdline),
	};
	struct build_error e = {.text = ""};
	struct elf_image elf;
	struct xen_notes notes;
	struct layout layout;

	if (elf_parse(&elf, image->elf, image->size, &e) != 0 ||
	    notes_parse(&elf, &notes, &e) != 0 ||
	    layout_plan(&notes, &request, &layout, &e) != 0) {
		return refuse(r, STATUS_USAGE, "kernel %s: %s", r->kernel_path,
			      e.text);
	}
	r->entry = layout.entry.v;
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

static enum exit_status load_kernel(struct run *r)
{
	char reason[IMAGE_ERROR_SIZE] = "";
	char size[SIZE_TEXT];
	struct timespec start;
	struct image image = {0};
	enum exit_status status;

	if (access(r->kernel_path, R_OK) != 0) {
		return refuse(r, STATUS_USAGE, "kernel %s: %s%s",
			      r->kernel_path, strerror(errno),
			      r->options.kernel != NULL
				      ? ""
				      : " (make fetches Debian's)");
	}
	clock_gettime(CLOCK_MONOTONIC, &start);
	say("unpacking %s", r->kernel_path);
	if (image_load(r->kernel_path, &image, reason) != 0) {
		return refuse(r, STATUS_USAGE, "kernel %s: %s", r->kernel_path,
			      reason);
	}
	status = check_domain(r, &image);
	if (status == STATUS_OK) {
		r->elf_size = image.size;
		r->config.kernel = to_memory(&image);
		if (r->config.kernel < 0) {
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

static enum exit_status prepare(struct run *r)
{
	enum exit_status status = find_files(r);

	if (status == STATUS_OK) {
		status = make_cmdline(r);
	}
	if (status == STATUS_OK) {
		status = open_initrd(r);
	}
	if (status == STATUS_OK) {
		status = load_kernel(r);
	}
	if (status == STATUS_OK && r->elf_size + r->initrd_size > MAX_MODULES) {
		status = refuse(r, STATUS_USAGE,
				"kernel and initrd are more than 2 GiB");
	}
	if (status == STATUS_OK) {
		status = check_hypervisor(r);
	}
	if (status != STATUS_OK) {
		return status;
	}
	r->config.options = &r->options;
	r->config.hypervisor = r->hypervisor_path;
	r->config.cmdline = r->cmdline;
	r->config.ram =
		qemu_ram_size(r->options.memory,
			      r->elf_size + r->initrd_size + ring_size(r));
	r->config.memory = open_memory(r->config.ram);
	if (r->options.record != NULL && r->config.memory < 0) {
		return refuse(r, STATUS_USAGE,
			      "--record: this machine is too large to share "
			      "its memory");
	}
	return STATUS_OK;
}

/* The report of a run that has taken place. */
static enum exit_status conclude(struct run *r, const struct session *s,
				 const char *asker)
{
	struct run_report report = {
		.result = s->result,
		.monitor = s->monitor,
		.expect = r->options.expect,
		.expect_seen = s->expect_seen,
		.strict = r->options.strict,
		.audit = r->options.audit != RUN_AUDIT_OFF,
		.icount = r->options.icount,
		.memory = r->options.memory,
		.seconds = s->seconds,
		.kernel = r->kernel_path,
		.asker = asker,
		.detail = s->error,
	};
	enum exit_status status = report_status(&report);
	char verdict[QEMU_ERROR_SIZE + 128];

	if (r->options.doctor) {
		doctor_report(&report);
	} else if (!r->options.json) {
		/* A machine that never ran has nothing to tell. */
		if (s->result != RUN_BAD_CPU && s->result != RUN_QEMU_FAILED) {
			say_console_mid_line(false);
			summary_text(stdout, &report);
		}
	} else if (!summary_json(stdout, &report)) {
		say("out of memory for the summary");
		status = STATUS_OURS;
	}
	fflush(stdout);
	report_verdict(&report, verdict, sizeof(verdict));
	say("%s", verdict);
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

/* To read the machine's memory from here, if it was opened for that. */
static void share_memory(const struct run *r, struct why_live *why)
{
	void *ram;

	if (r->config.memory < 0) {
		return;
	}
	ram = mmap(NULL, r->config.ram, PROT_READ, MAP_SHARED, r->config.memory,
		   0);
	if (ram != MAP_FAILED) {
		why->machine = (struct why_machine){
			.ram = ram,
			.size = r->config.ram,
			.below_4g = why_below_4g(r->config.ram),
		};
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
		return refuse(r, STATUS_OURS, "--record %s: %s",
			      r->options.record, recording->writer.error);
	}
	say("recorded %s: %s, %s unpacked", r->options.record,
	    size_format(recording->writer.written, written),
	    size_format(recording->writer.words * 8, unpacked));
	return STATUS_OK;
}

static enum exit_status run_guest(struct run *r, struct monitor *monitor)
{
	struct why_live why = {
		.kernel_fd = r->config.kernel,
		.kernel_size = r->elf_size,
		.map_path = r->options.symbols,
		.waits = qemu_waits(&r->config),
	};
	struct session session = {
		.why = &why,
		.options = &r->options,
		.config = &r->config,
		.entry = r->entry,
		.monitor = monitor,
	};
	struct recording recording;
	char asker[128];
	char guest[SIZE_TEXT];
	char machine[SIZE_TEXT];
	enum exit_status recorded;
	enum exit_status status;

	say("starting QEMU: guest %s, machine %s, CPU %s%s",
	    size_format(r->options.memory, guest),
	    size_format(r->config.ram, machine), r->options.cpu,
	    r->options.interactive && isatty(STDIN_FILENO) ? "; Ctrl-] quits"
							   : "");
	if (r->options.record != NULL) {
		if (!recording_open(&recording, r->options.record,
				    r->config.memory, r->config.ram)) {
			return refuse(r, STATUS_USAGE, "--record %s: %s",
				      r->options.record,
				      recording.writer.error);
		}
		session.recording = &recording;
	}
	share_memory(r, &why);
	if (session_run(&session) != 0) {
		(void)end_recording(r, session.recording);
		why_live_fini(&why);
		return refuse(r, STATUS_OURS, "%s", session.error);
	}
	if (cJSON_GetArraySize(monitor->places) != 0) {
		places_tell(monitor, why_live_kernel(&why));
	}
	if (r->options.explain && session.signal == 0) {
		explain_again(&session);
	}
	why_live_asker(&why, monitor, asker, sizeof(asker));
	why_live_fini(&why);
	recorded = end_recording(r, session.recording);
	status = conclude(r, &session, asker);
	status = recorded != STATUS_OK ? recorded : status;
	if (session.signal != 0) {
		die_of(session.signal);
	}
	return status;
}

static void close_files(struct run *r)
{
	if (r->config.kernel >= 0) {
		close(r->config.kernel);
	}
	if (r->config.initrd >= 0) {
		close(r->config.initrd);
	}
	if (r->config.memory >= 0) {
		close(r->config.memory);
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
			status = run_guest(r, &monitor);
			monitor_fini(&monitor);
		}
	}
	close_files(r);
	if (r->error[0] != '\0') {
		say("%s", r->error);
	}
	return status;
}

int run_with(const struct run_options *options)
{
	struct run r = {.config = {.kernel = -1, .initrd = -1, .memory = -1}};

	r.options = *options;
	return (int)run(&r);
}

int cmd_run(int argc, char **argv)
{
	struct run r = {.config = {.kernel = -1, .initrd = -1, .memory = -1}};
	char error[RUN_OPTIONS_ERROR_SIZE];

	switch (run_options_parse(argc, argv, &r.options, error)) {
	case RUN_OPTIONS_HELP:
		fputs(run_options_help, stdout);
		return STATUS_OK;
	case RUN_OPTIONS_BAD:
		say("%s", error);
		return STATUS_USAGE;
	case RUN_OPTIONS_OK:
		break;
	}
	return (int)run(&r);
}
