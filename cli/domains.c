/* SPDX-License-Identifier: MIT */
/*
 * The domains of one machine, as the user describes them. What one key says is
 * judged where it is read; whether the domains go together, when all are there.
 * The keys are the same on the command line and in a file, where those of
 * xl.cfg that mean the same may be used as well.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/domains.h"
#include "cli/size.h"

#define MEMORY_UNIT (UINT64_C(1) << 20)
#define MEMORY_DEFAULT (UINT64_C(1) << 30)

void domains_fini(struct domains *ds)
{
	while (ds->nr_owned != 0) {
		free(ds->owned[--ds->nr_owned]);
	}
}

char *domains_own(struct domains *ds, char *text)
{
	if (text == NULL || ds->nr_owned == DOMAINS_MAX + 1) {
		free(text);
		return NULL;
	}
	ds->owned[ds->nr_owned++] = text;
	return text;
}

bool parse_count(const char *text, uint64_t max, uint64_t *ret)
{
	uint64_t value = 0;

	if (*text == '\0') {
		return false;
	}
	for (; *text != '\0'; text++) {
		if (*text < '0' || *text > '9') {
			return false;
		}
		value = value * 10 + (uint64_t)(*text - '0');
		if (value > max) {
			return false;
		}
	}
	*ret = value;
	return value != 0;
}

const char *parse_memory(const char *text, uint64_t *ret_bytes)
{
	if (!size_parse(text, ret_bytes) || *ret_bytes == 0) {
		return "is no size (examples: 512M, 4G)";
	}
	if (*ret_bytes > RUN_MEMORY_MAX) {
		return "is above 128T, the most that the M2P window covers";
	}
	if (*ret_bytes % MEMORY_UNIT != 0) {
		return "is not a whole number of MiB";
	}
	return NULL;
}

const char *parse_vcpus(const char *text, unsigned int *ret)
{
	uint64_t nr;

	if (!parse_count(text, RUN_VCPUS_MAX, &nr)) {
		return "is no number of vCPUs from 1 to 32";
	}
	*ret = (unsigned int)nr;
	return NULL;
}

unsigned int run_vcpus(const struct run_domain *d)
{
	return d->max_vcpus > d->vcpus ? d->max_vcpus : d->vcpus;
}

bool run_vcpus_wrong(const struct run_domain *d)
{
	return d->max_vcpus != 0 && d->max_vcpus < d->vcpus;
}

struct run_domain *domains_begin(struct domains *ds, const char *name)
{
	static const char *const numbered[DOMAINS_MAX] = {
		"domain1",  "domain2",  "domain3",  "domain4",
		"domain5",  "domain6",  "domain7",  "domain8",
		"domain9",  "domain10", "domain11", "domain12",
		"domain13", "domain14", "domain15", "domain16",
	};

	if (ds->nr == DOMAINS_MAX) {
		return NULL;
	}
	ds->list[ds->nr] = (struct run_domain){
		.name = name != NULL ? name : numbered[ds->nr],
		.memory = MEMORY_DEFAULT,
		.vcpus = 1,
	};
	return &ds->list[ds->nr++];
}

const char *parse_text(const char *text, const char **ret)
{
	*ret = text;
	return *text == '\0' ? "is empty" : NULL;
}

static const char *set_flag(const char *value, bool *field)
{
	static const char *const yes[] = {"yes", "true", "1"};
	static const char *const no[] = {"no", "false", "0"};

	for (size_t i = 0; i < sizeof(yes) / sizeof(yes[0]); i++) {
		if (strcmp(value, yes[i]) == 0 || strcmp(value, no[i]) == 0) {
			*field = strcmp(value, yes[i]) == 0;
			return NULL;
		}
	}
	return "is neither yes nor no";
}

/* It stands before lines, and on the hypervisor's command line. */
static const char *set_name(const char *value, const char **field)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz"
				      "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789-_.";

	*field = value;
	if (*value == '\0' || strlen(value) > DOMAINS_NAME_MAX ||
	    value[strspn(value, letters)] != '\0') {
		return "is no name of 1 to 31 letters, digits, '-', '_', '.'";
	}
	return NULL;
}

static const char *set_initrd(struct run_domain *d, const char *value)
{
	if (strcmp(value, "none") == 0) {
		d->no_initrd = true;
		return NULL;
	}
	return parse_text(value, &d->initrd);
}

/* yes, no, or names; whether there are such domains is seen at the end. */
static const char *set_privileged(struct run_domain *d, const char *value)
{
	const char *not_a_flag = set_flag(value, &d->privileged);

	d->over = not_a_flag == NULL ? NULL : value;
	return *value == '\0' ? not_a_flag : NULL;
}

static const char *set_restarts(struct run_domain *d, const char *value)
{
	uint64_t n;

	if (!parse_count(value, UINT32_MAX, &n)) {
		return "is no number of times";
	}
	d->restarts = (uint32_t)n;
	return NULL;
}

const char *domains_set(struct run_domain *d, const char *key,
			const char *value)
{
	enum {
		NAME,
		KERNEL,
		INITRD,
		APPEND,
		MEMORY,
		VCPUS,
		MAX_VCPUS,
		RESTART,
		PRIV,
		MAX_MEMORY,
		E820,
		ROOT_FIRST
	};
	/* After each of ours, xl.cfg's. */
	static const struct {
		const char *key;
		int what;
	} keys[] = {
		{"name", NAME},
		{"kernel", KERNEL},
		{"initrd", INITRD},
		{"ramdisk", INITRD},
		{"append", APPEND},
		{"extra", APPEND},
		{"cmdline", APPEND},
		{"memory", MEMORY},
		{"vcpus", VCPUS},
		{"maxvcpus", MAX_VCPUS},
		{"restart", RESTART},
		{"privileged", PRIV},
		{"maxmem", MAX_MEMORY},
		{"e820", E820},
		{"root-first", ROOT_FIRST},
	};
	int what = -1;

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		if (strcmp(key, keys[i].key) == 0) {
			what = keys[i].what;
		}
	}
	switch (what) {
	case NAME:
		return set_name(value, &d->name);
	case KERNEL:
		return parse_text(value, &d->kernel);
	case INITRD:
		return set_initrd(d, value);
	case APPEND:
		d->append = value;
		return NULL;
	case MEMORY:
		return parse_memory(value, &d->memory);
	case VCPUS:
		return parse_vcpus(value, &d->vcpus);
	case MAX_VCPUS:
		return parse_vcpus(value, &d->max_vcpus);
	case RESTART:
		return set_restarts(d, value);
	case PRIV:
		return set_privileged(d, value);
	case MAX_MEMORY:
		return parse_memory(value, &d->max_memory);
	case E820:
		return parse_text(value, &d->e820);
	case ROOT_FIRST:
		return set_flag(value, &d->root_first);
	default:
		return "is no key of a domain";
	}
}

/* Cuts the text's first item off; two commas are one of its own. */
static char *cut_item(char *text)
{
	char *to = text;

	for (; *text != '\0'; text++) {
		if (*text == ',' && text[1] == ',') {
			text++;
		} else if (*text == ',') {
			*to = '\0';
			return text + 1;
		}
		*to++ = *text;
	}
	*to = '\0';
	return NULL;
}

const char *domains_add(struct domains *ds, const char *text, char *error)
{
	char *item = domains_own(ds, strdup(text));
	struct run_domain *d = domains_begin(ds, NULL);

	if (item == NULL || d == NULL) {
		snprintf(error, DOMAINS_ERROR_SIZE,
			 "--domain: there are more than 16");
		return error;
	}
	while (item != NULL) {
		char *next = cut_item(item);
		char *value = strchr(item, '=');
		const char *wrong = "has no value";

		if (value != NULL) {
			*value++ = '\0';
			wrong = domains_set(d, item, value);
		}
		if (wrong != NULL) {
			snprintf(error, DOMAINS_ERROR_SIZE,
				 "--domain: %.40s%s%.100s %s", item,
				 value != NULL ? "=" : "",
				 value != NULL ? value : "", wrong);
			return error;
		}
		item = next;
	}
	return NULL;
}

const struct run_domain *domains_find(const struct domains *ds,
				      const char *name)
{
	for (unsigned int i = 0; i < ds->nr; i++) {
		if (strcmp(ds->list[i].name, name) == 0) {
			return &ds->list[i];
		}
	}
	return NULL;
}

const char *domains_restart(struct domains *ds, const char *text, char *error)
{
	const char *colon = strchr(text, ':');
	size_t length = colon != NULL ? (size_t)(colon - text) : strlen(text);

	for (unsigned int i = 0; i < ds->nr; i++) {
		struct run_domain *d = &ds->list[i];

		if (strlen(d->name) != length ||
		    strncmp(d->name, text, length) != 0) {
			continue;
		}
		d->restarts = UINT32_MAX;
		if (colon == NULL || set_restarts(d, colon + 1) == NULL) {
			return NULL;
		}
		snprintf(error, DOMAINS_ERROR_SIZE,
			 "--restart: '%.100s' is no number of times",
			 colon + 1);
		return error;
	}
	snprintf(error, DOMAINS_ERROR_SIZE,
		 "--restart: there is no domain '%.*s'",
		 (int)(length < 100 ? length : 100), text);
	return error;
}

/* The domains that d is privileged over, by name. */
static const char *find_over(const struct domains *ds, struct run_domain *d,
			     char *error)
{
	const char *at = d->over;

	while (at != NULL && *at != '\0') {
		const size_t length = strcspn(at, "+");
		unsigned int i = 0;

		while (i < ds->nr &&
		       (strlen(ds->list[i].name) != length ||
			memcmp(ds->list[i].name, at, length) != 0)) {
			i++;
		}
		if (i == ds->nr || &ds->list[i] == d) {
			snprintf(error, DOMAINS_ERROR_SIZE,
				 "domain %s: privileged=%s names no other "
				 "domain (nor is it yes or no)",
				 d->name, d->over);
			return error;
		}
		d->may_map |= UINT32_C(1) << i;
		at += length + (at[length] == '+');
	}
	return NULL;
}

uint64_t run_memory(const struct run_domain *d)
{
	return d->max_memory > d->memory ? d->max_memory : d->memory;
}

const char *domains_check(struct domains *ds, char *error)
{
	uint64_t memory = 0;
	unsigned int vcpus = 0;

	for (unsigned int i = 0; i < ds->nr; i++) {
		struct run_domain *d = &ds->list[i];

		if (find_over(ds, d, error) != NULL) {
			return error;
		}
		if (domains_find(ds, d->name) != d) {
			snprintf(error, DOMAINS_ERROR_SIZE,
				 "two domains have the name '%s'", d->name);
			return error;
		}
		if (d->no_initrd && d->initrd != NULL) {
			snprintf(error, DOMAINS_ERROR_SIZE,
				 "domain %s: an initrd, and none", d->name);
			return error;
		}
		if (run_vcpus_wrong(d)) {
			snprintf(error, DOMAINS_ERROR_SIZE,
				 "domain %s: maxvcpus=%u is less than vcpus=%u",
				 d->name, d->max_vcpus, d->vcpus);
			return error;
		}
		if (d->max_memory != 0 && d->max_memory < d->memory) {
			snprintf(error, DOMAINS_ERROR_SIZE,
				 "domain %s: maxmem=%" PRIu64
				 "M is less than memory=%" PRIu64 "M",
				 d->name, d->max_memory >> 20, d->memory >> 20);
			return error;
		}
		memory += run_memory(d);
		vcpus += run_vcpus(d);
	}
	if (vcpus > DOMAINS_VCPUS_MAX) {
		snprintf(error, DOMAINS_ERROR_SIZE,
			 "the domains have %u vCPUs together, more than %d",
			 vcpus, DOMAINS_VCPUS_MAX);
		return error;
	}
	if (memory > RUN_MEMORY_MAX) {
		snprintf(error, DOMAINS_ERROR_SIZE,
			 "the domains' memory does not fit: %" PRIu64
			 "M together, and the M2P window covers 128T",
			 memory >> 20);
		return error;
	}
	return NULL;
}
