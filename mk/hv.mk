# SPDX-License-Identifier: MIT
#
# The hypervisor: hv/ with engine/, builder/ and emul/, freestanding, linked
# by hv/hv.lds, wrapped as the 32-bit ELF that multiboot loaders ask for.

HV_OFFSETS_C := hv/entry/offsets.c
HV_SRC := $(filter-out $(HV_OFFSETS_C),$(call csrc,hv engine builder emul)) \
	$(wildcard trace/record/*.c) \
	$(call asmsrc,hv)
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

# Places in structures, for assembly: the compiler writes them into its
# assembly text as strings "->NAME VALUE".
HV_OFFSETS := $(B)/hv/gen/hv/offsets.h
CPPFLAGS_hv += -I$(B)/hv/gen
$(HV_OFFSETS): $(HV_OFFSETS_C) $(B)/hv/flags | $(DEPS_hv)
	$(call say,OFFSETS $<)
	@mkdir -p $(@D)
	$(Q)$(CC_hv) $(CPPFLAGS_ALL) $(CPPFLAGS_hv) $(CFLAGS_ALL) $(CFLAGS_hv) \
		-MMD -MP -MF $@.d -MT $@ -S -o $@.s $<
	$(Q)sed -n 's/.*"->\([A-Z0-9_]*\) \([0-9]*\)".*/#define \1 \2/p' $@.s \
		> $@.new && test -s $@.new && mv $@.new $@
$(filter %.S.o,$(HV_OBJ)): $(HV_OFFSETS)
