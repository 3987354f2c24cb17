/* SPDX-License-Identifier: MIT */
/*
 * Options of `pagewarden run` that are good each by itself and cannot go into
 * one machine: those that count its instructions, and those that record it as a
 * whole. There nothing may reach the machine but what QEMU writes down, and
 * nobody may look at its memory while its time goes on.
 */
#include <stdio.h>
#include <string.h>

#include "cli/run_options.h"

static bool exclude(const char *one, const char *other, char *error)
{
	snprintf(error, RUN_OPTIONS_ERROR_SIZE, "%s and %s exclude each other",
		 one, other);
	return false;
}

static bool machine_agrees(struct run_options *o, char *error)
{
	const struct {
		bool given;
		const char *name;
	} others[] = {
		{o->gdb, "--gdb"},
		{o->stop_at != 0, "--stop-at"},
		{o->stop_at_refusal, "--stop-at-refusal"},
		{o->explain, "--explain"},
		{o->record != NULL, "--record"},
		{o->report != NULL, "--report"},
		{o->dump != NULL, "--dump"},
		{o->interactive, "--interactive"},
		{o->socket != NULL, "--socket"},
		{o->dry_run, "--dry-run"},
		{o->nr_qemu_arguments != 0, "--qemu-arg"},
		{o->accel == RUN_ACCEL_KVM, "--accel kvm"},
		{command_wanted(&o->command), "a command"},
	};

	for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++) {
		if (others[i].given) {
			return exclude("--record-machine", others[i].name,
				       error);
		}
	}
	if (o->cpus > 1) {
		snprintf(error, RUN_OPTIONS_ERROR_SIZE,
			 "--record-machine: QEMU records machines of one CPU, "
			 "not of %u (--cpus)",
			 o->cpus);
		return false;
	}
	o->cpus = 1;
	o->icount = true;
	return true;
}

void run_options_outputs(const struct run_options *o,
			 struct run_output ret_outputs[RUN_OUTPUTS])
{
	const char *log = o->command.log;
	const bool is_stderr = log != NULL && strcmp(log, "-") == 0;
	const struct run_output outputs[RUN_OUTPUTS] = {
		{"--log", is_stderr ? NULL : log},
		{"--junit", o->junit},
		{"--record", o->record},
		{"--report", o->report},
		{"--dump", o->dump},
		{"--socket", o->socket},
	};

	memcpy(ret_outputs, outputs, sizeof(outputs));
}

/* A file that two would write; pipes and devices may be shared. */
static bool outputs_agree(const struct run_options *o, char *error)
{
	struct run_output outputs[RUN_OUTPUTS];

	run_options_outputs(o, outputs);
	for (size_t i = 0; i < RUN_OUTPUTS; i++) {
		for (size_t j = 0; outputs[i].path != NULL && j < i; j++) {
			if (outputs[j].path != NULL &&
			    strncmp(outputs[i].path, "/dev/", 5) != 0 &&
			    strcmp(outputs[i].path, outputs[j].path) == 0) {
				snprintf(error, RUN_OPTIONS_ERROR_SIZE,
					 "%s and %s name the same file",
					 outputs[j].option, outputs[i].option);
				return false;
			}
		}
	}
	return true;
}

bool run_options_agree(struct run_options *o, char *error)
{
	if (o->record_machine != NULL && !machine_agrees(o, error)) {
		return false;
	}
	if (!outputs_agree(o, error)) {
		return false;
	}
	if (o->dump_bare && o->dump == NULL) {
		snprintf(error, RUN_OPTIONS_ERROR_SIZE,
			 "--dump-bare needs --dump");
		return false;
	}
	if (o->json && o->tap) {
		return exclude("--json", "--tap", error);
	}
	if (o->icount && o->accel == RUN_ACCEL_KVM) {
		return exclude("--icount", "--accel kvm", error);
	}
	/* A recording has no memory map. */
	if ((o->e820 != NULL || o->max_memory != 0) &&
	    (o->record != NULL || o->report != NULL)) {
		return exclude("--record",
			       o->e820 != NULL ? "--e820" : "--maxmem", error);
	}
	/* How long it waits for us would be counted. */
	if (o->icount && (o->record != NULL || o->report != NULL)) {
		return exclude("--record", "--icount", error);
	}
	return true;
}
