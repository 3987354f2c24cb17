/* SPDX-License-Identifier: MIT */
/*
 * The structures that requests point to, taken from the bytes that were copied,
 * in both widths: once more, and not by the engine's tables of forms. What is
 * shorter than its structure is not there.
 */
#ifndef PW_TRACE_FORMS_H
#define PW_TRACE_FORMS_H

#include "abi/xen.h"
#include "trace/file/reader.h"

/* False: the bytes are no such structure. */
bool forms_reservation(const struct trace_record *r, bool narrow,
		       struct xen_memory_reservation *ret);
bool forms_physmap(const struct trace_record *r, bool narrow,
		   struct xen_add_to_physmap *ret);
/* A list of frames: one copy, or of a narrow domain one for each of them. */
void forms_frames(const struct trace *t, const struct trace_record *first,
		  bool narrow, uint64_t *to, unsigned int most);

#endif
