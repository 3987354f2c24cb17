/* SPDX-License-Identifier: MIT */
#include "kernels/head.S"
