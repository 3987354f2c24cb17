/* SPDX-License-Identifier: MIT */
/*
 * Files become strings. The assembler takes them in, so make says that this
 * object is made of them (mk/cli.mk).
 */
#include "cli/report/page.h"

#define FILE_AS(symbol, path)                         \
	__asm__(".section .rodata\n"                  \
		".global " #symbol "\n" #symbol ":\n" \
		".incbin \"cli/report/" path "\"\n"   \
		".byte 0\n"                           \
		".previous\n")

FILE_AS(report_page_html, "page.html");
FILE_AS(report_page_css, "page.css");
FILE_AS(report_page_js, "page.js");
