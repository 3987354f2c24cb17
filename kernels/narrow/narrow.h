/* SPDX-License-Identifier: MIT */
/* A 32-bit kernel that tries what such kernels may and may not. */
#ifndef PW_KERNELS_NARROW_H
#define PW_KERNELS_NARROW_H

#include "kernels/common/pv.h"

#define PAGE 4096u

/* As traps.S leaves them. */
struct frame {
	uint32_t edi, esi, ebp, esp_here, ebx, edx, ecx, eax;
	uint32_t vector, error;
	uint32_t eip, cs, eflags, esp, ss;
};

/*
 * Does what may trap, once: `do_it` is entered, and whatever comes first ends
 * it. The vector, or -1; the frame stays in `trapped`.
 */
int try_it(void (*do_it)(void));
extern struct frame trapped;
extern volatile uint32_t events_seen, failsafes_seen;
/* ds, es, fs, gs, as the last of these had them. */
extern volatile uint32_t failsafe_segments[4];
/* In ring 3; the vector by which it came back (0x80: by itself). */
int try_user(void (*do_it)(void));

extern struct pv pv;

static inline uint64_t mfn_of(const void *address)
{
	return mfn_at(&pv, address);
}

/* The kernel's; and a user's, too. */
#define RW (PTE_P | PTE_RW | PTE_A | PTE_D)
#define RO (PTE_P | PTE_A | PTE_D)
#define USER PTE_US

void traps_begin(void);
void end_as_named(const char *cmdline);
void test_requests(void);
void test_tables(void);
void test_segments(void);
void test_rings(void);
void test_second(void);
void test_time(void);
bool random_wanted(const char *cmdline);
void random_calls(const char *cmdline);
/* A selector in GS whose descriptor goes; the selector. */
uint16_t spoil_gs(void);

#endif
