/* SPDX-License-Identifier: MIT */
/*
 * A refusal tells which request it was, which frame, and from which address of
 * the guest the request was read. With that the same run is repeated, silently
 * and no further than to the refusal: the hypervisor tells what happens to the
 * frame, and who writes to that address. The history names the requests that
 * made the holders; who had written those down a third run tells, and a fourth
 * if they are more than the CPU has breakpoints for.
 *
 * A run that comes to another refusal is no repetition: what it says is not
 * told.
 */
#include "cli/explain.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "abi/control.h"
#include "cli/why/json.h"
#include "cli/why/maker.h"
#include "cli/why/report.h"

#define REPORT_SIZE 65536
#define MAX_RUNS 3
#define AGAIN_SIZE 4096

struct explanation {
	const struct session *first;
	const cJSON *subject; /* the refusal */
	struct monitor runs[MAX_RUNS];
	unsigned int nr_runs;
	cJSON *queued; /* what all of them saw */
	bool deaf_told;
};

/* Two refusals, or writes, of two runs: is it the same one? */
static bool same(const cJSON *a, const cJSON *b)
{
	return a != NULL && b != NULL &&
	       monitor_number(a, REFUSAL_REQUEST, 0) ==
		       monitor_number(b, REFUSAL_REQUEST, 0) &&
	       monitor_hex(a, REFUSAL_MFN) == monitor_hex(b, REFUSAL_MFN) &&
	       monitor_hex(a, TABLE_WRITE_VA) ==
		       monitor_hex(b, TABLE_WRITE_VA) &&
	       strcmp(monitor_text(a, REFUSAL_RULE, ""),
		      monitor_text(b, REFUSAL_RULE, "")) == 0;
}

static bool repeat(struct explanation *x, struct run_options *o)
{
	struct monitor *m = &x->runs[x->nr_runs];
	struct qemu_config config = *x->first->config;
	struct session s = {
		.options = o,
		.config = &config,
		.entry = x->first->entry,
		.monitor = m,
		.why = x->first->why,
		.silence = open("/dev/null", O_WRONLY | O_CLOEXEC),
	};
	bool done;

	config.options = o;
	if (s.silence < 0 || x->nr_runs == MAX_RUNS || !monitor_init(m)) {
		close(s.silence);
		return false;
	}
	x->nr_runs++;
	done = session_run(&s) == 0;
	close(s.silence);
	return done;
}

/*
 * The request with which all has been seen. A write to a table comes after the
 * one that it is told with, and the next may be the guest's last words.
 */
static uint64_t end_of(const cJSON *subject)
{
	return monitor_number(subject, REFUSAL_REQUEST, 0) +
	       (why_is_fault(subject) ? 1 : 0);
}

/* Options of a repetition up to the refusal. */
static struct run_options again_options(const struct explanation *x)
{
	struct run_options o = *x->first->options;

	o.repeats = true;
	o.record = NULL;
	o.dump = NULL;
	o.gdb = false;
	o.interactive = false;
	o.audit = RUN_AUDIT_OFF;
	o.stop_at = end_of(x->subject);
	return o;
}

static bool add_slot(struct run_options *o, uint64_t request, uint64_t address)
{
	if (address == 0 || request == 0) {
		return true;
	}
	for (unsigned int i = 0; i < o->nr_slots; i++) {
		if (o->slots[i].request == request &&
		    o->slots[i].address == address) {
			return true;
		}
	}
	if (o->nr_slots == RUN_SLOTS) {
		return false;
	}
	o->slots[o->nr_slots++] = (struct run_slot){request, address};
	return true;
}

/*
 * The debug registers were ours in such a run: a guest that uses them itself
 * may have gone another way.
 */
static void tell_deaf(struct explanation *x, const cJSON *queued)
{
	if (!x->deaf_told &&
	    cJSON_IsTrue(
		    cJSON_GetObjectItemCaseSensitive(queued, QUEUED_DEAF))) {
		x->deaf_told = true;
		say("the guest sets breakpoints; they did not work while it "
		    "was watched who queues what");
	}
}

/* Takes the events over from the run's monitor. */
static void collect_queued(struct explanation *x, const struct monitor *m)
{
	const cJSON *e;

	cJSON_ArrayForEach(e, m->queued)
	{
		cJSON *copy = cJSON_Duplicate(e, true);

		tell_deaf(x, e);
		if (!cJSON_AddItemToArray(x->queued, copy)) {
			cJSON_Delete(copy);
		}
	}
}

/* Runs for the makers of the holders, as many at once as can be watched. */
static void find_queuers(struct explanation *x, const cJSON *history)
{
	const struct holders *h = &x->first->why->holders;
	unsigned int i = 0;

	while (x->first->why->has_holders && i < h->nr) {
		struct run_options o = again_options(x);

		for (; i < h->nr; i++) {
			const cJSON *made = maker_find(history, &h->list[i]);

			if (!add_slot(&o,
				      monitor_number(made, HISTORY_REQUEST, 0),
				      monitor_hex(made, HISTORY_SOURCE))) {
				break;
			}
		}
		if (o.nr_slots == 0 || !repeat(x, &o)) {
			return;
		}
		if (same(x->subject,
			 why_live_subject(&x->runs[x->nr_runs - 1]))) {
			collect_queued(x, &x->runs[x->nr_runs - 1]);
		}
	}
}

/* Quoted for a shell if need be. */
static void add_word(struct text *t, const char *word)
{
	static const char plain[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
		"0123456789_-+=./,:@%";

	text_char(t, ' ');
	if (*word != '\0' && strspn(word, plain) == strlen(word)) {
		text_string(t, word);
		return;
	}
	text_char(t, '\'');
	for (; *word != '\0'; word++) {
		if (*word == '\'') {
			text_string(t, "'\\''");
		} else {
			text_char(t, *word);
		}
	}
	text_char(t, '\'');
}

/* Not the user's, as they say how to go about it. */
static bool is_ours(const char *word)
{
	static const char *const ours[] = {"--explain", "--icount", "--gdb",
					   "--stop-at-refusal"};
	bool is = false;

	for (unsigned int i = 0; i < sizeof(ours) / sizeof(*ours); i++) {
		is |= strcmp(word, ours[i]) == 0;
	}
	return is;
}

/* The user's words, but for those. */
static void make_again(const struct explanation *x, struct text *t)
{
	const struct run_options *o = x->first->options;

	text_string(t, "pagewarden run");
	for (int i = 1; i < o->argc; i++) {
		if (!is_ours(o->argv[i])) {
			add_word(t, o->argv[i]);
		}
	}
	text_format(t, " --icount --stop-at %lu --gdb",
		    monitor_number(x->subject, REFUSAL_REQUEST, 0));
}

static void tell(const struct explanation *x, const cJSON *history)
{
	static char report[REPORT_SIZE];
	char again[AGAIN_SIZE];
	struct text t = text_in(report, sizeof(report));
	struct text a = text_in(again, sizeof(again));
	struct why_live *why = x->first->why;
	const struct why_case c = {
		.event = x->subject,
		.kernel = why_live_kernel(why),
		.holders = why->has_holders ? &why->holders : NULL,
		.history = history,
		.queued = x->queued,
		.again = again,
	};

	make_again(x, &a);
	why_case_tell(&t, &c);
	why_live_explained(why, why_case_json(&c));
	say_console_mid_line(false);
	fputs(report, stderr);
}

static void run_again(struct explanation *x)
{
	struct run_options o = again_options(x);
	const cJSON *history = NULL;

	o.watch = monitor_hex(x->subject, REFUSAL_MFN);
	(void)add_slot(&o, o.stop_at, monitor_hex(x->subject, REFUSAL_SOURCE));
	if (o.watch != 0 || o.nr_slots != 0) {
		say("running again for the history of the first %s",
		    why_is_fault(x->subject) ? "write to a table" : "refusal");
		if (!repeat(x, &o)) {
			return;
		}
		if (!same(x->subject, why_live_subject(&x->runs[0]))) {
			say("that run did not come to the same; with "
			    "--icount runs are alike");
			return;
		}
		collect_queued(x, &x->runs[0]);
	}
	if (o.watch != 0) {
		history = x->runs[0].history;
		find_queuers(x, history);
	}
	tell(x, history);
}

void explain_again(const struct session *s)
{
	struct explanation x = {
		.first = s,
		.subject = why_live_subject(s->monitor),
		.queued = cJSON_CreateArray(),
	};

	if (x.subject != NULL && x.queued != NULL) {
		run_again(&x);
	}
	for (unsigned int i = 0; i < x.nr_runs; i++) {
		monitor_fini(&x.runs[i]);
	}
	cJSON_Delete(x.queued);
}
