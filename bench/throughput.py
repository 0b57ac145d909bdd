"""Requests and handshakes per second of one proxy core: Pylae's configuration beside a minimal one and one of Istio's
shape on the same Envoy, and beside nginx, HAProxy and Caddy where they are installed; and what each feature is worth.

All are started once and measured in turn, round after round; the figures are medians of the rounds.
"""

import argparse
import json
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from certificates import Leaf
from clients import handshakes, requests
from frozen import FEATURES, Frozen, dump
from machine import LOAD, PROXY, describe, median, move, table
from proxies import OTHERS, Proxy, envoy, installed, lay_out, upstream
from shapes import ECDSA, HOSTS, MUTUAL, RSA, Json, Scene, istio, minimal
from stage import Stage, free_port, stage, trusting_nobody, until_served

BASE = "Envoy, Istio's shape"
FROZEN = "Pylae's, no change"
BUSY = 0.9
"""Of the proxy's core; below it something else was the bottleneck, and the figure says less than the proxy could."""

Measure = Callable[[Proxy, float], float]


@dataclass(frozen=True)
class Client:
    """The files of the mutual host's client."""

    chain: Path
    key: Path

    def measures(self) -> dict[str, Measure]:
        """Each gives what was done per second."""
        asks = ("--chain", str(self.chain), "--key", str(self.key))
        return {
            "TLS h1": lambda proxy, s: requests(proxy.https, ECDSA, "--h1", seconds=s).rate,
            "TLS h2": lambda proxy, s: requests(proxy.https, ECDSA, "-m", "8", seconds=s, connections=16).rate,
            "301": lambda proxy, s: requests(proxy.http, ECDSA, "--h1", f"http://{ECDSA}/", seconds=s).rate,
            "ECDSA": lambda proxy, s: _connections(proxy, ECDSA, s),
            "resumed": lambda proxy, s: _connections(proxy, ECDSA, s, "--resume"),
            "RSA": lambda proxy, s: _connections(proxy, RSA, s),
            "mutual": lambda proxy, s: _connections(proxy, MUTUAL, s, *asks),
        }


def _connections(proxy: Proxy, host: str, seconds: float, *options: str) -> float:
    return handshakes(proxy.https, host, "--seconds", str(seconds), *options).rate


@dataclass
class Result:
    """Of one proxy and measure, over the rounds; `busy` is the share of its core that the proxy used."""

    rates: list[float] = field(default_factory=list)
    busy: list[float] = field(default_factory=list)

    @property
    def rate(self) -> float | None:
        return median(self.rates)

    @property
    def possible(self) -> float | None:
        """Per second of the proxy's own CPU: what it could do if nothing else held it up."""
        return median(rate / share for rate, share in zip(self.rates, self.busy, strict=True) if share)

    def spell(self, base: "Result") -> str:
        if self.rate is None:
            return "–"
        ratio = f" ({self.rate / base.rate:.2f})" if base.rate else ""
        mark = "" if (median(self.busy) or 0) >= BUSY else "~"
        return f"{mark}{self.rate:,.0f}{ratio}"


Results = dict[tuple[str, str], Result]


def measure(proxies: dict[str, Proxy], measures: dict[str, Measure], *, rounds: int, seconds: float) -> Results:
    results: Results = {(name, what): Result() for name in proxies for what in measures}
    for _ in range(rounds):
        for what, run in measures.items():
            for name, proxy in proxies.items():
                before = proxy.cpu()
                rate = run(proxy, seconds)
                results[name, what].rates.append(rate)
                # What the client needs to begin and to end is in the time of neither.
                results[name, what].busy.append((proxy.cpu() - before) / (seconds + WARM[what]))
    return results


WARM = {"TLS h1": 0.5, "TLS h2": 0.5, "301": 0.5, "ECDSA": 0.0, "resumed": 0.0, "RSA": 0.0, "mutual": 0.0}
"""Seconds that a client is at work before it counts."""


def objects(leaves: dict[str, Leaf], authority: str, port: int, serve: str) -> list[Json]:
    """The same three hosts for Pylae, and the redirect."""
    return [
        *(_secret(host, leaves[host], authority) for host in HOSTS),
        _gateway(serve),
        _virtual_service(),
        *_backend(port),
    ]


def _secret(host: str, leaf: Leaf, authority: str) -> Json:
    pair = {"tls.crt": leaf.chain, "tls.key": leaf.key}
    data = {**pair, "ca.crt": authority} if host == MUTUAL else pair
    metadata = {"name": host, "namespace": "istio-system"}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "stringData": data}


def _gateway(serve: str) -> Json:
    servers: list[Json] = [
        {"port": {"number": 80, "name": "http", "protocol": "HTTP"}, "hosts": ["*"], "tls": {"httpsRedirect": True}}
    ]
    for number, host in enumerate(HOSTS):
        port = {"number": 443, "name": f"https-{number}", "protocol": "HTTPS"}
        tls = {"mode": "MUTUAL" if host == MUTUAL else "SIMPLE", "credentialName": host}
        servers.append({"port": port, "hosts": [host], "tls": tls})
    metadata = {"name": "bench", "namespace": "default", "annotations": {"pylae.dev/serve": serve}}
    spec = {"selector": {"istio": "ingressgateway"}, "servers": servers}
    return {"apiVersion": "networking.istio.io/v1", "kind": "Gateway", "metadata": metadata, "spec": spec}


def _backend(port: int) -> Iterator[Json]:
    metadata = {"name": "backend", "namespace": "default"}
    ports = [{"name": "http", "port": 80, "targetPort": port}]
    yield {"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": {"ports": ports}}
    yield {
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "metadata": {**metadata, "labels": {"kubernetes.io/service-name": "backend"}},
        "addressType": "IPv4",
        "endpoints": [{"addresses": ["127.0.0.1"]}],
        "ports": [{"name": "http", "port": port, "protocol": "TCP"}],
    }


def _virtual_service() -> Json:
    to = {"destination": {"host": "backend", "port": {"number": 80}}}
    spec = {"hosts": list(HOSTS), "gateways": ["bench"], "http": [{"route": [to]}]}
    metadata = {"name": "bench", "namespace": "default"}
    return {"apiVersion": "networking.istio.io/v1", "kind": "VirtualService", "metadata": metadata, "spec": spec}


@contextmanager
def pylae(scene: Scene, leaves: dict[str, Leaf], serve: str) -> Iterator[tuple[Proxy, Stage]]:
    """A running Pylae with its Envoy on the proxy's core, and the rest of it on the other."""
    with stage() as made:
        manifest = made.data.parent / "objects.yaml"
        documents = objects(leaves, (scene.files / "ca.crt").read_text(), scene.upstream, serve)
        manifest.write_text("\n---\n".join(map(json.dumps, documents)))
        control_plane = made.up("-f", str(manifest), core=PROXY)
        until_served(made.https, trusting_nobody(), host=ECDSA)
        made.expect(serve)
        move(control_plane.pid, LOAD)
        yield Proxy(made.envoy, made.http, made.https), made


def report(title: str, names: list[str], base: str, results: Results, proxies: dict[str, Proxy]) -> None:
    measures = list(dict.fromkeys(what for _, what in results))
    rows = []
    for name in names:
        cells = [results[name, what].spell(results[base, what]) for what in measures]
        rows.append([name, *cells, f"{proxies[name].resident():.0f}"])
    print(f"\n{title}: per second, and in brackets the ratio to: {base}. ~: the proxy was not the bottleneck.")
    print(table(["", *measures, "MB"], rows))
    print(describe())


def report_possible(names: list[str], results: Results) -> None:
    measures = list(dict.fromkeys(what for _, what in results))
    rows = [[name, *(f"{results[name, what].possible or 0:,.0f}" for what in measures)] for name in names]
    print("\nThe same per second of the proxy's own CPU, whatever held it up")
    print(table(["", *measures], rows))


def fresh(scene: Scene) -> Scene:
    """The same scene on other ports, in a directory of its own."""
    files = Path(tempfile.mkdtemp(prefix="proxy-", dir=scene.files))
    for path in [*scene.files.glob("*.crt"), *scene.files.glob("*.key"), *scene.files.glob("*.pem")]:
        shutil.copy(path, files)
    return replace(scene, http=free_port(), https=free_port(), files=files)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=3, help="of each measurement")
    parser.add_argument("--on-demand", action="store_true", help="a Pylae that serves on demand as well")
    parser.add_argument("--features", action="store_true", help="what each feature is worth, in place of the proxies")
    parser.add_argument("--only", nargs="*", help="of the measures")
    return parser.parse_args()


def main() -> None:
    wanted = arguments()
    print(describe())
    with ExitStack() as at_the_end:
        home = Path(tempfile.mkdtemp(prefix="pylae-bench-"))
        at_the_end.callback(shutil.rmtree, home, ignore_errors=True)
        scene, leaves = lay_out(home, at_the_end.enter_context(upstream(home)))
        measures = Client(home / "client.crt", home / "client.key").measures()
        measures = {what: measures[what] for what in wanted.only or measures}
        proxies: dict[str, Proxy] = {}
        served, made = at_the_end.enter_context(pylae(scene, leaves, "ahead"))
        if wanted.features:
            frozen = {FROZEN: None, **FEATURES}
            for name, change in frozen.items():
                own = fresh(scene)
                proxies[name] = at_the_end.enter_context(envoy(own, Frozen(dump(made), own).document(change)))
        else:
            for name, shape in (("Envoy, minimal", minimal), (BASE, istio)):
                own = fresh(scene)
                proxies[name] = at_the_end.enter_context(envoy(own, shape(own)))
            proxies["Pylae"] = served
            if wanted.on_demand:
                proxies["Pylae, on demand"], _ = at_the_end.enter_context(pylae(scene, leaves, "on-demand"))
            for name in installed():
                proxies[name] = at_the_end.enter_context(OTHERS[name](fresh(scene)))
        results = measure(proxies, measures, rounds=wanted.rounds, seconds=wanted.seconds)
        base = FROZEN if wanted.features else BASE
        title = "What a feature is worth" if wanted.features else "Proxies"
        report(title, list(proxies), base, results, proxies)
        report_possible(list(proxies), results)


if __name__ == "__main__":
    main()
