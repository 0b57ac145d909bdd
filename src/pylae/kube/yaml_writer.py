"""Objects as YAML that every reader understands alike.

Readers differ in what they take unquoted text for: to one `y` is a letter, to kubectl's it is true, and `1e3` is a
number to some. So text stands in quotes unless it is plainly a word, and text of several lines stands in a block.
"""

import re
from typing import Any

import yaml

PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9./_-]+")
"""Words that need no quotes, as long as they are none of `SPOKEN_FOR`."""

SPOKEN_FOR = frozenset({"true", "false", "yes", "no", "on", "off", "null", "nan", "inf"})
"""Words that some version of YAML takes for a value of another type, in lower case."""

WIDTH = 2**31 - 1
"""Characters to a line: what is long is not folded."""


class _Dumper(yaml.CSafeDumper):
    """The fast dumper with our own idea of quotes. Equal parts are written out, not referred to."""

    def ignore_aliases(self, data: Any) -> bool:
        del data
        return True


def _text(dumper: _Dumper, text: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=_style(text))


def _style(text: str) -> str | None:
    if "\n" in text:
        return "|"
    return None if PLAIN.fullmatch(text) and text.lower() not in SPOKEN_FOR else '"'


_Dumper.add_representer(str, _text)


def write_yaml(document: Any) -> str:
    """One document in block style with its keys in order, and a line break at its end."""
    return yaml.dump(document, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=WIDTH)
