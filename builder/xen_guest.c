/* SPDX-License-Identifier: MIT */
/*
 * The string section __xen_guest, as the first PV kernels have it (Mini-OS
 * still does): KEY=VALUE pairs between commas. Each key is the note that
 * replaced it, with two differences: HYPERCALL_PAGE is a page number counted
 * from virt_base, and ELF_PADDR_OFFSET is virt_base unless it is given.
 */
#include "builder/notes_value.h"

static const struct {
	const char *key;
	unsigned int type;
} keys[] = {
	{"LOADER", XEN_ELFNOTE_LOADER},
	{"GUEST_OS", XEN_ELFNOTE_GUEST_OS},
	{"GUEST_VER", XEN_ELFNOTE_GUEST_VERSION},
	{"XEN_VER", XEN_ELFNOTE_XEN_VERSION},
	{"PAE", XEN_ELFNOTE_PAE_MODE},
	{"FEATURES", XEN_ELFNOTE_FEATURES},
	{"VIRT_BASE", XEN_ELFNOTE_VIRT_BASE},
	{"VIRT_ENTRY", XEN_ELFNOTE_ENTRY},
	{"ELF_PADDR_OFFSET", XEN_ELFNOTE_PADDR_OFFSET},
	{"HYPERCALL_PAGE", XEN_ELFNOTE_HYPERCALL_PAGE},
};
#define NR_KEYS (sizeof(keys) / sizeof(keys[0]))

static bool digit_value(char c, unsigned int base, uint64_t *ret)
{
	uint64_t digit;

	if (c >= '0' && c <= '9') {
		digit = (uint64_t)(c - '0');
	} else if (c >= 'a' && c <= 'f') {
		digit = (uint64_t)(c - 'a') + 10;
	} else if (c >= 'A' && c <= 'F') {
		digit = (uint64_t)(c - 'A') + 10;
	} else {
		return false;
	}
	*ret = digit;
	return digit < base;
}

/* A number as C writes it: hexadecimal, octal or decimal. */
static bool parse_number(struct piece text, uint64_t *ret)
{
	unsigned int base = 10;
	uint64_t value = 0;
	size_t i = 0;

	if (piece_begins(text, "0x") || piece_begins(text, "0X")) {
		base = 16;
		i = 2;
	} else if (piece_begins(text, "0")) {
		base = 8;
	}
	if (i == text.length) {
		return false;
	}
	for (; i < text.length; i++) {
		uint64_t digit;

		if (!digit_value(text.at[i], base, &digit) ||
		    value > (UINT64_MAX - digit) / base) {
			return false;
		}
		value = value * base + digit;
	}
	*ret = value;
	return true;
}

static int set_key(struct xen_notes *notes, unsigned int n, struct piece value,
		   struct build_error *e)
{
	uint64_t number;

	if (notes_kind(keys[n].type) == NOTE_STRING) {
		return notes_set_string(notes, keys[n].type, value, e);
	}
	if (!parse_number(value, &number)) {
		return error_set(e, XEN_ENOEXEC,
				 "__xen_guest: value of %s is not a 64-bit "
				 "number",
				 keys[n].key);
	}
	notes_set_number(notes, keys[n].type, number);
	return 0;
}

static int set_pair(struct xen_notes *notes, struct piece pair,
		    struct build_error *e)
{
	struct piece value = pair;
	struct piece key = piece_until(&value, '=');

	if (piece_is(key, "BSD_SYMTAB")) {
		/* Here its mere presence counts. */
		static const struct piece yes = {"yes", 3};

		return notes_set_string(notes, XEN_ELFNOTE_BSD_SYMTAB, yes, e);
	}
	for (unsigned int n = 0; n < NR_KEYS; n++) {
		if (piece_is(key, keys[n].key)) {
			return set_key(notes, n, value, e);
		}
	}
	return 0;
}

/* From a page number to the address that the note holds. */
static int place_hypercall_page(struct xen_notes *notes, struct build_error *e)
{
	uint64_t page = notes->hypercall_page.v;

	if (!notes_has(notes, XEN_ELFNOTE_HYPERCALL_PAGE)) {
		return 0;
	}
	if (page > UINT64_MAX >> PAGE_SHIFT) {
		return error_set(
			e, XEN_ENOEXEC,
			"__xen_guest: HYPERCALL_PAGE %#lx is not a page "
			"number",
			page);
	}
	notes->hypercall_page = vaddr_add(notes->virt_base, page << PAGE_SHIFT);
	return 0;
}

int xen_guest_parse(struct xen_notes *notes, struct piece text,
		    struct build_error *e)
{
	text = piece_until(&text, '\0');
	while (text.length > 0) {
		int rc = set_pair(notes, piece_until(&text, ','), e);

		if (rc != 0) {
			return rc;
		}
	}
	if (notes_has(notes, XEN_ELFNOTE_VIRT_BASE) &&
	    !notes_has(notes, XEN_ELFNOTE_PADDR_OFFSET)) {
		notes_set_number(notes, XEN_ELFNOTE_PADDR_OFFSET,
				 notes->virt_base.v);
	}
	return place_hypercall_page(notes, e);
}
