/* SPDX-License-Identifier: MIT */
/*
 * The core. Tools that read one know a kernel that runs on the bare machine:
 * so the file shows the domain as if it did. Frames are at their
 * pseudo-physical addresses, and the tables' entries lead there, too; whoever
 * walks them, by their physical address or by the kernel's, comes out right.
 * For those who do not walk, a program header says where each of the kernel's
 * addresses leads.
 *
 * crash knows a kernel under Xen by its pointer to the start info, and then has
 * ways of its own that the file does not fit. Who wants that tool gets a file
 * with 0 there: the one word that is not the guest's.
 *
 * Memory is copied as it lies in the machine, 1 MiB at a time. What the machine
 * never touched, and what is zero, is a hole in the file.
 */
#define _GNU_SOURCE /* SEEK_DATA */

#include "cli/core/core.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "abi/control.h"
#include "cli/core/head.h"
#include "cli/monitor.h"

#define CHUNK ((size_t)1 << 20)
#define GIB4 (UINT64_C(1) << 32)
/* To a bare CPU they are reserved in an L3 of PAE; Xen sets them. */
#define L3_RESERVED (PTE_RW | PTE_US | PTE_A | PTE_D)
/* Linux's first address of 32 bits, as it is configured as a rule. */
#define KERNEL_BASE_32 UINT64_C(0xc0000000)

struct core {
	const struct core_source *source;
	struct core_result *result;
	struct core_frames frames;
	struct core_view view;
	struct core_info info;
	int fd;
	uint64_t data; /* where frame 0 is in the file */
	uint8_t *chunk;
	uint64_t start_info; /* the pointer's pseudo-physical address, or 0 */
};

__attribute__((format(printf, 2, 3))) static bool fail(struct core *c,
						       const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(c->result->error, CORE_ERROR, format, args);
	va_end(args);
	return false;
}

static bool put(struct core *c, const void *bytes, size_t size, uint64_t at)
{
	while (size > 0) {
		ssize_t n = pwrite(c->fd, bytes, size, (off_t)at);

		if (n < 0 && errno == EINTR) {
			continue;
		}
		if (n <= 0) {
			return fail(c, "%s", strerror(errno));
		}
		bytes = (const char *)bytes + n;
		size -= (size_t)n;
		at += (uint64_t)n;
	}
	return true;
}

static bool is_zero(const uint8_t *page)
{
	return page[0] == 0 && memcmp(page, page + 1, PAGE_SIZE - 1) == 0;
}

/* QEMU has the memory that begins at 4 GiB behind what ends below. */
static uint64_t mfn_at(const struct core *c, uint64_t offset)
{
	const uint64_t below = c->source->machine->below_4g;

	return (offset < below ? offset : offset - below + GIB4) >> PAGE_SHIFT;
}

static void translate(const struct core *c, uint64_t mfn, uint8_t *page)
{
	const struct frame *f = why_frame(c->source->machine, mfn);

	if (!frame_is_table((enum frame_type)f->type)) {
		return;
	}
	for (unsigned int i = 0; i < PT_ENTRIES; i++) {
		pte_t e;

		memcpy(&e, page + i * sizeof(e), sizeof(e));
		e = core_frames_translate(&c->frames, e);
		if (c->view.narrow && f->type == FRAME_L3) {
			e.v &= ~L3_RESERVED;
		}
		memcpy(page + i * sizeof(e), &e, sizeof(e));
	}
}

static void make_bare(struct core *c, uint64_t pfn, uint8_t *page)
{
	const uint64_t offset = page_offset(c->start_info);
	const size_t size =
		c->view.narrow ? sizeof(uint32_t) : sizeof(uint64_t);

	if (c->start_info != 0 && pfn == c->start_info >> PAGE_SHIFT &&
	    offset <= PAGE_SIZE - size) {
		memset(page + offset, 0, size);
		c->result->bare = true;
	}
}

static void find_start_info(struct core *c)
{
	const uint64_t va = core_info_address(&c->source->kernel->symbols,
					      "xen_start_info");

	const uint64_t base =
		c->view.narrow ? KERNEL_BASE_32 : CORE_KERNEL_BASE;

	if (c->source->bare && va >= base) {
		c->start_info = va - base;
	}
}

/* Pages of the chunk that stand one behind the other in the file. */
struct stretch {
	const uint8_t *first;
	uint64_t pfn;
	uint64_t nr;
};

static bool flush(struct core *c, struct stretch *s)
{
	const uint64_t nr = s->nr;

	s->nr = 0;
	c->result->written += nr << PAGE_SHIFT;
	return nr == 0 || put(c, s->first, nr << PAGE_SHIFT,
			      c->data + (s->pfn << PAGE_SHIFT));
}

static bool copy_chunk(struct core *c, uint64_t offset, size_t size)
{
	struct stretch s = {.nr = 0};

	for (uint64_t i = 0; i < size >> PAGE_SHIFT; i++) {
		const uint64_t mfn = mfn_at(c, offset + (i << PAGE_SHIFT));
		uint8_t *page = c->chunk + (i << PAGE_SHIFT);
		uint64_t pfn;

		if (!core_frames_pfn(&c->frames, mfn, &pfn) || is_zero(page)) {
			continue;
		}
		core_info_look(&c->info, page);
		translate(c, mfn, page);
		make_bare(c, pfn, page);
		if (s.nr != 0 &&
		    (page != s.first + (s.nr << PAGE_SHIFT) ||
		     pfn != s.pfn + s.nr) &&
		    !flush(c, &s)) {
			return false;
		}
		if (s.nr++ == 0) {
			s.first = page;
			s.pfn = pfn;
		}
	}
	return flush(c, &s);
}

/* What the machine has touched of its memory. */
static bool copy_extent(struct core *c, uint64_t from, uint64_t to)
{
	while (from < to) {
		const size_t want = to - from < CHUNK ? to - from : CHUNK;
		ssize_t n =
			pread(c->source->memory, c->chunk, want, (off_t)from);

		if (n < 0 && errno == EINTR) {
			continue;
		}
		if (n != (ssize_t)want) {
			return fail(c, "the machine's memory cannot be read");
		}
		if (!copy_chunk(c, from, want)) {
			return false;
		}
		from += want;
	}
	return true;
}

static bool copy_memory(struct core *c)
{
	const int memory = c->source->memory;
	const off_t size = (off_t)c->source->machine->size;
	off_t from = 0;

	while (from < size && (from = lseek(memory, from, SEEK_DATA)) >= 0) {
		off_t to = lseek(memory, from, SEEK_HOLE);

		if (to < 0) {
			return fail(c, "the machine's memory cannot be read");
		}
		if (!copy_extent(c, (uint64_t)from, (uint64_t)to)) {
			return false;
		}
		from = to;
	}
	return true;
}

static bool find_view(struct core *c)
{
	const cJSON *event;

	if (!core_frames_find(&c->frames, c->source->machine) ||
	    !core_view_init(&c->view, &c->frames, c->source->low)) {
		return fail(c, "out of memory");
	}
	if (c->frames.nr == 0) {
		return fail(c, "the domain has no memory any more");
	}
	cJSON_ArrayForEach(event, c->source->registers)
	{
		core_view_add(&c->view, monitor_hex(event, REGISTERS_ROOT));
	}
	core_view_finish(&c->view);
	return !c->view.short_of_memory || fail(c, "out of memory");
}

static bool put_head(struct core *c)
{
	uint8_t *head;
	bool good;

	core_info_make(&c->info, &c->source->kernel->symbols, &c->frames);
	head = core_head_make(&c->view, c->source->registers, &c->info);
	if (head == NULL) {
		return fail(c, "out of memory");
	}
	good = put(c, head, c->data, 0);
	free(head);
	return good;
}

static bool write_core(struct core *c)
{
	if (!find_view(c)) {
		return false;
	}
	find_start_info(c);
	c->chunk = malloc(CHUNK);
	if (c->chunk == NULL) {
		return fail(c, "out of memory");
	}
	c->data = core_head_size(&c->view, (unsigned int)cJSON_GetArraySize(
						   c->source->registers));
	if (ftruncate(c->fd, (off_t)(c->data +
				     (c->frames.nr_pfns << PAGE_SHIFT))) != 0) {
		return fail(c, "%s", strerror(errno));
	}
	return copy_memory(c) && put_head(c);
}

static void conclude(struct core *c)
{
	struct core_result *r = c->result;

	r->size = c->frames.nr << PAGE_SHIFT;
	r->unplaced = c->frames.unplaced;
	r->mappings = c->view.nr_mapped;
	r->cut = c->view.cut;
	r->info = c->info.size != 0;
	r->info_ours = c->info.ours;
}

bool core_write(int fd, const struct core_source *source,
		struct core_result *ret)
{
	struct core c = {.source = source, .result = ret, .fd = fd};
	bool good;

	*ret = (struct core_result){0};
	good = write_core(&c);
	conclude(&c);
	free(c.chunk);
	core_view_free(&c.view);
	core_frames_free(&c.frames);
	return good;
}
