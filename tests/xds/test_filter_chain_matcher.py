"""Which connections go to the shared chain, and which to chains of their own."""

from typing import Any

from google.protobuf.json_format import MessageToDict
from on_demand import shared
from picture import decoded, listener, plain, site

from pylae.model.ir.listener import FilterChain
from pylae.xds.filter_chain_matcher import filter_chain_matcher
from pylae.xds.listener import emit_listeners


def cases(*chains: FilterChain) -> list[dict[str, Any]]:
    document = MessageToDict(filter_chain_matcher(chains), preserving_proto_field_name=True)
    found: list[dict[str, Any]] = document["matcher_list"]["matchers"]
    return found


def goal(on_match: dict[str, Any]) -> str:
    return str(on_match["action"]["typed_config"]["value"])


def test_without_a_shared_chain_envoy_matches_by_itself() -> None:
    assert filter_chain_matcher((site("a.test", "kubernetes://a", "https"),)) is None
    [resource] = emit_listeners(listener("l", 1, plain("http")))
    assert "filter_chain_matcher" not in decoded(resource)


def test_host_names_and_clients_that_name_none_go_to_the_shared_chain_and_nothing_else_does() -> None:
    named, unnamed = cases(shared())
    value = named["predicate"]["single_predicate"]["value_match"]["safe_regex"]
    assert value == {"google_re2": {}, "regex": "[a-z0-9_][a-z0-9_.-]*"}
    assert unnamed["predicate"]["not_matcher"]["single_predicate"]["value_match"]["safe_regex"]["regex"] == r"\C+"
    assert goal(named["on_match"]) == goal(unnamed["on_match"]) == "on-demand"


def test_names_come_before_wildcards_and_longer_wildcards_before_shorter() -> None:
    names = ("*.test", "*.wild.test", "a.test", "b.test")
    named, _ = cases(*(site(name, "kubernetes://x", "https") for name in names), shared())
    by_name = named["on_match"]["matcher"]
    exact = by_name["matcher_tree"]["exact_match_map"]["map"]
    assert {name: goal(to) for name, to in exact.items()} == {"a.test": "a.test", "b.test": "b.test"}
    by_suffix = by_name["on_no_match"]["matcher"]
    suffixes = [
        (case["predicate"]["single_predicate"]["value_match"]["suffix"], goal(case["on_match"]))
        for case in by_suffix["matcher_list"]["matchers"]
    ]
    assert suffixes == [(".wild.test", "*.wild.test"), (".test", "*.test")]
    assert goal(by_suffix["on_no_match"]) == "on-demand"


def test_wildcards_alone_need_no_names() -> None:
    named, _ = cases(site("*.test", "kubernetes://x", "https"), shared())
    assert "matcher_list" in named["on_match"]["matcher"]
