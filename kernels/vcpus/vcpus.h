/* SPDX-License-Identifier: MIT */
/* Between the files of this kernel. */
#ifndef PW_KERNELS_VCPUS_H
#define PW_KERNELS_VCPUS_H

#include "kernels/common/second.h"

#define MS UINT64_C(1000000)

extern struct pv pv;

void yield(void);
/* Jobs of the second vCPU: it waits for an event; goes down, and counts. */
void block(void);
void go_down(void);
/* Until the second's run state is that. */
void await_state(int state);
/* Sends the second down, and waits until it is. */
void put_down(void);

/* info.c: where a vCPU's state is told. */
volatile struct vcpu_info *info_of(unsigned int id);
/* Nothing has happened on that port, nor otherwise to that vCPU. */
void forget(evtchn_port_t port, unsigned int id);
void check_info_refused(void);
/* The second's moves; it is down. */
void check_info_moves(void);

/* wakes.c */
void check_interrupts(void);
void check_timers(void);
void check_areas(void);

/* shares.c: of a CPU, between two vCPUs; between this domain and another. */
void check_shares(void);
void check_half(struct vcpu_guest_context *second, bool late);
void check_idle(struct vcpu_guest_context *second);

/* time.c: no vCPU is behind another. */
void check_time(void);

/* churn.c: no wake-up is lost, of so many. */
void check_churn(unsigned int times);

/* talk.c: nothing that is printed gets stuck. */
void check_talk(void);

/* failsafe.c: a selector's descriptor goes; and the stack that it is told on.
 */
void check_failsafe(bool nowhere);

/* channels.c: what wakes one vCPU may wake the other. */
void check_channels(void);

#endif
