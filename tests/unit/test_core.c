/* SPDX-License-Identifier: MIT */
/*
 * The core file of a domain: what a reader finds who knows ELF and page tables,
 * and nothing of machine frames; and that memory that lies is not believed.
 */
#define _GNU_SOURCE /* memfd_create */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <elf.h>
#include <sys/mman.h>
#include <unistd.h>

#include "cli/core/core.h"
#include "tests/unit/support/machine.h"

#include <sys/procfs.h> /* it knows a PAGE_SIZE, too */

#define NOTE "OSRELEASE=6.1.0-test\nPAGESIZE=4096\n"
#define RIP UINT64_C(0xffffffff81234567)

struct written {
	int fd;
	struct core_result result;
	bool good;
	Elf64_Ehdr ehdr;
	uint64_t nr; /* program headers */
};

static uint64_t pfn_of(const struct machine *m, unsigned int frame)
{
	return m->m2p[dom_frame(frame).v];
}

/* The machine's memory as QEMU's file, dumped. */
static struct written dump(struct machine *m, const cJSON *registers)
{
	const uint64_t size = MACHINE_FRAMES * PAGE_SIZE;
	const struct why_machine view = {
		.ram = m->mmu.ram,
		.size = size,
		.below_4g = size,
		.frames = m->frames,
		.nr_frames = MACHINE_FRAMES,
		.m2p = m->m2p,
		.tag = TEST_TAG,
	};
	const struct why_kernel kernel = {.image = NULL};
	struct core_source source = {
		.machine = &view,
		.memory = memfd_create("ram", MFD_CLOEXEC),
		.kernel = &kernel,
		.registers = registers,
		.low = true,
	};
	struct written w = {.fd = memfd_create("core", MFD_CLOEXEC)};
	Elf64_Shdr section;

	assert_int_equal(pwrite(source.memory, m->mmu.ram, size, 0),
			 (ssize_t)size);
	w.good = core_write(w.fd, &source, &w.result);
	close(source.memory);
	if (w.good) {
		assert_int_equal(pread(w.fd, &w.ehdr, sizeof(w.ehdr), 0),
				 sizeof(w.ehdr));
		w.nr = w.ehdr.e_phnum;
	}
	if (w.nr == PN_XNUM) {
		assert_int_equal(pread(w.fd, &section, sizeof(section),
				       (off_t)w.ehdr.e_shoff),
				 sizeof(section));
		w.nr = section.sh_info;
	}
	return w;
}

static cJSON *registers_of(const struct machine *m)
{
	cJSON *list = cJSON_CreateArray();
	cJSON *event = cJSON_CreateObject();
	cJSON *values = cJSON_CreateArray();
	char text[32];

	(void)m;
	for (unsigned int i = 0; i < 27; i++) {
		snprintf(text, sizeof(text), "0x%llx",
			 (unsigned long long)(i == 16 ? RIP : i));
		cJSON_AddItemToArray(values, cJSON_CreateString(text));
	}
	snprintf(text, sizeof(text), "0x%llx",
		 (unsigned long long)dom_frame(L4_FRAME).v);
	cJSON_AddNumberToObject(event, "vcpu", 0);
	cJSON_AddItemToObject(event, "values", values);
	cJSON_AddStringToObject(event, "root", text);
	cJSON_AddItemToArray(list, event);
	return list;
}

static Elf64_Phdr header(const struct written *w, uint64_t i)
{
	Elf64_Phdr p;

	assert_int_equal(pread(w->fd, &p, sizeof(p),
			       (off_t)(w->ehdr.e_phoff + i * sizeof(p))),
			 sizeof(p));
	return p;
}

/* Through the headers, by the kernel's address or by the frame's. */
static bool reads(const struct written *w, bool physical, uint64_t address,
		  uint64_t *ret)
{
	for (uint64_t i = 0; i < w->nr; i++) {
		const Elf64_Phdr p = header(w, i);
		const uint64_t first = physical ? p.p_paddr : p.p_vaddr;

		if (p.p_type == PT_LOAD && address >= first &&
		    address - first < p.p_filesz) {
			return pread(w->fd, ret, sizeof(*ret),
				     (off_t)(p.p_offset + address - first)) ==
			       (ssize_t)sizeof(*ret);
		}
	}
	return false;
}

/* As a CPU would, from a root by its pseudo-physical number. */
static uint64_t walk(const struct written *w, uint64_t root, uint64_t va)
{
	uint64_t e = root << PAGE_SHIFT;

	for (unsigned int level = 4; level > 0; level--) {
		const uint64_t slot = va >> pt_shift(level) & (PT_ENTRIES - 1);

		if (!reads(w, true, (e & PTE_FRAME_MASK) + slot * 8, &e) ||
		    (e & PTE_P) == 0) {
			return UINT64_MAX;
		}
	}
	return (e & PTE_FRAME_MASK) | page_offset(va);
}

static void a_core_is_a_machine_of_its_own(void **state)
{
	struct machine *m = *state;
	const uint64_t word = UINT64_C(0x1122334455667788);
	cJSON *registers = registers_of(m);
	struct written w;
	uint64_t seen = 0;

	memcpy(frame_data(&m->mmu, dom_frame(DATA_FRAME + 2)), &word,
	       sizeof(word));
	w = dump(m, registers);
	assert_true(w.good);
	assert_int_equal(w.ehdr.e_type, ET_CORE);
	/* By the kernel's address, by the frame's, by a walk of its tables. */
	assert_true(reads(&w, false, 2 * PAGE_SIZE, &seen));
	assert_int_equal(seen, word);
	assert_true(reads(&w, true, pfn_of(m, DATA_FRAME + 2) << PAGE_SHIFT,
			  &seen));
	assert_int_equal(seen, word);
	assert_int_equal(walk(&w, pfn_of(m, L4_FRAME), 2 * PAGE_SIZE),
			 pfn_of(m, DATA_FRAME + 2) << PAGE_SHIFT);
	close(w.fd);
	cJSON_Delete(registers);
}

/* The first note of the core, and the second. */
static void notes_are_the_registers_and_the_kernels_own(void **state)
{
	struct machine *m = *state;
	Elf64_Nhdr note = {.n_namesz = 11, .n_descsz = sizeof(NOTE) - 1};
	uint8_t *page = (uint8_t *)frame_data(&m->mmu, dom_frame(DATA_FRAME));
	cJSON *registers = registers_of(m);
	struct elf_prstatus status;
	char text[sizeof(NOTE)] = "";
	struct written w;
	off_t at;

	memcpy(page, &note, sizeof(note));
	memcpy(page + sizeof(note), "VMCOREINFO", 11);
	memcpy(page + sizeof(note) + 12, NOTE, sizeof(NOTE) - 1);
	w = dump(m, registers);
	assert_true(w.good);
	assert_true(w.result.info);
	assert_false(w.result.info_ours);
	assert_int_equal(header(&w, 0).p_type, PT_NOTE);
	at = (off_t)header(&w, 0).p_offset;
	assert_int_equal(pread(w.fd, &status, sizeof(status),
			       at + (off_t)sizeof(note) + 8),
			 sizeof(status));
	assert_int_equal(status.pr_reg[16], RIP);
	at += (off_t)(sizeof(note) + 8 + sizeof(status));
	assert_int_equal(pread(w.fd, text, sizeof(NOTE) - 1,
			       at + (off_t)sizeof(note) + 12),
			 sizeof(NOTE) - 1);
	assert_string_equal(text, NOTE);
	close(w.fd);
	cJSON_Delete(registers);
}

static void a_frame_without_a_place_is_left_out_and_counted(void **state)
{
	struct machine *m = *state;
	cJSON *registers = registers_of(m);
	struct written w;
	uint64_t seen;

	m->m2p[dom_frame(DATA_FRAME).v] = UINT64_MAX;
	/* Two that say they are the same. */
	m->m2p[dom_frame(DATA_FRAME + 3).v] = pfn_of(m, DATA_FRAME + 2);
	w = dump(m, registers);
	assert_true(w.good);
	assert_int_equal(w.result.unplaced, 2);
	/* Its entry leads nowhere, instead of to another's frame. */
	assert_int_equal(walk(&w, pfn_of(m, L4_FRAME), 0), UINT64_MAX);
	assert_false(reads(&w, false, 0, &seen) && seen != 0);
	close(w.fd);
	cJSON_Delete(registers);
}

/* One L1 at all places of an L2, with two frames in turn. */
static void more_ranges_than_16_bits_count(void **state)
{
	struct machine *m = *state;
	cJSON *registers = registers_of(m);
	struct written w;

	for (unsigned int i = 0; i < PT_ENTRIES; i++) {
		raw_entry(m, dom_frame(L1_FRAME), i,
			  pte_make(dom_frame(DATA_FRAME + i % 2 * 4), PTE_P));
		raw_entry(m, dom_frame(L2_FRAME), i,
			  pte_make(dom_frame(L1_FRAME), PTE_P));
	}
	w = dump(m, registers);
	assert_true(w.good);
	assert_true(w.result.mappings >= PT_ENTRIES * PT_ENTRIES);
	assert_true(w.nr > w.result.mappings);
	assert_int_equal(w.ehdr.e_phnum, PN_XNUM);
	assert_int_equal(header(&w, w.nr - 1).p_type, PT_LOAD);
	close(w.fd);
	cJSON_Delete(registers);
}

/* All tables are one another, in all places: that has an end. */
static void tables_that_go_round_have_an_end(void **state)
{
	struct machine *m = *state;
	cJSON *registers = registers_of(m);
	struct written w;

	for (unsigned int i = 0; i < PT_ENTRIES; i++) {
		raw_entry(m, dom_frame(L4_FRAME), i,
			  pte_make(dom_frame(i % 2 == 0 ? L4_FRAME : L3_FRAME),
				   PTE_P));
		raw_entry(m, dom_frame(L3_FRAME), i,
			  pte_make(dom_frame(i % 2 == 0 ? L4_FRAME : L3_FRAME),
				   PTE_P));
	}
	w = dump(m, registers);
	assert_true(w.good);
	assert_true(w.result.cut);
	close(w.fd);
	cJSON_Delete(registers);
}

static void memory_that_lies_is_not_believed(void **state)
{
	struct machine *m = *state;
	cJSON *registers = registers_of(m);

	for (unsigned int seed = 1; seed < 60; seed++) {
		uint64_t *word = (uint64_t *)m->mmu.ram;
		struct written w;

		srandom(seed);
		for (uint64_t i = 0; i < MACHINE_FRAMES; i++) {
			m->m2p[i] = random() % 3 == 0
					    ? (uint64_t)random() << 33
					    : (uint64_t)random() % 400;
			m->frames[i].owner = (uint16_t)(random() % 3);
			m->frames[i].type = (uint8_t)(random() % 8);
		}
		for (uint64_t i = 0; i < MACHINE_FRAMES * PT_ENTRIES; i++) {
			/* Few are present, so that it comes to an end. */
			word[i] = random() % 200 != 0
					  ? 0
					  : ((uint64_t)random() % 256)
							    << PAGE_SHIFT |
						    1;
		}
		w = dump(m, registers);
		assert_true(w.good || w.result.error[0] != '\0');
		close(w.fd);
	}
	cJSON_Delete(registers);
}

#define BASE_32 UINT64_C(0xc0000000)
#define EIP_32 UINT64_C(0xc0123456)

/* What a 32-bit file has there, by the address that the kernel has for it. */
static bool reads_32(const struct written *w, uint64_t address, uint64_t *ret,
		     Elf32_Phdr *ret_note)
{
	Elf32_Phdr p;
	Elf32_Ehdr e;

	assert_int_equal(pread(w->fd, &e, sizeof(e), 0), sizeof(e));
	for (unsigned int i = 0; i < e.e_phnum; i++) {
		assert_int_equal(pread(w->fd, &p, sizeof(p),
				       (off_t)(e.e_phoff + i * sizeof(p))),
				 sizeof(p));
		if (p.p_type == PT_NOTE) {
			*ret_note = p;
		} else if (address >= p.p_vaddr &&
			   address - p.p_vaddr < p.p_filesz) {
			return pread(w->fd, ret, sizeof(*ret),
				     (off_t)(p.p_offset + address -
					     p.p_vaddr)) == sizeof(*ret);
		}
	}
	return false;
}

/* The machine's root, and the kernel's EIP. */
static cJSON *registers_32(void)
{
	cJSON *list = registers_of(NULL);
	cJSON *event = cJSON_GetArrayItem(list, 0);
	char text[32];

	snprintf(text, sizeof(text), "0x%llx",
		 (unsigned long long)dom_frame(L3_FRAME).v);
	cJSON_ReplaceItemInObject(event, "root", cJSON_CreateString(text));
	snprintf(text, sizeof(text), "0x%llx", (unsigned long long)EIP_32);
	cJSON_ReplaceItemInArray(cJSON_GetObjectItem(event, "values"), 16,
				 cJSON_CreateString(text));
	return list;
}

/* The kernel's page is in its last gigabyte, as such a kernel has it. */
static void a_32_bit_core_is_one(void **state)
{
	struct machine *m = *state;
	const uint64_t word = UINT64_C(0x1122334455667788);
	const mfn_t page = dom_frame(DATA_FRAME + 2);
	const uint64_t l3 = pfn_of(m, L3_FRAME) << PAGE_SHIFT;
	cJSON *registers = registers_32();
	uint32_t reg[36] = {0};
	Elf32_Phdr note = {0};
	struct written w;
	uint64_t seen = 0;
	Elf32_Ehdr e;

	memcpy(frame_data(&m->mmu, page), &word, sizeof(word));
	raw_entry(m, pte_mfn(frame_ptes(&m->mmu, dom_frame(L3_FRAME))[3]), 0,
		  pte_make(dom_frame(L1_FRAME), PTE_P));
	w = dump(m, registers);
	assert_true(w.good);
	assert_int_equal(pread(w.fd, &e, sizeof(e), 0), sizeof(e));
	assert_int_equal(e.e_ident[EI_CLASS], ELFCLASS32);
	assert_int_equal(e.e_machine, EM_386);
	assert_int_equal(e.e_type, ET_CORE);
	assert_true(reads_32(&w, BASE_32 + 2 * PAGE_SIZE, &seen, &note));
	assert_int_equal(seen, word);
	/* Its registers: eip is the thirteenth, behind 72 bytes. */
	assert_int_equal(pread(w.fd, reg, sizeof(reg),
			       (off_t)(note.p_offset + sizeof(Elf32_Nhdr) + 8)),
			 sizeof(reg));
	assert_int_equal(reg[18 + 12], EIP_32);
	/* A bare CPU would not load an entry of its root with these. */
	assert_int_equal(pread(w.fd, &seen, sizeof(seen),
			       lseek(w.fd, 0, SEEK_END) -
				       (off_t)(w.result.size) + (off_t)l3),
			 sizeof(seen));
	assert_int_equal(seen & (PTE_P | PTE_RW | PTE_US | PTE_A), PTE_P);
	close(w.fd);
	cJSON_Delete(registers);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_core_is_a_machine_of_its_own,
						space_set_up,
						machine_tear_down),
		cmocka_unit_test_setup_teardown(
			notes_are_the_registers_and_the_kernels_own,
			space_set_up, machine_tear_down),
		cmocka_unit_test_setup_teardown(
			a_frame_without_a_place_is_left_out_and_counted,
			space_set_up, machine_tear_down),
		cmocka_unit_test_setup_teardown(more_ranges_than_16_bits_count,
						space_set_up,
						machine_tear_down),
		cmocka_unit_test_setup_teardown(
			tables_that_go_round_have_an_end, space_set_up,
			machine_tear_down),
		cmocka_unit_test_setup_teardown(a_32_bit_core_is_one,
						pae_set_up, machine_tear_down),
		cmocka_unit_test_setup_teardown(
			memory_that_lies_is_not_believed, space_set_up,
			machine_tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
