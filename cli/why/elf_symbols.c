/* SPDX-License-Identifier: MIT */
/*
 * Symbols from an ELF's own symbol table, by libelf: a kernel that carries one
 * (not a distribution's Linux, but most others), or a file with debugging
 * information.
 */
#include <gelf.h>
#include <libelf.h>
#include <stdlib.h>
#include <string.h>

#include "cli/why/symbols.h"

#define MAX_SYMBOLS (1u << 22)

static Elf_Scn *find_symtab(Elf *elf, GElf_Shdr *ret)
{
	Elf_Scn *section = NULL;

	while ((section = elf_nextscn(elf, section)) != NULL) {
		if (gelf_getshdr(section, ret) != NULL &&
		    ret->sh_type == SHT_SYMTAB) {
			return section;
		}
	}
	return NULL;
}

static bool wanted(const GElf_Sym *sym, const char *name)
{
	unsigned int type = GELF_ST_TYPE(sym->st_info);

	return name != NULL && name[0] != '\0' && sym->st_shndx != SHN_UNDEF &&
	       (type == STT_FUNC || type == STT_OBJECT || type == STT_NOTYPE);
}

static char type_of(const GElf_Sym *sym, Elf *elf)
{
	Elf_Scn *section = elf_getscn(elf, sym->st_shndx);
	GElf_Shdr header;

	if (section != NULL && gelf_getshdr(section, &header) != NULL &&
	    (header.sh_flags & SHF_EXECINSTR) != 0) {
		return 't';
	}
	return 'd';
}

/* Two passes: how much, then the copy. */
static bool read_symtab(struct symbols *s, Elf *elf, Elf_Data *data, size_t nr,
			size_t strings)
{
	size_t bytes = 0;

	for (int pass = 0; pass < 2; pass++) {
		for (size_t i = 0; i < nr; i++) {
			GElf_Sym sym;
			const char *name;
			size_t n;

			if (gelf_getsym(data, (int)i, &sym) == NULL) {
				continue;
			}
			name = elf_strptr(elf, strings, sym.st_name);
			if (!wanted(&sym, name)) {
				continue;
			}
			n = strlen(name) + 1;
			if (pass == 0) {
				bytes += n;
				continue;
			}
			s->list[s->nr++] = (struct symbol){
				.address = sym.st_value,
				.name = (uint32_t)s->names_size,
				.type = type_of(&sym, elf),
			};
			memcpy(s->names + s->names_size, name, n);
			s->names_size += n;
		}
		if (pass == 0) {
			s->list = calloc(nr + 1, sizeof(*s->list));
			s->names = malloc(bytes + 1);
			if (s->list == NULL || s->names == NULL ||
			    bytes > UINT32_MAX) {
				return false;
			}
		}
	}
	symbols_sort(s);
	return s->nr != 0;
}

bool symbols_from_elf(struct symbols *s, const uint8_t *file, size_t size)
{
	GElf_Shdr header;
	Elf_Scn *section;
	Elf_Data *data;
	Elf *elf;
	bool ok = false;

	*s = (struct symbols){0};
	if (elf_version(EV_CURRENT) == EV_NONE) {
		return false;
	}
	/* libelf reads only: the image may be mapped so. */
	elf = elf_memory((char *)(uintptr_t)file, size);
	if (elf == NULL) {
		return false;
	}
	section = find_symtab(elf, &header);
	data = section == NULL ? NULL : elf_getdata(section, NULL);
	if (data != NULL && header.sh_entsize != 0 &&
	    header.sh_size / header.sh_entsize <= MAX_SYMBOLS) {
		ok = read_symtab(s, elf, data,
				 header.sh_size / header.sh_entsize,
				 header.sh_link);
	}
	elf_end(elf);
	if (!ok) {
		symbols_free(s);
	}
	return ok;
}
