/* SPDX-License-Identifier: MIT */
/*
 * Which run of the lab is next: what runs at a time fits into the host, nothing
 * waits that has room, and all are run.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lab/queue.h"
#include "sim/sim.h"

#define MIB (UINT64_C(1) << 20)
#define LARGE_MEMORY (UINT64_C(1) << 40)
#define SMALL_MEMORY (64 * MIB)

/* A case whose machine is as large as it is asked to be. */
static const struct lab_case *elastic(void)
{
	const struct lab_case *c = NULL;
	unsigned int i = 0;

	while ((c = lab_case_at(i)) != NULL &&
	       c->world->memory != LAB_MEMORY_ASKED) {
		i++;
	}
	assert_non_null(c);
	return c;
}

static struct lab_job job(uint64_t memory)
{
	return (struct lab_job){
		.c = elastic(),
		.options = {.memory = memory, .seed = 1},
	};
}

static uint64_t cost(uint64_t memory)
{
	struct lab_job j = job(memory);

	return lab_largest(&j, 1);
}

static void small_runs_find_room_beside_a_large_one(void **state)
{
	struct lab_job jobs[] = {job(SMALL_MEMORY), job(LARGE_MEMORY),
				 job(LARGE_MEMORY), job(SMALL_MEMORY)};
	struct lab_queue q;

	(void)state;
	lab_queue_init(&q, jobs, 4, cost(LARGE_MEMORY) + cost(SMALL_MEMORY));
	assert_ptr_equal(lab_queue_take(&q), &jobs[1]);
	assert_ptr_equal(lab_queue_take(&q), &jobs[0]);
	assert_null(lab_queue_take(&q));
	assert_false(lab_queue_empty(&q));
	/* Its place is for the other small one, not for a large one. */
	lab_queue_ended(&q, &jobs[0]);
	assert_ptr_equal(lab_queue_take(&q), &jobs[3]);
	assert_null(lab_queue_take(&q));
	lab_queue_ended(&q, &jobs[1]);
	assert_ptr_equal(lab_queue_take(&q), &jobs[2]);
	assert_true(lab_queue_empty(&q));
	assert_null(lab_queue_take(&q));
}

static void what_is_too_large_runs_alone(void **state)
{
	struct lab_job jobs[] = {job(LARGE_MEMORY), job(LARGE_MEMORY),
				 job(SMALL_MEMORY)};
	struct lab_queue q;

	(void)state;
	lab_queue_init(&q, jobs, 3, cost(LARGE_MEMORY) - 1);
	for (unsigned int i = 0; i < 2; i++) {
		assert_ptr_equal(lab_queue_take(&q), &jobs[i]);
		assert_null(lab_queue_take(&q));
		lab_queue_ended(&q, &jobs[i]);
	}
	assert_ptr_equal(lab_queue_take(&q), &jobs[2]);
	lab_queue_ended(&q, &jobs[2]);
	assert_int_equal(q.room, q.host);
}

static void without_a_limit_nothing_waits(void **state)
{
	struct lab_job jobs[] = {job(LARGE_MEMORY), job(LARGE_MEMORY),
				 job(LARGE_MEMORY)};
	struct lab_queue q;

	(void)state;
	lab_queue_init(&q, jobs, 3, UINT64_MAX);
	for (unsigned int i = 0; i < 3; i++) {
		assert_ptr_equal(lab_queue_take(&q), &jobs[i]);
	}
	lab_queue_init(&q, jobs, 0, UINT64_MAX);
	assert_true(lab_queue_empty(&q));
	assert_null(lab_queue_take(&q));
}

/* As far as it is told to use its memory, which may be all of it. */
static void a_big_domain_costs_what_its_kernel_uses(void **state)
{
	const struct lab_world big = {.memory = LAB_MEMORY_BIG,
				      .hypervisor = true};
	const struct lab_world plain = {.memory = LAB_MEMORY_ASKED,
					.hypervisor = true};
	struct lab_options o = {.memory = 4096 * MIB, .big = LARGE_MEMORY};

	(void)state;
	assert_in_range(lab_cost(&big, &o), lab_cost(&plain, &o),
			lab_cost(&plain, &o) + 640 * MIB);
	o.memory = LARGE_MEMORY;
	assert_int_equal(lab_cost(&big, &o), lab_cost(&plain, &o));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(small_runs_find_room_beside_a_large_one),
		cmocka_unit_test(what_is_too_large_runs_alone),
		cmocka_unit_test(without_a_limit_nothing_waits),
		cmocka_unit_test(a_big_domain_costs_what_its_kernel_uses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
