"""`apply` and `delete` against the embedded server."""

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from pylae.api.scheme import CONFIG_MAP, GATEWAY, NAMESPACE, SECRET, SERVICE, Kind
from pylae.kube.apply import Outcome, apply, delete
from pylae.kube.client import Client
from pylae.kube.errors import BadRequest, Invalid, NotFound
from pylae.kube.last_applied import LAST_APPLIED
from pylae.kube.manifest import Document, read
from pylae.kube.resources import UnknownKind

Json = dict[str, Any]


def document(text: str) -> Document:
    (found,) = read(text.encode(), Path("a.yaml")).documents
    return found


def config_map(data: str = "{x: '1'}") -> Document:
    return document(f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: a}}\ndata: {data}\n")


def service(*ports: str, type_: str = "NodePort") -> Document:
    listed = "".join(f"\n  - {port}" for port in ports)
    return document(f"apiVersion: v1\nkind: Service\nmetadata: {{name: a}}\nspec:\n  type: {type_}\n  ports:{listed}\n")


def secret(*lines: str) -> Document:
    return document("\n".join(("apiVersion: v1", "kind: Secret", "metadata: {name: a}", *lines)))


def gateway(hosts: str, version: str = "v1", name: str = "a") -> Document:
    return document(f"""
apiVersion: networking.istio.io/{version}
kind: Gateway
metadata: {{name: {name}}}
spec:
  selector: {{istio: ingressgateway}}
  servers:
  - port: {{number: 80, name: http, protocol: HTTP}}
    hosts: [{hosts}]
""")


async def test_apply_creates_configures_and_leaves_alone(client: Client) -> None:
    assert await apply(client, config_map()) is Outcome.CREATED
    assert await apply(client, config_map()) is Outcome.UNCHANGED
    assert await apply(client, config_map("{x: '2'}")) is Outcome.CONFIGURED
    assert (await client.get(CONFIG_MAP, "default", "a"))["data"] == {"x": "2"}


async def test_what_is_taken_out_of_the_document_goes_and_what_others_set_stays(client: Client) -> None:
    await apply(client, config_map("{x: '1', y: '1'}"))
    await client.patch(CONFIG_MAP, "default", "a", {"data": {"theirs": "1"}, "metadata": {"labels": {"by": "others"}}})
    assert await apply(client, config_map("{y: '2'}")) is Outcome.CONFIGURED
    found = await client.get(CONFIG_MAP, "default", "a")
    assert found["data"] == {"y": "2", "theirs": "1"}
    assert found["metadata"]["labels"] == {"by": "others"}


async def test_an_object_that_was_created_otherwise_is_taken_over(client: Client) -> None:
    await client.create(CONFIG_MAP, "default", {**config_map().object, "data": {"x": "0", "z": "0"}})
    assert await apply(client, config_map()) is Outcome.CONFIGURED
    assert (await client.get(CONFIG_MAP, "default", "a"))["data"] == {"x": "1", "z": "0"}


async def test_the_annotation_is_spelled_as_kubectl_spells_it(client: Client) -> None:
    await apply(client, config_map("{x: '<&>'}"))
    annotation = (await client.get(CONFIG_MAP, "default", "a"))["metadata"]["annotations"][LAST_APPLIED]
    assert annotation == (
        '{"apiVersion":"v1","data":{"x":"\\u003c\\u0026\\u003e"},"kind":"ConfigMap",'
        '"metadata":{"annotations":{},"name":"a","namespace":"default"}}\n'
    )


async def test_a_document_goes_to_its_own_namespace_or_to_the_one_that_is_named(client: Client) -> None:
    await apply(client, document("apiVersion: v1\nkind: Namespace\nmetadata: {name: shop}"))
    await apply(client, config_map(), namespace="shop")
    assert (await client.get(CONFIG_MAP, "shop", "a"))["data"] == {"x": "1"}
    assert (await client.get(NAMESPACE, "", "shop"))["metadata"].get("namespace") is None


async def test_a_document_may_be_in_any_version_of_its_kind(client: Client) -> None:
    assert await apply(client, gateway("a.example", "v1alpha3")) is Outcome.CREATED
    assert await apply(client, gateway("a.example", "v1alpha3")) is Outcome.UNCHANGED
    assert await apply(client, gateway("b.example", "v1beta1")) is Outcome.CONFIGURED
    assert (await client.get(GATEWAY, "default", "a"))["spec"]["servers"][0]["hosts"] == ["b.example"]


async def test_a_kind_that_pylae_has_no_type_for_is_found_by_asking_the_server(client: Client) -> None:
    text = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: a}\nspec: {selector: {}, template: {}}\n"
    assert await apply(client, document(text)) is Outcome.CREATED
    assert any("Deployment is stored" in warning for warning in client.take_warnings())
    assert await delete(client, document(text)) is True


@pytest.mark.parametrize("api_version", ["apps/v1", "nowhere.example/v1", "v7"])
async def test_a_kind_that_the_server_does_not_have_is_named(client: Client, api_version: str) -> None:
    text = f"apiVersion: {api_version}\nkind: Nonsense\nmetadata: {{name: a}}\n"
    with pytest.raises(UnknownKind, match=f'no kind "Nonsense" in version "{api_version}"'):
        await apply(client, document(text))


async def test_unknown_fields_are_refused(client: Client) -> None:
    with pytest.raises(BadRequest, match=r'unknown field "spec\.typo"'):
        await apply(client, document(json.dumps({**gateway("a.example").object, "spec": {"typo": 1}})))


async def test_a_namespace_that_is_missing_is_told(client: Client) -> None:
    with pytest.raises(NotFound, match='namespaces "shop" not found'):
        await apply(client, config_map(), namespace="shop")


async def test_a_document_saved_from_the_server_can_be_applied(client: Client) -> None:
    await apply(client, gateway("a.example"))
    await client.patch_status(GATEWAY, "default", "a", {"status": {"x": 1}})
    saved = json.dumps(await client.get(GATEWAY, "default", "a"))
    await client.patch(GATEWAY, "default", "a", {"metadata": {"labels": {"moved": "on"}}})
    assert await apply(client, document(saved)) is Outcome.UNCHANGED


async def test_annotations_that_are_no_map_are_the_servers_to_refuse(client: Client) -> None:
    broken = document('{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a","annotations":["x"]}}')
    with pytest.raises((BadRequest, Invalid)):
        await apply(client, broken)


async def test_a_port_that_stays_keeps_the_node_port_that_it_was_given(client: Client) -> None:
    await apply(client, service("{name: http, port: 80}"))
    given = (await client.get(SERVICE, "default", "a"))["spec"]["ports"][0]["nodePort"]
    assert await apply(client, service("{name: http, port: 80}")) is Outcome.UNCHANGED
    assert await apply(client, service("{name: web, port: 80}", "{name: tls, port: 443}")) is Outcome.CONFIGURED
    ports = (await client.get(SERVICE, "default", "a"))["spec"]["ports"]
    assert [(port["name"], port["port"]) for port in ports] == [("web", 80), ("tls", 443)]
    assert ports[0]["nodePort"] == given
    assert ports[1]["nodePort"] != given


async def test_a_port_that_is_taken_out_goes(client: Client) -> None:
    await apply(client, service("{name: http, port: 80}", "{name: tls, port: 443}"))
    await apply(client, service("{name: tls, port: 443}"))
    assert [port["port"] for port in (await client.get(SERVICE, "default", "a"))["spec"]["ports"]] == [443]


@pytest.mark.parametrize("spec", ["[]", "{ports: {}}", "{ports: [x]}", "{ports: nothing}"])
async def test_ports_that_are_none_are_the_servers_to_refuse(client: Client, spec: str) -> None:
    with pytest.raises((BadRequest, Invalid)):
        await apply(client, document(f"apiVersion: v1\nkind: Service\nmetadata: {{name: a}}\nspec: {spec}\n"))


async def test_a_secret_is_created_and_replaced_without_a_trace_of_it_in_annotations(client: Client) -> None:
    assert await apply(client, secret("stringData: {key: s3cr3t}")) is Outcome.CREATED
    assert await apply(client, secret("stringData: {key: s3cr3t}")) is Outcome.UNCHANGED
    assert await apply(client, secret("stringData: {other: n3w}")) is Outcome.CONFIGURED
    found = await client.get(SECRET, "default", "a")
    assert found["data"] == {"other": base64.b64encode(b"n3w").decode()}
    assert "annotations" not in found["metadata"]


async def test_a_payload_that_kubectl_left_in_an_annotation_is_removed(client: Client) -> None:
    await apply(client, secret("data: {key: a2V5}"))
    await client.patch(SECRET, "default", "a", {"metadata": {"annotations": {LAST_APPLIED: '{"data":"a2V5"}'}}})
    assert await apply(client, secret("data: {key: a2V5}")) is Outcome.CONFIGURED
    assert "annotations" not in (await client.get(SECRET, "default", "a"))["metadata"]


async def test_base64_in_several_lines_is_the_same_secret(client: Client) -> None:
    await apply(client, secret("data:", "  key: aGVsbG8gd29ybGQ="))
    assert await apply(client, secret("data:", "  key: |", "    aGVsbG8g", "    d29ybGQ=")) is Outcome.UNCHANGED


async def test_a_secret_keeps_its_finalizers(client: Client) -> None:
    await apply(client, secret("data: {key: a2V5}"))
    await client.patch(SECRET, "default", "a", {"metadata": {"finalizers": ["shop.example/keep"]}})
    await apply(client, secret("data: {key: bmV3}"))
    assert (await client.get(SECRET, "default", "a"))["metadata"]["finalizers"] == ["shop.example/keep"]


@pytest.mark.parametrize("lines", [("data: {key: '%%%'}",), ("data: [x]",), ("stringData: {key: 1}",)])
async def test_a_secret_that_is_none_is_refused_without_showing_it(client: Client, lines: tuple[str, ...]) -> None:
    with pytest.raises((BadRequest, Invalid)):
        await apply(client, secret(*lines))


async def test_delete_says_whether_there_was_anything(client: Client) -> None:
    await apply(client, config_map())
    assert await delete(client, config_map()) is True
    assert await delete(client, config_map()) is False


async def test_writers_at_the_same_time_both_get_through(client: Client) -> None:
    await apply(client, secret("stringData: {key: a}"))
    async with _Interrupted(client.connection) as interrupted:
        assert await apply(interrupted, secret("stringData: {key: b}")) is Outcome.CONFIGURED
    assert interrupted.interruptions == 2
    assert (await client.get(SECRET, "default", "a"))["data"] == {"key": "Yg=="}


class _Interrupted(Client):
    """A client during whose first two readings somebody else writes to the object."""

    interruptions = 0

    async def get(self, kind: Kind, namespace: str, name: str) -> Json:
        found = await super().get(kind, namespace, name)
        if self.interruptions < 2:
            self.interruptions += 1
            await self.patch(kind, namespace, name, {"metadata": {"labels": {"at": str(self.interruptions)}}})
        return found
