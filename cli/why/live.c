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
#include "cli/why/json.h"
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
	const cJSON *refusal = cJSON_GetArrayItem(m->refusals, 0);
	const cJSON *write = cJSON_GetArrayItem(m->table_writes, 0);
	const uint64_t refused =
		monitor_number(refusal, REFUSAL_REQUEST, UINT64_MAX);

	/* A write is told with the number of the request before it. */
	return write != NULL && monitor_number(write, TABLE_WRITE_REQUEST, 0) <
					refused
		       ? write
		       : refusal;
}

static void keep_report(struct why_live *w, cJSON *report)
{
	if (w->reports == NULL) {
		w->reports = cJSON_CreateArray();
	}
	if (!cJSON_AddItemToArray(w->reports, report)) {
		cJSON_Delete(report);
	}
}

void why_live_explained(struct why_live *w, cJSON *report)
{
	if (report == NULL ||
	    !cJSON_ReplaceItemInArray(w->reports, w->subject_report, report)) {
		cJSON_Delete(report);
	}
}

/* Who holds the frame now, if that can be seen: later it will be others. */
static const struct holders *find_holders(struct why_live *w,
					  const struct monitor *m,
					  const cJSON *event,
					  struct holders *room)
{
	const bool is_subject = event == why_live_subject(m);
	struct holders *found = is_subject ? &w->holders : room;
	const bool can = w->waits && w->machine.frames != NULL &&
			 cJSON_HasObjectItem(event, REFUSAL_MFN);

	if (can) {
		holders_find(&w->machine, monitor_hex(event, REFUSAL_MFN),
			     found);
	}
	if (is_subject) {
		w->has_holders = can;
		w->subject_report = cJSON_GetArraySize(w->reports);
	}
	return can ? found : NULL;
}

/* It is as the event says at this very moment: the hypervisor waits. */
static void explain(struct why_live *w, const struct monitor *m,
		    const cJSON *event)
{
	char report[REPORT_SIZE];
	struct text t = text_in(report, sizeof(report));
	struct holders room;
	struct why_case c = {
		.event = event,
		.refusals = m->refusals,
		.holders = find_holders(w, m, event, &room),
	};

	prepare(w);
	c.kernel = w->mapped == NULL ? NULL : &w->kernel;
	why_case_tell(&t, &c);
	keep_report(w, why_case_json(&c));
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

/* Nobody waited for it: who holds its frame is not known any more. */
static void tell_stale(struct why_live *w, const struct monitor *m,
		       const cJSON *event)
{
	char report[REPORT_SIZE];
	struct text t = text_in(report, sizeof(report));
	const struct why_case c = {
		.event = event,
		.kernel = w->mapped == NULL ? NULL : &w->kernel,
		.lint = m->lint,
	};

	why_case_tell(&t, &c);
	keep_report(w, why_case_json(&c));
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
		tell_stale(w, m, cJSON_GetArrayItem(m->stale, stale - 1));
	}
	why_crash(&t, m->crash, &w->kernel);
	keep_report(w, why_crash_json(m->crash, &w->kernel));
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
		explain(w, m,
			cJSON_GetArrayItem(m->table_writes,
					   (int)w->writes_told));
		w->writes_told++;
	}
	if (m->crash != NULL && !w->crash_told) {
		tell_crash(w, m);
	}
	return new + look_for_warnings(w, m);
}

void why_live_end(struct why_live *w, const struct monitor *m)
{
	/* A crash has a report, which says more. */
	const cJSON *places = m->crash == NULL ? m->places : NULL;
	const cJSON *e;

	cJSON_ArrayForEach(e, places)
	{
		keep_report(w, why_place_json(e, why_live_kernel(w)));
	}
	cJSON_ArrayForEach(e, m->warnings)
	{
		keep_report(w, why_warning_json(e, m->domain));
	}
}

const struct why_kernel *why_live_kernel(struct why_live *w)
{
	prepare(w);
	return &w->kernel;
}

void why_live_asker(struct why_live *w, const struct monitor *m, char *name,
		    size_t size)
{
	const cJSON *event = cJSON_GetArrayItem(m->refusals, 0);
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
	cJSON_Delete(w->reports);
	free(w->map);
	if (w->mapped != NULL) {
		munmap(w->mapped, w->kernel_size);
	}
	if (w->machine.ram != NULL) {
		munmap((void *)(uintptr_t)w->machine.ram, w->machine.size);
	}
}
