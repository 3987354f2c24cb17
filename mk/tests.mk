# SPDX-License-Identifier: MIT
#
# Hosted tests: tests/unit/test_X.c is a cmocka program, tests/fuzz/fuzz_X.c a
# libFuzzer target. Both are linked with archives of the sanitized objects, so
# that a test gets what it uses. The engine's port has two makers: a test that
# includes a header of sim/ gets the simulator's, any other the one of its
# support/ folder.

TEST_LIBS := -lcmocka $(CLI_LIBS)
LIB_SRC := $(call csrc,$(LIB_DIRS))
CLI_LIB_SRC := $(filter-out cli/main.c,$(call csrc,cli)) initramfs/pack.c
UNIT_SUPPORT := $(wildcard tests/unit/support/*.c)
FUZZ_SUPPORT := $(wildcard tests/fuzz/support/*.c)
UNIT_TESTS := $(patsubst %.c,%,$(notdir $(wildcard tests/unit/test_*.c)))
FUZZ_TARGETS := $(patsubst fuzz_%.c,%,$(notdir $(wildcard tests/fuzz/fuzz_*.c)))

$(eval $(call archive,$(B)/san/libpw.a,\
	$(call objs,san,$(LIB_SRC) $(CLI_LIB_SRC))))
$(eval $(call archive,$(B)/san/libsupport.a,$(call objs,san,$(UNIT_SUPPORT))))
$(eval $(call archive,$(B)/fuzz/libpw.a,\
	$(call objs,fuzz,$(LIB_SRC) $(CLI_LIB_SRC))))
$(eval $(call archive,$(B)/fuzz/libsupport.a,\
	$(call objs,fuzz,$(UNIT_SUPPORT) $(FUZZ_SUPPORT))))

# The hypervisor's sources that can do without a machine of their own, and the
# tests of them: what only ring 0 can do, the headers of tests/unit/metal/ring3/ have
# otherwise.
METAL_SRC := $(wildcard hv/services/*.c hv/emul/*.c) \
	hv/cpu/alone.c hv/cpu/flush.c \
	hv/domain/domain.c hv/mm/memory.c hv/report/lines.c hv/report/words.c \
	hv/vcpu/vcpu.c \
	$(wildcard tests/unit/metal/*.c)
METAL_TESTS := $(wildcard tests/unit/test_hv_*.c)
$(foreach f,san fuzz,$(call objs,$(f),$(METAL_SRC) $(METAL_TESTS))): \
	CFLAGS_EXTRA := -iquote tests/unit/metal/ring3
$(eval $(call archive,$(B)/san/libmetal.a,$(call objs,san,$(METAL_SRC))))
$(eval $(call archive,$(B)/fuzz/libmetal.a,$(call objs,fuzz,$(METAL_SRC))))
$(METAL_TESTS:tests/unit/%.c=$(B)/tests/unit/%): $(B)/san/libmetal.a
$(METAL_TESTS:tests/unit/%.c=$(B)/tests/clang/%): $(B)/fuzz/libmetal.a

on_sim = $(shell grep -ls '^\#include "sim/' $(1))
# $(call ported,FLAVOUR,SOURCE): the two archives, the port's maker first, and
# one of the port's functions asked for before all else. The hypervisor's sources
# come before both: the simulator has some of their names, too.
ported = -Wl,-u,port_preempt -Wl,--start-group \
	$(if $(filter $(2),$(METAL_TESTS)),$(B)/$(1)/libmetal.a) \
	$(if $(call on_sim,$(2)),\
	$(B)/$(1)/libpw.a $(B)/$(1)/libsupport.a,\
	$(B)/$(1)/libsupport.a $(B)/$(1)/libpw.a) -Wl,--end-group

$(B)/tests/unit/%: $(B)/san/tests/unit/%.c.o $(B)/san/libpw.a \
		$(B)/san/libsupport.a
	$(call say,LD      $@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(LDFLAGS_san) -o $@ $< \
		$(call ported,san,tests/unit/$*.c) $(TEST_LIBS)

# The same, compiled by clang: with the objects of the fuzz targets, which are
# made anyway.
$(B)/tests/clang/%: $(B)/fuzz/tests/unit/%.c.o $(B)/fuzz/libpw.a \
		$(B)/fuzz/libsupport.a
	$(call say,LD      $@)
	@mkdir -p $(@D)
	$(Q)$(CC_fuzz) -fsanitize=address,undefined -o $@ $< \
		$(call ported,fuzz,tests/unit/$*.c) $(TEST_LIBS)

$(B)/tests/fuzz/%: $(B)/fuzz/tests/fuzz/fuzz_%.c.o $(B)/fuzz/libpw.a \
		$(B)/fuzz/libsupport.a
	$(call say,LD      $@)
	@mkdir -p $(@D)
	$(Q)$(CC_fuzz) -fsanitize=fuzzer,address,undefined -o $@ $< \
		$(call ported,fuzz,tests/fuzz/fuzz_$*.c) $(TEST_LIBS)

.PHONY: tests fuzz
tests: $(UNIT_TESTS:%=$(B)/tests/unit/%) $(FUZZ_TARGETS:%=$(B)/tests/fuzz/%)

# make fuzz T=60 [F=target]: new inputs go to build/fuzz-corpus/.
T ?= 60
F ?= $(FUZZ_TARGETS)
fuzz: $(F:%=fuzz-%)
fuzz-%: $(B)/tests/fuzz/% FORCE
	@mkdir -p $(B)/fuzz-corpus/$* $(B)/fuzz-crashes
	@echo "fuzz: $* for $(T) s"
	$(Q)$< -max_total_time=$(T) -print_final_stats=1 \
		-artifact_prefix=$(B)/fuzz-crashes/$*- \
		$(B)/fuzz-corpus/$* $(wildcard tests/fuzz/corpus/$*)

# Two vCPUs at once, every interleaving (tests/interleave/main.c): without the
# sanitizers, which know nothing of stacks that are copied.
INTERLEAVE := $(B)/tests/interleave
INTERLEAVE_OBJ := $(call objs,host,$(wildcard tests/interleave/*.c) \
	tests/unit/support/machine.c tests/unit/support/cpu.c \
	tests/unit/support/recount.c tests/explore/port_silent.c)
$(call objs,host,tests/interleave/metal.c): \
	CFLAGS_EXTRA := -iquote tests/interleave/metal
$(INTERLEAVE_OBJ): | $(B)/.deps-check
$(INTERLEAVE): $(INTERLEAVE_OBJ) $(B)/host/libpw.a
	$(call say,LD      $@)
	@mkdir -p $(@D)
	$(Q)$(CC) -o $@ $^ -lcmocka

.PHONY: interleave
interleave: $(INTERLEAVE)
	@$(INTERLEAVE) long $(T)
