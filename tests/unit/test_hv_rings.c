/* SPDX-License-Identifier: MIT */
/*
 * The console's ring and the store's, whose indices the guest owns: what makes
 * no sense harms nobody, and what makes sense arrives whole.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <xen/io/console.h>
#include <xen/io/xs_wire.h>

#include "tests/unit/metal/metal.h"

#include "hv/cpu/alone.h"
#include "hv/services/channel.h"
#include "hv/services/console.h"
#include "hv/services/deliver.h"
#include "hv/services/event_op.h"
#include "hv/services/xenstore.h"

#define CONSOLE_FRAME 24
#define STORE_FRAME 25
#define CONSOLE_PORT 1
#define STORE_PORT 2
#define OUT_SIZE 2048
#define IN_SIZE 1024

static struct xencons_interface *console(struct metal *t)
{
	return frame_data(&t->m.mmu, metal_frame(CONSOLE_FRAME));
}

static struct xenstore_domain_interface *store(struct metal *t)
{
	return frame_data(&t->m.mmu, metal_frame(STORE_FRAME));
}

static int set_up(void **state)
{
	int rc = metal_set_up(state);
	struct metal *t = *state;

	assert_int_equal(event_bind_hypervisor(&t->d, &t->v[0],
					       EVENT_SINK_CONSOLE),
			 CONSOLE_PORT);
	assert_int_equal(event_bind_hypervisor(&t->d, &t->v[0],
					       EVENT_SINK_STORE),
			 STORE_PORT);
	console_choose(&t->d);
	assert_int_equal(console_domain_init(&t->d, console(t), CONSOLE_PORT),
			 0);
	assert_int_equal(xenstore_domain_init(&t->d, store(t), STORE_PORT), 0);
	return rc;
}

static int64_t kick(struct metal *t, evtchn_port_t port)
{
	evtchn_send_t op = {.port = port};

	event_clear_pending(&t->d, port);
	return metal_op(t, hc_event_channel_op, EVTCHNOP_send, &op, sizeof(op));
}

/* --- the console ---------------------------------------------------------- */

static void print(struct metal *t, uint32_t size)
{
	for (uint32_t i = 0; i < size; i++) {
		console(t)->out[console(t)->out_prod++ % OUT_SIZE] =
			(char)('a' + i % 26);
	}
}

static void what_is_printed_arrives(void **state)
{
	struct metal *t = *state;

	console(t)->out_prod = OUT_SIZE - 3;
	console(t)->out_cons = OUT_SIZE - 3;
	t->d.console.out_cons = OUT_SIZE - 3;
	print(t, 10);
	assert_int_equal(kick(t, CONSOLE_PORT), 0);
	assert_int_equal(t->nr_sent, 10);
	assert_memory_equal(t->sent, "abcdefghij", 10);
	assert_int_equal(console(t)->out_cons, console(t)->out_prod);
	/* A little room is not worth an interrupt; half of it is. */
	assert_false(metal_pending(t, CONSOLE_PORT));
	print(t, OUT_SIZE / 2);
	assert_int_equal(kick(t, CONSOLE_PORT), 0);
	assert_true(metal_pending(t, CONSOLE_PORT));
}

static void an_absurd_index_of_output_prints_nothing(void **state)
{
	struct metal *t = *state;

	console(t)->out_prod = OUT_SIZE + 1;
	assert_int_equal(kick(t, CONSOLE_PORT), 0);
	assert_int_equal(t->nr_sent, 0);
	assert_int_equal(console(t)->out_cons, OUT_SIZE + 1);
	/* What comes then is printed. */
	print(t, 4);
	assert_int_equal(kick(t, CONSOLE_PORT), 0);
	assert_int_equal(t->nr_sent, 4);
	print(t, OUT_SIZE);
	assert_int_equal(kick(t, CONSOLE_PORT), 0);
	assert_int_equal(t->nr_sent, 4 + OUT_SIZE);
}

static void output_waits_for_room(void **state)
{
	struct metal *t = *state;

	t->room = 5;
	t->drains = 100; /* but no more is sent than there is */
	print(t, 9);
	assert_int_equal(kick(t, CONSOLE_PORT), 0);
	assert_int_equal(t->nr_sent, 5);
	assert_int_equal(console(t)->out_prod - console(t)->out_cons, 4);
	t->room = 100;
	console_interrupt();
	assert_memory_equal(t->sent, "abcdefghi", 9);
}

static void what_is_typed_arrives(void **state)
{
	struct metal *t = *state;

	t->typed = "xyz";
	console_interrupt();
	assert_int_equal(console(t)->in_prod, 3);
	assert_memory_equal(console(t)->in, "xyz", 3);
	assert_true(metal_pending(t, CONSOLE_PORT));
	/* Nothing typed: no event. */
	event_clear_pending(&t->d, CONSOLE_PORT);
	console_interrupt();
	assert_false(metal_pending(t, CONSOLE_PORT));
}

static void an_absurd_index_of_input_gets_nothing(void **state)
{
	struct metal *t = *state;

	console(t)->in_cons = 77;
	t->typed = "xyz";
	console_interrupt();
	assert_int_equal(console(t)->in_prod, 0);
	assert_int_equal(console(t)->in[0], 0);
	console(t)->in_cons = 0;
	assert_int_equal(kick(t, CONSOLE_PORT), 0);
	assert_memory_equal(console(t)->in, "xyz", 3);
}

static char much[IN_SIZE + 2 * CONSOLE_INPUT];

/* Neither ring nor our own buffer is overrun; all of it comes in the end. */
static void input_waits_for_room(void **state)
{
	struct metal *t = *state;
	uint32_t taken = 0;

	memset(much, 'q', sizeof(much) - 1);
	t->typed = much;
	for (unsigned int i = 0; i < 6; i++) {
		console_interrupt();
	}
	assert_int_equal(console(t)->in_prod, IN_SIZE);
	assert_true(*t->typed != '\0');
	assert_true(t->d.console.stalled);
	assert_false(t->input_enabled);
	for (unsigned int i = 0; i < 6; i++) {
		taken = console(t)->in_prod;
		console(t)->in_cons = taken;
		assert_int_equal(kick(t, CONSOLE_PORT), 0);
	}
	assert_int_equal(console(t)->in_prod, sizeof(much) - 1);
	assert_false(t->d.console.stalled);
	assert_true(t->input_enabled);
}

static void a_console_without_a_domain_drops_what_is_typed(void **state)
{
	struct metal *t = *state;

	domain_remove(&t->d);
	t->typed = "xyz";
	console_interrupt();
	assert_int_equal(*t->typed, '\0');
	assert_int_equal(console(t)->in_prod, 0);
	assert_true(domain_add(&t->d));
}

static void an_ended_console_is_not_looked_at(void **state)
{
	struct metal *t = *state;

	print(t, 3);
	t->d.console.stalled = true;
	console_domain_end(&t->d);
	assert_int_equal(t->nr_sent, 3);
	assert_true(t->input_enabled);
	print(t, 3);
	console_kick(&t->d);
	assert_int_equal(t->nr_sent, 3);
	t->d.console.input_in = 1; /* typed */
	console_kick(&t->d);
	assert_int_equal(console(t)->in_prod, 0);
}

static int64_t console_io(struct metal *t, unsigned int cmd, uint64_t size,
			  uint64_t address)
{
	uint64_t arg[6] = {cmd, size, address};
	int64_t rc;

	alone_begin();
	rc = hc_console_io(&t->v[0], arg);
	alone_end();
	return rc;
}

static void console_io_writes(void **state)
{
	struct metal *t = *state;
	uint64_t arg[6] = {CONSOLEIO_write, 6000, GUEST_BUFFER};

	memset(t->m.guest, 'w', sizeof(t->m.guest));
	assert_int_equal(console_io(t, CONSOLEIO_write, 300, GUEST_BUFFER), 0);
	assert_int_equal(t->nr_sent, 300);
	assert_int_equal(console_io(t, CONSOLEIO_write, 1, METAL_UNMAPPED),
			 -XEN_EFAULT);
	assert_int_equal(console_io(t, 9, 1, GUEST_BUFFER), -XEN_ENOSYS);
	t->m.preempt_after = 1;
	t->nr_sent = 0;
	assert_int_equal(hc_console_io(&t->v[0], arg), -XEN_ERESTART);
	assert_int_equal(arg[1], 6000 - 512);
	assert_int_equal(arg[2], GUEST_BUFFER + 512);
	t->m.preempt_after = 0;
	assert_int_equal(hc_console_io(&t->v[0], arg), 0);
	assert_int_equal(t->nr_sent, 6000);
	/* One that ends there is done. */
	assert_int_equal(console_io(t, CONSOLEIO_write, 0, GUEST_BUFFER), 0);
	t->nr_sent = 0;
	assert_int_equal(console_io(t, CONSOLEIO_write, 4096, GUEST_BUFFER), 0);
}

static void console_io_reads(void **state)
{
	struct metal *t = *state;

	console(t)->in_cons = 77; /* the ring gets nothing */
	t->typed = "hello";
	console_interrupt();
	assert_int_equal(console_io(t, CONSOLEIO_read, 3, METAL_UNMAPPED),
			 -XEN_EFAULT);
	assert_int_equal(console_io(t, CONSOLEIO_read, 3, GUEST_BUFFER), 3);
	assert_int_equal(console_io(t, CONSOLEIO_read, 99, GUEST_BUFFER + 3),
			 2);
	assert_memory_equal(t->m.guest, "hello", 5);
	assert_int_equal(console_io(t, CONSOLEIO_read, 99, METAL_UNMAPPED), 0);
	/* What had no room comes in when there is some. */
	memset(much, 'q', sizeof(much) - 1);
	t->typed = much;
	console_interrupt();
	assert_true(t->d.console.stalled);
	assert_int_equal(console_io(t, CONSOLEIO_read, 1000, GUEST_BUFFER),
			 CONSOLE_INPUT);
	assert_int_equal(t->typed - much, 2 * CONSOLE_INPUT);
}

/* --- the store ------------------------------------------------------------ */

static void ask(struct metal *t, uint32_t type, const char *payload)
{
	struct xsd_sockmsg h = {.type = type,
				.req_id = 7,
				.len = (uint32_t)strlen(payload) + 1};
	uint8_t bytes[64];

	memcpy(bytes, &h, sizeof(h));
	memcpy(bytes + sizeof(h), payload, h.len);
	for (uint32_t i = 0; i < sizeof(h) + h.len; i++) {
		store(t)->req[MASK_XENSTORE_IDX(store(t)->req_prod++)] =
			(char)bytes[i];
	}
}

/* Takes all that is there; the length of the payload, or -1: no answer. */
static int answer(struct metal *t, char payload[64])
{
	struct xsd_sockmsg h;
	uint8_t bytes[80];
	uint32_t nr = 0;

	while (store(t)->rsp_cons != store(t)->rsp_prod && nr < sizeof(bytes)) {
		bytes[nr++] =
			(uint8_t)store(t)
				->rsp[MASK_XENSTORE_IDX(store(t)->rsp_cons++)];
	}
	if (nr < sizeof(h)) {
		return -1;
	}
	memcpy(&h, bytes, sizeof(h));
	memset(payload, 0, 64);
	memcpy(payload, bytes + sizeof(h), h.len < 63 ? h.len : 63);
	return (int)h.len;
}

static void a_question_is_answered(void **state)
{
	struct metal *t = *state;
	char got[64];

	ask(t, XS_READ, "domid");
	assert_int_equal(kick(t, STORE_PORT), 0);
	assert_true(metal_pending(t, STORE_PORT));
	assert_int_equal(answer(t, got), 1);
	assert_string_equal(got, "7");
	/* No question, no answer, and no event. */
	assert_int_equal(kick(t, STORE_PORT), 0);
	assert_false(metal_pending(t, STORE_PORT));
}

/* Both rings wrap, at every offset of a question. */
static void rings_wrap(void **state)
{
	struct metal *t = *state;
	char got[64];

	for (unsigned int i = 0; i < 400; i++) {
		ask(t, XS_READ, "name");
		assert_int_equal(kick(t, STORE_PORT), 0);
		assert_int_equal(answer(t, got), 4);
		assert_string_equal(got, "test");
	}
}

static void an_absurd_index_of_requests_ends_the_conversation(void **state)
{
	struct metal *t = *state;

	store(t)->req_prod = XENSTORE_RING_SIZE + 1;
	assert_int_equal(kick(t, STORE_PORT), 0);
	assert_int_equal(store(t)->error, XENSTORE_ERROR_RINGIDX);
	assert_int_equal(store(t)->req_cons, 0);
	store(t)->req_prod = 0;
	ask(t, XS_READ, "domid");
	assert_int_equal(kick(t, STORE_PORT), 0);
	assert_int_equal(store(t)->rsp_prod, 0);
}

static void a_full_ring_makes_sense(void **state)
{
	struct metal *t = *state;

	while (store(t)->req_prod < XENSTORE_RING_SIZE - 22) {
		ask(t, XS_READ, "domid");
	}
	store(t)->req_prod = XENSTORE_RING_SIZE; /* and half a question */
	assert_int_equal(kick(t, STORE_PORT), 0);
	assert_int_equal(store(t)->error, XENSTORE_ERROR_NONE);
}

static void an_absurd_index_of_answers_ends_the_conversation(void **state)
{
	struct metal *t = *state;

	store(t)->rsp_cons = 1; /* an answer that was never given */
	ask(t, XS_READ, "domid");
	assert_int_equal(kick(t, STORE_PORT), 0);
	assert_int_equal(store(t)->error, XENSTORE_ERROR_RINGIDX);
	assert_int_equal(store(t)->rsp_prod, 0);
}

static void an_impossible_length_ends_the_conversation(void **state)
{
	struct metal *t = *state;
	struct xsd_sockmsg h = {.type = XS_READ, .len = 1u << 20};

	memcpy(store(t)->req, &h, sizeof(h));
	store(t)->req_prod = sizeof(h);
	assert_int_equal(kick(t, STORE_PORT), 0);
	assert_int_equal(store(t)->error, XENSTORE_ERROR_PROTO);
}

/* Answers that have no room wait; who takes some and asks gets the rest. */
static void answers_wait_for_room(void **state)
{
	struct metal *t = *state;
	uint32_t all = 0;

	for (unsigned int i = 0; i < 40; i++) {
		ask(t, XS_READ, "vm");
	}
	assert_int_equal(kick(t, STORE_PORT), 0);
	assert_int_equal(store(t)->rsp_prod, XENSTORE_RING_SIZE);
	for (unsigned int i = 0; i < 20; i++) {
		store(t)->rsp_cons = store(t)->rsp_prod;
		assert_int_equal(kick(t, STORE_PORT), 0);
		all = store(t)->rsp_prod;
	}
	assert_int_equal(all, 40 * (sizeof(struct xsd_sockmsg) + 40));
}

/* Takes all that is there; how many messages of that type. */
static unsigned int take_all(struct metal *t, uint32_t type)
{
	unsigned int nr = 0;
	struct xsd_sockmsg h;

	while (store(t)->rsp_cons != store(t)->rsp_prod) {
		for (size_t i = 0; i < sizeof(h); i++) {
			((char *)&h)[i] = store(t)->rsp[MASK_XENSTORE_IDX(
				store(t)->rsp_cons++)];
		}
		store(t)->rsp_cons += h.len;
		nr += h.type == type;
	}
	return nr;
}

static void watch_cpus(struct metal *t)
{
	const char watch[] = "cpu\0token";
	struct xsd_sockmsg h = {.type = XS_WATCH, .len = sizeof(watch)};

	for (size_t i = 0; i < sizeof(h) + sizeof(watch); i++) {
		store(t)->req[MASK_XENSTORE_IDX(store(t)->req_prod++)] =
			i < sizeof(h) ? ((const char *)&h)[i]
				      : watch[i - sizeof(h)];
	}
	assert_int_equal(kick(t, STORE_PORT), 0);
	take_all(t, XS_WATCH_EVENT);
	event_clear_pending(&t->d, STORE_PORT);
}

static void vcpus_go_off_and_on_by_the_store(void **state)
{
	struct metal *t = *state;
	char got[64];

	watch_cpus(t);
	xenstore_set_online(&t->d, 1);
	assert_true(metal_pending(t, STORE_PORT));
	assert_int_equal(take_all(t, XS_WATCH_EVENT), 1);
	ask(t, XS_READ, "cpu/1/availability");
	assert_int_equal(kick(t, STORE_PORT), 0);
	assert_true(answer(t, got) > 0);
	assert_string_equal(got, "offline");
	/* What is so already is no news; nor are there more than there are. */
	event_clear_pending(&t->d, STORE_PORT);
	xenstore_set_online(&t->d, 1);
	assert_false(metal_pending(t, STORE_PORT));
	xenstore_set_online(&t->d, 32);
	assert_int_equal(take_all(t, XS_WATCH_EVENT), 1);
	ask(t, XS_READ, "cpu/1/availability");
	assert_int_equal(kick(t, STORE_PORT), 0);
	assert_true(answer(t, got) > 0);
	assert_string_equal(got, "online");
	/* The store has ended, and begins again with all of them. */
	xenstore_set_online(&t->d, 1);
	xenstore_domain_end(&t->d);
	xenstore_set_online(&t->d, 2);
}

static void all_news_is_told_at_once(void **state)
{
	struct metal *t = *state;

	watch_cpus(t);
	xenstore_set_online(&t->d, 0);
	assert_int_equal(take_all(t, XS_WATCH_EVENT), 2);
}

static void many_questions_can_be_stopped(void **state)
{
	struct metal *t = *state;

	for (unsigned int i = 0; i < 20; i++) {
		ask(t, XS_READ, "domid");
	}
	t->m.preempt_after = 1;
	assert_int_equal(kick(t, STORE_PORT), -XEN_ERESTART);
	assert_true(store(t)->rsp_prod != 0);
	assert_true(metal_pending(t, STORE_PORT));
	t->m.preempt_after = 0;
	assert_int_equal(kick(t, STORE_PORT), 0);
	assert_int_equal(store(t)->req_cons, store(t)->req_prod);
}

static void a_store_that_has_ended_is_silent(void **state)
{
	struct metal *t = *state;

	xenstore_domain_end(&t->d);
	ask(t, XS_READ, "domid");
	assert_int_equal(kick(t, STORE_PORT), 0);
	assert_int_equal(store(t)->rsp_prod, 0);
}

static void the_store_describes_the_domain(void **state)
{
	struct metal *t = *state;
	static const struct {
		const char *path, *value;
	} known[] = {
		{"name", "test"},
		{"vm", "/vm/00000000-0000-0000-0000-000000000007"},
		{"/vm/00000000-0000-0000-0000-000000000007/name", "test"},
		{"cpu/0/availability", "online"},
		{"cpu/1/availability", "online"},
		{"memory/target", "336"},
		{"memory/static-max", "768"},
	};
	char got[64];

	for (unsigned int i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		ask(t, XS_READ, known[i].path);
		assert_int_equal(kick(t, STORE_PORT), 0);
		assert_true(answer(t, got) > 0);
		assert_string_equal(got, known[i].value);
	}
}

/* A page that the guest cannot be trusted to keep writable is no ring. */
static void a_ring_is_in_an_ordinary_page(void **state)
{
	struct metal *t = *state;
	void *table = frame_data(&t->m.mmu, metal_frame(L1_FRAME));

	t->d.store.ring = NULL;
	t->d.console.ring = NULL;
	assert_true(xenstore_domain_init(&t->d, table, STORE_PORT) != 0);
	assert_true(console_domain_init(&t->d, table, CONSOLE_PORT) != 0);
	assert_null(t->d.store.ring);
	assert_null(t->d.console.ring);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, metal_tear_down)
	const struct CMUnitTest tests[] = {
		TEST(what_is_printed_arrives),
		TEST(an_absurd_index_of_output_prints_nothing),
		TEST(output_waits_for_room),
		TEST(what_is_typed_arrives),
		TEST(an_absurd_index_of_input_gets_nothing),
		TEST(input_waits_for_room),
		TEST(a_console_without_a_domain_drops_what_is_typed),
		TEST(an_ended_console_is_not_looked_at),
		TEST(console_io_writes),
		TEST(console_io_reads),
		TEST(a_question_is_answered),
		TEST(rings_wrap),
		TEST(an_absurd_index_of_requests_ends_the_conversation),
		TEST(a_full_ring_makes_sense),
		TEST(an_absurd_index_of_answers_ends_the_conversation),
		TEST(an_impossible_length_ends_the_conversation),
		TEST(answers_wait_for_room),
		TEST(many_questions_can_be_stopped),
		TEST(vcpus_go_off_and_on_by_the_store),
		TEST(all_news_is_told_at_once),
		TEST(a_store_that_has_ended_is_silent),
		TEST(the_store_describes_the_domain),
		TEST(a_ring_is_in_an_ordinary_page),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
