# SPDX-License-Identifier: MIT
#
# For those who work on the tree: the version, what editors ask for, coverage.

.PHONY: compile_commands.json coverage

HASH := \#
VERSION := $(shell scripts/version)
$(shell mkdir -p $(B)/gen/gen && \
	echo '$(HASH)define PW_VERSION "$(VERSION)"' >$(B)/gen/gen/version.h.new && \
	{ cmp -s $(B)/gen/gen/version.h.new $(B)/gen/gen/version.h || \
	mv $(B)/gen/gen/version.h.new $(B)/gen/gen/version.h; })

compile_commands.json: | $(B)/.deps-python
	@scripts/compile-commands '$(CPPFLAGS_ALL)' '$(CFLAGS_ALL)' >$@

# A build of its own with gcc's counters; tests/coverage/floors has the floors.
coverage:
	@$(MAKE) B=$(B)/coverage CFLAGS_san='-O1 --coverage -fprofile-update=atomic' \
		CFLAGS_fuzz= LDFLAGS_san=--coverage coverage-run

.PHONY: coverage-run
coverage-run: $(UNIT_TESTS:%=$(B)/tests/unit/%)
	@tests/coverage/run $(B) $(UNIT_TESTS)
