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

/* A file whose places have 32 bits has no more frames than this. */
#define FRAMES_32 UINT64_C(0xf0000)

/* Of the values that the hypervisor tells, those of Linux's elf_gregset_t. */
static const uint8_t greg_32[] = {5,  11, 12, 13, 14, 4,  10, 23, 24,
				  25, 26, 15, 16, 17, 18, 19, 20};
#define GREGS_32 sizeof(greg_32)
#define VALUES_MAX ELF_NGREG

/* Linux's struct elf_prstatus of 32 bits. */
struct prstatus_32 {
	uint32_t signal[3];
	uint16_t current;
	uint16_t unused;
	uint32_t pending;
	uint32_t held;
	uint32_t pid;
	uint32_t ids[3];
	uint32_t times[8];
	uint32_t reg[GREGS_32];
	uint32_t fpvalid;
};
_Static_assert(sizeof(struct prstatus_32) == 144, "as Linux has it");

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

/* A 32-bit domain's file is one of that class, if it can be. */
static bool is_class_32(const struct core_view *v)
{
	return v->narrow && v->frames->nr_pfns <= FRAMES_32;
}

static uint64_t phdr_size(const struct core_view *v)
{
	return is_class_32(v) ? sizeof(Elf32_Phdr) : sizeof(Elf64_Phdr);
}

static uint64_t ehdr_size(const struct core_view *v)
{
	return is_class_32(v) ? sizeof(Elf32_Ehdr) : sizeof(Elf64_Ehdr);
}

static uint64_t headers_size(const struct core_view *v)
{
	return ehdr_size(v) + (v->nr + 1) * phdr_size(v) + sizeof(Elf64_Shdr);
}

static size_t status_size(const struct core_view *v)
{
	return v->narrow ? sizeof(struct prstatus_32)
			 : sizeof(struct elf_prstatus);
}

uint64_t core_head_size(const struct core_view *v, unsigned int vcpus)
{
	return round_up(headers_size(v) + vcpus * note_size(5, status_size(v)) +
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

static void add_status_32(struct head *h, uint32_t id, const uint64_t *value)
{
	struct prstatus_32 s = {.pid = id};

	for (unsigned int i = 0; i < GREGS_32; i++) {
		s.reg[i] = (uint32_t)value[greg_32[i]];
	}
	add_note(h, "CORE", NT_PRSTATUS, &s, sizeof(s));
}

static void add_status(struct head *h, const cJSON *event, bool narrow)
{
	const cJSON *list =
		cJSON_GetObjectItemCaseSensitive(event, REGISTERS_VALUES);
	struct elf_prstatus s = {
		.pr_pid = (int)monitor_number(event, REGISTERS_VCPU, 0) + 1,
	};
	uint64_t values[VALUES_MAX] = {0};
	const cJSON *value;
	unsigned int i = 0;

	cJSON_ArrayForEach(value, list)
	{
		if (i < VALUES_MAX && cJSON_IsString(value)) {
			values[i++] = strtoull(value->valuestring, NULL, 16);
		}
	}
	if (narrow) {
		add_status_32(h, (uint32_t)s.pr_pid, values);
		return;
	}
	memcpy(s.pr_reg, values, sizeof(s.pr_reg));
	add_note(h, "CORE", NT_PRSTATUS, &s, sizeof(s));
}

static Elf64_Phdr load_of(const struct core_run *r, uint64_t data)
{
	return (Elf64_Phdr){
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

/* The i-th program header, in its place. */
static void put_phdr(struct head *h, const struct core_view *v, size_t i,
		     const Elf64_Phdr *p)
{
	uint8_t *to = h->bytes + ehdr_size(v) + i * phdr_size(v);
	const Elf32_Phdr narrow = {
		.p_type = p->p_type,
		.p_offset = (Elf32_Off)p->p_offset,
		.p_vaddr = (Elf32_Addr)p->p_vaddr,
		.p_paddr = (Elf32_Addr)p->p_paddr,
		.p_filesz = (Elf32_Word)p->p_filesz,
		.p_memsz = (Elf32_Word)p->p_memsz,
		.p_flags = p->p_flags,
		.p_align = (Elf32_Word)p->p_align,
	};

	if (is_class_32(v)) {
		memcpy(to, &narrow, sizeof(narrow));
	} else {
		memcpy(to, p, sizeof(*p));
	}
}

/* Where its sections' headers would be, if they are needed to count. */
static uint64_t section_place(const struct core_view *v)
{
	return v->nr + 1 < MANY ? 0 : ehdr_size(v) + (v->nr + 1) * phdr_size(v);
}

/* The file's header, of either class. */
#define EHDR(bits, v, nr)                                                 \
	((Elf##bits##_Ehdr){                                              \
		.e_ident = {ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3,           \
			    ELFCLASS##bits, ELFDATA2LSB, EV_CURRENT},     \
		.e_type = ET_CORE,                                        \
		.e_machine = (v)->narrow ? EM_386 : EM_X86_64,            \
		.e_version = EV_CURRENT,                                  \
		.e_phoff = sizeof(Elf##bits##_Ehdr),                      \
		.e_shoff = (Elf##bits##_Off)section_place(v),             \
		.e_ehsize = sizeof(Elf##bits##_Ehdr),                     \
		.e_phentsize = sizeof(Elf##bits##_Phdr),                  \
		.e_phnum = (Elf##bits##_Half)((nr) < MANY ? (nr) : MANY), \
		.e_shentsize = sizeof(Elf##bits##_Shdr),                  \
		.e_shnum = (nr) < MANY ? 0 : 1,                           \
	})

static void put_ehdr(struct head *h, const struct core_view *v)
{
	const size_t nr = v->nr + 1;
	const Elf32_Ehdr narrow = EHDR(32, v, nr);
	const Elf64_Ehdr wide = EHDR(64, v, nr);

	if (is_class_32(v)) {
		memcpy(h->bytes, &narrow, sizeof(narrow));
	} else {
		memcpy(h->bytes, &wide, sizeof(wide));
	}
}

/* Into the place before the notes. */
static void put_section(struct head *h, const struct core_view *v)
{
	const Elf64_Shdr wide = {.sh_info = (Elf64_Word)(v->nr + 1)};
	const Elf32_Shdr narrow = {.sh_info = (Elf32_Word)(v->nr + 1)};

	if (section_place(v) == 0) {
		return;
	}
	if (is_class_32(v)) {
		memcpy(h->bytes + section_place(v), &narrow, sizeof(narrow));
	} else {
		memcpy(h->bytes + section_place(v), &wide, sizeof(wide));
	}
}

static void put_headers(struct head *h, const struct core_view *v,
			uint64_t data)
{
	Elf64_Phdr p = {
		.p_type = PT_NOTE,
		.p_offset = headers_size(v),
		.p_filesz = h->used - headers_size(v),
		.p_align = 4,
	};

	put_phdr(h, v, 0, &p);
	for (size_t i = 0; i < v->nr; i++) {
		p = load_of(&v->run[i], data);
		put_phdr(h, v, i + 1, &p);
	}
	put_section(h, v);
	put_ehdr(h, v);
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
	const cJSON *event;

	if (h.bytes == NULL) {
		return NULL;
	}
	cJSON_ArrayForEach(event, registers)
	{
		add_status(&h, event, v->narrow);
	}
	if (info->size != 0) {
		add_note(&h, "VMCOREINFO", 0, info->text, info->size);
	}
	put_headers(&h, v, size);
	return h.bytes;
}
