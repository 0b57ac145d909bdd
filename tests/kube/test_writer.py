"""Status patches against the embedded server: what differs is written, once."""

import msgspec

from pylae.api.decode import decode
from pylae.api.meta import Object
from pylae.api.scheme import GATEWAY, SERVICE, Kind
from pylae.kube.client import Client
from pylae.kube.errors import Conflict
from pylae.kube.writer import Json, StatusWriter


def condition(status: str, time: str = "2026-11-24T07:00:00Z", **more: str) -> Json:
    return {"type": "Programmed", "status": status, "lastTransitionTime": time, **more}


def status(value: str, time: str = "2026-11-24T07:00:00Z") -> Json:
    return {"conditions": [condition(value, time)], "observedGeneration": 1}


async def made(client: Client) -> Object:
    spec = {"servers": [{"port": {"number": 80, "name": "http", "protocol": "HTTP"}, "hosts": ["a.example"]}]}
    body = {"apiVersion": GATEWAY.api_version, "kind": "Gateway", "metadata": {"name": "front"}, "spec": spec}
    return typed(await client.create(GATEWAY, "default", body))


async def present(client: Client) -> Object:
    return typed(await client.get(GATEWAY, "default", "front"))


def typed(body: Json) -> Object:
    return decode(GATEWAY, msgspec.json.encode(body))


async def test_a_new_status_is_written(client: Client) -> None:
    gateway = await made(client)
    assert await StatusWriter(client).write(GATEWAY, gateway, status("True"))
    assert (await client.get(GATEWAY, "default", "front"))["status"] == status("True")


async def test_what_is_there_already_is_not_written(client: Client) -> None:
    await StatusWriter(client).write(GATEWAY, await made(client), status("True"))
    assert not await StatusWriter(client).write(GATEWAY, await present(client), status("True"))


async def test_another_time_alone_is_not_worth_a_write(client: Client) -> None:
    await StatusWriter(client).write(GATEWAY, await made(client), status("True"))
    assert not await StatusWriter(client).write(GATEWAY, await present(client), status("True", "2026-11-24T09:00:00Z"))


async def test_what_is_on_its_way_is_not_written_again(client: Client) -> None:
    """The watch has not told of the write yet: the object at hand is the one from before."""
    gateway = await made(client)
    writer = StatusWriter(client)
    assert await writer.write(GATEWAY, gateway, status("True"))
    assert not await writer.write(GATEWAY, gateway, status("True", "2026-11-24T09:00:00Z"))


async def test_a_status_that_turns_back_is_written_again(client: Client) -> None:
    gateway = await made(client)
    writer = StatusWriter(client)
    for value in ("True", "False", "True"):
        assert await writer.write(GATEWAY, gateway, status(value))
    assert (await client.get(GATEWAY, "default", "front"))["status"] == status("True")


async def test_a_status_that_somebody_overwrote_is_written_again(client: Client) -> None:
    writer = StatusWriter(client)
    await writer.write(GATEWAY, await made(client), status("True"))
    await client.patch_status(GATEWAY, "default", "front", {"status": {"conditions": []}})
    assert await writer.write(GATEWAY, await present(client), status("True"))


async def test_fields_that_are_not_ours_stay(client: Client) -> None:
    await made(client)
    await client.patch_status(GATEWAY, "default", "front", {"status": {"validationMessages": [{"code": "IST0101"}]}})
    await StatusWriter(client).write(GATEWAY, await present(client), status("True"))
    found = (await client.get(GATEWAY, "default", "front"))["status"]
    assert found == {**status("True"), "validationMessages": [{"code": "IST0101"}]}


async def test_an_object_that_has_gone_is_left_in_peace(client: Client) -> None:
    gateway = await made(client)
    await client.delete(GATEWAY, "default", "front")
    assert not await StatusWriter(client).write(GATEWAY, gateway, status("True"))


async def test_a_forgotten_object_is_written_as_if_for_the_first_time(client: Client) -> None:
    gateway = await made(client)
    writer = StatusWriter(client)
    await writer.write(GATEWAY, gateway, status("True"))
    writer.forget(GATEWAY, ("default", "front"))
    assert await writer.write(GATEWAY, gateway, status("True"))


async def test_a_status_with_a_type_of_its_own_is_compared_too(client: Client) -> None:
    service = await client.create(SERVICE, "default", {"metadata": {"name": "web"}, "spec": {"ports": [{"port": 80}]}})
    wanted = {"conditions": [condition("False", reason="PortNotBound", message="no")]}
    assert await StatusWriter(client).write(SERVICE, decode(SERVICE, msgspec.json.encode(service)), wanted)
    service = await client.get(SERVICE, "default", "web")
    assert not await StatusWriter(client).write(SERVICE, decode(SERVICE, msgspec.json.encode(service)), wanted)


class _Contested(Client):
    """A client whose first two writes meet a conflict."""

    conflicts = 2

    async def patch_status(self, kind: Kind, namespace: str, name: str, change: Json) -> Json:
        if self.conflicts:
            self.conflicts -= 1
            raise Conflict(409, "Conflict", "the object has been modified")
        return await super().patch_status(kind, namespace, name, change)


async def test_a_conflict_is_tried_again(client: Client) -> None:
    gateway = await made(client)
    async with _Contested(client.connection) as contested:
        assert await StatusWriter(contested).write(GATEWAY, gateway, status("True"))
    assert (await client.get(GATEWAY, "default", "front"))["status"] == status("True")
