#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""without.py WHAT[=ERRNO]... COMMAND...: runs it as on a kernel that lacks something.

mroute4, mroute6    multicast routing of the family (MRT_INIT is refused), default ENOPROTOOPT
tables4, tables6    multiple multicast routing tables (MRT_TABLE), default ENOPROTOOPT
inet4, inet6        the family itself (socket() is refused), default EAFNOSUPPORT
netlink             interface messages, default ENOMEM
capset              giving up capabilities, default EPERM

A seccomp filter answers the system call in the kernel's place.  Status 77: not on this machine.
"""
import ctypes
import errno
import os
import platform
import socket
import struct
import sys

NUMBERS = {"x86_64": (0xC000003E, 41, 54, 126), "aarch64": (0xC00000B7, 198, 208, 91)}
MRT_INIT, MRT_TABLE = 200, 209
LOAD, IS, RETURN = 0x20, 0x15, 0x06
ALLOW, REFUSE = 0x7FFF0000, 0x00050000

if platform.machine() not in NUMBERS:
    sys.exit(77)
ARCH, SOCKET, SETSOCKOPT, CAPSET = NUMBERS[platform.machine()]

# What to refuse: number of the system call, its arguments from the first on (None = any).
WANTED = {
    "mroute4": ((SETSOCKOPT, (None, socket.IPPROTO_IP, MRT_INIT)), "ENOPROTOOPT"),
    "mroute6": ((SETSOCKOPT, (None, socket.IPPROTO_IPV6, MRT_INIT)), "ENOPROTOOPT"),
    "tables4": ((SETSOCKOPT, (None, socket.IPPROTO_IP, MRT_TABLE)), "ENOPROTOOPT"),
    "tables6": ((SETSOCKOPT, (None, socket.IPPROTO_IPV6, MRT_TABLE)), "ENOPROTOOPT"),
    "inet4": ((SOCKET, (socket.AF_INET,)), "EAFNOSUPPORT"),
    "inet6": ((SOCKET, (socket.AF_INET6,)), "EAFNOSUPPORT"),
    "netlink": ((SOCKET, (socket.AF_NETLINK,)), "ENOMEM"),
    "capset": ((CAPSET, ()), "EPERM"),
}


def block(call, arguments, error):
    """Instructions that refuse one call, and go on behind themselves with any other."""
    tests = [(0, call)] + [(16 + 8 * i, a) for i, a in enumerate(arguments) if a is not None]
    lines = []
    for i, (offset, value) in enumerate(tests):
        lines.append((LOAD, 0, 0, offset))
        lines.append((IS, 0, 2 * (len(tests) - i) - 1, value))
    return lines + [(RETURN, 0, 0, REFUSE | error)]


lines = [(LOAD, 0, 0, 4), (IS, 1, 0, ARCH), (RETURN, 0, 0, ALLOW)]
words = sys.argv[1:]
while words and words[0].partition("=")[0] in WANTED:
    name, _, error = words.pop(0).partition("=")
    (call, arguments), default = WANTED[name]
    lines += block(call, arguments, getattr(errno, error or default))
lines.append((RETURN, 0, 0, ALLOW))

program = b"".join(struct.pack("=HBBI", *line) for line in lines)
buffer = ctypes.create_string_buffer(program)
filter_ = struct.pack("@HP", len(lines), ctypes.addressof(buffer))
libc = ctypes.CDLL(None, use_errno=True)
if libc.prctl(38, 1, 0, 0, 0) or libc.prctl(22, 2, filter_, 0, 0):
    print("no seccomp filters here:", os.strerror(ctypes.get_errno()))
    sys.exit(77)
os.execvp(words[0], words)
