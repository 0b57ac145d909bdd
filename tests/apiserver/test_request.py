"""Paths, parameters and page tokens as Kubernetes reads them."""

import pytest

from pylae.apimachinery.failure import Failure
from pylae.apimachinery.reading import FieldValidation
from pylae.apiserver.address import Address, parse_address
from pylae.apiserver.paging import Place, decode_place, encode_place
from pylae.apiserver.query import read_query

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


@pytest.mark.parametrize("value", ["1", "t", "T", "true", "True", "TRUE"])
def test_true_is_what_go_takes_for_true(value):
    assert read_query({"watch": value, "allowWatchBookmarks": value}).watch


@pytest.mark.parametrize("value", ["", "0", "f", "false", "False"])
def test_false_is_what_go_takes_for_false(value):
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
        {"watch": "yes"},
        {"limit": "-1"},
        {"limit": "many"},
        {"resourceVersion": "²"},
        {"timeoutSeconds": "1.5"},
        {"dryRun": "None"},
        {"dryRun": "all"},
        {"fieldValidation": "Sometimes"},
        {"resourceVersionMatch": "Newest"},
        {"resourceVersionMatch": "Exact"},
        {"resourceVersionMatch": "Exact", "resourceVersion": "7", "watch": "1"},
        {"sendInitialEvents": "true", "watch": "1"},
        {"includeObject": "Everything"},
    ],
    ids=lambda parameters: "&".join(f"{key}={value}" for key, value in parameters.items()),
)
def test_what_cannot_be_read_is_refused_by_name(parameters):
    with pytest.raises(
        Failure, match=next(iter(parameters)) if len(parameters) == 1 else "resourceVersionMatch"
    ) as caught:
        read_query(parameters).revision  # noqa: B018
    assert caught.value.code == 400


def test_a_page_token_comes_back_as_it_was():
    place = Place(1017, "shop", "gateway-é")
    assert decode_place(encode_place(place)) == place
    assert encode_place(place).isascii()


@pytest.mark.parametrize("token", ["x", "!!!", "e30", "WzFd", "é"])
def test_a_foreign_page_token_is_refused(token):
    with pytest.raises(Failure, match="not a token of this server") as caught:
        decode_place(token)
    assert caught.value.code == 400
