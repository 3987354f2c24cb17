# SPDX-License-Identifier: MIT
#
# What is booted: Debian's kernel and stock Xen (fetched, never installed),
# and our initramfs with busybox and three static programs.

VMLINUZ := $(B)/vmlinuz
VMLINUZ_6_12 := $(B)/vmlinuz-6.12
VMLINUX := $(B)/vmlinux
BUSYBOX := $(B)/busybox
XEN_STOCK := $(B)/xen-stock
INITRAMFS := $(B)/initramfs.cpio.gz
DEPS_IMAGES := $(B)/.deps-images

$(VMLINUZ): | $(DEPS_IMAGES)
	@scripts/fetch-deb linux
$(VMLINUZ)-%: | $(DEPS_IMAGES)
	@scripts/fetch-deb linux-$*
$(VMLINUX): | $(DEPS_IMAGES)
	@scripts/fetch-deb linux-dbg
$(BUSYBOX): | $(DEPS_IMAGES)
	@scripts/fetch-deb busybox
$(XEN_STOCK): | $(DEPS_IMAGES)
	@scripts/fetch-deb xen

CPIO := $(B)/host/newc
$(CPIO): $(B)/host/initramfs/newc.c.o
	$(Q)$(CC) -o $@ $<

# The guest's programs: static, by the host's compiler.
$(B)/initramfs/%: $(B)/host/initramfs/%.c.o
	$(call say,LD      $@)
	@mkdir -p $(@D)
	$(Q)$(CC) -static -s -o $@ $^

$(B)/initramfs/init: $(B)/host/initramfs/command/pipe.c.o

TORTURE := $(B)/initramfs/torture
TORTURE_OBJ := $(call objs,host,$(call csrc,initramfs/torture))
$(eval $(call listed,$(TORTURE),$(TORTURE_OBJ)))
$(TORTURE): $(TORTURE_OBJ)
	$(call say,LD      $@)
	@mkdir -p $(@D)
	$(Q)$(CC) -static -s -o $@ $(TORTURE_OBJ)

# The first process of `run -- CMD`, which the command puts beside a root.
INIT_OUT := $(B)/pagewarden-init
INIT_OBJ := $(call objs,host,$(call csrc,initramfs/command) initramfs/pack.c)
$(eval $(call listed,$(INIT_OUT),$(INIT_OBJ)))
$(INIT_OUT): $(INIT_OBJ)
	$(call say,LD      $@)
	$(Q)$(CC) -static -s -o $@ $(INIT_OBJ)

# Reproducible: order, owner and times are fixed by the list and by newc.
$(INITRAMFS): initramfs/list $(CPIO) $(BUSYBOX) $(B)/initramfs/init \
		$(B)/initramfs/bench $(TORTURE)
	$(call say,CPIO    $@)
	$(Q)sed 's| build/| $(B)/|' initramfs/list | $(CPIO) > $(B)/initramfs.cpio
	$(Q)gzip -9n < $(B)/initramfs.cpio > $@
