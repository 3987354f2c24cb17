/* SPDX-License-Identifier: MIT */
/*
 * The order of locks (docs/locking.md) is asserted: what breaks it ends in
 * port_panic(), which here is the end of a process of its own.
 */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "engine/request/lock_order.h"
#include "tests/unit/support/machine.h"

static int set_up(void **state)
{
	struct machine *m = machine_new();

	standard_space(m);
	machine_second_domain(m);
	*state = m;
	return 0;
}

/* Does it stop with these words? */
static bool panics(struct machine *m, void (*body)(struct machine *m),
		   const char *words)
{
	char said[256] = "";
	int pipe_to[2];
	int status;
	pid_t child;

	assert_int_equal(pipe(pipe_to), 0);
	child = fork();
	if (child == 0) {
		dup2(pipe_to[1], 2);
		signal(SIGABRT, SIG_DFL);
		body(m);
		_exit(0);
	}
	close(pipe_to[1]);
	(void)!read(pipe_to[0], said, sizeof(said) - 1);
	close(pipe_to[0]);
	waitpid(child, &status, 0);
	return WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT &&
	       strstr(said, words) != NULL;
}

static void both_domains(struct machine *m)
{
	(void)!mmu_begin_for(&m->dom, NULL, MMU_OP_HOLD, NULL);
	(void)!mmu_begin_for(&m->other, NULL, MMU_OP_HOLD, NULL);
}

static void one_domain_twice(struct machine *m)
{
	(void)!mmu_begin_for(&m->dom, NULL, MMU_OP_HOLD, NULL);
	(void)!mmu_begin_for(&m->dom, NULL, MMU_OP_HOLD, NULL);
}

static void domain_in_pool(struct machine *m)
{
	lock_order_take(&m->mmu, LOCK_POOL);
	(void)!mmu_begin_for(&m->dom, NULL, MMU_OP_HOLD, NULL);
}

static void machine_in_domain(struct machine *m)
{
	(void)!mmu_begin_for(&m->dom, NULL, MMU_OP_HOLD, NULL);
	lock_order_take(&m->mmu, LOCK_MACHINE);
}

static void left_twice(struct machine *m)
{
	(void)mmu_end(&m->dom, 0);
}

static void asks_in_pool(struct machine *m)
{
	lock_order_take(&m->mmu, LOCK_POOL);
	(void)port_preempt(&m->dom);
}

static void copies_in_pool(struct machine *m)
{
	uint64_t word;

	lock_order_take(&m->mmu, LOCK_POOL);
	(void)!port_copy_in(&m->vcpu, &word, GUEST_BUFFER, sizeof(word));
}

static void locks_are_taken_from_the_outermost_in(void **state)
{
	struct machine *m = *state;

	lock_order_take(&m->mmu, LOCK_MACHINE);
	assert_int_equal(mmu_begin_for(&m->dom, NULL, MMU_OP_HOLD, NULL), 0);
	lock_order_take(&m->mmu, LOCK_POOL);
	lock_order_drop(&m->mmu, LOCK_POOL);
	(void)mmu_end(&m->dom, 0);
	assert_int_equal(mmu_begin_for(&m->other, NULL, MMU_OP_HOLD, NULL), 0);
	(void)mmu_end(&m->other, 0);
	lock_order_drop(&m->mmu, LOCK_MACHINE);
	assert_int_equal(m->locks, 0);
}

static void at_most_one_domains_lock_is_held(void **state)
{
	assert_true(panics(*state, both_domains, "out of order"));
	assert_true(panics(*state, one_domain_twice, "out of order"));
}

static void nothing_is_taken_inside_the_pools(void **state)
{
	assert_true(panics(*state, domain_in_pool, "out of order"));
	assert_true(panics(*state, asks_in_pool, "no leaf"));
	assert_true(panics(*state, copies_in_pool, "no leaf"));
}

static void the_machines_is_the_outermost(void **state)
{
	assert_true(panics(*state, machine_in_domain, "out of order"));
}

static void only_what_is_held_is_dropped(void **state)
{
	assert_true(panics(*state, left_twice, "not held"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			locks_are_taken_from_the_outermost_in, set_up,
			machine_tear_down),
		cmocka_unit_test_setup_teardown(
			at_most_one_domains_lock_is_held, set_up,
			machine_tear_down),
		cmocka_unit_test_setup_teardown(
			nothing_is_taken_inside_the_pools, set_up,
			machine_tear_down),
		cmocka_unit_test_setup_teardown(the_machines_is_the_outermost,
						set_up, machine_tear_down),
		cmocka_unit_test_setup_teardown(only_what_is_held_is_dropped,
						set_up, machine_tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
