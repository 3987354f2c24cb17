/* SPDX-License-Identifier: MIT */
/*
 * Makes small kernel files for tests: an ELF with the wanted segments and
 * notes, at offsets that are fixed, so that a test can then spoil one field.
 */
#ifndef PW_TESTS_KERNEL_FILE_H
#define PW_TESTS_KERNEL_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	KERNEL_FILE_SEGMENTS = 6,
	KERNEL_FILE_NOTES = 24,
	/* Offsets in the file. */
	KERNEL_FILE_PHDRS = 0x40,
	KERNEL_FILE_NOTE_AREA = 0x400,
	KERNEL_FILE_SHDRS = 0xc00,
	KERNEL_FILE_SECTION_NAMES = 0xe00,
	KERNEL_FILE_CONTENTS = 0x1000,
	/* Section numbers. */
	KERNEL_FILE_NOTE_SECTION = 1,
	KERNEL_FILE_NAME_SECTION = 2,
};

enum kernel_file_notes {
	KERNEL_NOTES_SEGMENT,   /* PT_NOTE and SHT_NOTE, as linkers do */
	KERNEL_NOTES_SECTION,   /* SHT_NOTE alone */
	KERNEL_NOTES_XEN_GUEST, /* the string section */
	KERNEL_NOTES_NONE,
};

struct kernel_file_segment {
	uint64_t paddr;
	uint64_t filesz;
	uint64_t memsz;
	uint64_t vaddr;
};

/* A string, or a number of size bytes. */
struct kernel_file_note {
	uint32_t type;
	const char *string;
	uint64_t number;
	uint32_t size;
};
#define NOTE_STR(type, text)     \
	{                        \
		type, text, 0, 0 \
	}
#define NOTE_NUM(type, value)        \
	{                            \
		type, NULL, value, 8 \
	}
#define NOTE_NUM4(type, value)       \
	{                            \
		type, NULL, value, 4 \
	}

struct kernel_file {
	bool narrow; /* ELF32 for i386 */
	uint64_t entry;
	enum kernel_file_notes where;
	const char *xen_guest;
	/* What the note segment's p_align says, and how the notes are padded;
	 * 0: as linkers do, 0 and 4. */
	unsigned int note_segment_align;
	unsigned int note_padding;
	/* Ends with a segment of memsz 0, a note of size 0 without string. */
	struct kernel_file_segment segment[KERNEL_FILE_SEGMENTS];
	struct kernel_file_note note[KERNEL_FILE_NOTES];
};

/* The byte that the file holds at an offset of a segment. */
uint8_t kernel_file_byte(unsigned int segment, uint64_t offset);

/* Returns the file, malloc'ed to its exact size. */
uint8_t *kernel_file_make(const struct kernel_file *spec, size_t *ret_size);

/* Overwrites size bytes at an offset, little endian. */
void kernel_file_poke(uint8_t *file, size_t offset, unsigned int size,
		      uint64_t value);

/* The notes and segments of a stock Linux, shrunk: 3 segments, 1.5 MiB. */
extern const struct kernel_file kernel_file_linux;
/* The same for a 32-bit Linux: 3 segments, 1.5 MiB, linked at 0xc0000000. */
extern const struct kernel_file kernel_file_linux32;

#endif
