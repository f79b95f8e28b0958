#!/usr/bin/env python3
"""Measures subscriptions: what each costs the server, and how soon a write reaches all of them. Prints JSON.

    scripts/lib/live_bench.py --url http://127.0.0.1:PORT --pid PID [--subscriptions N] [--posts N] TOKEN...

The subscriptions to `/v2/things/TOKEN` are spread over the tokens in equal parts. Then values are written for one thing after
the other, the next when the last subscriber has the one before. The delays include this program's own reading of what arrives,
which for thousands of subscribers on the same processors is a good part of them; the server's CPU does not.
"""

import argparse
import json
import os
import pathlib
import re
import resource
import select
import socket
import sys
import time
import urllib.parse

SUBSCRIBED = b'"message":"subscribed"}\r\n'
PATIENCE = 60


def resident_kib(pid):
    return int(re.search(r"^VmRSS:\s+(\d+)", pathlib.Path(f"/proc/{pid}/status").read_text(), re.M)[1])


def cpu_seconds(pid):
    """Of all threads, to the nanosecond where the system tells, else to the tick."""
    try:
        return sum(int(task.read_text().split()[0]) for task in pathlib.Path(f"/proc/{pid}/task").glob("*/schedstat")) / 1e9
    except OSError:
        fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def system_ticks(pid):
    """Ticks of all CPU time, and of that in the system."""
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12]), int(fields[12])


def raise_file_limit():
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


class Subscribers:
    def __init__(self, address, tokens, count):
        self.poller = select.epoll()
        self.sockets = {}
        self.of_token = {token: 0 for token in tokens}
        waiting = {}
        for number in range(count):
            token = tokens[number % len(tokens)]
            one = socket.create_connection(address, timeout=PATIENCE)
            one.sendall(f"GET /v2/things/{token}?keepAlive=600000 HTTP/1.1\r\nHost: {address[0]}\r\n\r\n".encode())
            one.setblocking(False)
            self.sockets[one.fileno()] = one
            self.of_token[token] += 1
            waiting[one.fileno()] = b""
            self.poller.register(one.fileno(), select.EPOLLIN)
            if len(waiting) >= 200:
                self._take_beginnings(waiting)
        self._take_beginnings(waiting)

    def _take_beginnings(self, waiting):
        end = time.monotonic() + PATIENCE
        while waiting:
            for descriptor, _ in self._ready(end):
                got = self.sockets[descriptor].recv(4096)
                waiting[descriptor] += got
                if not got or waiting[descriptor].startswith(b"HTTP/1.1 ") and b" 200 OK" not in waiting[descriptor][:20]:
                    sys.exit(f"a subscription was refused: {waiting[descriptor][:200]!r}")
                if waiting[descriptor].endswith(SUBSCRIBED):
                    del waiting[descriptor]

    def _ready(self, end):
        ready = self.poller.poll(max(0, end - time.monotonic()), 4096)
        if not ready and time.monotonic() >= end:
            sys.exit("nothing came any more")
        return ready

    def take_message(self, count, started):
        """Reads one chunk from each of so many subscribers; when each came, in seconds."""
        delays = []
        end = time.monotonic() + PATIENCE
        while len(delays) < count:
            for descriptor, _ in self._ready(end):
                got = self.sockets[descriptor].recv(65536)
                if not got:
                    sys.exit("a subscription ended")
                if got.endswith(b"}]\r\n"):
                    delays.append(time.perf_counter() - started)
        return delays


def post(writer, host, token, number):
    body = json.dumps({"values": [{"key": "bench", "value": number}]}, separators=(",", ":")).encode()
    head = f"POST /v2/things/{token} HTTP/1.1\r\nHost: {host}\r\nContent-Length: {len(body)}\r\n\r\n"
    started = time.perf_counter()
    writer.sendall(head.encode() + body)
    return started


def take_answer(writer):
    answer = b""
    while b"\r\n\r\n" not in answer or not answer.endswith(b"}"):
        piece = writer.recv(4096)
        if not piece:
            break
        answer += piece
    return answer


def part(values, fraction):
    values = sorted(values)
    return values[min(len(values) - 1, int(len(values) * fraction))]


def delivery(subscribers, address, tokens, posts, pid):
    writer = socket.create_connection(address, timeout=PATIENCE)
    post(writer, address[0], tokens[0], 0)
    answer = take_answer(writer)
    if not answer.startswith(b"HTTP/1.1 201"):
        return {"refused": answer.decode()}
    subscribers.take_message(subscribers.of_token[tokens[0]], 0)
    last, every, before, ticks = [], [], cpu_seconds(pid), system_ticks(pid)
    for number in range(1, posts + 1):
        token = tokens[number % len(tokens)]
        started = post(writer, address[0], token, number)
        delays = subscribers.take_message(subscribers.of_token[token], started)
        take_answer(writer)
        last.append(max(delays))
        every += delays
    used = cpu_seconds(pid) - before
    all_ticks, in_system = (after - first for after, first in zip(system_ticks(pid), ticks))
    return {
        "posts": posts,
        "delivered": len(every),
        "lastDeliveryMs": {"p50": round(part(last, 0.5) * 1e3, 2), "p99": round(part(last, 0.99) * 1e3, 2)},
        "everyDeliveryMs": {"p50": round(part(every, 0.5) * 1e3, 2), "p99": round(part(every, 0.99) * 1e3, 2)},
        "serverCPUMicrosecondsPerDelivery": round(used * 1e6 / max(1, len(every)), 2),
        "systemPart": round(in_system / max(1, all_ticks), 2),
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--url", required=True)
    parser.add_argument("--pid", type=int, required=True)
    parser.add_argument("--subscriptions", type=int, default=10_000)
    parser.add_argument("--posts", type=int, default=200)
    parser.add_argument("tokens", nargs="+")
    arguments = parser.parse_args()
    raise_file_limit()
    url = urllib.parse.urlsplit(arguments.url)
    address = (url.hostname, url.port)
    before = resident_kib(arguments.pid)
    started = time.perf_counter()
    subscribers = Subscribers(address, arguments.tokens, arguments.subscriptions)
    opened = time.perf_counter() - started
    after = resident_kib(arguments.pid)
    result = {
        "subscriptions": arguments.subscriptions,
        "tokens": len(arguments.tokens),
        "openedPerSecond": round(arguments.subscriptions / opened),
        "residentKiB": {"before": before, "after": after},
        "kibPerSubscription": round((after - before) / arguments.subscriptions, 2),
        "delivery": delivery(subscribers, address, arguments.tokens, arguments.posts, arguments.pid),
    }
    json.dump(result, sys.stdout, indent=2)
    print()


if __name__ == "__main__":
    main()
