#!/usr/bin/env python3
"""Counts what requests cost the server's event loops: how often they ask for memory, and how many instructions they execute.

    scripts/lib/request_costs.py [--executable FILE] [--check [--where-possible] | --update]

It starts the executable (that of the debug build, where none is given) on a store of its own, and sends it one request after the
other, each when the one before is answered. The program runs under Callgrind, which counts
each instruction. Rates depend on the machine and on who else uses it; these counts hardly do. What
threads other than the event loops do beside, such as writing down what was seen of things, is not in them.

Without optimisation, a request takes about ten times the instructions and some more memory. What the counts are good for is that
they grow with what is done for a request: they are compared with those of the same kind of build alone, which are in
request_costs.txt. A person changes these on purpose, by --update; --check fails where a count has grown beyond the tolerance,
and where nothing can be counted, unless it is asked for where possible: then it says why not.
"""

import argparse
import contextlib
import ctypes
import json
import mmap
import os
import pathlib
import re
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time

import serving

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
THRESHOLDS = HERE / "request_costs.txt"
# By as much may a count grow before it is too much: (share, and a number beside it). Allocations are the same on every machine,
# but for what falls due on a loop while the requests run; instructions depend on what the processor offers to the C library.
TOLERANCES = {"allocations": (0.02, 2), "instructions": (0.05, 0)}
# Many short runs: on a busy machine, something else falls due in nearly every long one.
WARM, RUNS, REQUESTS = 40, 15, 10
SYSTEM = ctypes.CDLL(None, use_errno=True)
# The system call that sends a signal to one thread.
TGKILL = {"x86_64": 234, "aarch64": 131}.get(os.uname().machine)


class CannotCount(Exception):
    """Requests cannot be counted on this machine; the text says why."""


def run_or_cannot(command, why, **more):
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace", **more)
    if done.returncode:
        raise CannotCount("\n  ".join([why, *done.stderr.splitlines()[-10:]]))


def compile_counter(folder):
    """What counts inside of the server, compiled by the toolchain's compiler or the system's."""
    compiler = next((name for name in ("clang", "cc") if serving.is_installed(name)), None)
    if not compiler:
        raise CannotCount("there is no C compiler: one comes with the Swift toolchain")
    library = folder / "count_costs.so"
    run_or_cannot(
        [compiler, "-O2", "-shared", "-fPIC", "-o", library, HERE / "count_costs.c"], "what counts cannot be compiled")
    return library


def prepare(executable, folder):
    """The program as Valgrind can run it, and what counts inside of it. Raises CannotCount."""
    if TGKILL is None:
        raise CannotCount(f"how a thread is signalled is not known for {os.uname().machine}")
    for program in ("strip", "valgrind"):
        if not serving.is_installed(program):
            raise CannotCount(f"{program} is not installed")
    # Valgrind cannot read what Swift writes down for debuggers.
    stripped, library = folder / "firmament", compile_counter(folder)
    subprocess.run(["strip", "--strip-debug", "-o", stripped, executable], check=True)
    run_or_cannot(
        ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", stripped, "--version"],
        "Valgrind does not run here", env=os.environ | {"LD_PRELOAD": str(library)})
    return stripped, library


def shared_file(path, size):
    path.write_bytes(bytes(size))
    with open(path, "r+b") as file:
        return mmap.mmap(file.fileno(), size)


class CountedServer:
    """A server under Callgrind, whose event loops' allocations and instructions are counted from its start."""

    def __init__(self, executable, folder):
        self.folder, self.store, self.dumps = folder, folder / "store", 0
        self.counts = shared_file(folder / "counts", 8192)
        stripped, library = prepare(executable, folder)
        serving.EXECUTABLE = executable
        self.server, _ = serving.start_firmament(
            self.store, open(folder / "log", "wb"),
            before=["valgrind", "--tool=callgrind", "--separate-threads=yes", f"--callgrind-out-file={folder}/callgrind"],
            executable=stripped, LD_PRELOAD=str(library), COUNTS_FILE=str(folder / "counts"),
            SWIFT_DETERMINISTIC_HASHING="1")

    def pairs(self):
        return list(struct.iter_unpack("<QQ", self.counts[:16 * 257]))

    def loops(self):
        """The ids of the threads that requests are answered on."""
        found = []
        for task in pathlib.Path(f"/proc/{self.server.pid}/task").iterdir():
            with contextlib.suppress(OSError):
                if (task / "comm").read_text().startswith(("NIO-", "Doorstep-")):
                    found.append(int(task.name))
        return found

    def allocations(self):
        loops = set(self.loops())
        return sum(count for thread, count in self.pairs()[1:] if thread in loops)

    def instructions(self):
        """Those since the last call."""
        loops = self.loops()
        for thread in loops:
            if SYSTEM.syscall(TGKILL, self.server.pid, thread, signal.SIGPROF):
                sys.exit(f"an event loop takes no signal: {os.strerror(ctypes.get_errno())}")
        self.dumps += len(loops)
        while self.pairs()[0][1] < self.dumps:
            if self.server.process.poll() is not None:
                sys.exit("the server ended while it was counted:\n" + (self.folder / "log").read_text(errors="replace"))
            time.sleep(0.002)
        total = 0
        for file in self.folder.glob("callgrind.*"):
            total += int(re.search(r"^totals: (\d+)", file.read_text(errors="replace"), re.M)[1])
            file.unlink()
        return total


def settled(count):
    """A count, once it no longer grows: an answer is with the client before the loop is back where it waits."""
    seen, since = count(), time.monotonic()
    while time.monotonic() < since + 0.02:
        now = count()
        if now != seen:
            seen, since = now, time.monotonic()
    return seen


class Client:
    """Sends one request and reads its answer, over one connection or a new one each time."""

    def __init__(self, server, status, path, headers=(), new_connection=False):
        self.server, self.status, self.new_connection = server, status, new_connection
        lines = [f"GET {path} HTTP/1.1", "Host: bench", *headers]
        if new_connection:
            lines.append("Connection: close")
        self.request = ("\r\n".join(lines) + "\r\n\r\n").encode()
        self.socket = None

    def ask(self):
        if not self.socket:
            self.socket = socket.create_connection((self.server.host, self.server.port), 600)
        self.socket.sendall(self.request)
        received = b""
        while b"\r\n\r\n" not in received:
            received += self.part()
        head, _, body = received.partition(b"\r\n\r\n")
        if int(head.split(b" ", 2)[1]) != self.status:
            sys.exit(f"{self.request.decode()}was answered with {head.decode()}")
        found = re.search(rb"(?im)^content-length: *(\d+)", head)
        left = int(found[1]) - len(body) if found and self.status != 304 else 0
        while left > 0:
            left -= len(self.part())
        if self.new_connection:
            while self.socket.recv(65536):
                pass
            self.close()

    def part(self):
        part = self.socket.recv(1 << 20)
        if not part:
            sys.exit("the server closed a connection that was in use")
        return part

    def close(self):
        if self.socket:
            self.socket.close()
        self.socket = None


def fill(server, folder, store):
    """One thing with an update, and one device of DDI. Returns what to ask for: (name, client) each."""
    tokens, _ = serving.fill(server, folder, store, 1)
    token = tokens[0]
    gateway = serving.firmament(server, store, "model", "gateway-token", "bench", "--json")
    gateway = next(value for value in gateway.values() if isinstance(value, str) and len(value) > 20)
    path = f"/v2/things/{token}/firmwares/latest"
    headers, body = serving.ask(server, path)
    firmware = json.loads(body)["firmwares"][0]
    image = f"/v2/things/{token}/firmwares/download/{firmware['_id']}"
    said = f"{path}?mcu=main&version=0.9.0"
    controller = ("/DEFAULT/controller/v1/bench-device", [f"Authorization: GatewayToken {gateway}"])
    return [
        ("poll", Client(server, 200, path)),
        ("poll-304", Client(server, 304, path, [f"If-None-Match: {headers['ETag']}"])),
        ("poll-saying-a-version", Client(server, 200, said)),
        ("poll-new-connection", Client(server, 200, path, new_connection=True)),
        ("range-64-KiB", Client(server, 206, image, ["Range: bytes=131072-196607"])),
        ("image-1-MiB", Client(server, 200, image)),
        ("ddi-poll", Client(server, 200, *controller)),
    ]


def count(executable):
    """What each request costs: {name: {"allocations": …, "instructions": …}}."""
    with tempfile.TemporaryDirectory(prefix="firmament-costs-") as folder:
        counted = CountedServer(executable, pathlib.Path(folder))
        try:
            return {name: count_one(counted, client) for name, client in fill(counted.server, counted.folder, counted.store)}
        finally:
            serving.stop(counted.server.process)


def count_one(counted, client):
    """Of a few runs of the same requests the least, for each of them: what else was due on the loops is in the others."""
    for _ in range(WARM):
        client.ask()
    # What had to be read or written at first was a matter for the framework, which has the connection since.
    client.close()
    client.ask()
    settled(counted.allocations)
    counted.instructions()
    runs = []
    for _ in range(RUNS):
        before = settled(counted.allocations)
        for _ in range(REQUESTS):
            client.ask()
        runs.append((settled(counted.allocations) - before, counted.instructions()))
    client.close()
    allocations, instructions = (min(run[kind] for run in runs) for kind in (0, 1))
    return {"allocations": round(allocations / REQUESTS), "instructions": round(instructions / REQUESTS)}


# MARK: What they may be

def read_thresholds():
    """By name, what a person has agreed to."""
    thresholds = {}
    for line in THRESHOLDS.read_text().splitlines() if THRESHOLDS.exists() else []:
        if line and not line.startswith("#"):
            name, *pairs = line.split()
            thresholds[name] = {kind: int(number) for kind, number in zip(pairs[::2], pairs[1::2])}
    return thresholds


def write_thresholds(costs):
    lines = [
        "# What a request costs the event loops of the debug build: allocations, and instructions outside of the kernel.",
        "# scripts/check --costs compares; scripts/check --update-costs writes this file anew. See docs/performance.md.",
    ]
    for name, cost in costs.items():
        lines.append(" ".join([f"{name:24}", *(f"{kind} {number}" for kind, number in cost.items())]))
    THRESHOLDS.write_text("\n".join(lines) + "\n")


def differences(costs, thresholds):
    """What has grown by too much, and what has shrunk by as much, as texts."""
    grown, shrunk = [], []
    for name, cost in costs.items():
        for kind, number in cost.items():
            agreed = thresholds.get(name, {}).get(kind)
            if agreed is None:
                grown.append(f"{name}: {number:,} {kind}, and nothing was agreed for it")
                continue
            share, more = TOLERANCES[kind]
            text = f"{name}: {number:,} {kind} in place of {agreed:,} ({number / max(1, agreed) - 1:+.1%})"
            if number > agreed * (1 + share) + more:
                grown.append(text)
            elif number < agreed * (1 - share) - more:
                shrunk.append(text)
    return grown, shrunk


def compare(costs):
    """Fails where something has grown."""
    grown, shrunk = differences(costs, read_thresholds())
    if shrunk:
        print("Less than agreed: scripts/check --update-costs holds it.", *shrunk, sep="\n  ")
    if grown:
        sys.exit("\n  ".join([
            "Requests cost more than was agreed. If that is right, say so with scripts/check --update-costs.", *grown]))


def lesser(costs, others):
    return {name: {kind: min(number, others[name][kind]) for kind, number in cost.items()} for name, cost in costs.items()}


def rows(costs):
    return [[name, f"{cost['allocations']:,}", f"{cost['instructions']:,}"] for name, cost in costs.items()]


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--executable", type=pathlib.Path, default=ROOT / ".build/debug/firmament")
    action = parser.add_mutually_exclusive_group()
    action.add_argument("--check", action="store_true", help="compare with what was agreed")
    action.add_argument("--update", action="store_true", help="make this what was agreed")
    parser.add_argument("--where-possible", action="store_true", help="where nothing can be counted, say so and be content")
    options = parser.parse_args()
    try:
        costs = count(options.executable.resolve())
        if options.check and differences(costs, read_thresholds())[0]:
            # What else the machine does adds to a count now and then, and never takes from it.
            serving.say("Something has grown: counting once more, for the lesser of both counts")
            costs = lesser(costs, count(options.executable.resolve()))
    except CannotCount as reason:
        said = f"What requests cost is not compared with what was agreed, since it cannot be counted here: {reason}"
        if not options.where_possible:
            sys.exit(said)
        print(said)
        return
    serving.table(["", "allocations", "instructions"], rows(costs))
    if options.update:
        write_thresholds(costs)
    elif options.check:
        compare(costs)


if __name__ == "__main__":
    main()
