/* SPDX-License-Identifier: MIT */
/*
 * Which words of a stack are return addresses? Without frame pointers nothing
 * says so; but a return address is in the kernel's code, and the instruction
 * before it is a call. Both can be asked of the image, and words that only
 * look so are rare.
 */
#include "cli/why/kernel.h"

#include <string.h>

void why_kernel_init(struct why_kernel *k, const uint8_t *image, size_t size,
		     const char *map, size_t map_size)
{
	struct build_error e;

	*k = (struct why_kernel){.image = image, .size = size};
	if (elf_parse(&k->elf, image, size, &e) != 0) {
		k->elf = (struct elf_image){0};
	}
	if (map != NULL) {
		if (!symbols_from_elf(&k->symbols, (const uint8_t *)map,
				      map_size)) {
			(void)symbols_from_map(&k->symbols, map, map_size);
		} else {
			k->lines = lines_open((const uint8_t *)map, map_size);
		}
		return;
	}
	if (!symbols_from_kernel(&k->symbols, image, size)) {
		(void)symbols_from_elf(&k->symbols, image, size);
	}
}

void why_kernel_fini(struct why_kernel *k)
{
	lines_close(k->lines);
	k->lines = NULL;
	symbols_free(&k->symbols);
}

/* The bytes of the file in front of an address: `nr` of them, or NULL. */
static const uint8_t *before(const struct why_kernel *k, uint64_t address,
			     size_t nr)
{
	for (unsigned int i = 0; i < k->elf.nr_segments; i++) {
		const struct elf_segment *s = &k->elf.segment[i];

		if (address - nr >= s->vaddr && address >= nr &&
		    address - s->vaddr <= s->filesz) {
			return k->image + s->offset + (address - nr - s->vaddr);
		}
	}
	return NULL;
}

/*
 * call rel32; call *disp32(%rip), which paravirtual kernels patch to a call
 * rel32 and a byte of nothing; call *reg; call *disp(reg).
 */
static bool is_call(const uint8_t *p)
{
	const uint8_t *end = p + 7;

	if (end[-5] == 0xe8 || (end[-6] == 0xff && end[-5] == 0x15) ||
	    (end[-5] == 0xff && end[-4] == 0x15)) {
		return true;
	}
	for (unsigned int n = 2; n <= 7; n++) {
		uint8_t modrm = end[1 - (int)n];

		if (end[-(int)n] == 0xff && (modrm & 0x38) == 0x10) {
			return true;
		}
	}
	return false;
}

bool why_is_return(const struct why_kernel *k, uint64_t address)
{
	const uint8_t *p;

	if (!symbols_is_text(&k->symbols, address)) {
		return false;
	}
	if (k->unwound) {
		return true;
	}
	p = before(k, address, 7);
	return p != NULL && is_call(p);
}
