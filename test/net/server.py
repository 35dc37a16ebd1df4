#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""server.py SOCKET MODE: what a client may find in the place of a daemon.

mute     takes connections and says nothing
greets   says hello and nothing more
hangup   ends each connection at once
other    greets as something else
restarts shows the groups, and begins anew in the middle of that
counts   passes everything on to SOCKET.real, a line "connection" on standard output for each
"""
import select
import socket
import sys
import threading

path, mode = sys.argv[1:]
listener = socket.socket(socket.AF_UNIX)
listener.bind(path)
listener.listen(5)
print("ready", flush=True)
kept = []


def relay(client):
    with client, socket.socket(socket.AF_UNIX) as daemon:
        daemon.connect(path + ".real")
        other = {client: daemon, daemon: client}
        while other:
            for s in select.select(list(other), [], [])[0]:
                data = s.recv(65536)
                if data:
                    other[s].sendall(data)
                else:
                    other.pop(s).shutdown(socket.SHUT_WR)


while True:
    client = listener.accept()[0]
    kept.append(client)
    if mode == "greets":
        client.sendall(b"smcroute 1 test\n")
    elif mode == "hangup":
        client.close()
    elif mode == "other":
        client.sendall(b"220 mail.example ESMTP\r\n")
    elif mode == "restarts":
        group = b"group set=kernel iif=eth0 group=225.1.1.%d\n"
        client.sendall(b"smcroute 1 test\n" + group % 1 + b"restart\n" + group % 2 + b"ok\n")
    elif mode == "counts":
        print("connection", flush=True)
        threading.Thread(target=relay, args=(client,), daemon=True).start()
