# SPDX-License-Identifier: MIT
#
# The command: cli/ with the simulator and everything below it, hosted.

LIB_DIRS := engine builder emul guest sim lab trace
CLI_SRC := $(call csrc,cli $(LIB_DIRS)) initramfs/pack.c
CLI_LIBS := -ldw -lelf -lcjson -lz -llzma -lzstd -llz4 -llzo2 -lbz2 -lmd
CLI := $(B)/pagewarden
CLI_OUT := $(if $(wildcard cli/main.c),$(CLI))

# An archive, so that only what the command uses is linked.
$(eval $(call archive,$(B)/host/libpw.a,$(call objs,host,\
	$(filter-out cli/main.c,$(CLI_SRC)))))

$(CLI): $(B)/host/cli/main.c.o $(B)/host/libpw.a
	$(call say,LD      $@)
	$(Q)$(CC) -o $@ $^ $(CLI_LIBS)

# The page of reports is part of the program.
$(foreach f,host san fuzz,$(B)/$(f)/cli/report/page.c.o): \
	$(wildcard cli/report/page.html cli/report/page.css cli/report/page.js)
