"""PEM's outer form (RFC 7468), read strictly and line by line.

Envoy's own reader stops at the first thing it does not like and says neither where nor what. This one names the line
and the cure, and what Envoy gets is armoured anew from what was read here: so both cannot disagree about a text. No
message quotes the text: it may be a private key.
"""

import base64
import binascii
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from pylae.api.scalars import SecretBytes

COPY = "Copy it once more."

_BEGIN = re.compile(rb"-----BEGIN ([A-Z0-9 ]+)-----")
_END = re.compile(rb"-----END ([A-Z0-9 ]+)-----")
_HEADER = re.compile(rb"[A-Za-z][A-Za-z0-9-]*:.*")
_BASE64 = re.compile(rb"[A-Za-z0-9+/=]*")


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong, in a sentence that quotes no content, and what to do."""

    message: str
    cure: str = ""

    def __str__(self) -> str:
        return f"{self.message} {self.cure}".rstrip()


class Broken(ValueError):
    """A text is not what it should be; `problem` says why, and `place` which text it was, where a reader of several
    said.
    """

    def __init__(self, message: str, cure: str = "") -> None:
        self.problem = Problem(message, cure)
        self.place = ""
        super().__init__(str(self.problem))


@contextmanager
def reading(place: str) -> Iterator[None]:
    """Whatever proves broken inside is of this place."""
    try:
        yield
    except Broken as broken:
        broken.place = broken.place or place
        raise


@dataclass(frozen=True, slots=True)
class Block:
    """One armoured thing: `label` is what stands after BEGIN, `der` the decoded body, `line` where it begins (from
    1).
    """

    label: str
    der: SecretBytes
    line: int
    encrypted: bool = False

    def armoured(self) -> SecretBytes:
        """The block in PEM's strict form: lines of 64, one line break at the end."""
        body = base64.b64encode(self.der)
        lines = (body[start : start + 64] for start in range(0, len(body), 64))
        label = self.label.encode()
        return SecretBytes(b"\n".join((b"-----BEGIN %b-----" % label, *lines, b"-----END %b-----\n" % label)))


def blocks(text: bytes) -> tuple[Block, ...]:
    """All blocks of a PEM text, in order; what stands between them is comment. Raises Broken at the first fault."""
    _refuse_other_encodings(text)
    return tuple(_blocks(iter(enumerate(text.splitlines(), start=1))))


def _refuse_other_encodings(text: bytes) -> None:
    if text[:1] == b"\x30" and text[1:2] >= b"\x80":
        raise Broken(
            "It is binary (DER), not PEM.", "Convert it: openssl x509 -inform DER (or openssl pkey -inform DER)."
        )
    if text.lstrip().startswith(b"LS0tLS1CRUdJTi"):
        raise Broken(
            "It was encoded as base64 twice.",
            "Encode it once in `data`, or write the plain PEM text into `stringData`.",
        )


def _blocks(lines: Iterator[tuple[int, bytes]]) -> Iterator[Block]:
    for number, line in lines:
        if b"-----BEGIN " not in line and b"-----END " not in line:
            continue
        found = _BEGIN.fullmatch(line.rstrip())
        if not found:
            raise _astray(number, line)
        yield _block(found[1], number, lines)


def _astray(number: int, line: bytes) -> Broken:
    if b"-----BEGIN " in line:
        return Broken(
            f"On line {number} something stands beside -----BEGIN …-----.",
            "Give that marker a line of its own, without blanks before it.",
        )
    return Broken(f"Line {number} ends a block that did not begin.", "Copy the whole block, with its BEGIN line.")


def _block(label: bytes, start: int, lines: Iterator[tuple[int, bytes]]) -> Block:
    name = label.decode()
    headers: list[bytes] = []
    body: list[bytes] = []
    for number, text in lines:
        line = text.rstrip()
        if b"-----" in line:
            _check_end(number, line, label)
            encrypted = any(b"ENCRYPTED" in header for header in headers)
            return Block(name, _decode(b"".join(body), name, start), start, encrypted)
        if _HEADER.fullmatch(line) and not body:
            headers.append(line)
        elif _BASE64.fullmatch(line):
            body.append(line)
        else:
            raise Broken(f"Line {number}, inside the {name} of line {start}, is not base64.", COPY)
    raise Broken(
        f"The {name} of line {start} has no -----END {name}----- line.", "It was cut off: copy the whole of it."
    )


def _check_end(number: int, line: bytes, label: bytes) -> None:
    found = _END.fullmatch(line)
    if found and found[1] == label:
        return
    if line.startswith(b"-----END ") and b"-----BEGIN " in line:
        raise Broken(
            f"On line {number} two blocks touch: there is no line break between -----END …----- and -----BEGIN …-----.",
            "End every file with a line break before putting them together.",
        )
    raise Broken(f"Line {number} should be -----END {label.decode()}----- and is not.", COPY)


def _decode(body: bytes, name: str, start: int) -> SecretBytes:
    try:
        der = base64.b64decode(body, validate=True)
    except binascii.Error:
        der = b""
    if not der:
        raise Broken(f"The {name} of line {start} is not whole: its base64 cannot be decoded.", COPY)
    return SecretBytes(der)
