/* SPDX-License-Identifier: MIT */
/* Added to the kernel: which mistake its command line asks for. */
#include <linux/string.h>

#include <xen/interface/xen.h>
#include <asm/xen/hypervisor.h>

int pw_mistake(const char *name);

/* From the first instruction on, so not by early_param(). */
int pw_mistake(const char *name)
{
	const char *word = strstr(xen_start_info->cmd_line, "mistake=");

	return word != NULL && strncmp(word + 8, name, strlen(name)) == 0;
}
