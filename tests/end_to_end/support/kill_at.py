#!/usr/bin/env python3
"""Runs a program and kills it with SIGKILL right before one of its system calls that write, counted over all threads.

usage: kill_at.py WHEN REPORT PROGRAM [ARGUMENT]...

WHEN is a number (the first such call is 1; 0 never kills), unlink:NUMBER to count removals of files alone, or after:END
for the call that the same thread makes next after it renamed a file to a path with this END. The call at which the program was killed is not carried out. REPORT gets one line: how many calls were counted, and the name of
the call that the program was killed at, or "ended". strace's fault injection counts each thread on its own, which leaves
out most of the interleavings.
"""
import ctypes
import os
import platform
import signal
import struct
import sys

libc = ctypes.CDLL(None, use_errno=True)
libc.ptrace.restype = ctypes.c_long
libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
TRACEME, PEEKDATA, CONT_TO_SYSCALL, SETOPTIONS, GET_SYSCALL_INFO = 0, 2, 24, 0x4200, 0x420E
TRACESYSGOOD, FORK, VFORK, CLONE, EXEC, EXITKILL = 1, 2, 4, 8, 16, 1 << 20
WALL = 0x40000000

X86 = {
    "write": 1, "pwrite64": 18, "writev": 20, "sendto": 44, "sendmsg": 46, "fsync": 74, "fdatasync": 75,
    "truncate": 76, "ftruncate": 77, "rename": 82, "mkdir": 83, "rmdir": 84, "creat": 85, "link": 86, "unlink": 87,
    "symlink": 88, "chmod": 90, "fchmod": 91, "chown": 92, "fchown": 93, "lchown": 94, "open": 2, "openat": 257,
    "mkdirat": 258, "fchownat": 260, "unlinkat": 263, "renameat": 264, "linkat": 265, "symlinkat": 266,
    "fchmodat": 268, "pwritev": 296, "sendmmsg": 307, "renameat2": 316, "openat2": 437, "fchmodat2": 452,
}
ARM = {
    "write": 64, "writev": 66, "pwrite64": 68, "pwritev": 70, "sendto": 206, "sendmsg": 211, "sendmmsg": 269,
    "fsync": 82, "fdatasync": 83, "truncate": 45, "ftruncate": 46, "mkdirat": 34, "unlinkat": 35, "symlinkat": 36,
    "linkat": 37, "renameat": 38, "renameat2": 276, "fchmod": 52, "fchmodat": 53, "fchownat": 54, "fchown": 55,
    "openat": 56, "openat2": 437, "fchmodat2": 452,
}
NAMES = {number: name for name, number in (X86 if platform.machine() == "x86_64" else ARM).items()}
WRITES_TO_FD = {"write", "pwrite64", "writev", "pwritev"}
# Opening a file writes only where it may make one.
O_CREAT, O_TMPFILE = 0o100, 0o20000000


def text_at(pid, address):
    text = b""
    while b"\0" not in text and len(text) < 4096:
        word = libc.ptrace(PEEKDATA, pid, ctypes.c_void_p(address + len(text)), None)
        text += struct.pack("=q", word)
    return text.split(b"\0")[0].decode(errors="replace")


def counts(pid, name, arguments, only):
    if only:
        return name in (only, only + "at")
    if name in WRITES_TO_FD:
        # tokio wakes its threads by writing to an eventfd: nothing of that survives the process.
        try:
            return "eventfd" not in os.readlink(f"/proc/{pid}/fd/{arguments[0]}")
        except OSError:
            return True
    if name in ("open", "openat"):
        flags = arguments[1] if name == "open" else arguments[2]
        return bool(flags & (O_CREAT | O_TMPFILE))
    return True


def main():
    when, report, *command = sys.argv[1:]
    only, _, number = when.rpartition(":")
    end, number = (number, 0) if only == "after" else (None, int(number))
    only, renaming = only if only != "after" else "", None
    child = os.fork()
    if child == 0:
        libc.ptrace(TRACEME, 0, None, None)
        os.kill(os.getpid(), signal.SIGSTOP)
        os.execvp(command[0], command)
    os.waitpid(child, WALL)
    options = TRACESYSGOOD | FORK | VFORK | CLONE | EXEC | EXITKILL
    libc.ptrace(SETOPTIONS, child, None, options)
    libc.ptrace(CONT_TO_SYSCALL, child, None, None)
    count, at, known = 0, "ended", {child}
    info = ctypes.create_string_buffer(96)
    while True:
        pid, status = os.waitpid(-1, WALL)
        if os.WIFEXITED(status) or os.WIFSIGNALED(status):
            if pid == child:
                break
            continue
        stopped, passed = os.WSTOPSIG(status), 0
        if stopped == signal.SIGTRAP | 0x80:
            libc.ptrace(GET_SYSCALL_INFO, pid, ctypes.c_void_p(len(info)), info)
            if info.raw[0] == 1:
                call, *arguments = struct.unpack_from("=7Q", info.raw, 24)
                name = NAMES.get(call)
                if name and counts(pid, name, arguments, only):
                    count += 1
                    renamed = pid == renaming
                    if end and name.startswith("rename"):
                        new = arguments[1] if name == "rename" else arguments[3]
                        renaming = pid if text_at(pid, new).endswith(end) else renaming
                    if count == number or renamed:
                        at = name
                        os.kill(child, signal.SIGKILL)
                        continue
        elif stopped == signal.SIGTRAP or (stopped == signal.SIGSTOP and pid not in known):
            known.add(pid)
        else:
            passed = stopped
        libc.ptrace(CONT_TO_SYSCALL, pid, None, passed)
    with open(report, "w") as file:
        file.write(f"{count} {at}\n")
    sys.exit(os.waitstatus_to_exitcode(status) if at == "ended" else 137)


main()
