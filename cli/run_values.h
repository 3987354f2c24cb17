/* SPDX-License-Identifier: MIT */
/*
 * The arguments of `pagewarden run`'s options that are more than a text: each
 * is put into its field. NULL, or what is wrong with it.
 */
#ifndef PW_CLI_RUN_VALUES_H
#define PW_CLI_RUN_VALUES_H

#include "cli/run_options.h"

const char *run_value_summary(const char *text, struct run_options *o);
const char *run_value_audit(const char *text, struct run_options *o);
const char *run_value_timeout(const char *text, struct run_options *o);
const char *run_value_accel(const char *text, struct run_options *o);
/* The number of a request of the guest's. */
const char *run_value_request(const char *text, uint64_t *ret);
const char *run_value_cpus(const char *text, struct run_options *o);
const char *run_value_log_level(const char *text, struct run_options *o);

#endif
