/* SPDX-License-Identifier: MIT */
/*
 * The headers. Frames stand in the file in the order of their numbers, each
 * once, and several program headers may name the same: one for each address by
 * which the kernel reaches it. Those that it reaches by none have one, too,
 * with address 0.
 *
 * A file may have more of them than 16 bits count: their number is then in the
 * first section's header, as the ELF specification has it.
 */
#include "cli/core/head.h"

#include <elf.h>
#include <stdlib.h>
#include <string.h>
#include <sys/procfs.h>

#include "abi/control.h"
#include "cli/monitor.h"

#define MANY PN_XNUM

struct head {
	uint8_t *bytes;
	uint64_t used;
};

static uint64_t round_up(uint64_t n, uint64_t to)
{
	return (n + to - 1) / to * to;
}

static uint64_t note_size(size_t name, size_t size)
{
	return sizeof(Elf64_Nhdr) + round_up(name, 4) + round_up(size, 4);
}

static uint64_t headers_size(const struct core_view *v)
{
	return sizeof(Elf64_Ehdr) + (v->nr + 1) * sizeof(Elf64_Phdr) +
	       sizeof(Elf64_Shdr);
}

uint64_t core_head_size(const struct core_view *v, unsigned int vcpus)
{
	return round_up(headers_size(v) +
				vcpus * note_size(5,
						  sizeof(struct elf_prstatus)) +
				note_size(11, CORE_INFO_MAX),
			PAGE_SIZE);
}

static void add_note(struct head *h, const char *name, uint32_t type,
		     const void *data, size_t size)
{
	const Elf64_Nhdr note = {
		.n_namesz = (uint32_t)strlen(name) + 1,
		.n_descsz = (uint32_t)size,
		.n_type = type,
	};

	memcpy(h->bytes + h->used, &note, sizeof(note));
	memcpy(h->bytes + h->used + sizeof(note), name, note.n_namesz);
	memcpy(h->bytes + h->used + sizeof(note) + round_up(note.n_namesz, 4),
	       data, size);
	h->used += note_size(note.n_namesz, size);
}

static void add_status(struct head *h, const cJSON *event)
{
	const cJSON *list =
		cJSON_GetObjectItemCaseSensitive(event, REGISTERS_VALUES);
	struct elf_prstatus s = {
		.pr_pid = (int)monitor_number(event, REGISTERS_VCPU, 0) + 1,
	};
	const cJSON *value;
	unsigned int i = 0;

	cJSON_ArrayForEach(value, list)
	{
		if (i < ELF_NGREG && cJSON_IsString(value)) {
			s.pr_reg[i++] = strtoull(value->valuestring, NULL, 16);
		}
	}
	add_note(h, "CORE", NT_PRSTATUS, &s, sizeof(s));
}

static void add_load(const struct core_run *r, uint64_t data, Elf64_Phdr *ret)
{
	*ret = (Elf64_Phdr){
		.p_type = PT_LOAD,
		.p_flags = PF_R | PF_W | PF_X,
		.p_offset = data + (r->pfn << PAGE_SHIFT),
		.p_vaddr = r->va == CORE_NO_VA ? 0 : r->va,
		.p_paddr = r->pfn << PAGE_SHIFT,
		.p_filesz = r->nr << PAGE_SHIFT,
		.p_memsz = r->nr << PAGE_SHIFT,
		.p_align = PAGE_SIZE,
	};
}

static Elf64_Ehdr file_header(size_t nr)
{
	return (Elf64_Ehdr){
		.e_ident = {ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64,
			    ELFDATA2LSB, EV_CURRENT},
		.e_type = ET_CORE,
		.e_machine = EM_X86_64,
		.e_version = EV_CURRENT,
		.e_phoff = sizeof(Elf64_Ehdr),
		.e_ehsize = sizeof(Elf64_Ehdr),
		.e_phentsize = sizeof(Elf64_Phdr),
		.e_phnum = (Elf64_Half)(nr < MANY ? nr : MANY),
		.e_shentsize = sizeof(Elf64_Shdr),
	};
}

/* Into the place before the notes. */
static void add_many(uint8_t *bytes, Elf64_Ehdr *ehdr, size_t nr)
{
	const uint64_t at = sizeof(*ehdr) + nr * sizeof(Elf64_Phdr);
	const Elf64_Shdr section = {
		.sh_type = SHT_NULL,
		.sh_info = (Elf64_Word)nr,
	};

	if (nr >= MANY) {
		ehdr->e_shoff = at;
		ehdr->e_shnum = 1;
		memcpy(bytes + at, &section, sizeof(section));
	}
}

uint8_t *core_head_make(const struct core_view *v, const cJSON *registers,
			const struct core_info *info)
{
	const uint64_t size =
		core_head_size(v, (unsigned int)cJSON_GetArraySize(registers));
	struct head h = {
		.bytes = calloc(1, size),
		.used = headers_size(v),
	};
	Elf64_Ehdr ehdr = file_header(v->nr + 1);
	Elf64_Phdr phdr = {
		.p_type = PT_NOTE,
		.p_offset = headers_size(v),
		.p_align = 4,
	};
	const cJSON *event;

	if (h.bytes == NULL) {
		return NULL;
	}
	cJSON_ArrayForEach(event, registers)
	{
		add_status(&h, event);
	}
	if (info->size != 0) {
		add_note(&h, "VMCOREINFO", 0, info->text, info->size);
	}
	phdr.p_filesz = h.used - phdr.p_offset;
	memcpy(h.bytes + sizeof(ehdr), &phdr, sizeof(phdr));
	for (size_t i = 0; i < v->nr; i++) {
		add_load(&v->run[i], size, &phdr);
		memcpy(h.bytes + sizeof(ehdr) + (i + 1) * sizeof(phdr), &phdr,
		       sizeof(phdr));
	}
	add_many(h.bytes, &ehdr, v->nr + 1);
	memcpy(h.bytes, &ehdr, sizeof(ehdr));
	return h.bytes;
}
