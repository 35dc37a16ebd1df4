# SPDX-License-Identifier: GPL-2.0-or-later
"""rude.py SOCKET: clients that say nothing, leave early or talk rubbish, and then a good one."""
import socket
import sys


def connect():
    s = socket.socket(socket.AF_UNIX)
    s.settimeout(20)
    s.connect(sys.argv[1])
    return s


silent = [connect() for _ in range(5)]
for rubbish in (
    b"\0\0\0\0",
    b"\n\n\n",
    b"show routes\n" * 2000,
    b"x" * 100000,
    b"add " + b"y " * 50000,
    b"\xff\xfe\n",
    b"z" * (2 << 20),
):
    s = connect()
    try:
        s.sendall(rubbish)
    except (BrokenPipeError, ConnectionResetError):
        pass
    s.close()

# Empty requests get no answer, or a short one, not one without an end.
for empty in (b"\n" * 100, b"\0\0\0\0", b"\0\0\0\0\n", b"\0" * 1000 + b"\n"):
    s = connect()
    answer, part = b"", b"..."
    try:
        s.sendall(empty)
        s.shutdown(socket.SHUT_WR)
        while part and len(answer) < 100000:
            part = s.recv(65536)
            answer += part
    except (BrokenPipeError, ConnectionResetError):
        pass  # it hangs up
    assert len(answer) < 100000, answer[-100:]

s = connect()
s.sendall(b"show\n")
s.shutdown(socket.SHUT_WR)
data = b""
while True:
    part = s.recv(65536)
    if not part:
        break
    data += part
assert data.startswith(b"smcroute 1 ") and data.endswith(b"ok\n"), data[-100:]
