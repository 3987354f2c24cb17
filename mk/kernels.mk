# SPDX-License-Identifier: MIT
#
# PV kernels: kernels/NAME/ with its own linker script NAME.lds becomes
# build/kernels/NAME.elf. kernels/common/ and guest/ are an archive, of which
# a kernel gets what it uses.

# These have 32 bits alone,
KERNELS_NARROW := narrow
KERNELS := $(filter-out $(KERNELS_NARROW),\
	$(foreach l,$(wildcard kernels/*/*.lds),$(filter \
	$(basename $(notdir $(l))),$(notdir $(patsubst %/,%,$(dir $(l)))))))
# and these are built once more with 32 bits, as build/kernels/NAME32.elf.
KERNELS32 := lab reference
KERNELS_OUT := $(KERNELS:%=$(B)/kernels/%.elf) \
	$(KERNELS32:%=$(B)/kernels/%32.elf) $(KERNELS_NARROW:%=$(B)/kernels/%.elf)
KERN_LIB := $(B)/kern/libguest.a
# The lab's part of its kernels.
KERN_LAB := $(wildcard lab/deed.c lab/kernel.c lab/history.c lab/histories/*.c)
# The library's port as static inlines.
CPPFLAGS_kern := -Ikernels/metal
CPPFLAGS_kern32 := -Ikernels/metal32

$(eval $(call archive,$(KERN_LIB),$(call objs,kern,\
	$(call csrc,guest kernels/common) $(call asmsrc,guest kernels/common) \
	$(wildcard kernels/*.c kernels/*.S) $(KERN_LAB))))

define kernel
$(call listed,$(B)/kernels/$(1).elf,$(call csrc,kernels/$(1)) \
	$(call asmsrc,kernels/$(1)))
$(B)/kernels/$(1).elf: $(call objs,kern,$(call csrc,kernels/$(1)) \
		$(call asmsrc,kernels/$(1))) $(KERN_LIB) kernels/$(1)/$(1).lds
	$$(call say,LD      $$@)
	@mkdir -p $$(@D)
	$$(Q)ld -m elf_x86_64 -static -no-pie -z max-page-size=4096 \
		-z noexecstack --no-warn-rwx-segments \
		-T kernels/$(1)/$(1).lds -o $$@ $$(filter %.o %.a,$$^)
endef
$(foreach k,$(KERNELS),$(eval $(call kernel,$(k))))

# What of kernels/common/ does not speak of 64-bit registers, and in its place
# kernels/metal32/. The differential mode has nothing to run beside.
KERN32_LIB := $(B)/kern32/libguest.a
KERN32_COMMON := $(addprefix kernels/common/,clock.c cmdline.c expect.c print.c pv.c \
	string.c trap.c)
$(eval $(call archive,$(KERN32_LIB),$(call objs,kern32,$(call csrc,guest) \
	$(KERN32_COMMON) $(wildcard kernels/metal32/*.c kernels/metal32/*.S) \
	$(KERN_LAB))))

kern32_src = $(filter-out kernels/$(1)/diff%,$(call csrc,kernels/$(1)))
define kernel32
$(call listed,$(B)/kernels/$(1)32.elf,$(call kern32_src,$(1)))
$(B)/kernels/$(1)32.elf: $(call objs,kern32,$(call kern32_src,$(1)) \
		kernels/metal32/head.S) $(KERN32_LIB) kernels/$(1)/$(1).lds
	$$(call say,LD      $$@)
	@mkdir -p $$(@D)
	$$(Q)ld -m elf_i386 -static -no-pie -z max-page-size=4096 \
		-z noexecstack --no-warn-rwx-segments \
		--defsym kernel_virt_base=0xc0000000 \
		-T kernels/$(1)/$(1).lds -o $$@ $$(filter %.o %.a,$$^)
endef
$(foreach k,$(KERNELS32),$(eval $(call kernel32,$(k))))

define kernel_narrow
$(call listed,$(B)/kernels/$(1).elf,$(call csrc,kernels/$(1)) \
	$(call asmsrc,kernels/$(1)))
$(B)/kernels/$(1).elf: $(call objs,kern32,$(call csrc,kernels/$(1)) \
		$(call asmsrc,kernels/$(1))) $(KERN32_LIB) kernels/$(1)/$(1).lds
	$$(call say,LD      $$@)
	@mkdir -p $$(@D)
	$$(Q)ld -m elf_i386 -static -no-pie -z max-page-size=4096 \
		-z noexecstack --no-warn-rwx-segments \
		-T kernels/$(1)/$(1).lds -o $$@ $$(filter %.o %.a,$$^)
endef
$(foreach k,$(KERNELS_NARROW),$(eval $(call kernel_narrow,$(k))))
