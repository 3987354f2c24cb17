/* SPDX-License-Identifier: MIT */
/*
 * Arguments that are words of a short list, or numbers within bounds: what is
 * wrong with one is said as the end of a sentence that begins with it.
 */
#include "cli/run_values.h"

#include <string.h>

static const char *const log_levels[] = {"error", "warn", "info", "debug"};

const char *run_value_summary(const char *text, struct run_options *o)
{
	o->json = strcmp(text, "json") == 0;
	o->tap = strcmp(text, "tap") == 0;
	return o->json || o->tap || strcmp(text, "text") == 0
		       ? NULL
		       : "is not text, json or tap";
}

const char *run_value_audit(const char *text, struct run_options *o)
{
	if (strcmp(text, "exit") == 0) {
		o->audit = RUN_AUDIT_EXIT;
	} else if (strcmp(text, "off") == 0) {
		o->audit = RUN_AUDIT_OFF;
	} else if (strncmp(text, "every:", 6) == 0 &&
		   parse_count(text + 6, UINT32_MAX, &o->audit_every)) {
		o->audit = RUN_AUDIT_EVERY;
	} else {
		return "is not exit, every:N (N from 1 to 4294967295) or off";
	}
	return NULL;
}

const char *run_value_timeout(const char *text, struct run_options *o)
{
	uint64_t seconds = 0;

	if (strcmp(text, "0") != 0 &&
	    !parse_count(text, RUN_TIMEOUT_MAX, &seconds)) {
		return "is no number of seconds from 1 to 31536000, and not 0";
	}
	o->timeout = (unsigned int)seconds;
	return NULL;
}

const char *run_value_accel(const char *text, struct run_options *o)
{
	static const char *const names[] = {
		[RUN_ACCEL_TCG] = "tcg",
		[RUN_ACCEL_KVM] = "kvm",
		[RUN_ACCEL_AUTO] = "auto",
	};

	for (unsigned int i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (strcmp(text, names[i]) == 0) {
			o->accel = (enum run_accel)i;
			return NULL;
		}
	}
	return "is not tcg, kvm or auto";
}

const char *run_value_request(const char *text, uint64_t *ret)
{
	return parse_count(text, UINT64_C(1) << 53, ret)
		       ? NULL
		       : "is no number of a request";
}

const char *run_value_cpus(const char *text, struct run_options *o)
{
	uint64_t nr;

	if (!parse_count(text, RUN_CPUS_MAX, &nr)) {
		return "is no number of CPUs from 1 to 8";
	}
	o->cpus = (unsigned int)nr;
	return NULL;
}

const char *run_value_log_level(const char *text, struct run_options *o)
{
	for (size_t i = 0; i < sizeof(log_levels) / sizeof(*log_levels); i++) {
		if (strcmp(text, log_levels[i]) == 0) {
			o->log_level = log_levels[i];
			return NULL;
		}
	}
	return "is not error, warn, info or debug";
}
