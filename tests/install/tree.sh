#!/bin/bash
# SPDX-License-Identifier: MIT
#
# An empty Debian in a folder, for tests/install/*: read by them with `.`. The
# folder is made from the mirror that apt uses, once; each test has a copy. What
# runs inside has its own processes and mounts, which end with it.
# shellcheck disable=SC2034

build=$(realpath "${B:-build}")
suite=${SUITE:-bookworm}
empty=$build/debian-$suite.tar
failed=0

[ "$(id -u)" = 0 ] || {
	echo "not ok - $0 must be root: it changes into a tree of its own"
	exit 1
}

tell() {
	if [ "$1" = 0 ]; then
		echo "ok - $2"
	else
		echo "not ok - $2"
		failed=1
	fi
}

# fresh FOLDER: an empty Debian in it.
fresh() {
	if [ ! -e "$empty" ]; then
		mmdebstrap --variant=minbase --quiet \
			--dpkgopt=force-unsafe-io "$suite" "${empty%.tar}.new.tar" ||
			return 1
		mv "${empty%.tar}.new.tar" "$empty"
	fi
	mkdir -p "$1" && tar -x -C "$1" -f "$empty" &&
		echo force-unsafe-io >"$1/etc/dpkg/dpkg.cfg.d/unsafe-io"
}

# inside FOLDER COMMAND...: as root of that tree.
inside() {
	local tree=$1

	shift
	# shellcheck disable=SC2016
	DEBIAN_FRONTEND=noninteractive unshare --mount --pid --fork \
		--kill-child sh -c '
		mount -t proc proc "$1/proc" &&
			mount --rbind /dev "$1/dev" || exit 1
		tree=$1
		shift
		exec chroot "$tree" /usr/bin/env -i HOME=/root LC_ALL=C.UTF-8 \
			PATH=/usr/sbin:/usr/bin:/sbin:/bin \
			DEBIAN_FRONTEND=noninteractive ${http_proxy:+http_proxy="$http_proxy"} \
			"$@"' sh "$tree" "$@" </dev/null
}

# step WHAT FOLDER COMMAND...: one of a test's, inside; tells how long it took.
step() {
	local what=$1 since=$SECONDS status=0
	shift

	inside "$@" >"$build/step.log" 2>&1 || status=$?
	[ $status = 0 ] || tail -n 30 "$build/step.log" | sed 's/^/# /'
	tell $status "$what ($((SECONDS - since)) s)"
	return $status
}
