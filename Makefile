# SPDX-License-Identifier: MIT
#
# Pagewarden's build: one dependency graph in plain GNU make. A flavour is a
# compiler and its flags, with objects in build/<flavour>/ (mk/flavours.mk);
# each other mk/*.mk holds the outputs of one part. Sources are found by
# wildcard, so that a new file needs no line here.
#
#   make              the command, the hypervisor, the guests
#   make run          boot the stock Debian kernel and print the report
#   make check        every test; ends with "N passed, N failed"
#   make bench        instruction counts: ours, stock Xen, native
#   make lint         clang-format, shellcheck, clang-tidy, cppcheck
#   make fuzz T=60    each fuzz target for T seconds
#   make V=1          show the commands

ifeq ($(origin CC),default)
CC := gcc
endif
B := build
Q := $(if $(V),,@)
say = $(if $(V),@:,@echo "  $(1)")

# One job per processor, unless the caller chose.
ifeq ($(filter -j%,$(MAKEFLAGS)),)
MAKEFLAGS += -j$(shell nproc)
endif
MAKEFLAGS += --no-builtin-rules --no-print-directory
.SUFFIXES:
.DELETE_ON_ERROR:
.SECONDARY:
.PHONY: all clean FORCE

all:

include mk/flavours.mk
include mk/hv.mk
include mk/cli.mk
include mk/kernels.mk
include mk/images.mk
include mk/tests.mk
include mk/check.mk
include mk/lint.mk

all: $(HV_OUT) $(CLI_OUT) $(KERNELS_OUT)

clean:
	rm -rf $(B)

# Header dependencies, as the compiler wrote them beside each object.
-include $(shell find $(B) -name '*.d' 2>/dev/null)
