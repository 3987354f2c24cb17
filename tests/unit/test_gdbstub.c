/* SPDX-License-Identifier: MIT */
/*
 * The --gdb handshake against a stub played here: framing, resending, stops
 * that are not the guest's, and stubs that misbehave.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "cli/gdbstub.h"

#define ENTRY UINT64_C(0xffffffff830791c0)

static void payloads_are_framed(void **state)
{
	static const struct {
		const char *payload;
		const char *packet;
	} rows[] = {
		{"", "$#00"},
		{"g", "$g#67"},
		{"OK", "$OK#9a"},
		{"Z1,ffffffff830791c0,1", "$Z1,ffffffff830791c0,1#13"},
		{"a#b", "$a}\003b#43"},
		{"}", "$}]#da"},
		{"$", "$}\x04#81"},
		{"*", "$}\x0a#87"},
	};
	char packet[64];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		size_t n =
			gdbstub_frame(rows[i].payload, strlen(rows[i].payload),
				      packet, sizeof(packet));

		assert_string_equal(packet, rows[i].packet);
		assert_int_equal(n, strlen(rows[i].packet));
	}
}

static void a_payload_that_does_not_fit_is_not_framed(void **state)
{
	char packet[16];

	(void)state;
	assert_int_equal(gdbstub_frame("12345", 5, packet, sizeof(packet)), 9);
	assert_int_equal(gdbstub_frame("123456", 6, packet, sizeof(packet)), 0);
	assert_int_equal(gdbstub_frame("1", SIZE_MAX, packet, sizeof(packet)),
			 0);
}

static void escapes_and_run_lengths_are_undone(void **state)
{
	static const struct {
		const char *payload;
		const char *plain; /* NULL: refused */
	} rows[] = {
		{"OK", "OK"},
		{"", ""},
		{"a}\003b", "a#b"},
		{"}]", "}"},
		{"0* ", "0000"},
		{"x0*\"y", "x000000y"},
		{"a}", NULL},
		{"0*", NULL},
		{"* ", NULL},
		{"0*\x1f", NULL},
		{"0*~", NULL}, /* 97 more: too long for the buffer */
		{"1234567890123456", NULL},
		{"123456789012345", "123456789012345"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char plain[16];
		bool ok = gdbstub_unescape(rows[i].payload,
					   strlen(rows[i].payload), plain,
					   sizeof(plain));

		assert_int_equal(ok, rows[i].plain != NULL);
		if (ok) {
			assert_string_equal(plain, rows[i].plain);
		}
	}
}

/* What the handshake has sent since the last look. */
static const char *sent(struct gdbstub *g)
{
	static char out[GDBSTUB_OUT_SIZE + 1];

	out[gdbstub_take(g, out, GDBSTUB_OUT_SIZE)] = '\0';
	return out;
}

static void reply(struct gdbstub *g, const char *payload)
{
	char packet[2 * GDBSTUB_PACKET_SIZE + 8];
	size_t n =
		gdbstub_frame(payload, strlen(payload), packet, sizeof(packet));

	assert_true(n > 0);
	gdbstub_feed(g, "+", 1);
	/* In two pieces, as a socket may. */
	gdbstub_feed(g, packet, n / 2);
	gdbstub_feed(g, packet + n / 2, n - n / 2);
}

/* Registers as QEMU sends them: cs after 17 of 8 bytes and one of 4. */
static const char *registers(unsigned int cs)
{
	static char text[600];

	memset(text, '0', sizeof(text) - 1);
	snprintf(text + 280, 3, "%02x", cs & 0xff);
	text[282] = '0';
	return text;
}

static void the_guest_s_first_instruction_is_reached(void **state)
{
	struct gdbstub g;

	(void)state;
	gdbstub_init(&g, ENTRY);
	assert_string_equal(sent(&g), "$Z1,ffffffff830791c0,1#13");
	reply(&g, "OK");
	assert_string_equal(sent(&g), "+$c#63");
	reply(&g, "T05thread:01;");
	assert_string_equal(sent(&g), "+$g#67");
	reply(&g, registers(0xe033));
	assert_string_equal(sent(&g), "+$z1,ffffffff830791c0,1#33");
	assert_int_equal(g.state, GDBSTUB_REMOVE);
	reply(&g, "OK");
	assert_string_equal(sent(&g), "+");
	assert_int_equal(g.state, GDBSTUB_DONE);
	assert_null(g.error);
}

static void a_stop_in_ring_0_is_stepped_over(void **state)
{
	struct gdbstub g;

	(void)state;
	gdbstub_init(&g, 0x100000);
	sent(&g);
	for (unsigned int i = 0; i < 3; i++) {
		reply(&g, "OK");
		reply(&g, "T05thread:01;");
		sent(&g);
		reply(&g, registers(0x08));
		assert_string_equal(sent(&g), "+$z1,100000,1#55");
		reply(&g, "OK");
		assert_string_equal(sent(&g), "+$s#73");
		reply(&g, "T05thread:01;");
		assert_string_equal(sent(&g), "+$Z1,100000,1#35");
		assert_int_equal(g.nr_strays, i + 1);
	}
	reply(&g, "OK");
	reply(&g, "T05thread:01;");
	reply(&g, registers(0x33));
	reply(&g, "OK");
	assert_int_equal(g.state, GDBSTUB_DONE);
}

/* The kernel of a 32-bit guest, and not the hypervisor, nor ring 0 alone. */
static void a_32_bit_kernel_is_in_ring_1(void **state)
{
	struct gdbstub g;

	(void)state;
	gdbstub_init(&g, 0xc0100000);
	sent(&g);
	reply(&g, "OK");
	reply(&g, "T05thread:01;");
	sent(&g);
	reply(&g, registers(0xe008));
	assert_string_equal(sent(&g), "+$z1,c0100000,1#e8");
	assert_int_equal(g.state, GDBSTUB_LIFT);
	reply(&g, "OK");
	reply(&g, "T05thread:01;");
	reply(&g, "OK");
	reply(&g, "T05thread:01;");
	reply(&g, registers(0xe019));
	assert_int_equal(g.state, GDBSTUB_REMOVE);
	reply(&g, "OK");
	assert_int_equal(g.state, GDBSTUB_DONE);
}

/* Registers in ring 3 with that stack pointer, the lowest byte first. */
static const char *registers_on(uint64_t rsp)
{
	static char text[600];

	snprintf(text, sizeof(text), "%s", registers(0xe033));
	for (unsigned int i = 0; i < 8; i++) {
		char byte[3];

		snprintf(byte, sizeof(byte), "%02x",
			 (unsigned int)(rsp >> (8 * i)) & 0xff);
		memcpy(text + (7 * 8 + i) * 2, byte, 2);
	}
	return text;
}

/* Where the guest goes on is known only when the machine has stopped. */
static void a_machine_that_stops_goes_on_to_its_guest(void **state)
{
	const uint64_t stack = 0xffffffff82003e58;
	struct gdbstub g;

	(void)state;
	gdbstub_watch(&g);
	assert_string_equal(sent(&g), "$c#63");
	assert_int_equal(g.state, GDBSTUB_WATCH);
	reply(&g, "T8fthread:01;");
	assert_int_equal(g.state, GDBSTUB_PAUSED);
	assert_string_equal(sent(&g), "+");
	gdbstub_stop_at(&g, ENTRY, stack);
	assert_string_equal(sent(&g), "$Z1,ffffffff830791c0,1#13");
	reply(&g, "OK");
	reply(&g, "T05thread:01;");
	sent(&g);
	/* Another comes by, on a stack of its own. */
	reply(&g, registers_on(stack - 0x100));
	assert_int_equal(g.state, GDBSTUB_LIFT);
	reply(&g, "OK");
	reply(&g, "T05thread:01;");
	reply(&g, "OK");
	reply(&g, "T05thread:01;");
	reply(&g, registers_on(stack));
	assert_int_equal(g.state, GDBSTUB_REMOVE);
	reply(&g, "OK");
	assert_int_equal(g.state, GDBSTUB_DONE);
	assert_int_equal(g.nr_strays, 1);
}

/* From the guest's first instruction to a mark, and to what it tells. */
static void begin_mark(struct gdbstub *g)
{
	*g = (struct gdbstub){.state = GDBSTUB_DONE};
	gdbstub_run_to_mark(g, UINT64_C(0xffff828000001000));
	assert_string_equal(sent(g), "$Z2,ffff828000001010,8#08");
	reply(g, "OK");
	assert_string_equal(sent(g), "+$c#63");
	reply(g, "T05thread:01;watch:ffff828000001010;");
	assert_string_equal(sent(g), "+$mffff828000001000,18#ed");
	assert_int_equal(g->state, GDBSTUB_LOOK);
}

static void a_mark_tells_how_far_to_go(void **state)
{
	struct gdbstub g;

	(void)state;
	begin_mark(&g);
	reply(&g, "8d01000000000000c09107830000ffff0010000000000000");
	assert_int_equal(g.request, 397);
	assert_string_equal(sent(&g), "+$z2,ffff828000001010,8#28");
	reply(&g, "OK");
	assert_int_equal(g.state, GDBSTUB_INSERT);
	assert_int_equal(g.entry, UINT64_C(0xffff0000830791c0));
	assert_int_equal(g.stack, 0x1000);
	assert_string_equal(sent(&g), "+$Z1,ffff0000830791c0,1#3b");
}

static void a_mark_that_is_not_read_or_not_reached_is_told(void **state)
{
	struct gdbstub g;

	(void)state;
	begin_mark(&g);
	reply(&g, "E14");
	assert_int_equal(g.state, GDBSTUB_FAILED);
	assert_string_equal(g.error, "gdb stub does not read the mark");

	g = (struct gdbstub){.state = GDBSTUB_DONE};
	gdbstub_run_to_mark(&g, 0x1000);
	reply(&g, "E22");
	assert_int_equal(g.state, GDBSTUB_FAILED);
	assert_string_equal(g.error, "gdb stub refuses a watchpoint");

	g = (struct gdbstub){.state = GDBSTUB_DONE};
	gdbstub_run_to_mark(&g, 0x1000);
	reply(&g, "OK");
	reply(&g, "W00");
	assert_int_equal(g.state, GDBSTUB_FAILED);
	assert_string_equal(g.error, "the machine ended before that request");
}

static void a_machine_that_ends_without_a_stop_is_no_failure(void **state)
{
	struct gdbstub g;

	(void)state;
	gdbstub_watch(&g);
	reply(&g, "W21");
	assert_int_equal(g.state, GDBSTUB_ENDED);
	assert_null(g.error);
}

static void stops_outside_the_guest_are_bounded(void **state)
{
	struct gdbstub g;
	unsigned int turns = 0;

	(void)state;
	gdbstub_init(&g, 0x100000);
	while (g.state != GDBSTUB_FAILED) {
		sent(&g);
		reply(&g, "OK");
		reply(&g, "T05;");
		reply(&g, registers(0x08));
		sent(&g);
		reply(&g, "OK");
		reply(&g, "T05;");
		assert_true(++turns < 20000);
	}
	assert_non_null(g.error);
}

static void a_packet_with_a_wrong_sum_is_asked_for_again(void **state)
{
	struct gdbstub g;

	(void)state;
	gdbstub_init(&g, ENTRY);
	sent(&g);
	gdbstub_feed(&g, "+$OK#9b", 7);
	assert_string_equal(sent(&g), "-");
	assert_int_equal(g.state, GDBSTUB_INSERT);
	gdbstub_feed(&g, "$OK#zz", 6);
	assert_string_equal(sent(&g), "-");
	gdbstub_feed(&g, "$OK#9a", 6);
	assert_string_equal(sent(&g), "+$c#63");
}

static void a_packet_refused_by_the_stub_is_sent_again(void **state)
{
	struct gdbstub g;

	(void)state;
	gdbstub_init(&g, ENTRY);
	sent(&g);
	gdbstub_feed(&g, "-", 1);
	assert_string_equal(sent(&g), "$Z1,ffffffff830791c0,1#13");
}

static void stubs_that_misbehave_are_given_up(void **state)
{
	static char endless[GDBSTUB_PACKET_SIZE + 2] = "$";
	static char garbage[17 * 5 + 1]; /* wrong sums */
	static const char *const rows[] = {
		"$#00",    /* no breakpoints of this kind */
		"$E22#a9", /* no breakpoint there */
		"$W00#b7", /* the machine has ended */
		"$a}#de",  /* an escape without what it escapes */
		"--------------------",
		garbage,
		endless,
	};

	(void)state;
	memset(endless + 1, 'a', sizeof(endless) - 2);
	for (size_t i = 0; i < sizeof(garbage) - 1; i++) {
		garbage[i] = "$x#00"[i % 5];
	}
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct gdbstub g;

		gdbstub_init(&g, ENTRY);
		sent(&g);
		gdbstub_feed(&g, rows[i], strlen(rows[i]));
		if (strlen(rows[i]) == GDBSTUB_PACKET_SIZE + 1) {
			gdbstub_feed(&g, "a", 1);
		}
		assert_int_equal(g.state, GDBSTUB_FAILED);
		assert_non_null(g.error);
	}
}

static void registers_that_are_too_few_are_refused(void **state)
{
	struct gdbstub g;

	(void)state;
	gdbstub_init(&g, ENTRY);
	reply(&g, "OK");
	reply(&g, "T05;");
	reply(&g, "0000000033");
	assert_int_equal(g.state, GDBSTUB_FAILED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_mark_tells_how_far_to_go),
		cmocka_unit_test(
			a_mark_that_is_not_read_or_not_reached_is_told),
		cmocka_unit_test(payloads_are_framed),
		cmocka_unit_test(a_payload_that_does_not_fit_is_not_framed),
		cmocka_unit_test(escapes_and_run_lengths_are_undone),
		cmocka_unit_test(the_guest_s_first_instruction_is_reached),
		cmocka_unit_test(a_stop_in_ring_0_is_stepped_over),
		cmocka_unit_test(a_32_bit_kernel_is_in_ring_1),
		cmocka_unit_test(a_machine_that_stops_goes_on_to_its_guest),
		cmocka_unit_test(
			a_machine_that_ends_without_a_stop_is_no_failure),
		cmocka_unit_test(stops_outside_the_guest_are_bounded),
		cmocka_unit_test(a_packet_with_a_wrong_sum_is_asked_for_again),
		cmocka_unit_test(a_packet_refused_by_the_stub_is_sent_again),
		cmocka_unit_test(stubs_that_misbehave_are_given_up),
		cmocka_unit_test(registers_that_are_too_few_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
