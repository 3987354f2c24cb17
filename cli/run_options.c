/* SPDX-License-Identifier: MIT */
/*
 * Options of `pagewarden run`, by getopt_long. Everything that can be judged
 * without opening a file is judged here, so that a mistake is told before
 * anything slow begins; every message names the option.
 */
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/options.h"
#include "cli/run_options.h"
#include "cli/run_values.h"

/* Options without an argument: what each switches on; NULL: not one of them. */
static bool *flag_of(int id, struct run_options *o)
{
	switch (id) {
	case OPT_NO_INITRD:
		return &o->no_initrd;
	case OPT_ROOT_FIRST:
		return &o->root_first;
	case OPT_JSON:
		return &o->json;
	case OPT_TAP:
		return &o->tap;
	case OPT_STRICT:
		return &o->strict;
	case OPT_STOP_AT_REFUSAL:
		return &o->stop_at_refusal;
	case OPT_EXPLAIN:
		return &o->explain;
	case OPT_INTERACTIVE:
		return &o->interactive;
	case OPT_GDB:
		return &o->gdb;
	case OPT_ICOUNT:
		return &o->icount;
	case OPT_STRETCH:
		return &o->stretch;
	case OPT_LINT:
		return &o->lint;
	case OPT_DRY_RUN:
		return &o->dry_run;
	case OPT_NO_CACHE:
		return &o->no_cache;
	case OPT_NO_CONSOLE_ARG:
		return &o->no_console_arg;
	case OPT_SHELL:
		return &o->command.shell;
	case OPT_DUMP_BARE:
		return &o->dump_bare;
	case OPT_OVERCOMMIT:
		return &o->overcommit;
	default:
		return NULL;
	}
}

/* Options whose argument is kept as it is, and not empty; NULL: the others. */
static const char **text_of(int id, struct run_options *o)
{
	switch (id) {
	case OPT_KERNEL:
		return &o->kernel;
	case OPT_INITRD:
		return &o->initrd;
	case OPT_E820:
		return &o->e820;
	case OPT_SOCKET:
		return &o->socket;
	case OPT_CONSOLE:
		return &o->console;
	case OPT_CPU:
		return &o->cpu;
	case OPT_SYMBOLS:
		return &o->symbols;
	case OPT_EXPECT:
		return &o->expect;
	case OPT_UNTIL:
		return &o->until;
	case OPT_FAIL_ON:
		return &o->fail_on;
	case OPT_RECORD:
		return &o->record;
	case OPT_RECORD_MACHINE:
		return &o->record_machine;
	case OPT_REPORT:
		return &o->report;
	case OPT_DUMP:
		return &o->dump;
	case OPT_JUNIT:
		return &o->junit;
	case OPT_LOG:
		return &o->command.log;
	case OPT_ROOTFS:
		return &o->command.rootfs;
	case OPT_MODULES:
		return &o->command.modules;
	default:
		return NULL;
	}
}

/* Returns what is wrong with the option's argument, or NULL. */
static const char *take(int id, const char *argument, struct run_options *o)
{
	bool *flag = flag_of(id, o);
	const char **text = text_of(id, o);

	if (flag != NULL) {
		*flag = true;
		return NULL;
	}
	if (text != NULL) {
		return parse_text(argument, text);
	}
	switch (id) {
	case OPT_APPEND:
		o->append = argument;
		return NULL;
	case OPT_MEMORY:
		return parse_memory(argument, &o->memory);
	case OPT_MAXMEM:
		return parse_memory(argument, &o->max_memory);
	case OPT_VCPUS:
		return parse_vcpus(argument, &o->vcpus);
	case OPT_MAX_VCPUS:
		return parse_vcpus(argument, &o->max_vcpus);
	case OPT_RESTART:
		if (o->nr_restart == DOMAINS_MAX) {
			return "is one too many";
		}
		o->restart[o->nr_restart++] = argument;
		return NULL;
	case OPT_CPUS:
		return run_value_cpus(argument, o);
	case OPT_STOP_AT:
		return run_value_request(argument, &o->stop_at);
	case OPT_TIMEOUT:
		return run_value_timeout(argument, o);
	case OPT_SUMMARY:
		return run_value_summary(argument, o);
	case OPT_AUDIT:
		return run_value_audit(argument, o);
	case OPT_LOG_LEVEL:
		return run_value_log_level(argument, o);
	case OPT_ACCEL:
		return run_value_accel(argument, o);
	case OPT_QEMU_ARG:
		if (o->nr_qemu_arguments == RUN_QEMU_ARGUMENTS) {
			return "is one too many";
		}
		o->qemu_argument[o->nr_qemu_arguments++] = argument;
		return NULL;
	case OPT_COPY_IN:
		return wish_copy_in(&o->command, argument);
	case OPT_COPY_OUT:
		return wish_copy_out(&o->command, argument);
	default:
		return "is not understood";
	}
}

/* What describes one guest has no place beside --domain and --config. */
static const char *misplaced(int id, const struct run_options *o)
{
	switch (id) {
	case OPT_KERNEL:
	case OPT_INITRD:
	case OPT_NO_INITRD:
	case OPT_APPEND:
	case OPT_MEMORY:
	case OPT_MAXMEM:
	case OPT_E820:
	case OPT_ROOT_FIRST:
	case OPT_VCPUS:
	case OPT_MAX_VCPUS:
		return "is a key of --domain where domains are named";
	case OPT_SYMBOLS:
	case OPT_STOP_AT:
	case OPT_STOP_AT_REFUSAL:
	case OPT_EXPLAIN:
	case OPT_GDB:
	case OPT_REPORT:
	case OPT_RECORD:
	case OPT_RECORD_MACHINE:
	case OPT_DUMP:
		return o->domains.nr > 1 ? "is for one domain alone" : NULL;
	default:
		return NULL;
	}
}

/* The options given, as bits from OPT_KERNEL on, beside the domains. */
static bool check_places(const struct run_options *o, uint64_t given,
			 char *error)
{
	for (int id = OPT_KERNEL; o->domains.nr != 0 && id <= OPT_HELP; id++) {
		const char *wrong = misplaced(id, o);

		if (wrong != NULL && (given >> (id - OPT_KERNEL) & 1) != 0) {
			snprintf(error, RUN_OPTIONS_ERROR_SIZE, "--%s %s",
				 option_name(id), wrong);
			return false;
		}
	}
	if (o->no_initrd && o->initrd != NULL) {
		snprintf(error, RUN_OPTIONS_ERROR_SIZE,
			 "--initrd and --no-initrd exclude each other");
		return false;
	}
	if (o->max_memory != 0 && o->max_memory < o->memory) {
		snprintf(error, RUN_OPTIONS_ERROR_SIZE,
			 "--maxmem: %" PRIu64 "M are less than --memory "
			 "%" PRIu64 "M",
			 o->max_memory >> 20, o->memory >> 20);
		return false;
	}
	if (o->max_vcpus != 0 && o->max_vcpus < o->vcpus) {
		snprintf(error, RUN_OPTIONS_ERROR_SIZE,
			 "--max-vcpus: %u are less than --vcpus %u",
			 o->max_vcpus, o->vcpus);
		return false;
	}
	return true;
}

static bool check_console(const struct run_options *o, char *error)
{
	if (o->console == NULL ||
	    domains_find(&o->domains, o->console) != NULL ||
	    (o->domains.nr == 0 && strcmp(o->console, DOMAINS_NAME) == 0)) {
		return true;
	}
	snprintf(error, RUN_OPTIONS_ERROR_SIZE,
		 "--console: there is no domain '%.100s'", o->console);
	return false;
}

static bool apply_restarts(struct run_options *o, char *error)
{
	struct domains one = {.list = {{.name = DOMAINS_NAME}}, .nr = 1};
	struct domains *ds = o->domains.nr != 0 ? &o->domains : &one;

	for (unsigned int i = 0; i < o->nr_restart; i++) {
		if (domains_restart(ds, o->restart[i], error) != NULL) {
			return false;
		}
	}
	o->restarts = one.list[0].restarts;
	return true;
}

/* What goes with a command only, and what with none. */
static bool check_command(const struct run_options *o, uint64_t given,
			  char *error)
{
	static const int with[] = {OPT_LOG, OPT_COPY_IN, OPT_COPY_OUT,
				   OPT_ROOTFS, OPT_MODULES};
	static const int without[] = {OPT_DOMAIN, OPT_CONFIG, OPT_INTERACTIVE,
				      OPT_EXPLAIN, OPT_GDB};
	const bool command = command_wanted(&o->command);
	const int *wrong = command ? without : with;

	for (size_t i = 0; i < 5; i++) {
		if ((given >> (wrong[i] - OPT_KERNEL) & 1) != 0) {
			snprintf(error, RUN_OPTIONS_ERROR_SIZE,
				 command ? "--%s and a command exclude each "
					   "other"
					 : "--%s is for a command (-- CMD, or "
					   "--shell)",
				 option_name(wrong[i]));
			return false;
		}
	}
	if (o->command.rootfs != NULL && (o->initrd != NULL || o->no_initrd)) {
		snprintf(error, RUN_OPTIONS_ERROR_SIZE,
			 "--rootfs and --%s exclude each other",
			 o->no_initrd ? "no-initrd" : "initrd");
		return false;
	}
	return true;
}

void run_options_fini(struct run_options *o)
{
	domains_fini(&o->domains);
}

unsigned int run_options_nr(const struct run_options *o)
{
	return o->domains.nr != 0 ? o->domains.nr : 1;
}

struct run_domain run_options_domain(const struct run_options *o,
				     unsigned int i)
{
	if (o->domains.nr != 0) {
		return o->domains.list[i];
	}
	return (struct run_domain){
		.name = DOMAINS_NAME,
		.kernel = o->kernel,
		.initrd = o->initrd,
		.no_initrd = o->no_initrd,
		.append = o->append,
		.memory = o->memory,
		.max_memory = o->max_memory,
		.e820 = o->e820,
		.root_first = o->root_first,
		.vcpus = o->vcpus,
		.max_vcpus = o->max_vcpus,
		.restarts = o->restarts,
	};
}

/* Returns false with a line in error. */
static bool take_option(struct options_walk *w, struct run_options *o)
{
	const char *wrong;

	if (w->id == OPT_DOMAIN) {
		return domains_add(&o->domains, w->argument, w->error) == NULL;
	}
	if (w->id == OPT_CONFIG) {
		return domains_read(&o->domains, w->argument, w->error) == NULL;
	}
	wrong = take(w->id, w->argument, o);
	return wrong == NULL || options_wrong(w, wrong);
}

/* What follows the options: a command, if anything does. */
static bool take_command(const struct options_walk *w, struct run_options *o)
{
	if (options_have_command(w)) {
		o->command.words = w->argv + optind;
		o->command.nr_words = w->argc - optind;
	} else if (options_lack_command(w) && !o->command.shell) {
		snprintf(w->error, RUN_OPTIONS_ERROR_SIZE,
			 "no command follows --");
		return false;
	} else if (optind < w->argc) {
		snprintf(w->error, RUN_OPTIONS_ERROR_SIZE,
			 "unexpected argument '%.60s' (a kernel is named by "
			 "--kernel)",
			 w->argv[optind]);
		return false;
	}
	return true;
}

static bool check_all(struct run_options *o, uint64_t given, char *error)
{
	if (!check_places(o, given, error) || !check_console(o, error) ||
	    domains_check(&o->domains, error) != NULL ||
	    !apply_restarts(o, error) || !check_command(o, given, error)) {
		return false;
	}
	if ((given >> (OPT_TIMEOUT - OPT_KERNEL) & 1) == 0 && !o->interactive &&
	    !o->command.shell && !o->gdb) {
		o->timeout = RUN_TIMEOUT;
	}
	return run_options_agree(o, error);
}

enum run_options_result run_options_parse(int argc, char **argv,
					  struct run_options *o, char *error)
{
	struct options_walk w;
	uint64_t given = 0;
	int id;

	*o = (struct run_options){
		.memory = UINT64_C(1) << 30,
		.vcpus = 1,
		.log_level = "info",
		.argc = argc,
		.argv = argv,
	};
	options_begin(&w, VERB_RUN, argc, argv, error);
	while ((id = options_next(&w)) > 0) {
		if (id == OPT_HELP) {
			return RUN_OPTIONS_HELP;
		}
		if (!take_option(&w, o)) {
			return RUN_OPTIONS_BAD;
		}
		given |= UINT64_C(1) << (id - OPT_KERNEL);
	}
	return id == 0 && take_command(&w, o) && check_all(o, given, error)
		       ? RUN_OPTIONS_OK
		       : RUN_OPTIONS_BAD;
}

int run_options_console(const struct run_options *o)
{
	return o->json || o->tap || o->doctor ? STDERR_FILENO : STDOUT_FILENO;
}

unsigned int run_options_which(const struct run_options *o, const char *name)
{
	unsigned int which = 0;

	for (unsigned int i = 0; i < run_options_nr(o); i++) {
		if (strcmp(run_options_domain(o, i).name, name) == 0) {
			which = i;
		}
	}
	return which;
}
