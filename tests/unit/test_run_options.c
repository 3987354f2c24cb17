/* SPDX-License-Identifier: MIT */
/* `pagewarden run`: what each option sets, and what is refused with words. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "cli/run_options.h"

#define MAX_WORDS 8
#define GIB (UINT64_C(1) << 30)

/* Words after "run", NULL-terminated. */
static enum run_options_result parse(const char *const *words,
				     struct run_options *o, char *error)
{
	/* getopt may permute its vector, and wants it writable. */
	static char copies[MAX_WORDS][64];
	char *argv[MAX_WORDS + 1] = {NULL};
	int argc = 0;

	for (const char *word = "run"; word != NULL; word = *words++) {
		assert_true(argc < MAX_WORDS);
		assert_true(strlen(word) < sizeof(copies[0]));
		argv[argc] = memcpy(copies[argc], word, strlen(word) + 1);
		argc++;
	}
	error[0] = '\0';
	return run_options_parse(argc, argv, o, error);
}

static void without_options_the_defaults_hold(void **state)
{
	const char *const words[] = {NULL};
	char error[RUN_OPTIONS_ERROR_SIZE];
	struct run_options o;

	(void)state;
	assert_int_equal(parse(words, &o, error), RUN_OPTIONS_OK);
	assert_null(o.kernel);
	assert_null(o.initrd);
	assert_false(o.no_initrd);
	assert_null(o.append);
	assert_int_equal(o.memory, GIB);
	assert_null(o.cpu);
	assert_null(o.expect);
	assert_int_equal(o.timeout, 1800);
	assert_int_equal(o.accel, RUN_ACCEL_TCG);
	assert_false(o.dry_run);
	assert_false(o.interactive || o.gdb || o.icount || o.stretch || o.json);
	assert_int_equal(o.audit, RUN_AUDIT_EXIT);
	assert_string_equal(o.log_level, "info");
}

static void text_options_keep_their_text(void **state)
{
	const char *const first[] = {"--kernel", "k",       "--initrd=i",
				     "--append", "a=b,c d", NULL};
	const char *const second[] = {
		"--cpu", "EPYC", "--expect", "is up", "--log-level=debug",
		NULL};
	char error[RUN_OPTIONS_ERROR_SIZE];
	struct run_options o;

	(void)state;
	assert_int_equal(parse(first, &o, error), RUN_OPTIONS_OK);
	assert_string_equal(o.kernel, "k");
	assert_string_equal(o.initrd, "i");
	assert_string_equal(o.append, "a=b,c d");
	assert_int_equal(parse(second, &o, error), RUN_OPTIONS_OK);
	assert_string_equal(o.cpu, "EPYC");
	assert_string_equal(o.expect, "is up");
	assert_string_equal(o.log_level, "debug");
}

static void switches_switch(void **state)
{
	const char *const words[] = {
		"--interactive",  "--gdb",       "--icount", "--stretch",
		"--summary=json", "--no-initrd", NULL};
	char error[RUN_OPTIONS_ERROR_SIZE];
	struct run_options o;

	(void)state;
	assert_int_equal(parse(words, &o, error), RUN_OPTIONS_OK);
	assert_true(o.interactive && o.gdb && o.icount && o.stretch && o.json);
	assert_true(o.no_initrd);
}

static void numbers_are_read(void **state)
{
	static const struct {
		const char *word;
		uint64_t memory;
		unsigned int timeout;
		enum run_audit audit;
		uint64_t every;
	} rows[] = {
		{"--memory=128M", GIB / 8, 1800, RUN_AUDIT_EXIT, 0},
		{"--memory=520G", 520 * GIB, 1800, RUN_AUDIT_EXIT, 0},
		{"--memory=128T", RUN_MEMORY_MAX, 1800, RUN_AUDIT_EXIT, 0},
		{"--memory=64", GIB / 16, 1800, RUN_AUDIT_EXIT, 0},
		{"--timeout=1", GIB, 1, RUN_AUDIT_EXIT, 0},
		{"--timeout=31536000", GIB, 31536000, RUN_AUDIT_EXIT, 0},
		{"--audit=off", GIB, 1800, RUN_AUDIT_OFF, 0},
		{"--audit=exit", GIB, 1800, RUN_AUDIT_EXIT, 0},
		{"--audit=every:1000", GIB, 1800, RUN_AUDIT_EVERY, 1000},
		{"--audit=every:4294967295", GIB, 1800, RUN_AUDIT_EVERY,
		 UINT32_MAX},
	};
	char error[RUN_OPTIONS_ERROR_SIZE];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *const words[] = {rows[i].word, NULL};
		struct run_options o;

		assert_int_equal(parse(words, &o, error), RUN_OPTIONS_OK);
		assert_int_equal(o.memory, rows[i].memory);
		assert_int_equal(o.timeout, rows[i].timeout);
		assert_int_equal(o.audit, rows[i].audit);
		assert_int_equal(o.audit_every, rows[i].every);
	}
}

static void what_is_wrong_is_refused_and_named(void **state)
{
	static const struct {
		const char *words[3];
		const char *error;
	} rows[] = {
		{{"--memory=x"}, "--memory: 'x' is no size"},
		{{"--memory=0"}, "--memory: '0' is no size"},
		{{"--memory=-1G"}, "--memory: '-1G' is no size"},
		{{"--memory=129T"}, "is above 128T"},
		{{"--memory=1025K"}, "not a whole number of MiB"},
		{{"--memory"}, "option '--memory' needs an argument"},
		{{"--vcpus=0"}, "--vcpus: '0'"},
		{{"--vcpus=33"}, "--vcpus: '33'"},
		{{"--max-vcpus=33"}, "--max-vcpus: '33'"},
		{{"--vcpus=3", "--max-vcpus=2"},
		 "--max-vcpus: 2 are less than --vcpus 3"},
		{{"--vcpus=two"}, "--vcpus: 'two'"},
		{{"--cpus=9"}, "--cpus: '9'"},
		{{"--timeout=-5"}, "--timeout: '-5'"},
		{{"--timeout=5s"}, "--timeout: '5s'"},
		{{"--timeout="}, "--timeout: ''"},
		{{"--timeout=31536001"}, "--timeout: '31536001'"},
		{{"--timeout=99999999999999999999"}, "--timeout: '999"},
		{{"--audit=every:"}, "--audit: 'every:'"},
		{{"--audit=every:0"}, "--audit: 'every:0'"},
		{{"--audit=every:4294967296"}, "--audit: 'every:"},
		{{"--audit=never"}, "--audit: 'never'"},
		{{"--summary=xml"}, "--summary: 'xml'"},
		{{"--maxmem=1M"}, "--maxmem: 1M are less than --memory 1024M"},
		{{"--maxmem=2G", "--record=r"},
		 "--record and --maxmem exclude each other"},
		{{"--e820=m", "--record=r"},
		 "--record and --e820 exclude each other"},
		{{"--json", "--tap"}, "--json and --tap exclude each other"},
		{{"--log-level=loud"}, "--log-level: 'loud'"},
		{{"--expect="}, "--expect: '' is empty"},
		{{"--kernel="}, "--kernel: '' is empty"},
		{{"--gdb=3"}, "option '--gdb' takes no argument"},
		{{"--nonsense"}, "unknown option '--nonsense'"},
		{{"-q"}, "unknown option '-q'"},
		{{"vmlinuz"}, "unexpected argument 'vmlinuz'"},
		{{"--no-initrd", "--initrd=x"}, "exclude each other"},
		{{"--record=x", "--icount"}, "exclude each other"},
		{{"--record="}, "is empty"},
		{{"--record=x", "--report=x"},
		 "--record and --report name the same file"},
		{{"--dump=x", "--junit=x"},
		 "--junit and --dump name the same file"},
		{{"--dump-bare"}, "--dump-bare needs --dump"},
		{{"--record-machine="}, "is empty"},
		{{"--record-machine=d", "--gdb"}, "--gdb exclude each other"},
		{{"--record-machine=d", "--stop-at=3"}, "--stop-at exclude"},
		{{"--record-machine=d", "--stop-at-refusal"}, "-refusal excl"},
		{{"--record-machine=d", "--explain"}, "--explain exclude"},
		{{"--record-machine=d", "--record=x"}, "--record exclude"},
		{{"--record-machine=d", "--report=x"}, "--report exclude"},
		{{"--record-machine=d", "--dump=x"}, "--dump exclude"},
		{{"--record-machine=d", "--interactive"}, "-interactive excl"},
		{{"--record-machine=d", "--socket=s"}, "--socket exclude"},
		{{"--record-machine=d", "--dry-run"}, "--dry-run exclude"},
		{{"--record-machine=d", "--qemu-arg=-S"}, "--qemu-arg exclude"},
		{{"--record-machine=d", "--accel=kvm"}, "--accel kvm exclude"},
		{{"--record-machine=d", "--shell"}, "a command exclude"},
		{{"--record-machine=d", "--cpus=2"}, "of one CPU, not of 2"},
	};
	char error[RUN_OPTIONS_ERROR_SIZE];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct run_options o;

		assert_int_equal(parse(rows[i].words, &o, error),
				 RUN_OPTIONS_BAD);
		if (strstr(error, rows[i].error) == NULL) {
			fail_msg("row %zu: '%s' lacks '%s'", i, error,
				 rows[i].error);
		}
		assert_null(strchr(error, '\n'));
	}
}

static void an_endless_argument_is_cut_in_the_message(void **state)
{
	static char word[5000] = "--summary=";
	char run[] = "run";
	char *argv[] = {run, word, NULL};
	char error[RUN_OPTIONS_ERROR_SIZE];
	struct run_options o;

	(void)state;
	memset(word + strlen(word), 'x', sizeof(word) - strlen(word) - 1);
	assert_int_equal(run_options_parse(2, argv, &o, error),
			 RUN_OPTIONS_BAD);
	assert_true(strlen(error) < sizeof(error));
	assert_non_null(strstr(error, "is not text, json or tap"));
}

static void where_somebody_sits_there_is_no_timeout(void **state)
{
	static const struct {
		const char *words[4];
		unsigned int timeout;
	} rows[] = {
		{{"--interactive"}, 0},
		{{"--shell"}, 0},
		{{"--gdb"}, 0},
		{{"--timeout=0"}, 0},
		{{"--shell", "--timeout", "7"}, 7},
		{{"--", "true"}, 1800},
	};
	char error[RUN_OPTIONS_ERROR_SIZE];
	struct run_options o;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(parse(rows[i].words, &o, error),
				 RUN_OPTIONS_OK);
		assert_int_equal(o.timeout, rows[i].timeout);
	}
}

static void a_command_follows_two_dashes(void **state)
{
	const char *const words[] = {"--copy-in", "a:/b",   "--log=l", "--",
				     "ls",        "--help", NULL};
	char error[RUN_OPTIONS_ERROR_SIZE];
	struct run_options o;

	(void)state;
	assert_int_equal(parse(words, &o, error), RUN_OPTIONS_OK);
	assert_true(command_wanted(&o.command));
	assert_int_equal(o.command.nr_words, 2);
	assert_string_equal(o.command.words[0], "ls");
	assert_string_equal(o.command.words[1], "--help");
	assert_string_equal(o.command.log, "l");
	assert_int_equal(o.command.nr_copy_in, 1);
	run_options_fini(&o);
	/* That of a shell is known; and an argument is no end of options. */
	assert_int_equal(parse((const char *const[]){"--shell", "--", NULL}, &o,
			       error),
			 RUN_OPTIONS_OK);
	assert_int_equal(o.command.nr_words, 0);
	run_options_fini(&o);
	assert_int_equal(parse((const char *const[]){"--append", "--", NULL},
			       &o, error),
			 RUN_OPTIONS_OK);
	assert_string_equal(o.append, "--");
}

static void a_commands_options_are_judged(void **state)
{
	static const struct {
		const char *words[5];
		const char *part;
	} rows[] = {
		{{"--log", "f"}, "is for a command"},
		{{"--rootfs", "d"}, "is for a command"},
		{{"--shell", "--gdb"}, "--gdb and a command exclude"},
		{{"--shell", "--interactive"}, "--interactive and a command"},
		{{"--shell", "--domain", "name=a"}, "--domain and a command"},
		{{"--shell", "--rootfs=d", "--no-initrd"},
		 "--rootfs and --no-"},
		{{"--shell", "--copy-in", "a:"}, "is not SRC[:DST]"},
		{{"--shell", "--copy-in", ":b"}, "is not SRC[:DST]"},
		{{"--shell", "--copy-out", "a"}, "is not SRC:DST"},
		{{"--shell", "--copy-out", "a:"}, "is not SRC:DST"},
		{{"--shell", "--copy-out", ":b"}, "is not SRC:DST"},
		{{"--accel", "xen"}, "is not tcg, kvm or auto"},
		{{"--icount", "--accel", "kvm"}, "exclude each other"},
		{{"ls", "--"}, "unexpected argument 'ls'"},
		{{"--append", "--", "ls"}, "unexpected argument 'ls'"},
		{{"--no-initrd", "--"}, "no command follows --"},
	};
	char error[RUN_OPTIONS_ERROR_SIZE];
	struct run_options o;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(parse(rows[i].words, &o, error),
				 RUN_OPTIONS_BAD);
		assert_non_null(strstr(error, rows[i].part));
		run_options_fini(&o);
	}
}

static void help_is_asked_for(void **state)
{
	const char *const words[] = {"--help", NULL};
	char error[RUN_OPTIONS_ERROR_SIZE];
	struct run_options o;

	(void)state;
	assert_int_equal(parse(words, &o, error), RUN_OPTIONS_HELP);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_options_the_defaults_hold),
		cmocka_unit_test(text_options_keep_their_text),
		cmocka_unit_test(switches_switch),
		cmocka_unit_test(numbers_are_read),
		cmocka_unit_test(what_is_wrong_is_refused_and_named),
		cmocka_unit_test(an_endless_argument_is_cut_in_the_message),
		cmocka_unit_test(where_somebody_sits_there_is_no_timeout),
		cmocka_unit_test(a_command_follows_two_dashes),
		cmocka_unit_test(a_commands_options_are_judged),
		cmocka_unit_test(help_is_asked_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
