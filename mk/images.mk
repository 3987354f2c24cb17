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

# PV GRUB of both widths: its modules, and what makes an image of them.
GRUB := $(B)/grub/grub-mkimage
$(GRUB): | $(DEPS_IMAGES) $(B)/.deps-grub
	@scripts/fetch-deb grub-xen grub-tools
	@touch $@

CPIO := $(B)/host/newc
$(CPIO): $(B)/host/initramfs/newc.c.o
	$(Q)$(CC) -o $@ $<

# The guest's programs: static, by the host's compiler.
$(B)/initramfs/%: $(B)/host/initramfs/%.c.o
	$(call say,LD      $@)
	@mkdir -p $(@D)
	$(Q)$(CC) -static -s -o $@ $^

$(B)/initramfs/init: $(B)/host/initramfs/command/pipe.c.o

BENCH := $(B)/initramfs/bench
BENCH_OBJ := $(call objs,host,$(call csrc,initramfs/bench))
$(eval $(call listed,$(BENCH),$(BENCH_OBJ)))
$(BENCH): $(BENCH_OBJ)
	$(call say,LD      $@)
	@mkdir -p $(@D)
	$(Q)$(CC) -static -s -o $@ $(BENCH_OBJ)

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
		$(BENCH) $(TORTURE)
	$(call say,CPIO    $@)
	$(Q)sed 's| build/| $(B)/|' initramfs/list | $(CPIO) > $(B)/initramfs.cpio
	$(Q)gzip -9n < $(B)/initramfs.cpio > $@

# What the benchmark has beside it: a program that is linked dynamically, with
# the loader and the library of the host, and a module of the kernel's.
DYNAMIC := $(B)/initramfs/dynamic
MODULE := $(B)/initramfs/crc64.ko
INITRAMFS_BENCH := $(B)/initramfs-bench.cpio.gz

$(DYNAMIC): $(B)/host/initramfs/dynamic.c.o
	$(call say,LD      $@)
	@mkdir -p $(@D)
	$(Q)$(CC) -s -o $@ $<
	$(Q)cp -L /lib64/ld-linux-x86-64.so.2 $(B)/initramfs/ld.so
	$(Q)cp -L "$$($(CC) -print-file-name=libc.so.6)" $(B)/initramfs/libc.so.6
$(MODULE): $(VMLINUZ)
	@mkdir -p $(@D)
	$(Q)dpkg-deb --fsys-tarfile $(B)/debs/linux-image-6.1*[0-9]-amd64_*.deb | \
		tar -xO --wildcards './lib/modules/*/kernel/lib/crc64.ko' > $@
$(INITRAMFS_BENCH): initramfs/list-bench $(INITRAMFS) $(DYNAMIC) $(MODULE)
	$(call say,CPIO    $@)
	$(Q)cat initramfs/list initramfs/list-bench | sed 's| build/| $(B)/|' | \
		$(CPIO) | gzip -9n > $@
