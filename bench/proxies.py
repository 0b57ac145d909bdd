"""Proxies under test, each on the proxy's core with one worker, all before the same upstream: Envoy by a document, and
nginx, HAProxy and Caddy where they are installed."""

import contextlib
import json
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from certificates import Authority, Leaf
from machine import LOAD, PROXY, cpu, family, on, resident
from shapes import ECDSA, HOSTS, MUTUAL, RSA, Json, Scene
from stage import free_port, trusting_nobody, until_served

from pylae.envoy.binary import find

BODY = 1024
"""Bytes of an answer."""


@dataclass(frozen=True)
class Proxy:
    """One that serves."""

    pid: int
    http: int
    https: int

    def cpu(self) -> float:
        return sum(map(cpu, family(self.pid)))

    def resident(self) -> float:
        return sum(map(resident, family(self.pid)))


def lay_out(directory: Path, ports: tuple[int, int]) -> tuple[Scene, dict[str, Leaf]]:
    """Certificates for all hosts, `client.crt` and `ca.crt` for the mutual one, and two ports."""
    authority = Authority()
    leaves = {host: authority.issue(host, by_rsa=host == RSA) for host in (*HOSTS, "client")}
    for host, leaf in leaves.items():
        leaf.write(directory, host)
    (directory / "ca.crt").write_text(authority.pem)
    return Scene(free_port(), free_port(), *ports, directory), leaves


@contextmanager
def running(scene: Scene, *command: str, core: int = PROXY) -> Iterator[Proxy]:
    with (scene.files / "log").open("a") as log:
        process = subprocess.Popen(on(core, *command), stdout=log, stderr=log, cwd=scene.files)
    try:
        until_served(scene.https, trusting_nobody(), host=ECDSA)
        yield Proxy(process.pid, scene.http, scene.https)
    except TimeoutError as error:
        raise RuntimeError(f"{command[0]} does not serve: {(scene.files / 'log').read_text()}") from error
    finally:
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(10)
        process.kill()
        process.wait()


@contextmanager
def envoy(scene: Scene, document: Json) -> Iterator[Proxy]:
    path = scene.files / "envoy.json"
    path.write_text(json.dumps(document))
    options = ("--disable-hot-restart", "--concurrency", "1", "--log-level", "error")
    with running(scene, str(find().path), "-c", str(path), *options) as proxy:
        yield proxy


NGINX = """
daemon off; worker_processes 1; pid {files}/nginx.pid; error_log stderr error;
events {{ worker_connections 19000; }}
http {{
  access_log off; keepalive_requests 1000000000; server_tokens off;
  client_body_temp_path {files}/t1; proxy_temp_path {files}/t2; fastcgi_temp_path {files}/t3;
  uwsgi_temp_path {files}/t4; scgi_temp_path {files}/t5;
  upstream backend {{ server 127.0.0.1:{upstream}; keepalive 128; keepalive_requests 1000000000; }}
  proxy_http_version 1.1; proxy_set_header Connection ""; proxy_set_header Host $host;
  proxy_set_header X-Forwarded-For $remote_addr; proxy_set_header X-Forwarded-Proto $scheme;
  ssl_protocols TLSv1.2 TLSv1.3; ssl_session_cache shared:bench:10m; ssl_session_tickets on;
  server {{ listen 127.0.0.1:{http}; return 301 https://$host$request_uri; }}
  {servers}
}}
"""
NGINX_SERVER = """
  server {{
    listen 127.0.0.1:{https} ssl http2; server_name {host};
    ssl_certificate {files}/{host}.crt; ssl_certificate_key {files}/{host}.key; {more}
    location / {{ proxy_pass http://backend; }}
  }}
"""


@contextmanager
def nginx(scene: Scene) -> Iterator[Proxy]:
    asks = f"ssl_verify_client on; ssl_client_certificate {scene.files}/ca.crt;"
    more = {host: asks if host == MUTUAL else "" for host in HOSTS}
    known = {"files": scene.files, "http": scene.http, "https": scene.https, "upstream": scene.upstream}
    servers = "".join(NGINX_SERVER.format(host=host, more=more[host], **known) for host in HOSTS)
    path = scene.files / "nginx.conf"
    path.write_text(NGINX.format(servers=servers, **known))
    with running(scene, "nginx", "-e", "stderr", "-p", str(scene.files), "-c", str(path)) as proxy:
        yield proxy


HAPROXY = """
global
  nbthread 1
  maxconn 8000
defaults
  mode http
  timeout connect 5s
  timeout client 60s
  timeout server 60s
  option forwardfor
frontend plain
  bind 127.0.0.1:{http}
  http-request redirect scheme https code 301
frontend secure
  bind 127.0.0.1:{https} ssl crt-list {files}/crt-list alpn h2,http/1.1
  http-request set-header X-Forwarded-Proto https
  default_backend backend
backend backend
  http-reuse always
  server one 127.0.0.1:{upstream}
"""


@contextmanager
def haproxy(scene: Scene) -> Iterator[Proxy]:
    asks = f" [ca-file {scene.files}/ca.crt verify required]"
    lines = (f"{scene.files}/{host}.pem{asks if host == MUTUAL else ''} {host}\n" for host in HOSTS)
    (scene.files / "crt-list").write_text("".join(lines))
    path = scene.files / "haproxy.cfg"
    path.write_text(HAPROXY.format(files=scene.files, http=scene.http, https=scene.https, upstream=scene.upstream))
    with running(scene, "haproxy", "-f", str(path)) as proxy:
        yield proxy


CADDY = """
{{
  admin off
  auto_https off
  http_port {http}
  https_port {https}
  default_bind 127.0.0.1
  servers {{
    protocols h1 h2
  }}
}}
http://:{http} {{
  redir https://{{host}}{{uri}} 301
}}
"""
CADDY_SITE = """
https://{host}:{https} {{
  tls {files}/{host}.crt {files}/{host}.key {{
    {more}
  }}
  reverse_proxy 127.0.0.1:{upstream}
}}
"""


@contextmanager
def caddy(scene: Scene) -> Iterator[Proxy]:
    asks = f"client_auth {{\n mode require_and_verify\n trusted_ca_cert_file {scene.files}/ca.crt\n }}"
    known = {"files": scene.files, "https": scene.https, "upstream": scene.upstream}
    sites = (CADDY_SITE.format(host=host, more=asks if host == MUTUAL else "", **known) for host in HOSTS)
    path = scene.files / "Caddyfile"
    path.write_text(CADDY.format(http=scene.http, https=scene.https) + "".join(sites))
    home = (f"HOME={scene.files}", f"XDG_DATA_HOME={scene.files}", "GOMAXPROCS=1")
    command = ("env", *home, "caddy", "run", "--adapter", "caddyfile", "--config", str(path))
    with running(scene, *command) as proxy:
        yield proxy


OTHERS: dict[str, Callable[[Scene], contextlib.AbstractContextManager[Proxy]]] = {
    "nginx": nginx,
    "haproxy": haproxy,
    "caddy": caddy,
}


def installed() -> list[str]:
    return [name for name in OTHERS if shutil.which(name)]


NOBODY = """
daemon off; worker_processes 1; pid {files}/nobody.pid; error_log /dev/null;
events {{ worker_connections 19000; }}
http {{ access_log off; server {{ listen 127.0.0.1:{port} ssl; ssl_reject_handshake on; }} }}
"""
UPSTREAM = """
daemon off; worker_processes 1; pid {files}/upstream.pid; error_log stderr error;
events {{ worker_connections 19000; }}
http {{
  access_log off; keepalive_requests 1000000000; default_type text/plain;
  server {{ listen 127.0.0.1:{one}; listen 127.0.0.1:{two} http2; return 200 "{body}"; }}
}}
"""


@contextmanager
def upstream(directory: Path, port: int = 0) -> Iterator[tuple[int, int]]:
    """A backend that costs little, on the load's core: its ports for HTTP/1.1 (`port`, if given) and HTTP/2."""
    one, two = port or free_port(), free_port()
    with _nginx(directory, "upstream", UPSTREAM.format(files=directory, one=one, two=two, body="x" * BODY), one):
        yield one, two


@contextmanager
def nobody(directory: Path) -> Iterator[int]:
    """A port that refuses every handshake, for what clients cost by themselves."""
    port = free_port()
    with _nginx(directory, "nobody", NOBODY.format(files=directory, port=port), port):
        yield port


@contextmanager
def _nginx(directory: Path, name: str, configuration: str, port: int) -> Iterator[None]:
    if shutil.which("nginx") is None:
        raise SystemExit("nginx is missing: it is the upstream here; install nginx-light")
    path = directory / f"{name}.conf"
    path.write_text(configuration)
    process = subprocess.Popen(on(LOAD, "nginx", "-e", "stderr", "-p", str(directory), "-c", str(path)))
    try:
        until_open(port)
        yield
    finally:
        process.terminate()
        process.wait()


def until_open(port: int, deadline: float = 10) -> None:
    end = time.perf_counter() + deadline
    while time.perf_counter() < end:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port)):
            return
        time.sleep(0.01)
    raise TimeoutError(f"nothing listens on port {port}")
