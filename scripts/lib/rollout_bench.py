"""Measures rollouts for scripts/bench: what rules cost a poll, how long a fleet takes to be counted, and when a pause holds.

The fleet is written straight into the catalog's file while no server runs on it: a million activations would take longer than
all that is measured here. Two servers run on copies of it: one has a publication and nothing else, the other has 20 rollouts
beside it. They are asked in turns, each by itself, so that a ratio is of two runs of the same round.
"""

import base64
import contextlib
import hashlib
import http.client
import json
import random
import shutil
import sqlite3
import statistics
import threading
import time

MODEL, MCU = "bench", "main"
ROLLOUTS = 20
LINES = 50
TARGET = "resource.battery>=20 and tag==line-7"


def token_of(number):
    """43 URL-safe characters, the same for the same number, so that none has to be kept."""
    return base64.urlsafe_b64encode(hashlib.sha256(b"bench %d" % number).digest())[:43].decode()


def thing_of(number):
    return f"thing{number:017d}"


def fill_catalog(path, count):
    """Writes `count` activated things: a token, the version that runs, a battery value and two tags each."""
    now = int(time.time() * 1000)
    db = sqlite3.connect(path, isolation_level=None)
    # The log would hold everything a second time.
    for pragma in ("journal_mode = DELETE", "journal_mode = OFF", "synchronous = OFF", "cache_size = -262144"):
        db.execute(f"PRAGMA {pragma}")
    db.execute("BEGIN")
    model, mcu = db.execute(
        "SELECT model.id, mcu.id FROM model JOIN mcu ON mcu.modelId = model.id WHERE model.name = ?", (MODEL,)).fetchone()
    things = range(1, count + 1)
    db.executemany(
        "INSERT INTO thing (id, publicId, modelId, createdAt, activatedAt, lastSeenAt) VALUES (?, ?, ?, ?, ?, ?)",
        ((thing, thing_of(thing), model, now, now, now) for thing in things))
    # In the order of the key, or the tree is written all over again and again.
    owners = sorted(hashlib.sha256(token_of(thing).encode()).digest() + thing.to_bytes(8, "big") for thing in things)
    db.executemany(
        "INSERT INTO thingToken (tokenHash, thingId, sealedToken, createdAt) VALUES (?, ?, x'00', ?)",
        ((owner[:32], int.from_bytes(owner[32:], "big"), now) for owner in owners))
    del owners
    db.executemany(
        "INSERT INTO thingMCU (thingId, mcuId, running, reportedAt) VALUES (?, ?, '1.0.0', ?)",
        ((thing, mcu, now) for thing in things))
    db.executemany("INSERT INTO resource (id, thingId, key) VALUES (?, ?, 'battery')", ((thing, thing) for thing in things))
    db.executemany(
        "INSERT INTO resourceValue (resourceId, datetime, arrival, value) VALUES (?, ?, ?, ?)",
        ((thing, now, thing, str(thing % 101)) for thing in things))
    db.executemany(
        "INSERT INTO tag (publicId, thingId, name, createdAt) VALUES (?, ?, ?, ?)",
        ((f"{name[:4]}{thing:018d}", thing, name, now) for thing in things for name in ("fleet", f"line-{thing % LINES}")))
    db.execute("COMMIT")
    db.execute("PRAGMA journal_mode = WAL")
    db.close()


class Operator:
    """The operators' API over one connection; a call here costs no process."""

    def __init__(self, server, store):
        self.connection = http.client.HTTPConnection(server.host, server.port, timeout=3600)
        self.headers = {"Authorization": "Bearer " + (store / "operator.token").read_text().strip()}

    def ask(self, method, path, body=None):
        self.connection.request(method, path, json.dumps(body) if body is not None else None, self.headers)
        answer = self.connection.getresponse()
        text = answer.read()
        if answer.status not in (200, 201):
            raise SystemExit(f"{method} {path} answered {answer.status}: {text.decode(errors='replace')}")
        return json.loads(text)

    def show(self, rollout):
        return self.ask("GET", f"/api/v1/rollouts/{rollout}")

    def start(self, **plan):
        """Creates a rollout of 2.0.0 and starts it. Returns its id and the moment of the start."""
        plan = {"model": MODEL, "version": "2.0.0", "haltAt": "never", "silence": 0} | plan
        rollout = self.ask("POST", "/api/v1/rollouts", plan)["id"]
        began = time.monotonic()
        self.ask("POST", f"/api/v1/rollouts/{rollout}/start")
        return rollout, began

    def wait(self, rollout, is_so):
        """Looks until it is so, and returns what was seen then."""
        while True:
            seen = self.show(rollout)
            if is_so(seen):
                return seen
            time.sleep(0.05)


def start_rollouts(operator, count, rollouts=ROLLOUTS):
    """Rollouts that are all asked for each thing: all but one whose targets hold for all of a thing but one tag that none has,
    and behind them one that concerns every thing and whose gate is closed. Each asks for a resource, tags and a version."""
    for number in range(rollouts - 1):
        # The first stage stays without things, and the second waits for a person: so it goes on running.
        rollout, _ = operator.start(
            target=f"mcu.{MCU}.version==1.0.0 and resource.battery>=0 and tag==none-{number}", priority=1,
            stages=["50%", "100%"], approval=True)
        operator.wait(rollout, lambda seen: seen.get("needs") == "approval")
    rollout, _ = operator.start(
        target=f"resource.battery>=0 and tag==fleet and mcu.{MCU}.version<2.0.0",
        gate=f"tag==fleet and mcu.{MCU}.version==1.0.0 and resource.battery>100", stages=["100%"])
    operator.wait(rollout, lambda seen: seen["things"] == count)
    # Else something cheaper would be measured.
    seen = operator.ask("GET", f"/api/v1/things/{thing_of(1)}/explain")["mcus"][0]
    asked = [one["rollout"] for one in seen["rollouts"]]
    if seen["reason"] != "gateClosed" or asked.index(rollout) != rollouts - 1:
        raise SystemExit(f"the rollouts are not asked as they should be: {seen['reason']}")


def poll_each(server, tokens, workers=4):
    """Polls each thing once, over a few connections."""
    def work(part):
        connection = http.client.HTTPConnection(server.host, server.port, timeout=120)
        for token in part:
            connection.request("GET", f"/v2/things/{token}/firmwares/latest")
            answer = connection.getresponse()
            answer.read()
            if answer.status != 200:
                failures.append(answer.status)
                return

    failures = []
    threads = [threading.Thread(target=work, args=(tokens[first::workers],)) for first in range(workers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise SystemExit(f"a poll answered {failures[0]}")


class Fleet:
    """Two stores with the same things, and a server on each."""

    def __init__(self, bench, folder, options):
        self.bench, self.folder, self.options = bench, folder, options
        self.count = options.fleet
        numbers = random.Random(2).sample(range(1, self.count + 1), min(self.count, 120_000))
        cut = min(20_000, max(1, len(numbers) // 4))
        self.sample = [token_of(number) for number in numbers[:cut]]
        self.others = [token_of(number) for number in numbers[cut:][:100_000]]
        (folder / "fleet-paths").write_text("".join(f"/v2/things/{token}/firmwares/latest\n" for token in self.sample))
        self.script = folder / "fleet.lua"
        self.script.write_text(bench.POLLS % (folder / "fleet-paths"))
        self.servers = {}

    def store(self, name):
        return self.folder / f"rollouts-{name}"

    def run(self, name):
        number = len(list(self.folder.glob(f"rollouts-{name}-*.log")))
        log = open(self.folder / f"rollouts-{name}-{number}.log", "wb")
        server, _ = self.bench.start_firmament(self.store(name), log)
        server.name = name
        self.servers[name] = server
        return server

    def stop(self):
        for server in self.servers.values():
            self.bench.stop(server.process)
        self.servers = {}

    def make(self):
        """One model, 1.0.0 for everybody, 2.0.0 for nobody yet, and the things; then the same once more."""
        server, store = self.run("plain"), self.store("plain")

        def firmament(*arguments):
            return self.bench.firmament(server, store, *arguments)

        key = self.folder / "fleet.pem"
        firmament("key", "generate", key)
        firmament("model", "create", MODEL, "--mcu", MCU)
        firmament("model", "trust", MODEL, self.folder / "fleet.pub.pem")
        for number, publish in (("1.0.0", ["--publish"]), ("2.0.0", [])):
            image = self.folder / f"fleet-{number}.bin"
            image.write_bytes(random.Random(number).randbytes(65_536))
            firmament("upload", image, "--model", MODEL, "--mcu", MCU, "--version", number, "--key", key, *publish)
        self.stop()
        began = time.monotonic()
        fill_catalog(store / "catalog.sqlite", self.count)
        self.bench.say(f"{self.count:,} things written in {time.monotonic() - began:.0f} s")
        shutil.copytree(store, self.store("busy"))

    def polls(self, name, seconds=None):
        server = self.servers[name]
        return self.bench.drive(server, "/", seconds or self.options.seconds, self.script)


def range_of(values, digits=2):
    return f"{statistics.median(values):.{digits}f} ({min(values):.{digits}f} to {max(values):.{digits}f})"


def memory_of_polls(fleet, name):
    """MiB for each 100,000 things that have polled. The sample goes first, so that what grows once has grown."""
    server = fleet.servers[name]
    poll_each(server, fleet.sample)
    before = fleet.bench.resident_mib(server.pid)
    poll_each(server, fleet.others)
    return (fleet.bench.resident_mib(server.pid) - before) * 100_000 / max(1, len(fleet.others))


def compare_polls(fleet):
    """A row: polls of a warm sample with the rollouts beside the same without."""
    runs = {"busy": [], "plain": []}
    fleet.bench.say(f"polls with {ROLLOUTS} rollouts: {fleet.options.rounds} rounds of {fleet.options.seconds} s each")
    for name in runs:
        fleet.polls(name, 1)
    for number in range(fleet.options.rounds):
        for name in runs if number % 2 == 0 else reversed(runs):
            runs[name].append(fleet.polls(name))
    busy, plain = runs["busy"], runs["plain"]

    def median(values, key):
        return statistics.median(run[key] for run in values)

    return [
        f"poll, {len(fleet.sample):,} things in turn, {fleet.count:,} in the store",
        f"{median(busy, 'rate'):,.0f}", f"{median(plain, 'rate'):,.0f}",
        range_of([a["rate"] / b["rate"] for a, b in zip(busy, plain)]),
        f"{median(busy, 'cpu'):.1f}", f"{median(plain, 'cpu'):.1f}",
        f"{statistics.median(a['cpu'] / b['cpu'] for a, b in zip(busy, plain) if b['cpu']):.2f}",
        str(sum(run["wrong"] for run in busy + plain)),
    ]


def time_plans(fleet, operator):
    """A row: the preview of a rollout over all things, each time right after a round of polls."""
    fleet.bench.say(f"rollout plan over {fleet.count:,} things: {fleet.options.rounds} rounds")
    seconds, polls = [], []
    for _ in range(fleet.options.rounds):
        rate = fleet.polls("plain")["rate"]
        began = time.monotonic()
        seen = operator.ask("POST", "/api/v1/rollouts/plan", {"model": MODEL, "version": "2.0.0", "target": TARGET})
        seconds.append(time.monotonic() - began)
        polls.append(seconds[-1] * rate / fleet.count)
        held = sum(stage["things"] for stage in seen["stages"])
        if seen["things"] != fleet.count or held + seen["excluded"] != fleet.count or not 0 < held < fleet.count:
            raise SystemExit(f"the plan is not what it should be: {seen}")
    return ["`rollout plan`, target on a resource and a tag", f"{range_of(seconds)} s", range_of(polls, 3)]


def time_counting(fleet, operator):
    """A row: from a start until all things of its one stage are counted. Returns the rollout with it."""
    fleet.bench.say(f"counting {fleet.count:,} things")
    rate = fleet.polls("plain")["rate"]
    rollout, began = operator.start(target="tag==fleet", stages=["100%"])
    operator.wait(rollout, lambda seen: seen["things"] == fleet.count)
    seconds = time.monotonic() - began
    return rollout, ["`rollout start` until all are counted", f"{seconds:.2f} s", f"{seconds * rate / fleet.count:.3f}"]


class Pollers:
    """Things that ask without end: when each poll was sent and answered, and whether it was answered with the update."""

    def __init__(self, server, tokens, count=2):
        self.server, self.ended = server, False
        self.answers = [[] for _ in range(count)]
        self.threads = [
            threading.Thread(target=self.work, args=(tokens[place::count], self.answers[place])) for place in range(count)]

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.ended = True
        for thread in self.threads:
            thread.join()

    def work(self, tokens, answers):
        connection = http.client.HTTPConnection(self.server.host, self.server.port, timeout=60)
        place = 0
        while not self.ended:
            path = f"/v2/things/{tokens[place % len(tokens)]}/firmwares/latest"
            place += 1
            sent = time.monotonic()
            connection.request("GET", path)
            answer = connection.getresponse()
            update = b'"update":true' in answer.read()
            answers.append((sent, time.monotonic(), update, answer.status))

    @property
    def all(self):
        return sorted(answer for answers in self.answers for answer in answers)


def time_pauses(fleet, operator, rollout):
    """Two rows: the call that pauses a rollout while its things ask, and what they were told after it was answered."""
    fleet.bench.say(f"pauses while things ask: {fleet.options.rounds} rounds")
    # Once, so that all of these things have been offered the update.
    poll_each(fleet.servers["plain"], fleet.sample)
    calls, ratios, lasts, after, polls = [], [], [], 0, 0
    for _ in range(fleet.options.rounds):
        with Pollers(fleet.servers["plain"], fleet.sample) as pollers:
            time.sleep(1)
            began = time.monotonic()
            operator.ask("POST", f"/api/v1/rollouts/{rollout}/pause")
            answered = time.monotonic()
            time.sleep(1)
        seen = pollers.all
        before = [answer for answer in seen if answer[1] < began]
        if not before or not all(update for _, _, update, _ in before) or any(status != 200 for *_, status in seen):
            raise SystemExit("every poll should be answered, and before the pause with the update")
        calls.append((answered - began) * 1000)
        ratios.append((answered - began) / statistics.median(end - sent for sent, end, *_ in before))
        updates = [answer for answer in seen if answer[2]]
        lasts.append(max(0, (max(end for _, end, *_ in updates) - answered) * 1000))
        after += sum(1 for sent, *_ in updates if sent >= answered)
        polls += sum(1 for sent, *_ in seen if sent >= answered)
        operator.ask("POST", f"/api/v1/rollouts/{rollout}/resume")
    return [
        ["the call that pauses, while things ask", f"{range_of(calls, 1)} ms", f"{range_of(ratios, 1)} (one poll's delay)"],
        ["from its answer to the last answer with the update", f"{max(lasts):.1f} ms at most", ""],
        [f"polls sent after its answer and told to update, of {polls:,}", str(after), ""],
    ]


def measure(bench, folder, options):
    """Prints three tables."""
    fleet = Fleet(bench, folder, options)
    try:
        fleet.make()
        fleet.run("busy")
        began = time.monotonic()
        bench.say(f"Starting {ROLLOUTS} rollouts, each of which looks at all things once")
        start_rollouts(Operator(fleet.servers["busy"], fleet.store("busy")), fleet.count)
        bench.say(f"They run after {time.monotonic() - began:.0f} s")
        # Again, so that nothing is in memory but what polls bring there.
        fleet.stop()
        fleet.run("plain"), fleet.run("busy")
        memory = {name: memory_of_polls(fleet, name) for name in ("busy", "plain")}
        polls = compare_polls(fleet)
        bench.stop(fleet.servers["busy"].process)
        operator = Operator(fleet.servers["plain"], fleet.store("plain"))
        rows = [time_plans(fleet, operator)]
        rollout, row = time_counting(fleet, operator)
        rows.append(row)
        rows += time_pauses(fleet, operator, rollout)
        size = (fleet.store("plain") / "catalog.sqlite").stat().st_size / bench.MIB
    finally:
        fleet.stop()
    bench.table(
        ["", f"{ROLLOUTS} rollouts /s", "one publication /s", "ratio (range)", "CPU µs each", "one publication", "ratio", "errors"],
        [polls])
    bench.table(["", f"{ROLLOUTS} rollouts", "one publication", "ratio"], [[
        f"resident memory for 100,000 things that polled (by {len(fleet.others):,})",
        *(f"{memory[name]:.1f} MiB" for name in ("busy", "plain")),
        f"{memory['busy'] / memory['plain']:.2f}" if memory["plain"] > 0 else "",
    ]])
    bench.table([f"{fleet.count:,} things ({size:,.0f} MiB of catalog)", "", "in polls, for each thing"], rows)
