"""Measures values of resources for scripts/bench: acknowledged writes beside what SQLite itself does, and reads of a full store
beside reads of a small one."""

import http.client
import pathlib
import statistics
import subprocess
import threading

WRITES = """
local paths, next = {}, 0
for line in io.lines("%s") do paths[#paths + 1] = line end
request = function()
  next = next %% #paths + 1
  return wrk.format("POST", paths[next], nil, '{"values":[{"key":"temperature","value":' .. next .. '}]}')
end
"""

READS = """
local paths, next = {}, 0
for line in io.lines("%s") do paths[#paths + 1] = line end
math.randomseed(%d)
request = function() return wrk.format("GET", paths[math.random(#paths)]) end
"""

BATCH = 1000


def one_by_one(folder):
    """The program that inserts through SQLite's own library, compiled."""
    source = pathlib.Path(__file__).with_name("one_by_one.c")
    program = folder / "one_by_one"
    subprocess.run(["cc", "-O2", "-o", program, source, "-lsqlite3"], check=True)
    return program


def writes(bench, server, folder, tokens, options):
    """A row: acknowledged single-record writes a second from 64 connections, beside SQLite's own one-by-one rate."""
    bench.say(f"writes: {options.rounds} rounds of {options.seconds} s each")
    (folder / "write-paths").write_text("".join(f"/v2/things/{token}\n" for token in tokens))
    script = folder / "writes.lua"
    script.write_text(WRITES % (folder / "write-paths"))
    program = one_by_one(folder)
    path = f"/v2/things/{tokens[0]}"
    bench.drive(server, path, 1, script)
    ours, theirs, wrong = [], [], 0
    for number in range(options.rounds):
        def ask_server():
            nonlocal wrong
            run = bench.drive(server, path, options.seconds, script)
            wrong += run["wrong"]
            ours.append(run)

        def ask_library():
            done = subprocess.run(
                [program, folder / "one_by_one.sqlite", str(options.seconds)], capture_output=True, text=True, check=True)
            theirs.append(float(done.stdout))

        for part in (ask_server, ask_library) if number % 2 == 0 else (ask_library, ask_server):
            part()
    ratios = [run["rate"] / rate for run, rate in zip(ours, theirs)]
    return [
        "single-record write, durable", f"{statistics.median(run['rate'] for run in ours):,.0f}",
        f"{statistics.median(theirs):,.0f}",
        f"{statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})",
        f"{statistics.median(run['cpu'] for run in ours):.1f}", str(wrong),
    ]


def fill_values(server, tokens, count):
    """Writes `count` values, spread over the things, a thousand to a write, oldest first."""
    batches = [(token, number) for number in range(-(-count // (BATCH * len(tokens)))) for token in tokens]
    batches = batches[:-(-count // BATCH)]
    lock = threading.Lock()

    def work():
        connection = http.client.HTTPConnection(server.host, server.port, timeout=120)
        while True:
            with lock:
                if not batches:
                    return
                token, number = batches.pop()
            first = 1_600_000_000_000 + number * BATCH * 1000
            values = ",".join(
                f'{{"key":"temperature","value":{second % 50},"datetime":{first + second * 1000}}}' for second in range(BATCH))
            connection.request("POST", f"/v2/things/{token}", f'{{"values":[{values}]}}')
            answer = connection.getresponse()
            answer.read()
            if answer.status != 201:
                raise SystemExit(f"a write answered {answer.status}")

    workers = [threading.Thread(target=work) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()


def reads(bench, folder, options):
    """A row: reads of the newest ten values with `options.values` in the store beside reads with ten thousand."""
    servers = []
    try:
        for name, count in (("full", options.values), ("small", min(10_000, options.values))):
            store = folder / f"values-{name}"
            server, _ = bench.start_firmament(store, open(folder / f"values-{name}.log", "wb"))
            server.name = name
            servers.append(server)
            place = folder / name
            place.mkdir()
            tokens, _ = bench.fill(server, place, store, min(1000, max(1, count // BATCH)))
            bench.say(f"Writing {count:,} values")
            fill_values(server, tokens, count)
            (folder / f"read-paths-{name}").write_text(
                "".join(f"/v2/things/{token}/resources/temperature?limit=10\n" for token in tokens))
            (folder / f"reads-{name}.lua").write_text(READS % (folder / f"read-paths-{name}", 1))
        bench.say(f"reads: {options.rounds} rounds of {options.seconds} s each")
        runs = {server.name: [] for server in servers}
        for number in range(options.rounds):
            for server in servers if number % 2 == 0 else reversed(servers):
                runs[server.name].append(
                    bench.drive(server, "/", options.seconds, folder / f"reads-{server.name}.lua"))
    finally:
        for server in servers:
            bench.stop(server.process)
    ratios = [a["rate"] / b["rate"] for a, b in zip(runs["full"], runs["small"])]
    return [
        f"newest ten of {options.values:,} values, beside 10,000",
        f"{statistics.median(run['rate'] for run in runs['full']):,.0f}",
        f"{statistics.median(run['rate'] for run in runs['small']):,.0f}",
        f"{statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})",
        f"{statistics.median(run['cpu'] for run in runs['full']):.1f}",
        str(sum(run["wrong"] for runs_of in runs.values() for run in runs_of)),
    ]
