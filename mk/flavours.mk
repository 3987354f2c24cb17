# SPDX-License-Identifier: MIT
#
# Flavours: how a source file becomes an object. $(call objs,FLAVOUR,SOURCES)
# names the objects; the rules below make them.
#
#   hv     freestanding x86-64 for the hypervisor image
#   kern   freestanding x86-64 for PV kernels
#   kern32 freestanding i686 for 32-bit PV kernels
#   host   the command
#   san    hosted with ASan and UBSan: every hosted test
#   fuzz   clang with libFuzzer's instrumentation, ASan and UBSan: the fuzz
#          targets, and every unit test once more

WARN := -Wall -Wextra -Werror -Wconversion -Wshadow -Wvla \
	-Wmissing-prototypes -Wstrict-prototypes
CPPFLAGS_ALL := -I. -Iinclude -I$(B)/gen
# make DEBUG=1: the order of locks is asserted everywhere; in tests it always is.
ifneq ($(DEBUG),)
CPPFLAGS_ALL += -DPW_DEBUG
endif
CPPFLAGS_san := -DPW_DEBUG
CPPFLAGS_fuzz := -DPW_DEBUG
CFLAGS_ALL := -std=gnu11 -g $(WARN) -fno-common
# What is used elsewhere is the same bytes wherever the tree and the build are.
# Debuggers look for sources from the folder that they were started in, the top
# of the tree.
SAME_PATHS := -ffile-prefix-map=$(CURDIR)=. $(if $(filter-out build,$(B)),\
	-ffile-prefix-map=$(patsubst %/,%,$(B))/=build/)

FREESTANDING := $(SAME_PATHS) -O2 -ffreestanding -fno-stack-protector -mno-red-zone \
	-mgeneral-regs-only -fno-asynchronous-unwind-tables \
	-fcf-protection=none -fno-omit-frame-pointer

CC_hv := $(CC)
CC_kern := $(CC)
CC_kern32 := $(CC) -m32 -march=i686
CC_host := $(CC)
CC_san := $(CC)
CC_fuzz := clang

# No global offset table: all is linked into one image.
HV_MODEL ?= -fpie -fvisibility=hidden \
	$(if $(findstring clang,$(CC)),-fdirect-access-external-data)
KERN_MODEL ?= -fno-pic -mcmodel=kernel

CFLAGS_hv = $(FREESTANDING) $(HV_MODEL) $(HV_CFLAGS)
CFLAGS_kern = $(FREESTANDING) $(KERN_MODEL) $(KERN_CFLAGS)
# %lu takes 64 bits in abi/text.h, whatever a long has; the other flavours hold
# each use against that.
CFLAGS_kern32 = $(FREESTANDING) -fno-pic -Wno-format $(KERN_CFLAGS)
CFLAGS_host = $(SAME_PATHS) -O2
CFLAGS_san = -O1 -fsanitize=address,undefined -fno-sanitize-recover=all \
	-fno-omit-frame-pointer
LDFLAGS_san ?= -fsanitize=address,undefined
CFLAGS_fuzz = -O1 -fsanitize=fuzzer-no-link,address,undefined \
	-fno-sanitize-recover=all -fno-omit-frame-pointer

FLAVOURS := hv kern kern32 host san fuzz

objs = $(patsubst %,$(B)/$(1)/%.o,$(2))
# All C files of folders and their direct subfolders.
csrc = $(foreach d,$(1),$(sort $(wildcard $(d)/*.c $(d)/*/*.c)))
asmsrc = $(foreach d,$(1),$(sort $(wildcard $(d)/*.S $(d)/*/*.S)))

# What apt must provide, in groups (scripts/deps); a stamp for each. The first
# asks for all that the goal will want, so that there is one list of it.
# DEPS=no: nothing is installed; what is missing, the compiler will tell.
GOALS := $(or $(MAKECMDGOALS),all)
DEPS_ALSO := $(if $(filter all run check% lab install deb,$(GOALS)),build) \
	$(if $(filter run check check-ci check-boot,$(GOALS)),images run) \
	$(if $(filter check check-ci check-unit check-clang check-fuzz \
	check-headers check-links check-seal check-tree,$(GOALS)),check) \
	$(if $(filter check-deb check-container,$(GOALS)),images package chroot) \
	$(if $(filter check-ci,$(GOALS)),lint)
$(B)/.deps-%: scripts/deps
	@$(if $(filter no,$(DEPS)),:,scripts/deps $* $(DEPS_ALSO))
	@mkdir -p $(@D) && touch $@

DEPS_BUILD := $(B)/.deps-build
DEPS_hv := $(DEPS_BUILD)
DEPS_kern := $(DEPS_BUILD)
DEPS_kern32 := $(DEPS_BUILD)
DEPS_host := $(DEPS_BUILD)
DEPS_san := $(B)/.deps-check
DEPS_fuzz := $(B)/.deps-check
ifeq ($(findstring clang,$(CC)),clang)
DEPS_BUILD += $(B)/.deps-clang
endif

# A flavour's objects are rebuilt when its compiler or flags change.
define flavour
$(B)/$(1)/flags: FORCE | $$(DEPS_$(1))
	@mkdir -p $$(@D)
	@echo '$$(CC_$(1)) $$(CPPFLAGS_ALL) $$(CPPFLAGS_$(1)) $$(CFLAGS_ALL)' \
		'$$(CFLAGS_$(1))' > $$@.new
	@if cmp -s $$@.new $$@; then rm $$@.new; else mv $$@.new $$@; fi

$(B)/$(1)/%.c.o: %.c $(B)/$(1)/flags | $$(DEPS_$(1))
	$$(call say,CC      $(1)/$$<)
	@mkdir -p $$(@D)
	$$(Q)$$(CC_$(1)) $$(CPPFLAGS_ALL) $$(CPPFLAGS_$(1)) $$(CFLAGS_ALL) \
		$$(CFLAGS_$(1)) $$(CFLAGS_EXTRA) -MMD -MP -c -o $$@ $$<

$(B)/$(1)/%.S.o: %.S $(B)/$(1)/flags | $$(DEPS_$(1))
	$$(call say,AS      $(1)/$$<)
	@mkdir -p $$(@D)
	$$(Q)$$(CC_$(1)) $$(CPPFLAGS_ALL) $$(CPPFLAGS_$(1)) -D__ASSEMBLY__ \
		$$(SAME_PATHS) -g -MMD -MP -c -o $$@ $$<
endef
$(foreach f,$(FLAVOURS),$(eval $(call flavour,$(f))))

# The lab's guest is asked who called whom: a call at a function's end that is
# made a jump leaves no trace of the function.
$(foreach d,sim guest lab,$(foreach f,host san fuzz,$(B)/$(f)/$(d)/%)) \
	$(B)/kern/lab/%: \
	CFLAGS_EXTRA := -fno-optimize-sibling-calls

# $(call listed,FILE,OBJECTS): FILE is made anew when the list of what goes into
# it changes: a source that is gone leaves nothing behind.
define listed
$(1): $(1).list
$(1).list: FORCE
	@mkdir -p $$(@D)
	@echo '$(strip $(2))' > $$@.new
	@if cmp -s $$@.new $$@; then rm $$@.new; else mv $$@.new $$@; fi
endef

# $(call archive,FILE,OBJECTS): its members are named by their paths below
# $(B), for files of one name are in several folders.
define archive
$(call listed,$(1),$(2))
$(1): $(2)
	$$(call say,AR      $(1))
	@mkdir -p $$(@D) && rm -f $$@
	$$(Q)cd $(B) && ar rcsDP $$(abspath $$@) $$(patsubst $(B)/%,%,$$(filter %.o,$$^))
endef
