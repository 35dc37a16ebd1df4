#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""dump.py [TABLE]: the kernel's own multicast routes, asked by netlink.

One line of JSON each, sorted: [source, group, iif, {oif: ttl}], names as JSON output of the client
has them: U+FFFD for each byte that is no UTF-8.  Unresolved entries are left out.
"""
import json
import os
import socket
import struct
import sys

NLMSG_DONE, RTM_NEWROUTE, RTM_GETROUTE = 3, 24, 26
RTA_DST, RTA_SRC, RTA_IIF, RTA_MULTIPATH, RTA_TABLE = 1, 2, 3, 9, 15
NLM_F_DUMP = 0x301
FAMILIES = {128: socket.AF_INET, 129: socket.AF_INET6}  # RTNL_FAMILY_IPMR, _IP6MR
RTNH_F_UNRESOLVED = 32


def printable(name):
    return "".join("\ufffd" if "\udc80" <= c <= "\udcff" else c for c in name)


names = {index: printable(name) for index, name in socket.if_nameindex()}


def attributes(data):
    while len(data) >= 4:
        size, kind = struct.unpack_from("=HH", data)
        yield kind, data[4:size]
        data = data[size + 3 & ~3:]


def next_hops(data):
    while len(data) >= 8:
        size, _, hops, index = struct.unpack_from("=HBBi", data)
        yield names.get(index, "?"), hops
        data = data[size + 3 & ~3:]


def routes(family):
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0) as s:
        s.send(struct.pack("=IHHII", 28, RTM_GETROUTE, NLM_F_DUMP, 1, 0) +
               struct.pack("=BBBBBBBBI", family, 0, 0, 0, 0, 0, 0, 0, 0))
        while True:
            data = s.recv(1 << 20)
            while data:
                size, kind = struct.unpack_from("=IH", data)
                if kind == NLMSG_DONE:
                    return
                if kind == RTM_NEWROUTE:
                    flags = struct.unpack_from("=I", data, 24)[0]
                    yield flags, dict(attributes(data[28:size]))
                data = data[size + 3 & ~3:]


table = int(sys.argv[1]) if len(sys.argv) > 1 else 0
lines = []
for family, af in FAMILIES.items():
    for flags, route in routes(family):
        # The kernel has numbers of its own for the default tables.
        number = struct.unpack("=I", route[RTA_TABLE])[0]
        if number != (table or {128: 253, 129: 254}[family]) or RTA_IIF not in route:
            continue
        lines.append(json.dumps([
            socket.inet_ntop(af, route[RTA_SRC]), socket.inet_ntop(af, route[RTA_DST]),
            names.get(struct.unpack("=i", route[RTA_IIF])[0], "?"),
            dict(sorted(next_hops(route.get(RTA_MULTIPATH, b""))))], ensure_ascii=False))
sys.stdout.buffer.write("".join(line + "\n" for line in sorted(lines)).encode())
