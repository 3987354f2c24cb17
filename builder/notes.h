/* SPDX-License-Identifier: MIT */
/*
 * What a kernel says of itself in its Xen notes (xen/elfnote.h): where it
 * wants to be, where it begins, what it can do and what it needs.
 */
#ifndef PW_BUILDER_NOTES_H
#define PW_BUILDER_NOTES_H

#include <stdbool.h>
#include <stdint.h>

#include "abi/addr.h"
#include "abi/xen.h"

#include <xen/elfnote.h>

#include "builder/elf.h"
#include "builder/error.h"
#include "builder/width.h"

#define NOTES_STRING_SIZE 96
#define NOTES_FEATURES_SIZE 256

enum notes_source {
	NOTES_FROM_SEGMENT,   /* PT_NOTE */
	NOTES_FROM_SECTION,   /* SHT_NOTE */
	NOTES_FROM_XEN_GUEST, /* the legacy string section __xen_guest */
};

/* How a 32-bit kernel has its page tables; a 64-bit one is not asked. */
enum notes_pae {
	NOTES_PAE_NO,
	NOTES_PAE_YES,      /* PAE, the root below 4 GiB */
	NOTES_PAE_EXTENDED, /* PAE, the root anywhere: extended CR3 */
};

struct xen_notes {
	enum notes_source source;
	const struct guest_width *width;
	enum notes_pae pae;
	/* Bit n: note number n was there. Zero is a valid value of most. */
	uint32_t present;
	/* Placement. Defaults are filled in: see notes_parse. */
	vaddr_t entry;
	vaddr_t virt_base;
	uint64_t paddr_offset;
	/* The kernel's bytes, [first, end) in bytes of pseudo-physical. */
	paddr_t kernel_start;
	paddr_t kernel_end;
	/* Valid if present. */
	vaddr_t hypercall_page;
	vaddr_t init_p2m;
	vaddr_t hv_start_low;
	uint64_t phys32_entry;
	uint64_t suspend_cancel;
	uint64_t l1_mfn_mask;
	uint64_t l1_mfn_value;
	/* The kernel takes an initrd that is not mapped. */
	bool mod_start_pfn;
	bool bsd_symtab;
	/* If it has one, where it comes to lie: within the kernel's bytes. */
	bool has_symtab;
	struct elf_symtab symtab;
	paddr_t symtab_at;
	/* XENFEAT_* bits, from FEATURES and SUPPORTED_FEATURES. */
	uint32_t features_supported;
	uint32_t features_required;
	/* Text as in the file (cut to fit), NUL-terminated. */
	char guest_os[NOTES_STRING_SIZE];
	char guest_version[NOTES_STRING_SIZE];
	char xen_version[NOTES_STRING_SIZE];
	char loader[NOTES_STRING_SIZE];
	char pae_mode[NOTES_STRING_SIZE];
	char features[NOTES_FEATURES_SIZE];
	/* Xen notes of a number that elfnote.h does not define. */
	unsigned int nr_unknown;
};

static inline bool notes_has(const struct xen_notes *notes, unsigned int type)
{
	return (notes->present >> type & 1) != 0;
}

/*
 * Reads the notes: from the note segments; if these have none of Xen's, from
 * the note sections; if neither, from __xen_guest. Absent values get the
 * defaults: entry = e_entry, virt_base = 0, paddr_offset = 0 (virt_base for
 * __xen_guest). Refuses what is no Xen PV kernel for x86-64, or with PAE for
 * i386, or needs what a PV domain without privileges does not have. Returns 0,
 * or a negative errno with the reason in *e.
 */
int notes_parse(const struct elf_image *image, struct xen_notes *notes,
		struct build_error *e);

/* "ENTRY" for XEN_ELFNOTE_ENTRY; NULL for a number that is not defined. */
const char *notes_name(unsigned int type);
/* "writable_page_tables" for bit 0; NULL for a bit that is not defined. */
const char *notes_feature_name(unsigned int bit);

#endif
