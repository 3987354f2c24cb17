/* SPDX-License-Identifier: MIT */
/*
 * The pipe's instruction: what goes through it, what it is for whom it is not
 * meant, and that neither end's numbers lead out of a ring.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/metal/insn.h"

#include "hv/emul/pipe.h"

#define BYTES GUEST_BUFFER

static struct pipe_rings rings;
static const uint8_t pipe_code[] = {PIPE_CODE};

static int set_up(void **state)
{
	memset(&rings, 0, sizeof(rings));
	if (metal_set_up(state) != 0) {
		return -1;
	}
	pipe_init(&rings);
	return 0;
}

/* Carries it out; the result, or a failed test. */
static int64_t pipe_op(struct metal *t, uint64_t op, uint64_t at, uint64_t size)
{
	struct regs r = start();

	memcpy(guest(t, CODE), pipe_code, sizeof(pipe_code));
	r.rax = op;
	r.rdi = at;
	r.rsi = size;
	assert_true(emulate_pipe(&t->v[0], &r));
	assert_int_equal(r.rip, CODE + sizeof(pipe_code));
	return (int64_t)r.rax;
}

static void what_is_written_is_in_the_ring_and_rings(void **state)
{
	struct metal *t = *state;

	memcpy(guest(t, BYTES), "hello", 5);
	assert_int_equal(pipe_op(t, PIPE_WRITE, BYTES, 5), 5);
	assert_int_equal(rings.out.head, 5);
	assert_memory_equal(rings.out.data, "hello", 5);
	assert_int_equal(t->nr_rung, 1);
	assert_int_equal(pipe_op(t, PIPE_WRITE, BYTES, 0), 0);
	assert_int_equal(t->nr_rung, 1);
}

/* What is copied for him is copied with our rights, and his kernel is near. */
static void a_32_bit_user_has_no_pipe(void **state)
{
	struct metal *t = *state;
	struct regs r = start();

	memcpy(guest(t, CODE), pipe_code, sizeof(pipe_code));
	r.rax = PIPE_READ;
	r.rdi = BYTES;
	r.rsi = 4;
	assert_true(pipe_is_for(&t->v[0]));
	t->v[0].kernel_mode = false;
	assert_true(pipe_is_for(&t->v[0]));
	t->v[0].narrow = true;
	assert_false(pipe_is_for(&t->v[0]));
	t->v[0].kernel_mode = true;
	assert_true(pipe_is_for(&t->v[0]));
	t->v[0].kernel_mode = false;
	assert_false(emulate_pipe(&t->v[0], &r));
	assert_int_equal(r.rax, PIPE_READ);
}

static void what_is_in_the_ring_is_read_once(void **state)
{
	struct metal *t = *state;

	memcpy(rings.in.data, "abcdef", 6);
	rings.in.head = 6;
	assert_int_equal(pipe_op(t, PIPE_READ, BYTES, 4), 4);
	assert_memory_equal(guest(t, BYTES), "abcd", 4);
	assert_int_equal(pipe_op(t, PIPE_READ, BYTES, 4), 2);
	assert_memory_equal(guest(t, BYTES), "ef", 2);
	assert_int_equal(pipe_op(t, PIPE_READ, BYTES, 4), 0);
}

static void a_ring_takes_what_it_has_room_for(void **state)
{
	struct metal *t = *state;

	rings.out.head = PIPE_BYTES - 3;
	assert_int_equal(pipe_op(t, PIPE_WRITE, BYTES, 8), 3);
	assert_int_equal(pipe_op(t, PIPE_WRITE, BYTES, 8), 0);
	rings.out.tail = 5;
	assert_int_equal(pipe_op(t, PIPE_WRITE, BYTES, 8), 5);
	assert_int_equal(pipe_op(t, PIPE_WRITE, BYTES, 8), 0);
}

static void numbers_of_the_other_end_stay_in_the_ring(void **state)
{
	struct metal *t = *state;

	rings.out.tail = 9; /* ahead of the head: it holds too much */
	assert_int_equal(pipe_op(t, PIPE_WRITE, BYTES, 8), 0);
	rings.in.head = ~UINT64_C(0);
	rings.in.tail = PIPE_BYTES - 2;
	assert_int_equal(pipe_op(t, PIPE_READ, BYTES, 100), 2);
}

static void what_is_not_the_guests_is_refused(void **state)
{
	struct metal *t = *state;

	rings.in.head = 8;
	assert_int_equal(pipe_op(t, PIPE_WRITE, METAL_UNMAPPED, 8),
			 -XEN_EFAULT);
	assert_int_equal(pipe_op(t, PIPE_WRITE, UINT64_C(0xffff830000000000),
				 8),
			 -XEN_EFAULT);
	assert_int_equal(pipe_op(t, PIPE_READ, UINT64_C(0xffff830000000000), 8),
			 -XEN_EFAULT);
	assert_int_equal(rings.out.head, 0);
	assert_int_equal(rings.in.tail, 0);
	assert_int_equal(t->nr_rung, 0);
}

static bool is_ours(struct metal *t, struct vcpu *v, uint64_t op, uint8_t last)
{
	struct regs r = start();
	struct regs before;
	bool ours;

	memcpy(guest(t, CODE), pipe_code, sizeof(pipe_code));
	guest(t, CODE)[PIPE_CODE_SIZE - 1] = last;
	r.rax = op;
	r.rdi = BYTES;
	before = r;
	ours = emulate_pipe(v, &r);
	assert_true(ours || memcmp(&r, &before, sizeof(r)) == 0);
	return ours;
}

static void any_other_opcode_is_the_guests_own(void **state)
{
	struct metal *t = *state;

	assert_true(is_ours(t, &t->v[0], PIPE_WRITE, 'e'));
	assert_false(is_ours(t, &t->v[0], PIPE_WRITE, 'f'));
	assert_false(is_ours(t, &t->v[0], 3, 'e'));
	/* Another domain's. */
	t->d.slot = 1;
	assert_false(is_ours(t, &t->v[0], PIPE_WRITE, 'e'));
}

static void without_a_pipe_it_is_an_invalid_opcode(void **state)
{
	struct metal *t = *state;

	assert_false(is_ours(t, &t->v[0], PIPE_WRITE, 'e'));
	assert_false(is_ours(t, &t->v[0], PIPE_READ, 'e'));
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, set_up, metal_tear_down)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		/* First: there is no way back from pipe_init(). */
		cmocka_unit_test_setup_teardown(
			without_a_pipe_it_is_an_invalid_opcode, metal_set_up,
			metal_tear_down),
		TEST(what_is_written_is_in_the_ring_and_rings),
		TEST(a_32_bit_user_has_no_pipe),
		TEST(what_is_in_the_ring_is_read_once),
		TEST(a_ring_takes_what_it_has_room_for),
		TEST(numbers_of_the_other_end_stay_in_the_ring),
		TEST(what_is_not_the_guests_is_refused),
		TEST(any_other_opcode_is_the_guests_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
