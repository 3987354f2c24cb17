# SPDX-License-Identifier: MIT
#
# The hypervisor: hv/ with engine/, builder/ and emul/, freestanding, linked
# by hv/hv.lds, wrapped as the 32-bit ELF that multiboot loaders ask for.

HV_SRC := $(call csrc,hv engine builder emul) $(call asmsrc,hv)
HV_OBJ := $(call objs,hv,$(HV_SRC))
HV_LDFLAGS ?= -static -no-pie -z max-page-size=4096 -z noexecstack \
	--no-warn-rwx-segments
HV_ELF64 := $(B)/hv/pagewarden-hv.elf64
HV_ELF := $(B)/pagewarden-hv.elf
HV_OUT := $(if $(wildcard hv/hv.lds),$(HV_ELF))

$(eval $(call listed,$(HV_ELF64),$(HV_OBJ)))
$(HV_ELF64): $(HV_OBJ) hv/hv.lds
	$(call say,LD      $@)
	$(Q)ld -m elf_x86_64 $(HV_LDFLAGS) -T hv/hv.lds -o $@ $(HV_OBJ)

$(HV_ELF): $(HV_ELF64)
	$(call say,OBJCOPY $@)
	$(Q)objcopy -g -O elf32-i386 $< $@
