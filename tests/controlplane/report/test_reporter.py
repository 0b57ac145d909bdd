"""A report costs what it tells: one object among thousands is one look and one write, and no trouble stops the rest."""

import asyncio
import contextlib
import logging
from collections import Counter
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from pylae.api.gateway import Gateway
from pylae.api.meta import ObjectMeta, ObjectRef
from pylae.api.scheme import EVENT, GATEWAY, SERVICE, Kind
from pylae.api.virtual_service import VirtualService
from pylae.controlplane.metrics import Metrics
from pylae.controlplane.report.backlog import PAGE
from pylae.controlplane.report.ledger import Ledger
from pylae.controlplane.report.opening import OF_A_CODE
from pylae.controlplane.report.reporter import FRONT, Reporter
from pylae.controlplane.report.reporter import MANY as MANY_AT_ONCE
from pylae.kube.answers import Page
from pylae.kube.client import Client
from pylae.kube.connection import Connection
from pylae.kube.errors import Forbidden, KubeError, Unreachable
from pylae.model import codes
from pylae.model.finding import Finding
from pylae.model.snapshot import Key, Snapshot
from pylae.model.translation import ServerPlan
from pylae.status.gateway import gateway_status

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
MANY = 10_000

Json = dict[str, Any]


@dataclass
class Api(Client):
    """An API that holds statuses and remembers what it was asked for."""

    connection: Connection = field(default_factory=lambda: Connection("http://127.0.0.1:9"))
    statuses: dict[tuple[str, Key], Json] = field(default_factory=dict)
    asked: list[tuple[str, str, Key]] = field(default_factory=list)
    events: list[Json] = field(default_factory=list)
    refuses: dict[Key, KubeError] = field(default_factory=dict)
    """Objects whose status is not taken."""

    changed: asyncio.Event = field(default_factory=asyncio.Event)

    async def get(self, kind: Kind, namespace: str, name: str) -> Json:
        self._note("GET", kind, (namespace, name))
        return {"status": self.statuses.get((kind.kind, (namespace, name)), {})}

    async def patch_status(self, kind: Kind, namespace: str, name: str, change: Json) -> Json:
        self._note("PATCH", kind, (namespace, name))
        if refusal := self.refuses.get((namespace, name)):
            raise refusal
        self.statuses.setdefault((kind.kind, (namespace, name)), {}).update(change["status"])
        return {}

    async def page(self, kind: Kind, namespace: str = "", continue_token: str = "", **query: str) -> Page:
        begin, count = int(continue_token or 0), int(query["limit"])
        known = [(key, status) for (of_kind, key), status in self.statuses.items() if of_kind == kind.kind]
        items = [_body(key, status) for key, status in known[begin : begin + count]]
        self._note("LIST", kind, ("", continue_token))
        return Page(tuple(items), "1", str(begin + count) if begin + count < len(known) else "")

    async def create(self, kind: Kind, namespace: str, document: Json, *, strict: bool = False) -> Json:
        assert kind is EVENT
        self.events.append(document)
        self.changed.set()
        return document

    def times(self, verb: str, name: str) -> int:
        return sum(1 for asked, _, key in self.asked if (asked, key[1]) == (verb, name))

    async def until_written(self, name: str, times: int = 1) -> None:
        await self.until(lambda: self.times("PATCH", name) >= times)

    async def until(self, holds: Any) -> None:
        async with asyncio.timeout(20):
            while not holds():
                await self.changed.wait()
                self.changed.clear()

    def _note(self, verb: str, kind: Kind, key: Key) -> None:
        self.asked.append((verb, kind.kind, key))
        self.changed.set()


def _body(key: Key, status: Json) -> bytes:
    return msgspec.json.encode({"metadata": {"namespace": key[0], "name": key[1]}, "status": status})


class Looked(dict[Key, Gateway]):
    """Gateways, and how often each was looked at."""

    def __init__(self, gateways: Iterable[Gateway]) -> None:
        super().__init__({("shop", gateway.metadata.name): gateway for gateway in gateways})
        self.looks: Counter[str] = Counter()

    def get(self, key: Key, default: Any = None) -> Any:
        self.looks[key[1]] += 1
        return super().get(key, default)


def gateway(name: str, generation: int = 1) -> Gateway:
    return Gateway(kind="Gateway", metadata=ObjectMeta(namespace="shop", name=name, generation=generation, uid=name))


def serving(key: Key) -> tuple[ServerPlan, ...]:
    if key[1] == "odd":
        raise RuntimeError("odd")
    return (ServerPlan(ObjectRef("Gateway", *key), 0, "https", 443, "HTTPS", (f"{key[1]}.test",), listener="l"),)


def right(name: str) -> Json:
    """The status of a Gateway on which nothing is found."""
    return gateway_status(gateway(name), serving(("shop", name)), (), NOON)


def finding(name: str, message: str = "Secret x does not exist.") -> Finding:
    return Finding(codes.CERTIFICATE_MISSING, ObjectRef("Gateway", "shop", name), "spec.servers[0].tls", message)


@dataclass
class House:
    """A reporter and what is around it."""

    api: Api
    ledger: Ledger
    gateways: Looked
    metrics: Metrics
    reporter: Reporter

    def times(self, name: str) -> int:
        """How often the status was written."""
        return self.api.times("PATCH", name)

    def touch(self, *names: str) -> None:
        for name in names:
            self.reporter.touch(GATEWAY, ("shop", name))
        self.reporter.wake()

    def programmed(self, name: str) -> tuple[str, str]:
        conditions = self.api.statuses["Gateway", ("shop", name)]["conditions"]
        (found,) = [condition for condition in conditions if condition["type"] == "Programmed"]
        return found["status"], found["reason"]


@contextlib.asynccontextmanager
async def a_house(
    *names: str, statuses: dict[tuple[str, Key], Json] | None = None, **more: Any
) -> AsyncIterator[House]:
    api, ledger, metrics = Api(statuses=statuses or {}), Ledger(), Metrics()
    gateways = Looked(gateway(name) for name in names)
    routes = VirtualService(kind="VirtualService", metadata=ObjectMeta(namespace="shop", name="routes"))
    snapshot = Snapshot(gateways=gateways, virtual_services={("shop", "routes"): routes})
    reporter = Reporter(api, ledger, lambda: snapshot, serving, metrics, lambda: NOON, **more)
    task = asyncio.create_task(reporter.run())
    try:
        yield House(api, ledger, gateways, metrics, reporter)
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


@contextlib.asynccontextmanager
async def a_quiet_house(*names: str) -> AsyncIterator[House]:
    """One whose start is over."""
    async with a_house(*names) as house:
        house.reporter.begin()
        await house.api.until(lambda: len(house.api.asked) >= 2)  # the lists of the two kinds
        house.api.asked.clear()
        house.gateways.looks.clear()
        yield house


async def test_one_change_among_ten_thousand_objects_is_one_look_and_one_write() -> None:
    names = [f"h{number}" for number in range(MANY)]
    async with a_quiet_house(*names) as house:
        house.touch("h77", "h77")
        await house.api.until_written("h77")
        house.touch("h78")
        await house.api.until_written("h78")
        assert [(verb, key[1]) for verb, _, key in house.api.asked] == [
            ("GET", "h77"),
            ("PATCH", "h77"),
            ("GET", "h78"),
            ("PATCH", "h78"),
        ]
        assert house.gateways.looks == {"h77": 1, "h78": 1}
        assert house.programmed("h77") == ("True", "Programmed")


async def test_an_object_of_which_nothing_else_is_to_be_said_costs_no_request() -> None:
    async with a_quiet_house("a", "b") as house:
        house.touch("a")
        await house.api.until_written("a")
        house.touch("a", "b")
        await house.api.until_written("b")
        assert (house.api.times("GET", "a"), house.api.times("PATCH", "a")) == (1, 1)


async def test_a_finding_concerns_its_object_alone_when_it_comes_and_when_it_goes() -> None:
    async with a_quiet_house("a", "b") as house:
        house.ledger.tell("secrets", (finding("a"),))
        house.reporter.wake()
        await house.api.until_written("a")
        assert house.programmed("a") == ("False", "CertificateMissing")
        house.ledger.silence("secrets")
        house.reporter.wake()
        await house.api.until_written("a", 2)
        assert house.programmed("a") == ("True", "Programmed")
        assert house.gateways.looks == {"a": 2}


async def test_an_object_that_is_gone_and_comes_back_is_told_anew() -> None:
    async with a_quiet_house("a", "b") as house:
        house.touch("a")
        await house.api.until_written("a")
        made = house.gateways.pop(("shop", "a"))
        house.touch("a", "b")
        await house.api.until_written("b")
        house.api.statuses.clear()
        house.gateways["shop", "a"] = made
        house.touch("a")
        await house.api.until_written("a", 2)


async def test_of_services_only_the_one_in_front_has_a_status() -> None:
    async with a_quiet_house("a") as house:
        house.reporter.touch(SERVICE, ("shop", "web"))
        house.reporter.touch(SERVICE, FRONT)
        house.touch("a")
        await house.api.until_written("a")
        assert {kind for _, kind, _ in house.api.asked} == {"Gateway"}  # the one in front is not there yet


async def test_at_the_start_what_is_right_is_only_listed() -> None:
    names = [f"h{number}" for number in range(1000)]
    statuses = {("Gateway", ("shop", name)): right(name) for name in names}
    statuses["Gateway", ("shop", "h500")] = {}
    async with a_house(*names, statuses=statuses) as house:
        house.reporter.begin()
        await house.api.until(lambda: ("LIST", "VirtualService", ("", "")) in house.api.asked)
        assert Counter(verb for verb, _, _ in house.api.asked) == {"LIST": 1000 / PAGE + 1, "PATCH": 1}
        assert house.programmed("h500") == ("True", "Programmed")


async def test_before_all_was_looked_into_only_what_changes_is_told() -> None:
    """Of the others not everything is found yet, and what they say may still be right."""
    async with a_house("old", "new", "last", statuses={("Gateway", ("shop", "old")): {}}) as house:
        house.ledger.tell("validation", (finding("old"), finding("new")))
        house.touch("new")
        await house.api.until_written("new")
        house.ledger.tell("secrets", (finding("old", "another"),))
        house.ledger.silence("validation")
        house.touch("last")
        await house.api.until_written("new", 2)
        assert house.programmed("new") == ("True", "Programmed")
        assert house.api.times("PATCH", "old") == 0
        house.reporter.begin()
        await house.api.until_written("old")
        assert house.programmed("old") == ("False", "CertificateMissing")
        assert house.api.times("PATCH", "old") == 1


async def test_what_changes_is_told_before_the_backlog_of_the_start() -> None:
    names = [f"h{number}" for number in range(1000)]
    statuses: dict[tuple[str, Key], Json] = {("Gateway", ("shop", name)): {} for name in names}
    async with a_house(*names, statuses=statuses) as house:
        house.reporter.begin()
        await house.api.until_written("h0")
        house.touch("h999")
        await house.api.until_written("h998")
        written = [key[1] for verb, _, key in house.api.asked if verb == "PATCH"]
        assert written.index("h999") < written.index("h998")
        assert len(written) == len(set(written))


async def test_what_the_api_does_not_take_is_tried_again_and_holds_up_no_other() -> None:
    async with a_quiet_house("bad", "good") as house:
        house.api.refuses["shop", "bad"] = Forbidden(403, "Forbidden", "no")
        house.touch("bad")
        await house.api.until_written("bad")
        house.touch("good")
        await house.api.until_written("good")
        del house.api.refuses["shop", "bad"]
        await house.api.until_written("bad", 2)
        assert house.programmed("bad") == ("True", "Programmed")


async def test_nothing_that_waits_is_lost_while_nobody_answers() -> None:
    async with a_quiet_house("a", "b") as house:
        for name in ("a", "b"):
            house.api.refuses["shop", name] = Unreachable("here", "it does not answer")
        house.touch("a", "b")
        await house.api.until_written("a")
        house.api.refuses.clear()
        await house.api.until(lambda: len(house.api.statuses) == 2)


async def test_a_mistake_of_ours_over_one_object_is_logged_and_stops_no_other(caplog: pytest.LogCaptureFixture) -> None:
    async with a_quiet_house("odd", "good") as house:
        house.touch("odd", "good")
        await house.api.until_written("good")
        assert house.api.times("PATCH", "odd") == 0
    assert "this is a bug in Pylae" in caplog.text


async def test_a_finding_that_stands_becomes_one_event_and_one_line(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    async with a_quiet_house("a") as house:
        passing = finding("a", "it is not there yet")
        house.ledger.tell("other", (passing,))
        house.ledger.tell("secrets", (finding("a"), finding("gone")))
        house.reporter.wake()
        await house.api.until_written("a")
        house.ledger.silence("other")
        house.reporter.wake()
        await house.api.until(lambda: house.api.events)
        (event,) = house.api.events
        assert (event["reason"], event["message"]) == ("CertificateMissing", "Secret x does not exist.")
        house.ledger.silence("secrets")
        house.reporter.wake()
        await house.api.until_written("a", 2)
    lines = [record.getMessage() for record in caplog.records]
    assert lines == [
        f"{finding('a')}",
        f"{finding('gone')}",
        "Settled: PYL0101 Gateway shop/a: Secret x does not exist.",
        "Settled: PYL0101 Gateway shop/gone: Secret x does not exist.",
    ]


async def test_of_very_many_findings_of_a_start_the_first_are_told_one_by_one_and_the_others_counted(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    names = [f"h{number}" for number in range(OF_A_CODE + 50)]
    async with a_house(*names, "new") as house:
        house.ledger.tell("secrets", [finding(name) for name in names])
        house.reporter.wake()
        house.touch("new")
        await house.api.until_written("new")
        house.reporter.begin()
        house.ledger.tell("change", (finding("new", "another"),))
        house.reporter.wake()
        await house.api.until(lambda: len(house.api.events) == OF_A_CODE + 1)
        house.ledger.silence("secrets")
        house.reporter.wake()
        await house.api.until_written("h0")
    lines = Counter(record.getMessage() for record in caplog.records)
    assert lines["PYL0101 CertificateMissing: 50 more such findings are not told one by one; see `pylae status`"] == 1
    assert lines[str(finding("h99"))] == lines[str(finding("new", "another"))] == 1
    assert lines[str(finding("h100"))] == 0
    assert sum(line.startswith("Settled:") for line in lines) == OF_A_CODE


async def test_what_changes_is_told_before_what_comes_by_the_hundred() -> None:
    names = [f"h{number}" for number in range(MANY_AT_ONCE * 3)]
    async with a_quiet_house(*names, "new") as house:
        house.ledger.tell("change", [finding(name) for name in names[: 2 * MANY_AT_ONCE]])
        house.reporter.wake()
        await house.api.until_written(names[0])
        house.ledger.tell("other", [finding(name) for name in names[2 * MANY_AT_ONCE :]])
        house.touch("new")
        await house.api.until(lambda: len(house.api.statuses) == len(names) + 1)
        written = [key[1] for verb, _, key in house.api.asked if verb == "PATCH"]
        assert not set(written[: written.index("new")]) & set(names[2 * MANY_AT_ONCE :])
        assert len(set(written)) == len(written)


async def test_findings_are_counted_by_code_and_reason() -> None:
    def count(code: str = "PYL0101", reason: str = "CertificateMissing") -> float | None:
        return house.metrics.registry.get_sample_value("pylae_findings", {"code": code, "reason": reason})

    async with a_quiet_house("a", "b") as house:
        house.ledger.tell("secrets", (finding("a"), finding("b")))
        house.touch("a", "b")
        await house.api.until_written("b")
        assert count() == 2
        house.ledger.tell("secrets", (finding("a"),))
        house.reporter.wake()
        await house.api.until_written("b", 2)
        assert count() == 1
        house.ledger.silence("secrets")
        house.reporter.wake()
        await house.api.until_written("a", 2)
        assert count() is None


@dataclass
class Lead:
    """Whether this control plane is the one that reports."""

    is_ours: bool = False

    def __call__(self) -> bool:
        return self.is_ours


async def test_who_stands_by_writes_nothing_and_knows_all_the_same() -> None:
    lead = Lead()
    async with a_house("a", "b", leads=lead) as house:
        house.reporter.begin()
        house.ledger.tell("test", [finding("a")])
        house.touch("a")
        await asyncio.sleep(1.0)  # longer than a finding takes to settle
        assert (house.api.asked, house.api.events) == ([], [])
        labels = {"code": codes.CERTIFICATE_MISSING.number, "reason": codes.CERTIFICATE_MISSING.reason}
        assert house.metrics.registry.get_sample_value("pylae_findings", labels) == 1


async def test_who_takes_over_compares_all_and_writes_what_differs_and_tells_what_may_not_have_been_told() -> None:
    lead, said = Lead(), {("Gateway", ("shop", "right")): right("right"), ("Gateway", ("shop", "stale")): {}}
    async with a_house("right", "stale", leads=lead, statuses=said) as house:
        house.reporter.begin()
        house.ledger.tell("test", [finding("stale")])
        house.touch("stale")
        await asyncio.sleep(1.0)
        lead.is_ours = True
        house.reporter.wake()
        await house.api.until_written("stale")
        await house.api.until(lambda: house.api.events)
        assert house.times("right") == 0
        assert [event["involvedObject"]["name"] for event in house.api.events] == ["stale"]


async def test_who_stops_leading_stops_at_once_and_forgets_what_it_said() -> None:
    """Another may have said something else since."""
    lead = Lead(is_ours=True)
    async with a_house("a", leads=lead) as house:
        house.reporter.begin()
        house.touch("a")
        await house.api.until_written("a")
        lead.is_ours = False
        house.ledger.tell("test", [finding("a")])
        house.touch("a")
        await asyncio.sleep(0.3)
        assert house.api.times("PATCH", "a") == 1
        house.api.statuses["Gateway", ("shop", "a")] = {"conditions": [], "servers": []}
        house.ledger.silence(ObjectRef("Gateway", "shop", "a"))
        lead.is_ours = True
        house.reporter.wake()
        await house.api.until_written("a", 2)
