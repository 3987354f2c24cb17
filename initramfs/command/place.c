/* SPDX-License-Identifier: MIT */
/*
 * Files come in beside the root, and are moved into it here: only here is known
 * what it looks like, where /lib may be a link to another folder. All is one
 * file system, so that nothing is copied.
 */
#include "initramfs/command/place.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool make_above(const char *path)
{
	char above[PATH_MAX];

	for (const char *at = strchr(path + 1, '/'); at != NULL;
	     at = strchr(at + 1, '/')) {
		snprintf(above, sizeof(above), "%.*s", (int)(at - path), path);
		if (mkdir(above, 0755) != 0 && errno != EEXIST) {
			return false;
		}
	}
	return true;
}

static bool is_folder(const char *path)
{
	struct stat s;

	return stat(path, &s) == 0 && S_ISDIR(s.st_mode);
}

static bool move(const char *from, const char *to);

static bool merge(const char *from, const char *to)
{
	DIR *folder = opendir(from);
	const struct dirent *e;
	bool good = folder != NULL;

	while (good && (e = readdir(folder)) != NULL) {
		char below[PATH_MAX];
		char goal[PATH_MAX];

		if (strcmp(e->d_name, ".") == 0 ||
		    strcmp(e->d_name, "..") == 0) {
			continue;
		}
		if (snprintf(below, sizeof(below), "%s/%s", from, e->d_name) >=
			    (int)sizeof(below) ||
		    snprintf(goal, sizeof(goal), "%s/%s", to, e->d_name) >=
			    (int)sizeof(goal)) {
			errno = ENAMETOOLONG;
			good = false;
		} else {
			good = move(below, goal);
		}
	}
	if (folder != NULL) {
		closedir(folder);
	}
	return good;
}

static bool move(const char *from, const char *to)
{
	struct stat s;

	if (lstat(from, &s) != 0) {
		return false;
	}
	if (S_ISDIR(s.st_mode) && is_folder(to)) {
		return merge(from, to);
	}
	return rename(from, to) == 0;
}

bool place(const char *from, const char *to)
{
	return make_above(to) && move(from, to);
}
