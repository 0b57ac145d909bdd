"""How a listener with hosts on demand chooses the filter chain of a connection: as Envoy does by itself, but only for
server names that are host names.

On the shared chain Envoy takes the server name for the name of a resource, whatever the client wrote. Some are more
than names, to it or to the protocol: `xdstp:` ends the process, `*` asks for all there is, `kubernetes://…` is the
secret of another chain, and bytes that are no UTF-8 make a request that nobody can decode (all seen with Envoy 1.40).
So none of them may come as far as the handshake.
"""

from typing import Any

from envoy.extensions.matching.common_inputs.network.v3 import network_inputs_pb2
from google.protobuf.wrappers_pb2 import StringValue
from xds.core.v3 import extension_pb2
from xds.type.matcher.v3 import matcher_pb2, regex_pb2, string_pb2

from pylae.model.ir.listener import FilterChain
from pylae.xds.wellknown import pack

HOST_NAME = r"[a-z0-9_][a-z0-9_.-]*"
"""Envoy lower-cases the name before it looks. Underscores are in use, though DNS knows no such hosts."""

ANYTHING = r"\C+"
"""Bytes, for `.` takes none that are not UTF-8."""

_Matcher = matcher_pb2.Matcher
_OnMatch = _Matcher.OnMatch
_Predicate = _Matcher.MatcherList.Predicate


def filter_chain_matcher(chains: tuple[FilterChain, ...]) -> Any | None:
    """A `Matcher` on the server name, in place of the chains' own matches, or None if no chain is shared.

    Host names go to the chain that has them, or else to the shared one, and so do clients that name no host. Other
    connections have no chain, and are closed.
    """
    shared = next((chain for chain in chains if chain.on_demand), None)
    if shared is None:
        return None
    unnamed = _Predicate(not_matcher=_says(regex=ANYTHING))
    return _first_of((_says(regex=HOST_NAME), _by_name(chains, _to(shared))), (unnamed, _to(shared)))


def _by_name(chains: tuple[FilterChain, ...], otherwise: Any) -> Any:
    """Names before wildcards, and of these the longest first."""
    named = {name: _to(chain) for chain in chains for name in chain.server_names}
    wildcards = sorted((name for name in named if name.startswith("*")), key=lambda name: (-len(name), name))
    exact = {name: to for name, to in named.items() if not name.startswith("*")}
    return _exactly(exact, _by_suffix([(name.removeprefix("*"), named[name]) for name in wildcards], otherwise))


def _exactly(named: dict[str, Any], otherwise: Any) -> Any:
    if not named:
        return otherwise
    tree = _Matcher.MatcherTree(input=_server_name(), exact_match_map=_Matcher.MatcherTree.MatchMap(map=named))
    return _OnMatch(matcher=_Matcher(matcher_tree=tree, on_no_match=otherwise))


def _by_suffix(suffixes: list[tuple[str, Any]], otherwise: Any) -> Any:
    if not suffixes:
        return otherwise
    matcher = _first_of(*((_says(suffix=suffix), to) for suffix, to in suffixes))
    matcher.on_no_match.CopyFrom(otherwise)
    return _OnMatch(matcher=matcher)


def _first_of(*cases: tuple[Any, Any]) -> Any:
    case_of = _Matcher.MatcherList.FieldMatcher
    matchers = [case_of(predicate=predicate, on_match=on_match) for predicate, on_match in cases]
    return _Matcher(matcher_list=_Matcher.MatcherList(matchers=matchers))


def _says(*, regex: str = "", suffix: str = "") -> Any:
    """Whether the client names a host, and this of it."""
    whole = regex_pb2.RegexMatcher(google_re2=regex_pb2.RegexMatcher.GoogleRE2(), regex=regex)
    value = string_pb2.StringMatcher(safe_regex=whole) if regex else string_pb2.StringMatcher(suffix=suffix)
    return _Predicate(single_predicate=_Predicate.SinglePredicate(input=_server_name(), value_match=value))


def _server_name() -> Any:
    kind = network_inputs_pb2.ServerNameInput
    return extension_pb2.TypedExtensionConfig(name="envoy.matching.inputs.server_name", typed_config=pack(kind()))


def _to(chain: FilterChain) -> Any:
    action = extension_pb2.TypedExtensionConfig(name="filter-chain", typed_config=pack(StringValue(value=chain.name)))
    return _OnMatch(action=action)
