/* SPDX-License-Identifier: MIT */
/* Between the readers of notes and the checks: one value at a time. */
#ifndef PW_BUILDER_NOTES_VALUE_H
#define PW_BUILDER_NOTES_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "builder/notes.h"

/* A piece of text inside a file: not terminated. */
struct piece {
	const char *at;
	size_t length;
};

bool piece_is(struct piece text, const char *word);
bool piece_begins(struct piece text, const char *word);
bool piece_has(struct piece text, const char *word);
/* Cuts *text at the first c, and returns what came before it. */
struct piece piece_until(struct piece *text, char c);

enum note_kind {
	NOTE_UNKNOWN,
	NOTE_NUMBER,
	NOTE_STRING,
	NOTE_PAIRS, /* mask and value, alike in size */
};

enum note_kind notes_kind(unsigned int type);
void notes_set_number(struct xen_notes *notes, unsigned int type,
		      uint64_t value);
int notes_set_string(struct xen_notes *notes, unsigned int type,
		     struct piece value, struct build_error *e);
void notes_set_pair(struct xen_notes *notes, uint64_t mask, uint64_t value);

/* Refuses features that are required and not offered to a PV domain. */
int notes_check_features(const struct xen_notes *notes, struct build_error *e);

/* Reads the string of __xen_guest. */
int xen_guest_parse(struct xen_notes *notes, struct piece text,
		    struct build_error *e);

#endif
