/* SPDX-License-Identifier: MIT */
/* How the machine's frames are divided, under the hypervisor. */
#ifndef PW_SIM_MACHINE_H
#define PW_SIM_MACHINE_H

/* Frames [0, SIM_XEN_FRAMES) are the hypervisor's. */
#define SIM_XEN_FRAMES 16
#define SIM_ZERO_FRAME 1
#define SIM_SHARED_INFO_FRAME 2
#define SIM_TOP_FRAME 3 /* the L4 of a 32-bit guest's vCPU */
/* The last ones are free, for whoever asks for more. */
#define SIM_SPARE_FRAMES 64

#define SIM_DOMAIN_TAG 1
#define SIM_DOMAIN_ID 1

#endif
