/* SPDX-License-Identifier: MIT */
/*
 * The command reads the guest's memory when it is told of a refusal, or of the
 * end. So whoever tells of it waits for a word, for two seconds at most: its
 * domain stays as it was meanwhile, for the lock is held that the telling is
 * about. Other domains go on. Of two CPUs that have something to tell the
 * second waits until the first is through, so that each has its own answer.
 *
 * The word may come to the one that waits or to the port's interrupt, on
 * another CPU: who takes it from the port says so.
 */
#include "hv/report/reader.h"

#include "abi/control.h"
#include "engine/request/fair_lock.h"
#include "hv/cpu/clock.h"
#include "hv/cpu/ipi.h"
#include "hv/cpu/lock.h"
#include "hv/cpu/output.h"
#include "hv/cpu/slice.h"
#include "hv/cpu/x86.h"
#include "hv/domain/stop.h"
#include "hv/report/machine.h"
#include "hv/report/serial.h"
#include "hv/report/words.h"

#define PATIENCE_MS 2000

bool reader_waits;

static struct fair_lock telling;
static bool go_on; /* said the reader */

void reader_begin(void)
{
	if (!reader_waits) {
		return;
	}
	lock_order_took(cpu_here(), LOCK_READER);
	machine_fair_lock(&telling);
	__atomic_store_n(&go_on, false, __ATOMIC_RELAXED);
}

bool reader_word(int *ret_word)
{
	int byte;

	output_lock();
	byte = serial_read(SERIAL_CONTROL);
	*ret_word = byte >= 0 ? words_take(byte) : -1;
	output_unlock();
	if (*ret_word == CONTROL_GO) {
		__atomic_store_n(&go_on, true, __ATOMIC_RELAXED);
	}
	return byte >= 0;
}

static void wait(void)
{
	const uint64_t start = x86_rdtsc();
	int word;

	serial_flush(SERIAL_CONTROL);
	while (!__atomic_load_n(&go_on, __ATOMIC_RELAXED) &&
	       x86_rdtsc() - start < clock_tsc_khz() * PATIENCE_MS) {
		(void)reader_word(&word);
		if (word == CONTROL_BREAK || word == CONTROL_END) {
			domain_break_all("the run was ended from outside",
					 word == CONTROL_BREAK);
			return;
		}
		ipi_answer();
		x86_pause();
	}
}

void reader_end(void)
{
	const uint64_t start = x86_rdtsc();

	if (!reader_waits) {
		machine_pause();
		return;
	}
	wait();
	/* How soon the reader is done is no work of the guest's. */
	slice_forgive(x86_rdtsc() - start);
	lock_order_dropped(cpu_here(), LOCK_READER);
	fair_lock_give_up(&telling);
}
