/* SPDX-License-Identifier: MIT */
/* Recordings of the lab's runs in the simulator. */
#ifndef PW_CLI_LAB_RECORD_H
#define PW_CLI_LAB_RECORD_H

#include "lab/many.h"

struct lab_recordings;

/*
 * Each of the runs that can be recorded (in the simulator, with a hypervisor,
 * of a domain that is not too big) is, from now on: in `file` if that is not
 * NULL and there is one run, else in a file of its own in `folder`. NULL, and
 * it has been said why: not even one, or a file cannot be made.
 */
struct lab_recordings *lab_record(struct lab_job *jobs, unsigned int nr,
				  const char *file, const char *folder);
/* They are over. False, and it has been said: one could not be written. */
bool lab_record_end(struct lab_recordings *r);

#endif
