import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st
from issuing import issue

from pylae.rules.armour import Broken, blocks, reading

CHAIN = issue("a.example").chain
KEY = issue("a.example").key
LINES = CHAIN.splitlines()


def test_blocks_are_found_with_label_and_line_among_comments() -> None:
    found = blocks(b"---------- subject: me\n" + CHAIN + b"\nissuer: me\n" + KEY)
    assert [(block.label, block.line) for block in found] == [("CERTIFICATE", 2), ("PRIVATE KEY", len(LINES) + 4)]


@pytest.mark.parametrize(
    "text",
    [CHAIN, CHAIN.replace(b"\n", b"\r\n"), CHAIN.rstrip(), b"".join(line + b"  \n" for line in LINES), b"\n\n" + CHAIN],
)
def test_a_block_is_armoured_anew_to_the_byte(text) -> None:
    (block,) = blocks(text)
    assert block.armoured() == CHAIN


def test_lines_of_any_length_are_read() -> None:
    one_line = b"\n".join((LINES[0], b"".join(LINES[1:-1]), LINES[-1]))
    assert blocks(one_line)[0].armoured() == CHAIN


def test_a_block_prints_without_its_content() -> None:
    (block,) = blocks(KEY)
    assert "redacted" in repr(block)
    assert "redacted" in repr(block.armoured())


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (CHAIN.rstrip() + CHAIN, f"On line {len(LINES)} two blocks touch"),
        (b"\n".join(LINES[:-1]), "has no -----END CERTIFICATE----- line"),
        (CHAIN.replace(LINES[2], LINES[2][:-1] + b"*"), "Line 3, inside the CERTIFICATE of line 1, is not base64"),
        (CHAIN.replace(LINES[2], LINES[2][:-1]), "is not whole: its base64 cannot be decoded"),
        (b"  " + CHAIN, "On line 1 something stands beside -----BEGIN"),
        (b"\xef\xbb\xbf" + CHAIN, "On line 1 something stands beside -----BEGIN"),
        (b"\n".join(LINES[1:]), "ends a block that did not begin"),
        (CHAIN.replace(b"END CERTIFICATE", b"END PRIVATE KEY"), "should be -----END CERTIFICATE-----"),
        (CHAIN.replace(b"-----BEGIN CERT", b"----BEGIN CERT"), "ends a block that did not begin"),
        (b"-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n", "is not whole"),
        (base64.b64decode(b"".join(LINES[1:-1])), "It is binary (DER), not PEM"),
        (base64.b64encode(CHAIN), "encoded as base64 twice"),
    ],
)
def test_a_fault_is_told_with_its_line_and_a_cure(text, words) -> None:
    with pytest.raises(Broken) as raised:
        blocks(text)
    assert words in raised.value.problem.message
    assert raised.value.problem.cure


@given(st.binary(max_size=300))
def test_whatever_is_read_is_blocks_or_a_problem(text) -> None:
    try:
        blocks(text)
    except Broken as broken:
        assert str(broken)  # noqa: PT017 - most texts are no fault at all


def test_no_message_quotes_what_was_read() -> None:
    key = KEY.splitlines()
    for spoiled in (b"\n".join(key[:-1]), KEY.replace(key[1], key[1] + b"*"), KEY.replace(b"END PRIV", b"END PUBL")):
        with pytest.raises(Broken) as raised:
            blocks(spoiled)
        assert not any(line.decode()[:20] in str(raised.value) for line in key[1:-1])


def test_the_innermost_place_is_kept() -> None:
    with pytest.raises(Broken) as raised, reading("outer"), reading("inner"):
        raise Broken("It is no good.")
    assert raised.value.place == "inner"
