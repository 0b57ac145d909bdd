"""The aggregated discovery service: its socket, its streams, and Envoys that outlive a control plane."""

import asyncio
import shutil
import socket
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import grpc
import pytest
from data_plane import Probe
from envoy.service.discovery.v3 import discovery_pb2
from lab import Lab, eventually, free_port, short_directory
from picture import answering, certificate, cluster, endpoints, listener, plain, site, world

from pylae.controlplane.discovery.ads import Ads
from pylae.controlplane.discovery.observation import Joined, Observation, Parted
from pylae.model.workload import GatewayWorkload
from pylae.xds.delta import Sync
from pylae.xds.event import Accepted, Asked, Event, Left
from pylae.xds.message import METHOD, SERVICE
from pylae.xds.resource import Key, ResourceSet, Type
from pylae.xds.world import World

HOME = GatewayWorkload()


@pytest.fixture
async def lab() -> AsyncIterator[Lab]:
    async with Lab() as made:
        yield made


@pytest.fixture
def path() -> Iterator[Path]:
    directory = short_directory()
    yield directory / "xds.sock"
    shutil.rmtree(directory)


class Client:
    """A client of the service that says what it is told to."""

    def __init__(self, path: Path) -> None:
        self.channel = grpc.aio.insecure_channel(f"unix:{path}")
        self.call = self.channel.stream_stream(f"/{SERVICE}/{METHOD}")()

    async def ask(self, type_url: str, *names: str) -> None:
        request = discovery_pb2.DeltaDiscoveryRequest(type_url=type_url, resource_names_subscribe=names)
        await self.call.write(request.SerializeToString())

    async def acknowledge(self, response: discovery_pb2.DeltaDiscoveryResponse) -> None:
        request = discovery_pb2.DeltaDiscoveryRequest(type_url=response.type_url, response_nonce=response.nonce)
        await self.call.write(request.SerializeToString())

    async def hear(self) -> discovery_pb2.DeltaDiscoveryResponse:
        return discovery_pb2.DeltaDiscoveryResponse.FromString(await asyncio.wait_for(self.call.read(), 5))

    async def close(self) -> None:
        self.call.cancel()
        await self.channel.close()


async def test_the_socket_is_its_owners_alone_and_replaces_one_that_was_left(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(path))
    ads = Ads(ignore)
    await ads.listen_locally(path, HOME)
    assert path.stat().st_mode & 0o777 == 0o600
    await ads.stop()


async def test_a_file_that_is_no_socket_is_not_removed(path: Path) -> None:
    path.write_text("a letter")
    ads = Ads(ignore)
    with pytest.raises(OSError, match=r"xds\.sock cannot be bound"):
        await ads.listen_locally(path, HOME)
    assert path.read_text() == "a letter"


async def test_clients_are_kept_waiting_until_there_is_a_world(path: Path) -> None:
    ads = Ads(ignore)
    await ads.listen_locally(path, HOME)
    client = Client(path)
    await client.ask(Type.SECRET, "kubernetes://a")
    await eventually(connected(ads), "the client to be heard")
    ads.publish(HOME, *wanting(world(certificate("kubernetes://a", "a.test"))))
    response = await client.hear()
    assert [resource.name for resource in response.resources] == ["kubernetes://a"]
    await client.close()
    await ads.stop()


async def test_every_client_has_a_stream_of_its_own_and_is_told_every_change(path: Path) -> None:
    ads = Ads(ignore)
    ads.publish(HOME, *wanting(world(certificate("kubernetes://a", "a.test"))))
    await ads.listen_locally(path, HOME)
    clients = [Client(path), Client(path)]
    for client in clients:
        await client.ask(Type.SECRET, "kubernetes://a")
        await client.acknowledge(await client.hear())
    ads.publish(HOME, *wanting(world(certificate("kubernetes://a", "a.test", serial=2))))
    told = [await client.hear() for client in clients]
    assert told[0].resources[0].version == told[1].resources[0].version
    for client in clients:
        await client.close()

    async def gone() -> bool:
        return not ads.connected()

    await eventually(gone, "the streams to be forgotten")
    await ads.stop()


async def test_a_type_that_is_not_served_ends_nothing(path: Path) -> None:
    ads = Ads(ignore)
    ads.publish(HOME, World(), ())
    await ads.listen_locally(path, HOME)
    client = Client(path)
    await client.ask("type.googleapis.com/envoy.service.runtime.v3.Runtime", "x")
    await client.ask(Type.SECRET, "kubernetes://missing")
    assert list((await client.hear()).removed_resources) == ["kubernetes://missing"]
    await client.close()
    await ads.stop()


async def test_what_is_asked_for_is_told_and_left_when_the_last_client_is_gone(path: Path) -> None:
    told: list[Event] = []
    ads = Ads(lambda seen: None if isinstance(seen.event, Joined | Parted) else told.append(seen.event))
    served = World()
    ads.publish(HOME, served, ())
    await ads.listen_locally(path, HOME)
    first, second = Client(path), Client(path)
    for number, client in enumerate((first, second), 1):
        await client.ask(Type.SECRET, "a.test")
        await eventually(heard(told, number), "the question to be heard")
    assert told == [Asked(((Type.SECRET, "a.test"),))] * 2
    served.answer((Type.SECRET, "a.test"))
    ads.publish(HOME, served, served.touched())
    assert list((await first.hear()).removed_resources) == ["a.test"]
    assert list((await second.hear()).removed_resources) == ["a.test"]
    await first.close()
    await eventually(clients(ads, 1), "the first stream to be forgotten")
    assert len(told) == 2
    await second.close()
    await eventually(heard(told, 3), "the last stream to be forgotten")
    assert told[2] == Left(((Type.SECRET, "a.test"),))
    await ads.stop()


@pytest.mark.real
async def test_an_envoy_that_outlived_its_control_plane_is_sent_nothing_that_it_has(lab: Lab) -> None:
    http, https = free_port(), free_port()
    wanted = world(
        listener("0.0.0.0_8080", http, plain("http")),
        listener("0.0.0.0_8443", https, site("a.test", "kubernetes://a", "https")),
        answering("http", "here"),
        answering("https", "here"),
        certificate("kubernetes://a", "a.test"),
        cluster("web"),
        endpoints("web", free_port()),
    )
    await lab.settle(wanted)
    before = await updates(lab)
    await lab.ads.stop()
    assert (await lab.curl(f"https://a.test:{https}/")).body == "here"

    lab.observations.clear()
    await lab.start_control_plane()
    await lab.settle(wanted)
    assert await updates(lab) == before
    accepted = [seen.event for seen in lab.observations if isinstance(seen.event, Accepted)]
    assert {event.nonce for event in accepted} == {""}
    assert {resource.key for event in accepted for resource in event.resources} == {r.key for r in wanted.resources()}


@pytest.mark.real
async def test_an_envoy_that_outlived_its_control_plane_is_sent_what_changed_meanwhile(lab: Lab) -> None:
    old, new = free_port(), free_port()
    await lab.settle(
        world(
            listener("0.0.0.0_8080", old, plain("http")),
            listener("0.0.0.0_8081", new, plain("http")),
            answering("http", "old"),
            cluster("gone"),
            endpoints("gone", free_port()),
        )
    )
    await lab.ads.stop()
    await lab.start_control_plane()
    await lab.settle(world(listener("0.0.0.0_8081", new, plain("http")), answering("http", "new")))
    assert (await lab.curl(f"http://a.test:{new}/")).body == "new"
    assert (await lab.curl(f"http://a.test:{old}/")).code == 7

    async def only_what_is_wanted() -> bool:
        return lab.ads.connected()[0].types[Type.CLUSTER].versions == {}

    await eventually(only_what_is_wanted, "the cluster to be gone")


@pytest.mark.real
async def test_a_control_plane_that_knows_nothing_yet_takes_nothing_away(lab: Lab) -> None:
    port = free_port()
    wanted = world(listener("0.0.0.0_8080", port, plain("http")), answering("http", "here"))
    await lab.settle(wanted)
    await lab.ads.stop()
    lab.wanted = None
    await lab.start_control_plane()
    await eventually(connected(lab.ads), "Envoy to come")
    assert (await lab.curl(f"http://a.test:{port}/")).body == "here"
    await lab.settle(wanted)
    assert (await lab.listeners())["listener_removed"] == 0


@pytest.mark.real
async def test_what_a_new_control_plane_cannot_have_accepted_stays_as_the_old_one_left_it(lab: Lab) -> None:
    port = free_port()
    await lab.settle(world(listener("0.0.0.0_8080", port, plain("http")), answering("http", "here")))
    await lab.ads.stop()
    await lab.start_control_plane()
    with socket.socket() as foreign:
        foreign.bind(("127.0.0.1", 0))
        foreign.listen()
        taken = foreign.getsockname()[1]
        await lab.settle(world(listener("0.0.0.0_8080", taken, plain("http")), answering("http", "here")))
        assert list(lab.refused()) == ["0.0.0.0_8080"]
        assert (await lab.curl(f"http://a.test:{port}/")).body == "here"


@pytest.mark.real
async def test_the_state_of_every_stream_can_be_told(lab: Lab) -> None:
    await lab.settle(world(listener("0.0.0.0_8080", free_port(), plain("http")), answering("http", "here")))
    [stream] = lab.ads.connected()
    assert stream.node.id == lab.bootstrap.node_id
    assert stream.connected >= 0
    assert stream.settled
    states = {type_.short: state.sync for type_, state in stream.types.items()}
    assert states == {
        "CDS": Sync.SYNCED,
        "EDS": Sync.NOT_SENT,
        "LDS": Sync.SYNCED,
        "RDS": Sync.SYNCED,
        "SRDS": Sync.NOT_SENT,
        "SDS": Sync.NOT_SENT,
    }
    assert list(stream.types[Type.ROUTE].versions) == ["http"]


def ignore(_: Observation) -> None:
    """What was learned is of no interest here."""


def wanting(resources: ResourceSet) -> tuple[World, frozenset[Key]]:
    """A world of these, all of it touched."""
    made = World(resources.resources())
    return made, made.touched()


def heard(told: list[Event], number: int) -> Probe:
    async def probe() -> bool:
        return len(told) == number

    return probe


def clients(ads: Ads, number: int) -> Probe:
    async def probe() -> bool:
        return len(ads.connected()) == number

    return probe


def connected(ads: Ads):
    async def probe() -> bool:
        return bool(ads.connected())

    return probe


async def updates(lab: Lab) -> dict[str, int]:
    """How often Envoy was given anything of any type."""
    return await lab.admin.stats(r"(lds|cds|rds\..*|eds|sds\..*|cluster\.web;)\.(update_success|update_rejected)$")
