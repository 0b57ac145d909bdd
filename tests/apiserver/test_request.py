"""Paths, parameters and page tokens as Kubernetes reads them."""

from urllib.parse import parse_qsl

import pytest

from pylae.apimachinery.failure import Failure
from pylae.apimachinery.reading import FieldValidation
from pylae.apiserver.address import Address, parse_address
from pylae.apiserver.paging import Place, decode_place, encode_place
from pylae.apiserver.query import MATCH, read_query

GATEWAYS = {"group": "networking.istio.io", "version": "v1", "plural": "gateways"}


@pytest.mark.parametrize(
    ("path", "address"),
    [
        ("api/v1", Address("", "v1")),
        ("api/v1/namespaces", Address("", "v1", plural="namespaces")),
        ("api/v1/namespaces/shop", Address("", "v1", plural="namespaces", name="shop")),
        ("api/v1/namespaces/shop/status", Address("", "v1", plural="namespaces", name="shop", subresource="status")),
        ("api/v1/namespaces/shop/secrets", Address("", "v1", namespace="shop", plural="secrets")),
        ("api/v1/namespaces/shop/secrets/a", Address("", "v1", namespace="shop", plural="secrets", name="a")),
        (
            "api/v1/namespaces/shop/pods/a/log",
            Address("", "v1", namespace="shop", plural="pods", name="a", subresource="log"),
        ),
        ("apis/networking.istio.io/v1/gateways", Address(**GATEWAYS)),
        ("apis/networking.istio.io/v1/namespaces/shop/gateways/a", Address(**GATEWAYS, namespace="shop", name="a")),
        ("apis/networking.istio.io/v1/namespaces/status/gateways/a", Address(**GATEWAYS, namespace="status", name="a")),
        ("apis/networking.istio.io", None),
        ("version", None),
        ("api/v1/namespaces/shop/pods/a/log/more", None),
        ("api/v1/namespaces//pods", None),
        ("", None),
    ],
)
def test_a_path_is_an_address(path, address):
    assert parse_address(tuple(path.split("/"))) == address


@pytest.mark.parametrize("value", ["1", "t", "true", "True", "yes", ""])
def test_anything_that_is_not_false_is_true(value):
    assert read_query({"watch": value, "allowWatchBookmarks": value}).watch


@pytest.mark.parametrize("value", ["0", "false", "False", "FALSE"])
def test_false_is_a_nought_or_the_word(value):
    assert not read_query({"watch": value}).watch


def test_absent_parameters_ask_for_nothing():
    query = read_query({})
    assert (query.watch, query.limit, query.revision, query.timeout, query.dry_run) == (False, 0, 0, None, False)
    assert query.validation is FieldValidation.WARN
    assert query.include_object == "Metadata"


def test_numbers_and_selectors_are_read():
    query = read_query({"resourceVersion": "17", "limit": "500", "timeoutSeconds": "30", "labelSelector": "a=b"})
    assert (query.revision, query.limit, query.timeout, query.labels) == (17, 500, 30, "a=b")


@pytest.mark.parametrize(
    "parameters",
    [
        {"limit": "-1"},
        {"limit": "many"},
        {"resourceVersion": "²"},
        {"timeoutSeconds": "1.5"},
        {"includeObject": "Everything"},
    ],
    ids=lambda parameters: "&".join(f"{key}={value}" for key, value in parameters.items()),
)
def test_what_cannot_be_read_is_refused_by_name(parameters):
    with pytest.raises(Failure, match=next(iter(parameters))) as caught:
        read_query(parameters)
    assert caught.value.code == 400


@pytest.mark.parametrize("parameter", ["dryRun=None", "dryRun=all", "fieldValidation=Sometimes"])
def test_a_word_that_is_not_among_its_choices_is_refused_with_them(parameter):
    with pytest.raises(Failure, match="supported values") as caught:
        read_query(dict([parameter.split("=")]))
    assert caught.value.code == 422


FORBIDDEN = 'ListOptions.meta.k8s.io "" is invalid: {}: Forbidden: {}'
UNSUPPORTED = 'ListOptions.meta.k8s.io "" is invalid: {}: Unsupported value: {}'


@pytest.mark.parametrize(
    ("query", "message"),
    [
        (
            "resourceVersionMatch=Exact",
            FORBIDDEN.format(MATCH, f"{MATCH} is forbidden unless resourceVersion is provided"),
        ),
        (
            "resourceVersionMatch=Exact&resourceVersion=0",
            FORBIDDEN.format(MATCH, f'{MATCH} "exact" is forbidden for resourceVersion "0"'),
        ),
        (
            "resourceVersionMatch=NotOlderThan&resourceVersion=7&continue=x",
            FORBIDDEN.format(MATCH, f"{MATCH} is forbidden when continue is provided"),
        ),
        (
            "resourceVersionMatch=Newest&resourceVersion=7",
            UNSUPPORTED.format(MATCH, '"Newest": supported values: "Exact", "NotOlderThan", ""'),
        ),
        (
            "sendInitialEvents=true",
            FORBIDDEN.format("sendInitialEvents", "sendInitialEvents is forbidden for list"),
        ),
        (
            "watch=1&sendInitialEvents=true",
            FORBIDDEN.format(MATCH, f"sendInitialEvents requires setting {MATCH} to NotOlderThan"),
        ),
        (
            "watch=1&resourceVersionMatch=NotOlderThan",
            FORBIDDEN.format(MATCH, f"{MATCH} is forbidden for watch unless sendInitialEvents is provided"),
        ),
        (
            "watch=1&sendInitialEvents=false&resourceVersion=7",
            FORBIDDEN.format(MATCH, f"sendInitialEvents requires setting {MATCH} to NotOlderThan"),
        ),
    ],
)
def test_parameters_that_do_not_go_together_are_refused_in_kubernetes_words(query, message):
    with pytest.raises(Failure) as caught:
        read_query(dict(parse_qsl(query)))
    assert (caught.value.code, caught.value.message) == (422, message)


@pytest.mark.parametrize(
    ("query", "from_present"),
    [
        ("", True),
        ("&resourceVersion=0", True),
        ("&resourceVersion=7", False),
        ("&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&resourceVersion=7", True),
        ("&sendInitialEvents=false&resourceVersionMatch=NotOlderThan", False),
    ],
)
def test_a_watch_begins_with_the_present_unless_it_names_a_version_or_declines(query, from_present):
    assert read_query(dict(parse_qsl(f"watch=1{query}"))).from_present is from_present


def test_a_page_token_comes_back_as_it_was():
    place = Place(1017, "shop", "gateway-é")
    assert decode_place(encode_place(place)) == place
    assert encode_place(place).isascii()


@pytest.mark.parametrize("token", ["x", "!!!", "e30", "WzFd", "é"])
def test_a_foreign_page_token_is_refused(token):
    with pytest.raises(Failure, match="not a token of this server") as caught:
        decode_place(token)
    assert caught.value.code == 400
