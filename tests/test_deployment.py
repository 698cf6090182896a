"""The examples in ``deploy/`` do what ``docs/deployment.md`` says of them.

The proxies run here, each with its own example, before a server that answers what it
was asked. Only ports, certificate and folders are changed.
"""

import configparser
import gzip
import http.client
import json
import os
import re
import shutil
import socket
import ssl
import subprocess
import sys
import threading
import time
import tomllib
from contextlib import ExitStack, contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

import pytest


ROOT = Path(__file__).parents[1]
DEPLOY = ROOT / "deploy"
DOCS = (ROOT / "docs" / "deployment.md").read_text(encoding="utf-8")

NAME = "outcomes.example.org"
PRIVATE = "7f3a91-opened"  # what a query string or a header could give away
SCRIPT = "let outcome = 'better';\n" * 5000
MEGABYTE = 1024 * 1024
SECONDS = 20


def example(name):
    return (DEPLOY / name).read_text(encoding="utf-8")


def program(name):
    """Return where a program is; Debian keeps some off the PATH of most users."""
    found = shutil.which(name, path=f"{os.environ['PATH']}:/usr/sbin:/sbin")
    return found or pytest.skip(f"{name} is not installed")


# What the documents say.


def test_every_example_is_named_and_every_named_file_is_there():
    for path in DEPLOY.iterdir():
        assert f"`deploy/{path.name}`" in DOCS
    named = set(re.findall(r"`((?:deploy|scripts|docs)/[\w.-]+|[\w-]+\.txt)`", DOCS))
    assert len(named) > 5
    assert [name for name in named if not (ROOT / name).exists()] == []


def test_every_command_that_is_named_exists():
    shown = subprocess.run(
        [sys.executable, "manage.py", "--help"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    named = set(re.findall(r"manage\.py ([a-z-]+)", DOCS + example("Containerfile")))
    assert named
    assert all(re.search(rf"\b{command}\b", shown) for command in named)


def test_every_setting_of_the_example_is_read_somewhere():
    names = re.findall(r"^(?:# )?([A-Z_]+)=", example("infusion-outcomes.env"), re.M)
    folders = ("access", "data", "views")
    files = (path for folder in folders for path in (ROOT / folder).glob("*.py"))
    code = "".join(path.read_text("utf-8") for path in files)
    # platformdirs reads XDG_DATA_HOME for user_data_dir.
    code = code.replace("user_data_dir", "XDG_DATA_HOME")
    assert set(names) >= {"PUBLIC_URL", "TIME_ZONE", "DATABASE_URL", "DATABASE_KEY"}
    assert [name for name in names if name not in code] == []
    assert [name for name in names if f"`{name}" not in DOCS] == []


def test_a_shell_reads_the_settings_as_systemd_does():
    lines = example("infusion-outcomes.env").splitlines()
    plain = dict(line.split("=", 1) for line in lines if line and line[0] != "#")
    command = f"set -a && . {DEPLOY}/infusion-outcomes.env && env"
    seen = subprocess.run(
        ["sh", "-c", command], env={}, capture_output=True, text=True, check=True
    )
    found = dict(line.split("=", 1) for line in seen.stdout.splitlines())
    assert plain.items() <= found.items()
    assert plain["PUBLIC_URL"] == f"https://{NAME}"


def test_proxies_let_the_largest_upload_through_and_little_more():
    config = tomllib.loads((ROOT / ".streamlit/config.toml").read_text("utf-8"))
    allowed = config["server"]["maxUploadSize"] + 1
    assert f"client_max_body_size {allowed}m;" in example("nginx.conf")
    assert f"max_size {allowed}MB" in example("Caddyfile")
    assert f"{config['server']['address']}:{config['server']['port']}" in " ".join(
        re.findall(r"server ([\d.:]+);", example("nginx.conf"))
        + re.findall(r"reverse_proxy ([\d.:]+)", example("Caddyfile"))
    )


# The service and the container.


@pytest.fixture
def service(tmp_path):
    """The unit, with the folder and the Python of this project."""
    text = replaced(
        example("infusion-outcomes.service"),
        {"/opt/infusion-outcomes/.venv/bin/python": sys.executable},
    )
    path = tmp_path / "infusion-outcomes.service"
    path.write_text(text.replace("/opt/infusion-outcomes", str(ROOT)))
    return path


def test_systemd_takes_the_unit(service):
    command = [program("systemd-analyze"), "verify", "--man=no", service]
    result = subprocess.run(command, capture_output=True, text=True)
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")


def test_systemd_finds_little_that_the_unit_leaves_open(service):
    command = [program("systemd-analyze"), "security", "--offline=true", service]
    result = subprocess.run(
        [*command, "--threshold=15"], capture_output=True, text=True
    )
    if "unrecognized option" in result.stderr:
        pytest.skip("this systemd-analyze cannot look at a file")
    assert result.returncode == 0, result.stdout[-200:]


def test_the_unit_keeps_records_where_the_settings_say():
    unit = configparser.ConfigParser(strict=False, interpolation=None)
    unit.optionxform = str
    unit.read_string(example("infusion-outcomes.service"))
    service = unit["Service"]
    assert service["User"] not in ("", "root")
    assert service["EnvironmentFile"] == "/etc/infusion-outcomes.env"
    assert service["StateDirectory"] == "infusion-outcomes"
    assert "\nXDG_DATA_HOME=/var/lib\n" in example("infusion-outcomes.env")


def test_the_container_holds_the_whole_program_and_no_records():
    text = example("Containerfile")
    copied = re.findall(r"^COPY (.*) \S+$", text, re.M)
    names = {name for line in copied for name in line.split()}
    packages = {p.parent.name for p in ROOT.glob("*/__init__.py")} - {"benchmarks"}
    assert names >= packages | {".streamlit", "dashboard.py", "manage.py"}
    assert "." not in names
    assert all((ROOT / name).exists() for name in names)
    user = re.findall(r"^USER (.*)$", text, re.M)
    assert user == ["infusion-outcomes"]
    assert text.index("USER ") < text.index("CMD ")
    assert "VOLUME /var/lib/infusion-outcomes" in text
    assert "XDG_DATA_HOME=/var/lib " in text


# The proxies.


class Answers(BaseHTTPRequestHandler):
    """Says what it was asked, on a page that would be worth compressing."""

    protocol_version = "HTTP/1.1"
    server_version = "dashboard"
    asked: ClassVar[list[str]] = []

    def do_GET(self):
        self.asked.append(self.path)
        if self.path == "/_stcore/stream":
            self.echo_until_closed()
        elif self.path.startswith("/static/"):
            self.answer("application/javascript", SCRIPT.encode())
        else:
            said = {"headers": self.headers.items(), "padding": "x" * 4000}
            self.answer("text/html", json.dumps(said).encode())

    def do_PUT(self):
        left = int(self.headers["Content-Length"])
        while left:
            read = self.rfile.read(min(left, MEGABYTE))
            if not read:
                return
            left -= len(read)
        self.asked.append(self.path)
        self.answer("text/plain", b"whole")

    def answer(self, kind, body):
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def echo_until_closed(self):
        assert self.headers["Upgrade"] == "websocket"
        assert self.headers["Connection"].lower() == "upgrade"
        self.send_response(101)
        self.send_header("Upgrade", "websocket")
        self.send_header("Connection", "Upgrade")
        self.end_headers()
        self.wfile.flush()
        while said := self.connection.recv(1024):
            self.connection.sendall(said.upper())
        self.close_connection = True

    def log_message(self, *_):
        pass


class Proxy:
    """A proxy that runs, and where it writes."""

    def __init__(self, folder, cert):
        self.folder = folder
        self.https, self.http, self.behind = free_ports(3)
        self.trusted = ssl.create_default_context(cafile=cert)

    def connection(self, *, name=NAME):
        """Return a connection by TLS; the visitor believes to reach ``name``."""
        plain = socket.create_connection(("127.0.0.1", self.https), timeout=SECONDS)
        connection = http.client.HTTPConnection(name, self.https, timeout=SECONDS)
        connection.sock = self.trusted.wrap_socket(plain, server_hostname=name)
        return connection

    def ask(self, path, *, method="GET", body=None, **headers):
        """Return status, headers and body of one answer."""
        headers = {key.replace("_", "-"): value for key, value in headers.items()}
        connection = self.connection()
        try:
            connection.request(method, path, body=body, headers=headers)
            answer = connection.getresponse()
            return answer.status, answer.headers, answer.read()
        finally:
            connection.close()

    def written(self):
        """Return everything in every log."""
        files = [path for path in self.folder.rglob("*") if path.is_file()]
        return "".join(path.read_text("utf-8", "replace") for path in files)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """A certificate for the example's name that nobody else trusts, and its key."""
    folder = tmp_path_factory.mktemp("certificate")
    command = [program("openssl"), "req", "-x509", "-newkey", "rsa:2048", "-nodes"]
    command += ["-subj", f"/CN={NAME}", "-addext", f"subjectAltName=DNS:{NAME}"]
    command += ["-keyout", folder / "key.pem", "-out", folder / "cert.pem"]
    subprocess.run(command, check=True, capture_output=True)
    return folder / "cert.pem", folder / "key.pem"


@contextmanager
def dashboard(port):
    server = ThreadingHTTPServer(("127.0.0.1", port), Answers)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield
    server.shutdown()
    server.server_close()


@contextmanager
def nginx(proxy, path, cert, key):
    site = replaced(
        example("nginx.conf"),
        {
            "    listen [::]:80;\n": "",
            "    listen [::]:443 ssl;\n": "",
            "    listen [::]:443 ssl default_server;\n": "",
            "listen 80;": f"listen 127.0.0.1:{proxy.http};",
            "listen 443 ssl": f"listen 127.0.0.1:{proxy.https} ssl",
            "/etc/ssl/certs/outcomes.example.org.pem": str(cert),
            "/etc/ssl/private/outcomes.example.org.key": str(key),
            "/var/log/nginx": str(proxy.folder),
            "127.0.0.1:8501": f"127.0.0.1:{proxy.behind}",
        },
    )
    (proxy.folder / "site.conf").write_text(site)
    kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    temporary = "".join(f"{k}_temp_path {proxy.folder}/{k};\n" for k in kinds)
    whole = proxy.folder / "nginx.conf"
    # Its worker has to reach the test's folder, which is its owner's alone.
    user = "user root;" if os.geteuid() == 0 else ""
    whole.write_text(
        f"daemon off; {user} pid {proxy.folder}/pid;\n"
        f"error_log {proxy.folder}/main.log;\n"
        f"events {{}}\nhttp {{\n{temporary}include {proxy.folder}/site.conf;\n}}\n"
    )
    command = [path, "-e", f"{proxy.folder}/main.log", "-c", whole]
    subprocess.run([*command, "-t"], check=True, capture_output=True)
    with running(command, proxy, os.environ):
        yield


@contextmanager
def caddy(proxy, path, cert, key):
    text = replaced(
        example("Caddyfile"),
        {
            "\tadmin off": f"\thttp_port {proxy.http}\n\thttps_port {proxy.https}\n"
            "\tdefault_bind 127.0.0.1\n\tadmin off",
            "# tls internal": f"tls {cert} {key}",
            "127.0.0.1:8501": f"127.0.0.1:{proxy.behind}",
        },
    )
    config = proxy.folder / "Caddyfile"
    config.write_text(text)
    own = {"XDG_DATA_HOME": f"{proxy.folder}/d", "XDG_CONFIG_HOME": f"{proxy.folder}/c"}
    command = [path, "run", "--adapter", "caddyfile", "--config", config]
    with running(command, proxy, os.environ | own):
        yield


PROXIES = {"nginx": nginx, "caddy": caddy}


@pytest.fixture(scope="module", params=list(PROXIES))
def proxy(request, tmp_path_factory, certificate):
    """Each proxy, in front of ``Answers``."""
    path = program(request.param)
    made = Proxy(tmp_path_factory.mktemp(request.param), certificate[0])
    with dashboard(made.behind), PROXIES[request.param](made, path, *certificate):
        yield made


@contextmanager
def running(command, proxy, environment):
    with ExitStack() as stack:
        log = stack.enter_context((proxy.folder / "output.log").open("wb"))
        process = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
        stack.callback(process.wait, SECONDS)
        stack.callback(process.terminate)
        for port in (proxy.http, proxy.https):
            wait_for(port, process)
        yield


def wait_for(port, process):
    until = time.monotonic() + SECONDS
    while time.monotonic() < until and process.poll() is None:
        try:
            return socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
    raise AssertionError("the proxy did not start")


def replaced(text, changes):
    """Return the text with every change made; each has to be possible."""
    for old, new in changes.items():
        assert old in text, f"{old!r} is not in the example"
        text = text.replace(old, new)
    return text


def free_ports(number):
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(number)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]


def test_the_dashboard_hears_who_asks_from_the_proxy_alone(proxy):
    status, _, body = proxy.ask(
        "/",
        X_Forwarded_For="192.0.2.66",
        X_Forwarded_Proto="http",
        X_Forwarded_Host="elsewhere.example",
        Forwarded="for=192.0.2.66;host=elsewhere.example",
    )
    heard = [(key.lower(), value) for key, value in json.loads(body)["headers"]]
    assert status == 200
    assert ("host", f"{NAME}:{proxy.https}") in heard
    assert [v for k, v in heard if k == "x-forwarded-for"] == ["127.0.0.1"]
    assert [v for k, v in heard if k == "x-forwarded-proto"] == ["https"]
    assert "elsewhere.example" not in str(heard)
    assert "192.0.2.66" not in str(heard)


def test_scripts_are_compressed(proxy):
    status, headers, body = proxy.ask("/static/app.js", Accept_Encoding="gzip")
    assert (status, headers["Content-Encoding"]) == (200, "gzip")
    assert gzip.decompress(body).decode() == SCRIPT
    assert len(body) < len(SCRIPT) / 10
    assert "Accept-Encoding" in headers["Vary"]


def test_pages_and_browsers_that_cannot_are_not_compressed_for(proxy):
    for path, accepted in (("/", "gzip"), ("/static/app.js", "identity")):
        _, headers, _ = proxy.ask(path, Accept_Encoding=accepted)
        assert headers["Content-Encoding"] is None


def test_a_websocket_is_open_both_ways(proxy):
    connection = proxy.connection()
    connection.request(
        "GET",
        "/_stcore/stream",
        headers={
            "Connection": "Upgrade",
            "Upgrade": "websocket",
            "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
            "Sec-WebSocket-Version": "13",
        },
    )
    sock = connection.sock
    assert sock.recv(4096).startswith(b"HTTP/1.1 101")
    for said in (b"one", b"two"):
        sock.sendall(said)
        assert sock.recv(1024) == said.upper()
    connection.close()


def test_an_upload_of_the_largest_size_passes_and_a_larger_one_does_not(proxy):
    status, _, body = proxy.ask("/fits", method="PUT", body=b"x" * 20 * MEGABYTE)
    assert (status, body) == (200, b"whole")
    try:
        status, *_ = proxy.ask("/too-large", method="PUT", body=b"x" * 23 * MEGABYTE)
    except (ConnectionError, ssl.SSLError):
        status = None  # hung up on while still sending
    assert status in (None, 413, 502)
    assert "/fits" in Answers.asked
    assert "/too-large" not in Answers.asked


def test_who_comes_without_tls_is_sent_to_it(proxy):
    connection = http.client.HTTPConnection("127.0.0.1", proxy.http, timeout=SECONDS)
    connection.request("GET", "/login", headers={"Host": NAME})
    answer = connection.getresponse()
    assert answer.status in (301, 308)
    assert re.fullmatch(rf"https://{NAME}(:\d+)?/login", answer.headers["Location"])
    connection.close()


def test_another_name_reaches_nothing(proxy):
    with pytest.raises(ssl.SSLError):
        proxy.connection(name="elsewhere.example")
    connection = proxy.connection()
    connection.putrequest("GET", "/another-name", skip_host=True)
    connection.putheader("Host", "elsewhere.example")
    connection.endheaders()
    with suppress(http.client.RemoteDisconnected):
        assert connection.getresponse().read() == b""
    connection.close()
    assert "/another-name" not in Answers.asked


def test_no_log_tells_whose_record_was_open(proxy):
    look(proxy)
    assert PRIVATE not in proxy.written()


@pytest.mark.parametrize("name", PROXIES)
def test_nor_while_the_dashboard_is_down(name, tmp_path, certificate):
    path = program(name)
    made = Proxy(tmp_path, certificate[0])
    with PROXIES[name](made, path, *certificate):
        assert look(made) == 502
    assert "/patient" in made.written()
    assert PRIVATE not in made.written()


def look(proxy):
    """Ask for one patient's page, coming from it, and return the status."""
    page = f"/patient?patient={PRIVATE}"
    return proxy.ask(page, Referer=f"https://{NAME}{page}", Cookie=f"a={PRIVATE}")[0]
