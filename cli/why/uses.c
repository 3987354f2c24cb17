/* SPDX-License-Identifier: MIT */
/*
 * The hypervisor says by what a frame is kept that no table shows. Here it is
 * put in words: the kind, of which vCPU, which page or reference, and who else
 * may get at it.
 */
#include "cli/why/uses.h"

#include <string.h>

#include "abi/control.h"
#include "cli/monitor.h"
#include "cli/why/callers.h"

/* The same members, in each event. */
_Static_assert(sizeof(REFUSAL_USES) == sizeof(TABLE_WRITE_USES) &&
		       sizeof(REFUSAL_USES) == sizeof(STALE_USES) &&
		       sizeof(REFUSAL_MORE_USES) ==
			       sizeof(TABLE_WRITE_MORE_USES),
	       "uses_count");

static bool has(const cJSON *e, const char *key)
{
	return cJSON_GetObjectItemCaseSensitive(e, key) != NULL;
}

static const cJSON *list_of(const cJSON *event)
{
	return cJSON_GetObjectItemCaseSensitive(event, REFUSAL_USES);
}

uint64_t uses_count(const cJSON *event)
{
	return (uint64_t)cJSON_GetArraySize(list_of(event)) +
	       monitor_number(event, REFUSAL_MORE_USES, 0);
}

static bool is(const cJSON *use, const char *flag)
{
	return cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(use, flag));
}

static void tell_index(struct text *t, const cJSON *use, const char *by)
{
	const uint64_t index = monitor_number(use, USE_INDEX, 0);

	if (has(use, USE_HANDLE)) {
		text_format(t, ", reference %lu, handle %lu", index,
			    monitor_number(use, USE_HANDLE, 0));
	} else if (strcmp(by, "grant") == 0) {
		text_format(t, ", reference %lu", index);
	} else if (has(use, USE_INDEX)) {
		text_format(t, " page %lu", index);
	}
}

static void tell_use(struct text *t, const cJSON *use)
{
	const char *by = monitor_text(use, USE_BY, "?");
	const uint64_t entries = monitor_number(use, USE_ENTRIES, 0);

	text_format(t, WHY_INDENT "%s", by);
	tell_index(t, use, by);
	if (has(use, USE_VCPU)) {
		text_format(t, " of vcpu %lu",
			    monitor_number(use, USE_VCPU, 0));
	}
	if (has(use, USE_DOMAIN)) {
		text_format(t, "%s domain %lu",
			    has(use, USE_ENTRIES) ? "," : ", to",
			    monitor_number(use, USE_DOMAIN, 0));
	}
	if (has(use, USE_ENTRIES)) {
		text_format(t, ", by %lu %s", entries,
			    entries == 1 ? "entry" : "entries");
	}
	if (has(use, USE_WRITABLE)) {
		text_string(t, is(use, USE_WRITABLE) ? ", writable"
						     : ", read-only");
	}
	if (has(use, USE_ACTIVE)) {
		text_string(t, is(use, USE_ACTIVE) ? ", in use" : ", not used");
	}
	text_char(t, '\n');
}

void uses_tell(struct text *t, const cJSON *event)
{
	const uint64_t more = monitor_number(event, REFUSAL_MORE_USES, 0);
	const cJSON *use;

	cJSON_ArrayForEach(use, list_of(event))
	{
		tell_use(t, use);
	}
	if (more != 0) {
		text_format(t, WHY_INDENT "and %lu more other use%s\n", more,
			    more == 1 ? "" : "s");
	}
}

cJSON *use_record(const struct mmu_use *use)
{
	const bool of_vcpu = use->kind <= MMU_USE_LDT;
	const bool page = use->kind == MMU_USE_GDT || use->kind == MMU_USE_LDT;
	cJSON *r = cJSON_CreateObject();

	(void)cJSON_AddStringToObject(r, USE_BY, mmu_use_name(use->kind));
	if (page) {
		(void)cJSON_AddNumberToObject(r, USE_INDEX, use->index);
	}
	if (of_vcpu) {
		(void)cJSON_AddNumberToObject(r, USE_VCPU, use->vcpu);
	}
	if (use->kind == MMU_USE_FOREIGN) {
		(void)cJSON_AddNumberToObject(r, USE_DOMAIN, use->domid);
		(void)cJSON_AddNumberToObject(r, USE_ENTRIES, use->index);
	}
	if (use->kind == MMU_USE_FOREIGN || use->kind == MMU_USE_LENT) {
		(void)cJSON_AddBoolToObject(r, USE_WRITABLE, use->writable);
	}
	return r;
}
