/* SPDX-License-Identifier: MIT */
/*
 * builder/notes.c: what the kernels of this world say in their notes is read
 * as they mean it, and kernels that cannot run are refused with a line that
 * names the note.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <elf.h>
#include <stdlib.h>
#include <string.h>

#include "abi/xen.h"
#include "tests/unit/support/notes.h"

/* The note segment's header comes second where there is one segment. */
#define NOTE_PHDR (KERNEL_FILE_PHDRS + sizeof(Elf64_Phdr))
#define NOTE_PHDR_OFFSET (NOTE_PHDR + offsetof(Elf64_Phdr, p_offset))
#define NOTE_PHDR_FILESZ (NOTE_PHDR + offsetof(Elf64_Phdr, p_filesz))

static void linux_notes_are_read(void **state)
{
	struct build_error e = {""};
	struct xen_notes n;

	(void)state;
	assert_int_equal(notes_of(&kernel_file_linux, &n, &e), 0);
	assert_int_equal(n.source, NOTES_FROM_SEGMENT);
	assert_int_equal(n.entry.v, 0xffffffff80101230);
	assert_int_equal(n.virt_base.v, 0xffffffff80000000);
	assert_int_equal(n.init_p2m.v, 0x8000000000);
	assert_int_equal(n.hv_start_low.v, 0xffff800000000000);
	assert_int_equal(n.kernel_start.v, 0x100000);
	assert_int_equal(n.kernel_end.v, 0x280000);
	assert_true(n.mod_start_pfn);
	assert_int_equal(n.suspend_cancel, 1);
	assert_false(notes_has(&n, XEN_ELFNOTE_HYPERCALL_PAGE));
	assert_true(notes_has(&n, XEN_ELFNOTE_PADDR_OFFSET));
	assert_string_equal(n.guest_os, "linux");
	assert_string_equal(n.guest_version, "2.6");
	assert_string_equal(n.xen_version, "xen-3.0");
	assert_string_equal(n.loader, "generic");
	assert_string_equal(n.pae_mode, "yes");
	assert_int_equal(n.features_required,
			 1 << XENFEAT_writable_page_tables);
	assert_int_equal(n.features_supported,
			 1 << XENFEAT_writable_page_tables |
				 1 << XENFEAT_pae_pgdir_above_4gb | 0x8801);
}

/* XTF: notes in a section only, no VIRT_BASE, no ENTRY, a hypercall page. */
static void absent_virt_base_and_entry_have_defaults(void **state)
{
	static const struct kernel_file xtf = {
		.entry = 0x100000,
		.where = KERNEL_NOTES_SECTION,
		.segment = SMALL_KERNEL,
		.note = {NOTE_STR(XEN_ELFNOTE_GUEST_OS, "XTF"), GENERIC,
			 NOTE_NUM(XEN_ELFNOTE_HYPERCALL_PAGE, 0x106000)},
	};
	struct build_error e = {""};
	struct xen_notes n;

	(void)state;
	assert_int_equal(notes_of(&xtf, &n, &e), 0);
	assert_int_equal(n.source, NOTES_FROM_SECTION);
	assert_int_equal(n.virt_base.v, 0);
	assert_int_equal(n.entry.v, 0x100000);
	assert_int_equal(n.hypercall_page.v, 0x106000);
	assert_false(notes_has(&n, XEN_ELFNOTE_ENTRY));
	assert_false(notes_has(&n, XEN_ELFNOTE_VIRT_BASE));
	assert_false(n.mod_start_pfn);
}

/* PV GRUB: ENTRY and VIRT_BASE are there, and 0. */
static void entry_0_is_an_entry(void **state)
{
	static const struct kernel_file grub = {
		.entry = 0x1234,
		.segment = {{0, 0x1000, 0x10000, 0}},
		.note = {NOTE_STR(XEN_ELFNOTE_GUEST_OS, "GRUB"), GENERIC,
			 NOTE_NUM(XEN_ELFNOTE_ENTRY, 0),
			 NOTE_NUM(XEN_ELFNOTE_VIRT_BASE, 0)},
	};
	struct build_error e = {""};
	struct xen_notes n;

	(void)state;
	assert_int_equal(notes_of(&grub, &n, &e), 0);
	assert_int_equal(n.entry.v, 0);
	assert_int_equal(n.virt_base.v, 0);
	assert_true(notes_has(&n, XEN_ELFNOTE_ENTRY));
}

/* Mini-OS: the hypercall page is a page number. */
static void xen_guest_strings_are_notes(void **state)
{
	static const struct kernel_file minios = {
		.entry = 0,
		.where = KERNEL_NOTES_XEN_GUEST,
		.segment = {{0, 0x1000, 0x10000, 0}},
		.xen_guest = "GUEST_OS=Mini-OS,XEN_VER=xen-3.0,VIRT_BASE=0x0,"
			     "ELF_PADDR_OFFSET=0x0,HYPERCALL_PAGE=0x2,"
			     "LOADER=generic",
	};
	static const struct kernel_file high = {
		.entry = 0xc0001000,
		.where = KERNEL_NOTES_XEN_GUEST,
		.segment = {{0xc0000000, 0x1000, 0x10000, 0}},
		.xen_guest = "GUEST_OS=linux,XEN_VER=xen-3.0,BSD_SYMTAB,"
			     "VIRT_BASE=3221225472,HYPERCALL_PAGE=010,"
			     "VIRT_ENTRY=0XC0001008,GUEST_VER=2.6,PAE=yes,"
			     "FEATURES=writable_page_tables|other",
	};
	struct build_error e = {""};
	struct xen_notes n;

	(void)state;
	assert_int_equal(notes_of(&minios, &n, &e), 0);
	assert_int_equal(n.source, NOTES_FROM_XEN_GUEST);
	assert_int_equal(n.hypercall_page.v, 0x2000);
	assert_int_equal(n.paddr_offset, 0);
	assert_string_equal(n.guest_os, "Mini-OS");
	assert_false(n.bsd_symtab);
	/* ELF_PADDR_OFFSET is virt_base unless it is given. */
	assert_int_equal(notes_of(&high, &n, &e), 0);
	assert_int_equal(n.virt_base.v, 0xc0000000);
	assert_int_equal(n.paddr_offset, 0xc0000000);
	assert_int_equal(n.kernel_start.v, 0);
	assert_int_equal(n.hypercall_page.v, 0xc0008000);
	assert_int_equal(n.entry.v, 0xc0001008);
	assert_true(n.bsd_symtab);
	assert_int_equal(n.features_supported, 1);
	assert_int_equal(n.features_required, 0);
}

static void a_kernel_may_end_where_addresses_do(void **state)
{
	static const struct kernel_file spec = {
		.entry = 0xffffffffffff0000,
		.segment = {{0, 0x1000, 0x10000, 0}},
		.note = {GENERIC,
			 NOTE_NUM(XEN_ELFNOTE_VIRT_BASE, 0xffffffffffff0000)},
	};
	struct build_error e = {""};
	struct xen_notes n;

	(void)state;
	assert_int_equal(notes_of(&spec, &n, &e), 0);
}

/* Numbers of 1 to 8 bytes. */
static void short_numbers_are_read(void **state)
{
	static const struct kernel_file spec = {
		.entry = 0x100000,
		.segment = SMALL_KERNEL,
		.note = {GENERIC,
			 NOTE_NUM(XEN_ELFNOTE_ENTRY, 0x100000),
			 {XEN_ELFNOTE_SUSPEND_CANCEL, NULL, 0x1234, 2},
			 {XEN_ELFNOTE_PHYS32_ENTRY, NULL, 0x100000, 4},
			 {77, NULL, 1, 3},
			 {XEN_ELFNOTE_MOD_START_PFN, NULL, 0, 1}},
	};
	struct build_error e = {""};
	struct xen_notes n;

	(void)state;
	assert_int_equal(notes_of(&spec, &n, &e), 0);
	assert_int_equal(n.suspend_cancel, 0x1234);
	assert_int_equal(n.phys32_entry, 0x100000);
	assert_false(n.mod_start_pfn);
	assert_true(notes_has(&n, XEN_ELFNOTE_MOD_START_PFN));
	assert_int_equal(n.nr_unknown, 1);
}

/* As some linkers leave it; the file ends there, too. */
static void the_last_note_may_lack_its_padding(void **state)
{
	static const struct kernel_file spec = {
		.entry = 0x100000,
		.segment = {{0x100000, 0, 0x10000, 0}},
		.note = {GENERIC, {XEN_ELFNOTE_MOD_START_PFN, NULL, 1, 1}},
	};
	const size_t notes_at = KERNEL_FILE_CONTENTS - 12 - 4 - 1;
	struct build_error e = {""};
	struct elf_image image;
	struct xen_notes n;
	size_t size;
	uint8_t *file = kernel_file_make(&spec, &size);

	(void)state;
	assert_int_equal(size, KERNEL_FILE_CONTENTS);
	/* The third note, moved to the end of the file, less 3 bytes. */
	memmove(file + KERNEL_FILE_NOTE_AREA + 200,
		file + KERNEL_FILE_NOTE_AREA + 48, 17);
	memcpy(file + notes_at, file + KERNEL_FILE_NOTE_AREA + 200, 17);
	kernel_file_poke(file, NOTE_PHDR_OFFSET, 8, notes_at);
	kernel_file_poke(file, NOTE_PHDR_FILESZ, 8, 17);
	assert_int_equal(elf_parse(&image, file, size, &e), 0);
	assert_int_equal(notes_parse(&image, &n, &e), -XEN_ENOEXEC);
	assert_true(n.mod_start_pfn);
	assert_int_equal(n.present, 1 << XEN_ELFNOTE_MOD_START_PFN);
	assert_non_null(strstr(e.text, "XEN_VERSION is \"\""));
	free(file);
}

static void long_strings_are_cut(void **state)
{
	static char text[300];
	struct kernel_file spec = {
		.entry = 0x100000,
		.segment = SMALL_KERNEL,
		.note = {GENERIC, NOTE_STR(XEN_ELFNOTE_GUEST_OS, text),
			 NOTE_STR(XEN_ELFNOTE_GUEST_VERSION, "")},
	};
	struct build_error e = {""};
	struct xen_notes n;

	(void)state;
	memset(text, 'y', sizeof(text) - 1);
	assert_int_equal(notes_of(&spec, &n, &e), 0);
	assert_int_equal(strlen(n.guest_os), NOTES_STRING_SIZE - 1);
	assert_string_equal(n.guest_version, "");
}

struct refused {
	const char *name;
	struct kernel_file file;
	const char *message;
};

static const struct refused refused[] = {
	{"no notes",
	 {.segment = SMALL_KERNEL, .where = KERNEL_NOTES_NONE},
	 "not a Xen kernel"},
	{"PVH only",
	 {.segment = SMALL_KERNEL,
	  .note = {NOTE_NUM4(XEN_ELFNOTE_PHYS32_ENTRY, 0x100000)}},
	 "not a PV kernel: it has the note PHYS32_ENTRY and no ENTRY (PVH "
	 "entry only)"},
	{"PVH only, of a Linux without PV",
	 {.segment = SMALL_KERNEL,
	  .entry = 0x100000,
	  .note = {GENERIC, NOTE_STR(XEN_ELFNOTE_GUEST_OS, "linux"),
		   NOTE_NUM(XEN_ELFNOTE_HYPERCALL_PAGE, 0x101000),
		   NOTE_NUM4(XEN_ELFNOTE_PHYS32_ENTRY, 0x100000)}},
	 "(PVH entry only)"},
	{"a Linux without PV or PVH",
	 {.segment = SMALL_KERNEL,
	  .entry = 0x100000,
	  .note = {GENERIC, NOTE_STR(XEN_ELFNOTE_GUEST_OS, "linux")}},
	 "not a PV kernel: a Linux without the note ENTRY"},
	{"entry on the hypercall page",
	 {.segment = SMALL_KERNEL,
	  .note = {GENERIC, NOTE_NUM(XEN_ELFNOTE_ENTRY, 0x106ff0),
		   NOTE_NUM(XEN_ELFNOTE_HYPERCALL_PAGE, 0x106000)}},
	 "entry point 0x106ff0 is on the hypercall page"},
	{"Xen 2",
	 {.segment = SMALL_KERNEL,
	  .note = {NOTE_STR(XEN_ELFNOTE_XEN_VERSION, "xen-2.0\n"),
		   NOTE_STR(XEN_ELFNOTE_LOADER, "generic")}},
	 "XEN_VERSION is \"xen-2.0?\""},
	{"no XEN_VERSION",
	 {.segment = SMALL_KERNEL,
	  .note = {NOTE_STR(XEN_ELFNOTE_LOADER, "generic")}},
	 "XEN_VERSION is \"\""},
	{"XEN_VERSION alone",
	 {.segment = SMALL_KERNEL,
	  .note = {NOTE_STR(XEN_ELFNOTE_XEN_VERSION, "xen-3.0")}},
	 "not a PV kernel: it has neither of the notes ENTRY and LOADER"},
	{"another loader",
	 {.segment = SMALL_KERNEL,
	  .note = {NOTE_STR(XEN_ELFNOTE_XEN_VERSION, "xen-3.0"),
		   NOTE_STR(XEN_ELFNOTE_LOADER, "special")}},
	 "LOADER is \"special\" and GUEST_OS is \"\""},
	{"dom0 required",
	 {.segment = SMALL_KERNEL,
	  .note = {GENERIC, NOTE_STR(XEN_ELFNOTE_FEATURES, "a|!dom0|b")}},
	 "FEATURES requires dom0"},
	{"translated required",
	 {.segment = SMALL_KERNEL,
	  .note = {GENERIC,
		   NOTE_STR(XEN_ELFNOTE_FEATURES, "!auto_translated_physmap")}},
	 "FEATURES requires auto_translated_physmap"},
	{"unknown required",
	 {.segment = SMALL_KERNEL,
	  .note = {GENERIC, NOTE_STR(XEN_ELFNOTE_FEATURES, "!dom0x")}},
	 "FEATURES requires dom0x, which is unknown"},
	{"prefix required",
	 {.segment = SMALL_KERNEL,
	  .note = {GENERIC, NOTE_STR(XEN_ELFNOTE_FEATURES, "!dom")}},
	 "FEATURES requires dom, which is unknown"},
	{"HV_START_LOW",
	 {.segment = SMALL_KERNEL,
	  .note = {GENERIC,
		   NOTE_NUM(XEN_ELFNOTE_HV_START_LOW, 0xffff880000000000)}},
	 "HV_START_LOW 0xffff880000000000 is above"},
	{"odd number",
	 {.segment = SMALL_KERNEL,
	  .note = {GENERIC, {XEN_ELFNOTE_ENTRY, NULL, 0, 5}}},
	 "ENTRY: a value of 5 bytes"},
	{"offset without base",
	 {.segment = SMALL_KERNEL,
	  .note = {GENERIC, NOTE_NUM(XEN_ELFNOTE_PADDR_OFFSET, 0)}},
	 "PADDR_OFFSET without VIRT_BASE"},
	{"offset too large",
	 {.segment = SMALL_KERNEL,
	  .note = {GENERIC, NOTE_NUM(XEN_ELFNOTE_VIRT_BASE, 0),
		   NOTE_NUM(XEN_ELFNOTE_PADDR_OFFSET, 0x100001)}},
	 "PADDR_OFFSET 0x100001 is above"},
	{"base unaligned",
	 {.segment = SMALL_KERNEL,
	  .note = {GENERIC, NOTE_NUM(XEN_ELFNOTE_VIRT_BASE, 0x800)}},
	 "VIRT_BASE 0x800 is not page-aligned"},
	{"base wraps",
	 {.segment = SMALL_KERNEL,
	  .note = {GENERIC,
		   NOTE_NUM(XEN_ELFNOTE_VIRT_BASE, 0xfffffffffff00000)}},
	 "wraps around"},
	{"entry below",
	 {.segment = SMALL_KERNEL,
	  .note = {GENERIC, NOTE_NUM(XEN_ELFNOTE_ENTRY, 0xfffff)}},
	 "entry point 0xfffff is outside"},
	{"entry above",
	 {.segment = SMALL_KERNEL, .entry = 0x110000, .note = {GENERIC}},
	 "entry point 0x110000 is outside"},
	{"hypercall page outside",
	 {.segment = SMALL_KERNEL,
	  .entry = 0x100000,
	  .note = {GENERIC, NOTE_NUM(XEN_ELFNOTE_HYPERCALL_PAGE, 0x110000)}},
	 "HYPERCALL_PAGE 0x110000 is not a page"},
	{"hypercall page unaligned",
	 {.segment = SMALL_KERNEL,
	  .entry = 0x100000,
	  .note = {GENERIC, NOTE_NUM(XEN_ELFNOTE_HYPERCALL_PAGE, 0x101020)}},
	 "HYPERCALL_PAGE 0x101020 is not a page"},
	{"P2M in the kernel",
	 {.segment = SMALL_KERNEL,
	  .entry = 0x100000,
	  .note = {GENERIC, NOTE_NUM(XEN_ELFNOTE_INIT_P2M, 0x108000)}},
	 "INIT_P2M 0x108000 is inside the kernel"},
	{"bad number in __xen_guest",
	 {.segment = SMALL_KERNEL,
	  .where = KERNEL_NOTES_XEN_GUEST,
	  .xen_guest = "XEN_VER=xen-3.0,VIRT_BASE=0x1fg"},
	 "__xen_guest: value of VIRT_BASE"},
	{"empty number in __xen_guest",
	 {.segment = SMALL_KERNEL,
	  .where = KERNEL_NOTES_XEN_GUEST,
	  .xen_guest = "VIRT_ENTRY=0x"},
	 "__xen_guest: value of VIRT_ENTRY"},
	{"number above 64 bits in __xen_guest",
	 {.segment = SMALL_KERNEL,
	  .where = KERNEL_NOTES_XEN_GUEST,
	  .xen_guest = "VIRT_ENTRY=18446744073709551616"},
	 "__xen_guest: value of VIRT_ENTRY"},
	{"page number in __xen_guest",
	 {.segment = SMALL_KERNEL,
	  .where = KERNEL_NOTES_XEN_GUEST,
	  .xen_guest = "HYPERCALL_PAGE=0x10000000000000"},
	 "HYPERCALL_PAGE 0x10000000000000 is not"},
	{"empty __xen_guest",
	 {.segment = SMALL_KERNEL,
	  .where = KERNEL_NOTES_XEN_GUEST,
	  .xen_guest = ""},
	 "XEN_VERSION is \"\""},
};

static void kernels_that_cannot_run_are_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		const struct refused *r = &refused[i];
		struct build_error e = {""};
		struct xen_notes n;

		if (notes_of(&r->file, &n, &e) != -XEN_ENOEXEC ||
		    strstr(e.text, r->message) == NULL) {
			fail_msg("%s: \"%s\"", r->name, e.text);
		}
	}
}

/* FreeBSD has two 32-bit words; nobody acts on it, whatever it holds. */
static void l1_mfn_valid_may_be_narrow_or_odd(void **state)
{
	static const struct {
		uint32_t size;
		uint64_t mask, value;
		bool taken;
	} kinds[] = {{8, 0x11, 0x22, true}, {1, 0, 0, false}};

	(void)state;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		const struct kernel_file spec = {
			.entry = 0x100000,
			.segment = SMALL_KERNEL,
			.note = {GENERIC,
				 {XEN_ELFNOTE_L1_MFN_VALID, NULL, 0x2200000011,
				  kinds[i].size}},
		};
		struct build_error e = {""};
		struct xen_notes n;

		assert_int_equal(notes_of(&spec, &n, &e), 0);
		assert_int_equal(notes_has(&n, XEN_ELFNOTE_L1_MFN_VALID),
				 kinds[i].taken);
		assert_int_equal(n.l1_mfn_mask, kinds[i].mask);
		assert_int_equal(n.l1_mfn_value, kinds[i].value);
	}
}

/* A segment aligned to 8 may have its notes padded to 8, or to 4. */
static void notes_aligned_to_8_are_read_either_way(void **state)
{
	static const unsigned int padding[] = {4, 8};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct kernel_file spec = kernel_file_linux;
		struct build_error e = {""};
		struct xen_notes n;

		spec.note_segment_align = 8;
		spec.note_padding = padding[i];
		assert_int_equal(notes_of(&spec, &n, &e), 0);
		assert_string_equal(n.guest_version, "2.6");
		assert_int_equal(n.entry.v, 0xffffffff80101230);
		assert_true(n.mod_start_pfn);
		assert_true(notes_has(&n, XEN_ELFNOTE_PADDR_OFFSET));
	}
}

/* A size field of a note that reaches past its segment. */
static void a_note_that_is_too_long_is_refused(void **state)
{
	static const size_t fields[] = {0, 4};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct build_error e = {""};
		struct elf_image image;
		struct xen_notes n;
		size_t size;
		uint8_t *file = kernel_file_make(&kernel_file_linux, &size);

		kernel_file_poke(file, KERNEL_FILE_NOTE_AREA + fields[i], 4,
				 UINT32_MAX);
		assert_int_equal(elf_parse(&image, file, size, &e), 0);
		assert_int_equal(notes_parse(&image, &n, &e), -XEN_ENOEXEC);
		assert_non_null(strstr(e.text, "note at file offset 0x400"));
		assert_null(strstr(e.text, "alike"));
		kernel_file_poke(file,
				 5 * sizeof(Elf64_Phdr) - sizeof(uint64_t) +
					 KERNEL_FILE_PHDRS,
				 8, 8);
		assert_int_equal(elf_parse(&image, file, size, &e), 0);
		assert_int_equal(notes_parse(&image, &n, &e), -XEN_ENOEXEC);
		assert_non_null(strstr(e.text, "to 4 and to 8 alike"));
		free(file);
	}
}

static const struct kernel_file grub_32 = {
	.narrow = true,
	.segment = {{0, 0x1000, 0x10000, 0}},
	.note = {NOTE_STR(XEN_ELFNOTE_GUEST_OS, "GRUB"), GENERIC,
		 NOTE_NUM4(XEN_ELFNOTE_ENTRY, 0),
		 NOTE_NUM4(XEN_ELFNOTE_VIRT_BASE, 0),
		 NOTE_STR(XEN_ELFNOTE_PAE_MODE, "yes")},
};
#define GRUB_PHDR (KERNEL_FILE_PHDRS + sizeof(Elf32_Phdr))
#define GRUB_FILESZ (GRUB_PHDR + offsetof(Elf32_Phdr, p_filesz))
/* Header, name and value of its last note. */
#define GRUB_LAST 20

/* Its last note says that it is longer than its segment. */
static void the_last_note_may_overrun_its_segment(void **state)
{
	struct build_error e = {""};
	struct elf_image image;
	struct xen_notes n;
	size_t size;
	uint8_t *file = kernel_file_make(&grub_32, &size);
	uint32_t had;
	size_t last;

	(void)state;
	memcpy(&had, file + GRUB_FILESZ, sizeof(had));
	last = KERNEL_FILE_NOTE_AREA + had - GRUB_LAST;
	kernel_file_poke(file, last + 4, 4, 12);
	assert_int_equal(elf_parse(&image, file, size, &e), 0);
	assert_int_equal(notes_parse(&image, &n, &e), 0);
	assert_string_equal(n.pae_mode, "yes");
	assert_int_equal(n.pae, NOTES_PAE_EXTENDED);
	/* Nobody else's note does. */
	file[last + 12] = 'Y';
	assert_int_equal(notes_parse(&image, &n, &e), -XEN_ENOEXEC);
	assert_non_null(strstr(e.text, "exceed the 0x14 bytes left"));
	free(file);
}

/* Nor does the file have more of it; a number of such a size is none. */
static void the_last_note_may_overrun_the_file(void **state)
{
	struct build_error e = {""};
	struct elf_image image;
	struct xen_notes n;
	size_t size;
	uint8_t *made = kernel_file_make(&grub_32, &size);
	uint8_t *file;
	uint32_t had;

	(void)state;
	memcpy(&had, made + GRUB_FILESZ, sizeof(had));
	file = malloc(size + had);
	assert_non_null(file);
	memcpy(file, made, size);
	free(made);
	memcpy(file + size, file + KERNEL_FILE_NOTE_AREA, had);
	kernel_file_poke(file, GRUB_PHDR + offsetof(Elf32_Phdr, p_offset), 4,
			 size);
	kernel_file_poke(file, size + had - GRUB_LAST + 4, 4, 12);
	assert_int_equal(elf_parse(&image, file, size + had, &e), 0);
	assert_int_equal(notes_parse(&image, &n, &e), 0);
	assert_string_equal(n.pae_mode, "yes");
	kernel_file_poke(file, size + had - GRUB_LAST + 8, 4,
			 XEN_ELFNOTE_ENTRY);
	/* Three bytes less. */
	kernel_file_poke(file, GRUB_FILESZ, 4, had - 3);
	assert_int_equal(elf_parse(&image, file, size + had - 3, &e), 0);
	assert_int_equal(notes_parse(&image, &n, &e), -XEN_ENOEXEC);
	assert_non_null(strstr(e.text, "note ENTRY: a value of 0 bytes"));
	free(file);
}

static void notes_and_features_have_names(void **state)
{
	(void)state;
	assert_string_equal(notes_name(XEN_ELFNOTE_ENTRY), "ENTRY");
	for (unsigned int type = 0; type <= XEN_ELFNOTE_MAX; type++) {
		assert_non_null(notes_name(type));
	}
	assert_null(notes_name(XEN_ELFNOTE_MAX + 1));
	assert_string_equal(notes_feature_name(XENFEAT_dom0), "dom0");
	assert_null(notes_feature_name(12));
	assert_null(notes_feature_name(31));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(linux_notes_are_read),
		cmocka_unit_test(absent_virt_base_and_entry_have_defaults),
		cmocka_unit_test(entry_0_is_an_entry),
		cmocka_unit_test(xen_guest_strings_are_notes),
		cmocka_unit_test(a_kernel_may_end_where_addresses_do),
		cmocka_unit_test(short_numbers_are_read),
		cmocka_unit_test(the_last_note_may_lack_its_padding),
		cmocka_unit_test(long_strings_are_cut),
		cmocka_unit_test(l1_mfn_valid_may_be_narrow_or_odd),
		cmocka_unit_test(notes_aligned_to_8_are_read_either_way),
		cmocka_unit_test(kernels_that_cannot_run_are_refused),
		cmocka_unit_test(a_note_that_is_too_long_is_refused),
		cmocka_unit_test(the_last_note_may_overrun_its_segment),
		cmocka_unit_test(the_last_note_may_overrun_the_file),
		cmocka_unit_test(notes_and_features_have_names),
	};

	return cmocka_run_group_tests_name("notes", tests, NULL, NULL);
}
