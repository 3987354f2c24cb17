/* SPDX-License-Identifier: MIT */
/*
 * Where each vCPU was: what is asked first of a guest that hangs. The events
 * come from the hypervisor when a run ends by a crash, a halt, or because the
 * command asked; the names of addresses are the kernel's.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "abi/control.h"
#include "cli/place.h"
#include "cli/say.h"

#define NAME 128
#define CALLERS 8

static uint64_t address_of(const char *text)
{
	return strtoull(text, NULL, 16);
}

static void tell_exceptions(const cJSON *place, const struct why_kernel *k)
{
	const cJSON *e;
	char name[NAME];

	cJSON_ArrayForEach(e,
			   cJSON_GetObjectItemCaseSensitive(place,
							    PLACE_EXCEPTIONS))
	{
		uint64_t times = monitor_number(e, EXCEPTION_TIMES, 1);
		uint64_t rip = address_of(monitor_text(e, EXCEPTION_RIP, "0"));

		fprintf(stderr,
			"  given       %s [%04" PRIx64 "] at %s, cr2 %s\n",
			monitor_text(e, EXCEPTION_NAME, "exception"),
			monitor_number(e, EXCEPTION_ERROR, 0),
			symbols_format(&k->symbols, rip, name, sizeof(name)),
			monitor_text(e, EXCEPTION_CR2, "0x0"));
		if (times > 1) {
			fprintf(stderr,
				"              %" PRIu64
				" faults in a row at the same place\n",
				times);
		}
	}
}

static void tell_calls(const cJSON *place)
{
	const cJSON *list =
		cJSON_GetObjectItemCaseSensitive(place, PLACE_CALLS);
	const cJSON *call;
	const char *between = "";

	if (cJSON_GetArraySize(list) == 0) {
		return;
	}
	fputs("  hypercalls  ", stderr);
	cJSON_ArrayForEach(call, list)
	{
		if (cJSON_IsString(call)) {
			fprintf(stderr, "%s%s", between, call->valuestring);
			between = " < ";
		}
	}
	fputc('\n', stderr);
}

static void tell_callers(const cJSON *place, const struct why_kernel *k)
{
	const cJSON *word;
	char name[NAME];
	unsigned int told = 0;

	cJSON_ArrayForEach(word,
			   cJSON_GetObjectItemCaseSensitive(place, PLACE_STACK))
	{
		uint64_t at = cJSON_IsString(word)
				      ? address_of(word->valuestring)
				      : 0;

		if (told < CALLERS && why_is_return(k, at)) {
			fprintf(stderr, "%s%s",
				told++ == 0 ? "  called by   " : " < ",
				symbols_format(&k->symbols, at, name,
					       sizeof(name)));
		}
	}
	if (told != 0) {
		fputc('\n', stderr);
	}
}

static bool flag(const cJSON *place, const char *name)
{
	return cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(place, name));
}

static void tell_place(const cJSON *place, const struct why_kernel *k)
{
	const char *rip = monitor_text(place, PLACE_RIP, NULL);
	char name[NAME];

	fprintf(stderr, "vcpu %" PRIu64 ": %s, %s mode",
		monitor_number(place, PLACE_VCPU, 0),
		monitor_text(place, PLACE_STATE, "?"),
		monitor_text(place, PLACE_MODE, "?"));
	if (rip != NULL) {
		fprintf(stderr, ", at %s",
			symbols_format(&k->symbols, address_of(rip), name,
				       sizeof(name)));
	}
	fprintf(stderr, "; events %s, %s\n",
		flag(place, PLACE_PENDING) ? "pending" : "not pending",
		flag(place, PLACE_MASKED) ? "masked" : "not masked");
	tell_callers(place, k);
	tell_exceptions(place, k);
	tell_calls(place);
}

void places_tell(const struct monitor *m, const struct why_kernel *k)
{
	const cJSON *place;

	cJSON_ArrayForEach(place, m->places)
	{
		say_console_mid_line(false);
		tell_place(place, k);
	}
}
