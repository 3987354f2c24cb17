/* SPDX-License-Identifier: MIT */
/*
 * Warnings at the end of a run. The hypervisor has counted what can only be
 * seen while it happens; the rest is looked for in the memory of the domain as
 * it stopped. A warning is no verdict: some kernels mean it so.
 */
#include "cli/why/lint.h"

#include <stdlib.h>
#include <string.h>

#include "abi/control.h"
#include "abi/text.h"
#include "cli/say.h"
#include "cli/why/callers.h"
#include "cli/why/holders.h"
#include "cli/why/reach.h"
#include "cli/why/words.h"

#define TEXT_SIZE 512
#define TAG_SHIFT 48
#define UNTYPED_MAX 4096
/* Of all writes, in percent: direct ones cost a trap each. */
#define DIRECT_SHARE 10
#define DIRECT_LEAST 100

struct lint {
	struct monitor *monitor;
	const struct why_machine *machine;
	const struct why_kernel *kernel;
	struct reach reach;
	uint64_t both; /* entries writable and executable */
	struct reach_entry first;
};

static void warn(struct lint *l, const char *what, uint64_t count,
		 const char *text)
{
	cJSON *w = cJSON_CreateObject();

	if (w == NULL || !cJSON_AddStringToObject(w, LINT_WARNING, what) ||
	    !cJSON_AddNumberToObject(w, LINT_COUNT, (double)count) ||
	    !cJSON_AddStringToObject(w, LINT_TEXT, text) ||
	    !cJSON_AddItemToArray(l->monitor->warnings, w)) {
		cJSON_Delete(w);
	}
}

/* One of something, or more. */
static void number(struct text *t, uint64_t n, const char *one,
		   const char *more)
{
	text_format(t, "%lu %s", n, n == 1 ? one : more);
}

static void on_entry(void *context, const struct reach_entry *e)
{
	struct lint *l = context;

	if (e->writable && e->executable && l->both++ == 0) {
		l->first = *e;
	}
}

static void look_for_both(struct lint *l)
{
	char line[TEXT_SIZE];
	struct text t = text_in(line, sizeof(line));

	if (l->both == 0) {
		return;
	}
	number(&t, l->both, "entry of the kernel's is",
	       "entries of the kernel's are");
	text_format(&t, " writable and executable: %016lx, L1 mfn %lx[%03x] = ",
		    l->first.va, l->first.table, l->first.slot);
	words_flags(&t, l->first.entry.v);
	warn(l, "writable-executable", l->both, line);
}

/* Was a table, is none, and nobody can write to it. */
static bool left_read_only(const struct lint *l, uint64_t word,
			   struct holders *h)
{
	const uint64_t mfn = word & ((UINT64_C(1) << TAG_SHIFT) - 1);
	const struct frame *f = why_frame(l->machine, mfn);

	if (word >> TAG_SHIFT != l->machine->tag || f == NULL ||
	    f->owner != l->machine->tag || frame_type_refs(f) != 0) {
		return false;
	}
	holders_find(l->machine, mfn, h);
	return h->read_only != 0 && h->writable == 0 && h->list[0].reached;
}

static bool came_before(const uint64_t *words, uint64_t i)
{
	for (uint64_t j = 0; j < i; j++) {
		if (words[j] == words[i]) {
			return true;
		}
	}
	return false;
}

static void look_for_read_only(struct lint *l)
{
	const cJSON *e = l->monitor->ending;
	const uint64_t nr = monitor_number(e, ENDING_NR_UNTYPED, 0);
	const uint64_t *words =
		nr > UNTYPED_MAX
			? NULL
			: why_at(l->machine, monitor_hex(e, ENDING_UNTYPED),
				 nr * sizeof(*words));
	char line[TEXT_SIZE];
	struct text t = text_in(line, sizeof(line));
	struct holders h;
	uint64_t first = 0;
	uint64_t va = 0;
	uint64_t found = 0;

	for (uint64_t i = 0; words != NULL && i < nr; i++) {
		if (!came_before(words, i) && left_read_only(l, words[i], &h) &&
		    found++ == 0) {
			first = words[i] & ((UINT64_C(1) << TAG_SHIFT) - 1);
			va = h.list[0].va;
		}
	}
	if (found != 0) {
		number(&t, found, "frame that was a table is",
		       "frames that were tables are");
		text_format(&t, " read-only still: mfn %lx at %016lx", first,
			    va);
		warn(l, "left-read-only", found, line);
	}
}

/* A pin is all that keeps it a table. */
static bool is_orphan(const struct why_machine *m, uint64_t mfn)
{
	const struct frame *f = why_frame(m, mfn);

	return f->owner == m->tag && f->type >= FRAME_L1 &&
	       f->type <= FRAME_L3 && (f->flags & FRAME_PINNED) != 0 &&
	       frame_type_refs(f) == 1;
}

static void look_for_orphans(struct lint *l)
{
	const struct why_machine *m = l->machine;
	char line[TEXT_SIZE];
	struct text t = text_in(line, sizeof(line));
	uint64_t found = 0;
	uint64_t first = 0;

	for (uint64_t i = 0; i < m->nr_frames; i++) {
		if (is_orphan(m, i) && found++ == 0) {
			first = i;
		}
	}
	if (found != 0) {
		number(&t, found, "table is pinned and below no other",
		       "tables are pinned and below no other");
		text_format(&t, ": mfn %lx, L%u", first,
			    why_frame(m, first)->type);
		warn(l, "left-typed", found, line);
	}
}

static void look_for_builders(struct lint *l)
{
	const struct why_machine *m = l->machine;
	const cJSON *start = l->monitor->guest_start;
	const uint64_t pfn = monitor_hex(start, GUEST_START_PT_PFN);
	const uint64_t nr = monitor_number(start, GUEST_START_PT_FRAMES, 0);
	char line[TEXT_SIZE];
	struct text t = text_in(line, sizeof(line));
	uint64_t found = 0;
	uint64_t first = 0;

	for (uint64_t i = 0; i < m->nr_frames; i++) {
		const struct frame *f = why_frame(m, i);

		if (f->owner == m->tag && m->m2p[i] - pfn < nr &&
		    frame_is_table(f->type) && frame_type_refs(f) != 0 &&
		    !reach_saw(&l->reach, i) && found++ == 0) {
			first = i;
		}
	}
	if (found != 0) {
		number(&t, found, "of the builder's tables was never released",
		       "of the builder's tables were never released");
		text_format(&t, ", and no vCPU has it: mfn %lx, L%u", first,
			    why_frame(m, first)->type);
		warn(l, "builder-tables", found, line);
	}
}

/* What the hypervisor has told of that kind, about that request if not 0. */
static const cJSON *example(const struct lint *l, const char *what,
			    uint64_t request)
{
	const cJSON *e;

	cJSON_ArrayForEach(e, l->monitor->lint)
	{
		if (strcmp(monitor_text(e, LINT_WHAT, ""), what) == 0 &&
		    (request == 0 ||
		     monitor_number(e, LINT_REQUEST, 0) == request)) {
			return e;
		}
	}
	return NULL;
}

static void tell_example(const struct lint *l, struct text *t, const cJSON *e)
{
	char caller[WHY_NAME];

	if (e == NULL) {
		return;
	}
	text_format(t, ": #%lu %s, mfn %lx[%03lx] from ",
		    monitor_number(e, LINT_REQUEST, 0),
		    monitor_text(e, LINT_OP, "?"), monitor_hex(e, LINT_TABLE),
		    monitor_number(e, LINT_SLOT, 0));
	words_flags(t, monitor_hex(e, LINT_OLD));
	text_string(t, " to ");
	words_flags(t, monitor_hex(e, LINT_ENTRY));
	if (callers_first(cJSON_GetObjectItemCaseSensitive(e, LINT_STACK),
			  l->kernel, caller)) {
		text_format(t, ", by %s", caller);
	}
}

static void look_at_counts(struct lint *l)
{
	const cJSON *e = l->monitor->ending;
	const uint64_t open = monitor_number(e, ENDING_NO_FLUSH, 0);
	const uint64_t lost = monitor_number(e, ENDING_BITS_LOST, 0);
	const uint64_t direct = monitor_number(e, ENDING_DIRECT, 0);
	const uint64_t all = monitor_number(e, ENDING_WRITES, 0);
	char line[TEXT_SIZE];
	struct text t = text_in(line, sizeof(line));

	if (direct >= DIRECT_LEAST && direct > all / 100 * DIRECT_SHARE) {
		text_format(&t,
			    "%lu of %lu entries were written directly, "
			    "each at the price of a fault",
			    direct, all);
		tell_example(l, &t, example(l, LINT_NAME_DIRECT, 0));
		warn(l, "direct-writes", direct, line);
	}
	t = text_in(line, sizeof(line));
	if (open != 0) {
		number(&t, open, "entry was made writable without a flush",
		       "entries were made writable without a flush");
		tell_example(l, &t,
			     example(l, LINT_NAME_NO_FLUSH,
				     monitor_number(e, ENDING_NO_FLUSH_FIRST,
						    0)));
		warn(l, "no-flush", open, line);
	}
	t = text_in(line, sizeof(line));
	if (lost != 0) {
		number(&t, lost, "update took accessed or dirty bits away",
		       "updates took accessed or dirty bits away");
		tell_example(l, &t, example(l, LINT_NAME_BITS_LOST, 0));
		warn(l, "bits-lost", lost, line);
	}
}

static void look_at_memory(struct lint *l)
{
	const cJSON *root;

	if (l->machine->frames == NULL || !reach_init(&l->reach, l->machine)) {
		return;
	}
	l->reach.entry = on_entry;
	l->reach.context = l;
	cJSON_ArrayForEach(root,
			   cJSON_GetObjectItemCaseSensitive(l->monitor->ending,
							    ENDING_ROOTS))
	{
		if (cJSON_IsString(root)) {
			reach_walk(&l->reach,
				   strtoull(root->valuestring, NULL, 16));
		}
	}
	look_for_both(l);
	look_for_read_only(l);
	look_for_orphans(l);
	look_for_builders(l);
	reach_fini(&l->reach);
}

void lint_find(struct monitor *m, const struct why_machine *machine,
	       const struct why_kernel *kernel)
{
	struct lint l = {.monitor = m, .machine = machine, .kernel = kernel};

	if (m->ending == NULL || m->warnings != NULL) {
		return;
	}
	m->warnings = cJSON_CreateArray();
	if (m->warnings != NULL) {
		look_at_counts(&l);
		look_at_memory(&l);
	}
}

void lint_say(const struct monitor *m)
{
	const cJSON *w;

	cJSON_ArrayForEach(w, m->warnings)
	{
		say("warning: %s", monitor_text(w, LINT_TEXT, "?"));
	}
	if (m->warnings != NULL && cJSON_GetArraySize(m->warnings) == 0) {
		say("no warnings");
	}
}
