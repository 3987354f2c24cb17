/* SPDX-License-Identifier: MIT */
/*
 * What a path is, and which of two is above the other: the same rules as
 * xenstored's, so that a guest that gets by there gets by here.
 */
#include "emul/store_path.h"

#include "abi/xen.h"
#include "emul/store_string.h"

static bool is_path_character(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '@' ||
	       c == '/';
}

/* No empty elements; no slash at the end; not too deep. */
static bool is_well_formed(const char *path, size_t length)
{
	unsigned int elements = 0;

	for (size_t i = 0; i < length; i++) {
		if (!is_path_character(path[i]) ||
		    (path[i] == '/' &&
		     (i + 1 == length || path[i + 1] == '/'))) {
			return false;
		}
		elements += path[i] == '/';
	}
	return elements <= STORE_DEPTH;
}

/* What stands behind /local/domain/N/, or all of it. */
static size_t relative_length(const char *path, size_t length)
{
	static const char prefix[] = "/local/domain/";
	size_t at = sizeof(prefix) - 1;

	if (length <= at || __builtin_memcmp(path, prefix, at) != 0) {
		return length;
	}
	for (unsigned int digits = 0; at < length && digits < 5; digits++) {
		if (path[at] < '0' || path[at] > '9') {
			break;
		}
		at++;
	}
	return path[at - 1] != '/' && at < length && path[at] == '/'
		       ? length - at - 1
		       : length;
}

int path_make(char ret_path[STORE_ABSOLUTE + 1], size_t *ret_length,
	      const struct store_client *c, const char *given, size_t length)
{
	size_t at = 0;

	if (length == 0 || length > STORE_ABSOLUTE) {
		return -XEN_EINVAL;
	}
	if (length == 1 && given[0] == '/') {
		*ret_length = 0;
		return 0;
	}
	if (given[0] != '/') {
		at = c->home_length;
		__builtin_memcpy(ret_path, c->home, at);
		ret_path[at++] = '/';
	}
	if (length > STORE_ABSOLUTE - at) {
		return -XEN_EINVAL;
	}
	__builtin_memcpy(ret_path + at, given, length);
	at += length;
	if (relative_length(ret_path, at) > STORE_RELATIVE ||
	    !is_well_formed(ret_path, at)) {
		return -XEN_EINVAL;
	}
	*ret_length = at;
	return 0;
}

size_t path_above(const char *path, size_t length)
{
	while (length != 0 && path[length - 1] != '/') {
		length--;
	}
	return length == 0 ? 0 : length - 1;
}

size_t path_element(const char *path, size_t length, size_t from)
{
	size_t end = from + 1;

	while (end < length && path[end] != '/') {
		end++;
	}
	return end;
}

size_t path_whole(const char *path, size_t length, size_t n)
{
	return n == length || path[n] == '/' ? n : path_above(path, n);
}

bool path_holds(const struct store *s, const char *path, size_t length,
		const struct store_string *string)
{
	return string_common(s, string, path, length) == length &&
	       (string->length == length ||
		string_at(s, string, length) == '/');
}

bool path_is_under(const struct store *s, const char *path, size_t length,
		   const struct store_string *string)
{
	return string_common(s, string, path, length) == string->length &&
	       (string->length == length || path[string->length] == '/');
}

size_t path_shared(const struct store *s, const char *path, size_t length,
		   const struct store_string *string)
{
	const size_t n = string_common(s, string, path, length);

	/* Both have an end there, or the shorter one's last element is none. */
	if ((n == length || path[n] == '/') &&
	    (n == string->length || string_at(s, string, n) == '/')) {
		return n;
	}
	return path_above(path, n);
}
