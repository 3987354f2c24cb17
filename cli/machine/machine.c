/* SPDX-License-Identifier: MIT */
/*
 * A recorded machine is a folder: `events` by QEMU, all that came to the
 * machine from outside and when; `snapshot.qcow2`, how it began; and
 * machine.json, by what it was made (about.c), which comes last. QEMU writes
 * the events' head when it ends in order: without it they are of no use, and
 * that is told at once.
 */
#include "cli/machine/machine.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/machine/snapshot.h"
#include "cli/size.h"

#define EVENTS "events"
#define SNAPSHOT "snapshot.qcow2"

/* A place in the folder, for messages. */
static const char *folder_of(const struct qemu_config *c)
{
	return c->options->record_machine != NULL ? c->options->record_machine
						  : c->options->replay_machine;
}

static enum exit_status refuse(const struct qemu_config *c, const char *why,
			       char *error)
{
	char text[MACHINE_ERROR_SIZE];

	snprintf(text, sizeof(text), "%s", why);
	snprintf(error, MACHINE_ERROR_SIZE, "--%s %.200s: %.250s",
		 c->options->record_machine != NULL ? "record-machine"
						    : "machine",
		 folder_of(c), text);
	return STATUS_USAGE;
}

static bool is_empty(int folder)
{
	const int fd = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *entry;
	unsigned int nr = 0;

	/* Itself and the one above are always there. */
	while (dir != NULL && (entry = readdir(dir)) != NULL) {
		nr += strcmp(entry->d_name, ".") != 0 &&
		      strcmp(entry->d_name, "..") != 0;
	}
	if (dir != NULL) {
		closedir(dir);
	} else if (fd >= 0) {
		close(fd);
	}
	return dir != NULL && nr == 0;
}

static int open_folder(const char *path)
{
	return open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static void close_fd(int *fd)
{
	if (*fd >= 0) {
		close(*fd);
		*fd = -1;
	}
}

static bool open_files(struct qemu_config *c, int folder, int flags)
{
	c->events = openat(folder, EVENTS, O_RDWR | O_CLOEXEC | flags, 0666);
	c->snapshot =
		openat(folder, SNAPSHOT, O_RDWR | O_CLOEXEC | flags, 0666);
	return c->events >= 0 && c->snapshot >= 0;
}

static enum exit_status create(struct qemu_config *c, char *error)
{
	const bool made = mkdir(folder_of(c), 0777) == 0 || errno == EEXIST;
	int folder = made ? open_folder(folder_of(c)) : -1;
	enum exit_status status = STATUS_OK;

	if (folder < 0) {
		return refuse(c, strerror(errno), error);
	}
	if (!is_empty(folder)) {
		status = refuse(c, "the folder is not empty", error);
	} else if (!open_files(c, folder, O_CREAT | O_EXCL) ||
		   !snapshot_image_write(c->snapshot)) {
		status = refuse(c, strerror(errno), error);
	}
	close_fd(&folder);
	return status;
}

/* QEMU writes its version there when all else has been written. */
static bool has_head(int events)
{
	static const unsigned char none[4];
	unsigned char head[sizeof(none)];

	return pread(events, head, sizeof(head), 0) == (ssize_t)sizeof(head) &&
	       memcmp(head, none, sizeof(head)) != 0;
}

static enum exit_status reopen(struct qemu_config *c, char *error)
{
	int folder = open_folder(folder_of(c));
	enum exit_status status = STATUS_OK;
	cJSON *about;

	if (folder < 0) {
		return refuse(c, strerror(errno), error);
	}
	about = about_read(folder, error);
	if (about == NULL || about_check(about, c, error) != STATUS_OK) {
		status = refuse(c, error, error);
	} else if (!open_files(c, folder, 0)) {
		status = refuse(c,
				c->events < 0 ? EVENTS " cannot be opened"
					      : SNAPSHOT " cannot be opened",
				error);
	} else if (!has_head(c->events)) {
		status = refuse(c, EVENTS " is cut off", error);
	}
	cJSON_Delete(about);
	close_fd(&folder);
	return status;
}

enum exit_status machine_open(struct qemu_config *c, char *error)
{
	return c->options->record_machine != NULL   ? create(c, error)
	       : c->options->replay_machine != NULL ? reopen(c, error)
						    : STATUS_OK;
}

static enum exit_status complete(struct qemu_config *c, bool told, char *error)
{
	char size[SIZE_TEXT];
	struct stat events;
	int folder;
	enum exit_status status;

	if (!has_head(c->events) || fstat(c->events, &events) != 0) {
		(void)refuse(c,
			     "QEMU did not end in order: this machine "
			     "cannot be replayed",
			     error);
		return STATUS_OURS;
	}
	folder = open_folder(folder_of(c));
	status = about_write(folder, c, told, error);
	if (status == STATUS_OK) {
		note("recorded the machine in %s: %s of events", folder_of(c),
		     size_format((uint64_t)events.st_size, size));
	} else {
		(void)refuse(c, error, error);
	}
	close_fd(&folder);
	return status;
}

enum exit_status machine_close(struct qemu_config *c, bool told, char *error)
{
	const enum exit_status status =
		c->options->record_machine != NULL && c->events >= 0
			? complete(c, told, error)
			: STATUS_OK;

	close_fd(&c->events);
	close_fd(&c->snapshot);
	return status;
}
