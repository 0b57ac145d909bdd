"""The server as a whole: start, restart, time passing, and what lies on the disk."""

import asyncio
import base64
import ssl
import stat
from datetime import timedelta

import pytest
import yaml

from pylae.apimachinery.object import rfc3339
from pylae.apiserver.backend import Admission
from pylae.apiserver.database import StorageError
from pylae.apiserver.server import ApiServer
from pylae.apiserver.settings import ApiServerSettings, SettingsError

SECRETS = "/api/v1/namespaces/default/secrets"
EVENTS = "/api/v1/namespaces/default/events"


async def test_everything_survives_a_restart_and_versions_only_grow(serve):
    first = await serve()
    secret = await first.create(SECRETS, "Secret", "key", data={"k": "dg=="})
    await first.server.stop()
    second = await serve()
    again = (await second("GET", f"{SECRETS}/key")).json
    assert again == secret
    changed = await second.create(SECRETS, "Secret", "other")
    assert int(changed["metadata"]["resourceVersion"]) > int(secret["metadata"]["resourceVersion"]) + 900


async def test_the_kubeconfig_stays_good_across_restarts(serve):
    first = await serve()
    token = first.session.headers["Authorization"]
    await first.server.stop()
    second = await serve()
    assert second.session.headers["Authorization"] == token
    config = yaml.safe_load(second.server.settings.kubeconfig.read_text())
    assert config["clusters"][0]["cluster"]["server"] == second.server.url


async def test_nothing_it_writes_is_readable_by_others(serve):
    api = await serve()
    await api.create(SECRETS, "Secret", "key")
    for path in api.server.settings.data.parent.rglob("*"):
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600), path


async def test_the_token_is_nowhere_but_in_the_kubeconfig(serve):
    api = await serve()
    token = api.session.headers["Authorization"].removeprefix("Bearer ").encode()
    holding = [p.name for p in api.server.settings.data.parent.rglob("*") if p.is_file() and token in p.read_bytes()]
    assert holding == ["kubeconfig"]


async def test_the_bytes_of_a_deleted_secret_are_nowhere_after_compaction(serve):
    api = await serve()
    data = api.server.settings.data.parent

    def found(text: bytes) -> bool:
        return any(text in path.read_bytes() for path in data.rglob("*") if path.is_file())

    old, new = base64.b64encode(b"the old key " * 100).decode(), base64.b64encode(b"the new key!" * 100).decode()
    annotations = {"kubectl.kubernetes.io/last-applied-configuration": f'{{"data":{{"tls.key":"{old}"}}}}'}
    metadata = {"name": "key", "annotations": annotations}
    assert (await api("POST", SECRETS, {"metadata": metadata, "data": {"tls.key": old}})).status == 201
    assert found(old[:64].encode())
    assert (await api("PUT", f"{SECRETS}/key", {"metadata": {"name": "key"}, "data": {"tls.key": new}})).status == 200
    await api.server.tend()
    assert not found(old[:64].encode())
    assert found(new[:64].encode())
    assert (await api("DELETE", f"{SECRETS}/key")).status == 200
    await api.server.tend()
    assert not found(new[:64].encode())


async def test_events_are_dropped_an_hour_after_they_last_happened(serve):
    api = await serve()
    about = {"kind": "Gateway", "name": "web", "namespace": "default"}
    later = rfc3339(api.clock.now + timedelta(minutes=56))
    await api.create(EVENTS, "Event", "once", involvedObject=about)
    await api.create(EVENTS, "Event", "again", involvedObject=about, lastTimestamp=later)
    api.clock.advance(timedelta(minutes=61))
    await api.server.tend()
    assert [item["metadata"]["name"] for item in (await api("GET", EVENTS)).json["items"]] == ["again"]
    api.clock.advance(timedelta(minutes=60))
    await api.server.tend()
    assert (await api("GET", EVENTS)).json["items"] == []


async def test_a_certificate_is_renewed_while_the_server_runs(serve):
    api = await serve()

    async def presented() -> str:
        return await asyncio.to_thread(ssl.get_server_certificate, ("127.0.0.1", api.server.port))

    first = await presented()
    await api.server.tend()
    assert await presented() == first
    api.clock.advance(timedelta(days=380))
    await api.server.tend()
    assert await presented() != first


async def test_a_certificate_that_ends_is_renewed_at_the_next_start(serve):
    first = await serve()
    certificate = (first.server.settings.pki / "server.crt").read_bytes()
    await first.server.stop()
    first.clock.advance(timedelta(days=380))
    second = await serve()
    assert (second.server.settings.pki / "server.crt").read_bytes() != certificate


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "example.com", ""])
def test_it_listens_on_loopback_only(tmp_path, host):
    with pytest.raises(SettingsError, match="loopback only"):
        ApiServerSettings(data=tmp_path / "api.db", host=host)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1"])
async def test_every_loopback_will_do(tmp_path, host):
    server = ApiServer(ApiServerSettings(data=tmp_path / "api.db", host=host))
    await server.start()
    assert server.url == f"https://{'[::1]' if host == '::1' else host}:{server.port}"
    assert server.port
    await server.stop()


async def test_a_port_that_is_taken_is_named_and_nothing_is_left_open(serve, tmp_path):
    first = await serve()
    settings = ApiServerSettings(data=tmp_path / "other" / "api.db", port=first.server.port)
    with pytest.raises(SettingsError, match=rf"cannot listen on 127\.0\.0\.1:{first.server.port} \(Address already"):
        await ApiServer(settings).start()
    retry = ApiServer(ApiServerSettings(data=settings.data))
    await retry.start()
    await retry.stop()


async def test_a_second_server_on_the_same_data_is_refused(serve):
    first = await serve()
    with pytest.raises(StorageError, match="in use by another process"):
        await ApiServer(ApiServerSettings(data=first.server.settings.data)).start()


async def test_a_write_under_way_is_finished_before_the_end(serve):
    deciding = asyncio.Event()

    def admit(resource, obj):
        deciding.set()
        return Admission()

    api = await serve(admit=admit)
    write = asyncio.ensure_future(api.create(SECRETS, "Secret", "late"))
    await deciding.wait()
    await api.server.stop()
    assert (await write)["metadata"]["name"] == "late"
    second = await serve()
    assert (await second("GET", f"{SECRETS}/late")).status == 200


async def test_stopping_twice_or_before_the_start_is_harmless(tmp_path):
    server = ApiServer(ApiServerSettings(data=tmp_path / "api.db"))
    await server.stop()
    await server.start()
    await server.stop()
    await server.stop()
