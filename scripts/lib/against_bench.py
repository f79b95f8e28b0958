"""The table of the hot path: Firmament beside nginx with static files of the same size, and beside goosebit, in one run."""

import os
import pathlib
import statistics

import busy_bench
import cold_bench
import goosebit_bench
import serving
import tls_bench
from hot_fleet import VERSION, HotFleet
from rounds import drive, interleave, median, ratio

# By name of the row: what it is, the goal of the ratio of rates and that of the CPU per request.
ROWS = {
    "poll": ("poll, kept alive (200)", "≥ 1.2", "≤ 0.8"),
    "unchanged": ("poll, kept alive (304), of the same static file", "≥ 1.2", "≤ 0.8"),
    "unchanged-both": ("the same, of a 304 for the static file", "", ""),
    "closing": ("poll on a new TCP connection each", "≥ 1.0", "≤ 1.6"),
    "version": ("poll with a running version in its query", "≥ 1.1", "≤ 0.9"),
    "ranges": ("64 KiB range of a hot 1 MiB image", "≥ 1.0", "≤ 1.1"),
    "image": ("whole hot 1 MiB image, 64 connections", "≥ 0.8, stretch 0.9", "≤ 1.5, stretch 1.3"),
    "image-4": ("the same, 4 connections", "≥ 1.4", "≤ 0.7"),
    "cold": ("", "≥ 0.9", "≤ 1.5"),
    "tls-image": ("whole 1 MiB over TLS 1.3", "≥ 1.0", "≤ 0.7"),
    "tls-range": ("64 KiB range over TLS 1.3", "≥ 1.0", "≤ 0.7"),
    "tls-poll": ("poll over TLS 1.3, kept alive", "≥ 0.9, stretch 1.0", "≤ 1.2"),
    "tls-full": ("poll on a new TLS connection each, full handshake", "≥ 0.55, stretch 0.8", "≤ 1.7"),
    "tls-resumed": ("poll on a new TLS connection each, resumed", "≥ 0.9", "≤ 1.2"),
    "controller": ("DDI poll", "≥ 0.9", "≤ 1.4"),
    "goosebit-poll": ("poll, beside goosebit's", "≥ 200", ""),
    "goosebit-image": ("1 MiB download, 16 connections, beside goosebit's", "≥ 18", ""),
}
HEAD = ["Work", "Ratio (range)", "Goal", "CPU per request, ratio (range)", "Goal", "Firmament /s", "other /s", "µs", "other µs",
        "errors"]


def row(name, runs, work=None):
    """Medians of interleaved runs; "not there" where there are none."""
    said, rate_goal, cpu_goal = ROWS[name]
    if not runs:
        return [work or said, "not there", rate_goal, "", cpu_goal, *[""] * 5]
    ours, theirs = runs.values()
    return [
        work or said, ratio(ours, theirs, "rate"), rate_goal, ratio(ours, theirs, "cpu"), cpu_goal,
        *(f"{median(side, 'rate'):,.0f}" for side in (ours, theirs)),
        *(f"{median(side, 'cpu'):,.1f}" for side in (ours, theirs)), str(sum(run["wrong"] for run in ours + theirs)),
    ]


def is_there(server, path, headers, status):
    """Whether the server answers so; where it does not, a row of it would tell nothing."""
    try:
        serving.ask(server, path, headers, status)
    except SystemExit as failure:
        serving.say(str(failure))
        return False
    return True


def over_tcp(fleet, ours, theirs, scripts, options):
    """Runs by row."""
    def polls(name, against=None):
        pair = scripts[name][0], scripts[against or name][1]
        return interleave(name, {
            server.name: lambda seconds, server=server, script=script: drive(server, "/", seconds, script)
            for server, script in zip((ours, theirs), pair)}, options)

    def images(connections):
        return interleave(f"whole images, {connections} connections", {
            server.name: lambda seconds, server=server, path=path: drive(server, path, seconds, connections=connections)
            for server, path in ((ours, fleet.image_path), (theirs, "/image"))}, options)

    # The first poll noted what was offered, which is a change of the thing: the second one is remembered.
    fleet.poll_all(ours)
    runs = {name: polls(name) for name in ("ranges", "closing", "poll")}
    # Tags may have changed with what the polls said.
    tag = fleet.tags[0]
    if is_there(ours, f"/v2/things/{fleet.tokens[0]}/firmwares/latest", {"If-None-Match": tag}, 304):
        runs["unchanged"] = polls("unchanged", against="poll")
        runs["unchanged-both"] = polls("unchanged")
    if is_there(ours, fleet.controllers[0], fleet.authorization, 200):
        runs["controller"] = polls("controller")
    # A thing asks the same each time. What is measured is not the first of these polls, and what follows not the first of others.
    fleet.poll_all(ours, query=VERSION)
    runs["version"] = polls("version")
    fleet.poll_all(ours)
    return runs | {"image": images(64), "image-4": images(4)}


def time_starts(fleet, folder, options):
    """Seconds to the ready line with the fleet in the store and with an empty one, in turns, and memory then: (full, empty) of
    lists of both."""
    full, empty = [], []
    for number in range(options.starts):
        for place, kept in ((fleet.store, full), (folder / "empty", empty)):
            log = open(folder / f"start-{number}-{place.name}.log", "wb")
            server, seconds = serving.start_firmament(place, log)
            kept.append((seconds, serving.resident_mib(server.pid)))
            serving.stop(server.process)
    return full, empty


def growth_while_idle(server, path, count):
    before = serving.resident_mib(server.pid)
    with serving.idle_connections(server, path, count):
        return (serving.resident_mib(server.pid) - before) * 1024 / count


def poll_first(fleet, server):
    """Polls each thing once, one half of the fleet after the other: MiB of memory before, between and after, and the seconds."""
    half = len(fleet.tokens) // 2
    serving.say(f"Polling each of {len(fleet.tokens):,} things once")
    memory, seconds = [serving.resident_mib(server.pid)], 0
    for part in (fleet.tokens[:half], fleet.tokens[half:]):
        seconds += fleet.poll_all(server, part)
        memory.append(serving.resident_mib(server.pid))
    return memory, seconds


def memory_rows(fleet, starts, known, idle, count):
    """What the database keeps of its file in memory is bounded and full by the time that half of the fleet has polled, if it is a
    large one; what memory grows by from then on is the things' own."""
    full, empty = starts
    (fresh, between, after), seconds = known
    ready = [statistics.median(one[0] for one in side) for side in (full, empty)]
    half = len(fleet.tokens) // 2
    first = (between - fresh) * serving.MIB / half
    second = (after - between) * serving.MIB / (len(fleet.tokens) - half)
    return [
        ["memory, idle, empty store", f"{statistics.median(one[1] for one in empty):.1f} MiB", "", "", "≤ 40 MB"],
        [f"memory after {len(fleet.tokens):,} things have polled once ({seconds:.0f} s)", f"{after:.1f} MiB", "", "", "≤ 450 MB"],
        ["growth for each of the first half of them, while the database's cache fills", f"{first:.0f} bytes", "", "", ""],
        ["growth for each of the second half, when it is full", f"{second:.0f} bytes", "", "", "≤ 400 bytes"],
        [f"each of {count:,} idle connections", f"{idle[0]:.1f} KiB", f"{idle[1]:.1f} KiB", "", "≤ 6 KiB"],
        [f"to the ready line: {len(fleet.tokens):,} things, empty store", f"{ready[0] * 1000:.0f} ms, {ready[1] * 1000:.0f} ms", "",
         f"{ready[0] / ready[1]:.2f}", "≤ 1.5"],
    ]


def measure(folder, options):
    """Prints two tables."""
    fleet = HotFleet(folder, options)
    fleet.make()
    starts = time_starts(fleet, folder, options)
    tls = tls_bench.make_certificate(folder) if tls_bench.is_offered() else None
    runs, servers = {}, []
    try:
        ours, _ = fleet.start()
        servers.append(ours)
        known = poll_first(fleet, ours)
        fleet.look(ours)
        certificate = tls or tls_bench.make_certificate(folder)
        theirs, theirs_tls = serving.start_nginx(folder, fleet.static_files(), certificate)
        servers.append(theirs)
        static_tag = serving.ask(theirs, "/v2/things/firmwares/latest")[0]["ETag"]
        scripts = fleet.scripts(static_tag)
        count = serving.idle_count(options.idle)
        idle = [growth_while_idle(server, path, count) for server, path in (
            (ours, f"/v2/things/{fleet.tokens[0]}/firmwares/latest"), (theirs, "/v2/things/firmwares/latest"))]
        second = memory_rows(fleet, starts, known, idle, count)
        if "nginx" in options.against:
            runs |= over_tcp(fleet, ours, theirs, scripts, options)
            cold_name, runs["cold"] = cold_bench.measure(
                (ours, fleet.big_path, stored(fleet)), (theirs, "/big", folder / "static/big"), options)
        if "goosebit" in options.against:
            runs |= goosebit_bench.measure(fleet, ours, scripts, options)
        if "nginx" in options.against:
            # Last of what is asked over TCP, since it leaves things with more to be decided.
            second += busy_bench.measure(fleet, ours, theirs, scripts, options)
        if "nginx" in options.against and tls:
            serving.stop(ours.process)
            secured, _ = fleet.start("--tls-certificate", str(tls[0]), "--tls-key", str(tls[1]))
            servers.append(secured)
            # As before: what is measured is a poll of a thing that is known and was told of what has changed.
            serving.say(f"Polling each of {len(fleet.tokens):,} things twice over TLS")
            for _ in range(2):
                fleet.poll_all(secured)
            runs |= tls_bench.measure(fleet, secured, theirs_tls, scripts, options)
    finally:
        for server in servers:
            serving.stop(server.process)
    names = [name for name in ROWS if any(against in options.against and is_of(name, against) for against in options.against)]
    print_method(fleet, options)
    serving.table(HEAD, [row(name, runs.get(name), cold_name if name == "cold" else None) for name in names])
    serving.table(["", "Firmament", "nginx", "ratio", "Goal"], second)


def is_of(name, against):
    return name.startswith("goosebit") == (against == "goosebit")


def stored(fleet):
    """The file of the big image in the store."""
    size = fleet.big.stat().st_size
    return next(path for path in pathlib.Path(fleet.store, "images").rglob("*") if path.is_file() and path.stat().st_size == size)


def print_method(fleet, options):
    print(
        f"`scripts/bench --against {','.join(sorted(options.against, reverse=True))}`: {options.rounds} interleaved rounds of "
        f"{options.seconds} s, medians (range of the rounds); {os.cpu_count()} cores shared by the client and the server; wrk with "
        f"one thread and 64 connections where nothing else is said. {len(fleet.tokens):,} things with tokens in random order, "
        f"{options.rollouts} running rollouts that are asked for each of them, and a publication; a poll's answer of "
        f"{len(fleet.poll)} bytes, a DDI poll's of {len(fleet.controller_poll)}.\n")
