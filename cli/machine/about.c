/* SPDX-License-Identifier: MIT */
/*
 * What must be the same for a machine to be replayed: QEMU, this program, the
 * options, and what is in the files that go into it. The files themselves are
 * not kept, as a kernel is large and has not often gone; a sum over each tells
 * whether it is still the same. It is no defence against anybody.
 */
#include "cli/machine/about.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/write_all.h"
#include "gen/version.h"

#define NAME "machine.json"
#define SIZE_MAX_ABOUT (1 << 20)
#define VERSION_SIZE 128
#define SUM_SIZE 17

/* The first line of what QEMU says of its version. */
static bool qemu_version(char version[VERSION_SIZE])
{
	size_t used = 0;
	ssize_t n = 1;
	int ends[2];
	int status = 1;
	pid_t pid;

	if (pipe(ends) != 0) {
		return false;
	}
	pid = fork();
	if (pid == 0) {
		dup2(ends[1], STDOUT_FILENO);
		close(ends[0]);
		execlp(QEMU_PROGRAM, QEMU_PROGRAM, "--version", (char *)NULL);
		_exit(1);
	}
	close(ends[1]);
	while (n > 0 && used < VERSION_SIZE - 1) {
		n = read(ends[0], version + used, VERSION_SIZE - 1 - used);
		used += n > 0 ? (size_t)n : 0;
	}
	close(ends[0]);
	version[used] = '\0';
	version[strcspn(version, "\n")] = '\0';
	return pid > 0 && waitpid(pid, &status, 0) == pid && version[0] != '\0';
}

/* FNV-1a, as 16 digits; "" for a file that cannot be read. */
static void sum(int fd, char text[SUM_SIZE])
{
	static unsigned char chunk[65536];
	uint64_t hash = UINT64_C(0xcbf29ce484222325);
	off_t at = 0;
	ssize_t n;

	while ((n = pread(fd, chunk, sizeof(chunk), at)) > 0) {
		for (ssize_t i = 0; i < n; i++) {
			hash = (hash ^ chunk[i]) * UINT64_C(0x100000001b3);
		}
		at += n;
	}
	text[0] = '\0';
	if (n == 0) {
		snprintf(text, SUM_SIZE, "%016" PRIx64, hash);
	}
}

static cJSON *sums(const struct qemu_config *config)
{
	const int hypervisor = open(config->hypervisor, O_RDONLY | O_CLOEXEC);
	const struct {
		const char *name;
		int fd;
	} files[] = {
		{"hypervisor", hypervisor},
		{"kernel", config->guest[0].kernel},
		{"initrd", config->guest[0].initrd},
	};
	cJSON *object = cJSON_CreateObject();
	char text[SUM_SIZE];

	for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++) {
		if (files[i].fd >= 0) {
			sum(files[i].fd, text);
			cJSON_AddStringToObject(object, files[i].name, text);
		}
	}
	if (hypervisor >= 0) {
		close(hypervisor);
	}
	return object;
}

static cJSON *make(const struct qemu_config *config, bool told)
{
	const struct run_options *o = config->options;
	char version[VERSION_SIZE] = "";
	char here[PATH_MAX] = "";
	cJSON *about = cJSON_CreateObject();
	cJSON *arguments;

	(void)qemu_version(version);
	(void)!getcwd(here, sizeof(here));
	cJSON_AddStringToObject(about, "pagewarden", PW_VERSION);
	cJSON_AddStringToObject(about, "qemu", version);
	cJSON_AddStringToObject(about, "folder", here);
	arguments = cJSON_AddArrayToObject(about, "arguments");
	for (int i = 1; i < o->argc; i++) {
		cJSON_AddItemToArray(arguments, cJSON_CreateString(o->argv[i]));
	}
	cJSON_AddBoolToObject(about, "told_to_end", told);
	cJSON_AddItemToObject(about, "files", sums(config));
	return about;
}

enum exit_status about_write(int folder, const struct qemu_config *config,
			     bool told, char *error)
{
	cJSON *about = make(config, told);
	char *text = cJSON_Print(about);
	const int fd = openat(folder, NAME,
			      O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
	const bool good = text != NULL && fd >= 0 &&
			  write_all(fd, text, strlen(text)) &&
			  write_all(fd, "\n", 1);

	if (!good) {
		snprintf(error, MACHINE_ERROR_SIZE, "%s: %s", NAME,
			 text == NULL ? "out of memory" : strerror(errno));
	}
	if (fd >= 0) {
		close(fd);
	}
	free(text);
	cJSON_Delete(about);
	return good ? STATUS_OK : STATUS_OURS;
}

static cJSON *parse(int fd)
{
	char *text = malloc(SIZE_MAX_ABOUT);
	size_t used = 0;
	cJSON *about;
	ssize_t n = 1;

	while (text != NULL && n > 0 && used < SIZE_MAX_ABOUT) {
		n = read(fd, text + used, SIZE_MAX_ABOUT - used);
		used += n > 0 ? (size_t)n : 0;
	}
	about = text == NULL ? NULL : cJSON_ParseWithLength(text, used);
	free(text);
	return about;
}

static const char *member(const cJSON *object, const char *name)
{
	const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, name);

	return cJSON_IsString(item) ? item->valuestring : NULL;
}

static bool is_whole(const cJSON *about)
{
	const cJSON *arguments =
		cJSON_GetObjectItemCaseSensitive(about, "arguments");
	const cJSON *word;
	bool good = cJSON_IsArray(arguments) && member(about, "folder") &&
		    member(about, "qemu") && member(about, "pagewarden");

	cJSON_ArrayForEach(word, arguments)
	{
		good = good && cJSON_IsString(word);
	}
	return good;
}

/* Both versions? */
static bool is_ours(const cJSON *about, char *error)
{
	char version[VERSION_SIZE] = "";

	if (!is_whole(about)) {
		snprintf(error, MACHINE_ERROR_SIZE, NAME " is damaged");
		return false;
	}
	if (strcmp(member(about, "pagewarden"), PW_VERSION) != 0) {
		snprintf(error, MACHINE_ERROR_SIZE,
			 "recorded by Pagewarden %.40s, and this is %s",
			 member(about, "pagewarden"), PW_VERSION);
		return false;
	}
	if (!qemu_version(version)) {
		snprintf(error, MACHINE_ERROR_SIZE,
			 "%s is missing: install the package %s", QEMU_PROGRAM,
			 QEMU_PACKAGE);
		return false;
	}
	if (strcmp(member(about, "qemu"), version) != 0) {
		snprintf(error, MACHINE_ERROR_SIZE,
			 "recorded by %.100s, and this is %s",
			 member(about, "qemu"), version);
		return false;
	}
	return true;
}

cJSON *about_read(int folder, char *error)
{
	const int fd = openat(folder, NAME, O_RDONLY | O_CLOEXEC);
	cJSON *about;

	if (fd < 0) {
		snprintf(error, MACHINE_ERROR_SIZE,
			 "no machine was recorded there (%s: %s)", NAME,
			 strerror(errno));
		return NULL;
	}
	about = parse(fd);
	close(fd);
	if (!is_ours(about, error)) {
		cJSON_Delete(about);
		return NULL;
	}
	return about;
}

enum exit_status about_check(const cJSON *about,
			     const struct qemu_config *config, char *error)
{
	const cJSON *then = cJSON_GetObjectItemCaseSensitive(about, "files");
	cJSON *now = sums(config);
	enum exit_status status = STATUS_OK;
	const cJSON *file;

	cJSON_ArrayForEach(file, now)
	{
		const char *was = member(then, file->string);

		if (status == STATUS_OK &&
		    (was == NULL || strcmp(was, file->valuestring) != 0)) {
			snprintf(error, MACHINE_ERROR_SIZE,
				 "the %s is another one than was recorded",
				 file->string);
			status = STATUS_USAGE;
		}
	}
	cJSON_Delete(now);
	return status;
}
