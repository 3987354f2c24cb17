/* SPDX-License-Identifier: MIT */
/*
 * A refusal is explained when it comes, beside what the guest prints. Names
 * are looked for when the first is wanted: a run without refusals pays nothing
 * for them.
 */
#include "cli/why/live.h"

#include <stdlib.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "abi/control.h"
#include "cli/say.h"
#include "cli/why/callers.h"
#include "cli/why/lint.h"
#include "cli/why/report.h"

#define MAX_TOLD 8
#define REPORT_SIZE 32768
#define MAX_MAP ((size_t)1 << 30)

/* A whole file, or NULL. */
static char *read_file(const char *path, size_t *ret_size)
{
	FILE *f = path == NULL ? NULL : fopen(path, "re");
	char *text = NULL;

	if (f == NULL) {
		return NULL;
	}
	if (fseek(f, 0, SEEK_END) == 0 && ftell(f) > 0 &&
	    (size_t)ftell(f) <= MAX_MAP) {
		*ret_size = (size_t)ftell(f);
		text = malloc(*ret_size);
		rewind(f);
		if (text != NULL && fread(text, 1, *ret_size, f) != *ret_size) {
			free(text);
			text = NULL;
		}
	}
	fclose(f);
	return text;
}

static void prepare(struct why_live *w)
{
	size_t map_size = 0;

	if (w->ready) {
		return;
	}
	w->ready = true;
	w->mapped = mmap(NULL, w->kernel_size, PROT_READ, MAP_PRIVATE,
			 w->kernel_fd, 0);
	if (w->mapped == MAP_FAILED) {
		w->mapped = NULL;
		return;
	}
	w->map = read_file(w->map_path, &map_size);
	why_kernel_init(&w->kernel, w->mapped, w->kernel_size, w->map,
			map_size);
	if (w->map_path != NULL && w->kernel.symbols.nr == 0) {
		say("--symbols %s: neither an ELF with symbols nor a System.map",
		    w->map_path);
	}
}

static void print(const char *text)
{
	say_console_mid_line(false);
	fputs(text, stderr);
}

/* Where things are in memory is told when the guest starts. */
static void locate(struct why_live *w, const struct monitor *m)
{
	if (w->machine.frames == NULL && m->guest_start != NULL) {
		(void)why_machine_locate(
			&w->machine,
			monitor_hex(m->guest_start, GUEST_START_FRAME_TABLE),
			monitor_number(m->guest_start, GUEST_START_FRAMES, 0),
			monitor_hex(m->guest_start, GUEST_START_M2P),
			(uint16_t)monitor_number(m->guest_start,
						 GUEST_START_TAG, 0));
	}
}

const cJSON *why_live_subject(const struct monitor *m)
{
	return cJSON_GetArrayItem(m->refusals, 0);
}

/* Who holds the frame now: later it will be others. */
static void find_holders(struct why_live *w, const cJSON *event)
{
	uint64_t mfn = monitor_hex(event, REFUSAL_MFN);

	if (w->waits && w->machine.frames != NULL) {
		holders_find(&w->machine, mfn, &w->holders);
		w->has_holders = true;
	}
}

static void explain(struct why_live *w, const struct monitor *m,
		    const cJSON *event)
{
	char report[REPORT_SIZE];
	struct text t = text_in(report, sizeof(report));
	struct why_case c = {.event = event};

	prepare(w);
	c.kernel = w->mapped == NULL ? NULL : &w->kernel;
	if (event == why_live_subject(m)) {
		find_holders(w, event);
		c.holders = w->has_holders ? &w->holders : NULL;
	} else if (w->waits && w->machine.frames != NULL) {
		c.machine = &w->machine;
	}
	why_case_tell(&t, &c);
	print(report);
}

static void tell_refusals(struct why_live *w, const struct monitor *m)
{
	const cJSON *event;

	while (w->told < MAX_TOLD &&
	       (event = cJSON_GetArrayItem(m->refusals, (int)w->told)) !=
		       NULL) {
		explain(w, m, event);
		if (++w->told == MAX_TOLD) {
			say("further refusals are counted, not explained");
		}
	}
}

void why_live_share(struct why_live *w, int memory, uint64_t size)
{
	void *ram =
		memory < 0 ? MAP_FAILED
			   : mmap(NULL, size, PROT_READ, MAP_SHARED, memory, 0);

	if (ram != MAP_FAILED) {
		w->machine = (struct why_machine){
			.ram = ram,
			.size = size,
			.below_4g = why_below_4g(size),
		};
	}
}

static void tell_write_fault(struct why_live *w, const cJSON *event)
{
	char report[REPORT_SIZE];
	struct text t = text_in(report, sizeof(report));

	prepare(w);
	why_write_fault(&t, event, w->mapped == NULL ? NULL : &w->kernel,
			w->waits && w->machine.frames != NULL ? &w->machine
							      : NULL);
	print(report);
}

/*
 * A translation may be stale without harm, where a kernel expects it; it is of
 * interest when the guest has died.
 */
static void tell_crash(struct why_live *w, const struct monitor *m)
{
	const int stale = cJSON_GetArraySize(m->stale);
	char report[REPORT_SIZE];
	struct text t = text_in(report, sizeof(report));

	w->crash_told = true;
	prepare(w);
	if (stale != 0) {
		tell_write_fault(w, cJSON_GetArrayItem(m->stale, stale - 1));
	}
	why_crash(&t, m->crash, &w->kernel);
	print(report);
}

/* Returns whether there was anything to be looked for. */
static bool look_for_warnings(struct why_live *w, struct monitor *m)
{
	if (m->ending == NULL || m->warnings != NULL) {
		return false;
	}
	prepare(w);
	lint_find(m, w->waits ? &w->machine : &(const struct why_machine){0},
		  &w->kernel);
	return true;
}

unsigned int why_live_update(struct why_live *w, struct monitor *m)
{
	const unsigned int writes =
		(unsigned int)cJSON_GetArraySize(m->table_writes);
	unsigned int new = (unsigned int)(m->nr_refusals - w->seen) + writes -
			   w->writes_told;

	locate(w, m);
	tell_refusals(w, m);
	w->seen = m->nr_refusals;
	while (w->writes_told < writes) {
		tell_write_fault(w, cJSON_GetArrayItem(m->table_writes,
						       (int)w->writes_told));
		w->writes_told++;
	}
	if (m->crash != NULL && !w->crash_told) {
		tell_crash(w, m);
	}
	return new + look_for_warnings(w, m);
}

const struct why_kernel *why_live_kernel(struct why_live *w)
{
	prepare(w);
	return &w->kernel;
}

void why_live_asker(struct why_live *w, const struct monitor *m, char *name,
		    size_t size)
{
	const cJSON *event = why_live_subject(m);
	char caller[WHY_NAME];

	name[0] = '\0';
	if (event == NULL) {
		return;
	}
	prepare(w);
	if (w->mapped != NULL &&
	    callers_first(cJSON_GetObjectItemCaseSensitive(event,
							   REFUSAL_STACK),
			  &w->kernel, caller)) {
		/* Without the offset, which differs by build. */
		snprintf(name, size, "%.*s", (int)strcspn(caller, "+"), caller);
	}
}

void why_live_fini(struct why_live *w)
{
	why_kernel_fini(&w->kernel);
	free(w->map);
	if (w->mapped != NULL) {
		munmap(w->mapped, w->kernel_size);
	}
	if (w->machine.ram != NULL) {
		munmap((void *)(uintptr_t)w->machine.ram, w->machine.size);
	}
}
