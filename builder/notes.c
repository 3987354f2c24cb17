/* SPDX-License-Identifier: MIT */
/*
 * Finds Xen's notes in a kernel's file, and judges what they say together.
 * Three places can hold them, and the first that has any counts: note
 * segments, note sections, the section __xen_guest.
 *
 * Absent and zero are different things here: PV GRUB says ENTRY=0, and XTF
 * leaves VIRT_BASE out; both kernels lie at virtual address 0.
 */
#include "builder/notes.h"

#include <string.h>

#include "builder/little_endian.h"
#include "builder/notes_value.h"
#include "builder/symtab.h"

struct note_header {
	uint32_t namesz;
	uint32_t descsz;
	uint32_t type;
};

/*
 * Name and value of a note are padded to 4 bytes, whatever the class; in a
 * segment aligned to 8 some tools pad each of the two to 8, counted from the
 * note's start, and others do not.
 */
#define NOTE_ALIGN 4
#define NOTE_ALIGN_WIDE 8

static uint64_t padded(uint64_t size, uint64_t align)
{
	return (size + align - 1) & ~(align - 1);
}

/*
 * Mask and value: 64-bit, or 32-bit as FreeBSD has them. Nobody acts on them,
 * so that another size is as good as none.
 */
static void set_pair(struct xen_notes *notes, const uint8_t *value,
		     uint32_t size)
{
	unsigned int half = size >= 16 ? 8 : 4;

	if (size >= 2 * half) {
		notes_set_pair(notes, little_endian(value, half),
			       little_endian(value + half, half));
	}
}

static int set_note(struct xen_notes *notes, uint32_t type,
		    const uint8_t *value, uint32_t size, struct build_error *e)
{
	switch (notes_kind(type)) {
	case NOTE_UNKNOWN:
		notes->nr_unknown++;
		return 0;
	case NOTE_STRING:
		return notes_set_string(notes, type,
					(struct piece){(const char *)value,
						       size},
					e);
	case NOTE_NUMBER:
		if (size != 1 && size != 2 && size != 4 && size != 8) {
			break;
		}
		notes_set_number(notes, type, little_endian(value, size));
		return 0;
	case NOTE_PAIRS:
		set_pair(notes, value, size);
		return 0;
	}
	return error_set(e, XEN_ENOEXEC,
			 "note %s: a value of %lu bytes is no number",
			 notes_name(type), (uint64_t)size);
}

/* A note inside a range, found to end there or before. */
struct note {
	struct note_header h;
	const uint8_t *name;
	const uint8_t *value;
	uint32_t has;  /* of its value: no more than there is in the range */
	uint64_t size; /* without the value's padding */
	uint64_t whole;
};

/* Takes the note at an offset of the range; false if it does not fit. */
static bool take_note(const struct elf_image *image, struct elf_range range,
		      uint64_t at, uint64_t align, struct note *note)
{
	uint64_t left = range.size - at, value_at;

	note->name = image->file + range.offset + at + sizeof(note->h);
	memcpy(&note->h, note->name - sizeof(note->h), sizeof(note->h));
	value_at = padded(sizeof(note->h) + note->h.namesz, align);
	note->value = note->name - sizeof(note->h) + value_at;
	note->has = note->h.descsz;
	note->size = value_at + note->h.descsz;
	note->whole = padded(note->size, align);
	if (note->size > left) {
		note->has = value_at < left ? (uint32_t)(left - value_at) : 0;
		note->whole = left;
		return false;
	}
	/* The last value's padding may be missing. */
	note->whole = note->whole < left ? note->whole : left;
	return true;
}

/* The first note that does not fit; the range's size if all do. */
static uint64_t first_misfit(const struct elf_image *image,
			     struct elf_range range, uint64_t align)
{
	uint64_t at = 0;
	struct note note;

	while (range.size - at >= sizeof(struct note_header)) {
		if (!take_note(image, range, at, align, &note)) {
			return at;
		}
		at += note.whole;
	}
	return range.size;
}

/*
 * Xen looks where a note begins, and not whether its range has all of it: PV
 * GRUB's for i386 says that its last, PAE_MODE, has 12 bytes, and its segment
 * has but part of it, and the file the four that matter. Is it so here? Then
 * the range goes on as far as the file does.
 */
static bool overruns(const struct elf_image *image, struct elf_range *range,
		     uint64_t at)
{
	const uint64_t left = image->size - range->offset - at;
	struct note note;

	take_note(image, *range, at, NOTE_ALIGN, &note);
	if (note.h.namesz != sizeof("Xen") ||
	    note.h.descsz > NOTES_STRING_SIZE ||
	    left <= sizeof(note.h) + sizeof("Xen") ||
	    memcmp(note.name, "Xen", sizeof("Xen")) != 0) {
		return false;
	}
	range->size = at + (note.size < left ? note.size : left);
	return true;
}

/*
 * How the notes of a range are padded, which may become longer; 0, with the
 * reason, if in no way.
 */
static uint64_t find_padding(const struct elf_image *image,
			     struct elf_range *in, struct build_error *e)
{
	const struct elf_range range = *in;
	uint64_t misfit;
	struct note note;

	if (range.align == NOTE_ALIGN_WIDE &&
	    first_misfit(image, range, NOTE_ALIGN_WIDE) == range.size) {
		return NOTE_ALIGN_WIDE;
	}
	misfit = first_misfit(image, range, NOTE_ALIGN);
	if (misfit == range.size || overruns(image, in, misfit)) {
		return NOTE_ALIGN;
	}
	take_note(image, range, misfit, NOTE_ALIGN, &note);
	error_set(e, XEN_ENOEXEC,
		  "note at file offset %#lx: n_namesz %#lx and n_descsz %#lx "
		  "exceed the %#lx bytes left, padded to 4%s",
		  range.offset + misfit, (uint64_t)note.h.namesz,
		  (uint64_t)note.h.descsz, range.size - misfit,
		  range.align == NOTE_ALIGN_WIDE ? " and to 8 alike" : "");
	return 0;
}

/* Reads the notes of one piece of the file; counts Xen's. */
static int read_notes(const struct elf_image *image, struct elf_range range,
		      struct xen_notes *notes, unsigned int *nr_xen,
		      struct build_error *e)
{
	uint64_t align = find_padding(image, &range, e), at = 0;
	struct note note;

	if (align == 0) {
		return -XEN_ENOEXEC;
	}
	for (; range.size - at >= sizeof(note.h); at += note.whole) {
		int rc;

		take_note(image, range, at, align, &note);
		if (note.h.namesz != sizeof("Xen") ||
		    memcmp(note.name, "Xen", sizeof("Xen")) != 0) {
			continue;
		}
		/* Of a text what is there is worth something. */
		if (note.has != note.h.descsz &&
		    notes_kind(note.h.type) != NOTE_STRING) {
			note.has = 0;
		}
		rc = set_note(notes, note.h.type, note.value, note.has, e);
		if (rc != 0) {
			return rc;
		}
		++*nr_xen;
	}
	return 0;
}

static int read_segments(const struct elf_image *image, struct xen_notes *notes,
			 unsigned int *nr_xen, struct build_error *e)
{
	struct elf_range range;
	unsigned int position = 0;

	while (elf_next_note_segment(image, &position, &range)) {
		int rc = read_notes(image, range, notes, nr_xen, e);

		if (rc != 0) {
			return rc;
		}
	}
	return 0;
}

static int read_sections(const struct elf_image *image, struct xen_notes *notes,
			 unsigned int *nr_xen, struct build_error *e)
{
	struct elf_range range;
	unsigned int position = 0;
	int rc;

	while ((rc = elf_next_note_section(image, &position, &range, e)) > 0) {
		rc = read_notes(image, range, notes, nr_xen, e);
		if (rc != 0) {
			break;
		}
	}
	return rc;
}

static int read_xen_guest(const struct elf_image *image,
			  struct xen_notes *notes, struct build_error *e)
{
	struct elf_range range;
	int rc = elf_find_section(image, "__xen_guest", &range, e);

	if (rc < 0) {
		return rc;
	}
	if (rc == 0) {
		return error_set(e, XEN_ENOEXEC,
				 "not a Xen kernel: no Xen note in a note "
				 "segment or section, and no section "
				 "__xen_guest");
	}
	return xen_guest_parse(notes,
			       (struct piece){(const char *)image->file +
						      range.offset,
					      range.size},
			       e);
}

static int find_notes(const struct elf_image *image, struct xen_notes *notes,
		      struct build_error *e)
{
	unsigned int nr_xen = 0;
	int rc;

	notes->source = NOTES_FROM_SEGMENT;
	rc = read_segments(image, notes, &nr_xen, e);
	if (rc != 0 || nr_xen > 0) {
		return rc;
	}
	notes->source = NOTES_FROM_SECTION;
	rc = read_sections(image, notes, &nr_xen, e);
	if (rc != 0 || nr_xen > 0) {
		return rc;
	}
	notes->source = NOTES_FROM_XEN_GUEST;
	return read_xen_guest(image, notes, e);
}

static bool begins(const char *text, const char *word)
{
	return piece_begins((struct piece){text, NOTES_STRING_SIZE}, word);
}

/*
 * What PAE_MODE says, where it counts. In a note "yes" means the extended CR3
 * as well, and a kernel that takes both ways is given that one; __xen_guest
 * says it in brackets.
 */
static enum notes_pae pae_mode(const struct xen_notes *notes)
{
	struct piece rest = {notes->pae_mode, sizeof(notes->pae_mode)};
	const struct piece mode = piece_until(&rest, '\0');

	if (notes->source == NOTES_FROM_XEN_GUEST) {
		return piece_is(mode, "yes[extended-cr3]") ? NOTES_PAE_EXTENDED
		       : piece_begins(mode, "yes")         ? NOTES_PAE_YES
							   : NOTES_PAE_NO;
	}
	return piece_is(mode, "yes") || piece_has(mode, "bimodal")
		       ? NOTES_PAE_EXTENDED
		       : NOTES_PAE_NO;
}

/* Are its page tables of a kind that a 64-bit hypervisor can have? */
static int check_pae(struct xen_notes *notes, struct build_error *e)
{
	if (notes->width->word == sizeof(uint64_t)) {
		return 0;
	}
	notes->pae = pae_mode(notes);
	if (notes->pae != NOTES_PAE_NO) {
		return 0;
	}
	return notes_has(notes, XEN_ELFNOTE_PAE_MODE)
		       ? error_set(e, XEN_ENOEXEC,
				   "a 32-bit kernel without PAE (note PAE_MODE "
				   "is \"%s\"): a 64-bit hypervisor cannot run "
				   "it",
				   notes->pae_mode)
		       : error_set(e, XEN_ENOEXEC,
				   "a 32-bit kernel without PAE (no note "
				   "PAE_MODE): a 64-bit hypervisor cannot run "
				   "it");
}

/* It is for no loader that we are. */
static int refuse_loader(const struct xen_notes *notes, struct build_error *e)
{
	if (!notes_has(notes, XEN_ELFNOTE_ENTRY) &&
	    !notes_has(notes, XEN_ELFNOTE_LOADER)) {
		return error_set(e, XEN_ENOEXEC,
				 "not a PV kernel: it has neither of the notes "
				 "ENTRY and LOADER");
	}
	return error_set(e, XEN_ENOEXEC,
			 "note LOADER is \"%s\" and GUEST_OS is \"%s\": "
			 "neither \"generic\" nor \"linux\"",
			 notes->loader, notes->guest_os);
}

/* Is it a PV kernel, and of the only version of the interface there is? */
static int check_kind(const struct xen_notes *notes, struct build_error *e)
{
	if (!notes_has(notes, XEN_ELFNOTE_ENTRY) &&
	    notes->source != NOTES_FROM_XEN_GUEST) {
		/* Others leave ENTRY out and mean e_entry. */
		if (notes_has(notes, XEN_ELFNOTE_PHYS32_ENTRY)) {
			return error_set(e, XEN_ENOEXEC,
					 "not a PV kernel: it has the note "
					 "PHYS32_ENTRY and no ENTRY (PVH entry "
					 "only)");
		}
		if (begins(notes->guest_os, "linux")) {
			return error_set(e, XEN_ENOEXEC,
					 "not a PV kernel: a Linux without the "
					 "note ENTRY (CONFIG_XEN_PV is off)");
		}
	}
	if (!begins(notes->xen_version, "xen-3.0")) {
		return error_set(e, XEN_ENOEXEC,
				 "note XEN_VERSION is \"%s\", not \"xen-3.0\"",
				 notes->xen_version);
	}
	if (!begins(notes->loader, "generic") &&
	    !begins(notes->guest_os, "linux")) {
		return refuse_loader(notes, e);
	}
	if (notes_has(notes, XEN_ELFNOTE_HV_START_LOW) &&
	    notes->hv_start_low.v > notes->width->hv_start) {
		return error_set(e, XEN_ENOEXEC,
				 "note HV_START_LOW %#lx is above the "
				 "hypervisor's first address %#lx",
				 notes->hv_start_low.v, notes->width->hv_start);
	}
	return notes_check_features(notes, e);
}

/* A kernel that asks for its symbols has them behind its segments. */
static int place_symtab(const struct elf_image *image, struct xen_notes *notes,
			struct build_error *e)
{
	const uint64_t last = notes->width->last_address;
	uint64_t at, size;
	int rc;

	if (!notes->bsd_symtab) {
		return 0;
	}
	rc = elf_find_symtab(image, &notes->symtab, e);
	if (rc <= 0) {
		return rc;
	}
	size = symtab_size(image, &notes->symtab);
	if (notes->kernel_end.v > last - PAGE_SIZE ||
	    size > last - PAGE_SIZE - notes->kernel_end.v) {
		return error_set(e, XEN_ENOEXEC,
				 "note BSD_SYMTAB: a symbol table of %#lx "
				 "bytes behind the kernel's end %#lx wraps "
				 "around",
				 size, notes->kernel_end.v);
	}
	at = symtab_place(notes->width, notes->kernel_end.v);
	notes->has_symtab = true;
	notes->symtab_at = paddr(at);
	notes->kernel_end = paddr(at + size);
	return 0;
}

/* Where the kernel's segments come to lie in pseudo-physical memory. */
static int place_kernel(const struct elf_image *image, struct xen_notes *notes,
			struct build_error *e)
{
	int rc;

	if (notes_has(notes, XEN_ELFNOTE_PADDR_OFFSET) &&
	    !notes_has(notes, XEN_ELFNOTE_VIRT_BASE)) {
		return error_set(e, XEN_ENOEXEC,
				 "note PADDR_OFFSET without VIRT_BASE");
	}
	if (image->pstart < notes->paddr_offset) {
		return error_set(e, XEN_ENOEXEC,
				 "note PADDR_OFFSET %#lx is above the lowest "
				 "segment's p_paddr %#lx",
				 notes->paddr_offset, image->pstart);
	}
	notes->kernel_start = paddr(image->pstart - notes->paddr_offset);
	notes->kernel_end = paddr(image->pend - notes->paddr_offset);
	rc = place_symtab(image, notes, e);
	if (rc != 0) {
		return rc;
	}
	if (page_offset(notes->virt_base.v) != 0) {
		return error_set(e, XEN_ENOEXEC,
				 "note VIRT_BASE %#lx is not page-aligned",
				 notes->virt_base.v);
	}
	/* The last byte, so that a kernel may end where addresses do. */
	if (notes->virt_base.v > notes->width->last_address ||
	    notes->kernel_end.v - 1 >
		    notes->width->last_address - notes->virt_base.v) {
		return error_set(e, XEN_ENOEXEC,
				 "note VIRT_BASE %#lx: the kernel's end, %#lx "
				 "above it, wraps around",
				 notes->virt_base.v, notes->kernel_end.v);
	}
	return 0;
}

/* Is an address one of the kernel's own? */
static bool in_kernel(const struct xen_notes *notes, vaddr_t va)
{
	uint64_t offset = va.v - notes->virt_base.v;

	return offset >= notes->kernel_start.v && offset < notes->kernel_end.v;
}

static int check_addresses(const struct xen_notes *notes, struct build_error *e)
{
	uint64_t start = notes->virt_base.v + notes->kernel_start.v;
	uint64_t last = notes->virt_base.v + (notes->kernel_end.v - 1);
	uint64_t page = page_round_down(notes->hypercall_page.v);

	if (!in_kernel(notes, notes->entry)) {
		return error_set(
			e, XEN_ENOEXEC,
			"entry point %#lx is outside the kernel, which "
			"is at %#lx to %#lx",
			notes->entry.v, start, last);
	}
	if (notes_has(notes, XEN_ELFNOTE_HYPERCALL_PAGE) &&
	    (page != notes->hypercall_page.v ||
	     !in_kernel(notes, notes->hypercall_page))) {
		return error_set(
			e, XEN_ENOEXEC,
			"note HYPERCALL_PAGE %#lx is not a page of the "
			"kernel, which is at %#lx to %#lx",
			notes->hypercall_page.v, start, last);
	}
	if (notes_has(notes, XEN_ELFNOTE_HYPERCALL_PAGE) &&
	    page_round_down(notes->entry.v) == page) {
		return error_set(e, XEN_ENOEXEC,
				 "entry point %#lx is on the hypercall page, "
				 "which is written over",
				 notes->entry.v);
	}
	if (notes_has(notes, XEN_ELFNOTE_INIT_P2M) &&
	    in_kernel(notes, notes->init_p2m)) {
		return error_set(
			e, XEN_ENOEXEC,
			"note INIT_P2M %#lx is inside the kernel, which "
			"is at %#lx to %#lx",
			notes->init_p2m.v, start, last);
	}
	return 0;
}

int notes_parse(const struct elf_image *image, struct xen_notes *notes,
		struct build_error *e)
{
	int rc;

	memset(notes, 0, sizeof(*notes));
	notes->width = image->width;
	rc = find_notes(image, notes, e);
	if (rc == 0) {
		rc = check_kind(notes, e);
	}
	if (rc == 0) {
		rc = check_pae(notes, e);
	}
	if (rc == 0) {
		rc = place_kernel(image, notes, e);
	}
	if (rc != 0) {
		return rc;
	}
	if (!notes_has(notes, XEN_ELFNOTE_ENTRY)) {
		notes->entry = vaddr(image->entry);
	}
	return check_addresses(notes, e);
}
