"""The store that the table of the hot path is taken on: a fleet with tokens in random order, and rollouts that are asked for each
thing of it. Things are written straight into the catalog's file, as for the rollouts part."""

import concurrent.futures
import json
import random
import time

import rollout_bench
import serving
from rollout_bench import MCU, MODEL, token_of

# wrk asks for random lines of a file, in which a bar stands for each end of a line.
REQUESTS = """
local requests = {}
for line in io.lines("%s") do requests[#requests + 1] = line:gsub("|", "\\r\\n") end
math.randomseed(%d)
request = function() return requests[math.random(#requests)] end
"""
BIG_MODEL = "big"
# What things run, as they say it in a query.
VERSION = "?mcu=main&version=1.0.0"
CONTROLLERS = 200
# Heads of a poll's answer that are kept for polls with If-None-Match.
TAGS = 5000


def poll_path(token):
    return f"/v2/things/{token}/firmwares/latest"


def script(path, lines):
    """A script of wrk that asks for the lines in random order. The requests are in the file beside it, one a line."""
    requests = path.with_suffix(".requests")
    with open(requests, "w") as file:
        file.writelines(f"GET {line}||\n" for line in lines)
    path.write_text(REQUESTS % (requests, len(lines)))
    return path


class HotFleet:
    """The store, and what is asked of it."""

    def __init__(self, folder, options):
        self.folder, self.options, self.store = folder, options, folder / "hot"
        self.tokens = [token_of(number) for number in range(1, options.fleet + 1)]
        random.Random(5).shuffle(self.tokens)
        self.starts = 0

    def start(self, *arguments):
        """The server, and the seconds to its ready line."""
        self.starts += 1
        return serving.start_firmament(self.store, open(self.folder / f"hot-{self.starts}.log", "wb"), *arguments)

    def make(self):
        """Two models: one of the fleet, with an image of 1 MiB, and one with a big image and one thing."""
        server, _ = self.start()
        try:
            self.make_firmware(server)
        finally:
            serving.stop(server.process)
        began = time.monotonic()
        rollout_bench.fill_catalog(self.store / "catalog.sqlite", self.options.fleet)
        serving.say(f"{self.options.fleet:,} things written in {time.monotonic() - began:.0f} s")
        server, _ = self.start()
        try:
            self.let_in_others(server)
            serving.say(f"Starting {self.options.rollouts} rollouts, each of which looks at all things once")
            rollout_bench.start_rollouts(
                rollout_bench.Operator(server, self.store), self.options.fleet, self.options.rollouts)
        finally:
            serving.stop(server.process)

    def make_firmware(self, server):
        def firmament(*arguments):
            return serving.firmament(server, self.store, *arguments)

        key = self.folder / "hot.pem"
        firmament("key", "generate", key)
        self.image, self.big = self.folder / "hot-1.0.0.bin", self.folder / "hot-big.bin"
        self.image.write_bytes(random.Random(1).randbytes(serving.MIB))
        write_random(self.big, self.options.big)
        second = self.folder / "hot-2.0.0.bin"
        second.write_bytes(random.Random(2).randbytes(65_536))
        for model in (MODEL, BIG_MODEL):
            firmament("model", "create", model, "--mcu", MCU)
            firmament("model", "trust", model, self.folder / "hot.pub.pem")
        for file, model, version, publish in (
            (self.image, MODEL, "1.0.0", ["--publish"]), (second, MODEL, "2.0.0", []),
            (self.big, BIG_MODEL, "1.0.0", ["--publish"]),
        ):
            firmament("upload", file, "--model", model, "--mcu", MCU, "--version", version, "--key", key, *publish)

    def let_in_others(self, server):
        """A thing that may have the big image, and the token for controllers; behind the fleet, whose rows have numbers."""
        def firmament(*arguments):
            return serving.firmament(server, self.store, *arguments)

        code = firmament("code", "create", BIG_MODEL, "--count", "1", "--json")["codes"][0]["code"]
        connection = serving.connect(server)
        connection.request("POST", "/v2/things", json.dumps({"activationCode": code}))
        self.big_token = json.loads(connection.getresponse().read())["thingToken"]
        printed = firmament("model", "gateway-token", BIG_MODEL, "--json")
        self.gateway = next(value for value in printed.values() if isinstance(value, str) and len(value) > 20)

    # MARK: What is asked

    def look(self, server):
        """Asks once for everything, so that it is known what nginx has to serve."""
        path = poll_path(self.tokens[0])
        self.poll_headers, self.poll = serving.ask(server, path)
        entries = {entry["version"]: entry["_id"] for entry in json.loads(self.poll)["firmwares"]}
        self.image_path = f"/v2/things/{self.tokens[0]}/firmwares/download/{entries['1.0.0']}"
        _, body = serving.ask(server, poll_path(self.big_token))
        big = json.loads(body)["firmwares"][0]["_id"]
        self.big_path = f"/v2/things/{self.big_token}/firmwares/download/{big}"
        self.controllers = [f"/DEFAULT/controller/v1/bench-{number}" for number in range(CONTROLLERS)]
        self.authorization = {"Authorization": f"GatewayToken {self.gateway}"}
        for controller in self.controllers:
            _, self.controller_poll = serving.ask(server, controller, self.authorization)
        sample = self.tokens[:TAGS]
        self.tags = [serving.ask(server, poll_path(token))[0]["ETag"] for token in sample]

    def static_files(self):
        return {
            "/v2/things/firmwares/latest": self.poll, "/ddi": self.controller_poll, "/image": self.image, "/big": self.big}

    def scripts(self, static_tag):
        """For each kind of request two scripts of wrk, for Firmament and for nginx: as many lines, as long, in the same order. The
        file that nginx serves is one, and what tells its lines apart is a query, which it ignores."""
        def pair(name, ours, theirs):
            return tuple(script(self.folder / f"{name}-{side}.lua", lines) for side, lines in (("ours", ours), ("nginx", theirs)))

        end, static = " HTTP/1.1|Host: bench", "/v2/things/firmwares/latest?"
        tagged = list(zip(self.tokens, self.tags))
        return {
            "poll": pair(
                "poll", [poll_path(token) + end for token in self.tokens], [static + token + end for token in self.tokens]),
            "unchanged": pair(
                "unchanged", [f"{poll_path(token)}{end}|If-None-Match: {tag}" for token, tag in tagged],
                [f"{static}{token}{end}|If-None-Match: {static_tag}" for token, _ in tagged]),
            "closing": pair(
                "closing", [poll_path(token) + end + "|Connection: close" for token in self.tokens],
                [static + token + end + "|Connection: close" for token in self.tokens]),
            "version": pair(
                "version", [poll_path(token) + VERSION + end for token in self.tokens],
                [static + token + VERSION.replace("?", "&") + end for token in self.tokens]),
            "controller": pair(
                "controller", [f"{path}{end}|Authorization: GatewayToken {self.gateway}" for path in self.controllers],
                [f"/ddi?{path[5:]}{end}|Authorization: GatewayToken {self.gateway}" for path in self.controllers]),
            "ranges": pair("ranges", *[
                [f"{path}{end}|Range: bytes={first}-{first + 65_535}" for first in range(0, serving.MIB, 65_536)]
                for path in (self.image_path, "/image")]),
        }

    def poll_all(self, server, tokens=None, query=""):
        """Polls each thing once, or those with the tokens, over a few connections and some at a time. Returns the seconds that it
        took."""
        tokens, began, width = self.tokens if tokens is None else tokens, time.monotonic(), 4
        with concurrent.futures.ThreadPoolExecutor(width) as pool:
            list(pool.map(lambda first: poll_pipelined(server, tokens[first::width], query), range(width)))
        return time.monotonic() - began


def poll_pipelined(server, tokens, query, depth=32):
    with serving.open_socket(server) as connection:
        for place in range(0, len(tokens), depth):
            part = tokens[place:place + depth]
            connection.sendall("".join(f"GET {poll_path(token)}{query} HTTP/1.1\r\nHost: bench\r\n\r\n" for token in part).encode())
            received = bytearray()
            # Each answer ends with the time to ask again.
            while received.count(b'"retryAfter":') < len(part) or not received.endswith(b"}"):
                more = connection.recv(1 << 18)
                if not more:
                    raise SystemExit("a poll was not answered")
                received += more
            if received.count(b"HTTP/1.1 200 ") != len(part):
                raise SystemExit(f"a poll was not answered with 200: {bytes(received[:300])}")


def write_random(path, mib):
    source = random.Random(mib)
    with open(path, "wb") as file:
        for _ in range(mib):
            file.write(source.randbytes(serving.MIB))
