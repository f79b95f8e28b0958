"""The delay of polls while others keep the service busy: images that are uploaded, a rollout that starts, and values that are
written at a steady rate."""

import contextlib
import json
import pathlib
import signal
import subprocess
import threading

import hot_fleet
import rollout_bench
import serving
from rounds import CONNECTIONS

# Values a second, over so many connections, to so many things in turn.
WRITES, WRITERS, WRITTEN = 5000, 256, 10_000
# Polls a second where not as many are asked as can be answered.
POLLS = 10_000
# Longer than any load goes on.
ENDLESS = 3600


class SteadyRequests:
    """A client that sends requests at a steady rate, compiled into the folder."""

    def __init__(self, folder):
        self.program = folder / "steady_requests"
        source = pathlib.Path(__file__).with_name("steady_requests.c")
        subprocess.run(["cc", "-O2", "-D_GNU_SOURCE", "-o", self.program, source], check=True)

    def start(self, server, requests, status, rate, connections, seconds):
        """Begins to send the lines of the file; a rate of 0 is as fast as answers come."""
        return subprocess.Popen(
            [self.program, server.host, str(server.port), requests, str(status), str(rate), str(connections), str(seconds)],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)

    @staticmethod
    def result(process):
        """Answers a second, the p99 in milliseconds, and what went wrong, once it has ended."""
        printed, _ = process.communicate()
        if process.returncode:
            raise SystemExit(f"steady_requests failed with {process.returncode}")
        answers, wrong, seconds, _, p99, _ = map(float, printed.split())
        return {"rate": answers / max(seconds, 0.001), "p99": p99, "wrong": int(wrong)}

    def poll(self, server, requests, rate, seconds):
        return self.result(self.start(server, requests, 200, rate, CONNECTIONS, seconds))


class Load:
    """What keeps the service busy until it is told to end. `uploads` and `writes` tell what was done."""

    def __init__(self, fleet, server, client, options):
        self.fleet, self.server, self.client = fleet, server, client
        self.uploads, self.writes, self.ended = 0, None, threading.Event()
        self.operator = rollout_bench.Operator(server, fleet.store)
        self.source = fleet.folder / "upload.bin"
        hot_fleet.write_random(self.source, options.upload)
        self.requests = fleet.folder / "writes.requests"
        with open(self.requests, "w") as file:
            for number, token in enumerate(fleet.tokens[:WRITTEN]):
                body = json.dumps({"values": [{"key": "temperature", "value": number}]})
                file.write(f"POST /v2/things/{token} HTTP/1.1|Host: bench|Content-Length: {len(body)}||{body}\n")

    def upload(self):
        while not self.ended.is_set():
            number = self.uploads + 1
            # Else the server would have these bytes already.
            with open(self.source, "r+b") as file:
                file.write(number.to_bytes(8, "big"))
            serving.firmament(
                self.server, self.fleet.store, "upload", self.source, "--model", hot_fleet.BIG_MODEL,
                "--mcu", rollout_bench.MCU, "--version", f"9.0.{number}", "--key", self.fleet.folder / "hot.pem")
            self.uploads += 1

    @contextlib.contextmanager
    def going_on(self):
        """The rollout ends once all things were counted for it, so that nothing of the load is left over."""
        self.ended.clear()
        uploading = threading.Thread(target=self.upload)
        writing = self.client.start(self.server, self.requests, 201, WRITES, WRITERS, ENDLESS)
        uploading.start()
        try:
            rollout, _ = self.operator.start(target="tag==fleet", gate="resource.battery>100", stages=["100%"])
            yield
        finally:
            writing.send_signal(signal.SIGTERM)
            self.writes = self.client.result(writing)
            self.ended.set()
            uploading.join()
        self.operator.wait(rollout, lambda seen: seen["things"] >= len(self.fleet.tokens))
        self.operator.ask("POST", f"/api/v1/rollouts/{rollout}/cancel")


def measure(fleet, ours, theirs, scripts, options):
    """Rows: the p99 of polls of both with and without the load, which is always on Firmament; of as many polls as are answered,
    and of some at a steady rate."""
    client, seconds = SteadyRequests(fleet.folder), max(options.seconds, 5)
    load = Load(fleet, ours, client, options)
    sides = [(server, script.with_suffix(".requests")) for server, script in zip((ours, theirs), scripts["poll"])]
    kinds = {f"{CONNECTIONS} connections, each of which asks without end": 0, f"{POLLS:,} polls a second": POLLS}
    serving.say(f"polls beside uploads, a rollout's start and writes, {seconds} s each")
    quiet = {kind: [client.poll(*side, rate, seconds) for side in sides] for kind, rate in kinds.items()}
    rows = []
    for kind, rate in kinds.items():
        busy, loads = [], []
        for side in sides:
            uploads = load.uploads
            with load.going_on():
                busy.append(client.poll(*side, rate, seconds))
            loads.append(load.writes)
            serving.say(
                f"{kind}, {side[0].name}: {busy[-1]['rate']:,.0f} polls/s, {load.uploads - uploads} uploads, "
                f"{load.writes['rate']:,.0f} writes/s with a p99 of {load.writes['p99']:.0f} ms")
        rows += three_rows(kind, quiet[kind], busy, loads, options)
    return rows


def three_rows(kind, quiet, busy, loads, options):
    """For one kind of polls: both with nothing beside, and Firmament with the load against nginx without and with it."""
    def line(name, ours, theirs, goal=""):
        wrong = "".join(f"; {run['wrong']:,} went wrong" for run in (ours, theirs) if run["wrong"])
        return [name + wrong, f"{ours['p99']:.2f} ms", f"{theirs['p99']:.2f} ms", f"{ours['p99'] / theirs['p99']:.1f}", goal]

    reached = " and ".join(f"{one['rate']:,.0f}" for one in loads)
    wrong = sum(one["wrong"] for one in loads)
    return [
        line(f"p99 of polls, {kind}; nothing beside", *quiet),
        line(f"beside uploads of {options.upload} MB, a rollout's start and {loads[0]['rate']:,.0f} writes/s (wanted: "
             f"{WRITES:,}); nginx alone", busy[0], quiet[1], "< 5"),
        line(f"the same; nginx beside the same ({reached} writes/s, {wrong:,} went wrong)", *busy),
    ]
