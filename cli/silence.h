/* SPDX-License-Identifier: MIT */
/* How much has the guest shown on its console? */
#ifndef PW_CLI_SILENCE_H
#define PW_CLI_SILENCE_H

#include <stdbool.h>
#include <stddef.h>

struct silence {
	size_t lines;      /* that the guest has begun */
	size_t column;     /* of the one that is arriving */
	bool hypervisor_s; /* as far as that one is known */
};

/* The console's next bytes, the hypervisor's lines among them. */
void silence_feed(struct silence *silence, const char *data, size_t size);
/*
 * It came to a bad end: if it has said next to nothing, how it can be made to
 * speak.
 */
void silence_hint(const struct silence *silence, const char *cmdline);

#endif
