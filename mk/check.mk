# SPDX-License-Identifier: MIT
#
# make check: every test is a file build/check/SUITE/NAME.tap, made anew each
# time, side by side as far as make's jobs allow; tests/totals adds them up.

.PHONY: check check-ci check-unit check-clang check-boot check-seal check-headers check-fuzz \
	check-links check-tree \
	differential run lab golden

TAP := $(B)/check
BOOT_CASES := $(shell sed -n 's/^\[\(.*\)\]$$/\1/p' tests/qemu/*.cfg \
	2>/dev/null)
# Boots whose machine has several CPUs: beside another test they wait for each
# other in vain, so they come last, one at a time.
WIDE_CASES := $(shell awk '/^\[/ { gsub(/[][]/, ""); name = $$0 } \
	/--cpus=[2-9]/ { print name }' tests/qemu/*.cfg 2>/dev/null)
UNIT_TAPS := $(UNIT_TESTS:%=$(TAP)/unit/%.tap)
CLANG_TAPS := $(UNIT_TESTS:%=$(TAP)/clang/%.tap)
FUZZ_TAPS := $(FUZZ_TARGETS:%=$(TAP)/fuzz/%.tap)
BOOT_TAPS := $(BOOT_CASES:%=$(TAP)/boot/%.tap)
WIDE_METAL := $(TAP)/metal/debug.tap $(TAP)/metal/isolation-apart.tap \
	$(TAP)/metal/torture-domains.tap
WIDE_TAPS := $(WIDE_CASES:%=$(TAP)/boot/%.tap) $(WIDE_METAL)
SEALED := $(foreach d,engine guest emul builder,$(if $(call csrc,$(d)),$(d)))
SEAL_TAPS := $(SEALED:%=$(TAP)/seal/%.tap)
HEADERS := $(sort $(wildcard $(foreach d,engine builder emul hv guest sim \
	lab cli include kernels tests,$(d)/*.h $(d)/*/*.h $(d)/*/*/*.h)))
HEADER_TAPS := $(if $(HEADERS),$(TAP)/headers/headers.tap)
# Trees whose objects are judged as a graph (LINKED), each in its flavour.
LINKED := hv guest
LINKS_hv := $(filter $(B)/hv/hv/%,$(HV_OBJ))
LINKS_guest := $(call objs,kern,$(call csrc,guest))
HV_HEADERS := $(filter hv/%,$(HEADERS))
LINK_TAPS := $(LINKED:%=$(TAP)/links/%.tap) $(TAP)/links/public.tap \
	$(TAP)/homes/hv.tap
DIFF_TAPS := $(if $(wildcard tests/differential/run),\
	$(TAP)/differential/differential.tap)
METAL_TAPS := $(patsubst tests/qemu/%-metal,$(TAP)/metal/%.tap,\
	$(wildcard tests/qemu/*-metal))
XEN_TAPS := $(patsubst tests/qemu/%-xen,$(TAP)/boot-xen/%.tap,\
	$(wildcard tests/qemu/*-xen))
# Programs that look at the tree's text alone, or at what the command prints.
TREE_LINTS := rules order spdx paths lints histories results
TREE_TAPS := $(TREE_LINTS:%=$(TAP)/lint/%.tap)
MUTATION_TAP := $(TAP)/mutation/guards.tap
INTERLEAVE_TAPS := $(TAP)/interleave/all.tap $(TAP)/interleave/mutants.tap
FITS_TAP := $(TAP)/mutation/fits.tap
EXPLORE_TAPS := $(TAP)/explore/small.tap $(TAP)/explore/as-c.tap \
	$(TAP)/explore/rows.tap
# Failures of the lab as recordings, and as tests.
SHRUNK_TAP := $(TAP)/traces/lab.tap
REPORT_TAP := $(TAP)/report/page.tap
# What is installed, and how it comes to be. Others of tests/install/ want a
# tree of Debian's (make check-deb, check-container), or build all anew.
INSTALL_TAPS := $(patsubst %,$(TAP)/install/%.tap,deps manual version)
ALL_TAPS := $(INSTALL_TAPS) $(MUTATION_TAP) $(FITS_TAP) $(SHRUNK_TAP) $(REPORT_TAP) $(INTERLEAVE_TAPS) \
	$(EXPLORE_TAPS) $(TREE_TAPS) $(UNIT_TAPS) $(BOOT_TAPS) \
	$(SEAL_TAPS) $(HEADER_TAPS) $(LINK_TAPS) $(FUZZ_TAPS) $(DIFF_TAPS) \
	$(XEN_TAPS) $(METAL_TAPS)

# What takes a minute and more for itself waits for check-ci: make check is to
# be done in ten.
LONG_TAPS := $(MUTATION_TAP) $(DIFF_TAPS) $(FUZZ_TAPS) $(TAP)/boot-xen/lab.tap \
	$(WIDE_METAL) \
	$(patsubst %,$(TAP)/metal/%.tap,balloon dump exact isolation lab)
SHORT_TAPS := $(filter-out $(LONG_TAPS),$(ALL_TAPS))

# Programs in Python, with a debugger, a compiler: all but the boots themselves.
$(filter-out $(BOOT_TAPS),$(ALL_TAPS)) $(CLANG_TAPS): | $(B)/.deps-check

wide_boots = $(foreach c,$(WIDE_CASES),$(call boot_tap,$(c));)
wide_metal = $(foreach t,$(WIDE_METAL),tests/tap $(t) 900 \
	tests/qemu/$(notdir $(t:.tap=-metal));)
boot_tap = tests/tap $(TAP)/boot/$(1).tap 900 tests/qemu/run $(1)

check: $(filter-out $(WIDE_TAPS),$(SHORT_TAPS))
	@$(wide_boots)
	@tests/totals $(SHORT_TAPS)
# All of it, the unit tests by a second compiler, and the linters that look at
# more than text; make lint has the analyser, too.
check-ci: $(filter-out $(WIDE_TAPS),$(ALL_TAPS)) $(CLANG_TAPS) lint-format \
		lint-shell lint-tidy-quick lint-cppcheck
	@$(wide_boots)
	@$(wide_metal)
	@tests/totals $(ALL_TAPS) $(CLANG_TAPS)
check-unit: $(UNIT_TAPS)
	@tests/totals $^
check-clang: $(CLANG_TAPS)
	@tests/totals $^
check-boot: $(filter-out $(WIDE_TAPS),$(BOOT_TAPS))
	@$(wide_boots)
	@tests/totals $^
check-fuzz: $(FUZZ_TAPS)
	@tests/totals $^
check-seal: $(SEAL_TAPS)
	@tests/totals $^
check-links: $(LINK_TAPS)
	@tests/totals $^
check-headers: $(HEADER_TAPS)
	@tests/totals $^
check-tree: $(TREE_TAPS)
	@tests/totals $^

$(TAP)/unit/%.tap: $(B)/tests/unit/% FORCE
	@CMOCKA_MESSAGE_OUTPUT=TAP tests/tap $@ 600 $<

$(TAP)/clang/%.tap: $(B)/tests/clang/% FORCE
	@CMOCKA_MESSAGE_OUTPUT=TAP tests/tap $@ 600 $<

$(REPORT_TAP): $(CLI_OUT) FORCE
	@tests/tap $@ 200 tests/report/page

# The same in a browser, which is more than make check wants to install.
.PHONY: check-report
check-report: $(CLI_OUT) | $(B)/.deps-report $(B)/.deps-python
	@tests/tap $(TAP)/report/browser.tap 600 tests/report/page --browser
	@tests/totals $(TAP)/report/browser.tap

# A core in crash and drgn, with 6 GiB for the kernel's debug information.
.PHONY: check-dump
check-dump: $(BOOT_NEEDS) $(VMLINUX) | $(B)/.deps-run $(B)/.deps-dump \
		$(B)/.deps-python
	@tests/tap $(TAP)/metal/dump.tap 900 tests/qemu/dump-metal
	@tests/totals $(TAP)/metal/dump.tap

$(SHRUNK_TAP): $(CLI_OUT) $(B)/san/libsupport.a $(B)/san/libpw.a FORCE
	@B=$(B) LIBS='$(TEST_LIBS)' tests/tap $@ 600 tests/traces/lab

# The names of the stock kernel's functions.
$(TAP)/unit/test_symbols.tap $(TAP)/clang/test_symbols.tap: $(VMLINUZ)

# Two vCPUs in every order, in the short form, and what it must find.
$(TAP)/interleave/all.tap: $(INTERLEAVE) FORCE
	@tests/tap $@ 600 $<
$(TAP)/interleave/mutants.tap: $(INTERLEAVE) FORCE
	@tests/tap $@ 900 tests/interleave/mutants

# Every reachable state of the smallest machines, and what it must find.
$(TAP)/explore/small.tap: $(EXPLORE) FORCE
	@tests/tap $@ 600 $< small
$(TAP)/explore/as-c.tap: $(EXPLORE) FORCE
	@tests/tap $@ 60 tests/explore/as-c $<
$(FITS_TAP): FORCE
	@tests/tap $@ 120 tests/mutation/fits
$(TAP)/explore/rows.tap: FORCE
	@tests/tap $@ 60 scripts/explored-doc check

# A few seconds a target, on the seeds of tests/fuzz/corpus.
CHECK_FUZZ_SECONDS ?= 5
$(TAP)/fuzz/%.tap: $(B)/tests/fuzz/% FORCE
	@mkdir -p $(B)/fuzz-check/$* $(B)/fuzz-crashes
	@tests/tap $@ 300 $< -max_total_time=$(CHECK_FUZZ_SECONDS) \
		-artifact_prefix=$(B)/fuzz-crashes/$*- \
		$(B)/fuzz-check/$* $(wildcard tests/fuzz/corpus/$*)

BOOT_NEEDS := $(HV_OUT) $(INIT_OUT) $(CLI_OUT) $(KERNELS_OUT) $(VMLINUZ) $(INITRAMFS)
$(TAP)/boot/%.tap: $(BOOT_NEEDS) FORCE | $(B)/.deps-run
	@$(call boot_tap,$*)

$(TAP)/metal/install.tap: installed-files
$(INSTALL_TAPS): $(TAP)/install/%.tap: FORCE
	@tests/tap $@ 900 tests/install/$*
# Two whole builds without a cache.
.PHONY: check-elsewhere
check-elsewhere: $(VMLINUZ) $(BUSYBOX) | $(DEPS_BUILD) $(B)/.deps-run
	@tests/tap $(TAP)/install/elsewhere.tap 7200 tests/install/elsewhere
	@tests/totals $(TAP)/install/elsewhere.tap
$(TAP)/install/manual.tap: installed-files

# What it shrinks becomes unit tests.
$(TAP)/metal/shrink.tap: $(B)/san/libsupport.a $(B)/san/libpw.a

# Machines that the command does not make.
$(TAP)/metal/grub.tap: $(GRUB)
$(TAP)/metal/%.tap: $(BOOT_NEEDS) FORCE | $(B)/.deps-run
	@tests/tap $@ 600 tests/qemu/$*-metal

# On stock Xen, with the same outcome: the reference kernel's self-tests, the
# lab's histories, the example.
$(TAP)/boot-xen/%.tap: $(BOOT_NEEDS) $(XEN_STOCK) FORCE | $(B)/.deps-run
	@tests/tap $@ 600 tests/qemu/$*-xen

# Every guard of an invariant has a test that misses it.
$(MUTATION_TAP): FORCE | $(DEPS_BUILD) $(B)/.deps-check
	@tests/tap $@ 1800 tests/mutation/run

# The same for guards of hv/, by unit tests of its services: some minutes.
.PHONY: mutation-hv
mutation-hv: | $(DEPS_BUILD) $(B)/.deps-check
	@tests/mutation/run hv-table

# And by boots.
.PHONY: mutation-boots
mutation-boots: $(HV_OUT) $(CLI_OUT) $(KERNELS_OUT) | $(B)/.deps-run
	@tests/mutation/boots

# T seconds for each leg; ten minutes are what a release is given.
.PHONY: torture
torture: $(BOOT_NEEDS) | $(B)/.deps-run
	@tests/torture/run $(if $(filter command line,$(origin T)),$(T),600)

# Linux beside each bad deed of another domain; with longer work.
.PHONY: isolation
isolation: $(BOOT_NEEDS) | $(B)/.deps-run
	@FORKS=300 tests/isolation/run spin flush tables frames events grants \
		console store timers random all

$(TAP)/lint/histories.tap: $(CLI_OUT)
$(TREE_TAPS): $(TAP)/lint/%.tap: FORCE
	@tests/tap $@ 300 tests/lint/$*

# As the hypervisor is compiled; kernels have guest/'s port inline.
define seal
$(B)/seal/$(1).o: $(call objs,hv,$(call csrc,$(1)))
	@mkdir -p $$(@D)
	$$(Q)ld -m elf_x86_64 -r -o $$@ $$^
endef
$(foreach d,$(SEALED),$(eval $(call seal,$(d))))
# builder/ may also call engine/.
$(TAP)/seal/builder.tap: $(if $(filter engine,$(SEALED)),$(B)/seal/engine.o)
$(TAP)/seal/%.tap: $(B)/seal/%.o FORCE
	@tests/tap $@ 60 tests/lint/seal $< \
		$(if $(filter builder,$*),$(wildcard $(B)/seal/engine.o))

$(HEADER_TAPS): FORCE | $(DEPS_BUILD) $(B)/.deps-check
	@tests/tap $@ 600 tests/lint/headers '$(CPPFLAGS_ALL) -std=gnu11 $(WARN)' \
		$(HEADERS)

$(TAP)/links/hv.tap: $(LINKS_hv) FORCE
	@tests/tap $@ 60 tests/lint/circles $(B)/hv/hv $(LINKS_hv)
$(TAP)/links/guest.tap: $(LINKS_guest) FORCE
	@tests/tap $@ 60 tests/lint/circles $(B)/kern/guest $(LINKS_guest)
$(TAP)/links/public.tap: $(LINKS_guest) FORCE
	@tests/tap $@ 60 tests/lint/public . $(LINKS_guest)
$(TAP)/homes/hv.tap: $(LINKS_hv) FORCE
	@tests/tap $@ 600 tests/lint/homes $(B)/hv \
		'$(CPPFLAGS_ALL) -std=gnu11 -ffreestanding' $(HV_HEADERS)

$(DIFF_TAPS): $(BOOT_NEEDS) $(XEN_STOCK) FORCE | $(B)/.deps-run
	@tests/tap $@ 600 tests/differential/run $(or $(SEEDS),1..20 rules)

differential: $(BOOT_NEEDS) $(XEN_STOCK) | $(B)/.deps-run
	@if [ -x tests/differential/run ]; then \
		tests/differential/run $(or $(SEEDS),1..100); \
	else echo "differential: no tests/differential/run"; exit 2; fi

run: $(BOOT_NEEDS) | $(B)/.deps-run
	$(CLI) run $(RUN_ARGS)

# The stock kernels with as many vCPUs as machines have.
CHECKED_KERNELS := $(VMLINUZ) $(VMLINUZ_6_12) $(VMLINUZ)-cloud $(VMLINUZ)-rt
.PHONY: check-kernels
check-kernels: $(BOOT_NEEDS) $(CHECKED_KERNELS) | $(B)/.deps-run
	@tests/tap $(TAP)/kernels/kernels.tap 3600 \
		tests/qemu/kernels $(CHECKED_KERNELS)
	@tests/totals $(TAP)/kernels/kernels.tap

# Linux's own tests, here and on stock Xen.
KSELFTESTS := $(B)/kselftests.cpio.gz
$(KSELFTESTS): $(wildcard tests/kselftests/*) $(CPIO) $(BUSYBOX) \
		| $(DEPS_IMAGES) $(B)/.deps-kselftests
	@tests/kselftests/build
.PHONY: kselftests
kselftests: $(BOOT_NEEDS) $(XEN_STOCK) $(KSELFTESTS) | $(B)/.deps-run
	@tests/tap $(TAP)/kselftests/kselftests.tap 7200 tests/kselftests/run
	@tests/totals $(TAP)/kselftests/kselftests.tap

# A recording of each stock kernel's boot with 300 forks, replayed at full
# speed, then with audits, then with the oracle: seen to be right before it is
# kept.
GOLDEN := $(B)/golden/stock.pwt $(B)/golden/stock-6.12.pwt
FORKS ?= 300
golden: $(GOLDEN)
$(B)/golden/stock.pwt: GOLDEN_KERNEL := $(VMLINUZ)
$(B)/golden/stock-6.12.pwt: GOLDEN_KERNEL := $(VMLINUZ_6_12)
$(B)/golden/stock-6.12.pwt: $(VMLINUZ_6_12)
$(GOLDEN): $(BOOT_NEEDS) | $(B)/.deps-run
	@mkdir -p $(@D)
	$(CLI) run --kernel $(GOLDEN_KERNEL) --memory 256M --timeout 1200 \
		--append pw.forks=$(FORKS) --record $@.new </dev/null >$@.log 2>&1
	$(CLI) replay $@.new
	$(CLI) replay $@.new --audit=every:1000
	$(CLI) replay $@.new --oracle
	@mv $@.new $@

lab: $(CLI)
	$(CLI) lab run --all $(LAB_ARGS)

# Ten minutes and 2 GiB for the kernel, once.
.PHONY: mistakes
mistakes: $(BOOT_NEEDS) | $(B)/.deps-run $(B)/.deps-linux
	@[ -e $(B)/kernels/linux-mistakes ] || tests/mistakes/build
	@tests/mistakes/run
