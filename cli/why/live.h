/* SPDX-License-Identifier: MIT */
/* Reports while a run goes on: of the first refusals, and of a crash. */
#ifndef PW_CLI_WHY_LIVE_H
#define PW_CLI_WHY_LIVE_H

#include "cli/monitor.h"
#include "cli/why/holders.h"
#include "cli/why/kernel.h"
#include "cli/why/machine.h"

struct why_live {
	/* To be set: the unpacked kernel, and the symbols' file or NULL. */
	int kernel_fd;
	size_t kernel_size;
	const char *map_path;
	struct why_machine machine; /* see why_live_share() */
	bool waits;                 /* the hypervisor, after each refusal */
	/* All-zero at first. */
	bool ready; /* the kernel's names have been looked for */
	struct why_kernel kernel;
	void *mapped;
	char *map; /* the symbols' file */
	unsigned int told;
	cJSON *reports; /* what was told, as objects (members.h), or NULL */
	/* Of them, that of what --explain is about: the first event. */
	int subject_report;
	/* Of that event, as it was then. */
	bool has_holders;
	struct holders holders;
	uint64_t seen;
	unsigned int writes_told; /* of writes to tables */
	bool crash_told;
};

/* The machine's RAM, to be read from here; -1: it cannot be. */
void why_live_share(struct why_live *w, int memory, uint64_t size);
/* What has come since the last call is told on stderr. */
/*
 * Returns how many refusals and writes to tables were seen, and the end of a
 * domain that is to be looked at: so many times the hypervisor waits.
 */
unsigned int why_live_update(struct why_live *w, struct monitor *m);
/* The kernel's names, looked for now if they have not been. */
const struct why_kernel *why_live_kernel(struct why_live *w);
/* The refusal, or write to a table, that can be explained further, or NULL. */
const cJSON *why_live_subject(const struct monitor *m);
/* The whole report of it takes the place of the first one; taken over. */
void why_live_explained(struct why_live *w, cJSON *report);
/*
 * The run is over: where the vCPUs of a guest without an end of its own were,
 * and what --lint found, join the reports. Nothing is told here.
 */
void why_live_end(struct why_live *w, const struct monitor *m);
/* The function that sent the first refused request; "": none is known. */
void why_live_asker(struct why_live *w, const struct monitor *m, char *name,
		    size_t size);
void why_live_fini(struct why_live *w);

#endif
