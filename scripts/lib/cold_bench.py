"""A big image that no memory holds: fetched whole over a few connections at a time, each time from the disk."""

import os
import socket
import subprocess
import threading
import time

import serving
from rounds import interleave
from serving import MIB

CONNECTIONS = 16


def forget(path):
    """Has the system forget the file's pages. Returns the share that it still holds."""
    with open(path, "rb") as file:
        os.fsync(file.fileno())
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
    if not serving.is_installed("fincore"):
        return 1
    done = subprocess.run(
        ["fincore", "--bytes", "--noheadings", "--output", "RES", path], capture_output=True, text=True, check=True)
    return int(done.stdout or 0) / path.stat().st_size


def fetch(server, path, size, failures):
    buffer = bytearray(1 << 18)
    with socket.create_connection((server.host, server.port), 600) as connection:
        connection.sendall(f"GET {path} HTTP/1.1\r\nHost: bench\r\nConnection: close\r\n\r\n".encode())
        head, total = b"", 0
        while b"\r\n\r\n" not in head:
            part = connection.recv(65_536)
            if not part:
                break
            head += part
        total = len(head.partition(b"\r\n\r\n")[2])
        while total < size and (count := connection.recv_into(buffer)):
            total += count
        if total != size or b" 200 " not in head[:16]:
            failures.append(total)


class Peak(threading.Thread):
    """The most memory that a server had while it was looked at, in MiB."""

    def __init__(self, server):
        super().__init__()
        self.server, self.ended = server, threading.Event()
        self.first = self.most = serving.resident_mib(server.pid)

    def run(self):
        while not self.ended.wait(0.05):
            self.most = max(self.most, serving.resident_mib(self.server.pid))

    def stop(self):
        self.ended.set()
        self.join()
        return self.most - self.first


def fetch_all(server, path, file, kept):
    """One run; `kept` is given the share that was in memory before."""
    kept.append(forget(file))
    failures, peak, cpu = [], Peak(server), serving.cpu_seconds(server.pid)
    peak.start()
    began = time.monotonic()
    size = file.stat().st_size
    threads = [threading.Thread(target=fetch, args=(server, path, size, failures)) for _ in range(CONNECTIONS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    seconds = time.monotonic() - began
    mib = CONNECTIONS * size / MIB
    return {
        "rate": mib / seconds, "cpu": (serving.cpu_seconds(server.pid) - cpu) * 1e6 / mib, "wrong": len(failures),
        "grown": peak.stop(),
    }


def measure(ours, theirs, options):
    """Runs of both: (server, path, file) each."""
    kept = []
    name = f"{options.big:,} MiB image, cold, {CONNECTIONS} connections"
    targets = {
        server.name: lambda _, server=server, path=path, file=file: fetch_all(server, path, file, kept)
        for server, path, file in (ours, theirs)}
    runs = interleave(name, targets, options)
    if max(kept) > 0.01:
        serving.say(f"{name}: up to {max(kept):.0%} of the file was in memory: this system does not forget pages on demand")
        name += f" (up to {max(kept):.0%} of it was not)"
    grown = max(run["grown"] for run in runs["Firmament"])
    return f"{name}; memory grew by {grown:.0f} MiB", runs
