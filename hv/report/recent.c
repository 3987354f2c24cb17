/* SPDX-License-Identifier: MIT */
/*
 * A kernel that dies before it can print has been told by an exception, as a
 * rule, and has said nothing of it. So the last few are kept for each vCPU.
 * The same one again and again, which is how many a kernel hangs, takes one
 * place and is counted.
 */
#include "hv/report/recent.h"

#include "abi/control.h"
#include "hv/report/control.h"
#include "hv/report/counters.h"
#include "hv/report/log.h"
#include "hv/report/print.h"
#include "hv/vcpu/vcpu.h"

#define CALLS_TOLD 16
#define NO_CALL 0xff
_Static_assert(NO_CALL >= HYPERCALLS, "no number of a hypercall");

void recent_init(struct recent *recent)
{
	for (unsigned int i = 0; i < RECENT_CALLS; i++) {
		recent->call[i] = NO_CALL;
	}
}

void recent_note(struct recent *recent, unsigned int vector, uint32_t error,
		 uint64_t rip, uint64_t cr2)
{
	const uint64_t nr = recent->nr_exceptions;
	struct recent_exception *e =
		&recent->exception[(nr - 1) % RECENT_EXCEPTIONS];

	/* None has the number of times 0 but a place that was never taken. */
	if (e->rip == rip && e->cr2 == cr2 && e->vector == vector &&
	    e->error == error && e->times != 0) {
		e->times++;
		return;
	}
	e = &recent->exception[nr % RECENT_EXCEPTIONS];
	e->rip = rip;
	e->cr2 = cr2;
	e->times = 1;
	e->error = error;
	e->vector = vector;
	recent->nr_exceptions = nr + 1;
}

/* The i-th last, 1 being the last; NULL: there is none. */
static const struct recent_exception *exception_at(const struct recent *recent,
						   unsigned int i)
{
	const uint64_t nr = recent->nr_exceptions;

	return i > nr ? NULL : &recent->exception[(nr - i) % RECENT_EXCEPTIONS];
}

void recent_show(const struct vcpu *v)
{
	for (unsigned int i = 1; i <= RECENT_EXCEPTIONS; i++) {
		const struct recent_exception *e = exception_at(&v->recent, i);

		if (e == NULL) {
			return;
		}
		if (i == 1) {
			log_error("Exceptions given to vcpu#%u, the last "
				  "first:",
				  v->id);
		}
		log_error("   %s[%04x] at %016lx, cr2 %016lx, %lu in a row",
			  trap_name(e->vector), e->error, e->rip, e->cr2,
			  e->times);
	}
}

static void tell_exceptions(const struct recent *recent)
{
	control_open(PLACE_EXCEPTIONS, '[');
	for (unsigned int i = 1; i <= RECENT_EXCEPTIONS; i++) {
		const struct recent_exception *e = exception_at(recent, i);

		if (e == NULL) {
			break;
		}
		control_open(NULL, '{');
		control_number(EXCEPTION_VECTOR, e->vector);
		control_text(EXCEPTION_NAME, trap_name(e->vector));
		control_number(EXCEPTION_ERROR, e->error);
		control_hex(EXCEPTION_RIP, e->rip);
		control_hex(EXCEPTION_CR2, e->cr2);
		control_number(EXCEPTION_TIMES, e->times);
		control_close('}');
	}
	control_close(']');
}

static void tell_calls(const struct recent *recent)
{
	control_open(PLACE_CALLS, '[');
	for (unsigned int i = 1; i <= CALLS_TOLD; i++) {
		uint8_t nr = recent->call[(uint8_t)(recent->next_call - i)];

		if (nr == NO_CALL) {
			break;
		}
		control_text(NULL, hypercall_name(nr));
	}
	control_close(']');
}

void recent_tell(const struct vcpu *v)
{
	tell_exceptions(&v->recent);
	tell_calls(&v->recent);
}
