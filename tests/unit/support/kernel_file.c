/* SPDX-License-Identifier: MIT */
/*
 * Writes an ELF with the system's <elf.h>, which the builder does not use.
 * Headers are made in the wide form; a narrow file's are cut from that.
 */
#include "tests/unit/support/kernel_file.h"

#include <assert.h>
#include <elf.h>
#include <stdlib.h>
#include <string.h>

#include <xen/elfnote.h>

static const char section_names[] = "\0.notes\0__xen_guest\0.shstrtab";
enum { NAME_NOTES = 1, NAME_XEN_GUEST = 8, NAME_SHSTRTAB = 20 };

const struct kernel_file kernel_file_linux = {
	.entry = 0x1000000,
	.segment = {{0x100000, 0x3000, 0x3000, 0xffffffff80100000},
		    {0x103000, 0x1800, 0x1800, 0xffffffff80103000},
		    /* Per-CPU data: linked at 0, loaded by its p_paddr. */
		    {0x105000, 0x800, 0x2000, 0},
		    {0x108000, 0x1234, 0x178000, 0xffffffff80108000}},
	.note = {NOTE_STR(XEN_ELFNOTE_GUEST_OS, "linux"),
		 NOTE_STR(XEN_ELFNOTE_GUEST_VERSION, "2.6"),
		 NOTE_STR(XEN_ELFNOTE_XEN_VERSION, "xen-3.0"),
		 NOTE_NUM(XEN_ELFNOTE_VIRT_BASE, 0xffffffff80000000),
		 NOTE_NUM(XEN_ELFNOTE_INIT_P2M, 0x8000000000),
		 NOTE_NUM(XEN_ELFNOTE_ENTRY, 0xffffffff80101230),
		 NOTE_STR(XEN_ELFNOTE_FEATURES,
			  "!writable_page_tables|pae_pgdir_above_4gb"),
		 NOTE_NUM4(XEN_ELFNOTE_SUPPORTED_FEATURES, 0x8801),
		 NOTE_STR(XEN_ELFNOTE_PAE_MODE, "yes"),
		 NOTE_STR(XEN_ELFNOTE_LOADER, "generic"),
		 NOTE_NUM4(XEN_ELFNOTE_SUSPEND_CANCEL, 1),
		 NOTE_NUM4(XEN_ELFNOTE_MOD_START_PFN, 1),
		 NOTE_NUM(XEN_ELFNOTE_HV_START_LOW, 0xffff800000000000),
		 NOTE_NUM(XEN_ELFNOTE_PADDR_OFFSET, 0)},
};

const struct kernel_file kernel_file_linux32 = {
	.narrow = true,
	.entry = 0x100000,
	.segment = {{0x100000, 0x3000, 0x3000, 0xc0100000},
		    {0x103000, 0x1800, 0x1800, 0xc0103000},
		    {0x108000, 0x1234, 0x178000, 0xc0108000}},
	.note = {NOTE_STR(XEN_ELFNOTE_GUEST_OS, "linux"),
		 NOTE_STR(XEN_ELFNOTE_GUEST_VERSION, "2.6"),
		 NOTE_STR(XEN_ELFNOTE_XEN_VERSION, "xen-3.0"),
		 NOTE_NUM4(XEN_ELFNOTE_VIRT_BASE, 0xc0000000),
		 NOTE_NUM4(XEN_ELFNOTE_ENTRY, 0xc0101230),
		 NOTE_NUM4(XEN_ELFNOTE_HYPERCALL_PAGE, 0xc0102000),
		 NOTE_STR(XEN_ELFNOTE_FEATURES,
			  "!writable_page_tables|pae_pgdir_above_4gb"),
		 NOTE_STR(XEN_ELFNOTE_PAE_MODE, "yes"),
		 /* Mask and value. */
		 NOTE_NUM(XEN_ELFNOTE_L1_MFN_VALID, 0x100000001),
		 NOTE_STR(XEN_ELFNOTE_LOADER, "generic"),
		 NOTE_NUM4(XEN_ELFNOTE_SUSPEND_CANCEL, 1),
		 NOTE_NUM4(XEN_ELFNOTE_HV_START_LOW, 0xf5800000),
		 NOTE_NUM4(XEN_ELFNOTE_PADDR_OFFSET, 0)},
};

uint8_t kernel_file_byte(unsigned int segment, uint64_t offset)
{
	return (uint8_t)(offset * 7 + offset / 251 + segment * 31 + 1);
}

void kernel_file_poke(uint8_t *file, size_t offset, unsigned int size,
		      uint64_t value)
{
	for (unsigned int i = 0; i < size; i++) {
		file[offset + i] = (uint8_t)(value >> (8 * i));
	}
}

static void put_ehdr(uint8_t *file, const Elf64_Ehdr *h, bool narrow)
{
	Elf32_Ehdr n = {
		.e_type = h->e_type,
		.e_machine = EM_386,
		.e_version = h->e_version,
		.e_entry = (Elf32_Addr)h->e_entry,
		.e_phoff = (Elf32_Off)h->e_phoff,
		.e_shoff = (Elf32_Off)h->e_shoff,
		.e_ehsize = sizeof(Elf32_Ehdr),
		.e_phentsize = sizeof(Elf32_Phdr),
		.e_phnum = h->e_phnum,
		.e_shentsize = sizeof(Elf32_Shdr),
		.e_shnum = h->e_shnum,
		.e_shstrndx = h->e_shstrndx,
	};

	memcpy(n.e_ident, h->e_ident, sizeof(n.e_ident));
	n.e_ident[EI_CLASS] = ELFCLASS32;
	if (narrow) {
		memcpy(file, &n, sizeof(n));
	} else {
		memcpy(file, h, sizeof(*h));
	}
}

static void put_phdr(uint8_t *file, unsigned int i, const Elf64_Phdr *p,
		     bool narrow)
{
	const Elf32_Phdr n = {
		.p_type = p->p_type,
		.p_offset = (Elf32_Off)p->p_offset,
		.p_vaddr = (Elf32_Addr)p->p_vaddr,
		.p_paddr = (Elf32_Addr)p->p_paddr,
		.p_filesz = (Elf32_Word)p->p_filesz,
		.p_memsz = (Elf32_Word)p->p_memsz,
		.p_flags = p->p_flags,
		.p_align = (Elf32_Word)p->p_align,
	};

	if (narrow) {
		memcpy(file + KERNEL_FILE_PHDRS + i * sizeof(n), &n, sizeof(n));
	} else {
		memcpy(file + KERNEL_FILE_PHDRS + i * sizeof(*p), p,
		       sizeof(*p));
	}
}

static void put_shdr(uint8_t *file, unsigned int i, const Elf64_Shdr *s,
		     bool narrow)
{
	const Elf32_Shdr n = {
		.sh_name = s->sh_name,
		.sh_type = s->sh_type,
		.sh_offset = (Elf32_Off)s->sh_offset,
		.sh_size = (Elf32_Word)s->sh_size,
	};

	if (narrow) {
		memcpy(file + KERNEL_FILE_SHDRS + i * sizeof(n), &n, sizeof(n));
	} else {
		memcpy(file + KERNEL_FILE_SHDRS + i * sizeof(*s), s,
		       sizeof(*s));
	}
}

static size_t write_note(uint8_t *at, const struct kernel_file_note *note,
			 size_t align)
{
	size_t size =
		note->string != NULL ? strlen(note->string) + 1 : note->size;
	Elf64_Nhdr h = {4, (Elf64_Word)size, note->type};

	memcpy(at, &h, sizeof(h));
	memcpy(at + sizeof(h), "Xen", 4);
	at += sizeof(h) + 4;
	if (note->string != NULL) {
		memcpy(at, note->string, size);
	} else {
		kernel_file_poke(at, 0, (unsigned int)size, note->number);
	}
	/* Header and name are 16 bytes, which both paddings leave alone. */
	return sizeof(h) + 4 + ((size + align - 1) & ~(align - 1));
}

static size_t write_notes(uint8_t *file, const struct kernel_file *spec)
{
	uint8_t *area = file + KERNEL_FILE_NOTE_AREA;
	size_t size = 0;

	if (spec->where == KERNEL_NOTES_XEN_GUEST) {
		size = strlen(spec->xen_guest) + 1;
		memcpy(area, spec->xen_guest, size);
		return size;
	}
	for (unsigned int i = 0; i < KERNEL_FILE_NOTES; i++) {
		const struct kernel_file_note *note = &spec->note[i];

		if (note->string != NULL || note->size != 0) {
			size += write_note(area + size, note,
					   spec->note_padding == 0
						   ? 4
						   : spec->note_padding);
			assert(size <= 0x700);
		}
	}
	return size;
}

static void write_sections(uint8_t *file, const struct kernel_file *spec,
			   size_t notes_size)
{
	Elf64_Shdr s[3] = {{0}};

	if (spec->where == KERNEL_NOTES_XEN_GUEST) {
		s[1].sh_name = NAME_XEN_GUEST;
		s[1].sh_type = SHT_PROGBITS;
	} else if (spec->where != KERNEL_NOTES_NONE) {
		s[1].sh_name = NAME_NOTES;
		s[1].sh_type = SHT_NOTE;
	}
	s[1].sh_offset = KERNEL_FILE_NOTE_AREA;
	s[1].sh_size = notes_size;
	s[2].sh_name = NAME_SHSTRTAB;
	s[2].sh_type = SHT_STRTAB;
	s[2].sh_offset = KERNEL_FILE_SECTION_NAMES;
	s[2].sh_size = sizeof(section_names);
	for (unsigned int i = 0; i < 3; i++) {
		put_shdr(file, i, &s[i], spec->narrow);
	}
	memcpy(file + KERNEL_FILE_SECTION_NAMES, section_names,
	       sizeof(section_names));
}

static unsigned int write_segments(uint8_t *file,
				   const struct kernel_file *spec)
{
	Elf64_Phdr p = {.p_type = PT_LOAD, .p_flags = PF_R | PF_W | PF_X};
	uint64_t offset = KERNEL_FILE_CONTENTS;
	unsigned int n = 0;

	for (; n < KERNEL_FILE_SEGMENTS && spec->segment[n].memsz != 0; n++) {
		const struct kernel_file_segment *s = &spec->segment[n];

		p.p_offset = offset;
		p.p_vaddr = s->vaddr;
		p.p_paddr = s->paddr;
		p.p_filesz = s->filesz;
		p.p_memsz = s->memsz;
		put_phdr(file, n, &p, spec->narrow);
		for (uint64_t i = 0; i < s->filesz; i++) {
			file[offset + i] = kernel_file_byte(n, i);
		}
		offset += s->filesz;
	}
	return n;
}

static size_t file_size(const struct kernel_file *spec)
{
	size_t size = KERNEL_FILE_CONTENTS;

	for (unsigned int n = 0; n < KERNEL_FILE_SEGMENTS; n++) {
		size += spec->segment[n].filesz;
	}
	return size;
}

uint8_t *kernel_file_make(const struct kernel_file *spec, size_t *ret_size)
{
	uint8_t *file = calloc(1, file_size(spec));
	Elf64_Ehdr h = {
		.e_ident = {ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64,
			    ELFDATA2LSB, EV_CURRENT},
		.e_type = ET_EXEC,
		.e_machine = EM_X86_64,
		.e_version = EV_CURRENT,
		.e_entry = spec->entry,
		.e_phoff = KERNEL_FILE_PHDRS,
		.e_shoff = KERNEL_FILE_SHDRS,
		.e_ehsize = sizeof(Elf64_Ehdr),
		.e_phentsize = sizeof(Elf64_Phdr),
		.e_shentsize = sizeof(Elf64_Shdr),
		.e_shnum = 3,
		.e_shstrndx = KERNEL_FILE_NAME_SECTION,
	};
	size_t notes_size;

	assert(file != NULL);
	h.e_phnum = (Elf64_Half)write_segments(file, spec);
	notes_size = write_notes(file, spec);
	write_sections(file, spec, notes_size);
	if (spec->where == KERNEL_NOTES_SEGMENT) {
		Elf64_Phdr p = {.p_type = PT_NOTE,
				.p_offset = KERNEL_FILE_NOTE_AREA,
				.p_filesz = notes_size,
				.p_align = spec->note_segment_align};

		put_phdr(file, h.e_phnum++, &p, spec->narrow);
	}
	put_ehdr(file, &h, spec->narrow);
	*ret_size = file_size(spec);
	return file;
}
