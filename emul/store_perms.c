/* SPDX-License-Identifier: MIT */
/*
 * Permissions, as xenstored has them: the first of the list names the owner,
 * who may everything, and says what those may who are not named; each other one
 * says it of one domain, and the first that names it counts.
 */
#include "emul/store_perms.h"

#include "abi/text.h"
#include "abi/xen.h"

static const char letters[] = {
	[0] = 'n',
	[STORE_READ] = 'r',
	[STORE_WRITE] = 'w',
	[STORE_READ | STORE_WRITE] = 'b',
};

/* Is it the client, or one whose rights it has? */
static bool is_for(const struct store *s, const struct store_client *c,
		   uint16_t domid)
{
	if (c->domid == domid) {
		return true;
	}
	for (unsigned int i = 1; i < STORE_CLIENTS; i++) {
		if ((c->acts_for >> i & 1) != 0 && s->client[i] != NULL &&
		    s->client[i]->domid == domid) {
			return true;
		}
	}
	return false;
}

unsigned int perms_of(const struct store *s, const struct store_client *c,
		      const struct store_perms *perms)
{
	if (c->all || is_for(s, c, perms->of[0].domid)) {
		return STORE_READ | STORE_WRITE | STORE_OWN;
	}
	for (unsigned int i = 1; i < perms->nr; i++) {
		if (is_for(s, c, perms->of[i].domid)) {
			return perms->of[i].may;
		}
	}
	return perms->of[0].may;
}

struct store_perms perms_inherited(const struct store_client *c,
				   const struct store_perms *above)
{
	struct store_perms perms = *above;

	if (!c->all) {
		perms.of[0].domid = c->domid;
	}
	return perms;
}

/* A letter and a number: bytes taken with the NUL, or 0: it is none. */
static size_t parse_one(struct store_perms *p, const char *text, size_t size)
{
	uint32_t domid = 0;
	size_t at = 1;
	uint8_t may = 0;

	while (may < sizeof(letters) && (size == 0 || letters[may] != *text)) {
		may++;
	}
	while (at < size && text[at] >= '0' && text[at] <= '9' &&
	       domid <= UINT16_MAX) {
		domid = domid * 10 + (uint32_t)(text[at++] - '0');
	}
	if (may == sizeof(letters) || at < 2 || at >= size ||
	    text[at] != '\0' || domid > UINT16_MAX) {
		return 0;
	}
	p->of[p->nr].domid = (uint16_t)domid;
	p->of[p->nr++].may = may;
	return at + 1;
}

int perms_parse(struct store_perms *ret_perms, const char *list, size_t size)
{
	unsigned int nr = 0;
	size_t at = 0;

	for (size_t i = 0; i < size; i++) {
		nr += list[i] == '\0';
	}
	if (nr == 0 || list[size - 1] != '\0') {
		return -XEN_EINVAL;
	}
	if (nr > STORE_PERMS) {
		return -XEN_ENOSPC;
	}
	*ret_perms = (struct store_perms){.nr = 0};
	while (at < size) {
		const size_t n = parse_one(ret_perms, list + at, size - at);

		if (n == 0) {
			return -XEN_EINVAL;
		}
		at += n;
	}
	return 0;
}

size_t perms_print(const struct store_perms *perms, char ret_list[PERMS_TEXT])
{
	size_t at = 0;

	for (unsigned int i = 0; i < perms->nr; i++) {
		struct text t = text_in(ret_list + at, PERMS_TEXT - at);

		text_format(&t, "%c%u", letters[perms->of[i].may],
			    (unsigned int)perms->of[i].domid);
		at += t.used + 1;
	}
	return at;
}

bool perms_forget(struct store_perms *perms, uint16_t domid)
{
	struct store_perms left = {.nr = 1};
	bool forgot = perms->of[0].domid == domid;

	left.of[0].domid = forgot ? 0 : perms->of[0].domid;
	left.of[0].may = perms->of[0].may;
	for (unsigned int i = 1; i < perms->nr; i++) {
		if (perms->of[i].domid != domid) {
			left.of[left.nr++] = perms->of[i];
		} else {
			forgot = true;
		}
	}
	*perms = left;
	return forgot;
}
