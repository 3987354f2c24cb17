/* SPDX-License-Identifier: MIT */
/*
 * How the library's functions are declared. Those that can fail return 0 or a
 * negative errno of Xen's (-XEN_E..., abi/xen.h), and the compiler says where
 * the answer is not looked at. g->message then has the reason in words,
 * except where the answer is no failure (an -XEN_ENOENT from a look-up).
 */
#ifndef PAGEWARDEN_DECLARE_H
#define PAGEWARDEN_DECLARE_H

#define GUEST_MUST_CHECK __attribute__((warn_unused_result))

#endif
