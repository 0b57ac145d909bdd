"""Patterns for strings: rules RV16 and RV17 of Istio's webhook."""

from pylae.api.http_match import StringMatch
from pylae.rules.expressions import expression_problem
from pylae.validation.report import Path, Report
from pylae.validation.scalars import check_alternatives


def check_pattern(report: Report, path: Path, match: StringMatch | None) -> None:
    """A pattern for anything but a path: neither prefix nor regex may be empty."""
    if match is not None and match.prefix == "":
        report.error(
            path / "prefix", "prefix match should not be empty.", "Leave the pattern empty to match any value."
        )
    check_path_pattern(report, path, match)


def check_path_pattern(report: Report, path: Path, match: StringMatch | None) -> None:
    """A pattern for a path, which may have an empty prefix: it takes every path."""
    if match is None:
        return
    check_alternatives(report, path, exact=match.exact, prefix=match.prefix, regex=match.regex)
    if match.regex == "":
        report.error(path / "regex", "regex match should not be empty.", "Leave the pattern empty to match any value.")
    check_expression(report, path / "regex", match.regex or "")


def check_expression(report: Report, path: Path, expression: str) -> None:
    """An expression that Envoy compiles; "" is none."""
    if problem := expression_problem(expression):
        report.error(path, f"{problem}.", "See https://github.com/google/re2/wiki/Syntax for what RE2 knows.")
