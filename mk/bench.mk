# SPDX-License-Identifier: MIT
#
# make bench: instructions in QEMU, beside stock Xen; then time, with four vCPUs,
# in turns with it. make bench-scale: large guests. make bench-native: the engine's
# objects, as the hypervisor has them, on this machine's processor.

.PHONY: bench bench-native bench-scale

bench: $(BOOT_NEEDS) $(INITRAMFS_BENCH) $(XEN_STOCK) | $(B)/.deps-bench
	@bench/run
	@bench/smp

bench-scale: $(BOOT_NEEDS) | $(B)/.deps-bench
	@bench/scale $(GIB)

BENCH_NATIVE := $(B)/bench-native
BENCH_NATIVE_OBJ := $(call objs,host,$(call csrc,bench/native)) \
	$(call objs,hv,$(call csrc,engine))

$(eval $(call listed,$(BENCH_NATIVE),$(BENCH_NATIVE_OBJ)))
$(BENCH_NATIVE): $(BENCH_NATIVE_OBJ)
	$(call say,LD      $@)
	$(Q)$(CC) -o $@ $(BENCH_NATIVE_OBJ)

# Recorded boots are replayed, too, where there are some: RECORD=FILE, or what
# `make golden` made.
RECORD ?= $(wildcard $(B)/golden/*.pwt)
bench-native: $(BENCH_NATIVE) $(CLI) | $(B)/.deps-bench
	$(BENCH_NATIVE) -j $(B)/bench-native.json $(GIB)
	$(if $(RECORD),bench/native-replay -j $(B)/bench-native.json $(RECORD),\
		@echo "no recorded boot to replay: make golden, or RECORD=FILE")
