/* SPDX-License-Identifier: MIT */
/*
 * The words of the control channel, from COM2 to us (abi/control.h). Two read
 * there (reader.c): the port's interrupt, and whoever waits to be told to go on
 * after a refusal. A longer word may come to either, or half of it to each; so
 * it is put together here, and kept until somebody is in a position to carry it
 * out. Of several about one domain the last counts.
 */
#include "hv/report/words.h"

#include "abi/control.h"
#include "hv/cpu/output.h"
#include "hv/domain/domain.h"

bool words_kept;

static unsigned int vcpus[DOMAINS]; /* asked for; 0: nothing */
static unsigned int so_far;         /* bytes of a longer word */
static unsigned int slot;

int words_take(int byte)
{
	const unsigned int value = (unsigned int)byte - CONTROL_VCPUS_BASE;

	switch (so_far) {
	case 0:
		so_far = byte == CONTROL_VCPUS;
		return so_far != 0 ? -1 : byte;
	case 1:
		slot = value;
		so_far = 2;
		return -1;
	default:
		if (slot < DOMAINS && value != 0 && value <= MMU_MAX_VCPUS) {
			vcpus[slot] = value;
			words_kept = true;
		}
		so_far = 0;
		return -1;
	}
}

static bool next(unsigned int *ret_slot, unsigned int *ret_vcpus)
{
	for (unsigned int i = 0; i < DOMAINS; i++) {
		if (vcpus[i] != 0) {
			*ret_slot = i;
			*ret_vcpus = vcpus[i];
			vcpus[i] = 0;
			return true;
		}
	}
	words_kept = false;
	return false;
}

/* Others put words together meanwhile, by the lock of the port's (reader.c). */
bool words_next(unsigned int *ret_slot, unsigned int *ret_vcpus)
{
	bool found;

	output_lock();
	found = next(ret_slot, ret_vcpus);
	output_unlock();
	return found;
}
