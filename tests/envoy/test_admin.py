"""Envoy's admin page, over its socket."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from lab import Lab, free_port
from picture import answering, certificate, listener, plain, site, world

from pylae.envoy.admin import Admin, AdminError


@pytest.fixture
async def lab() -> AsyncIterator[Lab]:
    async with Lab() as made:
        yield made


@pytest.mark.real
async def test_it_answers_with_what_envoy_has(lab: Lab) -> None:
    port, tls = free_port(), free_port()
    await lab.settle(
        world(
            listener("0.0.0.0_8080", port, plain("http")),
            listener("0.0.0.0_8443", tls, site("a.test", "kubernetes://a", "http")),
            answering("http", "here"),
            certificate("kubernetes://a", "a.test", serial=77),
        )
    )
    assert (await lab.curl(f"http://a.test:{port}/")).status == 200
    admin = lab.admin
    assert await admin.ready()
    assert "1.40.0" in (await admin.server_info())["version"]
    assert (await admin.memory())["allocated"] > 1_000_000
    shown = {cert["cert_chain"][0]["serial_number"] for cert in (await admin.certificates())["certificates"]}
    assert shown == {"4d"}
    kinds = {part["@type"].rpartition(".")[2] for part in (await admin.config_dump())["configs"]}
    assert {"ListenersConfigDump", "RoutesConfigDump", "ClustersConfigDump", "SecretsConfigDump"} <= kinds
    assert {status["name"] for status in (await admin.clusters())["cluster_statuses"]} == {"xds-grpc"}
    assert await admin.busy() == 0


@pytest.mark.real
async def test_no_private_key_is_in_the_dump(lab: Lab) -> None:
    named = certificate("kubernetes://a", "a.test")
    chain = site("a.test", "kubernetes://a", "http")
    await lab.settle(world(listener("l", free_port(), chain), answering("http", "here"), named))
    text = str(await lab.admin.config_dump())
    assert "kubernetes://a" in text
    assert "PRIVATE KEY" not in text
    assert "[redacted]" in text or "W3JlZGFjdGVkXQ==" in text


@pytest.mark.real
async def test_statistics_have_istios_names_and_labels(lab: Lab) -> None:
    port = free_port()
    await lab.settle(world(listener("0.0.0.0_8080", port, plain("http")), answering("http", "here")))
    await lab.curl(f"http://a.test:{port}/")
    text = await lab.admin.stats_prometheus()
    prefix = 'http_conn_manager_prefix="outbound_0.0.0.0_8080"'
    assert f"envoy_http_downstream_rq_total{{{prefix}}} 1" in text
    assert f'envoy_http_downstream_rq{{response_code_class="2xx",{prefix}}} 1' in text
    assert f'envoy_listener_downstream_cx_total{{listener_address="127.0.0.1_{port}"}} 1' in text
    assert (await lab.admin.stats("^http.outbound.*downstream_rq_total$")) == {
        "http.outbound_0.0.0.0_8080;.downstream_rq_total": 1
    }


@pytest.mark.real
async def test_the_sockets_are_their_owners_alone(lab: Lab) -> None:
    await lab.settle(world())
    for name in ("admin.sock", "xds.sock"):
        assert (lab.directory / name).stat().st_mode & 0o777 == 0o600


async def test_where_nobody_answers_it_says_where_and_asks_the_obvious(tmp_path: Path) -> None:
    async with Admin(tmp_path / "admin.sock") as admin:
        assert not await admin.ready()
        with pytest.raises(AdminError, match=r"admin.sock: /certs did not answer: .* Does Envoy run\?"):
            await admin.certificates()
