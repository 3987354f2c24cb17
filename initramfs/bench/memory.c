/* SPDX-License-Identifier: MIT */
/* What changes of an address space cost, of a few pages and of many. */
#include "bench.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define TABLE_SPAN (2 * MIB) /* of one L1 */
#define TABLES 128
#define FAULTS 1000
#define FILE_BYTES MIB

char *map_small(size_t bytes)
{
	char *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED) {
		fail("mmap");
	}
	madvise(p, bytes, MADV_NOHUGEPAGE);
	return p;
}

void unmap(char *at, size_t bytes)
{
	if (munmap(at, bytes)) {
		fail("munmap");
	}
}

static char *area;
static size_t area_bytes;

static void touch(size_t step)
{
	for (size_t i = 0; i < area_bytes; i += step) {
		((volatile char *)area)[i] = 1;
	}
}

static void make_area(size_t bytes)
{
	area_bytes = bytes;
	area = map_small(bytes);
}

static void drop_area(void)
{
	unmap(area, area_bytes);
}

static void make_faults(void)
{
	make_area(FAULTS * PAGE);
}

static void touch_pages(void)
{
	touch(PAGE);
}

/* A fault, a frame and an entry for each page, and all back. */
static void map_touch_unmap(void)
{
	make_area(MIB);
	touch(PAGE);
	drop_area();
}

static void make_sparse(void)
{
	make_area(TABLES * TABLE_SPAN);
}

/* Of each table one entry; the tables go with it. */
static void touch_tables(void)
{
	touch(TABLE_SPAN);
}

static void make_64m(void)
{
	make_area(64 * MIB);
	touch(PAGE);
}

static void protect_twice(void)
{
	if (mprotect(area, area_bytes, PROT_READ) ||
	    mprotect(area, area_bytes, PROT_READ | PROT_WRITE)) {
		fail("mprotect");
	}
}

static void forget(void)
{
	if (madvise(area, area_bytes, MADV_DONTNEED)) {
		fail("madvise");
	}
}

static void make_4m(void)
{
	make_area(4 * MIB);
	touch(PAGE);
}

/* To where the kernel finds room for it, entry by entry. */
static void move(void)
{
	char *to = mmap(NULL, area_bytes, PROT_NONE,
			MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (to == MAP_FAILED ||
	    mremap(area, area_bytes, area_bytes, MREMAP_MAYMOVE | MREMAP_FIXED,
		   to) != to) {
		fail("mremap");
	}
	area = to;
}

static void make_512m(void)
{
	make_area(512 * MIB);
	touch(PAGE);
}

/* --- of a file -------------------------------------------------------------
 */

static int file = -1;

static void make_file(void)
{
	static char page[4096];

	file = open("/bench-file", O_RDWR | O_CREAT | O_TRUNC, 0600);
	for (size_t i = 0; i < FILE_BYTES; i += PAGE) {
		memset(page, (int)(i / PAGE), sizeof(page));
		if (file < 0 || write(file, page, sizeof(page)) != PAGE) {
			fail("a file");
		}
	}
}

static void drop_file(void)
{
	close(file);
	unlink("/bench-file");
}

static char *map_file(int protection)
{
	char *p = mmap(NULL, FILE_BYTES, protection, MAP_PRIVATE, file, 0);

	if (p == MAP_FAILED) {
		fail("mmap of a file");
	}
	return p;
}

static void read_mapped(void)
{
	volatile char *p = map_file(PROT_READ);

	for (size_t i = 0; i < FILE_BYTES; i += PAGE) {
		if (p[i] != (char)(i / PAGE)) {
			fail("what a file says");
		}
	}
	unmap((char *)p, FILE_BYTES);
}

/* Each page is read before it is written: it is the file's, then a copy. */
static void write_mapped(void)
{
	volatile char *p = map_file(PROT_READ | PROT_WRITE);

	for (size_t i = 0; i < FILE_BYTES; i += PAGE) {
		p[i]++;
	}
	unmap((char *)p, FILE_BYTES);
}

const struct row memory_rows[] = {
	{"page-faults-1000", make_faults, touch_pages, drop_area, 1, 15, NULL,
	 NULL},
	{"mmap-munmap-1M", NULL, map_touch_unmap, NULL, 10, 15, NULL, NULL},
	{"touch-128-tables", make_sparse, touch_tables, drop_area, 1, 15, NULL,
	 NULL},
	{"munmap-128-tables", make_sparse, drop_area, NULL, 1, 15, NULL, NULL},
	{"mprotect-64M", NULL, protect_twice, NULL, 1, 9, make_64m, drop_area},
	{"madvise-64M", make_64m, forget, drop_area, 1, 3, NULL, NULL},
	{"mremap-4M", NULL, move, NULL, 4, 15, make_4m, drop_area},
	{"file-read-1M", NULL, read_mapped, NULL, 10, 15, make_file, drop_file},
	{"file-copy-1M", NULL, write_mapped, NULL, 10, 15, make_file,
	 drop_file},
	{"munmap-512M", make_512m, drop_area, NULL, 1, 1, NULL, NULL},
};
const size_t nr_memory_rows = sizeof(memory_rows) / sizeof(memory_rows[0]);
