/* SPDX-License-Identifier: MIT */
/* The hypervisor's, but for where its image is: metal.c says. */
#ifndef PW_TESTS_METAL_LAYOUT_H
#define PW_TESTS_METAL_LAYOUT_H

#define image_address image_address_by_link
#include_next "hv/mm/layout.h"
#undef image_address

uint64_t image_address(const void *p);

#endif
