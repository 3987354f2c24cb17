/* SPDX-License-Identifier: MIT */
/* The page that a report is: files of this folder, part of the program. */
#ifndef PW_CLI_REPORT_PAGE_H
#define PW_CLI_REPORT_PAGE_H

extern const char report_page_html[]; /* with @STYLE@, @DATA@ and @SCRIPT@ */
extern const char report_page_css[];
extern const char report_page_js[];

#endif
