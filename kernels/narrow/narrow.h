/* SPDX-License-Identifier: MIT */
/* A 32-bit kernel that tries what such kernels may and may not. */
#ifndef PW_KERNELS_NARROW_H
#define PW_KERNELS_NARROW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define __XEN_INTERFACE_VERSION__ 0x00040e00
#include <xen/xen.h>

#include <xen/event_channel.h>
#include <xen/memory.h>
#include <xen/sched.h>
#include <xen/vcpu.h>
#include <xen/version.h>

#define PAGE 4096u
#define EPERM 1
#define EFAULT 14
#define EBUSY 16
#define EINVAL 22
#define ENOSYS 38

/* As head.S leaves them. */
struct frame {
	uint32_t edi, esi, ebp, esp_here, ebx, edx, ecx, eax;
	uint32_t vector, error;
	uint32_t eip, cs, eflags, esp, ss;
};

static inline int32_t hypercall(uint32_t nr, uint32_t a, uint32_t b, uint32_t c,
				uint32_t d, uint32_t e)
{
	int32_t ret;

	__asm__ volatile("int $0x82"
			 : "=a"(ret), "+b"(a), "+c"(b), "+d"(c), "+S"(d),
			   "+D"(e)
			 : "0"(nr)
			 : "memory");
	return ret;
}

/* One line of TAP. */
void expect(const char *what, int32_t got, int32_t want);
void say(const char *text);
_Noreturn void end(void);

/*
 * Does what may trap, once: `do_it` is entered, and whatever comes first ends
 * it. The vector, or -1; the frame stays in `trapped`.
 */
int try_it(void (*do_it)(void));
extern struct frame trapped;
extern volatile uint32_t events_seen;
/* In ring 3; the vector by which it came back (0x80: by itself). */
int try_user(void (*do_it)(void));

struct start {
	const start_info_t *info;
	const uint32_t *p2m;
};
extern struct start start;

void *memset(void *to, int byte, size_t nr);
void *memcpy(void *to, const void *from, size_t nr);

uint64_t mfn_of(const void *address);
/* Maps the page again: any entry. */
int32_t map_page(const void *page, uint64_t entry);
#define RW UINT64_C(0x63)
#define RO UINT64_C(0x61)
#define USER UINT64_C(0x4)

void traps_begin(void);
void end_as_named(const char *cmdline);
void test_requests(void);
void test_tables(void);
void test_segments(void);
void test_rings(void);
void test_second(void);
bool random_wanted(const char *cmdline);
void random_calls(const char *cmdline);

#endif
