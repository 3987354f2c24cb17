# SPDX-License-Identifier: MIT
#
# make lint and make format. .clang-format and .clang-tidy hold the choices. A
# header's change has every file looked at again: the check is seldom run, and
# what it says must be of the tree as it is.

.PHONY: lint format lint-format lint-tidy lint-tidy-quick lint-cppcheck \
	lint-shell lint-tree

LINT_DIRS := engine builder emul hv guest sim lab trace cli include kernels \
	initramfs tests bench packaging
LINT_C := $(sort $(wildcard $(foreach d,$(LINT_DIRS),$(d)/*.c $(d)/*/*.c \
	$(d)/*/*/*.c)))
LINT_H := $(sort $(wildcard $(foreach d,$(LINT_DIRS),$(d)/*.h $(d)/*/*.h \
	$(d)/*/*/*.h)))
LINT_ALL := $(LINT_C) $(LINT_H)

# Scripts are told by their first line.
LINT_SH := $(shell grep -lsE '^\#!/bin/(ba)?sh' .ci/* scripts/* bench/* \
	tests/* tests/*/*)

lint: lint-tree lint-format lint-shell lint-tidy lint-cppcheck

lint-tree: | $(B)/.deps-python
	@echo "lint: $(TREE_LINTS) on the tree"
	$(Q)for lint in $(TREE_LINTS); do \
		tests/lint/$$lint >$(B)/lint-tree.log || \
			{ grep '^not ok' $(B)/lint-tree.log; exit 1; }; done

lint-format: | $(B)/.deps-lint
	@echo "lint: clang-format on $(words $(LINT_ALL)) files"
	$(Q)clang-format --dry-run -Werror $(LINT_ALL)

# Not a part of Linux, nor what is compiled with headers in others' place.
TIDY_NOT := tests/mistakes/% tests/interleave/metal.c tests/unit/metal/% \
	tests/unit/test_hv_calibrate.c
TIDY := $(filter-out $(TIDY_NOT),$(LINT_C))
lint-tidy: $(TIDY:%=$(B)/tidy/deep/%.ok)
# The same checks without the analyser, which takes nine tenths of the time.
lint-tidy-quick: $(TIDY:%=$(B)/tidy/quick/%.ok)
TIDY_quick := --checks=-clang-analyzer-*

define tidy
$(B)/tidy/$(1)/%.ok: % .clang-tidy tests/.clang-tidy $(LINT_H) | $(B)/.deps-lint $(B)/.deps-check $(DEPS_BUILD)
	$$(call say,TIDY    $$<)
	@mkdir -p $$(@D)
	$$(Q)clang-tidy --quiet '$$(TIDY_$(1))' $$< -- $$(CPPFLAGS_ALL) \
		-std=gnu11 $$(if $$(filter hv/% kernels/%,$$<),-ffreestanding) \
		2>/dev/null
	@touch $$@
endef
TIDY_deep := --checks=
$(foreach d,deep quick,$(eval $(call tidy,$(d))))

lint-cppcheck: | $(B)/.deps-lint
	@echo "lint: cppcheck on $(words $(LINT_C)) files"
	@mkdir -p $(B)/cppcheck
	$(Q)cppcheck --quiet --error-exitcode=1 --std=c11 --platform=unix64 \
		'-D_Noreturn=__attribute__((noreturn))' \
		--enable=warning,portability --inline-suppr \
		--suppressions-list=tests/lint/cppcheck.txt \
		--cppcheck-build-dir=$(B)/cppcheck \
		$(CPPFLAGS_ALL) $(LINT_C)

# Warnings and worse: words are split on purpose in places.
lint-shell: | $(B)/.deps-lint
	@echo "lint: shellcheck on $(words $(LINT_SH)) scripts"
	$(Q)shellcheck --severity=warning $(LINT_SH)

format: | $(B)/.deps-lint
	clang-format -i $(LINT_ALL)
