# SPDX-License-Identifier: GPL-2.0-or-later
"""faults.py SHIM FOLDER STEP SLOW: library calls of the daemon fail, one after the other.

At the start, and in each kind of work, the first, second, ... call of each function fails, until
there is none left, or each STEPth of them.  The daemon either refuses with a message
and a status of its own, or goes on, tells the truth, and is as it should be soon after.
The daemon's command is $SMCROUTED; FOLDER/smcroute.conf its configuration.
"""
import errno
import itertools
import json
import os
import re
import socket
import struct
import subprocess
import sys
import time

SHIM, FOLDER, STEP, SLOW = sys.argv[1], sys.argv[2], int(sys.argv[3]), float(sys.argv[4])
FAIL = f"{FOLDER}/fail"
LOG = f"{FOLDER}/smcroute.log"
SPEED = 20
SENSIBLE = (0, 69, 71, 76, 77)  # statuses of a start
ERRORS = ("ENOMEM", "ENOBUFS", "EMFILE", "EINTR", "EAGAIN", "EPERM", "ENODEV", "EADDRINUSE")
CALLS = (
    "socket setsockopt getsockopt getsockname bind listen accept4 send recv recvmsg recvmmsg read write poll "
    "ppoll open unlink fstat ftruncate utimensat posix_spawn ioctl"
).split()
MEMORY = ("malloc", "calloc", "realloc")
trials = 0
hits = 0


def arm(line):
    global hits
    hits += hit()
    with open(FAIL + ".new", "w", encoding="ascii") as file:
        file.write(line)
    if os.path.exists(FAIL + ".log"):
        os.unlink(FAIL + ".log")
    os.rename(FAIL + ".new", FAIL)


def hit():
    return os.path.exists(FAIL + ".log")


def tried():
    """How many calls were made to fail since it was armed."""
    if not hit():
        return 0
    with open(FAIL + ".log", encoding="ascii") as file:
        return len(file.readlines())


def wait(what, condition, seconds=3.0):
    end = time.monotonic() + seconds * SLOW
    while not condition():
        assert time.monotonic() < end, f"waited in vain for {what}"
        time.sleep(0.01)


def log():
    with open(LOG, encoding="utf-8") as file:
        return file.read()


class Daemon:
    def __init__(self, *options):
        for name in ("smcroute.sock", "smcroute.pid"):
            if os.path.exists(f"{FOLDER}/{name}"):
                os.unlink(f"{FOLDER}/{name}")
        env = dict(os.environ, FAIL=FAIL, FAIL_SPEED=str(SPEED))
        command = ["env", f"LD_PRELOAD={SHIM}", *os.environ["SMCROUTED"].split(), "-n", "-l", "info"]
        command += ["-f", f"{FOLDER}/smcroute.conf", "-u", f"{FOLDER}/smcroute.sock", "-c", "0"]
        command += ["-P", f"{FOLDER}/smcroute.pid", "-e", f"{FOLDER}/script", *options]
        with open(LOG, "w", encoding="ascii") as out:
            self.process = subprocess.Popen(command, env=env, stderr=out, stdin=subprocess.DEVNULL)

    def alive(self):
        return self.process.poll() is None

    def ready(self):
        """Waits until it is, or has ended."""
        wait("the start", lambda: not self.alive() or "Ready: " in log(), 10)
        return self.alive()

    def descriptors(self):
        return len(os.listdir(f"/proc/{self.process.pid}/fd"))

    def stop(self):
        self.process.terminate()
        status = self.process.wait(20 * SLOW)
        assert status == 0, f"it ended with status {status}"

    def ask(self, text):
        """The answer, without the greeting; ends early when the daemon hangs up."""
        heard = b""
        with socket.socket(socket.AF_UNIX) as s:
            s.settimeout(10 * SLOW)
            s.connect(f"{FOLDER}/smcroute.sock")
            try:
                s.sendall(text.encode() + b"\n")
                s.shutdown(socket.SHUT_WR)
                while part := s.recv(1 << 16):
                    heard += part
            except (BrokenPipeError, ConnectionResetError):
                pass
        return heard.decode().split("\n")[1:]


def ip(*words):
    subprocess.run(["ip", *words], check=True, stdout=subprocess.DEVNULL)


def fields(record):
    return [word.partition("=")[::2] for word in record.split(" ")[1:]]


def told(daemon):
    """The kernel's entries as "show" has them: source group iif oif..., by name."""
    entries = set()
    for record in daemon.ask("show routes detail"):
        if record.startswith("kernel "):
            found = fields(record)
            values = dict(found)
            oifs = sorted(value for key, value in found if key == "oif")
            entries.add((values["source"], values["group"], values["iif"], *oifs))
    return entries


def address(text, family):
    if family == socket.AF_INET6:
        return socket.inet_ntop(family, bytes.fromhex(text))
    return socket.inet_ntop(family, struct.pack("=I", int(text, 16)))


def kernel():
    """The same from the kernel."""
    entries = set()
    for family, cache, vifs in (
        (socket.AF_INET, "ip_mr_cache", "ip_mr_vif"),
        (socket.AF_INET6, "ip6_mr_cache", "ip6_mr_vif"),
    ):
        if not os.path.exists(f"/proc/net/{cache}"):
            continue
        with open(f"/proc/net/{vifs}", encoding="ascii") as file:
            names = dict(line.split()[:2] for line in file.readlines()[1:])
        with open(f"/proc/net/{cache}", encoding="ascii") as file:
            for line in file.readlines()[1:]:
                words = line.replace(":", "") if family == socket.AF_INET6 else line
                group, source, iif = words.split()[:3]
                if iif in ("-1", "65535"):
                    continue  # not an entry yet
                oifs = sorted(names[oif.split(":")[0]] for oif in line.split()[6:])
                entries.add((address(source, family), address(group, family), names[iif], *oifs))
    return entries


def joined():
    with open("/proc/net/igmp", encoding="ascii") as file:
        four = re.findall(r"^\t+(0[0-9A-F]*E[18]) ", file.read(), re.M)
    with open("/proc/net/igmp6", encoding="ascii") as file:
        return sorted(four), sorted(re.findall(r" (ff3e\w+) ", file.read()))


def healed(daemon, want):
    """Nothing is refused any more, and the kernel has what the rules ask for."""
    wait("the kernel's entries", lambda: kernel() == want[0])
    wait("the memberships", lambda: joined() == want[1])
    wait("the truth", lambda: told(daemon) == kernel())
    assert "refused" not in "\n".join(daemon.ask("show pending")), "something is refused still"


def judge_start(daemon, want, what):
    if daemon.ready():
        arm("")
        # The other family is served, or what could be read of the file.
        if re.search("multicast routing.*going on without|error: .*can't be (opened|read|examined)", log()):
            wait("the truth", lambda: told(daemon) == kernel() and kernel() < want[0])
        elif "going on without smcroutectl" not in log():
            healed(daemon, want)
        daemon.stop()
        return
    status = daemon.process.wait()
    assert status in SENSIBLE and status != 0, f"{what}: it ended with status {status}"
    assert "error" in log() or "out of memory" in log(), f"{what}: it ended without a word"


def fault(call, n):
    """The Nth call fails; with all kinds of errors in turn, but for the one that has only two."""
    names = ("EINTR", "ENOMEM") if call == "ppoll" else ERRORS
    return f"nth {call} {getattr(errno, names[(n + trials) % len(names)])} {n}"


def some():
    """Each STEPth number, from one that is not always the same."""
    return itertools.count(1 + trials % STEP, STEP)


def starts(want):
    """The Nth call of each function at the start."""
    global trials
    for call in CALLS + list(MEMORY):
        for n in (1, 2, 3, 5, 8, 13, 21, 34, 55, 89, 144, 233, 377) if call in MEMORY else some():
            trials += 1
            arm(fault(call, n))
            daemon = Daemon()
            judge_start(daemon, want, f"start, {call} {n}")
            if not hit():
                break


def patience(want):
    """No family is left out because memory was short for a moment."""
    global trials
    for call in ("socket", "setsockopt"):
        for n in range(1, 12):
            trials += 1
            arm(f"nth {call} {errno.ENOMEM} {n}")
            daemon = Daemon()
            if daemon.ready():
                assert "can't take over" not in log(), f"{call} {n}: given up at once"
            judge_start(daemon, want, f"patience, {call} {n}")


def settle(daemon, want, ours):
    """Undoes whatever the work did."""
    if os.path.exists("/sys/class/net/late"):
        ip("link", "del", "late")
    wait("the end of late", lambda: "name=late" not in "\n".join(daemon.ask("show interfaces")))
    assert daemon.ask("reload")[-2:] == ["ok", ""], "reload"
    assert daemon.ask("flush")[-2:] == ["ok", ""], "flush"
    healed(daemon, want)
    wait("the descriptors", lambda: daemon.descriptors() <= ours)


def send(group):
    subprocess.run(
        ["ip", "netns", "exec", "h0", os.environ["MCAST"], "send", "-i", "eth0", "-n", "1", group],
        check=True,
        stdout=subprocess.DEVNULL,
    )


def link_works():
    ip("link", "add", "late", "type", "veth", "peer", "name", "etal")
    ip("link", "set", "late", "up")


WORKS = (
    ("add", lambda daemon: daemon.ask("add eth0 10.0.0.77 225.7.7.7 eth1")),
    ("add and remove", lambda daemon: daemon.ask("remove eth0 10.0.0.10 225.1.1.1\nadd eth0 225.0.0.0/8 eth1")),
    ("join", lambda daemon: daemon.ask("join eth0 225.7.7.0/29\njoin eth0 10.0.0.77 232.7.7.7\nleave eth0 225.2.2.2")),
    ("reload", lambda daemon: daemon.ask("reload")),
    ("show", lambda daemon: daemon.ask("show routes")),
    ("upcall", lambda daemon: (send("225.3.3.3"), send("ff3e::77"))),
    ("interface", lambda daemon: link_works()),
)


def work(daemon, name, do, want, ours, line):
    arm(line)
    do(daemon)
    # The daemon has seen all of it when it answers; what is armed may hit this, too.
    try:
        daemon.ask("version")
    except (TimeoutError, ConnectionRefusedError):
        pass
    missed = not hit()
    arm("")
    assert daemon.alive(), f"{name}, {line}: status {daemon.process.returncode}"
    answer = daemon.ask("show routes")
    assert answer[-2:] == ["ok", ""], f"{name}, {line}: {answer}"
    settle(daemon, want, ours)
    return missed


def works(want):
    """The Nth call of each function in each kind of work, of one and the same daemon."""
    global trials
    daemon = Daemon()
    daemon.ready()
    healed(daemon, want)
    ours = daemon.descriptors()
    for call in CALLS:
        for name, do in WORKS:
            for n in some():
                trials += 1
                if work(daemon, name, do, want, ours, fault(call, n)):
                    break
    for seed in range(1, 1 + 60 // STEP):
        name, do = WORKS[seed % len(WORKS)]
        work(daemon, name, do, want, ours, f"any 0 {seed} {seed % 7 * 40 + 20}")
        trials += 1
    daemon.stop()


def lost_news(want):
    """A message about an interface is lost, and the list of all is refused: asked for again in time."""
    global trials
    daemon = Daemon()
    daemon.ready()
    trials += 1
    arm(f"nth recvmsg {errno.ENOBUFS} 1\nall send {errno.ENOMEM} 0")
    ip("link", "add", "late", "type", "veth", "peer", "name", "etal")
    wait("the refusal", lambda: "did not list the interfaces" in log())
    arm("")
    wait("the list", lambda: "late has IPv4 VIF" in log())
    ip("link", "del", "late")
    healed(daemon, want)
    daemon.stop()


def crowd():
    """A client waits for a descriptor: that is said once, however often it is tried, and said anew later."""
    global trials
    daemon = Daemon()
    daemon.ready()
    for spell in (1, 2):
        trials += 1
        arm(f"all accept4 {errno.EMFILE} 0")
        with socket.socket(socket.AF_UNIX) as s:
            s.settimeout(10 * SLOW)
            s.connect(f"{FOLDER}/smcroute.sock")
            wait("five refusals", lambda: tried() >= 5)
            arm("")
            assert s.recv(100).startswith(b"smcroute 1 "), "no greeting"
        assert log().count("can't take a connection") == spell, f"not said once: {log()}"
        daemon.ask("version")
    daemon.stop()


def hunger(want):
    """Memory runs out in the middle of work."""
    global trials
    for call in MEMORY:
        for n in (1, 3, 10, 30):
            trials += 1
            arm("")
            daemon = Daemon()
            daemon.ready()
            arm(f"nth {call} {errno.ENOMEM} {n}")
            try:
                for _ in range(3):
                    daemon.ask("add eth0 10.0.0.77 225.7.7.7 eth1\njoin eth0 225.7.7.0/28\nreload")
            except (ConnectionRefusedError, FileNotFoundError):
                pass
            arm("")
            try:
                daemon.process.wait(1)
                assert daemon.process.returncode == 71 and "out of memory" in log(), "no clean end"
            except subprocess.TimeoutExpired:
                daemon.stop()


def main():
    arm("")
    daemon = Daemon()
    assert daemon.ready(), "the start without faults"
    want = (kernel(), joined())
    assert len(want[0]) == 6, want
    daemon.stop()
    try:
        starts(want)
        patience(want)
        works(want)
        lost_news(want)
        crowd()
        hunger(want)
    except BaseException:
        with open(FAIL, encoding="ascii") as file:
            print("armed was:", file.read())
        if hit():
            with open(FAIL + ".log", encoding="ascii") as file:
                print("failed did:", file.read()[-300:])
        print("wanted:", json.dumps([sorted(want[0]), want[1]]))
        print("there is:", json.dumps([sorted(kernel()), joined()]))
        raise
    print(f"{trials} trials, {hits} with a fault")
    assert hits > trials / 4, "the faults did not come"


main()
