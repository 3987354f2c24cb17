/* SPDX-License-Identifier: MIT */
/*
 * What the command wants done: a file in the initial root, of strings that end
 * in a zero, each a letter and a value. The command writes it, the guest's
 * first process reads it.
 */
#ifndef PW_INITRAMFS_COMMAND_JOB_H
#define PW_INITRAMFS_COMMAND_JOB_H

#define JOB_FOLDER ".pagewarden"
#define JOB_INIT JOB_FOLDER "/init"
#define JOB_FILE JOB_FOLDER "/job"
#define JOB_IN JOB_FOLDER "/in" /* what is copied in, by numbers */

enum job_letter {
	JOB_ARGUMENT = 'a', /* of the command, in order */
	JOB_VARIABLE = 'e', /* NAME=VALUE of its environment */
	JOB_COPY_IN = 'i',  /* where the next number goes */
	JOB_COPY_OUT = 'o', /* a file or folder, when it has ended */
	JOB_TERMINAL = 't', /* it has one */
	JOB_BUSYBOX = 'b',  /* the names of busybox's programs are wanted */
};

#endif
