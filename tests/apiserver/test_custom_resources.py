"""Kinds that users define, as clients see them: there as soon as the definition is answered, and gone with it."""

import asyncio
import json
import shutil
from pathlib import Path

import pytest

DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
NAME = "crontabs.stable.example.com"
TABS = "/apis/stable.example.com/v1/namespaces/default/crontabs"
MERGE = {"Content_Type": "application/merge-patch+json"}
TEXT, NUMBER = {"type": "string"}, {"type": "integer"}

SPEC = {
    "type": "object",
    "required": ["cron"],
    "properties": {
        "cron": {**TEXT, "pattern": r"^(\S+ ){4}\S+$"},
        "replicas": {**NUMBER, "minimum": 1, "default": 1},
        "color": TEXT,
    },
    "x-kubernetes-validations": [{"rule": "self.replicas < 9", "message": "too many replicas"}],
}
STATUS = {"type": "object", "properties": {"replicas": NUMBER, "selector": TEXT}}


def version(name: str = "v1", **fields: object) -> dict:
    schema = {"type": "object", "required": ["spec"], "properties": {"spec": SPEC, "status": STATUS}}
    return {
        "name": name,
        "served": True,
        "storage": name == "v1",
        "schema": {"openAPIV3Schema": schema},
        "subresources": {
            "status": {},
            "scale": {
                "specReplicasPath": ".spec.replicas",
                "statusReplicasPath": ".status.replicas",
                "labelSelectorPath": ".status.selector",
            },
        },
        "additionalPrinterColumns": [{"name": "Cron", "type": "string", "jsonPath": ".spec.cron"}],
        "selectableFields": [{"jsonPath": ".spec.color"}],
        **fields,
    }


def definition(*versions: dict, **names: object) -> dict:
    spec = {
        "group": "stable.example.com",
        "scope": "Namespaced",
        "names": {"plural": "crontabs", "kind": "CronTab", "shortNames": ["ct"], "categories": ["all"], **names},
        "versions": list(versions) or [version()],
    }
    plural = spec["names"]["plural"]
    return {"kind": "CustomResourceDefinition", "metadata": {"name": f"{plural}.stable.example.com"}, "spec": spec}


def tab(name: str, **spec: object) -> dict:
    return {"kind": "CronTab", "metadata": {"name": name}, "spec": {"cron": "* * * * *", **spec}}


@pytest.fixture
async def api(serve):
    served = await serve()
    made = await served("POST", DEFINITIONS, definition())
    assert made.status == 201, made.json
    return served


async def test_a_kind_is_there_when_its_definition_is_answered(api):
    made = (await api("GET", f"{DEFINITIONS}/{NAME}")).json
    conditions = {each["type"]: each["status"] for each in made["status"]["conditions"]}
    assert conditions == {"NamesAccepted": "True", "Established": "True"}
    created = await api("POST", TABS, tab("a"))
    assert created.status == 201
    assert created.json["spec"] == {"cron": "* * * * *", "replicas": 1}
    assert created.json["metadata"]["generation"] == 1
    listed = (await api("GET", TABS)).json
    assert (listed["kind"], [item["metadata"]["name"] for item in listed["items"]]) == ("CronTabList", ["a"])


async def test_clients_find_it_in_discovery_and_in_openapi(api):
    groups = (await api("GET", "/apis")).json["groups"]
    assert groups[-1]["preferredVersion"]["version"] == "v1"
    resources = (await api("GET", "/apis/stable.example.com/v1")).json["resources"]
    assert [each["name"] for each in resources] == ["crontabs", "crontabs/status", "crontabs/scale"]
    address = (await api("GET", "/openapi/v3")).json["paths"]["apis/stable.example.com/v1"]["serverRelativeURL"]
    schemas = (await api("GET", address)).json["components"]["schemas"]
    assert schemas["com.example.stable.v1.CronTab"]["properties"]["spec"]["properties"]["replicas"]["default"] == 1
    assert "com.example.stable.v1.CronTab" in (await api("GET", "/openapi/v2")).json["definitions"]


async def test_what_the_schema_or_a_rule_has_against_an_object_refuses_it(api):
    refused = await api("POST", TABS, tab("a", cron="never", replicas=0))
    assert refused.status == 422
    assert [cause["field"] for cause in refused.json["details"]["causes"]] == ["spec.cron", "spec.replicas"]
    assert "too many replicas" in (await api("POST", TABS, tab("a", replicas=9))).message
    unknown = await api("POST", f"{TABS}?fieldValidation=Strict", tab("a", size=1))
    assert (unknown.status, 'unknown field "spec.size"' in unknown.message) == (400, True)


async def test_defaults_make_no_object_larger_than_a_request(api):
    item = {"type": "object", "properties": {"a": {**TEXT, "default": "x" * 100_000}}}
    schema = {"type": "object", "properties": {"items": {"type": "array", "items": item}}}
    wide = {"name": "v2", "served": True, "storage": True, "schema": {"openAPIV3Schema": schema}}
    made = await api("POST", DEFINITIONS, definition(wide, plural="wides", kind="Wide", shortNames=[]))
    assert made.status == 201, made.json
    wides = "/apis/stable.example.com/v2/namespaces/default/wides"
    refused = await api("POST", wides, {"kind": "Wide", "metadata": {"name": "a"}, "items": [{}] * 100_000})
    assert (refused.status, "its defaults make more than" in refused.message) == (413, True)
    assert (await api("POST", wides, {"kind": "Wide", "metadata": {"name": "a"}, "items": [{}] * 10})).status == 201


async def test_status_and_spec_are_written_apart(api):
    await api("POST", TABS, tab("a"))
    written = await api("PATCH", f"{TABS}/a/status", {"spec": {"cron": "x"}, "status": {"replicas": 3}}, **MERGE)
    assert written.status == 200, written.json
    assert (written.json["spec"]["cron"], written.json["status"]) == ("* * * * *", {"replicas": 3})
    changed = await api("PATCH", f"{TABS}/a", {"spec": {"color": "red"}, "status": {"replicas": 4}}, **MERGE)
    assert (changed.json["status"], changed.json["metadata"]["generation"]) == ({"replicas": 3}, 2)


async def test_strategic_merge_patch_is_not_for_such_kinds(api):
    await api("POST", TABS, tab("a"))
    refused = await api("PATCH", f"{TABS}/a", {}, Content_Type="application/strategic-merge-patch+json")
    assert refused.status == 415


async def test_a_scale_is_read_and_written_by_itself(api):
    await api("POST", TABS, tab("a", replicas=2))
    await api("PATCH", f"{TABS}/a/status", {"status": {"replicas": 1, "selector": "app=a"}}, **MERGE)
    scale = (await api("GET", f"{TABS}/a/scale")).json
    assert (scale["kind"], scale["spec"], scale["status"]) == (
        "Scale",
        {"replicas": 2},
        {"replicas": 1, "selector": "app=a"},
    )
    scale["spec"]["replicas"] = 5
    assert (await api("PUT", f"{TABS}/a/scale", scale)).json["spec"] == {"replicas": 5}
    assert (await api("GET", f"{TABS}/a")).json["spec"]["replicas"] == 5
    assert (await api("PUT", f"{TABS}/a/scale", scale)).status == 409
    assert (await api("PATCH", f"{TABS}/a/scale", {"spec": {"replicas": 99}}, **MERGE)).status == 422


async def test_selectors_look_at_the_fields_that_the_definition_names(api):
    await api("POST", TABS, tab("a", color="red"))
    await api("POST", TABS, tab("b", color="blue"))
    chosen = (await api("GET", f"{TABS}?fieldSelector=spec.color%3Dred")).json["items"]
    assert [item["metadata"]["name"] for item in chosen] == ["a"]
    assert (await api("GET", f"{TABS}?fieldSelector=spec.cron%3Dx")).status == 400


async def test_a_table_has_the_columns_of_the_definition(api):
    await api("POST", TABS, tab("a"))
    table = (await api("GET", TABS, Accept="application/json;as=Table;v=v1;g=meta.k8s.io")).json
    assert [column["name"] for column in table["columnDefinitions"]] == ["Name", "Cron"]
    assert table["rows"][0]["cells"] == ["a", "* * * * *"]


async def test_a_definition_may_grow_and_what_was_stored_is_read_by_it(api):
    await api("POST", TABS, tab("a"))
    grown = json.loads(json.dumps(definition(version(), version("v1beta1", deprecated=True))))
    for each in grown["spec"]["versions"]:
        each["schema"]["openAPIV3Schema"]["properties"]["spec"]["properties"]["size"] = {**TEXT, "default": "big"}
    replaced = await api("PUT", f"{DEFINITIONS}/{NAME}", grown)
    assert replaced.status == 200, replaced.json
    assert (await api("GET", f"{TABS}/a")).json["spec"]["size"] == "big"
    old = await api("GET", f"{TABS.replace('v1', 'v1beta1')}/a")
    assert old.json["apiVersion"] == "stable.example.com/v1beta1"
    assert old.warnings == ["stable.example.com/v1beta1 CronTab is deprecated; use stable.example.com/v1 CronTab"]


async def test_a_definition_takes_its_objects_along_and_its_watches_end(api):
    await api("POST", TABS, tab("a"))
    async with api.watch(f"{TABS}?watch=true") as watch:
        assert (json.loads(await watch.content.readline()))["type"] == "ADDED"
        assert (await api("DELETE", f"{DEFINITIONS}/{NAME}")).status == 200
        rest = await watch.content.read()
    assert [json.loads(line)["type"] for line in rest.splitlines()][:1] in ([], ["DELETED"])
    assert (await api("GET", TABS)).status == 404
    assert (await api("GET", f"{DEFINITIONS}/{NAME}")).status == 404
    await api("POST", DEFINITIONS, definition())
    assert (await api("GET", TABS)).json["items"] == []


async def test_an_object_with_a_finalizer_holds_its_definition(api):
    held = tab("a")
    held["metadata"]["finalizers"] = ["example.com/wait"]
    await api("POST", TABS, held)
    left = (await api("DELETE", f"{DEFINITIONS}/{NAME}")).json
    assert left["metadata"]["finalizers"] == ["customresourcecleanup.apiextensions.k8s.io"]
    refused = await api("POST", TABS, tab("b"))
    assert (refused.status, "terminating" in refused.message) == (405, True)
    freed = await api("PATCH", f"{TABS}/a", {"metadata": {"finalizers": None}}, **MERGE)
    assert freed.status == 200
    assert (await api("GET", f"{DEFINITIONS}/{NAME}")).status == 404


async def test_names_that_are_taken_wait_until_they_are_free(api):
    taken = await api("POST", DEFINITIONS, definition(plural="others", singular="crontab"))
    assert taken.status == 201
    accepted = next(c for c in taken.json["status"]["conditions"] if c["type"] == "NamesAccepted")
    assert accepted["status"] == "False"
    await api("DELETE", f"{DEFINITIONS}/{NAME}")
    freed = (await api("GET", f"{DEFINITIONS}/others.stable.example.com")).json
    assert {each["status"] for each in freed["status"]["conditions"]} == {"True"}
    assert (await api("GET", TABS.replace("crontabs", "others"))).status == 200


async def test_a_kind_that_is_served_anyhow_keeps_its_own_schema(api):
    gateways = definition(plural="gateways", kind="Gateway")
    gateways["metadata"]["name"] = "gateways.networking.istio.io"
    gateways["spec"]["group"] = "networking.istio.io"
    made = await api("POST", DEFINITIONS, gateways)
    assert (made.status, "is served by Pylae itself" in made.warnings[0]) == (201, True)
    path = "/apis/networking.istio.io/v1beta1/namespaces/default/gateways"
    assert (await api("GET", path)).status == 200
    await api("DELETE", f"{DEFINITIONS}/gateways.networking.istio.io")
    assert (await api("GET", path)).status == 200


async def test_kinds_and_objects_outlive_a_restart(serve, tmp_path):
    api = await serve()
    await api("POST", DEFINITIONS, definition())
    await api("POST", TABS, tab("a"))
    await api.server.stop()
    again = await serve()
    assert (await again("GET", f"{TABS}/a")).json["spec"]["cron"] == "* * * * *"


@pytest.mark.real
@pytest.mark.skipif(not shutil.which("kubectl"), reason="there is no kubectl here")
async def test_kubectl_defines_waits_applies_prints_and_removes(serve, tmp_path: Path):
    api = await serve()

    async def kubectl(*arguments: str, body: object = None) -> str:
        process = await asyncio.create_subprocess_exec(
            "kubectl",
            *("--kubeconfig", str(api.server.settings.kubeconfig), "--cache-dir", str(tmp_path / "cache")),
            *arguments,
            env={"HOME": str(tmp_path), "PATH": "/usr/bin:/bin"},
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        async with asyncio.timeout(30):
            out, _ = await process.communicate(json.dumps(body).encode() if body else None)
        return out.decode()

    crd = {"apiVersion": "apiextensions.k8s.io/v1", **definition()}
    assert "created" in await kubectl("apply", "-f", "-", body=crd)
    assert "condition met" in await kubectl("wait", "--for=condition=Established", f"crd/{NAME}", "--timeout=10s")
    one = {"apiVersion": "stable.example.com/v1", **tab("a")}
    assert "created" in await kubectl("apply", "-f", "-", body=one)
    assert "unchanged" in await kubectl("apply", "-f", "-", body=one)
    assert (await kubectl("get", "ct")).split() == ["NAME", "CRON", "a", "*", "*", "*", "*", "*"]
    assert "crontab.stable.example.com/a" in await kubectl("get", "all", "-o", "name")
    assert "deleted" in await kubectl("delete", "crd", NAME)
    assert "NotFound" in await kubectl("get", "ct")
