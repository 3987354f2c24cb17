/* SPDX-License-Identifier: MIT */
/* What became of an instruction. */
#ifndef PW_HV_EMUL_EMULATED_H
#define PW_HV_EMUL_EMULATED_H

enum emulated {
	EMULATED_DONE,     /* retire it */
	EMULATED_REFUSED,  /* the trap is the guest's */
	EMULATED_INJECTED, /* the guest has got another exception instead */
	EMULATED_AGAIN,    /* rip stays: it is executed again */
};

#endif
