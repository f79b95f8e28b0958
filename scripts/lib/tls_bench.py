"""The rows of the hot path over TLS 1.3: the same certificate for Firmament and nginx, kept alive and on new connections."""

import pathlib
import subprocess

import serving
from rounds import drive, interleave

# Threads of the client that makes new connections: each waits for its answer.
THREADS = 32


def make_certificate(folder):
    """The files of a certificate for this machine, and of its key."""
    certificate, key = folder / "tls.pem", folder / "tls.key"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "30",
         "-keyout", key, "-out", certificate, "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"],
        check=True, capture_output=True)
    key.chmod(0o600)
    return certificate, key


def is_offered():
    """Whether the executable speaks TLS."""
    done = subprocess.run([serving.EXECUTABLE, "serve", "--help"], capture_output=True, text=True, check=True)
    return "--tls-certificate" in done.stdout


def compile_client(folder):
    program = folder / "tls_polls"
    source = pathlib.Path(__file__).with_name("tls_polls.c")
    subprocess.run(["cc", "-O2", "-o", program, source, "-lssl", "-lcrypto", "-pthread"], check=True)
    return program


def connect_anew(program, server, path, seconds, how):
    """One run of polls on a new connection each; with `resumed`, those that were not count as wrong, but for a thread's first."""
    cpu = serving.cpu_seconds(server.pid)
    done = subprocess.run(
        [program, server.host, str(server.port), path, str(seconds), str(THREADS), how],
        capture_output=True, text=True, check=True)
    cpu = serving.cpu_seconds(server.pid) - cpu
    answers, resumed, failures, took = map(float, done.stdout.split())
    fully = max(0, answers - resumed - THREADS) if how == "resumed" else resumed
    return {"rate": answers / took, "cpu": cpu * 1e6 / max(1, answers), "wrong": int(failures + fully)}


def measure(fleet, ours, theirs, scripts, options):
    """Runs by row, as `against_bench.ROWS` names them."""
    program = compile_client(fleet.folder)

    def both(name, run):
        return interleave(name, {
            "Firmament": lambda seconds: run(ours, seconds, 0), "nginx": lambda seconds: run(theirs, seconds, 1)}, options)

    image, polls = (fleet.image_path, "/image"), (f"/v2/things/{fleet.tokens[0]}/firmwares/latest", "/v2/things/firmwares/latest")
    return {
        "tls-image": both("1 MiB over TLS", lambda server, seconds, side: drive(server, image[side], seconds)),
        "tls-range": both("ranges over TLS", lambda server, seconds, side: drive(
            server, image[side], seconds, scripts["ranges"][side])),
        "tls-poll": both("polls over TLS", lambda server, seconds, side: drive(server, "/", seconds, scripts["poll"][side])),
        "tls-full": both("polls, new TLS connection", lambda server, seconds, side: connect_anew(
            program, server, polls[side], seconds, "full")),
        "tls-resumed": both("polls, resumed TLS connection", lambda server, seconds, side: connect_anew(
            program, server, polls[side], seconds, "resumed")),
    }
