/* SPDX-License-Identifier: MIT */
/*
 * `pagewarden test`: the kernels of a series, or of several branches, in each
 * size and number of vCPUs that matters, as one table. Options that it does not
 * know itself are those of each run.
 */
#include "cli/many/test.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/many/matrix.h"
#include "cli/options.h"
#include "cli/say.h"
#include "cli/seconds.h"

const char test_help[] =
	"usage: pagewarden test [OPTION]... [-- COMMAND [ARGUMENT]...]\n"
	"\n"
	"Runs each kernel with each size of memory and each number of vCPUs,\n"
	"side by side as far as this host has processors and memory, and prints\n"
	"a table. With a command, each guest runs that.\n"
	"\n"
	"  --kernel FILE    may be repeated (as run)\n"
	"  --memory LIST    sizes with commas between them: 128M,1G,5G (1G)\n"
	"  --vcpus LIST     numbers with commas between them: 1,4 (1)\n"
	"  --jobs N         processors that the runs may take together (all)\n"
	"  --logs DIR       a file for the console of each run\n"
	"  --junit FILE     the runs as JUnit's XML, too\n"
	"  --tap            as TAP 13, instead of the table\n"
	"  --overcommit     try also what the host has no memory for\n"
	"  --help           this\n"
	"\n"
	"And these of `pagewarden run`, for each run: --initrd, --no-initrd,\n"
	"--append, --no-cache, --no-console-arg, --max-vcpus, --maxmem, --e820,\n"
	"--root-first, --cpus, --cpu, --accel,\n"
	"--qemu-arg, --symbols, --expect, --until, --fail-on, --strict, --lint,\n"
	"--timeout, --copy-in, --rootfs, --modules, --icount, --stretch,\n"
	"--audit, --log-level.\n"
	"\n"
	"Status: 0 all passed, 1 one failed, 2 bad usage or input, 3 Pagewarden\n"
	"itself failed; the worst of all runs.\n";

struct wish {
	struct matrix matrix;
	struct many_output output;
};

/* Returns what is wrong with the option's argument, or NULL. */
static const char *take(const struct options_walk *walk, void *to)
{
	struct wish *w = to;
	const char *wrong;

	switch (walk->id) {
	case OPT_KERNEL:
		return matrix_add_kernel(&w->matrix, walk->argument);
	case OPT_MEMORY:
		return matrix_add_memory(&w->matrix, walk->argument);
	case OPT_VCPUS:
		return matrix_add_vcpus(&w->matrix, walk->argument);
	case OPT_OVERCOMMIT:
		w->matrix.overcommit = true;
		return NULL;
	default:
		if (!many_take(&w->output, walk, &wrong)) {
			words_pass(&w->matrix.common, walk);
			return NULL;
		}
		return wrong;
	}
}

static const struct options_reader reader = {VERB_TEST, test_help, take};

static bool open_logs(const struct wish *w)
{
	for (unsigned int i = 0; i < w->matrix.nr; i++) {
		const struct many_name *n = &w->matrix.names[i];
		char name[CASES_NAME + 80];

		snprintf(name, sizeof(name), "%s %s", n->group, n->name);
		w->matrix.jobs[i].log = many_log(&w->output, name);
		if (w->matrix.jobs[i].log < 0) {
			return false;
		}
	}
	return true;
}

static int run_all(struct wish *w)
{
	struct matrix *m = &w->matrix;
	const double start = seconds_now();
	struct many many;
	int status;

	if (!many_begin(&many, m->jobs, m->nr, (unsigned int)w->output.jobs)) {
		say("out of memory");
		return STATUS_OURS;
	}
	many_head(&w->output, "kernel", "  memory vcpus");
	for (unsigned int i = 0; i < m->nr; i++) {
		many_wait(&many, i);
		many_row(&w->output, &m->names[i], &m->jobs[i]);
	}
	status = many_tell(&w->output, m->names, m->jobs, m->nr,
			   seconds_now() - start);
	many_end(&many);
	return status;
}

static int test(struct wish *w, int argc, char **argv)
{
	char error[OPTIONS_ERROR_SIZE];
	int status = STATUS_USAGE;

	if (optind < argc && strcmp(argv[optind - 1], "--") == 0) {
		w->matrix.command = argv + optind;
		w->matrix.nr_command = argc - optind;
	} else if (optind < argc) {
		say("unexpected argument '%.60s' (a kernel is named by "
		    "--kernel)",
		    argv[optind]);
		return status;
	}
	if (!matrix_make(&w->matrix, error)) {
		say("%s", error);
	} else if (many_reserve(&w->output) && open_logs(w)) {
		status = run_all(w);
	}
	for (unsigned int i = 0; i < w->matrix.nr; i++) {
		if (w->matrix.jobs[i].log > STDERR_FILENO) {
			close(w->matrix.jobs[i].log);
		}
	}
	return status;
}

int cmd_test(int argc, char **argv)
{
	struct wish w = {.output = {.suite = "pagewarden test"}};
	int status = options_read(&reader, argc, argv, &w);

	if (status == OPTIONS_READ) {
		status = test(&w, argc, argv);
	}
	matrix_fini(&w.matrix);
	return status;
}
