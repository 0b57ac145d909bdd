"""The door for objects: what is forgiven, and where the refused is said to be wrong."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pylae.api.decode import Malformed, convert, decode, document
from pylae.api.gateway import Gateway
from pylae.api.meta import ObjectMeta, ObjectRef
from pylae.api.scheme import EVENT, GATEWAY, SECRET, SERVICE, VIRTUAL_SERVICE
from pylae.api.virtual_service import StringMatch, VirtualService

REFUSED = {
    "a wrong type": (b'{"spec":{"servers":[{"port":{"number":"x"}}]}}', "spec.servers[0].port.number", "int"),
    "a null in a list": (b'{"spec":{"servers":[null]}}', "spec.servers[0]", "object"),
    "a number for a label": (b'{"metadata":{"labels":{"a":3}}}', "metadata.labels[...]", "str"),
    "another kind": (b'{"kind":"Foo"}', "kind", "expected `Gateway`, got `Foo`"),
    "a list": (b"[]", "", "array"),
    "nothing": (b"", "", "not JSON"),
    "half a document": (b'{"spec":', "", "not JSON"),
    "bytes that are no UTF-8": (b'{"kind":"\xff"}', "", "not JSON"),
    "a tower of brackets": (b"[" * 100_000, "", "nested too deeply"),
    "a tower within an open field": (b'{"status":{"a":' + b"[" * 100_000, "", "nested too deeply"),
}


@pytest.mark.parametrize(("body", "path", "message"), REFUSED.values(), ids=REFUSED.keys())
def test_what_is_refused_says_where_and_why(body: bytes, path: str, message: str) -> None:
    with pytest.raises(Malformed) as refusal:
        decode(GATEWAY, body)
    assert refusal.value.path == path
    assert message in refusal.value.message


def test_unknown_fields_are_ignored() -> None:
    assert decode(GATEWAY, b'{"spec":{"selectorr":{}},"zzz":1}') == Gateway()


def test_a_whole_number_may_be_written_with_a_fraction_or_as_text() -> None:
    body = b'{"spec":{"servers":[{"port":{"number":80.0}},{"port":{"number":"443"}}]}}'
    gateway = decode(GATEWAY, body)
    assert isinstance(gateway, Gateway)
    assert [server.port and server.port.number for server in gateway.spec.servers] == [80, 443]


def test_the_text_null_stays_text() -> None:
    assert decode(EVENT, b'{"eventTime":"null"}').event_time == "null"  # type: ignore[attr-defined]


def test_a_named_port_stays_text_even_if_it_is_a_number() -> None:
    service = decode(SERVICE, b'{"spec":{"ports":[{"port":80,"targetPort":"8080"},{"port":81,"targetPort":8081}]}}')
    assert [port["targetPort"] for port in document(service)["spec"]["ports"]] == ["8080", 8081]


def test_a_null_field_is_absent_as_kubectl_means_it() -> None:
    body = b'{"metadata":{"creationTimestamp":null,"labels":null},"spec":{"servers":[{"tls":null}]},"status":null}'
    assert decode(GATEWAY, body) == decode(GATEWAY, b'{"spec":{"servers":[{}]}}')


def test_a_null_among_header_matches_asks_that_the_header_is_there() -> None:
    found = decode(VIRTUAL_SERVICE, b'{"spec":{"http":[{"match":[{"headers":{"x-user":null}}]}]}}')
    assert isinstance(found, VirtualService)
    assert found.spec.http[0].match[0].headers == {"x-user": StringMatch()}


def test_a_null_value_in_a_map_is_its_zero() -> None:
    secret = convert(SECRET, {"data": {"tls.crt": None}, "metadata": {"annotations": {"note": None}}})
    assert document(secret)["data"] == {"tls.crt": ""}
    assert secret.metadata.annotations == {"note": ""}


def test_nulls_within_open_fields_stay() -> None:
    assert document(convert(GATEWAY, {"spec": None, "status": {"a": None}}))["status"] == {"a": None}


def test_an_older_version_keeps_its_name() -> None:
    assert decode(GATEWAY, b'{"apiVersion":"networking.istio.io/v1alpha3"}').api_version.endswith("v1alpha3")


def test_an_item_of_a_list_which_does_not_say_its_kind_is_given_it() -> None:
    assert decode(SECRET, b'{"metadata":{"name":"a"}}').kind == "Secret"


def test_an_object_names_itself() -> None:
    gateway = Gateway(metadata=ObjectMeta(name="old-gateway", namespace="shop"))
    assert str(gateway.ref) == "Gateway shop/old-gateway"
    assert str(ObjectRef("Node", "", "pylae")) == "Node pylae"


@given(st.binary(max_size=200) | st.text().map(str.encode))
def test_bytes_of_any_kind_are_an_object_or_malformed(body: bytes) -> None:
    with suppress(Malformed):
        assert isinstance(decode(GATEWAY, body), Gateway)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["spec", "http", "match", "headers", "route", "port", "metadata"]), inner)
    ),
    max_leaves=20,
)


@given(json_values)
def test_values_of_any_shape_are_an_object_or_malformed(value: object) -> None:
    with suppress(Malformed):
        assert isinstance(convert(VIRTUAL_SERVICE, value), VirtualService)
