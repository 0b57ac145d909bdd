"""Which resource a refusal is about, found in Envoy's own words.

Envoy takes the listeners or clusters of a response one by one, and lists those that failed (texts of Envoy 1.40):

    Error adding/updating listener(s) a: cannot bind '127.0.0.1:80': Address already in use\\nb: partial wildcards …\\n
    Error adding/updating cluster(s) a: LOGICAL_DNS clusters must have …, b: …
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

_OPENING = re.compile(r"Error adding/updating (?:listener|cluster)\(s\) ")


def attribute(message: str, names: tuple[str, ...]) -> Mapping[str, str]:
    """For each of `names` that the message blames, what it says about it; empty if it names nobody."""
    opening = _OPENING.match(message)
    if not opening or not names:
        return {}
    longest_first = "|".join(re.escape(name) for name in sorted(names, key=len, reverse=True))
    entries = list(re.compile(rf"(?:^|\n|, )({longest_first}): ").finditer(listing := message[opening.end() :]))
    ends = [*(entry.start() for entry in entries[1:]), len(listing)]
    return {entry[1]: listing[entry.end() : end].strip() for entry, end in zip(entries, ends, strict=False)}


@dataclass(frozen=True, slots=True)
class Unbound:
    """A socket that Envoy could not have: `127.0.0.1:30005`, and why."""

    address: str
    reason: str


_CANNOT_BIND = re.compile(r"cannot bind '([^']+)': (.+)")
_DUPLICATE = re.compile(r"has duplicate address '([^']+)' as existing listener")


def unbound(message: str) -> Unbound | None:
    """Whether a listener was refused for its socket alone, so that the same listener may be accepted later."""
    if found := _CANNOT_BIND.search(message):
        return Unbound(found[1], found[2].strip())
    if found := _DUPLICATE.search(message):
        return Unbound(found[1], "another listener of this gateway has it")
    return None
