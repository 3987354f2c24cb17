/* SPDX-License-Identifier: MIT */
/*
 * Writes the initramfs: reads a list of entries on stdin, writes a cpio
 * archive in the "newc" format on stdout. A program of our own because device
 * nodes must come without root, and because the same list and files must give
 * the same bytes: owner 0, times 0, inodes in the order of the list.
 */
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

struct entry {
	char path[256];
	unsigned mode; /* type and permissions */
	unsigned major, minor;
	const char *data;
	size_t size;
};

static unsigned next_inode = 1;
static unsigned line_number;

static _Noreturn void die(const char *fmt, ...)
	__attribute__((format(printf, 1, 2)));

static void die(const char *fmt, ...)
{
	va_list ap;

	fprintf(stderr, "newc: line %u: ", line_number);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	exit(1);
}

static void put(const void *data, size_t size)
{
	static const char zeros[4];
	size_t pad = -size & 3;

	if (fwrite(data, 1, size, stdout) != size ||
	    fwrite(zeros, 1, pad, stdout) != pad) {
		die("cannot write");
	}
}

/* Header and name are padded together, the data on its own. */
static void put_entry(const struct entry *e)
{
	const char *name = e->path[0] == '/' ? e->path + 1 : e->path;
	size_t name_size = strlen(name) + 1;
	char head[110 + sizeof(e->path) + 1];
	unsigned links = S_ISDIR(e->mode) ? 2 : 1;

	snprintf(head, sizeof(head),
		 "070701%08X%08X%08X%08X%08X%08X%08zX%08X%08X%08X%08X%08zX"
		 "%08X%s",
		 next_inode++, e->mode, 0U, 0U, links, 0U, e->size, 0U, 0U,
		 e->major, e->minor, name_size, 0U, name);
	put(head, 110 + name_size);
	put(e->data, e->size);
}

static char *read_file(const char *path, size_t *ret_size)
{
	FILE *f = fopen(path, "rb");
	char *data;
	long size;

	if (!f || fseek(f, 0, SEEK_END) || (size = ftell(f)) < 0) {
		die("cannot read %s", path);
	}
	rewind(f);
	data = malloc((size_t)size + 1);
	if (!data || fread(data, 1, (size_t)size, f) != (size_t)size) {
		die("cannot read %s", path);
	}
	fclose(f);
	*ret_size = (size_t)size;
	return data;
}

static void put_line(const char *line)
{
	struct entry e = {.data = ""};
	char other[256];
	char *file = NULL;

	if (sscanf(line, "dir %255s %o", e.path, &e.mode) == 2) {
		e.mode |= S_IFDIR;
	} else if (sscanf(line, "nod %255s %o %u %u", e.path, &e.mode, &e.major,
			  &e.minor) == 4) {
		e.mode |= S_IFCHR;
	} else if (sscanf(line, "slink %255s %255s", e.path, other) == 2) {
		e.mode = S_IFLNK | 0777;
		e.data = other;
		e.size = strlen(other);
	} else if (sscanf(line, "file %255s %255s %o", e.path, other,
			  &e.mode) == 3) {
		e.mode |= S_IFREG;
		e.data = file = read_file(other, &e.size);
	} else {
		die("not an entry: %s", line);
	}
	put_entry(&e);
	free(file);
}

int main(void)
{
	static const struct entry trailer = {.path = "TRAILER!!!", .data = ""};
	char line[640];

	while (fgets(line, sizeof(line), stdin)) {
		line_number++;
		if (line[0] != '#' && line[0] != '\n') {
			put_line(line);
		}
	}
	put_entry(&trailer);
	return fflush(stdout) ? 1 : 0;
}
