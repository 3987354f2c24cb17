/* SPDX-License-Identifier: MIT */
/* docs/histories.md, made of the tables of lab/histories/. */
#ifndef PW_CLI_LAB_DOC_H
#define PW_CLI_LAB_DOC_H

#include <stdio.h>

void lab_doc(FILE *to);

#endif
