# SPDX-License-Identifier: MIT
#
# make explore [SCOPE=small|medium|large]: every reachable state of the engine
# in small machines (tests/explore/, docs/verification.md). `small` is part of
# make check.

EXPLORE := $(B)/tests/explore
EXPLORE_OBJ := $(call objs,host,$(call csrc,tests/explore) \
	$(call csrc,engine) tests/unit/support/recount.c)
SCOPE ?= small

$(eval $(call listed,$(EXPLORE),$(EXPLORE_OBJ)))
$(EXPLORE): $(EXPLORE_OBJ)
	$(call say,LD      $@)
	@mkdir -p $(@D)
	$(Q)$(CC) -o $@ $(filter %.o,$^)

# Mistakes of Xen's that are put back, each of which must be found: a minute.
.PHONY: explore explore-advisories
explore-advisories: $(EXPLORE)
	@STATES=8000 tests/explore/mutants advisories

explore: $(EXPLORE)
	@$(EXPLORE) -v $(EXPLORE_ARGS) $(SCOPE)
