/* SPDX-License-Identifier: MIT */
/*
 * What the guest library needs from the world. Linked to a simulated machine
 * these are functions; on metal the include path holds a guest_port_inline.h
 * with inlines of the same names, so that a load is a load.
 *
 * Every function gets the guest's context: many guests live in one process,
 * and the library has no static data.
 *
 * An access through a virtual address obeys the page tables, as the CPU does.
 * One that faults does not return here, unless the world repairs the fault
 * and repeats it.
 */
#ifndef PAGEWARDEN_PORT_H
#define PAGEWARDEN_PORT_H

#if defined(__has_include)
#if __has_include(<guest_port_inline.h>)
#define GUEST_PORT_INLINE
#endif
#endif

#ifdef GUEST_PORT_INLINE
#include <guest_port_inline.h>
#else

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "abi/addr.h"

#ifdef __cplusplus
extern "C" {
#endif

struct guest;

/* One aligned load of 4 bytes. */
uint32_t guest_port_load32(struct guest *g, vaddr_t from);
/* Of 8 bytes. */
uint64_t guest_port_load64(struct guest *g, vaddr_t from);
/* One aligned store of 4 bytes. */
void guest_port_store32(struct guest *g, vaddr_t to, uint32_t value);
/* Of 8 bytes. */
void guest_port_store64(struct guest *g, vaddr_t to, uint64_t value);

/*
 * Reads nr bytes, a multiple of 4, from a virtual address to a C object of the
 * library (no address of the simulated machine). Neither end crosses a page
 * more than once for each 4096 bytes.
 */
void guest_port_read(struct guest *g, void *to, vaddr_t from, size_t nr);
/* Writes nr bytes, as guest_port_read. */
void guest_port_write(struct guest *g, vaddr_t to, const void *from, size_t nr);

/* One page, page-aligned: all zero. */
void guest_port_clear_page(struct guest *g, vaddr_t page);
/* One page to another, both page-aligned. */
void guest_port_copy_page(struct guest *g, vaddr_t to, vaddr_t from);

/*
 * The machine-to-physical table: true, with the pfn in *ret, if the mfn is
 * below the table's end and its entry can be read (the table may have holes
 * where the machine has no memory). What the entry says need not be a pfn of
 * this guest; the caller compares it with the P2M.
 */
bool guest_port_m2p(struct guest *g, mfn_t frame, pfn_t *ret);

/*
 * A hypercall: xen.h's number and arguments; returns what the hypervisor does.
 * Pointers among the arguments, and in what they point to, are to C objects
 * of the library: host addresses in a simulator, guest addresses on metal.
 */
int64_t guest_port_call(struct guest *g, unsigned int nr, uint64_t a1,
			uint64_t a2, uint64_t a3, uint64_t a4);

/*
 * The request of this number (from 0) has been put into the batch: for worlds
 * that want to know who queued what. Most do not.
 */
void guest_port_queued(struct guest *g, unsigned int request);

/* Without a hypervisor only: INVLPG. */
void guest_port_invlpg(struct guest *g, vaddr_t va);
/* MOV to CR3, without a hypervisor only; drops all but global entries. */
void guest_port_write_cr3(struct guest *g, maddr_t root);

/* One line, without its newline. */
void guest_port_log(struct guest *g, const char *line);

#ifdef __cplusplus
}
#endif

#endif
#endif
