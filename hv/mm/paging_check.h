/* SPDX-License-Identifier: MIT */
/* Panics if our page tables say what they must not. */
#ifndef PW_HV_MM_PAGING_CHECK_H
#define PW_HV_MM_PAGING_CHECK_H

void paging_check(void);

#endif
