"""The walkthrough's own rows, asked of every gateway of a kind: what kubectl does is done once, and what is looked at
is looked at on each of them."""

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from importlib import resources
from pathlib import Path

from attached import Kubectl
from installation import service_entry
from joining import JoinedGateway

from pylae.demo.ports import Ports
from pylae.demo.shop import Service
from pylae.demo.step import Command, Earlier, Expectation, Outcome, Section, Step

SYSTEM, SHOP, LABEL = "istio-system", "istioinaction", "istio: ingressgateway"
"""What the walkthrough's commands and manifests say: the gateways' namespace, the shop's, and the gateways' label."""

LOOPBACK = "127.0.0.1"


@dataclass(frozen=True)
class Everywhere:
    """A directory laid out as the walkthrough's, for gateways of one kind. `shop` is the namespace of what they
    serve; all have the same ports, each at its own address."""

    directory: Path
    kubectl: Kubectl
    gateways: tuple[JoinedGateway, ...]
    shop: str = SHOP

    @property
    def ports(self) -> Ports:
        return Ports(self.gateways[0].http, self.gateways[0].https)

    def lay_out(self) -> None:
        chapter, label = self.directory / "ch4", f"istio: {self.gateways[0].place.selector}"
        for manifest in resources.files("pylae.demo").joinpath("manifests").iterdir():
            lines = [self._moved(line).replace(LABEL, label) for line in manifest.read_text().splitlines()]
            chapter.joinpath(manifest.name).write_text("\n".join(lines) + "\n")

    def _moved(self, line: str) -> str:
        """A line that names the namespace of the shop, and not one of its hosts."""
        return line.removesuffix(SHOP) + self.shop if line.endswith(f" {SHOP}") else line

    def expose(self, *services: Service) -> None:
        for service in services:
            host, port = f"{service.name}.{self.shop}.svc.cluster.local", int(service.address.rpartition(":")[2])
            self.kubectl.apply(service_entry(service.name, host, port, namespace=self.shop))

    def section(self, section: Section) -> Section:
        """The same section, with a step for each gateway in place of each that looks at one."""
        return replace(section, steps=tuple(one for step in section.steps for one in self._steps(step)))

    def _steps(self, step: Step) -> Iterator[Step]:
        if step.command.words[0] == "kubectl":
            yield step
            return
        for gateway in self.gateways:
            expected = tuple(_seen_at(gateway, one) for one in step.expected)
            yield replace(step, command=_to(gateway, step.command), expected=expected, key=_key(gateway, step.key))

    def run(self, command: Command, given: str = "") -> Outcome:
        done = subprocess.run(
            [self._own(word) for word in command.words],
            cwd=self.directory,
            env={**os.environ, "KUBECONFIG": str(self.kubectl.kubeconfig), "HOME": str(self.directory)},
            input=given,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        outcome = Outcome(done.returncode, done.stdout, done.stderr)
        return self.run(command.into, outcome.output) if command.into and not outcome.code else outcome

    def _own(self, word: str) -> str:
        """A word of a command, about these gateways."""
        return self.shop if word == SHOP else word.replace(SYSTEM, self.gateways[0].place.namespace)


def _to(gateway: JoinedGateway, command: Command) -> Command:
    """The same command to this very gateway, which has an address and a data directory of its own."""
    address, run = gateway.place.address, f"{gateway.data}/run/"
    words = [word.replace(LOOPBACK, address).replace("pylae/run/", run) for word in command.words]
    match words:
        case ["pylae", *rest]:
            words = [sys.executable, "-m", "pylae", *rest, "--data-dir", str(gateway.data)]
        case ["curl", *_] if any("//localhost" in word for word in words):
            words += ["--resolve", f"localhost:{gateway.https}:{address}"]
    return replace(command, words=tuple(words))


def _seen_at(gateway: JoinedGateway, expected: Expectation) -> Expectation:
    label, wanted = f"{gateway.place.address}: {expected.label}", expected.wanted
    return replace(
        expected, label=label, wanted=Earlier(_key(gateway, wanted.key)) if isinstance(wanted, Earlier) else wanted
    )


def _key(gateway: JoinedGateway, key: str) -> str:
    return key and f"{key} at {gateway.place.address}"
