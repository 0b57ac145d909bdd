"""What resumption saves: handshakes per second, and the CPU that each costs Envoy and the client, full and resumed,
with a chain of the host's own and with the shared one whose certificates are asked for by name.

A rate alone misleads: where the client is the bottleneck, the ratio of rates is the client's saving, not the proxy's.
So both sides' CPU is counted. Each connection costs something without any TLS; that is shown too, and what the
operations themselves cost on this machine.
"""

import argparse
import json
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from certificates import Authority
from clients import Handshakes, handshakes
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa, x25519
from machine import describe, table
from proxies import Proxy, envoy
from shapes import (
    ECDSA,
    EXTENSIONS,
    MANAGER,
    ROUTER,
    RSA,
    TLS_INSPECTOR,
    Json,
    Scene,
    certificate,
    envelope,
    filter_of,
    tls,
)
from stage import free_port

KINDS = {"ECDSA P-256": ECDSA, "RSA 2048": RSA}
VERSIONS = ("1.3", "1.2")


@dataclass
class Ports:
    """Of the listeners of one Envoy."""

    own: int = field(default_factory=free_port)
    plain: int = field(default_factory=free_port)
    on_demand: dict[str, int] = field(default_factory=lambda: {host: free_port() for host in KINDS.values()})


def document(scene: Scene, ports: Ports) -> Json:
    own = [
        {
            "filter_chain_match": {"server_names": [host]},
            "filters": [_manager()],
            "transport_socket": tls(scene, host),
        }
        for host in KINDS.values()
    ]
    listeners = [
        _listener("own", ports.own, own, [TLS_INSPECTOR]),
        _listener("plain", ports.plain, [{"filters": [_manager()]}], []),
    ]
    for host, port in ports.on_demand.items():
        shared = {"filters": [_manager()], "transport_socket": _on_demand(scene, host)}
        listeners.append(_listener(f"on-demand-{host}", port, [shared], [TLS_INSPECTOR]))
    return envelope(scene, listeners, [], node={"id": "bench", "cluster": "bench"})


def _listener(name: str, port: int, chains: list[Json], filters: list[Json]) -> Json:
    address = {"socket_address": {"address": "127.0.0.1", "port_value": port}}
    return {"name": name, "address": address, "listener_filters": filters, "filter_chains": chains}


def _manager() -> Json:
    """The answer is Envoy's own, so that no upstream is in any figure."""
    route = {"match": {"prefix": "/"}, "direct_response": {"status": 200, "body": {"inline_string": "hello"}}}
    hosts = [{"name": "all", "domains": ["*"], "routes": [route]}]
    fields = {"stat_prefix": "bench", "http_filters": [ROUTER], "route_config": {"virtual_hosts": hosts}}
    return {"name": "http", "typed_config": {"@type": MANAGER, **fields}}


def _on_demand(scene: Scene, host: str) -> Json:
    """Certificates by server name, from a file, which may hold but one: where they come from is in no figure, since
    each is asked for once."""
    secret = {
        "@type": f"{EXTENSIONS}.transport_sockets.tls.v3.Secret",
        "name": host,
        "tls_certificate": certificate(scene, host),
    }
    path = scene.files / f"secret-{host}.json"
    path.write_text(json.dumps({"resources": [secret]}))
    selector = {
        "@type": f"{EXTENSIONS}.transport_sockets.tls.cert_selectors.on_demand_secret.v3.Config",
        "config_source": {"path_config_source": {"path": str(path)}},
        "certificate_mapper": {
            "name": "sni",
            "typed_config": {
                "@type": f"{EXTENSIONS}.transport_sockets.tls.cert_mappers.sni.v3.SNI",
                "default_value": "none",
            },
        },
    }
    common = {
        "alpn_protocols": ["h2", "http/1.1"],
        "custom_tls_certificate_selector": {"name": "on-demand", "typed_config": selector},
    }
    return filter_of(
        "envoy.transport_sockets.tls",
        "transport_sockets.tls.v3.DownstreamTlsContext",
        disable_stateless_session_resumption=True,
        disable_stateful_session_resumption=True,
        common_tls_context=common,
    )


@dataclass
class Result:
    """Over the rounds; CPU in milliseconds for a connection."""

    rates: list[float] = field(default_factory=list)
    envoy: list[float] = field(default_factory=list)
    client: list[float] = field(default_factory=list)
    busy: list[float] = field(default_factory=list)

    def add(self, done: Handshakes, computed: float) -> None:
        self.rates.append(done.rate)
        self.envoy.append(computed / done.done * 1000)
        self.client.append(done.cpu / done.done * 1000)
        self.busy.append(computed / done.seconds)


Row = tuple[str, int, str, tuple[str, ...]]
"""A name, the port, the host, and options of the client."""


def rows(ports: Ports, request: tuple[str, ...]) -> list[Row]:
    made: list[Row] = []
    for version in VERSIONS:
        for kind, host in KINDS.items():
            options = ("--tls", version, "--groups", "X25519:P-256", *request)
            made += [
                (f"TLS {version}, {kind}, full", ports.own, host, options),
                (f"TLS {version}, {kind}, resumed", ports.own, host, (*options, "--resume")),
                (f"TLS {version}, {kind}, on demand", ports.on_demand[host], host, options),
            ]
    return made


def measure(proxy: Proxy, wanted: list[Row], *, rounds: int, seconds: float) -> dict[str, Result]:
    results = {name: Result() for name, *_ in wanted}
    for _ in range(rounds):
        for name, port, host, options in wanted:
            before = proxy.cpu()
            done = handshakes(port, host, "--seconds", str(seconds), *options)
            computed = proxy.cpu() - before
            if done.failed or done.refused or not done.done:
                raise RuntimeError(f"{name}: {done}")
            if ("--resume" in options) != (done.resumed == done.done):
                raise RuntimeError(f"{name}: {done.resumed} of {done.done} were resumed")
            results[name].add(done, computed)
    return results


def report(title: str, results: dict[str, Result]) -> None:
    """Each row beside the full handshake of its kind."""
    lines = []
    full: Result | None = None
    for name, result in results.items():
        full = result if name.endswith("full") else full
        lines.append([name, *_cells(result, full or result)])
    print(f"\n{title} (in brackets: times better than the full handshake)")
    print(table(["", "per second", "Envoy's core", "Envoy, ms CPU", "client, ms CPU", "Envoy alone could"], lines))


def _cells(result: Result, full: Result) -> list[str]:
    rate, own, client, busy = (_middle(of) for of in (result.rates, result.envoy, result.client, result.busy))
    full_rate, full_own, full_client = (_middle(of) for of in (full.rates, full.envoy, full.client))
    return [
        f"{rate:,.0f} ({rate / full_rate:.2f})",
        f"{busy:.0%}",
        f"{own:.3f} ({full_own / own:.2f})",
        f"{client:.3f} ({full_client / client:.2f})",
        f"{1000 / own:,.0f}",
    ]


def _middle(values: list[float]) -> float:
    return statistics.median(values)


def operations() -> list[list[str]]:
    """Milliseconds of what a handshake is made of, by OpenSSL; Envoy's BoringSSL differs a little."""
    curve, digest = ec.generate_private_key(ec.SECP256R1()), ec.ECDSA(hashes.SHA256())
    old, pss = rsa.generate_private_key(65537, 2048), padding.PSS(padding.MGF1(hashes.SHA256()), 32)
    peer = x25519.X25519PrivateKey.generate()
    signed, old_signed = curve.sign(b"x", digest), old.sign(b"x", pss, hashes.SHA256())
    work: dict[str, Callable[[], object]] = {
        "X25519: a key and the exchange (both sides)": lambda: x25519.X25519PrivateKey.generate().exchange(
            peer.public_key()
        ),
        "ECDSA P-256: sign (server, full only)": lambda: curve.sign(b"x", digest),
        "ECDSA P-256: verify (client, full only)": lambda: curve.public_key().verify(signed, b"x", digest),
        "RSA 2048: sign (server, full only)": lambda: old.sign(b"x", pss, hashes.SHA256()),
        "RSA 2048: verify (client, full only)": lambda: old.public_key().verify(old_signed, b"x", pss, hashes.SHA256()),
    }
    return [[name, f"{_each(do):.3f}"] for name, do in work.items()]


def _each(do: Callable[[], object], times: int = 1000) -> float:
    began = time.process_time()
    for _ in range(times):
        do()
    return (time.process_time() - began) / times * 1000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=3, help="of each measurement")
    wanted = parser.parse_args()
    print(describe())
    with ExitStack() as at_the_end:
        home = Path(tempfile.mkdtemp(prefix="pylae-bench-"))
        at_the_end.callback(shutil.rmtree, home, ignore_errors=True)
        ports, authority = Ports(), Authority()
        for host in KINDS.values():
            authority.issue(host, by_rsa=host == RSA).write(home, host)
        scene = Scene(ports.plain, ports.own, 0, 0, home)
        proxy = at_the_end.enter_context(envoy(scene, document(scene, ports)))
        how = {"rounds": wanted.rounds, "seconds": wanted.seconds}
        report("Handshake and close", measure(proxy, rows(ports, ()), **how))
        asking = rows(ports, ("--request",))
        asking.append(("no TLS", ports.plain, ECDSA, ("--plain", "--request")))
        report("Handshake, one request, close", measure(proxy, asking, **how))
    print("\nWhat a handshake is made of, by OpenSSL")
    print(table(["", "ms"], operations()))
    print(describe())


if __name__ == "__main__":
    main()
