/* SPDX-License-Identifier: MIT */
/*
 * The control channel's reader. The hypervisor is ours, but a guest may have
 * found a way to make it say anything; so lines are bounded, refusals are
 * kept up to a number, every member's type is checked where it is read, and
 * text is made printable on arrival, before anyone can show it.
 */
#include <stdlib.h>
#include <string.h>

#include "abi/control.h"
#include "cli/monitor.h"

/* Whole numbers up to here are exact in JSON's doubles. */
#define MAX_NUMBER 9007199254740992.0

/* What is kept of one life. */
static bool init_life(struct monitor *m)
{
	*m = (struct monitor){
		.refusals = cJSON_CreateArray(),
		.places = cJSON_CreateArray(),
		.registers = cJSON_CreateArray(),
		.phases = cJSON_CreateArray(),
		.history = cJSON_CreateArray(),
		.queued = cJSON_CreateArray(),
		.table_writes = cJSON_CreateArray(),
		.stale = cJSON_CreateArray(),
		.lint = cJSON_CreateArray(),
	};
	return m->refusals != NULL && m->registers != NULL &&
	       m->places != NULL && m->phases != NULL && m->history != NULL &&
	       m->queued != NULL && m->table_writes != NULL &&
	       m->stale != NULL && m->lint != NULL;
}

bool monitor_init(struct monitor *m)
{
	bool good = init_life(m);

	m->line = malloc(MONITOR_LINE_SIZE);
	if (!good || m->line == NULL) {
		monitor_fini(m);
		return false;
	}
	return true;
}

static void fini_life(struct monitor *m)
{
	free(m->line);
	cJSON_Delete(m->boot);
	cJSON_Delete(m->guest_start);
	cJSON_Delete(m->recording);
	cJSON_Delete(m->pipe);
	cJSON_Delete(m->stopped);
	cJSON_Delete(m->mark);
	cJSON_Delete(m->ending);
	cJSON_Delete(m->dump);
	cJSON_Delete(m->lint);
	cJSON_Delete(m->warnings);
	cJSON_Delete(m->panic);
	cJSON_Delete(m->unfit);
	cJSON_Delete(m->crash);
	cJSON_Delete(m->shutdown);
	cJSON_Delete(m->summary);
	cJSON_Delete(m->refusals);
	cJSON_Delete(m->places);
	cJSON_Delete(m->registers);
	cJSON_Delete(m->phases);
	cJSON_Delete(m->history);
	cJSON_Delete(m->queued);
	cJSON_Delete(m->table_writes);
	cJSON_Delete(m->stale);
}

void monitor_fini(struct monitor *m)
{
	while (m->next != NULL) {
		struct monitor *gone = m->next;

		m->next = gone->next;
		fini_life(gone);
		free(gone);
	}
	fini_life(m);
	*m = (struct monitor){0};
}

/* Where an event belongs; the number is as good as what was told. */
static struct monitor *life_of(struct monitor *m, uint64_t domain)
{
	struct monitor *new;
	unsigned int nr = 1;

	if (domain == 0) {
		return m; /* of the machine */
	}
	if (m->domain == 0) {
		m->domain = domain;
	}
	for (; m->domain != domain; m = m->next, nr++) {
		if (m->next != NULL) {
			continue;
		}
		new = nr < MONITOR_MAX_LIVES ? malloc(sizeof(*new)) : NULL;
		if (new == NULL) {
			return m;
		}
		if (!init_life(new)) {
			fini_life(new);
			free(new);
			return m;
		}
		new->domain = domain;
		m->next = new;
	}
	return m;
}

const char *monitor_name(const struct monitor *m)
{
	return monitor_text(m->guest_start, GUEST_START_NAME, "guest");
}

bool monitor_lives_on(const struct monitor *m)
{
	for (const struct monitor *n = m->next; n != NULL; n = n->next) {
		if (strcmp(monitor_name(n), monitor_name(m)) == 0) {
			return true;
		}
	}
	return false;
}

uint64_t monitor_number(const cJSON *object, const char *name,
			uint64_t otherwise)
{
	const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, name);

	if (!cJSON_IsNumber(item) || !(item->valuedouble >= 0) ||
	    item->valuedouble > MAX_NUMBER) {
		return otherwise;
	}
	return (uint64_t)item->valuedouble;
}

uint64_t monitor_hex(const cJSON *object, const char *name)
{
	return strtoull(monitor_text(object, name, "0"), NULL, 16);
}

const char *monitor_text(const cJSON *object, const char *name,
			 const char *otherwise)
{
	const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, name);

	if (!cJSON_IsString(item) || item->valuestring[0] == '\0') {
		return otherwise;
	}
	return item->valuestring;
}

/* After parsing: \u escapes can make control characters, too. */
static void make_printable(char *text)
{
	for (; text != NULL && *text != '\0'; text++) {
		if (*text < ' ' || *text > '~') {
			*text = '?';
		}
	}
}

/* cJSON bounds the depth (CJSON_NESTING_LIMIT), so this recursion is, too. */
static void make_all_printable(cJSON *item)
{
	for (; item != NULL; item = item->next) {
		make_printable(item->string);
		if (cJSON_IsString(item)) {
			make_printable(item->valuestring);
		}
		make_all_printable(item->child);
	}
}

static void replace(cJSON **field, cJSON *event)
{
	cJSON_Delete(*field);
	*field = event;
}

/* One more of a kind of which there are few. */
static void keep(cJSON *list, cJSON *event)
{
	if (cJSON_GetArraySize(list) >= MONITOR_MAX_KEPT ||
	    !cJSON_AddItemToArray(list, event)) {
		cJSON_Delete(event);
	}
}

/* Takes the event over. */
static void take_event(struct monitor *m, const char *kind, cJSON *event)
{
	if (strcmp(kind, EVENT_BOOT) == 0) {
		replace(&m->boot, event);
	} else if (strcmp(kind, EVENT_GUEST_START) == 0) {
		replace(&m->guest_start, event);
		m->guest_started = true;
	} else if (strcmp(kind, EVENT_RECORDING) == 0) {
		replace(&m->recording, event);
	} else if (strcmp(kind, EVENT_PIPE) == 0) {
		replace(&m->pipe, event);
	} else if (strcmp(kind, EVENT_STOPPED) == 0) {
		replace(&m->stopped, event);
	} else if (strcmp(kind, EVENT_MARK) == 0) {
		replace(&m->mark, event);
	} else if (strcmp(kind, EVENT_ENDING) == 0) {
		replace(&m->ending, event);
	} else if (strcmp(kind, EVENT_DUMP) == 0) {
		replace(&m->dump, event);
	} else if (strcmp(kind, EVENT_REGISTERS) == 0) {
		keep(m->registers, event);
	} else if (strcmp(kind, EVENT_LINT) == 0) {
		keep(m->lint, event);
	} else if (strcmp(kind, EVENT_PANIC) == 0) {
		replace(&m->panic, event);
	} else if (strcmp(kind, EVENT_UNFIT) == 0) {
		replace(&m->unfit, event);
	} else if (strcmp(kind, EVENT_CRASH) == 0) {
		replace(&m->crash, event);
	} else if (strcmp(kind, EVENT_SHUTDOWN) == 0) {
		replace(&m->shutdown, event);
	} else if (strcmp(kind, EVENT_SUMMARY) == 0) {
		replace(&m->summary, event);
	} else if (strcmp(kind, EVENT_REFUSAL) == 0) {
		if (m->nr_refusals++ >= MONITOR_MAX_REFUSALS ||
		    !cJSON_AddItemToArray(m->refusals, event)) {
			cJSON_Delete(event);
		}
	} else if (strcmp(kind, EVENT_PLACE) == 0) {
		keep(m->places, event);
	} else if (strcmp(kind, EVENT_PHASE) == 0) {
		keep(m->phases, event);
	} else if (strcmp(kind, EVENT_QUEUED) == 0) {
		keep(m->queued, event);
	} else if (strcmp(kind, EVENT_TABLE_WRITE) == 0) {
		keep(m->table_writes, event);
	} else if (strcmp(kind, EVENT_STALE) == 0) {
		keep(m->stale, event);
	} else if (strcmp(kind, EVENT_LOST) == 0) {
		m->nr_lost += monitor_number(event, LOST_REPORTS, 1);
		cJSON_Delete(event);
	} else if (strcmp(kind, EVENT_HISTORY) == 0) {
		if (cJSON_GetArraySize(m->history) >= MONITOR_MAX_REFUSALS ||
		    !cJSON_AddItemToArray(m->history, event)) {
			cJSON_Delete(event);
		}
	} else if (strcmp(kind, EVENT_AUDIT) == 0) {
		m->nr_audits++;
		m->audit_differences +=
			monitor_number(event, AUDIT_DIFFERENCES, 1);
		cJSON_Delete(event);
	} else {
		/* A later hypervisor may tell more: no error. */
		cJSON_Delete(event);
	}
}

static void take_line(struct monitor *m)
{
	cJSON *event;
	const char *kind;

	if (m->length > 0 && m->line[m->length - 1] == '\r') {
		m->length--;
	}
	if (m->length == 0) {
		return;
	}
	event = cJSON_ParseWithLength(m->line, m->length);
	make_all_printable(event);
	kind = cJSON_IsObject(event) ? monitor_text(event, CONTROL_EVENT, NULL)
				     : NULL;
	if (kind == NULL) {
		cJSON_Delete(event);
		m->nr_bad_lines++;
		return;
	}
	take_event(life_of(m, monitor_number(event, CONTROL_DOMAIN, 0)), kind,
		   event);
}

void monitor_feed(struct monitor *m, const char *data, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		if (data[i] != '\n') {
			if (m->length < MONITOR_LINE_SIZE) {
				m->line[m->length++] = data[i];
			} else {
				m->dropping = true;
			}
			continue;
		}
		if (m->dropping) {
			m->nr_bad_lines++;
		} else {
			take_line(m);
		}
		m->length = 0;
		m->dropping = false;
	}
}

const char *monitor_crash_reason(const struct monitor *m)
{
	const char *reason = monitor_text(m->crash, CRASH_REASON, NULL);

	if (reason != NULL) {
		return reason;
	}
	reason = monitor_text(m->shutdown, SHUTDOWN_REASON, NULL);
	if (reason == NULL) {
		return "the hypervisor gave no reason";
	}
	if (strcmp(reason, "crash") == 0) {
		return "the guest asked for it (SHUTDOWN_crash)";
	}
	return reason;
}

uint64_t monitor_refusals(const struct monitor *m)
{
	uint64_t told = monitor_number(m->summary, SUMMARY_REFUSED_TOTAL, 0);

	return told > m->nr_refusals ? told : m->nr_refusals;
}

bool monitor_audited(const struct monitor *m)
{
	const cJSON *audit =
		cJSON_GetObjectItemCaseSensitive(m->summary, SUMMARY_AUDIT);

	return m->nr_audits != 0 || monitor_number(audit, AUDITS_RUNS, 0) != 0;
}

uint64_t monitor_audit_differences(const struct monitor *m)
{
	const cJSON *audit =
		cJSON_GetObjectItemCaseSensitive(m->summary, SUMMARY_AUDIT);
	uint64_t told = monitor_number(audit, AUDITS_DIFFERENCES, 0);

	return told > m->audit_differences ? told : m->audit_differences;
}
