# SPDX-License-Identifier: GPL-2.0-or-later
"""forge.py IF COUNT SEED: packets that no honest host sends, out of IF.

IGMP and ICMPv6 of every type and of any length, and what looks like the kernel's own requests for
a route, with the headers that it puts before them and with others.
"""
import random
import socket
import struct
import sys

interface, count, rng = sys.argv[1], int(sys.argv[2]), random.Random(int(sys.argv[3]))
out = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM)


def checksum(data):
    total = sum(struct.unpack(f"!{len(data) // 2}H", data[: len(data) & ~1])) + (data[-1] << 8 if len(data) & 1 else 0)
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def ipv4(protocol, source, group, payload, options=b""):
    words = 5 + len(options) // 4
    header = struct.pack("!BBHHHBBH", words | 0x40, 0, words * 4 + len(payload), 1, 0, 1, protocol, 0)
    header += source + group + options
    return header[:10] + struct.pack("!H", checksum(header)) + header[12:] + payload


def ipv6(protocol, source, group, payload):
    return struct.pack("!IHBB", 0x60000000, len(payload), protocol, 1) + source + group + payload


def send(packet):
    to = b"\x01\x00\x5e\x01\x01\x01" if packet[0] >> 4 == 4 else b"\x33\x33\x00\x00\x00\x01"
    kind = 0x0800 if packet[0] >> 4 == 4 else 0x86DD
    out.sendto(packet, (interface, kind, 0, 0, to))


for _ in range(count):
    source4, group4 = bytes([10, 0, 0, rng.randrange(256)]), bytes([225, 77, 77, rng.randrange(256)])
    all4 = rng.choice((group4, bytes([224, 0, 0, rng.choice((1, 2, 22))]), bytes([10, 0, 0, 1])))
    source6 = socket.inet_pton(socket.AF_INET6, f"fd00::{rng.randrange(1, 999)}")
    group6 = socket.inet_pton(socket.AF_INET6, f"ff3e::77:{rng.randrange(1, 999)}")
    all6 = rng.choice((group6, socket.inet_pton(socket.AF_INET6, rng.choice(("ff02::1", "ff02::2", "ff02::16")))))
    noise = rng.randbytes(rng.randrange(64))
    body = bytes([rng.randrange(256), rng.choice((0, 1))]) + b"\0\0" + noise
    body = body[:2] + struct.pack("!H", checksum(body)) + body[4:]
    pseudo = source6 + all6 + struct.pack("!II", len(body), 58)
    body6 = body[:2] + b"\0\0" + body[4:]
    body6 = body6[:2] + struct.pack("!H", checksum(pseudo + body6)) + body6[4:]
    # struct igmpmsg: unused, type, must be zero, VIF; struct mrt6msg: zero, type, MIF, padding.  They
    # ask for groups to which nothing is sent.  Where ICMPv6 has its checksum, there the MIF is: the
    # padding makes it right.
    asked4 = bytes([225, 66, 66, rng.randrange(256)])
    asked6 = socket.inet_pton(socket.AF_INET6, f"ff3e::66:{rng.randrange(1, 999)}")
    request4 = bytes(8) + bytes([rng.choice((1, 2, 3)), 0, rng.randrange(4), 0]) + source4 + asked4
    request6 = bytes([0, rng.choice((1, 2, 3))]) + struct.pack("=H", rng.randrange(4)) + bytes(4) + source6 + asked6
    wrong = checksum(source6 + all6 + struct.pack("!II", len(request6), 58) + request6)
    request6 = request6[:4] + struct.pack("!H", wrong) + request6[6:]
    send(
        rng.choice(
            (
                ipv4(2, source4, all4, body, rng.choice((b"", b"\x94\x04\0\0"))),
                ipv4(2, source4, all4, noise),
                ipv4(rng.choice((0, 2)), source4, all4, request4),
                ipv4(0, source4, asked4[:1] + group4[1:], request4[8:]),
                ipv6(58, source6, all6, body6),
                ipv6(58, source6, all6, noise),
                ipv6(58, source6, all6, request6),
                ipv6(rng.choice((0, 58)), source6, all6, noise),
            )
        )
    )
