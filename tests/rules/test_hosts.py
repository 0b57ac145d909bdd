"""The rows are those of Istio's tables of host names (pkg/config/host), where they have an id."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pylae.rules.hosts import (
    GatewayHost,
    covers,
    gateway_hosts,
    intersect,
    is_dns_label,
    is_domain,
    is_ip_address,
    is_wildcard_domain,
    matches,
    specificity,
)

HOSTS = st.sampled_from(
    ["*", "*.com", "*.foo.com", "foo.com", "bar.com", "a.foo.com", "*.net", "bar.net", "a.b.foo.com", "Foo.com"]
)
LISTS = st.lists(HOSTS, max_size=4).map(tuple)


@pytest.mark.parametrize(
    ("left", "right", "met"),
    [
        (("foo.com", "*.net"), ("*.com", "bar.net"), ("foo.com", "bar.net")),
        (("foo.com", "*.net"), ("*.bar.net",), ("*.bar.net",)),
        (("*", "foo.com"), ("foo.com",), ("foo.com",)),
        (("*",), ("*",), ("*",)),
        (("foo.com",), ("bar.com",), ()),
        (("*.foo.com",), ("*.com",), ("*.foo.com",)),
        ((), ("foo.com",), ()),
        (("Foo.com",), ("foo.COM",), ("foo.com",)),
    ],
)
def test_v17_what_two_lists_share_are_the_narrower_hosts(left, right, met) -> None:
    assert intersect(left, right) == met


@given(LISTS, LISTS)
def test_what_two_lists_share_does_not_depend_on_their_order(left, right) -> None:
    assert set(intersect(left, right)) == set(intersect(right, left))


@given(HOSTS, HOSTS)
def test_v21_two_hosts_match_if_one_covers_the_other(a, b) -> None:
    assert matches(a, b) == matches(b, a) == (covers(a, b) or covers(b, a))


@given(HOSTS, HOSTS, HOSTS)
def test_a_host_covers_whatever_is_covered_by_what_it_covers(a, b, c) -> None:
    if covers(a, b) and covers(b, c):
        assert covers(a, c)


@pytest.mark.parametrize(
    ("wide", "narrow", "is_covered"),
    [
        ("foo.com", "foo.com", True),
        ("foo.com", "FOO.com", True),
        ("foo.com", "bar.foo.com", False),
        ("*.com", "foo.com", True),
        ("*.com", "*.foo.com", True),
        ("*.foo.com", "*.com", False),
        ("*.foo.com", "foo.com", False),
        ("*", "*.com", True),
        ("*.com", "*", False),
    ],
)
def test_v21_a_wildcard_covers_all_below_its_suffix(wide, narrow, is_covered) -> None:
    assert covers(wide, narrow) is is_covered


def test_v19_the_most_specific_host_comes_first() -> None:
    hosts = ["foo.com", "bar.com", "*.com", "*.foo.com", "*", "baz.bar.com"]
    assert sorted(hosts, key=specificity) == ["baz.bar.com", "bar.com", "foo.com", "*.foo.com", "*.com", "*"]


@pytest.mark.parametrize("text", ["foo", "foo.bar.com", "*", "*.foo.com.", "Foo.Bar", "*foo.com", "*-a.com", "a-b.c"])
def test_a_domain_may_begin_with_a_wildcard(text) -> None:
    assert is_wildcard_domain(text)


@pytest.mark.parametrize("text", ["foo.*", "foo.*.com", "-a", "a-.com", "a_b.com", "a..b", "1.2.3.4", "a.123", "**"])
def test_what_dns_does_not_allow_is_no_domain(text) -> None:
    assert not is_wildcard_domain(text)


@pytest.mark.parametrize("text", ["", ".", "a\n", f"{'a' * 64}.com", ".".join(["a" * 60] * 5)])
def test_a_name_that_is_empty_or_too_long_is_no_domain(text) -> None:
    assert not is_wildcard_domain(text)


def test_a_domain_without_wildcard_is_told_apart() -> None:
    assert is_domain("foo.com")
    assert not is_domain("*.foo.com")


def test_a_label_has_up_to_63_characters_and_no_dot() -> None:
    assert is_dns_label("a" * 63)
    assert not any(map(is_dns_label, ["", "a" * 64, "a.b", "-a", "a-", "a\n"]))


@pytest.mark.parametrize(
    ("text", "is_one"), [("1.2.3.4", True), ("::1", True), ("1.2.3", False), ("fe80::1%e0", False)]
)
def test_ip_addresses_have_no_zone(text, is_one) -> None:
    assert is_ip_address(text) is is_one


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        (("foo.com",), (GatewayHost("", "foo.com"),)),
        (("*/Foo.com",), (GatewayHost("", "foo.com"),)),
        (("./foo.com",), (GatewayHost("shop", "foo.com"),)),
        (("ns1/*",), (GatewayHost("ns1", "*"),)),
        (("foo.com", "*/*", "ns1/bar.com"), (GatewayHost("", "*"),)),
        (("foo.com", "FOO.com", "*/foo.com"), (GatewayHost("", "foo.com"),)),
        (("ns1/foo.com", "ns2/foo.com"), (GatewayHost("ns1", "foo.com"), GatewayHost("ns2", "foo.com"))),
    ],
)
def test_a_gateways_host_says_which_namespaces_may_bind(written, meant) -> None:
    assert gateway_hosts(written, "shop") == meant


def test_v18_a_host_of_one_namespace_admits_only_that() -> None:
    own, anybodys = gateway_hosts(("ns1/foo.com", "bar.com"), "shop")
    assert own.admits("ns1")
    assert not own.admits("ns2")
    assert anybodys.admits("ns2")
