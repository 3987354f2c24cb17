/* SPDX-License-Identifier: MIT */
/* The QEMU that a guest runs in: its arguments, its process. */
#ifndef PW_CLI_QEMU_H
#define PW_CLI_QEMU_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "abi/control.h"
#include "cli/e820.h"
#include "cli/pauses.h"
#include "cli/run_options.h"

#define QEMU_PROGRAM "qemu-system-x86_64"
#define QEMU_PACKAGE "qemu-system-x86"
#define QEMU_KVM "/dev/kvm"
#define QEMU_ERROR_SIZE 320
/* The ring of a recording: what is not read in time waits there. */
#define QEMU_RECORD_MIB 16

/* QEMU's status when the hypervisor has ended the machine (abi/control.h). */
#define QEMU_STATUS(value) ((value)*2 + 1)
enum qemu_exit {
	QEMU_EXIT_POWEROFF = QEMU_STATUS(CONTROL_EXIT_POWEROFF),
	QEMU_EXIT_CRASH = QEMU_STATUS(CONTROL_EXIT_CRASH),
	QEMU_EXIT_HV_FAILED = QEMU_STATUS(CONTROL_EXIT_FAILED),
	QEMU_EXIT_REBOOT = QEMU_STATUS(CONTROL_EXIT_REBOOT),
	QEMU_EXIT_BROKEN = QEMU_STATUS(CONTROL_EXIT_BROKEN),
};

/* The modules of one domain: open files that QEMU inherits. */
struct qemu_guest {
	const char *cmdline;
	int kernel;          /* the ELF */
	int initrd;          /* -1: there is none */
	struct e820_map map; /* nr 0: the hypervisor's own */
};

struct qemu_config {
	const struct run_options *options;
	const char *hypervisor; /* path of the image */
	uint64_t ram;           /* bytes, the hypervisor's part included */
	struct qemu_guest guest[DOMAINS_MAX];
	unsigned int nr_guests;
	/* More open files that QEMU inherits; -1: there is none. */
	int memory;  /* the machine's RAM, shared with us */
	int console; /* QEMU's ends of socket pairs */
	int control;
	int bell;          /* of a pipe (abi/pipe.h) */
	int gdb;           /* a listening socket */
	int pause[PAUSES]; /* pipes (pauses.h) */
	int events;        /* of a machine recorded or replayed */
	int snapshot;      /* of its beginning */
};

/*
 * The argument vector, NULL-terminated, malloc'ed with its strings; NULL if
 * memory is short.
 */
char **qemu_arguments(const struct qemu_config *config);
void qemu_free_arguments(char **arguments);
/* Does the hypervisor wait for CONTROL_GO after a refusal? */
bool qemu_waits(const struct qemu_config *config);
/* Does the machine stand there until pauses_release()? */
bool qemu_pauses(const struct qemu_config *config);
/* Is the machine the CPU's own, by KVM? */
bool qemu_has_kvm(const struct run_options *o);
/* QEMU's -cpu; with KVM, what the host has. */
const char *qemu_model(const struct run_options *o);
/* Is there a pipe into the guest? */
bool qemu_has_pipe(const struct run_options *o);
/* Is the machine to be stopped for gdb, at a request of the guest's? */
bool qemu_stops(const struct run_options *o);

/*
 * How much memory the machine needs for a guest of that many bytes, with
 * modules (kernel and initrd) of so many bytes lying in it as well.
 */
uint64_t qemu_ram_size(uint64_t guest, uint64_t modules);

/* How many CPUs the machine gets. */
unsigned int qemu_cpus(const struct run_options *o);

/* Physical address bits for that much memory; 0: the CPU model's will do. */
unsigned int qemu_phys_bits(uint64_t ram);

struct qemu {
	pid_t pid;
	/* Our ends. */
	int console;
	int control;
	int bell;     /* -1: there is none */
	int errors;   /* QEMU's stderr */
	int gdb_port; /* 0: no gdb stub */
	struct pauses pauses;
};

/*
 * Starts QEMU; console, control and gdb of *config are filled in here.
 * Returns 0, or -1 with a line in error, of QEMU_ERROR_SIZE bytes.
 */
int qemu_start(struct qemu *qemu, struct qemu_config *config, char *error);
/* Prints its command line as qemu_start() would have it; as that otherwise. */
int qemu_print(struct qemu_config *config, char *error);
/* Asks QEMU to end; what it records is whole then. */
void qemu_end(const struct qemu *qemu);
void qemu_kill(const struct qemu *qemu);
/* Waits for its end: a wait status. Closes what qemu_start has opened. */
int qemu_finish(struct qemu *qemu);

#endif
