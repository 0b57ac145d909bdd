"""What kubectl reads: get in all its forms, watches, wait, describe, explain, events, and what a server is. Every
kubectl that is at hand, on both servers."""

import json
import re

import pytest
import yaml
from kubectls import line
from manifests import GATEWAY, SERVICE, VIRTUAL_SERVICE

pytestmark = pytest.mark.real

GATEWAYS = "gateways.networking.istio.io"


async def test_get_prints_every_form(kubectl):
    await kubectl("apply -f -", stdin=GATEWAY)
    assert await kubectl("get gateway -o name") == "gateway.networking.istio.io/web"
    header, row = (await kubectl("get gateway")).splitlines()
    assert (header.split()[0], header.split()[-1], row.split()[0]) == ("NAME", "AGE", "web")
    assert (await kubectl("get gw -A -o wide")).splitlines()[0].split()[0] == "NAMESPACE"
    assert await kubectl("get gw web -o jsonpath={.spec.servers[0].hosts[0]}") == "web.example"
    assert await kubectl("get gw web -o go-template={{.metadata.name}}") == "web"
    assert await kubectl("get gw -o custom-columns=N:.metadata.name,P:.spec.servers[*].port.number") == (
        "N     P\nweb   443"
    )
    listed = yaml.safe_load(await kubectl("get gw -o yaml"))
    assert (listed["kind"], listed["items"][0]["kind"]) == ("List", "Gateway")
    one = json.loads(await kubectl("get gateways.v1alpha3.networking.istio.io web -o json"))
    assert one["apiVersion"] == "networking.istio.io/v1alpha3"
    assert await kubectl("get gw -l app=shop -o name") == "gateway.networking.istio.io/web"
    assert await kubectl("get gw -l app=other -o name") == ""
    assert await kubectl("get gw --field-selector metadata.name=web -o name") == "gateway.networking.istio.io/web"
    assert 'gateways.networking.istio.io "nope" not found' in await kubectl.fails("get gw nope")
    assert "LABELS" in await kubectl("get gw --show-labels")
    assert "APP" in await kubectl("get gw -L app")


async def test_get_takes_several_kinds_categories_and_pages(kubectl):
    await kubectl("apply -f -", stdin=f"{SERVICE}---{GATEWAY}---{VIRTUAL_SERVICE}")
    istio = (await kubectl("get istio-io -o name")).splitlines()
    assert istio == ["gateway.networking.istio.io/web", "virtualservice.networking.istio.io/web"]
    assert "service/web" in await kubectl("get all")
    assert len((await kubectl("get gw,vs,svc -o name")).splitlines()) == 3
    for number in range(5):
        await kubectl(f"create configmap c{number}")
    paged = (await kubectl("get configmaps --chunk-size=2 -o name")).splitlines()
    assert [name for name in paged if "/c" in name] == [f"configmap/c{number}" for number in range(5)]
    assert (await kubectl("get svc --sort-by=.metadata.name")).splitlines()[1].split()[0] == "web"
    assert "configmap/c1" in await kubectl("get configmap/c1 service/web -o name")


async def test_get_w_shows_changes_as_they_come(kubectl):
    await kubectl("apply -f -", stdin=VIRTUAL_SERVICE)
    process = await kubectl.start("get", "vs", "-w")
    assert (await line(process)).split()[0] == "NAME"
    assert '["web.example"]' in await line(process)
    await kubectl("apply -f -", stdin=VIRTUAL_SERVICE.replace("web.example", "new.example"))
    assert '["new.example"]' in await line(process)
    process.terminate()
    await process.communicate()


async def test_get_w_of_one_object_by_name(kubectl):
    await kubectl("create configmap a")
    process = await kubectl.start("get", "configmap", "a", "-w", "-o", "name")
    assert await line(process) == "configmap/a"
    await kubectl("create configmap b")
    await kubectl("label configmap a x=y")
    assert await line(process) == "configmap/a"
    process.terminate()
    await process.communicate()


async def test_wait_ends_when_it_comes_true(kubectl):
    await kubectl("apply -f -", stdin=GATEWAY)
    ready = await kubectl.start("wait", "--for=condition=Programmed", "--timeout=30s", f"{GATEWAYS}/web")
    ended = await kubectl.start("wait", "--for=delete", "--timeout=30s", f"{GATEWAYS}/web")
    status = {"conditions": [{"type": "Programmed", "status": "True", "reason": "Accepted"}]}
    raw = f"/apis/networking.istio.io/v1/namespaces/{kubectl.namespace}/gateways/web"
    current = json.loads(await kubectl(f"get --raw {raw}"))
    await kubectl(f"replace --raw {raw}/status -f -", stdin=json.dumps({**current, "status": status}))
    assert await line(ready) == "gateway.networking.istio.io/web condition met"
    await kubectl(f"delete {GATEWAYS} web")
    for process in (ready, ended):
        await process.communicate()
        assert process.returncode == 0
    if kubectl.minor >= 24:
        await kubectl("apply -f -", stdin=SERVICE)
        await kubectl("wait svc/web --for=jsonpath={.spec.type}=ClusterIP --timeout=10s")
    if kubectl.minor >= 31:
        await kubectl("wait svc/web --for=create --timeout=10s")


def _event(kubectl, about: dict) -> str:
    reference = {"kind": "Gateway", "name": "web", "namespace": kubectl.namespace, "uid": about["metadata"]["uid"]}
    event = {
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {"generateName": "web."},
        "involvedObject": reference,
        "type": "Warning",
        "reason": "CertificateMissing",
        "message": "Secret web-credential does not exist",
        "count": 1,
        "firstTimestamp": "2026-01-02T03:04:05Z",
        "lastTimestamp": "2026-01-02T03:04:05Z",
        "source": {"component": "pylae"},
    }
    return json.dumps(event)


async def test_describe_shows_the_object_and_its_events(kubectl):
    await kubectl("apply -f -", stdin=GATEWAY)
    about = json.loads(await kubectl(f"get {GATEWAYS} web -o json"))
    await kubectl("create -f -", stdin=_event(kubectl, about))
    described = await kubectl(f"describe {GATEWAYS} web")
    assert re.search(r"Credential Name:\s+web-credential", described)
    assert re.search(r"Warning\s+CertificateMissing\s+\S+\s+pylae\s+Secret web-credential does not exist", described)
    assert "CertificateMissing" in await kubectl("get events")
    if kubectl.minor >= 26:
        assert "CertificateMissing" in await kubectl("events")
    await kubectl("apply -f -", stdin=SERVICE)
    assert re.search(r"TargetPort:\s+8080/TCP", await kubectl("describe service web"))
    assert re.search(r"Status:\s+Active", await kubectl(f"describe namespace {kubectl.namespace}"))
    await kubectl("create secret generic plain --from-literal=a=hunter2")
    assert "hunter2" not in await kubectl("describe secret plain")


async def test_what_is_there_can_be_found_out(kubectl):
    gateways = [row for row in (await kubectl("api-resources")).splitlines() if row.startswith("gateways ")]
    assert gateways[0].split()[1:] == ["gw", "networking.istio.io/v1", "true", "Gateway"]
    assert "networking.istio.io/v1alpha3" in (await kubectl("api-versions")).splitlines()
    assert await kubectl(f"auth can-i create {GATEWAYS}") == "yes"
    assert "*" in await kubectl("auth can-i --list")
    assert await kubectl("get --raw /readyz") == "ok"
    assert "Kubernetes" in await kubectl("cluster-info")
    assert json.loads(await kubectl("version -o json"))["serverVersion"]["major"] == "1"
    if kubectl.minor >= 21:
        assert GATEWAYS in (await kubectl("api-resources --categories=istio-io -o name")).splitlines()
    if kubectl.minor >= 28:
        assert "system:masters" in await kubectl("auth whoami")


async def test_explain_describes_fields(kubectl):
    explained = await kubectl("explain gateway.spec.servers.tls.credentialName --api-version=networking.istio.io/v1")
    assert re.search(r"FIELD:\s+credentialName", explained)
    assert "externalTrafficPolicy" in await kubectl("explain service.spec")
    assert "credentialName" in await kubectl("explain gateway --recursive --api-version=networking.istio.io/v1")
    if kubectl.minor >= 27:
        assert "virtualservice" in (await kubectl("explain virtualservice --output=plaintext-openapiv2")).lower()
