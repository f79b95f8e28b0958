"""The delay of polls while others keep the service busy: images that are uploaded, a rollout that starts, and values that are
written at a steady rate."""

import contextlib
import pathlib
import re
import subprocess
import threading

import hot_fleet
import resource_bench
import rollout_bench
import serving
from rounds import drive

WRITES = 5000
# Each connection writes, waits for the answer and these milliseconds, and writes again.
PAUSE, WRITERS = 10, 64
WRITE_SCRIPT = resource_bench.WRITES + "delay = function() return %d end\n"


class Load:
    """What keeps the service busy until it is told to end. `uploads` and `writes` (a second) tell what was done."""

    def __init__(self, fleet, server, options):
        self.fleet, self.server, self.options = fleet, server, options
        self.uploads, self.writes, self.ended = 0, 0.0, threading.Event()
        self.source = fleet.folder / "upload.bin"
        hot_fleet.write_random(self.source, options.upload)
        (fleet.folder / "busy-paths").write_text("".join(f"/v2/things/{token}\n" for token in fleet.tokens[:10_000]))
        self.script = fleet.folder / "busy.lua"
        self.script.write_text(WRITE_SCRIPT % (fleet.folder / "busy-paths", PAUSE))

    def upload(self):
        while not self.ended.is_set():
            number = self.uploads + 1
            # Else the server would have these bytes already.
            with open(self.source, "r+b") as file:
                file.write(number.to_bytes(8, "big"))
            serving.firmament(
                self.server, self.fleet.store, "upload", self.source, "--model", hot_fleet.BIG_MODEL, "--mcu", rollout_bench.MCU,
                "--version", f"9.0.{number}", "--key", self.fleet.folder / "hot.pem")
            self.uploads += 1

    def start_rollout(self):
        operator = rollout_bench.Operator(self.server, self.fleet.store)
        operator.start(target="tag==fleet", gate="resource.battery>100", stages=["100%"])

    @contextlib.contextmanager
    def going_on(self, seconds):
        """For at least these seconds; how many values were written is known afterwards."""
        self.ended.clear()
        uploading, starting = threading.Thread(target=self.upload), threading.Thread(target=self.start_rollout)
        writing = subprocess.Popen(
            ["wrk", "-t1", f"-c{WRITERS}", f"-d{seconds + 2}s", "-s", self.script, self.server.url + "/"],
            stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True)
        uploading.start()
        starting.start()
        try:
            yield
        finally:
            self.ended.set()
            printed, _ = writing.communicate()
            uploading.join()
            starting.join()
        self.writes = float(re.search(r"Requests/sec:\s+([\d.]+)", printed)[1])


def measure(fleet, ours, theirs, scripts, options):
    """Rows: the p99 of polls of both with and without the load, which is always on Firmament."""
    load, seconds = Load(fleet, ours, options), max(options.seconds, 5)
    serving.say("polls beside uploads, a rollout's start and writes")
    sides = ((ours, scripts["poll"][0]), (theirs, scripts["poll"][1]))
    quiet = [drive(server, "/", seconds, script)["p99"] for server, script in sides]
    busy, writes = [], []
    for server, script in sides:
        uploads = load.uploads
        with load.going_on(seconds):
            busy.append(drive(server, "/", seconds, script)["p99"])
        writes.append(load.writes)
        serving.say(f"{server.name}: {load.uploads - uploads} uploads, {load.writes:,.0f} writes/s")
    name = (f"p99 of polls beside uploads of {options.upload} MB, a rollout's start and "
            f"{writes[0]:,.0f} writes/s (wanted: {WRITES:,})")
    return [
        ["p99 of polls, nothing beside", f"{quiet[0]:.2f} ms", f"{quiet[1]:.2f} ms", f"{quiet[0] / quiet[1]:.1f}", ""],
        [name + "; nginx alone", f"{busy[0]:.2f} ms", f"{quiet[1]:.2f} ms", f"{busy[0] / quiet[1]:.1f}", "< 5"],
        ["the same; nginx beside the same", f"{busy[0]:.2f} ms", f"{busy[1]:.2f} ms", f"{busy[0] / busy[1]:.1f}", ""],
    ]
