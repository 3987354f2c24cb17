/* SPDX-License-Identifier: MIT */
/* Between the files of this kernel. */
#ifndef PW_KERNELS_SERVICES_H
#define PW_KERNELS_SERVICES_H

#include "kernels/common/pv.h"

/* Times that the event callback has been entered; each masks events again. */
extern volatile uint64_t event_count;

void check_events(const struct pv *s);
void check_time(const struct pv *s);
/* The domain ends by its watchdog, within a second or two. */
_Noreturn void wait_for_watchdog(void);
void check_instructions(const struct pv *s);
void check_page_table_writes(const struct pv *s);
/* After those: direct writes are assisted. */
void check_faults(const struct pv *s);
/* Much output at once, then a while for whoever reads it. */
_Noreturn void flood(const struct pv *s);
/* A request of some seconds, while somebody types. */
_Noreturn void typed_during_a_request(const struct pv *s);
void check_memory(const struct pv *s);
void check_grants(const struct pv *s);
void check_rings(const struct pv *s);
void check_version(void);

#endif
