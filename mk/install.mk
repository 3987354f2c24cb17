# SPDX-License-Identifier: MIT
#
# make install PREFIX= DESTDIR=: the command and what it needs, the guest
# library with its headers, a kernel to begin from, pages of the manual and
# completion. make deb: all that as a package.

PREFIX ?= /usr/local
DESTDIR ?=
ZSHDIR ?= $(PREFIX)/share/zsh/site-functions
PKG_LIB := $(B)/libpagewarden-guest.a
PKG_PC := $(B)/pagewarden-guest.pc
MAN := $(B)/man
MAN_PAGES := $(addprefix $(MAN)/,pagewarden.1 pagewarden-doctor.1 \
	pagewarden-trace.1 pagewarden-guest.7)
COMPLETIONS := $(B)/pagewarden.bash $(B)/_pagewarden

# The guest library, and the small world that a kernel needs beside it.
$(eval $(call archive,$(PKG_LIB),$(call objs,kern,\
	$(call csrc,guest kernels/common) $(call asmsrc,kernels/common))))

$(PKG_PC): packaging/pagewarden-guest.pc.in FORCE
	@sed -e 's|@PREFIX@|$(PREFIX)|' -e 's|@VERSION@|$(VERSION)|' $< > $@

$(MAN)/pagewarden.1: docs/command.md
$(MAN)/pagewarden-doctor.1: docs/bisect.md
$(MAN)/pagewarden-trace.1: docs/trace.md
$(MAN)/pagewarden-guest.7: docs/guest.md
$(MAN_PAGES): scripts/man | $(B)/.deps-python
	@mkdir -p $(@D)
	@scripts/man $(basename $(@F)) $(subst .,,$(suffix $@)) \
		$(filter %.md,$^) > $@.new && mv $@.new $@

$(COMPLETIONS): $(CLI) scripts/completion | $(B)/.deps-python
	@scripts/completion $(if $(filter %.bash,$@),bash,zsh) $(CLI) > $@.new \
		&& mv $@.new $@

INSTALLED := $(CLI) $(HV_ELF) $(INIT_OUT) $(INITRAMFS) $(PKG_LIB) $(PKG_PC) \
	$(MAN_PAGES) $(COMPLETIONS)
D := $(DESTDIR)$(PREFIX)
GUEST_H := $(D)/include/pagewarden-guest
# The documents' links, from where these lie then.
AS_INSTALLED := -e 's|](docs/|](|g' -e 's|](\.\./CON|](CON|' \
	-e 's|; see \[LICENSE\].*|.|' \
	-e 's|](\(\.\./\)\?kernels/example/main\.c|](examples/main.c|' \
	-e 's|](\.\./include/|](../../../include/pagewarden-guest/|'
put = install -D -m 644 -t $(1) $(2)

.PHONY: install installed-files deb check-deb check-container
installed-files: $(INSTALLED)
install: $(INSTALLED)
	install -D -m 755 $(CLI) $(D)/bin/pagewarden
	install -D -m 755 $(INIT_OUT) $(D)/lib/pagewarden/pagewarden-init
	$(call put,$(D)/lib/pagewarden,$(HV_ELF) $(INITRAMFS))
	$(call put,$(D)/lib,$(PKG_LIB))
	$(call put,$(D)/lib/pkgconfig,$(PKG_PC))
	$(call put,$(GUEST_H)/pagewarden,$(wildcard include/pagewarden/*.h))
	$(call put,$(GUEST_H)/abi,$(wildcard include/abi/*.h))
	$(call put,$(GUEST_H)/kernels/common,$(wildcard kernels/common/*.h))
	$(call put,$(GUEST_H)/kernels/metal,kernels/metal/width.h)
	$(call put,$(GUEST_H)/kernels,kernels/head.S)
	$(call put,$(GUEST_H),kernels/metal/guest_port_inline.h)
	$(call put,$(D)/share/pagewarden/kernel,$(wildcard packaging/kernel/*))
	$(call put,$(D)/share/pagewarden,packaging/pv.config)
	$(call put,$(D)/share/pagewarden/ci,$(wildcard packaging/ci/*))
	$(call put,$(D)/share/doc/pagewarden/examples,kernels/example/main.c)
	install -D -m 644 kernels/example/example.lds \
		$(D)/share/pagewarden/kernel/kernel.lds
	$(call put,$(D)/share/man/man1,$(filter %.1,$(MAN_PAGES)))
	$(call put,$(D)/share/man/man7,$(filter %.7,$(MAN_PAGES)))
	$(call put,$(D)/share/doc/pagewarden,README.md CHANGELOG.md \
		CONTRIBUTING.md $(wildcard docs/*.md docs/*.json))
	sed -i $(AS_INSTALLED) $(D)/share/doc/pagewarden/*.md
	install -D -m 644 $(B)/pagewarden.bash \
		$(D)/share/bash-completion/completions/pagewarden
	$(call put,$(DESTDIR)$(ZSHDIR),$(B)/_pagewarden)

# From what is committed, in a tree of its own: the build changes no source. The
# tree's version is the package's, its commit's date that of all files in it.
deb: | $(B)/.deps-package
	@rm -rf $(B)/deb && mkdir -p $(B)/deb/pagewarden
	@git archive HEAD | tar -x -C $(B)/deb/pagewarden
	@scripts/debian-changelog >$(B)/deb/pagewarden/debian/changelog
	@cd $(B)/deb/pagewarden && env -u B -u MAKEFLAGS -u MAKELEVEL \
		dpkg-buildpackage -b -us -uc >../build.log 2>&1 || \
		{ tail -n 30 ../build.log; exit 1; }
	@lintian --fail-on error,warning $(B)/deb/*.changes
	@ls $(B)/deb/*.deb

# The package, in an empty Debian.
check-deb: deb $(VMLINUZ) | $(B)/.deps-chroot
	@tests/tap $(TAP)/install/deb.tap 3600 tests/install/deb \
		$(B)/deb/pagewarden_*.deb
	@tests/totals $(TAP)/install/deb.tap

# packaging/ci/, as far as that goes without a service.
check-container: deb $(VMLINUZ) | $(B)/.deps-chroot $(B)/.deps-check
	@tests/tap $(TAP)/install/container.tap 3600 tests/install/container \
		$(B)/deb
	@tests/totals $(TAP)/install/container.tap
