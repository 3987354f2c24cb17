/* SPDX-License-Identifier: MIT */
/*
 * The notes one by one: their names, how each is stored, and the features.
 *
 * A feature that a kernel requires ("!name") must be one that is offered, and
 * known at all: an unknown requirement cannot be met. Features that a kernel
 * merely supports never matter, whatever they are.
 */
#include "builder/notes_value.h"

#include <string.h>

#define FIELD(member)                       \
	offsetof(struct xen_notes, member), \
		sizeof(((struct xen_notes *)NULL)->member)

/* A note's value goes to its field; size 0: it has none, or its own case. */
static const struct {
	const char *name;
	enum note_kind kind;
	size_t offset;
	size_t size;
} known[] = {
	[XEN_ELFNOTE_INFO] = {"INFO", NOTE_STRING, 0, 0},
	[XEN_ELFNOTE_ENTRY] = {"ENTRY", NOTE_NUMBER, FIELD(entry)},
	[XEN_ELFNOTE_HYPERCALL_PAGE] = {"HYPERCALL_PAGE", NOTE_NUMBER,
					FIELD(hypercall_page)},
	[XEN_ELFNOTE_VIRT_BASE] = {"VIRT_BASE", NOTE_NUMBER, FIELD(virt_base)},
	[XEN_ELFNOTE_PADDR_OFFSET] = {"PADDR_OFFSET", NOTE_NUMBER,
				      FIELD(paddr_offset)},
	[XEN_ELFNOTE_XEN_VERSION] = {"XEN_VERSION", NOTE_STRING,
				     FIELD(xen_version)},
	[XEN_ELFNOTE_GUEST_OS] = {"GUEST_OS", NOTE_STRING, FIELD(guest_os)},
	[XEN_ELFNOTE_GUEST_VERSION] = {"GUEST_VERSION", NOTE_STRING,
				       FIELD(guest_version)},
	[XEN_ELFNOTE_LOADER] = {"LOADER", NOTE_STRING, FIELD(loader)},
	[XEN_ELFNOTE_PAE_MODE] = {"PAE_MODE", NOTE_STRING, FIELD(pae_mode)},
	[XEN_ELFNOTE_FEATURES] = {"FEATURES", NOTE_STRING, FIELD(features)},
	[XEN_ELFNOTE_BSD_SYMTAB] = {"BSD_SYMTAB", NOTE_STRING, 0, 0},
	[XEN_ELFNOTE_HV_START_LOW] = {"HV_START_LOW", NOTE_NUMBER,
				      FIELD(hv_start_low)},
	[XEN_ELFNOTE_L1_MFN_VALID] = {"L1_MFN_VALID", NOTE_PAIRS, 0, 0},
	[XEN_ELFNOTE_SUSPEND_CANCEL] = {"SUSPEND_CANCEL", NOTE_NUMBER,
					FIELD(suspend_cancel)},
	[XEN_ELFNOTE_INIT_P2M] = {"INIT_P2M", NOTE_NUMBER, FIELD(init_p2m)},
	[XEN_ELFNOTE_MOD_START_PFN] = {"MOD_START_PFN", NOTE_NUMBER, 0, 0},
	[XEN_ELFNOTE_SUPPORTED_FEATURES] = {"SUPPORTED_FEATURES", NOTE_NUMBER,
					    0, 0},
	[XEN_ELFNOTE_PHYS32_ENTRY] = {"PHYS32_ENTRY", NOTE_NUMBER,
				      FIELD(phys32_entry)},
};
#define NR_KNOWN (sizeof(known) / sizeof(known[0]))

/* XENFEAT_*, and which of them a PV domain without privileges is given. */
static const struct {
	const char *name;
	bool offered;
} features[] = {
	/* As the writable page tables assist; Linux asks for it this way. */
	[XENFEAT_writable_page_tables] = {"writable_page_tables", true},
	[XENFEAT_writable_descriptor_tables] = {"writable_descriptor_tables",
						false},
	[XENFEAT_auto_translated_physmap] = {"auto_translated_physmap", false},
	[XENFEAT_supervisor_mode_kernel] = {"supervisor_mode_kernel", false},
	[XENFEAT_pae_pgdir_above_4gb] = {"pae_pgdir_above_4gb", true},
	[XENFEAT_mmu_pt_update_preserve_ad] = {"mmu_pt_update_preserve_ad",
					       true},
	[XENFEAT_highmem_assist] = {"highmem_assist", false},
	[XENFEAT_gnttab_map_avail_bits] = {"gnttab_map_avail_bits", true},
	[XENFEAT_hvm_callback_vector] = {"hvm_callback_vector", false},
	[XENFEAT_hvm_safe_pvclock] = {"hvm_safe_pvclock", false},
	[XENFEAT_hvm_pirqs] = {"hvm_pirqs", false},
	[XENFEAT_dom0] = {"dom0", false},
	[XENFEAT_memory_op_vnode_supported] = {"memory_op_vnode_supported",
					       false},
	[XENFEAT_ARM_SMCCC_supported] = {"ARM_SMCCC_supported", false},
	[XENFEAT_linux_rsdp_unrestricted] = {"linux_rsdp_unrestricted", false},
	[XENFEAT_not_direct_mapped] = {"not_direct_mapped", true},
	[XENFEAT_direct_mapped] = {"direct_mapped", false},
};
#define NR_FEATURES (sizeof(features) / sizeof(features[0]))

bool piece_begins(struct piece text, const char *word)
{
	size_t i = 0;

	while (word[i] != '\0') {
		if (i == text.length || text.at[i] != word[i]) {
			return false;
		}
		i++;
	}
	return true;
}

bool piece_has(struct piece text, const char *word)
{
	for (; text.length > 0; text.at++, text.length--) {
		if (piece_begins(text, word)) {
			return true;
		}
	}
	return false;
}

bool piece_is(struct piece text, const char *word)
{
	size_t length = 0;

	while (word[length] != '\0') {
		length++;
	}
	return length == text.length && memcmp(text.at, word, length) == 0;
}

struct piece piece_until(struct piece *text, char c)
{
	struct piece before = {text->at, 0};

	while (before.length < text->length && text->at[before.length] != c) {
		before.length++;
	}
	text->at += before.length;
	text->length -= before.length;
	if (text->length > 0) {
		text->at++;
		text->length--;
	}
	return before;
}

const char *notes_name(unsigned int type)
{
	return type < NR_KNOWN ? known[type].name : NULL;
}

enum note_kind notes_kind(unsigned int type)
{
	return type < NR_KNOWN ? known[type].kind : NOTE_UNKNOWN;
}

const char *notes_feature_name(unsigned int bit)
{
	return bit < NR_FEATURES ? features[bit].name : NULL;
}

static int add_feature(struct xen_notes *notes, struct piece name,
		       struct build_error *e)
{
	char shown[NOTES_STRING_SIZE] = "";
	bool required = piece_begins(name, "!");

	if (required) {
		name.at++;
		name.length--;
	}
	for (unsigned int bit = 0; bit < NR_FEATURES; bit++) {
		if (features[bit].name != NULL &&
		    piece_is(name, features[bit].name)) {
			notes->features_supported |= 1U << bit;
			notes->features_required |= (uint32_t)required << bit;
			return 0;
		}
	}
	if (!required) {
		return 0;
	}
	memcpy(shown, name.at,
	       name.length < sizeof(shown) ? name.length : sizeof(shown) - 1);
	return error_set(e, XEN_ENOEXEC,
			 "note FEATURES requires %s, which is unknown", shown);
}

static int add_features(struct xen_notes *notes, struct piece list,
			struct build_error *e)
{
	while (list.length > 0) {
		int rc = add_feature(notes, piece_until(&list, '|'), e);

		if (rc != 0) {
			return rc;
		}
	}
	return 0;
}

int notes_check_features(const struct xen_notes *notes, struct build_error *e)
{
	for (unsigned int bit = 0; bit < NR_FEATURES; bit++) {
		if ((notes->features_required >> bit & 1) != 0 &&
		    !features[bit].offered) {
			return error_set(e, XEN_ENOEXEC,
					 "note FEATURES requires %s, which an "
					 "unprivileged PV domain does not have",
					 features[bit].name);
		}
	}
	return 0;
}

void notes_set_number(struct xen_notes *notes, unsigned int type,
		      uint64_t value)
{
	notes->present |= 1U << type;
	if (type == XEN_ELFNOTE_MOD_START_PFN) {
		notes->mod_start_pfn = value != 0;
	} else if (type == XEN_ELFNOTE_SUPPORTED_FEATURES) {
		notes->features_supported |= (uint32_t)value;
	} else {
		memcpy((char *)notes + known[type].offset, &value,
		       known[type].size);
	}
}

int notes_set_string(struct xen_notes *notes, unsigned int type,
		     struct piece value, struct build_error *e)
{
	size_t size = known[type].size;

	notes->present |= 1U << type;
	value = piece_until(&value, '\0');
	if (type == XEN_ELFNOTE_BSD_SYMTAB) {
		notes->bsd_symtab = piece_is(value, "yes");
	}
	if (size > 0) {
		char *field = (char *)notes + known[type].offset;

		memset(field, 0, size);
		memcpy(field, value.at,
		       value.length < size ? value.length : size - 1);
	}
	if (type == XEN_ELFNOTE_FEATURES) {
		return add_features(notes, value, e);
	}
	return 0;
}

void notes_set_pair(struct xen_notes *notes, uint64_t mask, uint64_t value)
{
	notes->present |= 1U << XEN_ELFNOTE_L1_MFN_VALID;
	notes->l1_mfn_mask = mask;
	notes->l1_mfn_value = value;
}
