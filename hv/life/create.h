/* SPDX-License-Identifier: MIT */
/* Making domains, at boot and again. */
#ifndef PW_HV_LIFE_CREATE_H
#define PW_HV_LIFE_CREATE_H

#include <stdbool.h>

struct build_error;
struct domain;
struct domain_config;

/* What the hypervisor keeps of it: its place, its vCPUs. Panics if it cannot.
 */
struct domain *domain_new(const struct domain_config *config);
/* Its memory and first state; at boot, whole, or a panic. It does not run. */
void domain_make(struct domain *d);
/* All are made: it runs from here on. */
void domain_begin(struct domain *d);

/*
 * The same again, for one that has ended and was forgotten, step by step: each
 * is short. False: another is being made meanwhile; ask again later.
 */
bool domain_may_be_made(const struct domain *d);
/* 0, or it cannot be made, and has nothing. */
int domain_make_again(struct domain *d, struct build_error *e);
/* True: it is whole. */
bool domain_make_some(struct domain *d);

#endif
