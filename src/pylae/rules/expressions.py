"""Regular expressions as Envoy reads them: RE2, and of bounded size."""

from functools import lru_cache

import re2

MAXIMUM_LENGTH = 1024
"""Characters of an expression (Istio, StringMatch)."""

MAXIMUM_PROGRAM = 32768
"""Size of a compiled expression: what Istio's bootstrap sets `re2.max_program_size.error_level` to; Envoy's own limit
is 100."""

_OPTIONS = re2.Options()
_OPTIONS.log_errors = False


@lru_cache(maxsize=4096)
def expression_problem(expression: str) -> str:
    """Why Envoy would not take it, in a few words; "" if it would. An empty expression is none of its business."""
    if len(expression) > MAXIMUM_LENGTH:
        return f"regex is too large: it has {len(expression)} characters, of which {MAXIMUM_LENGTH} are allowed"
    try:
        size = re2.compile(expression, _OPTIONS).programsize
    except re2.error as refused:
        return f"regex is not RE2: {_reason(refused)}"
    return f"regex is too large once compiled: {size} steps of {MAXIMUM_PROGRAM}" if size > MAXIMUM_PROGRAM else ""


def _reason(refused: Exception) -> str:
    reason = refused.args[0] if refused.args else ""
    return reason.decode(errors="replace") if isinstance(reason, bytes) else str(reason)
