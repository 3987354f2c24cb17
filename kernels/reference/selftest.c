// SPDX-License-Identifier: MIT
#include "kernels/reference/reference.h"
void selftest(struct kernel *k) { check(k, true, "boot"); }
void bench(struct kernel *k) { (void)k; }
void differential(struct kernel *k, uint64_t seed, uint64_t nr) { (void)k; (void)seed; (void)nr; }
