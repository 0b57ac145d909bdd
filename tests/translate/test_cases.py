"""The golden cases: objects as a user writes them, and what is expected of their translation, one idea in a file.

A file holds YAML documents, a line `---- expect`, and what is expected: the parts of the picture that the case is
about, `findings` (all of them, but for ports that no Service publishes), and, where it matters, the `workload` and the
`invalid` objects.
"""

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from pylae.api.meta import Object, ObjectRef
from pylae.model.codes import DESTINATION_PORT_REQUIRED, DESTINATION_UNKNOWN, INTERNAL, PORT_NOT_ON_SERVICE
from pylae.model.finding import Finding
from pylae.model.ir.listener import HttpConnectionManager, TcpProxy
from pylae.model.ir.route import Forward
from pylae.model.snapshot import Snapshot
from pylae.model.translation import Translation
from pylae.model.workload import AccessLog, GatewayWorkload
from pylae.translate.translate import translate

CASES = Path(__file__).parent / "cases"

Read = Callable[[str], list[Object]]
Assemble = Callable[[Sequence[Object]], Snapshot]
Paint = Callable[[Translation, Snapshot, GatewayWorkload], dict[str, Any]]


@dataclass(frozen=True)
class Case:
    """A golden case; `expected` is what is left of its second half."""

    objects: str
    expected: dict[str, Any]
    workload: GatewayWorkload
    invalid: frozenset[ObjectRef]


def load(path: Path) -> Case:
    objects, _, expected = path.read_text().partition("---- expect\n")
    given = yaml.safe_load(expected)
    settings = given.pop("workload", {})
    if "access_log" in settings:
        settings["access_log"] = AccessLog(**settings["access_log"])
    return Case(objects, given, GatewayWorkload(**settings), frozenset(map(object_ref, given.pop("invalid", []))))


def object_ref(text: str) -> ObjectRef:
    """`Gateway shop/front` as a reference."""
    kind, _, key = text.partition(" ")
    namespace, _, name = key.partition("/")
    return ObjectRef(kind, namespace, name)


@pytest.fixture(params=sorted(CASES.glob("*/*.yaml")), ids=lambda path: f"{path.parent.name}/{path.stem}")
def case(request: pytest.FixtureRequest) -> Case:
    return load(request.param)


def test_what_is_expected_is_seen(case: Case, read_objects: Read, snapshot_of: Assemble, paint: Paint) -> None:
    snapshot = snapshot_of(read_objects(case.objects))
    translation = translate(snapshot, case.workload, case.invalid)
    seen = paint(translation, snapshot, case.workload)
    findings = case.expected.pop("findings", None)
    assert list(differences(case.expected, seen)) == []
    if findings is not None:
        assert list(missed(findings, translation.findings)) == []


def test_the_order_of_objects_does_not_matter(case: Case, read_objects: Read, snapshot_of: Assemble) -> None:
    objects = read_objects(case.objects)
    translation = translate(snapshot_of(objects), case.workload, case.invalid)
    for seed in range(5):
        shuffled = random.Random(seed).sample(objects, len(objects))
        assert translate(snapshot_of(shuffled), case.workload, case.invalid) == translation


def test_a_case_stays_short(case: Case) -> None:
    assert len(case.objects.splitlines()) <= 40


def test_whatever_is_named_is_there_and_named_once(case: Case, read_objects: Read, snapshot_of: Assemble) -> None:
    translation = translate(snapshot_of(read_objects(case.objects)), case.workload, case.invalid)
    chains = [chain for listener in translation.listeners for chain in listener.chains]
    managers = [chain.payload for chain in chains if isinstance(chain.payload, HttpConnectionManager)]
    assert sorted(manager.route_configuration for manager in managers) == [
        routes.name for routes in translation.route_configurations
    ]
    assert_once(listener.name for listener in translation.listeners)
    assert_once(address for listener in translation.listeners for address in listener.addresses)
    for listener in translation.listeners:
        assert_once(chain.name for chain in listener.chains)
        assert_once(name for chain in listener.chains for name in chain.server_names or ("*",))
    for routes in translation.route_configurations:
        assert_once(host.name for host in routes.virtual_hosts)
        assert_once(domain for host in routes.virtual_hosts for domain in host.domains)
    assert all(finding.code != INTERNAL for finding in translation.findings)


def test_a_cluster_that_does_not_exist_is_a_finding(case: Case, read_objects: Read, snapshot_of: Assemble) -> None:
    translation = translate(snapshot_of(read_objects(case.objects)), case.workload, case.invalid)
    known = {cluster.name for cluster in translation.clusters}
    named = named_clusters(translation)
    assert known <= named
    assert named <= known or any(
        found.code in (DESTINATION_UNKNOWN, DESTINATION_PORT_REQUIRED) for found in translation.findings
    )


def named_clusters(translation: Translation) -> set[str]:
    payloads = [chain.payload for listener in translation.listeners for chain in listener.chains]
    hosts = [host for routes in translation.route_configurations for host in routes.virtual_hosts]
    actions = [route.action for host in hosts for route in host.routes]
    forwarding = [part for part in (*payloads, *actions) if isinstance(part, TcpProxy | Forward)]
    return {share.cluster for part in forwarding for share in part.clusters}


def assert_once(values: Iterator[Any]) -> None:
    found = list(values)
    assert len(found) == len(set(found)), found


def missed(expected: list[dict[str, str]], findings: tuple[Finding, ...]) -> Iterator[str]:
    """Findings that are expected and not there, or there and not expected. `says` is a part of the sentence."""
    wants_ports = any(wanted["reason"] == PORT_NOT_ON_SERVICE.reason for wanted in expected)
    left = [finding for finding in findings if wants_ports or finding.code != PORT_NOT_ON_SERVICE]
    for wanted in expected:
        found = next((finding for finding in left if is_told(wanted, finding)), None)
        if found:
            left.remove(found)
        else:
            yield f"not found: {wanted}"
    yield from (f"not expected: {finding}" for finding in left)


def is_told(wanted: dict[str, str], finding: Finding) -> bool:
    return (
        finding.code.reason == wanted["reason"]
        and str(finding.about) == wanted["about"]
        and wanted.get("path", finding.path) == finding.path
        and wanted.get("says", "") in finding.sentence()
    )


def differences(expected: Any, seen: Any, path: str = "") -> Iterator[str]:
    """Where what was seen is not what was expected. Only what is given counts; an empty value may as well be absent."""
    if isinstance(expected, dict) and isinstance(seen, dict):
        for key, value in expected.items():
            if key in seen:
                yield from differences(value, seen[key], f"{path}.{key}")
            elif value:
                yield f"{path}.{key}: not there; there are {list(seen)}"
    elif isinstance(expected, list) and isinstance(seen, list) and len(expected) == len(seen):
        for index, (one, other) in enumerate(zip(expected, seen, strict=True)):
            yield from differences(one, other, f"{path}[{index}]")
    elif expected != seen:
        yield f"{path}: expected {expected!r}, seen {seen!r}"
