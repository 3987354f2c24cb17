/* SPDX-License-Identifier: MIT */
/*
 * Linux writes its VMCOREINFO as an ELF note of its own at the start of a page,
 * when it initialises its subsystems: late enough for a kernel that dies early
 * to have none. The few lines that a reader cannot do without are then made
 * from the kernel's names. Under Xen a kernel is where it was linked, and its
 * first address is pseudo-physical frame 0's.
 */
#include "cli/core/info.h"

#include <elf.h>
#include <stdio.h>
#include <string.h>

#define NOTE_NAME "VMCOREINFO"
#define NAME_ROOM 12 /* with its NUL, and filled up to words */
#define BANNER "Linux version "
#define RELEASE_MAX 64

static bool is_text(const char *text, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		if (text[i] != '\n' && (text[i] < ' ' || text[i] > '~')) {
			return false;
		}
	}
	return true;
}

void core_info_look(struct core_info *i, const uint8_t *page)
{
	const char *text = (const char *)page + sizeof(Elf64_Nhdr) + NAME_ROOM;
	Elf64_Nhdr h;

	memcpy(&h, page, sizeof(h));
	if (i->size != 0 || h.n_namesz != sizeof(NOTE_NAME) || h.n_type != 0 ||
	    h.n_descsz == 0 || h.n_descsz > PAGE_SIZE - sizeof(h) - NAME_ROOM ||
	    memcmp(page + sizeof(h), NOTE_NAME, sizeof(NOTE_NAME)) != 0 ||
	    strncmp(text, "OSRELEASE=", 10) != 0 ||
	    !is_text(text, h.n_descsz)) {
		return;
	}
	memcpy(i->text, text, h.n_descsz);
	i->size = h.n_descsz;
}

uint64_t core_info_address(const struct symbols *s, const char *name)
{
	for (size_t i = 0; i < s->nr; i++) {
		if (strcmp(s->names + s->list[i].name, name) == 0) {
			return s->list[i].address;
		}
	}
	return 0;
}

/* Of what the kernel calls itself, what stands behind "Linux version ". */
static void find_release(const struct core_frames *f, uint64_t banner,
			 char release[RELEASE_MAX])
{
	const uint64_t pfn = (banner - CORE_KERNEL_BASE) >> PAGE_SHIFT;
	const uint64_t at = page_offset(banner);
	const char *text;
	size_t n;

	if (banner < CORE_KERNEL_BASE || pfn >= f->nr_pfns ||
	    f->mfn[pfn] == 0 || at > PAGE_SIZE - sizeof(BANNER) - RELEASE_MAX) {
		return;
	}
	text = why_at(f->machine, ((uint64_t)f->mfn[pfn] << PAGE_SHIFT) + at,
		      sizeof(BANNER) + RELEASE_MAX);
	if (text == NULL || memcmp(text, BANNER, sizeof(BANNER) - 1) != 0) {
		return;
	}
	text += sizeof(BANNER) - 1;
	for (n = 0; n < RELEASE_MAX - 1 && text[n] > ' ' && text[n] <= '~';
	     n++) {
		release[n] = text[n];
	}
	release[n] = '\0';
}

static void add_symbol(struct core_info *i, const char *name, uint64_t address)
{
	if (address != 0) {
		i->size += (size_t)snprintf(i->text + i->size,
					    CORE_INFO_MAX - i->size,
					    "SYMBOL(%s)=%llx\n", name,
					    (unsigned long long)address);
	}
}

void core_info_make(struct core_info *i, const struct symbols *s,
		    const struct core_frames *f)
{
	const uint64_t root = core_info_address(s, "init_top_pgt");
	char release[RELEASE_MAX] = "unknown";

	if (i->size != 0 || root == 0) {
		return; /* it has made its own, or is no Linux */
	}
	i->ours = true;
	find_release(f, core_info_address(s, "linux_banner"), release);
	i->size = (size_t)snprintf(i->text, CORE_INFO_MAX,
				   "OSRELEASE=%s\nPAGESIZE=%u\n", release,
				   (unsigned int)PAGE_SIZE);
	add_symbol(i, "init_uts_ns", core_info_address(s, "init_uts_ns"));
	add_symbol(i, "_stext", core_info_address(s, "_stext"));
	/* Today's name of it. */
	add_symbol(i, "swapper_pg_dir", root);
	i->size += (size_t)snprintf(i->text + i->size, CORE_INFO_MAX - i->size,
				    "NUMBER(phys_base)=0\n"
				    "NUMBER(pgtable_l5_enabled)=0\n"
				    "KERNELOFFSET=0\n");
}
