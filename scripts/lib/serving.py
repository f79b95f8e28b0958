"""The servers that scripts/bench measures: Firmament on a store of its own, nginx on copies of what that answers, and what both
use of the machine."""

import contextlib
import http.client
import json
import os
import pathlib
import random
import re
import resource
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import time
import urllib.parse

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
# Which executable is started; whoever measures another one sets it.
EXECUTABLE = ROOT / ".build/release/firmament"
READY = re.compile(r"Firmament is listening on (https?://\S+)")
TICKS = os.sysconf("SC_CLK_TCK")
MIB = 1024 * 1024
BEGAN = time.monotonic()

NGINX = """
worker_processes 2;
daemon off;
pid {folder}/nginx.pid;
error_log {folder}/nginx-error.log;
events {{ worker_connections 16384; }}
http {{
  access_log off;
  sendfile on;
  tcp_nopush on;
  keepalive_timeout 600s;
  keepalive_requests 1000000000;
  open_file_cache max=4096 inactive=600s;
  open_file_cache_valid 600s;
  types {{ }}
  default_type application/octet-stream;
  client_body_temp_path {folder}/nginx-body;
  proxy_temp_path {folder}/nginx-proxy;
  fastcgi_temp_path {folder}/nginx-fastcgi;
  uwsgi_temp_path {folder}/nginx-uwsgi;
  scgi_temp_path {folder}/nginx-scgi;
  server {{ listen 127.0.0.1:{port} backlog=16384; root {folder}/static; }}
  {tls}
}}
"""

# As a person would set it up: tickets, and a cache of sessions that both workers share.
NGINX_TLS = """server {{
    listen 127.0.0.1:{port} ssl backlog=16384; root {folder}/static;
    ssl_certificate {certificate}; ssl_certificate_key {key}; ssl_protocols TLSv1.3; ssl_session_cache shared:tls:10m;
  }}"""


def say(text):
    """With the seconds since the start, so that it is seen what takes long."""
    print(f"{time.monotonic() - BEGAN:5.0f} s  {text}", file=sys.stderr, flush=True)


def is_installed(program):
    return shutil.which(program) is not None


def processes_of(pid):
    """The process and all its descendants."""
    children = {}
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            with contextlib.suppress(OSError):
                fields = pathlib.Path(f"/proc/{entry}/stat").read_text().rpartition(")")[2].split()
                children.setdefault(int(fields[1]), []).append(int(entry))
    found, queue = [], [pid]
    while queue:
        one = queue.pop()
        found.append(one)
        queue += children.get(one, [])
    return found


def cpu_seconds(pid):
    total = 0
    for one in processes_of(pid):
        with contextlib.suppress(OSError):
            fields = pathlib.Path(f"/proc/{one}/stat").read_text().rpartition(")")[2].split()
            total += int(fields[11]) + int(fields[12])
    return total / TICKS


def resident_mib(pid):
    kib = 0
    for one in processes_of(pid):
        with contextlib.suppress(OSError):
            found = re.search(r"^VmRSS:\s+(\d+)", pathlib.Path(f"/proc/{one}/status").read_text(), re.M)
            kib += int(found[1]) if found else 0
    return kib / 1024


class Server:
    """A process that serves, with the address where it does."""

    def __init__(self, name, process, address, scheme="http"):
        self.name, self.process = name, process
        self.host, self.port = address
        self.url = f"{scheme}://{self.host}:{self.port}"

    @property
    def pid(self):
        return self.process.pid


def stop(process):
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def start_firmament(folder, log, *arguments, before=(), executable=None, **environment):
    """Starts a server, and returns it with the seconds it took to its ready line, whichever stream that is on."""
    began = time.monotonic()
    process = subprocess.Popen(
        [*before, executable or EXECUTABLE, "serve", "--store", folder, "--port", "0", *arguments],
        stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT, env=os.environ | environment,
    )
    while time.monotonic() < began + 600:
        found = READY.search(pathlib.Path(log.name).read_text(errors="replace"))
        if found:
            took = time.monotonic() - began
            url = urllib.parse.urlsplit(found[1])
            return Server("Firmament", process, (url.hostname, url.port), url.scheme), took
        if process.poll() is not None:
            break
        time.sleep(0.001)
    stop(process)
    sys.exit("Firmament did not get ready:\n" + pathlib.Path(log.name).read_text(errors="replace"))


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def start_nginx(folder, files, tls=None):
    """Starts nginx on `files`, which are contents by path, or files to be copied.

    `tls`: the files of a certificate and its key; then it is a second server, the same with TLS, that is returned, too.
    """
    for path, content in files.items():
        target = folder / "static" / path.lstrip("/")
        target.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, bytes):
            target.write_bytes(content)
        else:
            shutil.copyfile(content, target)
    # Workers run as another user when this is root.
    for part in [folder, folder / "static", *(folder / "static").rglob("*")]:
        part.chmod(0o755 if part.is_dir() else 0o644)
    port, tls_port = free_port(), free_port()
    more = NGINX_TLS.format(folder=folder, port=tls_port, certificate=tls[0], key=tls[1]) if tls else ""
    configuration = folder / "nginx.conf"
    configuration.write_text(NGINX.format(folder=folder, port=port, tls=more))
    program = shutil.which("nginx") or "/usr/sbin/nginx"
    process = subprocess.Popen([program, "-c", configuration], stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    for _ in range(200):
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            plain = Server("nginx", process, ("127.0.0.1", port))
            return (plain, Server("nginx", process, ("127.0.0.1", tls_port), "https")) if tls else plain
        time.sleep(0.02)
    stop(process)
    errors = folder / "nginx-error.log"
    sys.exit("nginx did not start:\n" + (errors.read_text() if errors.exists() else ""))


def firmament(server, store, *arguments):
    """Runs a command against the server and returns the JSON it prints, if it prints some."""
    command = [EXECUTABLE, *arguments]
    environment = os.environ | {
        "FIRMAMENT_URL": server.url,
        "FIRMAMENT_TOKEN": (store / "operator.token").read_text().strip(),
    }
    done = subprocess.run(command, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"firmament {' '.join(map(str, arguments))} failed:\n{done.stderr}")
    with contextlib.suppress(ValueError):
        return json.loads(done.stdout)
    return None


def fill(server, folder, store, things):
    """One published firmware of 1 MiB, and `things` that may have it. Returns their tokens and the image."""
    image = random.Random(1).randbytes(MIB)
    (folder / "image.bin").write_bytes(image)
    key = folder / "engineer.pem"
    firmament(server, store, "key", "generate", key)
    firmament(server, store, "model", "create", "bench", "--mcu", "main")
    firmament(server, store, "model", "trust", "bench", folder / "engineer.pub.pem")
    firmament(
        server, store, "upload", folder / "image.bin", "--model", "bench", "--mcu", "main", "--version", "1.0.0",
        "--key", key, "--publish",
    )
    codes = firmament(server, store, "code", "create", "bench", "--count", str(things), "--json")["codes"]
    tokens = []
    connection = http.client.HTTPConnection(server.host, server.port, timeout=60)
    for entry in codes:
        connection.request("POST", "/v2/things", json.dumps({"activationCode": entry["code"]}))
        answer = connection.getresponse()
        body = answer.read()
        if answer.status != 201:
            sys.exit(f"activation answered {answer.status}: {body.decode(errors='replace')}")
        tokens.append(json.loads(body)["thingToken"])
    return tokens, image


def connect(server):
    """A connection; its certificate is nobody's business here."""
    if server.url.startswith("https:"):
        context = ssl._create_unverified_context()
        return http.client.HTTPSConnection(server.host, server.port, timeout=600, context=context)
    return http.client.HTTPConnection(server.host, server.port, timeout=600)


def open_socket(server):
    """A socket to it, behind TLS where that is what it speaks."""
    plain = socket.create_connection((server.host, server.port), 600)
    if not server.url.startswith("https:"):
        return plain
    return ssl._create_unverified_context().wrap_socket(plain)


def ask(server, path, headers={}, status=200):
    """The headers and the body of the answer."""
    connection = connect(server)
    connection.request("GET", path, headers=headers)
    answer = connection.getresponse()
    body = answer.read()
    if answer.status != status:
        sys.exit(f"GET {path} of {server.name} answered {answer.status}: {body[:200].decode(errors='replace')}")
    return answer.headers, body


def get(server, path):
    return ask(server, path)[1]


def table(head, rows):
    print("| " + " | ".join(head) + " |")
    print("|" + "---|" * len(head))
    for row in rows:
        print("| " + " | ".join(row) + " |")
    print(flush=True)


@contextlib.contextmanager
def idle_connections(server, path, count):
    """Connections that have each had one answer and now wait."""
    sockets = []
    request = f"GET {path} HTTP/1.1\r\nHost: bench\r\n\r\n".encode()
    try:
        for _ in range(count):
            one = socket.create_connection((server.host, server.port), 10)
            sockets.append(one)
            one.sendall(request)
            if not one.recv(65536):
                sys.exit(f"{server.name} closed a connection that was to be idle")
        yield len(sockets)
    finally:
        for one in sockets:
            one.close()


def idle_count(wanted):
    """As many connections as this process and the server, which has the same limit, may have open."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    need = wanted + 500
    if hard == resource.RLIM_INFINITY or need <= hard:
        resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, need), hard))
        return wanted
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    say(f"The limit on open files allows {hard}: {hard - 500} idle connections instead of {wanted}")
    return hard - 500
