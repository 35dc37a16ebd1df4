#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Packets of multicast router discovery, made and taken apart byte by byte.

mrdisc.py watch IF [PCAP]
    prints "ready", then a line for each such packet that comes in:
    MILLISECONDS FAMILY KIND SOURCE DESTINATION TTL alert|- good|bad INTERVAL HEX
    where HEX is the IP packet; all of them go to the file PCAP too.
mrdisc.py solicit IF [-s SOURCE] [-d DESTINATION] [-t TTL] [-T TYPE] [-l BYTES] [-n COUNT] [-c] [-a]
    sends solicitations, then prints MILLISECONDS: -l leaves so many bytes of the message, -c spoils the checksum, -a
    leaves out Router Alert.
"""
import argparse
import ipaddress
import socket
import struct
import time

KINDS = {4: {0x30: "advertisement", 0x31: "solicitation", 0x32: "termination"},
         6: {151: "advertisement", 152: "solicitation", 153: "termination"}}
ROUTERS = {4: "224.0.0.2", 6: "ff02::2"}
ALERT4 = bytes([148, 4, 0, 0])
ALERT6 = bytes([58, 0, 5, 2, 0, 0, 1, 0])


def checksum(data):
    data += b"\0" * (len(data) % 2)
    total = sum(struct.unpack("!%dH" % (len(data) // 2), data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


def pseudo6(source, to, length):
    return source + to + struct.pack("!IxxxB", length, 58)


# ---- taking apart ----

def parse4(packet):
    size = (packet[0] & 15) * 4
    if packet[9] != 2:
        return None
    message = packet[size:struct.unpack("!H", packet[2:4])[0]]
    good = checksum(packet[:size]) == 0 and checksum(message) == 0
    return packet[12:16], packet[16:20], packet[8], ALERT4 in packet[20:size], message, good


def parse6(packet):
    following, at, alert = packet[6], 40, False
    if following == 0:
        following, size = packet[40], 8 + packet[41] * 8
        alert = bytes([5, 2, 0, 0]) in packet[42:40 + size]
        at += size
    if following != 58:
        return None
    message = packet[at:40 + struct.unpack("!H", packet[4:6])[0]]
    source, to = packet[8:24], packet[24:40]
    good = checksum(pseudo6(source, to, len(message)) + message) == 0
    return source, to, packet[7], alert, message, good


def describe(family, packet):
    parsed = (parse4 if family == 4 else parse6)(packet)
    if not parsed or not parsed[4] or parsed[4][0] not in KINDS[family]:
        return None
    source, to, ttl, alert, message, good = parsed
    return "%d %s %s %s %s %d %s %s %d %s" % (
        time.monotonic() * 1000, "ipv%d" % family, KINDS[family][message[0]],
        ipaddress.ip_address(source), ipaddress.ip_address(to), ttl,
        "alert" if alert else "-", "good" if good else "bad", message[1], packet.hex())


def watch(args):
    sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
    sock.bind((args.interface, 3))
    pcap = open(args.pcap, "wb", buffering=0) if args.pcap else None
    if pcap:
        pcap.write(struct.pack("<IHHiIII", 0xa1b2c3d4, 2, 4, 0, 0, 65535, 1))
    print("ready", flush=True)
    while True:
        frame, where = sock.recvfrom(65536)
        family = {0x0800: 4, 0x86dd: 6}.get(struct.unpack("!H", frame[12:14])[0])
        if where[2] == socket.PACKET_OUTGOING or not family:
            continue
        line = describe(family, frame[14:])
        if not line:
            continue
        if pcap:
            now = time.time()
            pcap.write(struct.pack("<IIII", int(now), int(now % 1 * 1e6), len(frame), len(frame)))
            pcap.write(frame)
        print(line, flush=True)


# ---- making ----

def build4(args, source, to):
    message = struct.pack("!BBH", args.type or 0x31, 0, 0)
    total = checksum(message) ^ (0x0100 if args.checksum else 0)
    message = (message[:2] + struct.pack("!H", total))[:args.length]
    options = b"" if args.no_alert else ALERT4
    size = 20 + len(options)
    header = struct.pack("!BBHHHBBH", 0x40 | size // 4, 0xc0, size + len(message), 0, 0, args.ttl, 2,
                         0) + source + to + options
    return header[:10] + struct.pack("!H", checksum(header)) + header[12:] + message


def build6(args, source, to):
    message = struct.pack("!BBH", args.type or 152, 0, 0)
    total = checksum(pseudo6(source, to, 4) + message) ^ (0x0100 if args.checksum else 0)
    message = (message[:2] + struct.pack("!H", total))[:args.length]
    extension = b"" if args.no_alert else ALERT6
    return struct.pack("!IHBB", 6 << 28, len(extension + message), 0 if extension else 58,
                       args.ttl) + source + to + extension + message


def solicit(args):
    source = ipaddress.ip_address(args.source)
    to = ipaddress.ip_address(args.destination or ROUTERS[source.version]).packed
    if source.version == 4:
        frame = bytes([1, 0, 0x5e, to[1] & 127]) + to[2:]
        packet, kind = build4(args, source.packed, to), 0x0800
    else:
        frame = b"\x33\x33" + to[12:]
        packet, kind = build6(args, source.packed, to), 0x86dd
    sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
    sock.bind((args.interface, 0))
    frame += sock.getsockname()[4] + struct.pack("!H", kind) + packet
    for _ in range(args.count):
        sock.send(frame)
    print(int(time.monotonic() * 1000))


def main():
    parser = argparse.ArgumentParser()
    commands = parser.add_subparsers(required=True)
    command = commands.add_parser("watch")
    command.add_argument("interface")
    command.add_argument("pcap", nargs="?")
    command.set_defaults(run=watch)
    command = commands.add_parser("solicit")
    command.add_argument("interface")
    command.add_argument("-s", dest="source", required=True)
    command.add_argument("-d", dest="destination")
    command.add_argument("-t", dest="ttl", type=int, default=1)
    command.add_argument("-T", dest="type", type=int)
    command.add_argument("-l", dest="length", type=int, default=4)
    command.add_argument("-n", dest="count", type=int, default=1)
    command.add_argument("-c", dest="checksum", action="store_true")
    command.add_argument("-a", dest="no_alert", action="store_true")
    command.set_defaults(run=solicit)
    args = parser.parse_args()
    args.run(args)


main()
