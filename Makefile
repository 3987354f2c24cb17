# SPDX-License-Identifier: MIT
#
# Pagewarden's build: one dependency graph in plain GNU make. A flavour is a
# compiler and its flags, with objects in build/<flavour>/ (mk/flavours.mk);
# each other mk/*.mk holds the outputs of one part. Sources are found by
# wildcard, so that a new file needs no line here.
#
# `make help` lists what it can make.

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
.PHONY: all clean help FORCE

all:

include mk/flavours.mk
include mk/hv.mk
include mk/cli.mk
include mk/kernels.mk
include mk/images.mk
include mk/tests.mk
include mk/explore.mk
include mk/check.mk
include mk/bench.mk
include mk/install.mk
include mk/lint.mk
include mk/tools.mk

all: $(HV_OUT) $(CLI_OUT) $(KERNELS_OUT) $(INIT_OUT)

clean:
	rm -rf $(B)

help:
	@echo 'make              the command, the hypervisor, the guests'
	@echo 'make run          boot the stock Debian kernel, print the report'
	@echo 'make check        the tests; ends with "N passed, N failed"'
	@echo '  check-unit check-boot check-fuzz check-seal check-links check-headers'
	@echo '  check-tree check-clang; check-ci: all, the long ones too;'
	@echo '  JUNIT=FILE, TAP13=FILE: for CI'
	@echo 'make lab          the histories, each policy, in the simulator'
	@echo 'make check-report the report of a recording, in headless Chromium'
	@echo 'make check-dump   a core of a guest, in crash and drgn (6 GiB)'
	@echo 'make check-kernels  stock kernels (6.1, 6.12, cloud, rt), 1 to 8 vCPUs'
	@echo 'make kselftests   tests of Linux (mm, x86), here and on stock Xen'
	@echo 'make golden [FORKS=300]   recordings of the stock kernels, replayed'
	@echo 'make bench        instruction counts: ours, stock Xen, native'
	@echo 'make bench-scale [GIB="1 16"]     large guests: what a run takes by its parts'
	@echo 'make bench-native [GIB="1 16"]    the engine in a process, beside memory speed'
	@echo 'make differential [SEEDS=1..100]  random requests, beside stock Xen'
	@echo 'make fuzz [T=60] [F="mmu ..."]    each fuzz target for T seconds'
	@echo 'make mutation-hv     guards of hv/ taken out, unit tests that must fail'
	@echo 'make mutation-boots  guards of hv/ taken out, boots that must fail'
	@echo 'make interleave [T=60]            two vCPUs, every order of their steps'
	@echo 'make torture [T=600]              stock Linux, 1, 2, 4 vCPUs, T s each'
	@echo 'make isolation    stock Linux beside each deed of a hostile domain'
	@echo 'make explore [SCOPE=small|medium|large]  every state of small machines'
	@echo 'make explore-advisories  mistakes put back, which it must find'
	@echo 'make mistakes     a Linux 6.1 with ten mistakes; each must be named'
	@echo 'make coverage     lines run by the unit tests, a floor per folder'
	@echo 'make lint         the tree, clang-format, shellcheck, clang-tidy, cppcheck'
	@echo 'make format       clang-format, in place'
	@echo 'make compile_commands.json        for clangd and the like'
	@echo 'make install [PREFIX=/usr/local] [DESTDIR=]'
	@echo 'make deb          a Debian package, in $(B)/deb/'
	@echo 'make check-deb    that package in an empty Debian (as root)'
	@echo 'make check-elsewhere  from read-only sources; the same bytes'
	@echo 'make check-container  packaging/ci/, carried out in one'
	@echo 'make clean        removes $(B)/'
	@echo 'V=1 shows the commands, CC=clang takes another compiler,'
	@echo 'B=DIR builds elsewhere, DEPS=no installs no packages.'

# Header dependencies, as the compiler wrote them beside each object.
# What else is built there are trees of their own.
-include $(shell find $(B) \( -path $(B)/mistakes -o -path $(B)/deb \
	-o -path $(B)/kselftests -o -path '$(B)/debian-*' \) -prune \
	-o -name '*.d' -type f -print 2>/dev/null)
