/* SPDX-License-Identifier: MIT */
/* Inside the engine: the roots that a vCPU's CR3 takes. */
#ifndef PW_ENGINE_ROOT_H
#define PW_ENGINE_ROOT_H

#include "engine/mmu.h"

/* Loads a kernel L4 into the vCPU: takes and drops references, loads CR3. */
MUST_CHECK int mmu_new_kernel_root(struct mmu_vcpu *v, mfn_t f);
/* mfn 0 takes the user root away. */
MUST_CHECK int mmu_new_user_root(struct mmu_vcpu *v, mfn_t f);

#endif
