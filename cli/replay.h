/* SPDX-License-Identifier: MIT */
/* `pagewarden replay`: a recording run again, and compared. */
#ifndef PW_CLI_REPLAY_H
#define PW_CLI_REPLAY_H

extern const char replay_help[];
int cmd_replay(int argc, char **argv);

#endif
