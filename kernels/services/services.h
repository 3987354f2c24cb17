/* SPDX-License-Identifier: MIT */
/* Between the files of this kernel. */
#ifndef PW_KERNELS_SERVICES_H
#define PW_KERNELS_SERVICES_H

#include "abi/pte.h"
#include "kernels/common/kernel.h"

/* One line of TAP: the result of something, and what it should be. */
void expect(const char *what, int64_t got, int64_t want);
/* The same for a condition. */
void expect_true(const char *what, bool got);

struct services {
	const struct start_info *start;
	const uint64_t *p2m;
	pte_t *l4; /* mapped read-only */
	uint64_t virt_base;
	struct shared_info *shared;
};

uint64_t mfn_at(const struct services *s, const void *address);
void *va_of(const struct services *s, uint64_t frame);
/* The L1 entry that maps an address, as it is seen: read-only. */
volatile uint64_t *entry_of(const struct services *s, const void *address);
/* Maps a page again: any entry. */
int64_t map_page(const void *page, uint64_t entry);

int64_t event_op(unsigned int cmd, void *op);
int64_t vcpu_op(unsigned int cmd, void *op);
int64_t sched_op(unsigned int cmd, void *op);
/* Times that the event callback has been entered; each masks events again. */
extern volatile uint64_t event_count;

#define MAP_RW (PTE_P | PTE_RW | PTE_US | PTE_A | PTE_D)
#define MAP_RO (PTE_P | PTE_US | PTE_A | PTE_D)

/* Nanoseconds, by the clock that the guest is given. */
uint64_t now(const struct services *s);
bool is_pending(const struct services *s, evtchn_port_t port);
void clear_pending(const struct services *s, evtchn_port_t port);

void check_events(const struct services *s);
void check_time(const struct services *s);
/* The domain ends by its watchdog, within a second or two. */
_Noreturn void wait_for_watchdog(void);
void check_instructions(const struct services *s);
void check_page_table_writes(const struct services *s);
/* After those: direct writes are assisted. */
void check_faults(const struct services *s);
/* Much output at once, then a while for whoever reads it. */
_Noreturn void flood(const struct services *s);
/* A request of some seconds, while somebody types. */
_Noreturn void typed_during_a_request(const struct services *s);
void check_memory(const struct services *s);
void check_grants(const struct services *s);
void check_rings(const struct services *s);
void check_version(void);

#endif
