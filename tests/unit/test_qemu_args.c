/* SPDX-License-Identifier: MIT */
/* QEMU's argument vector and the machine's size. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "cli/qemu.h"

#define MIB (UINT64_C(1) << 20)
#define GIB (UINT64_C(1) << 30)

static const struct run_options plain_options = {
	.memory = GIB,
	.log_level = "info",
};

static struct qemu_config plain_config(const struct run_options *options)
{
	return (struct qemu_config){
		.options = options,
		.hypervisor = "dir with, comma/hv.elf",
		.guest = {{.cmdline = "console=hvc0",
			   .kernel = 10,
			   .initrd = 11}},
		.nr_guests = 1,
		.ram = 1100 * MIB,
		.console = 12,
		.control = 13,
		.bell = -1,
		.gdb = -1,
		.memory = -1,
	};
}

static bool has(char *const *arguments, const char *word)
{
	for (; *arguments != NULL; arguments++) {
		if (strcmp(*arguments, word) == 0) {
			return true;
		}
	}
	return false;
}

/* The argument after an option; fails if the option is not there. */
static const char *after(char *const *arguments, const char *option)
{
	for (; *arguments != NULL; arguments++) {
		if (strcmp(*arguments, option) == 0) {
			assert_non_null(arguments[1]);
			return arguments[1];
		}
	}
	fail_msg("no %s", option);
	return NULL;
}

static void a_plain_run_has_the_plain_arguments(void **state)
{
	struct qemu_config c = plain_config(&plain_options);
	char **a = qemu_arguments(&c);

	(void)state;
	assert_non_null(a);
	assert_string_equal(a[0], QEMU_PROGRAM);
	assert_string_equal(after(a, "-accel"), "tcg");
	assert_string_equal(after(a, "-cpu"), "Nehalem");
	assert_string_equal(after(a, "-object"),
			    "memory-backend-ram,id=ram,size=1100M,reserve=off");
	assert_string_equal(after(a, "-machine"), "pc,memory-backend=ram");
	assert_string_equal(after(a, "-m"), "1100M");
	assert_string_equal(after(a, "-display"), "none");
	assert_string_equal(after(a, "-device"),
			    "isa-debug-exit,iobase=0xf4,iosize=0x04");
	assert_true(has(a, "-nodefaults"));
	assert_true(has(a, "-no-reboot"));
	assert_true(has(a, "socket,id=console,fd=12"));
	assert_true(has(a, "socket,id=control,fd=13"));
	assert_string_equal(after(a, "-kernel"), "dir with, comma/hv.elf");
	assert_string_equal(
		after(a, "-append"),
		"loglevel=info audit=exit debug-exit fresh dom-memory=1024");
	assert_string_equal(after(a, "-initrd"),
			    "/proc/self/fd/10 console=hvc0,/proc/self/fd/11");
	assert_false(has(a, "-icount"));
	assert_false(has(a, "-rtc"));
	assert_false(has(a, "-seed"));
	assert_false(has(a, "-gdb"));
	assert_false(has(a, "-S"));
	qemu_free_arguments(a);
}

/* COM1 is the first -serial, COM2 the second. */
static void the_console_is_the_first_serial_port(void **state)
{
	struct qemu_config c = plain_config(&plain_options);
	char **a = qemu_arguments(&c);
	unsigned int nr = 0;

	(void)state;
	assert_non_null(a);
	for (char **p = a; *p != NULL; p++) {
		if (strcmp(*p, "-serial") == 0) {
			assert_string_equal(p[1], nr == 0 ? "chardev:console"
							  : "chardev:control");
			nr++;
		}
	}
	assert_int_equal(nr, 2);
	qemu_free_arguments(a);
}

static void module_strings_survive_qemu_s_parsing(void **state)
{
	static const struct {
		const char *cmdline;
		int initrd;
		const char *initrd_argument;
	} rows[] = {
		{"a", -1, "/proc/self/fd/10 a"},
		{"a=b,c", -1, "/proc/self/fd/10 a=b,,c"},
		{"a=b,,c", -1, "/proc/self/fd/10 a=b,,,,c"},
		{",", 11, "/proc/self/fd/10 ,,,/proc/self/fd/11"},
		{"console=hvc0 x=\"y z\"", 11,
		 "/proc/self/fd/10 console=hvc0 x=\"y z\","
		 "/proc/self/fd/11"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct qemu_config c = plain_config(&plain_options);
		char **a;

		c.guest[0].cmdline = rows[i].cmdline;
		c.guest[0].initrd = rows[i].initrd;
		a = qemu_arguments(&c);
		assert_non_null(a);
		assert_string_equal(after(a, "-initrd"),
				    rows[i].initrd_argument);
		qemu_free_arguments(a);
	}
}

static void the_hypervisor_s_options_follow_ours(void **state)
{
	static const struct {
		enum run_audit audit;
		uint64_t every;
		const char *level;
		const char *append;
	} rows[] = {
		{RUN_AUDIT_OFF, 0, "debug",
		 "loglevel=debug audit=off debug-exit fresh dom-memory=1024"},
		{RUN_AUDIT_EVERY, 1000, "warn",
		 "loglevel=warn audit=1000 debug-exit fresh dom-memory=1024"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct run_options o = plain_options;
		struct qemu_config c = plain_config(&o);
		char **a;

		o.audit = rows[i].audit;
		o.audit_every = rows[i].every;
		o.log_level = rows[i].level;
		a = qemu_arguments(&c);
		assert_non_null(a);
		assert_string_equal(after(a, "-append"), rows[i].append);
		qemu_free_arguments(a);
	}
}

static void icount_and_gdb_add_their_arguments(void **state)
{
	struct run_options o = plain_options;
	struct qemu_config c = plain_config(&o);
	char **a;

	(void)state;
	o.icount = true;
	o.stretch = true;
	o.stop_at = 6164;
	o.stop_at_refusal = true;
	c.gdb = 14;
	a = qemu_arguments(&c);
	assert_non_null(a);
	assert_string_equal(after(a, "-icount"), "shift=0,sleep=off");
	assert_non_null(strstr(after(a, "-rtc"), "clock=vm"));
	assert_non_null(strstr(after(a, "-rtc"), "base=2"));
	assert_true(has(a, "-seed"));
	assert_non_null(strstr(after(a, "-append"), " stretch "));
	assert_non_null(strstr(after(a, "-append"), " stop-at=6164 "));
	assert_non_null(strstr(after(a, "-append"), " stop-at-refusal "));
	assert_true(has(a, "socket,id=gdb,fd=14,server=on,wait=off"));
	assert_string_equal(after(a, "-gdb"), "chardev:gdb");
	assert_true(has(a, "-S"));
	qemu_free_arguments(a);
}

static void what_the_user_adds_comes_last(void **state)
{
	struct run_options o = plain_options;
	struct qemu_config c = plain_config(&o);
	size_t nr = 0;
	char **a;

	(void)state;
	o.qemu_argument[0] = "-device";
	o.qemu_argument[1] = "x,y";
	o.nr_qemu_arguments = 2;
	o.accel = RUN_ACCEL_KVM;
	a = qemu_arguments(&c);
	assert_non_null(a);
	while (a[nr] != NULL) {
		nr++;
	}
	assert_string_equal(a[nr - 2], "-device");
	assert_string_equal(a[nr - 1], "x,y");
	assert_string_equal(after(a, "-accel"), "kvm");
	assert_string_equal(after(a, "-cpu"), "host");
	qemu_free_arguments(a);
}

static void several_vcpus_get_cpus_and_threads(void **state)
{
	struct run_options o = plain_options;
	struct qemu_config c = plain_config(&o);
	char **a;

	(void)state;
	o.vcpus = 4;
	o.cpus = 2;
	a = qemu_arguments(&c);
	assert_non_null(a);
	assert_string_equal(after(a, "-smp"), "2");
	assert_string_equal(after(a, "-accel"), "tcg,thread=multi");
	assert_non_null(strstr(after(a, "-append"), " cpus=2 "));
	assert_non_null(strstr(after(a, "-append"), " vcpus=4"));
	qemu_free_arguments(a);
	/* Those that are offline at first count as well. */
	o.vcpus = 2;
	o.max_vcpus = 4;
	a = qemu_arguments(&c);
	assert_non_null(a);
	assert_string_equal(after(a, "-smp"), "2");
	assert_non_null(strstr(after(a, "-append"), " vcpus=4 online=2"));
	qemu_free_arguments(a);
	/* Counted instructions are one thread's; never more CPUs than vCPUs. */
	o.max_vcpus = 0;
	o.cpus = 8;
	o.icount = true;
	a = qemu_arguments(&c);
	assert_non_null(a);
	assert_string_equal(after(a, "-smp"), "2");
	assert_string_equal(after(a, "-accel"), "tcg");
	qemu_free_arguments(a);
}

/* Their modules and their words come in the same order. */
static void several_domains_are_named_with_their_modules(void **state)
{
	struct run_options o = plain_options;
	struct qemu_config c = plain_config(&o);
	char **a;

	(void)state;
	o.domains.list[0] = (struct run_domain){.name = "web",
						.memory = 64 * MIB,
						.vcpus = 2,
						.restarts = 3,
						.may_map = 2};
	o.domains.list[1] = (struct run_domain){.name = "db",
						.memory = GIB,
						.vcpus = 1,
						.privileged = true};
	o.domains.nr = 2;
	o.cpus = 2;
	c.nr_guests = 2;
	c.guest[1] = (struct qemu_guest){.cmdline = "a,b",
					 .kernel = 20,
					 .initrd = -1};
	a = qemu_arguments(&c);
	assert_non_null(a);
	assert_string_equal(after(a, "-smp"), "2");
	assert_string_equal(
		after(a, "-append"),
		"loglevel=info audit=exit debug-exit fresh cpus=2"
		" domain=web dom-memory=64 vcpus=2 restart=3 privileged=2 initrd"
		" domain=db dom-memory=1024 privileged");
	assert_string_equal(after(a, "-initrd"),
			    "/proc/self/fd/10 console=hvc0,/proc/self/fd/11,"
			    "/proc/self/fd/20 a,,b");
	qemu_free_arguments(a);
	/* Whoever types sees the line that is not ended. */
	o.interactive = true;
	a = qemu_arguments(&c);
	assert_non_null(a);
	assert_non_null(strstr(after(a, "-append"), " console=web "));
	qemu_free_arguments(a);
	o.console = "db";
	a = qemu_arguments(&c);
	assert_non_null(a);
	assert_non_null(strstr(after(a, "-append"), " console=db "));
	qemu_free_arguments(a);
}

static void large_machines_get_enough_address_bits(void **state)
{
	static const struct {
		uint64_t ram;
		const char *model;
		const char *cpu;
	} rows[] = {
		{523 * GIB, "Nehalem", "Nehalem"},
		{1000 * GIB, "Nehalem", "Nehalem"},
		{1001 * GIB, "Nehalem", "Nehalem,phys-bits=41"},
		{4 * 1024 * GIB, "EPYC", "EPYC,phys-bits=43"},
		{1100 * GIB, "max,phys-bits=46", "max,phys-bits=46"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct run_options o = plain_options;
		struct qemu_config c = plain_config(&o);
		char **a;

		o.cpu = rows[i].model;
		c.ram = rows[i].ram;
		a = qemu_arguments(&c);
		assert_non_null(a);
		assert_string_equal(after(a, "-cpu"), rows[i].cpu);
		qemu_free_arguments(a);
	}
}

/* Independent of the code's arithmetic: what is taken, frame by frame. */
static void the_machine_holds_guest_tables_and_modules(void **state)
{
	static const uint64_t guests[] = {4 * MIB,   128 * MIB, GIB,
					  5 * GIB,   16 * GIB,  520 * GIB,
					  4096 * GIB};
	const uint64_t modules = 70 * MIB;

	(void)state;
	for (size_t i = 0; i < sizeof(guests) / sizeof(guests[0]); i++) {
		uint64_t ram = qemu_ram_size(guests[i], modules);
		/* Frame table, M2P and audit span the hole below 4 GiB too. */
		uint64_t tables = (ram + GIB) / 4096 * (16 + 8 + 12);
		uint64_t needed = guests[i] + modules + tables + 64 * MIB;

		assert_int_equal(ram % MIB, 0);
		assert_true(ram >= needed);
		assert_true(ram < needed + 2 * MIB);
	}
}

/* A run for an explanation: it waits for nobody, even where it could. */
static void a_repetition_watches_what_it_is_told_to(void **state)
{
	struct run_options o = plain_options;
	struct qemu_config c = plain_config(&o);
	char **a;

	(void)state;
	c.memory = 15;
	assert_true(qemu_waits(&c));
	o.repeats = true;
	o.watch = 0xfe00;
	o.stop_at = 398;
	o.nr_slots = 2;
	o.slots[0] = (struct run_slot){398, 0xffff888000001008};
	o.slots[1] = (struct run_slot){12, 0x4000};
	assert_false(qemu_waits(&c));
	a = qemu_arguments(&c);
	assert_non_null(a);
	assert_non_null(strstr(after(a, "-append"),
			       " stop-at=398 watch-mfn=fe00 "
			       "watch-slot=398:ffff888000001008 "
			       "watch-slot=12:4000 dom-memory=1024"));
	qemu_free_arguments(a);
}

/* How long it takes us to look is not to be counted. */
static void where_instructions_are_counted_the_machine_stands(void **state)
{
	struct run_options o = plain_options;
	struct qemu_config c = plain_config(&o);
	char **a;

	(void)state;
	assert_false(qemu_pauses(&c));
	o.icount = true;
	assert_false(qemu_pauses(&c)); /* there is nothing to look at */
	c.memory = 15;
	c.pause[0] = 20;
	c.pause[1] = 21;
	assert_true(qemu_pauses(&c));
	assert_false(qemu_waits(&c));
	a = qemu_arguments(&c);
	assert_non_null(a);
	assert_non_null(strstr(after(a, "-append"), " pause "));
	assert_true(has(a, "file,id=pause0,path=/proc/self/fd/20"));
	assert_true(has(a, "file,id=pause1,path=/proc/self/fd/21"));
	assert_true(has(a, "isa-debugcon,iobase=0xf8,chardev=pause0"));
	assert_true(has(a, "isa-debugcon,iobase=0xf9,chardev=pause1"));
	qemu_free_arguments(a);
	/* A repetition does the same, and nobody looks. */
	o.repeats = true;
	a = qemu_arguments(&c);
	assert_non_null(a);
	assert_non_null(strstr(after(a, "-append"), " pause "));
	assert_false(has(a, "file,id=pause0,path=/proc/self/fd/20"));
	qemu_free_arguments(a);
}

static void gdb_at_a_request_needs_a_machine_that_stops_itself(void **state)
{
	struct run_options o = plain_options;
	struct qemu_config c = plain_config(&o);
	char **a;

	(void)state;
	o.stop_at = 397;
	assert_false(qemu_stops(&o));
	o.gdb = true;
	assert_true(qemu_stops(&o));
	a = qemu_arguments(&c);
	assert_non_null(a);
	assert_non_null(
		strstr(after(a, "-append"), " stop-at=397 stop-in-guest "));
	assert_true(has(a, "pvpanic,ioport=0x505"));
	assert_string_equal(after(a, "-action"), "panic=pause");
	qemu_free_arguments(a);
	o.stop_at = 0;
	assert_false(qemu_stops(&o));
	o.stop_at_refusal = true;
	assert_true(qemu_stops(&o));
}

/* Which request is named changes nothing in length. */
static void a_recorded_machine_is_replayed_as_it_was(void **state)
{
	struct run_options o = plain_options;
	struct qemu_config c = plain_config(&o);
	char **a;

	(void)state;
	o.icount = true;
	o.record_machine = "dir";
	c.events = 14;
	c.snapshot = 15;
	a = qemu_arguments(&c);
	assert_non_null(a);
	assert_string_equal(after(a, "-icount"),
			    "shift=0,sleep=off,rr=record,"
			    "rrfile=/proc/self/fd/14,rrsnapshot=start");
	assert_string_equal(
		after(a, "-drive"),
		"file=/proc/self/fd/15,format=qcow2,if=none,id=snapshot");
	assert_non_null(strstr(after(a, "-append"),
			       " mark-at=9007199254740992 dom-memory="));
	assert_true(has(a, "-rtc"));
	assert_true(has(a, "-seed"));
	qemu_free_arguments(a);

	o.record_machine = NULL;
	o.replay_machine = "dir";
	o.gdb = true;
	o.stop_at = 397;
	c.gdb = 16;
	assert_false(qemu_stops(&o));
	a = qemu_arguments(&c);
	assert_non_null(a);
	assert_string_equal(after(a, "-icount"),
			    "shift=0,sleep=off,rr=replay,"
			    "rrfile=/proc/self/fd/14,rrsnapshot=start");
	assert_non_null(strstr(after(a, "-append"),
			       " mark-at=0000000000000397 dom-memory="));
	assert_null(strstr(after(a, "-append"), "stop-"));
	assert_false(has(a, "pvpanic,ioport=0x505"));
	assert_true(has(a, "-S"));
	qemu_free_arguments(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_recorded_machine_is_replayed_as_it_was),
		cmocka_unit_test(a_repetition_watches_what_it_is_told_to),
		cmocka_unit_test(
			where_instructions_are_counted_the_machine_stands),
		cmocka_unit_test(
			gdb_at_a_request_needs_a_machine_that_stops_itself),
		cmocka_unit_test(a_plain_run_has_the_plain_arguments),
		cmocka_unit_test(the_console_is_the_first_serial_port),
		cmocka_unit_test(module_strings_survive_qemu_s_parsing),
		cmocka_unit_test(the_hypervisor_s_options_follow_ours),
		cmocka_unit_test(icount_and_gdb_add_their_arguments),
		cmocka_unit_test(what_the_user_adds_comes_last),
		cmocka_unit_test(several_vcpus_get_cpus_and_threads),
		cmocka_unit_test(several_domains_are_named_with_their_modules),
		cmocka_unit_test(large_machines_get_enough_address_bits),
		cmocka_unit_test(the_machine_holds_guest_tables_and_modules),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
