"""Status patches against the embedded server: what differs is written, once."""

from dataclasses import dataclass, field

import msgspec
import pytest

from pylae.api.decode import decode
from pylae.api.meta import Object
from pylae.api.scheme import GATEWAY, SERVICE, Kind
from pylae.kube.client import Client
from pylae.kube.connection import Connection
from pylae.kube.errors import Conflict, KubeError, Unreachable
from pylae.kube.present import Present
from pylae.kube.tact import Tact, where_nobody_else_does, whoever_else_does
from pylae.kube.writer import Json, Made, StatusWriter


def condition(status: str, time: str = "2026-11-24T07:00:00Z", **more: str) -> Json:
    return {"type": "Programmed", "status": status, "lastTransitionTime": time, **more}


def status(value: str, time: str = "2026-11-24T07:00:00Z") -> Json:
    return {"conditions": [condition(value, time)], "observedGeneration": 1}


def always(wanted: Json) -> Made:
    """Whatever the object says so far."""
    return lambda _: wanted


def kept_time(value: str, time: str) -> Made:
    """As conditions are made: the time moves only when the value does."""

    def made(present: Json) -> Json:
        for before in present.get("conditions", ()):
            if before["status"] == value:
                return status(value, before["lastTransitionTime"])
        return status(value, time)

    return made


async def made(client: Client) -> Object:
    spec = {"servers": [{"port": {"number": 80, "name": "http", "protocol": "HTTP"}, "hosts": ["a.example"]}]}
    body = {"apiVersion": GATEWAY.api_version, "kind": "Gateway", "metadata": {"name": "front"}, "spec": spec}
    return typed(await client.create(GATEWAY, "default", body))


async def present(client: Client) -> Json:
    return dict((await client.get(GATEWAY, "default", "front"))["status"])


def typed(body: Json) -> Object:
    return decode(GATEWAY, msgspec.json.encode(body))


async def test_a_new_status_is_written(client: Client) -> None:
    gateway = await made(client)
    assert await StatusWriter(client).write(GATEWAY, gateway, always(status("True")))
    assert await present(client) == status("True")


async def test_what_is_there_already_is_not_written(client: Client) -> None:
    gateway = await made(client)
    await StatusWriter(client).write(GATEWAY, gateway, always(status("True")))
    assert not await StatusWriter(client).write(GATEWAY, gateway, always(status("True")))


async def test_another_time_alone_is_not_worth_a_write(client: Client) -> None:
    gateway = await made(client)
    await StatusWriter(client).write(GATEWAY, gateway, always(status("True")))
    assert not await StatusWriter(client).write(GATEWAY, gateway, always(status("True", "2026-11-24T09:00:00Z")))


async def test_the_status_is_made_over_the_one_that_the_api_has(client: Client) -> None:
    """A condition that holds since an earlier run keeps its time, though something else is written."""
    gateway = await made(client)
    await StatusWriter(client).write(GATEWAY, gateway, always(status("True")))

    def newer(before: Json) -> Json:
        return {**kept_time("True", "2026-11-24T09:00:00Z")(before), "observedGeneration": 2}

    assert await StatusWriter(client).write(GATEWAY, gateway, newer)
    assert await present(client) == {**status("True"), "observedGeneration": 2}


async def test_a_status_that_turns_back_is_written_again(client: Client) -> None:
    gateway, writer = await made(client), StatusWriter(client)
    for value in ("True", "False", "True"):
        assert await writer.write(GATEWAY, gateway, always(status(value)))
    assert await present(client) == status("True")


async def test_a_status_that_somebody_overwrote_is_mended_when_there_is_something_to_say(client: Client) -> None:
    gateway, writer = await made(client), StatusWriter(client)
    await writer.write(GATEWAY, gateway, always(status("True")))
    await client.patch_status(GATEWAY, "default", "front", {"status": {"conditions": []}})
    assert await writer.write(GATEWAY, gateway, always({**status("True"), "observedGeneration": 2}))
    assert await present(client) == {**status("True"), "observedGeneration": 2}


async def test_fields_that_are_not_ours_stay(client: Client) -> None:
    gateway = await made(client)
    await client.patch_status(GATEWAY, "default", "front", {"status": {"validationMessages": [{"code": "IST0101"}]}})
    await StatusWriter(client).write(GATEWAY, gateway, always(status("True")))
    assert await present(client) == {**status("True"), "validationMessages": [{"code": "IST0101"}]}


async def test_an_object_that_has_gone_is_left_in_peace(client: Client) -> None:
    gateway, writer = await made(client), StatusWriter(client)
    await client.delete(GATEWAY, "default", "front")
    assert not await writer.write(GATEWAY, gateway, always(status("True")))
    assert not await writer.write_over(GATEWAY, gateway, saying({}), always(status("True")))
    assert not writer.knows(GATEWAY, ("default", "front"))


async def test_an_object_made_anew_under_the_same_name_is_told_anew(client: Client) -> None:
    writer = StatusWriter(client)
    await writer.write(GATEWAY, await made(client), always(status("True")))
    await client.delete(GATEWAY, "default", "front")
    assert await writer.write(GATEWAY, await made(client), always(status("True")))


async def test_a_status_of_a_service_is_written_too(client: Client) -> None:
    service = await client.create(SERVICE, "default", {"metadata": {"name": "web"}, "spec": {"ports": [{"port": 80}]}})
    wanted = {"conditions": [condition("False", reason="PortNotBound", message="no")]}
    web = decode(SERVICE, msgspec.json.encode(service))
    assert await StatusWriter(client).write(SERVICE, web, always(wanted))
    assert not await StatusWriter(client).write(SERVICE, web, always(wanted))


@dataclass
class _Counted(Client):
    """A client that holds one object's status in its hand and counts how often it is asked."""

    status: Json = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    refusals: list[KubeError] = field(default_factory=list)
    """What the next writes meet with."""

    connection: Connection = field(default_factory=lambda: Connection("http://127.0.0.1:9"))

    async def get(self, kind: Kind, namespace: str, name: str) -> Json:
        self.asked.append("GET")
        return {"status": self.status}

    async def patch_status(self, kind: Kind, namespace: str, name: str, change: Json) -> Json:
        self.asked.append("PATCH")
        if self.refusals:
            raise self.refusals.pop(0)
        self.status |= change["status"]
        return {}


def saying(said: Json, *managers: str) -> Present:
    """An object that says so by the doing of these."""
    managed = [
        {"manager": manager, "operation": "Update", "subresource": "status", "fieldsV1": {"f:status": {}}}
        for manager in managers
    ]
    own = {"manager": "kubectl", "operation": "Apply", "fieldsV1": {"f:spec": {}}}
    return Present.read(msgspec.json.encode({"metadata": {"managedFields": [own, *managed]}, "status": said}))


FRONT = decode(GATEWAY, b'{"metadata": {"namespace": "default", "name": "front", "uid": "1"}}')


async def test_one_status_costs_a_look_and_a_write_and_the_same_again_costs_nothing() -> None:
    client = _Counted()
    writer = StatusWriter(client)
    await writer.write(GATEWAY, FRONT, always(status("True")))
    assert client.asked == ["GET", "PATCH"]
    await writer.write(GATEWAY, FRONT, always(status("True", "2026-11-24T09:00:00Z")))
    assert client.asked == ["GET", "PATCH"]


async def test_a_forgotten_object_is_looked_at_as_if_for_the_first_time() -> None:
    client = _Counted()
    writer = StatusWriter(client)
    await writer.write(GATEWAY, FRONT, always(status("True")))
    writer.forget(GATEWAY, ("default", "front"))
    assert not await writer.write(GATEWAY, FRONT, always(status("True")))
    assert client.asked == ["GET", "PATCH", "GET"]


async def test_where_the_status_is_known_nothing_is_asked() -> None:
    client = _Counted()
    writer = StatusWriter(client)
    assert not await writer.write_over(GATEWAY, FRONT, saying(status("True")), always(status("True")))
    assert writer.knows(GATEWAY, ("default", "front"))
    assert not await writer.write(GATEWAY, FRONT, always(status("True")))
    assert client.asked == []
    assert await writer.write_over(GATEWAY, FRONT, saying(status("True")), always(status("False")))
    assert client.asked == ["PATCH"]


async def test_a_conflict_is_tried_again_over_what_the_other_wrote() -> None:
    client = _Counted(refusals=[Conflict(409, "Conflict", "the object has been modified")] * 2)
    assert await StatusWriter(client).write(GATEWAY, FRONT, always(status("True")))
    assert client.asked == ["GET", "PATCH"] * 3
    assert client.status == status("True")


async def test_what_could_not_be_written_is_not_remembered() -> None:
    client = _Counted(refusals=[Unreachable("here", "it does not answer")])
    writer = StatusWriter(client)
    with pytest.raises(Unreachable):
        await writer.write(GATEWAY, FRONT, always(status("True")))
    assert await writer.write(GATEWAY, FRONT, always(status("True")))


async def test_a_write_is_for_the_state_that_was_looked_at(client: Client) -> None:
    """Conditions are written as one list: what another wrote since would be lost."""
    gateway, seen = await made(client), Present.read(msgspec.json.encode(await client.get(GATEWAY, "default", "front")))
    await client.patch_status(GATEWAY, "default", "front", {"status": {"conditions": [{"type": "Theirs"}]}})
    keeping = lambda before: {"conditions": [*before.get("conditions", ()), condition("True")]}  # noqa: E731
    assert await StatusWriter(client).write_over(GATEWAY, gateway, seen, keeping)
    assert [one["type"] for one in (await present(client))["conditions"]] == ["Theirs", "Programmed"]


TACT = [
    (where_nobody_else_does, (), True),
    (where_nobody_else_does, ("pylae",), True),
    (where_nobody_else_does, ("pilot-discovery",), False),
    (where_nobody_else_does, ("pylae", "pilot-discovery"), False),
    (whoever_else_does, ("pilot-discovery",), True),
]


@pytest.mark.parametrize(("tact", "managers", "may_write"), TACT)
async def test_a_status_that_is_anothers_is_left_to_him(tact: Tact, managers: tuple[str, ...], may_write: bool) -> None:
    writer = StatusWriter(_Counted(), tact)
    seen = saying({}, *managers)
    assert await writer.write_over(GATEWAY, FRONT, seen, always(status("True"))) is may_write


@pytest.mark.parametrize(("managers", "may_write"), [((), False), (("pylae",), True)])
async def test_of_what_is_no_concern_of_ours_only_our_own_words_are_corrected(
    managers: tuple[str, ...], may_write: bool
) -> None:
    seen, made = saying({}, *managers), always(status("True"))
    assert await StatusWriter(_Counted()).write_over(GATEWAY, FRONT, seen, made, unasked=False) is may_write
