"""Rules of a VirtualService that can never be reached, since an earlier one takes all: RV34 and RV35 (IST0130,
IST0131).
"""

from collections.abc import Sequence

import msgspec

from pylae.api.http_match import HttpMatchRequest, StringMatch
from pylae.api.http_route import HttpRoute
from pylae.api.virtual_service import TcpRoute, TlsRoute
from pylae.model.codes import UNREACHABLE_RULE
from pylae.validation.report import Path, Report

Rule = HttpRoute | TlsRoute | TcpRoute


def check_reachability(rules: Sequence[Rule], path: Path, report: Report) -> None:
    """Looks at the rules of one protocol, in order."""
    taken: dict[bytes, int] = {}
    catcher: int | None = None
    for index, rule in enumerate(rules):
        if catcher is not None:
            _report_caught(rule, path / index, catcher, report)
        elif rule.match:
            _check_matches(rule, path / index, taken, report)
        if not rule.match and catcher is None:
            catcher = index
        for match in rule.match:
            taken.setdefault(_spelled(match), index)
    _check_prefixes([rule for rule in rules if isinstance(rule, HttpRoute)], path, report)


def _report_caught(rule: Rule, path: Path, catcher: int, report: Report) -> None:
    cure = "Move it before that rule."
    if not rule.match:
        message = (
            f"only the last rule can have no matches, and rule {catcher} has none either: this one is never reached."
        )
        report.add(UNREACHABLE_RULE, path, message, cure)
    for index in range(len(rule.match)):
        message = (
            f"route without matches defined before: rule {catcher} takes everything, and this match is never reached."
        )
        report.add(UNREACHABLE_RULE, path / "match" / index, message, cure)


def _check_matches(rule: Rule, path: Path, taken: dict[bytes, int], report: Report) -> None:
    again = [(index, taken[_spelled(match)]) for index, match in enumerate(rule.match) if _spelled(match) in taken]
    if len(again) == len(rule.match):
        report.add(UNREACHABLE_RULE, path, "all matches used by prior rules: this one is never reached.", "Remove it.")
        return
    for index, earlier in again:
        message = f"match is never used: rule {earlier} has the same."
        report.add(UNREACHABLE_RULE, path / "match" / index, message, "Remove it.")


def _spelled(match: msgspec.Struct) -> bytes:
    """The match but for its name, as something to compare by."""
    unnamed = msgspec.structs.replace(match, name="") if isinstance(match, HttpMatchRequest) else match
    return msgspec.json.encode(unnamed, order="deterministic")


def _check_prefixes(rules: Sequence[HttpRoute], path: Path, report: Report) -> None:
    """RV35: a prefix that lies within an earlier one, under conditions that are no wider."""
    before: list[tuple[int, HttpMatchRequest]] = []
    for index, rule in enumerate(rules):
        for position, match in enumerate(rule.match):
            earlier = next((number for number, wide in before if number != index and _takes(wide, match)), None)
            if earlier is not None:
                message = f"match is never used: rule {earlier} takes its prefix, under the same conditions or fewer."
                report.add(UNREACHABLE_RULE, path / index / "match" / position, message, "Move it before that rule.")
            before.append((index, match))


def _takes(wide: HttpMatchRequest, narrow: HttpMatchRequest) -> bool:
    if wide == narrow or not _takes_prefix(wide, narrow):
        return False
    return (
        _admits(wide.method, narrow.method)
        and _admits(wide.scheme, narrow.scheme)
        and _admits(wide.authority, narrow.authority)
        and wide.headers.items() <= narrow.headers.items()
        and wide.query_params.items() <= narrow.query_params.items()
        and wide.without_headers.items() <= narrow.without_headers.items()
        and wide.port in (0, narrow.port)
        and _from_as_many(wide, narrow)
    )


def _from_as_many(wide: HttpMatchRequest, narrow: HttpMatchRequest) -> bool:
    return (
        (not wide.gateways or (bool(narrow.gateways) and set(narrow.gateways) <= set(wide.gateways)))
        and wide.source_labels.items() <= narrow.source_labels.items()
        and wide.source_namespace in ("", narrow.source_namespace)
    )


def _takes_prefix(wide: HttpMatchRequest, narrow: HttpMatchRequest) -> bool:
    if wide.uri is None or narrow.uri is None or wide.uri.prefix is None or narrow.uri.prefix is None:
        return False
    if wide.ignore_uri_case:
        return narrow.uri.prefix.lower().startswith(wide.uri.prefix.lower())
    return not narrow.ignore_uri_case and narrow.uri.prefix.startswith(wide.uri.prefix)


def _admits(wide: StringMatch | None, narrow: StringMatch | None) -> bool:
    return wide is None or wide == narrow
