"""Polls and downloads beside goosebit, the open Python server of this field, as it comes: its own defaults, SQLite, one process."""

import contextlib
import os
import pathlib
import subprocess
import sys
import time

import hot_fleet
import serving
from rounds import drive, interleave

# The version that the goals were written against.
PACKAGE = "goosebit==0.2.12"
DEVICES = 2000
DOWNLOADS = 16


def start(folder, image):
    """Installs it into the folder, fills it, and starts it."""
    place = folder / "goosebit"
    python = place / "bin/python"
    serving.say(f"Installing {PACKAGE} into the temporary folder")
    subprocess.run([sys.executable, "-m", "venv", place], check=True)
    subprocess.run([python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", PACKAGE], check=True)
    port = serving.free_port()
    environment = os.environ | {
        "GOOSEBIT_DB_URI": f"sqlite://{place}/db.sqlite3", "GOOSEBIT_PORT": str(port),
        "GOOSEBIT_ARTIFACTS_DIR": str(place / "artifacts")}
    fill = pathlib.Path(__file__).with_name("goosebit_fill.py")
    log = open(folder / "goosebit.log", "wb")
    subprocess.run([python, fill, str(DEVICES), image], env=environment, cwd=place, check=True, stdout=log, stderr=log)
    process = subprocess.Popen(
        [python, "-m", "goosebit"], env=environment, cwd=place, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    server = serving.Server("goosebit", process, ("127.0.0.1", port))
    for _ in range(600):
        with contextlib.suppress(OSError):
            serving.get(server, "/DEFAULT/controller/v1/bench-0")
            return server
        if process.poll() is not None:
            break
        time.sleep(0.1)
    serving.stop(process)
    sys.exit("goosebit did not start:\n" + (folder / "goosebit.log").read_text(errors="replace")[-2000:])


def measure(fleet, ours, scripts, options):
    """Runs by row: polls, and downloads of 1 MiB."""
    theirs = start(fleet.folder, fleet.image)
    try:
        paths = [f"/DEFAULT/controller/v1/bench-{number}" for number in range(DEVICES)]
        polls = hot_fleet.script(fleet.folder / "goosebit.lua", [path + " HTTP/1.1|Host: bench" for path in paths])
        return {
            "goosebit-poll": interleave("polls beside goosebit", {
                "Firmament": lambda seconds: drive(ours, "/", seconds, scripts["poll"][0]),
                "goosebit": lambda seconds: drive(theirs, "/", seconds, polls),
            }, options),
            "goosebit-image": interleave("downloads beside goosebit", {
                "Firmament": lambda seconds: drive(ours, fleet.image_path, seconds, connections=DOWNLOADS),
                "goosebit": lambda seconds: drive(theirs, paths[0] + "/download", seconds, connections=DOWNLOADS),
            }, options),
        }
    finally:
        serving.stop(theirs.process)
