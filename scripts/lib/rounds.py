"""Interleaved rounds of wrk over servers that do the same: every other round runs in reverse order, so that the drift of the
machine falls on all of them, and ratios are of runs of the same round."""

import re
import statistics
import subprocess

from serving import cpu_seconds, say

CONNECTIONS = 64

RANGES = """
local size, length = %d, 65536
math.randomseed(%d)
request = function()
  local first = math.random(0, size / length - 1) * length
  wrk.headers["Range"] = string.format("bytes=%%d-%%d", first, first + length - 1)
  return wrk.format("GET", nil)
end
"""

POLLS = """
local paths, next = {}, 0
for line in io.lines("%s") do paths[#paths + 1] = line end
request = function()
  next = next %% #paths + 1
  return wrk.format("GET", paths[next])
end
"""


def drive(server, path, seconds, script=None, connections=CONNECTIONS, headers=()):
    """One run of wrk: requests per second, CPU microseconds per request, MiB per second, the p99 in milliseconds, and what went
    wrong."""
    command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "10s", "--latency"]
    for header in headers:
        command += ["-H", header]
    if script:
        command += ["-s", script]
    cpu = cpu_seconds(server.pid)
    done = subprocess.run([*command, server.url + path], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=True)
    cpu = cpu_seconds(server.pid) - cpu
    requests = int(re.search(r"(\d+) requests in", done.stdout)[1])
    wrong = sum(map(int, re.findall(r"(?:Non-2xx or 3xx responses:|connect|read|write|timeout) (\d+)", done.stdout)))
    return {
        "rate": float(re.search(r"Requests/sec:\s+([\d.]+)", done.stdout)[1]), "cpu": cpu * 1e6 / max(1, requests),
        "p99": milliseconds(re.search(r"99%\s+([\d.]+)(\w+)", done.stdout)), "wrong": wrong,
    }


def milliseconds(found):
    return float(found[1]) * {"us": 0.001, "ms": 1, "s": 1000, "m": 60_000}[found[2]]


def interleave(name, targets, options):
    """Runs by name of the target; targets are functions of seconds, by name. Each is run once before, which is not counted."""
    say(f"{name}: {options.rounds} rounds of {options.seconds} s each")
    runs = {target: [] for target in targets}
    for run in targets.values():
        run(1)
    for number in range(options.rounds):
        for target in targets if number % 2 == 0 else reversed(targets):
            runs[target].append(targets[target](options.seconds))
    if wrong := sum(run["wrong"] for several in runs.values() for run in several):
        say(f"{name}: {wrong} requests went wrong; these figures are not to be trusted")
    return runs


def median(runs, key):
    return statistics.median(run[key] for run in runs)


def ratio(ours, theirs, key):
    """The median of the ratios of each round, with the range."""
    ratios = [a[key] / b[key] for a, b in zip(ours, theirs) if b[key]] or [0]
    return f"{statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})"


def compare(name, targets, options):
    """A row of medians for `targets`, which are (server, path, script)."""
    runs = interleave(name, {
        server.name: lambda seconds, server=server, path=path, script=script: drive(server, path, seconds, script)
        for server, path, script in targets}, options)
    ours, theirs = runs["Firmament"], runs["nginx"]
    return [
        name, f"{median(ours, 'rate'):,.0f}", f"{median(theirs, 'rate'):,.0f}", ratio(ours, theirs, "rate"),
        f"{median(ours, 'cpu'):.1f}", f"{median(theirs, 'cpu'):.1f}", ratio(ours, theirs, "cpu"),
        str(sum(run["wrong"] for run in ours + theirs)),
    ]
