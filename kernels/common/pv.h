/* SPDX-License-Identifier: MIT */
/*
 * What kernels that try the hypervisor's services share: results, the few
 * addresses of the start of day, and the calls.
 */
#ifndef PW_KERNELS_PV_H
#define PW_KERNELS_PV_H

#include "abi/pte.h"
#include "kernels/common/expect.h"
#include "kernels/common/kernel.h"

struct pv {
	const struct start_info *start;
	const xen_pfn_t *p2m;
	pte_t *root; /* mapped read-only */
	uint64_t virt_base;
	struct shared_info *shared;
};

/* Maps shared info; crashes the domain if it cannot. */
void pv_find(struct pv *s, uint64_t start_info);
/* The same, and takes traps. */
void pv_start(struct pv *s, uint64_t start_info);

uint64_t mfn_at(const struct pv *s, const void *address);
void *va_of(const struct pv *s, uint64_t frame);
/* The L1 entry that maps an address, as it is seen: read-only. */
volatile uint64_t *entry_of(const struct pv *s, const void *address);
/* The frame of the L1 table that maps an address. */
uint64_t entry_frame(const struct pv *s, const void *address);
/* Maps a page again: any entry. */
int64_t map_page(const void *page, uint64_t entry);

int64_t event_op(unsigned int cmd, void *op);
int64_t vcpu_op(unsigned int cmd, void *op);
int64_t sched_op(unsigned int cmd, void *op);
/* A list of one. */
int64_t grant_op(unsigned int cmd, void *op);

/* The domain's. */
domid_t own_number(void);
/* XENMEM_increase_ and decrease_reservation of single frames: how many. */
int64_t reservation_op(unsigned int cmd, xen_pfn_t *frames, unsigned int nr);

#define MAP_RW (PTE_P | PTE_RW | PTE_US | PTE_A | PTE_D)
#define MAP_RO (PTE_P | PTE_US | PTE_A | PTE_D)

/* clock.c: nanoseconds, by the clock that the guest is given. */
uint64_t now(const struct pv *s);
/* By a vCPU's own numbers, on the CPU that it has. */
uint64_t now_by(const volatile struct vcpu_time_info *t);

bool is_pending(const struct pv *s, evtchn_port_t port);
void clear_pending(const struct pv *s, evtchn_port_t port);

#endif
