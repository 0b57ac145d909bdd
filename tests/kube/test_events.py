"""Events against the embedded server: told on the object, counted when they come again."""

from datetime import UTC, datetime, timedelta

import msgspec

from pylae.api.decode import decode
from pylae.api.meta import Object, ObjectRef
from pylae.api.scheme import EVENT, GATEWAY, NODE, Kind
from pylae.kube.client import Client
from pylae.kube.events import LONGEST_MESSAGE, Json, Recorder
from pylae.status.events import EventWanted

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


def wanted(message: str = "Secret a does not exist.", about: ObjectRef | None = None) -> EventWanted:
    about = about or ObjectRef("Gateway", "default", "front")
    return EventWanted(about, "Warning", "CertificateMissing", message)


async def made(client: Client, kind: Kind = GATEWAY, name: str = "front", namespace: str = "default") -> Object:
    spec = {"servers": [{"port": {"number": 80, "name": "http", "protocol": "HTTP"}, "hosts": ["a.example"]}]}
    body = {"apiVersion": kind.api_version, "kind": kind.kind, "metadata": {"name": name}}
    body |= {"spec": spec} if kind is GATEWAY else {}
    return decode(kind, msgspec.json.encode(await client.create(kind, namespace, body)))


async def told(client: Client) -> list[Json]:
    return [event for event in await client.list(EVENT) if event["source"]["component"] == "pylae"]


async def test_an_event_is_told_as_kubectl_describe_looks_for_it(client: Client) -> None:
    gateway = await made(client)
    await Recorder(client).record(gateway, wanted(), NOON)
    selector = f"involvedObject.name=front,involvedObject.uid={gateway.metadata.uid}"
    (event,) = await client.list(EVENT, "default", fieldSelector=selector)
    assert (event["type"], event["reason"], event["message"]) == (
        "Warning",
        "CertificateMissing",
        "Secret a does not exist.",
    )
    assert (event["count"], event["firstTimestamp"]) == (1, "2026-11-24T12:00:00Z")
    assert event["involvedObject"]["apiVersion"] == "networking.istio.io/v1"


async def test_an_event_that_comes_again_is_counted(client: Client) -> None:
    gateway, recorder = await made(client), Recorder(client)
    for minutes in range(3):
        await recorder.record(gateway, wanted(), NOON + timedelta(minutes=minutes))
    (event,) = await told(client)
    assert (event["count"], event["firstTimestamp"], event["lastTimestamp"]) == (
        3,
        "2026-11-24T12:00:00Z",
        "2026-11-24T12:02:00Z",
    )


async def test_it_is_counted_on_after_a_restart(client: Client) -> None:
    gateway = await made(client)
    for _ in range(2):
        await Recorder(client).record(gateway, wanted(), NOON)
    (event,) = await told(client)
    assert event["count"] == 2


async def test_another_message_is_another_event(client: Client) -> None:
    gateway, recorder = await made(client), Recorder(client)
    await recorder.record(gateway, wanted("one"), NOON)
    await recorder.record(gateway, wanted("two"), NOON)
    assert sorted(event["message"] for event in await told(client)) == ["one", "two"]


async def test_an_event_that_expired_is_told_anew(client: Client) -> None:
    gateway, recorder = await made(client), Recorder(client)
    await recorder.record(gateway, wanted(), NOON)
    (event,) = await told(client)
    await client.delete(EVENT, "default", event["metadata"]["name"])
    await recorder.record(gateway, wanted(), NOON)
    (event,) = await told(client)
    assert event["count"] == 1


async def test_an_event_on_a_kind_without_namespaces_lies_in_default(client: Client) -> None:
    node = await made(client, NODE, "pylae", "")
    await Recorder(client).record(node, wanted(about=node.ref), NOON)
    (event,) = await told(client)
    assert event["metadata"]["namespace"] == "default"


async def test_a_message_is_no_longer_than_the_api_takes(client: Client) -> None:
    await Recorder(client).record(await made(client), wanted("x" * 5000), NOON)
    (event,) = await told(client)
    assert len(event["message"]) == LONGEST_MESSAGE
    assert event["message"].endswith("…")


async def test_a_long_name_of_an_object_still_makes_a_name(client: Client) -> None:
    name = "a" * 235 + ".b"
    gateway = await made(client, name=name)
    await Recorder(client).record(gateway, wanted(about=gateway.ref), NOON)
    assert len(await told(client)) == 1


async def test_what_is_remembered_is_bounded(client: Client) -> None:
    gateway, recorder = await made(client), Recorder(client, remembered=2)
    for message in ("one", "two", "three", "one"):
        await recorder.record(gateway, wanted(message), NOON)
    counts = {event["message"]: event["count"] for event in await told(client)}
    assert counts == {"one": 2, "two": 1, "three": 1}
