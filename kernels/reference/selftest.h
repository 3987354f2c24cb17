/* SPDX-License-Identifier: MIT */
/*
 * Between the files of the self-tests: one function a subject, and the
 * hypervisor's eyes, which share nothing with the library but the direct map.
 *
 * Sentences are the same under every hypervisor; what differs between two
 * (addresses, counts) goes into lines that begin with "#".
 */
#ifndef PW_KERNELS_REFERENCE_SELFTEST_H
#define PW_KERNELS_REFERENCE_SELFTEST_H

#include "kernels/reference/reference.h"

#define FLAGS_RO (PTE_P | PTE_A | PTE_D)
#define FLAGS_RW (FLAGS_RO | PTE_RW)
#define TABLE_FLAGS (PTE_P | PTE_RW | PTE_US | PTE_A)
/* An entry without what the CPU or the hypervisor may add: US, A, D, G. */
#define ENTRY_MASK (PTE_FRAME_MASK | PTE_P | PTE_RW | PTE_NX)

#define ERROR_WRITE_PRESENT 3 /* #PF: a write, to what is present */
#define VECTOR_PAGE_FAULT 14

/*
 * test_eyes.c. The M2P's word on a machine frame; INVALID_FRAME if it has
 * none.
 */
uint64_t m2p(mfn_t frame);
/* The entry of a level that translates an address; 0 if the walk ends above. */
uint64_t walk(struct kernel *k, pfn_t root, uint64_t va, unsigned int level);
/* The table of a level on the way; PFN_INVALID. */
pfn_t walk_table(struct kernel *k, pfn_t root, uint64_t va, unsigned int level);
/* Both from the root in use: the L1 entry, masked with ENTRY_MASK. */
uint64_t walk_leaf(struct kernel *k, uint64_t va);

/* The requests of ask.c, for what the library knows. */
int64_t ask_entry(struct kernel *k, pfn_t table, unsigned int index,
		  uint64_t entry);
/* Maps one frame where the direct map has another. */
int64_t ask_direct(struct kernel *k, pfn_t at, pfn_t shown, uint64_t flags);
/*
 * Can the frame be mapped writable? 0 if so (and it is no longer mapped then),
 * -XEN_EBUSY for one that is of a table's type.
 */
int64_t try_writable(struct kernel *k, pfn_t frame);
/* A write through the direct map: true if it faults as it should. */
bool write_faults(struct kernel *k, pfn_t frame);
bool write_faults_at(uint64_t va);
/* P2M, M2P and direct map of a frame say the same. */
bool frame_sound(struct kernel *k, pfn_t frame);

/* Tables for an address that are empty: unhooked and freed. */
void drop_tables(struct kernel *k, uint64_t va);
/* How many frames the allocator has. */
uint64_t nr_free(struct kernel *k);
/* A guest to be thrown away; is the text in the last refusal's message? */
extern struct guest scratch_guest;
bool says(const struct guest *g, const char *text);
/* One number for all that the P2M says. */
uint64_t p2m_digest(struct kernel *k);

/* test_*.c, in this order. */
void test_boot(struct kernel *k);
void test_start(struct kernel *k);
void test_memblock(struct kernel *k);
void test_e820(struct kernel *k);
void test_room(struct kernel *k);
void test_p2m(struct kernel *k);
void test_p2m_build(struct kernel *k);
void test_lookup(struct kernel *k);
void test_entry(struct kernel *k);
void test_protect(struct kernel *k);
void test_table(struct kernel *k);
void test_hook(struct kernel *k);
void test_map(struct kernel *k);
void test_space(struct kernel *k);
void test_batch(struct kernel *k);
void test_frames(struct kernel *k);
void test_exchange(struct kernel *k);
void test_tlb(struct kernel *k);
void test_write(struct kernel *k);
void test_pin(struct kernel *k);
void test_refusals(struct kernel *k);
/* Before the builder's P2M is dropped; the first for test_boot. */
void note_builders(struct kernel *k);
void test_teardown(struct kernel *k);

#endif
