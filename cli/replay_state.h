/* SPDX-License-Identifier: MIT */
/* The state that a replay has come to, in words. */
#ifndef PW_CLI_REPLAY_STATE_H
#define PW_CLI_REPLAY_STATE_H

#include "abi/addr.h"
#include "trace/replay/replay.h"

/* Domains, their roots, frames by type. */
void replay_tell_state(const struct replay *r);
/* The walk of an address from the first domain's first vCPU's root. */
void replay_tell_walk(const struct replay *r, vaddr_t va);
/* A frame's record, and every entry of a table that names it. */
void replay_tell_frame(const struct replay *r, mfn_t f);

#endif
