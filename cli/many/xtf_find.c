/* SPDX-License-Identifier: MIT */
/*
 * XTF's tests lie in a folder each, with an info.json that says in which
 * environments and variations it was built; beside it, of each such, an image
 * and xl's configuration. Of that we take what a domain is made of; the path of
 * the image is where it was built, so that its name alone counts.
 */
#define _GNU_SOURCE /* nftw's flags */

#include "cli/many/xtf_find.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/domains.h"
#include "cli/say.h"

#define INFO "info.json"
#define INFO_MAX 65536
#define SOURCE "main.c"
#define FILES_MAX 2048
#define DEFAULT_MEMORY (UINT64_C(128) << 20)
#define MIB (UINT64_C(1) << 20)

/* nftw hands nothing through: what it has found is here for a while. */
static char *found[FILES_MAX];
static unsigned int nr_found;

/* Every file that says of a folder that it is a test's. An error ends it all:
 * what cannot be looked at must not be taken for what is not there. */
static int note_file(const char *path, const struct stat *st, int type,
		     struct FTW *where)
{
	const char *name = path + where->base;

	(void)st;
	if (where->level == 0 && type == FTW_F) {
		say("%s: %s", path, strerror(ENOTDIR));
		return 1;
	}
	if (type == FTW_D || type == FTW_DP ||
	    (type != FTW_DNR && strcmp(name, INFO) != 0 &&
	     strcmp(name, SOURCE) != 0)) {
		return 0;
	}
	if (type != FTW_F) {
		say("%s: it cannot be read", path);
		return 1;
	}
	if (nr_found == FILES_MAX || (found[nr_found] = strdup(path)) == NULL) {
		say("%s: one test too many", path);
		return 1;
	}
	nr_found++;
	return 0;
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static cJSON *read_json(const char *path)
{
	char *text = malloc(INFO_MAX);
	FILE *f = fopen(path, "re");
	cJSON *info = NULL;

	if (text != NULL && f != NULL) {
		info = cJSON_ParseWithLength(text, fread(text, 1, INFO_MAX, f));
	}
	if (f != NULL) {
		fclose(f);
	}
	free(text);
	return info;
}

static const char *text_of(const cJSON *info, const char *name)
{
	const cJSON *item = cJSON_GetObjectItemCaseSensitive(info, name);

	return cJSON_IsString(item) ? item->valuestring : NULL;
}

/* The value of a line `KEY = VALUE` or `KEY="VALUE"`; false: another line. */
static bool take_value(const char *line, const char *key, char *to, size_t size)
{
	const size_t length = strlen(key);
	const char *end;

	if (strncmp(line, key, length) != 0) {
		return false;
	}
	line += length;
	line += strspn(line, " \t");
	if (*line != '=') {
		return false;
	}
	line++;
	line += strspn(line, " \t");
	if (*line == '"' || *line == '\'') {
		end = strchr(line + 1, *line);
		line++;
		end = end == NULL ? line : end;
	} else {
		end = line + strcspn(line, " \t\r\n#");
	}
	snprintf(to, size, "%.*s", (int)(end - line), line);
	return true;
}

static bool set_key(struct xtf_test *t, const char *line)
{
	char value[sizeof(t->cmdline)];
	uint64_t n;

	if (take_value(line, "vcpus", value, sizeof(value))) {
		return parse_vcpus(value, &t->vcpus) == NULL;
	}
	if (take_value(line, "memory", value, sizeof(value))) {
		t->memory = parse_count(value, UINT32_MAX, &n) ? n * MIB : 0;
		return t->memory != 0;
	}
	if (take_value(line, "cmdline", value, sizeof(value)) ||
	    take_value(line, "extra", value, sizeof(value))) {
		memcpy(t->cmdline, value, sizeof(t->cmdline));
	}
	return true;
}

/* xl's configuration. False: the mistake is said. */
static bool read_config(struct xtf_test *t, const char *path)
{
	char line[512];
	FILE *f = fopen(path, "re");
	bool good = f != NULL;

	if (f == NULL) {
		say("%s: %s", path, strerror(errno));
		return false;
	}
	while (good && fgets(line, sizeof(line), f) != NULL) {
		good = set_key(t, line);
		if (!good) {
			line[strcspn(line, "\r\n")] = '\0';
			say("%s: '%.100s' cannot be had", path, line);
		}
	}
	fclose(f);
	return good;
}

/* variation NULL: it has none. */
static bool add(struct xtf_list *list, const cJSON *info, const char *folder,
		const char *env, const char *variation)
{
	struct xtf_test *more =
		realloc(list->tests, (list->nr + 1) * sizeof(*more));
	const char *name = text_of(info, "name");
	const char *category = text_of(info, "category");
	struct xtf_test *t;
	char path[PATH_MAX];
	int n;

	if (more == NULL) {
		say("out of memory");
		return false;
	}
	list->tests = more;
	t = &list->tests[list->nr];
	*t = (struct xtf_test){.memory = DEFAULT_MEMORY, .vcpus = 1};
	n = snprintf(t->name, sizeof(t->name), "%s%s%s", name,
		     variation == NULL ? "" : "~",
		     variation == NULL ? "" : variation);
	snprintf(t->env, sizeof(t->env), "%s", env);
	snprintf(t->category, sizeof(t->category), "%s",
		 category == NULL ? "-" : category);
	if (n >= (int)sizeof(t->name) ||
	    snprintf(t->image, sizeof(t->image), "%s/test-%s-%s", folder, env,
		     name) >= PATH_MAX ||
	    snprintf(path, sizeof(path), "%s/test-%s-%s.cfg", folder, env,
		     t->name) >= PATH_MAX) {
		say("%s: its name is too long", folder);
		return false;
	}
	list->nr++;
	return read_config(t, path);
}

static bool add_env(struct xtf_list *list, const cJSON *info,
		    const char *folder, const char *env)
{
	const cJSON *variations =
		cJSON_GetObjectItemCaseSensitive(info, "variations");
	const cJSON *v;

	if (cJSON_GetArraySize(variations) == 0) {
		return add(list, info, folder, env, NULL);
	}
	cJSON_ArrayForEach(v, variations)
	{
		if (!cJSON_IsString(v) ||
		    !add(list, info, folder, env, v->valuestring)) {
			return false;
		}
	}
	return true;
}

static unsigned int nr_variations(const cJSON *info)
{
	int n = cJSON_GetArraySize(
		cJSON_GetObjectItemCaseSensitive(info, "variations"));

	return n < 1 ? 1 : (unsigned int)n;
}

/* One info.json, whose path is cut down to its folder. */
static bool add_info(struct xtf_list *list, char *path, const char *env)
{
	cJSON *info = read_json(path);
	const cJSON *envs =
		cJSON_GetObjectItemCaseSensitive(info, "environments");
	bool good = text_of(info, "name") != NULL && cJSON_IsArray(envs);
	const cJSON *e;

	if (!good) {
		say("%s: it has no name and environments as XTF's", path);
		cJSON_Delete(info);
		return false;
	}
	*strrchr(path, '/') = '\0';
	cJSON_ArrayForEach(e, envs)
	{
		if (cJSON_IsString(e) && strcmp(e->valuestring, env) == 0) {
			good = good && add_env(list, info, path, env);
		} else {
			list->nr_others += nr_variations(info);
		}
	}
	cJSON_Delete(info);
	return good;
}

/* A source without an info.json beside it. */
static void note_unbuilt(struct xtf_list *list, const char *source)
{
	const size_t length = (size_t)(strrchr(source, '/') - source);
	const char *name = source + length;
	char path[PATH_MAX];
	const char *info = path;

	snprintf(path, sizeof(path), "%.*s/" INFO, (int)length, source);
	if (bsearch(&info, found, nr_found, sizeof(*found), by_text) != NULL) {
		return;
	}
	while (name > source && name[-1] != '/') {
		name--;
	}
	if (list->nr_unbuilt++ == 0) {
		snprintf(list->unbuilt, sizeof(list->unbuilt), "%.*s",
			 (int)(source + length - name), name);
	}
}

static bool is_info(const char *path)
{
	return strcmp(strrchr(path, '/') + 1, INFO) == 0;
}

static bool add_found(struct xtf_list *list, const char *env)
{
	qsort(found, nr_found, sizeof(*found), by_text);
	for (unsigned int i = 0; i < nr_found; i++) {
		if (!is_info(found[i])) {
			note_unbuilt(list, found[i]);
		}
	}
	for (unsigned int i = 0; i < nr_found; i++) {
		if (is_info(found[i]) && !add_info(list, found[i], env)) {
			return false;
		}
	}
	return true;
}

bool xtf_find(struct xtf_list *list, const char *folder, const char *env)
{
	bool good;
	int end;

	*list = (struct xtf_list){.nr = 0};
	nr_found = 0;
	end = nftw(folder, note_file, 16, 0);
	if (end < 0) {
		say("%s: %s", folder, strerror(errno));
	}
	good = end == 0 && add_found(list, env);
	while (nr_found > 0) {
		free(found[--nr_found]);
	}
	if (good && list->nr == 0) {
		say("%s: no test of XTF's for %s is there (a built one has "
		    "an " INFO ")",
		    folder, env);
		good = false;
	}
	return good;
}

void xtf_forget(struct xtf_list *list)
{
	free(list->tests);
	*list = (struct xtf_list){.nr = 0};
}
