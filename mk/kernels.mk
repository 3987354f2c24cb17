# SPDX-License-Identifier: MIT
#
# PV kernels: kernels/NAME/ with its own linker script NAME.lds becomes
# build/kernels/NAME.elf. kernels/common/ and guest/ are an archive, of which
# a kernel gets what it uses.

KERNELS := $(foreach l,$(wildcard kernels/*/*.lds),\
	$(filter $(basename $(notdir $(l))),$(notdir $(patsubst %/,%,$(dir $(l))))))
KERNELS_OUT := $(KERNELS:%=$(B)/kernels/%.elf)
KERN_LIB := $(B)/kern/libguest.a
# The library's port as static inlines.
CPPFLAGS_kern := -Ikernels/metal

$(eval $(call archive,$(KERN_LIB),$(call objs,kern,\
	$(call csrc,guest kernels/common) $(call asmsrc,guest kernels/common) \
	$(wildcard kernels/*.c kernels/*.S lab/deed.c lab/kernel.c \
	lab/history.c lab/histories/*.c))))

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
