"""Walking objects along their schemas."""

import pytest

from pylae.apimachinery.registry import REGISTRY
from pylae.apimachinery.schema import check, prune, unknown_fields, without_nulls

GATEWAY = REGISTRY.named("gateways.networking.istio.io").schema
SERVICE = REGISTRY.named("services").schema
SECRET = REGISTRY.named("secrets").schema
DEPLOYMENT = REGISTRY.named("deployments.apps").schema


def gateway(**server):
    return {"metadata": {"name": "x"}, "spec": {"servers": [{"hosts": ["a"]}, server]}}


@pytest.mark.parametrize(
    ("schema", "value", "words"),
    [
        pytest.param(
            GATEWAY,
            gateway(port={"number": "80"}),
            'spec.servers[1].port.number: Invalid value: "string": '
            'spec.servers[1].port.number in body must be of type integer: "string"',
            id="text where a number belongs",
        ),
        pytest.param(
            GATEWAY,
            gateway(hosts="a"),
            'spec.servers[1].hosts: Invalid value: "string": '
            'spec.servers[1].hosts in body must be of type array: "string"',
            id="text where a list belongs",
        ),
        pytest.param(
            GATEWAY,
            gateway(tls=None),
            'spec.servers[1].tls: Invalid value: "null": spec.servers[1].tls in body must be of type object: "null"',
            id="null where an object belongs",
        ),
        pytest.param(
            GATEWAY,
            gateway(tls={"httpsRedirect": 1}),
            'spec.servers[1].tls.httpsRedirect: Invalid value: "integer": '
            'spec.servers[1].tls.httpsRedirect in body must be of type boolean: "integer"',
            id="a number where a boolean belongs",
        ),
        pytest.param(
            GATEWAY,
            gateway(port={"number": True}),
            'spec.servers[1].port.number: Invalid value: "boolean": '
            'spec.servers[1].port.number in body must be of type integer: "boolean"',
            id="a boolean where a number belongs",
        ),
        pytest.param(
            GATEWAY,
            gateway(tls={"mode": "SIMPEL"}),
            'spec.servers[1].tls.mode: Unsupported value: "SIMPEL": supported values: "PASSTHROUGH", "SIMPLE", '
            '"MUTUAL", "AUTO_PASSTHROUGH", "ISTIO_MUTUAL", "OPTIONAL_MUTUAL"',
            id="a word that is none of the enumeration",
        ),
        pytest.param(
            GATEWAY,
            gateway(port={"number": -1}),
            "spec.servers[1].port.number: Invalid value: -1: "
            "spec.servers[1].port.number in body should be greater than or equal to 0",
            id="a number below the range",
        ),
        pytest.param(
            GATEWAY,
            gateway(port={"number": 4294967296}),
            "spec.servers[1].port.number: Invalid value: 4294967296: "
            "spec.servers[1].port.number in body should be less than or equal to 4294967295",
            id="a number above the range",
        ),
        pytest.param(
            GATEWAY,
            {"metadata": {"labels": {"a": 1}}},
            'metadata.labels.a: Invalid value: "integer": metadata.labels.a in body must be of type string: "integer"',
            id="a label that is a number",
        ),
        pytest.param(
            SERVICE,
            {"spec": {"ports": [{"port": 80, "targetPort": 1.5}]}},
            'spec.ports[0].targetPort: Invalid value: "number": '
            'spec.ports[0].targetPort in body must be of type integer,string: "number"',
            id="a fraction where a number or a name belongs",
        ),
        pytest.param(
            SERVICE,
            {"spec": {"ports": [{"port": 2**31}]}},
            "spec.ports[0].port: Invalid value: 2147483648: spec.ports[0].port in body must be of type int32",
            id="a number that 32 bits do not hold",
        ),
        pytest.param(
            SECRET,
            {"data": {"tls.key": "-----BEGIN PRIVATE KEY-----"}},
            'data.tls.key: Invalid value: "‹not shown›": data.tls.key in body must be of type byte',
            id="plain text where base64 belongs, which is not repeated",
        ),
    ],
)
def test_a_structural_error_says_where_it_is_and_what_belongs_there(schema, value, words):
    assert [str(cause) for cause in check(schema, value)] == [words]


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        pytest.param(GATEWAY, gateway(port={"number": 443, "name": "https", "protocol": "HTTPS"}), id="a server"),
        pytest.param(GATEWAY, gateway(port={"number": 80.0}), id="a whole number with a fraction of nothing"),
        pytest.param(GATEWAY, {"status": {"anything": [1, {"goes": None}]}}, id="an open status"),
        pytest.param(SERVICE, {"spec": {"ports": [{"targetPort": "http"}, {"targetPort": 80}]}}, id="number or name"),
        pytest.param(SECRET, {"data": {"a": "aGVs\nbG8="}}, id="base64 over two lines"),
        pytest.param(DEPLOYMENT, {"spec": {"whatever": {"it": ["is"]}}}, id="an open spec"),
    ],
)
def test_what_fits_has_no_errors(schema, value):
    assert check(schema, value) == ()


def test_all_errors_are_gathered():
    value = {"spec": {"selector": [], "servers": [{"port": "80", "hosts": [1, "a", {}]}]}}
    assert [cause.field for cause in check(GATEWAY, value)] == [
        "spec.selector",
        "spec.servers[0].port",
        "spec.servers[0].hosts[0]",
        "spec.servers[0].hosts[2]",
    ]


@pytest.mark.parametrize(
    ("schema", "value", "paths"),
    [
        pytest.param(GATEWAY, {"spec": {"selectorr": {}}}, ("spec.selectorr",), id="in the spec"),
        pytest.param(GATEWAY, {"specc": {}}, ("specc",), id="at the top"),
        pytest.param(GATEWAY, gateway(tls={"modus": 1}), ("spec.servers[1].tls.modus",), id="in a list"),
        pytest.param(GATEWAY, {"metadata": {"label": {}}}, ("metadata.label",), id="in the metadata"),
        pytest.param(GATEWAY, {"status": {"any": 1}}, (), id="nothing is unknown in an open object"),
        pytest.param(GATEWAY, {"metadata": {"labels": {"any": "1"}}}, (), id="any key may be a label"),
        pytest.param(DEPLOYMENT, {"spec": {"any": 1}, "data": 1}, ("data",), id="beside an open field"),
        pytest.param(GATEWAY, {"spec": "text"}, (), id="a wrong type is for the check to report"),
    ],
)
def test_unknown_fields_are_named_by_their_path(schema, value, paths):
    assert unknown_fields(schema, value) == paths


def test_pruning_leaves_what_is_known_and_the_original_as_it_was():
    value = gateway(hosts=["b"], host="c")
    pruned, unknown = prune(GATEWAY, value)
    assert pruned == gateway(hosts=["b"])
    assert unknown == ("spec.servers[1].host",)
    assert value == gateway(hosts=["b"], host="c")


def test_nulls_go_at_any_depth():
    assert without_nulls({"a": None, "b": [{"c": None, "d": 1}], "e": {"f": None}}) == {"b": [{"d": 1}], "e": {}}


@pytest.mark.parametrize("resource", REGISTRY.resources, ids=lambda resource: resource.qualified_name)
def test_schemas_are_self_contained_and_structural(resource):
    def walk(schema):
        assert not {"$ref", "anyOf", "oneOf", "allOf", "default", "nullable", "title"} & schema.keys()
        assert schema.get("type") in (None, "object", "array", "string", "integer", "number", "boolean")
        assert schema.get("type") != "array" or "items" in schema
        for below in [*schema.get("properties", {}).values(), schema.get("items"), schema.get("additionalProperties")]:
            if below is not None:
                walk(below)

    walk(resource.schema)
    assert {"apiVersion", "kind", "metadata"} <= resource.schema["properties"].keys()
