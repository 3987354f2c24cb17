/* SPDX-License-Identifier: MIT */
/*
 * pagewarden inspect: what a kernel asks for in its notes, and the layout that
 * the hypervisor would build for it. It calls the same functions as the
 * hypervisor's domain builder, on the same bytes, so that what it prints is
 * what is built, and what it refuses is refused there with the same words.
 */
#include "cli/inspect.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "builder/elf.h"
#include "builder/layout.h"
#include "builder/notes.h"
#include "cli/domains.h"
#include "cli/image.h"
#include "cli/options.h"
#include "cli/paint.h"
#include "cli/say.h"
#include "cli/size.h"

#define DEFAULT_MEMORY (UINT64_C(1) << 30) /* as run */

enum { EXIT_STARTS = 0, EXIT_BAD = 2 };

struct options {
	const char *file;
	const char *initrd;
	uint64_t memory;
	unsigned int vcpus;
	bool wide;
	bool root_first;
};

const char inspect_help[] =
	"usage: pagewarden inspect FILE [OPTION]...\n"
	"\n"
	"A kernel's notes in words, and the layout that its domain would get; or\n"
	"in one line, and nothing before it, why it cannot start.\n"
	"\n"
	"  --memory SIZE  of the domain: 512M, 4G; MiB if no unit (1G)\n"
	"  --vcpus N      of the domain, 1 to 32 (1)\n"
	"  --initrd FILE  that it gets\n"
	"  --root-first   a 32-bit kernel's L3 before its other tables\n"
	"  --wide         ranges of addresses, in more than 80 columns\n"
	"  --help         this\n"
	"\n"
	"Status: 0 it can start, 2 it cannot, or bad usage.\n";

static int bad(const char *what, const char *why)
{
	fflush(stdout);
	say("%s: %s", what, why);
	return EXIT_BAD;
}

/* Returns what is wrong with the option's argument, or NULL. */
static const char *take(const struct options_walk *w, void *to)
{
	struct options *o = to;

	switch (w->id) {
	case OPT_MEMORY:
		return parse_memory(w->argument, &o->memory);
	case OPT_VCPUS:
		/* The layout is the same for any number. */
		return parse_vcpus(w->argument, &o->vcpus);
	case OPT_INITRD:
		return parse_text(w->argument, &o->initrd);
	case OPT_ROOT_FIRST:
		o->root_first = true;
		return NULL;
	default:
		o->wide = true;
		return NULL;
	}
}

static const struct options_reader reader = {VERB_INSPECT, inspect_help, take};

static int initrd_size(const char *path, uint64_t *ret)
{
	struct stat st;

	*ret = 0;
	if (path == NULL) {
		return 0;
	}
	if (stat(path, &st) != 0) {
		return bad(path, strerror(errno));
	}
	if (!S_ISREG(st.st_mode)) {
		return bad(path, "not a regular file");
	}
	*ret = (uint64_t)st.st_size;
	return 0;
}

static void print_text(const struct xen_notes *notes, unsigned int type,
		       const char *text, const char *words)
{
	if (!notes_has(notes, type)) {
		return;
	}
	printf("  %-19s \"", notes_name(type));
	for (; *text != '\0'; text++) {
		putchar(*text >= ' ' && *text <= '~' ? *text : '?');
	}
	printf("\"%s%s\n", words[0] == '\0' ? "" : "  ", words);
}

static void print_number(const struct xen_notes *notes, unsigned int type,
			 uint64_t value, const char *words)
{
	if (notes_has(notes, type)) {
		printf("  %-19s 0x%-18" PRIx64 " %s\n", notes_name(type), value,
		       words);
	}
}

static void print_features(const char *what, uint32_t features)
{
	char text[1024];
	size_t used;

	if (features == 0) {
		return;
	}
	used = (size_t)snprintf(text, sizeof(text), "%s:", what);
	for (unsigned int bit = 0; bit < 32; bit++) {
		const char *name = notes_feature_name(bit);

		if ((features >> bit & 1) == 0) {
			continue;
		}
		if (used < sizeof(text)) {
			used += (size_t)(name != NULL
						 ? snprintf(text + used,
							    sizeof(text) - used,
							    " %s", name)
						 : snprintf(text + used,
							    sizeof(text) - used,
							    " bit-%u", bit));
		}
	}
	paint_wrapped(stdout, 4, text);
}

static const char *source_name(enum notes_source source)
{
	switch (source) {
	case NOTES_FROM_SEGMENT:
		return "a note segment";
	case NOTES_FROM_SECTION:
		return "a note section";
	case NOTES_FROM_XEN_GUEST:
		return "the section __xen_guest";
	}
	return "";
}

static const char *p2m_words(const struct xen_notes *notes)
{
	if (notes->width->full_root) {
		return "P2M list here: ignored in a 32-bit kernel";
	}
	if (notes->init_p2m.v >= notes->virt_base.v ||
	    page_offset(notes->init_p2m.v) != 0) {
		return "P2M list here: not below VIRT_BASE or not a page, "
		       "ignored";
	}
	return "the P2M list is mapped here";
}

static const char *pae_words(const struct xen_notes *notes)
{
	if (!notes->width->full_root) {
		return "32-bit only, ignored";
	}
	return notes->pae == NOTES_PAE_EXTENDED
		       ? "extended CR3: the L3 at any frame"
		       : "the L3 below 4 GiB";
}

static void print_placement(const struct xen_notes *n)
{
	printf("  %-19s 0x%-18" PRIx64 " first instruction%s\n", "ENTRY",
	       n->entry.v,
	       notes_has(n, XEN_ELFNOTE_ENTRY) ? "" : " (no note: e_entry)");
	printf("  %-19s 0x%-18" PRIx64 " pfn 0 is mapped here%s\n", "VIRT_BASE",
	       n->virt_base.v,
	       notes_has(n, XEN_ELFNOTE_VIRT_BASE) ? "" : " (no note: 0)");
	print_number(n, XEN_ELFNOTE_PADDR_OFFSET, n->paddr_offset,
		     "subtracted from p_paddr");
	print_number(n, XEN_ELFNOTE_HYPERCALL_PAGE, n->hypercall_page.v,
		     "the hypercall page is written here");
	print_number(n, XEN_ELFNOTE_INIT_P2M, n->init_p2m.v, p2m_words(n));
	print_number(n, XEN_ELFNOTE_MOD_START_PFN, n->mod_start_pfn,
		     n->mod_start_pfn ? "the initrd is left unmapped"
				      : "the initrd is mapped");
	print_number(n, XEN_ELFNOTE_HV_START_LOW, n->hv_start_low.v,
		     "the hypervisor may begin here");
	print_number(n, XEN_ELFNOTE_PHYS32_ENTRY, n->phys32_entry,
		     "entry for PVH, not used");
}

static void print_notes(const struct xen_notes *n)
{
	printf("Notes, from %s:\n", source_name(n->source));
	print_text(n, XEN_ELFNOTE_GUEST_OS, n->guest_os, "");
	print_text(n, XEN_ELFNOTE_GUEST_VERSION, n->guest_version, "");
	print_text(n, XEN_ELFNOTE_XEN_VERSION, n->xen_version, "");
	print_text(n, XEN_ELFNOTE_LOADER, n->loader, "");
	print_text(n, XEN_ELFNOTE_PAE_MODE, n->pae_mode, pae_words(n));
	print_placement(n);
	print_text(n, XEN_ELFNOTE_FEATURES, n->features, "");
	print_features("requires", n->features_required);
	print_features("supports", n->features_supported);
	if (notes_has(n, XEN_ELFNOTE_L1_MFN_VALID)) {
		printf("  %-19s 0x%" PRIx64 "/0x%" PRIx64
		       "  mask/value of entries with an mfn\n",
		       "L1_MFN_VALID", n->l1_mfn_mask, n->l1_mfn_value);
	}
	print_number(n, XEN_ELFNOTE_SUSPEND_CANCEL, n->suspend_cancel,
		     "suspend can be cancelled");
	if (notes_has(n, XEN_ELFNOTE_BSD_SYMTAB)) {
		printf("  %-19s %s\n", "BSD_SYMTAB",
		       !n->bsd_symtab  ? "no"
		       : n->has_symtab ? "yes: loaded behind the kernel"
				       : "yes: wanted, and there is none");
	}
	if (n->nr_unknown != 0) {
		printf("  and %u of unknown number\n", n->nr_unknown);
	}
}

static void print_range(const struct layout_range *r, const char *purpose,
			unsigned int digits, bool wide)
{
	char va[40] = "not mapped";
	char size[SIZE_TEXT];

	if (r->mapped && wide) {
		snprintf(va, sizeof(va), "%0*" PRIx64 "-%0*" PRIx64,
			 (int)digits, r->va.v, (int)digits,
			 r->va.v + ((r->nr << PAGE_SHIFT) - 1));
	} else if (r->mapped) {
		snprintf(va, sizeof(va), "%0*" PRIx64, (int)digits, r->va.v);
	}
	printf("  %8" PRIx64 "-%-8" PRIx64 " %-*s", r->pfn.v,
	       r->pfn.v + r->nr - 1, wide ? 33 : 16, va);
	printf(" %10s  %s\n", size_format(r->nr << PAGE_SHIFT, size), purpose);
}

static void print_mapping(const char *name, unsigned int levels,
			  const struct layout_mapping *map)
{
	char size[SIZE_TEXT];

	if (map->nr == 0) {
		return;
	}
	printf("%s: %s at 0x%" PRIx64 ", tables:", name,
	       size_format(map->nr << PAGE_SHIFT, size), map->va.v);
	for (unsigned int level = levels; level > 0; level--) {
		if (map->level[level].nr != 0) {
			printf(" %" PRIu64 " L%u", map->level[level].nr, level);
		}
	}
	putchar('\n');
}

/* Where the root is, if it is not the first of the tables. */
static void print_root(const struct layout *l)
{
	const uint64_t before = layout_root(l).v - l->part[LAYOUT_TABLES].pfn.v;

	if (before != 0) {
		printf("pt_base 0x%" PRIx64
		       " names the L%u: the tables begin %" PRIu64
		       " frames before it\n",
		       layout_pt_base(l).v, l->width->levels, before);
	}
}

static void print_layout(const struct layout *l, bool wide)
{
	const char r = l->width->full_root ? 'e' : 'r';
	enum layout_part order[LAYOUT_NR_PARTS];
	unsigned int n = layout_in_order(l, order);
	const struct layout_range *part = l->part;
	char size[SIZE_TEXT];

	printf("Layout of a domain of %s (%" PRIu64 " pages):\n",
	       size_format(l->nr_pages << PAGE_SHIFT, size), l->nr_pages);
	printf("  %-17s %-*s %10s  %s\n", "     pfn", wide ? 33 : 16,
	       wide ? "virtual addresses" : "virtual address", "size",
	       "purpose");
	for (unsigned int i = 0; i < n; i++) {
		print_range(&part[order[i]], layout_part_name(order[i]),
			    l->width->word * 2, wide);
	}
	print_mapping("Initial mapping", l->width->levels,
		      &l->map[LAYOUT_MAP_INITIAL]);
	print_mapping("P2M mapping", l->width->levels, &l->map[LAYOUT_MAP_P2M]);
	print_root(l);
	printf("Starts with %cip 0x%" PRIx64 ", %csp 0x%" PRIx64
	       ",\n            %csi 0x%" PRIx64 " (start_info)\n",
	       r, l->entry.v, r, part[LAYOUT_STACK].va.v + PAGE_SIZE, r,
	       part[LAYOUT_START_INFO].va.v);
}

static int inspect_elf(const struct image *file, const struct options *o,
		       uint64_t initrd)
{
	const struct layout_request request = {
		.nr_pages = o->memory >> PAGE_SHIFT,
		.initrd_size = initrd,
		.root_first = o->root_first,
	};
	struct build_error e;
	struct elf_image elf;
	struct xen_notes notes;
	struct layout layout;
	char packed[SIZE_TEXT];

	if (elf_parse(&elf, file->elf, file->size, &e) != 0 ||
	    notes_parse(&elf, &notes, &e) != 0 ||
	    layout_plan(&notes, &request, &layout, &e) != 0) {
		return bad(o->file, e.text);
	}
	printf("%s:\n%s, file of %s, ELF of %zu bytes, %s\n\n", o->file,
	       file->kind, size_format(file->file_size, packed), file->size,
	       elf.width->name);
	print_notes(&notes);
	putchar('\n');
	print_layout(&layout, o->wide);
	return EXIT_STARTS;
}

int cmd_inspect(int argc, char **argv)
{
	char error[IMAGE_ERROR_SIZE];
	struct options o = {.memory = DEFAULT_MEMORY, .vcpus = 1};
	struct image image;
	uint64_t initrd;
	int rc = options_read(&reader, argc, argv, &o);

	if (rc != OPTIONS_READ) {
		return rc;
	}
	o.file = options_operand(&reader, argc, argv, "a FILE");
	if (o.file == NULL) {
		return EXIT_BAD;
	}
	rc = initrd_size(o.initrd, &initrd);
	if (rc != 0) {
		return rc;
	}
	if (image_load(o.file, &image, error) != 0) {
		return bad(o.file, error);
	}
	rc = inspect_elf(&image, &o, initrd);
	image_free(&image);
	return rc;
}
