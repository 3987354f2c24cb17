/* SPDX-License-Identifier: MIT */
/* The hypervisor's command line. Whatever is wrong with it is a panic. */
#ifndef PW_HV_BOOT_OPTIONS_H
#define PW_HV_BOOT_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "hv/domain/domain.h"

struct boot_info;

/* Zeroed at first. What concerns one part of the hypervisor goes there. */
struct options {
	struct domain_config domain[DOMAINS];
	unsigned int nr_domains;
	bool named;           /* `domain=` was given */
	unsigned int cpus;    /* of the machine that are used; 0: one */
	unsigned int console; /* the domain that has the terminal */
	bool console_named;
	char console_name[DOMAIN_NAME];
};

void options_parse(struct options *o, const char *text);
/* Gives the loader's modules to the domains, in order. */
void options_modules(struct options *o, const struct boot_info *boot);
/* Of all domains together, as far as they are said. */
uint64_t options_pages(const struct options *o);

#endif
