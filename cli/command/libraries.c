/* SPDX-License-Identifier: MIT */
/*
 * A dynamic program names its loader, and the loader knows best where libraries
 * are: it is asked (`LOADER --list PROGRAM`), which maps them and runs nothing
 * of theirs. In the guest they lie where they lie here.
 */
#define _GNU_SOURCE /* pipe2 */

#include "cli/command/libraries.h"

#include <errno.h>
#include <fcntl.h>
#include <gelf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* The name in PT_INTERP; false: there is none, or this is no program. */
static bool read_loader(Elf *elf, int fd, char *loader, size_t size)
{
	size_t nr = 0;

	if (elf == NULL || elf_kind(elf) != ELF_K_ELF ||
	    elf_getphdrnum(elf, &nr) != 0) {
		return false;
	}
	for (size_t i = 0; i < nr; i++) {
		GElf_Phdr h;

		if (gelf_getphdr(elf, (int)i, &h) != NULL &&
		    h.p_type == PT_INTERP && h.p_filesz < size &&
		    pread(fd, loader, h.p_filesz, (off_t)h.p_offset) ==
			    (ssize_t)h.p_filesz) {
			loader[h.p_filesz] = '\0';
			return loader[0] == '/';
		}
	}
	return false;
}

static bool loader_of(const char *program, char *loader, size_t size)
{
	int fd = open(program, O_RDONLY | O_CLOEXEC);
	Elf *elf;
	bool found;

	if (fd < 0) {
		return false;
	}
	elf_version(EV_CURRENT);
	elf = elf_begin(fd, ELF_C_READ, NULL);
	found = read_loader(elf, fd, loader, size);
	elf_end(elf);
	close(fd);
	return found;
}

static bool add(struct libraries *l, const char *path)
{
	for (unsigned int i = 0; i < l->nr; i++) {
		if (strcmp(l->path[i], path) == 0) {
			return true;
		}
	}
	if (l->nr == LIBRARIES_MAX || (l->path[l->nr] = strdup(path)) == NULL) {
		snprintf(l->error, sizeof(l->error), "too many libraries");
		return false;
	}
	l->nr++;
	return true;
}

/*
 * "NAME => PATH (ADDRESS)", "PATH (ADDRESS)", or "NAME => not found"; what has
 * no path, as the kernel's own page, is not needed.
 */
static bool take_line(struct libraries *l, const char *program, char *line)
{
	char *arrow = strstr(line, " => ");
	char *path = arrow != NULL ? arrow + 4 : line + strspn(line, " \t");
	char *end = strstr(path, " (");

	if (strncmp(path, "not found", 9) == 0) {
		snprintf(l->error, sizeof(l->error),
			 "%.200s: its library %.*s is not found", program,
			 (int)(arrow - line), line + strspn(line, " \t"));
		return false;
	}
	if (path[0] != '/' || end == NULL) {
		return true;
	}
	*end = '\0';
	return add(l, path);
}

/* The loader's list; in the child, which becomes it. */
_Noreturn static void list(const char *loader, const char *program, int out)
{
	int null = open("/dev/null", O_WRONLY);

	if (dup2(out, STDOUT_FILENO) >= 0 && null >= 0 &&
	    dup2(null, STDERR_FILENO) >= 0) {
		execl(loader, loader, "--list", program, (char *)NULL);
	}
	_exit(127);
}

static bool read_list(struct libraries *l, const char *program, int fd)
{
	FILE *f = fdopen(fd, "r");
	char line[2 * PATH_MAX];
	bool good = true;

	while (f != NULL && fgets(line, sizeof(line), f) != NULL) {
		good = good && take_line(l, program, line);
	}
	if (f != NULL) {
		fclose(f);
	} else {
		close(fd);
	}
	return good;
}

bool libraries_of(struct libraries *l, const char *program)
{
	char loader[PATH_MAX];
	int status = 0;
	int ends[2];
	bool good;
	pid_t pid;

	if (!loader_of(program, loader, sizeof(loader))) {
		return true;
	}
	if (pipe2(ends, O_CLOEXEC) != 0 || (pid = fork()) < 0) {
		snprintf(l->error, sizeof(l->error), "%.200s: %s", program,
			 strerror(errno));
		return false;
	}
	if (pid == 0) {
		list(loader, program, ends[1]);
	}
	close(ends[1]);
	good = read_list(l, program, ends[0]);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
	}
	if (good && status != 0) {
		snprintf(l->error, sizeof(l->error),
			 "%.200s: its loader %.100s does not find its "
			 "libraries",
			 program, loader);
		return false;
	}
	return good && add(l, loader);
}

void libraries_fini(struct libraries *l)
{
	while (l->nr != 0) {
		free(l->path[--l->nr]);
	}
}

static bool has_folder(const char *text, const char *folder, size_t length)
{
	for (const char *at = text; *at != '\0'; at += strcspn(at, ":")) {
		at += *at == ':';
		if (strcspn(at, ":") == length &&
		    strncmp(at, folder, length) == 0) {
			return true;
		}
	}
	return false;
}

bool libraries_folders(const struct libraries *l, char *text, size_t size)
{
	size_t used = 0;

	text[0] = '\0';
	for (unsigned int i = 0; i < l->nr; i++) {
		const char *path = l->path[i];
		size_t length = (size_t)(strrchr(path, '/') - path);

		if (has_folder(text, path, length)) {
			continue;
		}
		if (used + length + 2 > size) {
			return false;
		}
		used += (size_t)snprintf(text + used, size - used, "%s%.*s",
					 used == 0 ? "" : ":", (int)length,
					 path);
	}
	return true;
}
