/* SPDX-License-Identifier: MIT */
/*
 * builder/notes.c, of 32-bit kernels: whether they have PAE is what decides,
 * and no number of theirs is taken for one of 32 bits that is not.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "abi/xen.h"
#include "tests/unit/support/notes.h"

static void a_32_bit_linux_is_read(void **state)
{
	struct build_error e = {""};
	struct xen_notes n;

	(void)state;
	assert_int_equal(notes_of(&kernel_file_linux32, &n, &e), 0);
	assert_ptr_equal(n.width, &guest_pae);
	assert_int_equal(n.pae, NOTES_PAE_EXTENDED);
	assert_int_equal(n.entry.v, 0xc0101230);
	assert_int_equal(n.virt_base.v, 0xc0000000);
	assert_int_equal(n.hypercall_page.v, 0xc0102000);
	assert_int_equal(n.hv_start_low.v, 0xf5800000);
	assert_int_equal(n.l1_mfn_mask, 1);
	assert_int_equal(n.l1_mfn_value, 1);
	assert_int_equal(n.kernel_start.v, 0x100000);
	assert_int_equal(n.kernel_end.v, 0x280000);
}

/* PAE_MODE as kernels write it; what is no PAE is refused by that name. */
static void pae_modes_are_told_apart(void **state)
{
	static const struct {
		enum kernel_file_notes where;
		const char *text; /* NULL: none */
		enum notes_pae pae;
	} modes[] = {
		{KERNEL_NOTES_SEGMENT, "yes", NOTES_PAE_EXTENDED},
		{KERNEL_NOTES_SEGMENT, "bimodal", NOTES_PAE_EXTENDED},
		{KERNEL_NOTES_SEGMENT, "yes,bimodal", NOTES_PAE_EXTENDED},
		{KERNEL_NOTES_SEGMENT, "no", NOTES_PAE_NO},
		{KERNEL_NOTES_SEGMENT, "yes!", NOTES_PAE_NO},
		{KERNEL_NOTES_SEGMENT, "", NOTES_PAE_NO},
		{KERNEL_NOTES_SEGMENT, NULL, NOTES_PAE_NO},
		{KERNEL_NOTES_XEN_GUEST, "PAE=yes", NOTES_PAE_YES},
		{KERNEL_NOTES_XEN_GUEST, "PAE=yes[extended-cr3]",
		 NOTES_PAE_EXTENDED},
		{KERNEL_NOTES_XEN_GUEST, "PAE=yes[what]", NOTES_PAE_YES},
		{KERNEL_NOTES_XEN_GUEST, "PAE=no", NOTES_PAE_NO},
		{KERNEL_NOTES_XEN_GUEST, "PAE=bimodal", NOTES_PAE_NO},
		{KERNEL_NOTES_XEN_GUEST, NULL, NOTES_PAE_NO},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
		struct kernel_file spec = {
			.narrow = true,
			.entry = 0x100000,
			.segment = SMALL_KERNEL,
			.where = modes[i].where,
			.note = {GENERIC},
		};
		struct build_error e = {""};
		struct xen_notes n;
		char text[128];
		int rc;

		snprintf(text, sizeof(text),
			 "XEN_VER=xen-3.0,LOADER=generic%s%s",
			 modes[i].text == NULL ? "" : ",",
			 modes[i].text == NULL ? "" : modes[i].text);
		spec.xen_guest = text;
		if (modes[i].text != NULL) {
			spec.note[2] = (struct kernel_file_note)
				NOTE_STR(XEN_ELFNOTE_PAE_MODE, modes[i].text);
		}
		rc = notes_of(&spec, &n, &e);
		if (rc != (modes[i].pae == NOTES_PAE_NO ? -XEN_ENOEXEC : 0) ||
		    n.pae != modes[i].pae ||
		    (rc != 0 &&
		     strstr(e.text, "a 32-bit kernel without PAE") == NULL)) {
			fail_msg("row %zu: %d, \"%s\"", i, rc, e.text);
		}
	}
}

struct refused {
	const char *name;
	struct kernel_file file;
	const char *message;
};

static const struct refused refused[] = {
	{"32-bit HV_START_LOW",
	 {.narrow = true,
	  .entry = 0x100000,
	  .segment = SMALL_KERNEL,
	  .note = {GENERIC, NOTE_STR(XEN_ELFNOTE_PAE_MODE, "yes"),
		   NOTE_NUM4(XEN_ELFNOTE_HV_START_LOW, 0xf5800001)}},
	 "HV_START_LOW 0xf5800001 is above the hypervisor's first address "
	 "0xf5800000"},
	/* 32 bits of it would be a good base. */
	{"32-bit base beyond 32 bits",
	 {.narrow = true,
	  .entry = 0x100000,
	  .segment = SMALL_KERNEL,
	  .note = {GENERIC, NOTE_STR(XEN_ELFNOTE_PAE_MODE, "yes"),
		   NOTE_NUM(XEN_ELFNOTE_VIRT_BASE, 0x100000000)}},
	 "VIRT_BASE 0x100000000: the kernel's end"},
	{"32-bit base whose kernel wraps",
	 {.narrow = true,
	  .entry = 0x100000,
	  .segment = SMALL_KERNEL,
	  .note = {GENERIC, NOTE_STR(XEN_ELFNOTE_PAE_MODE, "yes"),
		   NOTE_NUM4(XEN_ELFNOTE_VIRT_BASE, 0xfff00000)}},
	 "VIRT_BASE 0xfff00000: the kernel's end"},
	{"32-bit entry beyond 32 bits",
	 {.narrow = true,
	  .segment = SMALL_KERNEL,
	  .note = {GENERIC, NOTE_STR(XEN_ELFNOTE_PAE_MODE, "yes"),
		   NOTE_NUM(XEN_ELFNOTE_ENTRY, 0x100100000)}},
	 "entry point 0x100100000 is outside"},
};

static void numbers_beyond_a_32_bit_kernel_are_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		struct build_error e = {""};
		struct xen_notes n;
		int rc = notes_of(&refused[i].file, &n, &e);

		if (rc != -XEN_ENOEXEC ||
		    strstr(e.text, refused[i].message) == NULL) {
			fail_msg("%s: %d, \"%s\"", refused[i].name, rc, e.text);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_32_bit_linux_is_read),
		cmocka_unit_test(pae_modes_are_told_apart),
		cmocka_unit_test(numbers_beyond_a_32_bit_kernel_are_refused),
	};

	return cmocka_run_group_tests_name("notes_pae", tests, NULL, NULL);
}
