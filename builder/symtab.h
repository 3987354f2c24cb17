/* SPDX-License-Identifier: MIT */
/* The kernel's symbol table behind it, for kernels that ask (BSD_SYMTAB). */
#ifndef PW_BUILDER_SYMTAB_H
#define PW_BUILDER_SYMTAB_H

#include <stdint.h>

#include "abi/addr.h"
#include "builder/elf.h"

struct build_memory;
struct guest_width;

/* Where the kernel's last byte is followed by it, and how large it is. */
uint64_t symtab_place(const struct guest_width *width, uint64_t kernel_end);
uint64_t symtab_size(const struct elf_image *image,
		     const struct elf_symtab *symtab);
/* Into memory that holds zeros. */
void build_symtab(const struct build_memory *memory, paddr_t at,
		  const struct elf_image *image,
		  const struct elf_symtab *symtab);

#endif
