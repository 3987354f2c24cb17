/* SPDX-License-Identifier: MIT */
/*
 * That a file cannot be written should be known before the minutes that lead to
 * it. The file system is the only one to know, so it is asked by opening. Pipes
 * and devices are not: whoever reads there would take it for the end.
 */
#include "cli/output.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

static bool opens(const char *path, int flags)
{
	const int fd = open(path, O_WRONLY | O_CLOEXEC | flags, 0666);

	if (fd >= 0) {
		close(fd);
	}
	return fd >= 0;
}

/* The end of a link that leads nowhere is left: its name is not this one. */
static bool can_be_made(const char *path)
{
	struct stat st;
	const bool link = lstat(path, &st) == 0;

	if (!opens(path, O_CREAT)) {
		return false;
	}
	if (!link) {
		unlink(path);
	}
	return true;
}

void output_forget(const char *path)
{
	struct stat st;

	if (stat(path, &st) == 0 && S_ISREG(st.st_mode)) {
		unlink(path);
	}
}

bool output_is(const char *path, const char *input)
{
	struct stat a;
	struct stat b;

	return stat(path, &a) == 0 && stat(input, &b) == 0 &&
	       S_ISREG(a.st_mode) && a.st_dev == b.st_dev &&
	       a.st_ino == b.st_ino;
}

bool output_check(const char *path)
{
	struct stat st;

	if (stat(path, &st) != 0) {
		return errno == ENOENT && can_be_made(path);
	}
	if (S_ISREG(st.st_mode) || S_ISDIR(st.st_mode)) {
		return opens(path, 0);
	}
	return access(path, W_OK) == 0;
}
