/* SPDX-License-Identifier: MIT */
/* Waking a vCPU: its CPU sleeps until `blocked` is clear. */
#include "hv/vcpu/vcpu.h"

void vcpu_wake(struct vcpu *v)
{
	v->blocked = false;
}
