/* SPDX-License-Identifier: MIT */
/* The options of `pagewarden run`. */
#ifndef PW_CLI_RUN_OPTIONS_H
#define PW_CLI_RUN_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "cli/command/wish.h"
#include "cli/domains.h"
#include "cli/options.h"

#define RUN_OPTIONS_ERROR_SIZE OPTIONS_ERROR_SIZE
#define RUN_CPUS_MAX 8           /* CPUS_MAX in hv/cpu/cpu.h */
#define RUN_TIMEOUT_MAX 31536000 /* a year */
#define RUN_TIMEOUT 1800         /* where nobody sits before it */
#define RUN_JUDGED_TIMEOUT "120" /* where many, or one soon, are judged */
#define RUN_QEMU_ARGUMENTS 32

/* The request of that number took its operands from that address. */
struct run_slot {
	uint64_t request;
	uint64_t address;
};
#define RUN_SLOTS 4 /* a CPU's breakpoints */

enum run_accel {
	RUN_ACCEL_TCG,
	RUN_ACCEL_KVM,
	RUN_ACCEL_AUTO, /* KVM where it can be had */
};

enum run_audit {
	RUN_AUDIT_EXIT,
	RUN_AUDIT_EVERY,
	RUN_AUDIT_OFF,
};

struct run_cases;

/* Strings point into the argument vector, or are owned by `domains`. */
struct run_options {
	const char *kernel; /* NULL: the default beside the executable */
	const char *initrd; /* likewise, unless no_initrd */
	bool no_initrd;
	bool root_first;        /* the guest's tables, of 32 bits */
	const char *append;     /* NULL: nothing beyond console=hvc0 */
	uint64_t memory;        /* the guest's, bytes, whole MiB */
	uint64_t max_memory;    /* that it may have later; 0: that */
	const char *e820;       /* a file with its memory map, or NULL */
	unsigned int vcpus;     /* the guest's, online when it begins */
	unsigned int max_vcpus; /* that may be; 0: those */
	const char *socket;     /* where the run can be told things, or NULL */
	unsigned int cpus;      /* the machine's; 0: as many as make sense */
	const char *cpu;        /* QEMU's -cpu; NULL: qemu_model()'s */
	enum run_accel accel;
	const char *qemu_argument[RUN_QEMU_ARGUMENTS]; /* more of them */
	unsigned int nr_qemu_arguments;
	const char *junit;       /* a file for CI; NULL: none */
	bool tap;                /* on stdout, in place of the summary */
	struct run_cases *cases; /* gets how it went; NULL: nobody asks */
	bool no_cache;           /* unpack the kernel in any case */
	bool no_console_arg;     /* nothing before `append` */
	bool dry_run;            /* show QEMU's command line, and no more */
	const char *symbols;     /* NULL: the kernel's own */
	const char *expect;      /* NULL: nothing is expected */
	const char *until;       /* NULL, or ends the run well */
	const char *fail_on;     /* NULL, or ends it badly */
	bool strict;             /* no refusals */
	uint64_t stop_at;        /* request of the guest; 0: none */
	bool stop_at_refusal;
	bool doctor;  /* `pagewarden doctor` is asking */
	bool explain; /* a second run, for the history of a frame */
	/* In such a second run: */
	bool repeats;
	uint64_t watch; /* the frame, or 0 */
	struct run_slot slots[RUN_SLOTS];
	unsigned int nr_slots;
	/* As they were given, for a command line that does the same. */
	int argc;
	char **argv;
	unsigned int timeout; /* seconds; 0: none */
	bool interactive;
	bool gdb;
	bool icount;
	bool overcommit; /* more than the host has memory for */
	bool stretch;
	bool lint; /* warnings at the end */
	bool json;
	const char *record;         /* a trace file; NULL: none */
	const char *record_machine; /* a folder for QEMU's; NULL: none */
	bool replay_told;           /* QEMU was told to end that */
	const char *replay_machine; /* the same to be read; NULL: none */
	const char *report;         /* a page made of it; NULL: none */
	const char *dump;           /* a core file; NULL: none */
	bool dump_bare;             /* that crash takes for a bare machine's */
	enum run_audit audit;
	uint64_t audit_every; /* hypercalls, with RUN_AUDIT_EVERY */
	const char *log_level;
	/* If any are named; what is said of the guest above is not, then. */
	struct domains domains;
	const char *console; /* the domain that has the terminal, or NULL */
	const char *restart[DOMAINS_MAX]; /* as --restart has them */
	unsigned int nr_restart;
	uint32_t restarts; /* of the one guest */
	struct command_wish command;
};

enum run_options_result {
	RUN_OPTIONS_OK,
	RUN_OPTIONS_HELP, /* --help was asked for */
	RUN_OPTIONS_BAD,  /* one line in error */
};

/* error: RUN_OPTIONS_ERROR_SIZE bytes */
enum run_options_result run_options_parse(int argc, char **argv,
					  struct run_options *options,
					  char *error);

/*
 * Do those that go into one machine agree? Else a line in error. Sets what one
 * of them implies.
 */
bool run_options_agree(struct run_options *options, char *error);

/* The files that are written meanwhile or at the end, by their options. */
#define RUN_OUTPUTS 6
struct run_output {
	const char *option;
	const char *path; /* NULL: none is wanted */
};
void run_options_outputs(const struct run_options *options,
			 struct run_output ret_outputs[RUN_OUTPUTS]);

/* Frees what parsing has kept, whether or not it went well. */
void run_options_fini(struct run_options *options);

/* The domains of the run: those named, or the one that the options describe. */
unsigned int run_options_nr(const struct run_options *options);
struct run_domain run_options_domain(const struct run_options *options,
				     unsigned int i);
/* The descriptor on which the console is shown. */
int run_options_console(const struct run_options *options);
/* The number of the one of that name; 0 if none is. */
unsigned int run_options_which(const struct run_options *options,
			       const char *name);

/* The text of `pagewarden run --help`. */
extern const char run_options_help[];

#endif
