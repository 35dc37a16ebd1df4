# SPDX-License-Identifier: GPL-2.0-or-later
"""attack.py SOCKET CONNECTIONS [SECONDS]: clients as bad as they can be, all at once.

Of each kind below there is the same number.  Whoever is thrown out comes again.  After SECONDS, or
when told to end (SIGTERM), it prints what it did; status 1 when the daemon said something wrong.
Needs nothing but the socket; what it asks for changes nothing.
"""
import os
import random
import resource
import select
import signal
import socket
import sys
import time

GREETING = b"smcroute 1 "
rng = random.Random(20010911)
poller = select.epoll()
by_fd = {}
done = {}
wrong = []
stopping = []


class Client:
    """Says what its kind says, reads or not, and begins anew when the connection ends."""

    reads = True
    pause = 0.0  # between two pieces

    def __init__(self):
        self.socket = None
        self.later = 0.0
        self.connect()

    def connect(self):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.setblocking(False)
        try:
            self.socket.connect(sys.argv[1])
        except OSError:  # the queue is full: once more in a while
            self.socket.close()
            self.socket = None
            self.later = time.monotonic() + 0.05
            return
        self.heard = b""
        self.todo = self.text()
        by_fd[self.socket.fileno()] = self
        poller.register(self.socket, 0)
        self.wait()
        self.count("connections")

    def count(self, what):
        key = f"{what} of {type(self).__name__.lower()}"
        done[key] = done.get(key, 0) + 1

    def text(self):
        return b""

    def wait(self):
        events = select.EPOLLIN if self.reads else 0
        if self.todo and time.monotonic() >= self.later:
            events |= select.EPOLLOUT
        poller.modify(self.socket, events)

    def leave(self):
        del by_fd[self.socket.fileno()]
        self.socket.close()
        self.socket = None
        self.later = time.monotonic() + 0.01

    def ended(self):
        pass

    def sent(self):
        pass

    def piece(self):
        return self.todo

    def turn(self, events):
        try:
            if events & select.EPOLLIN:
                self.hear(self.socket.recv(65536))
            elif events & (select.EPOLLHUP | select.EPOLLERR):
                self.leave()
            if self.socket and events & select.EPOLLOUT and self.todo:
                self.todo = self.todo[self.socket.send(self.piece()) :]
                self.later = time.monotonic() + self.pause
                if not self.todo:
                    self.sent()
        except (BrokenPipeError, ConnectionResetError):
            self.hear(b"")
        except BlockingIOError:
            pass
        if self.socket:
            self.wait()

    def hear(self, data):
        if not data:
            self.ended()
            self.leave()
            return
        if not self.heard and not data.startswith(GREETING):
            wrong.append(f"the greeting is {data[:40]!r}")
        self.heard = (self.heard + data)[-4096:]


class Silent(Client):
    pass


class Slow(Client):
    pause = 1.0

    def text(self):
        return b"show interfaces\n"

    def piece(self):
        return self.todo[:1]


class Leaving(Client):
    reads = False

    def text(self):
        return b"show routes\n"

    def sent(self):
        self.leave()


class Halfway(Client):
    """Has no more to say, and waits for the whole answer."""

    def text(self):
        return b"show interfaces\nfrobnicate\n"

    def sent(self):
        self.socket.shutdown(socket.SHUT_WR)

    def ended(self):
        last = self.heard.splitlines()[-1:] or [b""]
        if self.heard and not last[0].startswith(b"error 64 "):
            wrong.append(f"the last line is {last[0][:80]!r}")
        if self.heard:
            self.count("whole answers")


class Flood(Client):
    def text(self):
        return b"show routes\nshow interfaces\n" * 100

    def sent(self):
        self.todo = self.text()


class Deaf(Client):
    """Asks for a long answer again and again, and never reads a byte."""

    reads = False

    def text(self):
        return b"show routes\n" * 100

    def sent(self):
        self.later = time.monotonic() + 3600


class Endless(Client):
    """One line of 10 MB."""

    def text(self):
        return b"x" * 10_000_000

    def piece(self):
        return self.todo[:65536]

    def sent(self):
        wrong.append("10 MB without a line end were taken")
        self.leave()

    def ended(self):
        if b"error 64 a request has at most" in self.heard:
            self.count("refusals")


class Rubbish(Client):
    """Random bytes, but no letter alone on a line: some of those are commands."""

    def text(self):
        words = (b"\0", b"\xff\xfe", b"\xc0\x80", b"\n", b"\r\n", b"add", b"show", b" ", b"%", b"\t")
        noise = os.urandom(1000).replace(b"\n", b"")
        parts = [rng.choice(words) if rng.random() < 0.7 else b"\xfe" + noise[n : n + 9] for n in range(500)]
        return b"".join(parts)

    def sent(self):
        self.todo = self.text()


KINDS = (Silent, Slow, Leaving, Halfway, Flood, Deaf, Endless, Rubbish)


def main():
    count = int(sys.argv[2])
    end = time.monotonic() + float(sys.argv[3]) if len(sys.argv) > 3 else float("inf")
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(count + 100, hard), hard))
    signal.signal(signal.SIGTERM, lambda *_: stopping.append(1))
    clients = [KINDS[n % len(KINDS)]() for n in range(count)]
    print("attacking", flush=True)
    while time.monotonic() < end and not stopping:
        for fd, events in poller.poll(0.05):
            if fd in by_fd:
                by_fd[fd].turn(events)
        for client in clients:
            if time.monotonic() < client.later:
                continue
            if not client.socket:
                client.connect()
            elif client.todo:
                client.wait()
    for what in sorted(done):
        print(what, done[what])
    for what in wrong[:10]:
        print("WRONG:", what)
    sys.exit(1 if wrong else 0)


main()
