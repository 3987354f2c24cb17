/* SPDX-License-Identifier: MIT */
/*
 * The file of --config: a [section] for each domain, whose name it is, and
 * lines KEY = VALUE in it. A value may stand in quotes, as xl.cfg's do; '#'
 * begins a comment where a line begins. Small as it is, it is read here: the
 * libraries for such files cut long lines, and kernels' parameters are long.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cli/domains.h"

#define FILE_MAX (1 << 20)

/* The whole file, NUL-terminated; or NULL with errno. */
static char *read_text(const char *path)
{
	FILE *f = fopen(path, "re");
	struct stat status;
	char *text = NULL;
	size_t n;

	if (f == NULL) {
		return NULL;
	}
	if (fstat(fileno(f), &status) == 0 && !S_ISREG(status.st_mode)) {
		errno = EINVAL;
	} else if (status.st_size > FILE_MAX) {
		errno = EFBIG;
	} else {
		text = malloc(FILE_MAX + 1);
	}
	if (text != NULL) {
		n = fread(text, 1, FILE_MAX, f);
		text[n] = '\0';
		if (ferror(f) || strlen(text) != n) {
			errno = ferror(f) ? EIO : EINVAL;
			free(text);
			text = NULL;
		}
	}
	fclose(f);
	return text;
}

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

/* Without the spaces at both ends. */
static char *trim(char *text)
{
	size_t n;

	while (is_space(*text)) {
		text++;
	}
	n = strlen(text);
	while (n != 0 && is_space(text[n - 1])) {
		text[--n] = '\0';
	}
	return text;
}

/* Without the quotes around it; NULL: one of the two is missing. */
static char *unquote(char *text)
{
	const char quote = text[0];
	size_t n = strlen(text);

	if (quote != '"' && quote != '\'') {
		return text;
	}
	if (n < 2 || text[n - 1] != quote) {
		return NULL;
	}
	text[n - 1] = '\0';
	return text + 1;
}

/* NULL, or what is wrong with the line. */
static const char *take_section(struct domains *ds, char *line,
				struct run_domain **d)
{
	size_t n = strlen(line);

	if (line[n - 1] != ']') {
		return "']' is missing";
	}
	line[n - 1] = '\0';
	*d = domains_begin(ds, NULL);
	if (*d == NULL) {
		return "there are more than 16 domains";
	}
	return domains_set(*d, "name", trim(line + 1));
}

static const char *take_line(struct domains *ds, char *line,
			     struct run_domain **d)
{
	char *value;

	if (*line == '\0' || *line == '#') {
		return NULL;
	}
	if (*line == '[') {
		return take_section(ds, line, d);
	}
	if (*d == NULL) {
		return "stands before the first [section]";
	}
	value = strchr(line, '=');
	if (value == NULL) {
		return "is not KEY = VALUE";
	}
	*value++ = '\0';
	value = unquote(trim(value));
	return value == NULL ? "has a quote that does not end"
			     : domains_set(*d, trim(line), value);
}

const char *domains_read(struct domains *ds, const char *path, char *error)
{
	char *line = domains_own(ds, read_text(path));
	struct run_domain *d = NULL;

	if (line == NULL) {
		snprintf(error, DOMAINS_ERROR_SIZE, "--config %.150s: %s", path,
			 strerror(errno));
		return error;
	}
	for (unsigned int number = 1; line != NULL; number++) {
		char *end = strchr(line, '\n');
		const char *wrong;

		if (end != NULL) {
			*end++ = '\0';
		}
		line = trim(line);
		wrong = take_line(ds, line, &d);
		if (wrong != NULL) {
			snprintf(error, DOMAINS_ERROR_SIZE,
				 "--config %.100s:%u: '%.60s' %s", path, number,
				 trim(line), wrong);
			return error;
		}
		line = end;
	}
	if (ds->nr == 0) {
		snprintf(error, DOMAINS_ERROR_SIZE,
			 "--config %.150s: there is no [section]", path);
		return error;
	}
	return NULL;
}
