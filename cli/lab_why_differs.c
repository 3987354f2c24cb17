/* SPDX-License-Identifier: MIT */
/*
 * The report's facts, held against what the scenario knows of its own failure:
 * the function that asked, what holds the frame, and who made it so.
 */
#include "cli/lab_why.h"

#include <string.h>

const char *lab_why_title(const struct lab_why *w)
{
	switch (w->kind) {
	case LAB_WHY_NOTHING:
		break;
	case LAB_WHY_REFUSED:
		return rule_info[w->refused.rule].name;
	case LAB_WHY_WRITTEN:
		return "TABLE_WRITTEN";
	case LAB_WHY_STALE:
		return "STALE_TRANSLATION";
	case LAB_WHY_FAULT:
		return "PAGE_FAULT";
	case LAB_WHY_MISTAKE:
		return "MISTAKE";
	case LAB_WHY_NO_START:
		return "NOT_STARTED";
	}
	return "";
}

static enum lab_holder kind_of(const struct holder *h)
{
	return h->level > 1             ? LAB_HELD_AS_TABLE
	       : pte_writable(h->entry) ? LAB_HELD_WRITABLE
					: LAB_HELD_READONLY;
}

static bool is_maker(const struct lab_self *self, const struct lab_maker *m,
		     const char *function)
{
	return function == NULL
		       ? m->by == LAB_MADE_BY_BUILDER
		       : m->by != LAB_MADE_BY_BUILDER &&
				 lab_stack_has(self, &m->stack, function);
}

/* Is there a holder of the kind, and has one of them that maker? */
static const char *holder_differs(const struct lab_self *self,
				  const struct lab_why *w,
				  const struct lab_blame *blame)
{
	const struct holders *h = &w->holders;
	bool found = false;

	if (blame->holder == LAB_HELD_BY_PIN) {
		return !h->pinned ? "nothing is pinned"
		       : is_maker(self, &w->pin_maker, blame->maker)
			       ? NULL
			       : "another pinned it";
	}
	for (unsigned int i = 0; i < h->nr; i++) {
		if (kind_of(&h->list[i]) != blame->holder) {
			continue;
		}
		found = true;
		if (is_maker(self, &w->maker[i], blame->maker)) {
			return NULL;
		}
	}
	return found ? "another made the holder" : "no holder of the kind";
}

const char *lab_why_differs(const struct lab_self *self,
			    const struct lab_why *w,
			    const struct lab_blame *blame)
{
	const struct holders *h = &w->holders;

	if (strcmp(lab_why_title(w), blame->title) != 0) {
		return "it is another failure";
	}
	if (w->notes.about_frame && w->pfn != w->notes.about.v) {
		return "it is about another frame";
	}
	if (blame->asker != NULL &&
	    !lab_stack_has(self, &w->asker, blame->asker) &&
	    !lab_stack_has(self, &w->queuer, blame->asker)) {
		return "another asked for it";
	}
	if (blame->holder == LAB_HELD_BY_NOTHING) {
		return h->nr != 0 || h->pinned ? "something holds it" : NULL;
	}
	return holder_differs(self, w, blame);
}
