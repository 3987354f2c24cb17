# SPDX-License-Identifier: MIT
"""One boot of a guest: on Pagewarden, on stock Xen as its first domain, or natively,
with or without page-table isolation, in QEMU with virtual processors of the same
kind. A guest has the columns of bench/guests, and may have:

  vcpus   so many, on as many processors of QEMU's, but on two at most
  audit   "off" for ours
  limit   seconds
  last    seconds that it has at its end to switch its machine off"""
import os
import re
import socket
import subprocess
import tempfile
import time

BUILD = os.environ.get("B", "build")
LIMIT = 900 # seconds
PROCESSORS = 2
LAST = 8
LINE = re.compile(rb"bench: (\S+) (\d+)\s*$")
# What QEMU counts of the TLB: one flush of all is one, or so much in parts; as in each
# load of CR3, which is all that some rows flush by (QEMU 7.2).
FLUSHES = re.compile(r"TLB (full|partial|elided) flushes\s+(\d+)")
MMU_MODES = 8


def guests(part):
    """Those of bench/guests that a part measures."""
    with open("bench/guests", encoding="ascii") as lines:
        for line in lines:
            if not line.startswith("#") and line.strip():
                column = [c.strip() for c in line.split("|")]
                if column[1] == part:
                    yield {"name": column[0], "kernel": place(column[2]),
                           "initrd": place(column[3]), "append": column[4],
                           "legs": column[5].split()}


def place(path):
    return path.replace("build/", BUILD + "/", 1)


def limit(guest):
    return str(guest.get("limit", LIMIT))


def vcpus(guest):
    return guest.get("vcpus", 1)


def processors(guest):
    return str(min(vcpus(guest), PROCESSORS))


def qemu(guest, icount):
    line = ["timeout", limit(guest), "qemu-system-x86_64", "-accel", "tcg", "-cpu",
            "Nehalem", "-machine", "pc", "-smp", processors(guest), "-nodefaults",
            "-no-user-config", "-display", "none", "-no-reboot", "-serial", "stdio",
            "-rtc", "base=2024-01-01,clock=vm"]
    return line + (["-icount", "shift=0,sleep=off"] if icount else [])


def command(leg, guest, icount, more):
    initrd = guest["initrd"] if guest["initrd"] != "-" else None
    if leg == "ours":
        line = [f"{BUILD}/pagewarden", "run", "--cpu", "Nehalem", "--memory", "1G",
                "--vcpus", str(vcpus(guest)), "--cpus", processors(guest), "--timeout",
                limit(guest), "--kernel", guest["kernel"], "--append", guest["append"]]
        line += ["--initrd", initrd] if initrd else ["--no-initrd"]
        line += ["--audit", guest["audit"]] if "audit" in guest else []
        line += ["--icount"] if icount else []
        return line + [w for m in more for w in ("--qemu-arg", m)]
    if leg == "xen": # the guest's 1 GiB, and 512 MiB for itself
        return qemu(guest, icount) + [
            "-m", "1536M", "-kernel", f"{BUILD}/xen-stock", "-append",
            f"dom0_mem=1024M,max:1024M dom0_max_vcpus={vcpus(guest)} console=com1 "
            "com1=115200,8n1 loglvl=none guest_loglvl=none spec-ctrl=no xpti=no",
            "-initrd",
            f"{guest['kernel']} console=hvc0 {guest['append']}" +
            (f",{initrd}" if initrd else ""), *more]
    pti = "on" if leg == "kpti" else "off"
    return qemu(guest, icount) + ["-m", "1G", "-kernel", guest["kernel"], "-append",
                           f"console=ttyS0 pti={pti} {guest['append']}", "-initrd",
                           initrd, *more]


class Watch:
    """What QEMU counts while a guest runs: loads of CR3, and whole flushes of the
    TLB, which are these and what else empties it."""

    def __init__(self, folder):
        self.path = os.path.join(folder, "monitor")
        self.log = os.path.join(folder, "log")
        self.monitor = None
        self.loads = self.seen = 0

    def words(self):
        return ["-monitor", f"unix:{self.path},server=on,wait=off", "-d", "mmu", "-D",
                self.log]

    def ask(self):
        if self.monitor is None:
            self.monitor = socket.socket(socket.AF_UNIX)
            self.monitor.connect(self.path)
            self.answer()
        self.monitor.sendall(b"info jit\n")
        nr = {k: int(v) for k, v in FLUSHES.findall(self.answer())}
        return nr["full"] + (nr["partial"] + nr["elided"]) / MMU_MODES

    def answer(self):
        text = b""
        while not text.endswith(b"(qemu) "):
            text += self.monitor.recv(65536)
        return text.decode(errors="replace")

    def now(self):
        with open(self.log, "rb") as log:
            log.seek(self.seen)
            fresh = log.read()
        self.seen += len(fresh)
        self.loads += fresh.count(b"CR3 update")
        return self.ask(), self.loads


def attempt(leg, guest, icount=False, watched=False, more=()):
    """The numbers that the guest told until its end or its time's: of each name those
    of all its lines. With `watched`: of each batch the flushes and loads of CR3 of an
    operation. `more` are arguments of QEMU's."""
    told = {}
    os.makedirs(f"{BUILD}/bench", exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        watch = Watch(folder) if watched else None
        words = [*more, *(watch.words() if watched else [])]
        start = time.monotonic()
        with open(f"{BUILD}/bench/{guest['name']}-{leg}.log", "wb", 0) as log, \
             subprocess.Popen(command(leg, guest, icount, words),
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT) as process:
            listen(process, log, told, watch)
            if "init at" in told:
                told["launch-to-init"] = [(told.pop("init at") - start) * 1e9]
            if "end" in told:
                try:
                    process.communicate(timeout=guest.get("last", LAST))
                    told["launch-to-power-off"] = [(time.monotonic() - start) * 1e9]
                except subprocess.TimeoutExpired:
                    process.terminate()
    return told


def run(leg, guest, icount=False, watched=False):
    """The numbers of a guest that came to its end."""
    told = attempt(leg, guest, icount, watched)
    if "end" not in told:
        raise RuntimeError(f"{guest['name']} on {leg} did not finish "
                           f"({BUILD}/bench/{guest['name']}-{leg}.log)")
    return told


def listen(process, log, told, watch):
    before = None
    for line in process.stdout:
        log.write(line)
        found = LINE.search(line)
        if not found:
            continue
        name, number = found.group(1).decode(), int(found.group(2))
        if name == "boot-to-init":
            told["init at"] = time.monotonic()
        if watch and name.startswith("from-"):
            before = watch.now()
        elif watch and name.startswith("to-"):
            per = [(b - a) / number for a, b in zip(before, watch.now())]
            told.setdefault(name[3:], []).append(per)
        else:
            told.setdefault(name, []).append(number)
        if name == "end":
            return
