"""How many steps an expression may take over a value: an upper bound, found before it is evaluated.

The engine stops for nobody, and a line of CEL can go on for years or fill memory: by loops within loops, over lists
that it writes or makes itself, or by adding a value to itself again and again.
"""

import re
from dataclasses import dataclass
from typing import Any, Final

LONGEST_RANGE: Final = 1000
"""Numbers that `lists.range` may make: what is looped over otherwise has a bound of its own."""

AT_A_STEP: Final = 10_000
"""Characters of a text that a step looks through."""

LONGEST_GROWN: Final = 16 * 1024 * 1024
"""Characters of a text that is made by adding texts to each other."""

TOO_MUCH: Final = 10**18

_GAP: Final = r"(?:\s|//[^\n]*+)*+"
_TOKENS: Final = re.compile(
    rf"""
      (?P<text>[bB]?[rR][bB]?(?:\"\"\".*?\"\"\"|'''.*?'''|"[^"]*+"|'[^']*+')
        |\"\"\"(?:\\.|.)*?\"\"\"|'''(?:\\.|.)*?'''|"(?:[^"\\]|\\.)*+"|'(?:[^'\\]|\\.)*+'|//[^\n]*+)
    | (?P<loop>\.{_GAP}(?:all|exists|exists_one|map|filter){_GAP}\(){_GAP}(?P<bound>\w*+)
    | (?P<splits>\b(?:split|findAll|range)\b)
    | (?P<open>[(\[{{]) | (?P<close>[)\]}}]) | (?P<comma>,) | (?P<plus>\+)
    """,
    re.VERBOSE | re.DOTALL,
)
"""Texts and comments, in which nothing else is seen; loops with the name of what they go over; and what makes values
longer."""


@dataclass(frozen=True, slots=True)
class Reach:
    """What of an expression bounds its steps.

    `nesting` is how deep its loops are, `bound` which names they go by, `written` how long a list it may hold itself.
    It may make a value `growth` times as long; one that `splits` makes lists of texts or numbers.
    """

    nesting: int = 0
    bound: frozenset[str] = frozenset()
    written: int = 1
    growth: int = 1
    splits: bool = False

    def over(self, value: Any) -> int:
        """The steps that it takes over a value: one, unless it loops, or looks through long texts."""
        widest, longest = _extent(value)
        if self.growth > 1 and longest * self.growth > LONGEST_GROWN:
            return TOO_MUCH
        made = max(longest, LONGEST_RANGE) if self.splits else 1
        width = max(widest, self.written, made) * self.growth
        return int(width**self.nesting) * (1 + longest // AT_A_STEP)


def reach_of(source: str) -> Reach:
    """Read off the words of an expression that compiles."""
    words = list(_TOKENS.finditer(source))
    kinds = [word.lastgroup for word in words]
    opened, pluses, nesting, growth = ["open"], [0], 0, 1
    for kind in kinds:
        match kind:
            case "open" | "bound":
                opened.append(kind)
                pluses += [0] if kind == "bound" else []
                nesting = max(nesting, len(pluses) - 1)
            case "close" if len(opened) > 1 and opened.pop() == "bound":
                growth *= 1 + pluses.pop()
            case "plus":
                pluses[-1] += 1
            case _:
                pass
    bound = frozenset(word["bound"] for word in words if word["bound"])
    return Reach(nesting, bound, 1 + kinds.count("comma"), growth * (1 + pluses[0]), "splits" in kinds)


def _extent(value: Any) -> tuple[int, int]:
    """How many items the longest list or map in a value has, and how many characters the longest text."""
    if isinstance(value, str | bytes):
        return 1, len(value)
    below = [*value, *value.values()] if isinstance(value, dict) else value if isinstance(value, list) else ()
    extents = [_extent(member) for member in below]
    widest = max((len(value) if isinstance(value, dict | list) else 1, *(wide for wide, _ in extents)))
    return max(widest, 1), max((long for _, long in extents), default=0)
