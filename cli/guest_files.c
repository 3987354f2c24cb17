/* SPDX-License-Identifier: MIT */
/*
 * What a domain is made of: its kernel, unpacked and judged by the same builder
 * that the hypervisor will use, its initrd and its command line.
 */
#define _GNU_SOURCE /* memfd_create */

#include "cli/guest_files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "builder/layout.h"
#include "cli/command/root.h"
#include "cli/image.h"
#include "cli/say.h"
#include "cli/size.h"
#include "cli/write_all.h"
#include "initramfs/command/job.h"

#define CONSOLE "console=hvc0"
#define COMMAND "rdinit=/" JOB_INIT

__attribute__((format(printf, 3, 4))) static enum exit_status refuse(
	struct guest *g, enum exit_status status, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(g->error, GUEST_ERROR_SIZE, format, args);
	va_end(args);
	return status;
}

/* The executable's folder, up to a slash; how long that is. */
static int own_folder(char *self)
{
	ssize_t n = readlink("/proc/self/exe", self, PATH_MAX - 1);
	char *slash;

	self[n < 0 ? 0 : n] = '\0';
	slash = strrchr(self, '/');
	return slash == NULL ? 0 : (int)(slash + 1 - self);
}

/*
 * Beside the executable where it was built; where it is installed, in the lib
 * folder that belongs to its bin.
 */
void guest_beside_executable(const char *name, char *path)
{
	char self[PATH_MAX];
	int length = own_folder(self);
	int n = snprintf(path, PATH_MAX, "%.*s../lib/pagewarden/%s", length,
			 self, name);

	if (n >= PATH_MAX || access(path, F_OK) != 0) {
		n = snprintf(path, PATH_MAX, "%.*s%s", length, self, name);
	}
	if (n >= PATH_MAX) {
		path[0] = '\0';
	}
}

/* The user's file, or the default; "" in path if it does not fit. */
static void choose(const char *given, const char *name, char *path)
{
	if (given == NULL) {
		guest_beside_executable(name, path);
	} else if (snprintf(path, PATH_MAX, "%s", given) >= PATH_MAX) {
		path[0] = '\0';
	}
}

static enum exit_status find_files(struct guest *g)
{
	const struct run_domain *o = &g->options;

	choose(o->kernel, "vmlinuz", g->kernel_path);
	if (g->kernel_path[0] == '\0') {
		return refuse(g, STATUS_USAGE, "--kernel: path too long");
	}
	if (o->no_initrd ||
	    (g->command != NULL && g->command->rootfs != NULL)) {
		return STATUS_OK;
	}
	choose(o->initrd, "initramfs.cpio.gz", g->initrd_path);
	if (g->initrd_path[0] == '\0') {
		return refuse(g, STATUS_USAGE, "--initrd: path too long");
	}
	return STATUS_OK;
}

static enum exit_status open_initrd(struct guest *g)
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
	g->files->initrd = fd;
	if (fd < 0 || fstat(fd, &status) != 0) {
		return refuse(g, STATUS_USAGE, "initrd %s: %s%s",
			      g->initrd_path, strerror(errno), advice);
	}
	if (!S_ISREG(status.st_mode)) {
		return refuse(g, STATUS_USAGE, "initrd %s: not a regular file",
			      g->initrd_path);
	}
	if (status.st_size == 0) {
		return refuse(g, STATUS_USAGE, "initrd %s: file is empty",
			      g->initrd_path);
	}
	g->initrd_size = (uint64_t)status.st_size;
	return STATUS_OK;
}

/* The root that there is, and what the command needs behind it. */
static enum exit_status add_command(struct guest *g)
{
	const bool own = g->initrd_path[0] != '\0' && g->options.initrd == NULL;
	char reason[GUEST_ERROR_SIZE / 2];
	struct stat status;
	int fd;

	if (g->command == NULL) {
		return STATUS_OK;
	}
	fd = root_make(g->command, g->files->initrd, own, reason,
		       sizeof(reason));
	if (fd < 0 || fstat(fd, &status) != 0) {
		return refuse(g, STATUS_USAGE, "%s", reason);
	}
	if (g->files->initrd >= 0) {
		close(g->files->initrd);
	}
	g->files->initrd = fd;
	g->initrd_size = (uint64_t)status.st_size;
	return STATUS_OK;
}

/*
 * Linux takes its console and its first process from the command line; what
 * other kernels look for there is theirs to say.
 */
static bool is_linux(const struct xen_notes *notes)
{
	return strncmp(notes->guest_os, "linux", 5) == 0;
}

static enum exit_status make_cmdline(struct guest *g,
				     const struct xen_notes *notes)
{
	const char *append = g->options.append == NULL ? "" : g->options.append;
	const char *console = g->bare || !is_linux(notes) ? "" : CONSOLE;
	const char *init = g->command == NULL ? "" : COMMAND;
	int n;

	if (g->command != NULL && !is_linux(notes)) {
		return refuse(g, STATUS_USAGE,
			      "kernel %s: commands run in a Linux, and this is "
			      "%s",
			      g->kernel_path,
			      notes->guest_os[0] == '\0' ? "none"
							 : notes->guest_os);
	}
	n = snprintf(g->cmdline, sizeof(g->cmdline), "%s%s%s%s%s", console,
		     *console != '\0' && *init != '\0' ? " " : "", init,
		     (*console != '\0' || *init != '\0') && *append != '\0'
			     ? " "
			     : "",
		     append);
	if (n < 0 || (size_t)n >= sizeof(g->cmdline)) {
		return refuse(g, STATUS_USAGE,
			      "--append: %d bytes with what is put before, but "
			      "start_info takes %zu",
			      n, sizeof(g->cmdline) - 1);
	}
	for (const char *c = append; *c != '\0'; c++) {
		if (*c == '\n' || *c == '\r') {
			return refuse(g, STATUS_USAGE,
				      "--append: contains a line break");
		}
	}
	return STATUS_OK;
}

/* The builder's judgement: can this domain be built? */
static enum exit_status check_domain(struct guest *g, const struct image *image)
{
	struct layout_request request = {
		.nr_pages = g->options.memory >> PAGE_SHIFT,
		.initrd_size = g->initrd_size,
	};
	struct build_error e = {.text = ""};
	enum exit_status status;
	struct elf_image elf;
	struct xen_notes notes;
	struct layout layout;

	if (elf_parse(&elf, image->elf, image->size, &e) != 0 ||
	    notes_parse(&elf, &notes, &e) != 0) {
		return refuse(g, STATUS_USAGE, "kernel %s: %s", g->kernel_path,
			      e.text);
	}
	status = make_cmdline(g, &notes);
	if (status != STATUS_OK) {
		return status;
	}
	request.cmdline_size = strlen(g->cmdline);
	if (layout_plan(&notes, &request, &layout, &e) != 0) {
		return refuse(g, STATUS_USAGE, "kernel %s: %s", g->kernel_path,
			      e.text);
	}
	g->entry = layout.entry.v;
	return STATUS_OK;
}

/* To anonymous memory: no file to clean up. Returns a descriptor, or -1. */
static int to_memory(const struct image *image)
{
	int fd = memfd_create("guest-kernel", MFD_CLOEXEC);

	if (fd >= 0 && !write_all(fd, image->elf, image->size)) {
		close(fd);
		fd = -1;
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

static enum exit_status load_kernel(struct guest *g)
{
	char reason[IMAGE_ERROR_SIZE] = "";
	char size[SIZE_TEXT];
	struct timespec start;
	struct image image = {0};
	enum exit_status status;

	if (access(g->kernel_path, R_OK) != 0) {
		return refuse(g, STATUS_USAGE, "kernel %s: %s%s",
			      g->kernel_path, strerror(errno),
			      g->options.kernel != NULL
				      ? ""
				      : " (name one by --kernel; make "
					"fetches Debian's)");
	}
	clock_gettime(CLOCK_MONOTONIC, &start);
	note("unpacking %s", g->kernel_path);
	if ((g->no_cache ? image_load : image_load_cached)(g->kernel_path,
							   &image,
							   reason) != 0) {
		return refuse(g, STATUS_USAGE, "kernel %s: %s", g->kernel_path,
			      reason);
	}
	status = check_domain(g, &image);
	if (status == STATUS_OK) {
		g->elf_size = image.size;
		g->files->kernel = to_memory(&image);
		if (g->files->kernel < 0) {
			status = refuse(g, STATUS_OURS,
					"cannot keep the unpacked kernel: %s",
					strerror(errno));
		} else {
			note("%s, %s unpacked%s, in %.1f s", image.kind,
			     size_format(image.size, size),
			     image.was_kept ? " (kept by an earlier run)" : "",
			     seconds_since(&start));
		}
	}
	image_free(&image);
	return status;
}

enum exit_status guest_prepare(struct guest *g)
{
	enum exit_status status = find_files(g);

	if (status == STATUS_OK && g->options.e820 != NULL &&
	    !e820_read(&g->files->map, g->options.e820, g->error,
		       GUEST_ERROR_SIZE)) {
		return STATUS_USAGE;
	}

	if (status == STATUS_OK) {
		status = open_initrd(g);
	}
	if (status == STATUS_OK) {
		status = add_command(g);
	}
	if (status == STATUS_OK) {
		status = load_kernel(g);
	}
	g->files->cmdline = g->cmdline;
	return status;
}
