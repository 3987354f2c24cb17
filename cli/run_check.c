/* SPDX-License-Identifier: MIT */
/*
 * What a run needs beside its guests, looked for before anything slow begins.
 */
#include "cli/run_check.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/host_memory.h"
#include "cli/output.h"
#include "cli/qemu.h"
#include "cli/size.h"
#include "cli/why/symbols.h"

struct run_check {
	const struct run_options *options;
	const char *hypervisor;
	char *error;
	size_t size;
};

__attribute__((format(printf, 3, 4))) static enum exit_status refuse(
	struct run_check *r, enum exit_status status, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(r->error, r->size, format, args);
	va_end(args);
	return status;
}

static enum exit_status check_hypervisor(struct run_check *r)
{
	if (access(r->hypervisor, R_OK) != 0) {
		return refuse(r, STATUS_OURS,
			      "hypervisor image %s: %s (run make)",
			      r->hypervisor, strerror(errno));
	}
	return STATUS_OK;
}

/* What QEMU would find out later, and tell in words of its own. */
static enum exit_status check_accelerator(struct run_check *r)
{
	int fd;

	if (r->options->accel != RUN_ACCEL_KVM) {
		return STATUS_OK;
	}
	fd = open(QEMU_KVM, O_RDWR | O_CLOEXEC);
	if (fd < 0) {
		return refuse(r, STATUS_OURS, "--accel kvm: " QEMU_KVM ": %s",
			      strerror(errno));
	}
	close(fd);
	return STATUS_OK;
}

/* Whether it holds any is found out when the first name is wanted. */
static enum exit_status check_symbols(struct run_check *r)
{
	const char *path = r->options->symbols;
	char head[SYMBOLS_HEAD + 1] = "";
	size_t size;
	FILE *f;

	if (path == NULL) {
		return STATUS_OK;
	}
	f = fopen(path, "re");
	if (f == NULL) {
		return refuse(r, STATUS_USAGE, "--symbols %s: %s", path,
			      strerror(errno));
	}
	size = fread(head, 1, SYMBOLS_HEAD, f);
	fclose(f);
	if (!symbols_look_right(head, size)) {
		return refuse(r, STATUS_USAGE,
			      "--symbols %s: neither an ELF nor a System.map",
			      path);
	}
	return STATUS_OK;
}

/* What is written at the end, or over hours, has a place. */
static enum exit_status check_outputs(struct run_check *r)
{
	const struct run_options *o = r->options;
	struct run_output outputs[RUN_OUTPUTS];
	struct stat st;

	run_options_outputs(o, outputs);
	for (size_t i = 0; i < RUN_OUTPUTS; i++) {
		const char *path = outputs[i].path;

		if (path != NULL && !output_check(path)) {
			return refuse(r, STATUS_USAGE, "%s %.200s: %s",
				      outputs[i].option, path, strerror(errno));
		}
	}
	/* Another run may listen there, and it is not asked. */
	if (o->socket != NULL && lstat(o->socket, &st) == 0) {
		return refuse(r, STATUS_USAGE, "--socket %.200s: %s", o->socket,
			      strerror(EADDRINUSE));
	}
	return STATUS_OK;
}

/* Has the host what the domains touch before they do anything? */
static enum exit_status check_host(struct run_check *r)
{
	const unsigned int nr = run_options_nr(r->options);
	char what[SIZE_TEXT + 32];
	char size[SIZE_TEXT];
	uint64_t memory = 0;

	for (unsigned int i = 0; i < nr; i++) {
		memory += run_options_domain(r->options, i).memory;
	}
	snprintf(what, sizeof(what), "%s of %s",
		 nr == 1 ? "a guest" : "domains", size_format(memory, size));
	return r->options->overcommit ||
			       host_memory_fits(what, host_memory_guest(memory),
						r->error, r->size)
		       ? STATUS_OK
		       : STATUS_USAGE;
}

enum exit_status run_check(const struct run_options *options,
			   const char *hypervisor, char *error, size_t size)
{
	struct run_check r = {options, hypervisor, error, size};
	enum exit_status status = check_accelerator(&r);

	if (status == STATUS_OK) {
		status = check_symbols(&r);
	}
	if (status == STATUS_OK) {
		status = check_outputs(&r);
	}
	if (status == STATUS_OK) {
		status = check_host(&r);
	}
	return status != STATUS_OK ? status : check_hypervisor(&r);
}
