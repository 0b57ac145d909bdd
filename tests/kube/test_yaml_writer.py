"""YAML that means the same to every reader."""

import pytest
import yaml

from pylae.kube.yaml_writer import write_yaml


@pytest.mark.parametrize(
    "text",
    [
        "y",
        "N",
        "yes",
        "Off",
        "~",
        "null",
        "1e3",
        "0o17",
        "1_000",
        "12:30:45",
        "0x1F",
        ".5",
        "",
        " a",
        "- a",
        "a: b",
        "#",
    ],
)
def test_text_that_looks_like_something_else_is_quoted(text: str) -> None:
    assert write_yaml({"key": text}).startswith('key: "')
    assert yaml.safe_load(write_yaml({"key": text})) == {"key": text}


@pytest.mark.parametrize("text", ["web", "networking.istio.io/v1", "istio-system"])
def test_words_are_plain(text: str) -> None:
    assert write_yaml({"key": text}) == f"key: {text}\n"


def test_text_of_several_lines_is_a_block() -> None:
    assert write_yaml({"key": "a\nb\n"}) == "key: |\n  a\n  b\n"


@pytest.mark.parametrize("text", ["a \nb", "\ta\n", "a\u2028b\n", "\x01\n", "a\n\n"])
def test_what_no_block_can_hold_comes_back_all_the_same(text: str) -> None:
    assert yaml.safe_load(write_yaml({"key": text})) == {"key": text}


def test_long_text_is_not_folded() -> None:
    text = "word " * 1000 + "."
    assert write_yaml({"key": text}).count("\n") == 1


def test_equal_parts_are_written_out() -> None:
    part = {"a": ["b"]}
    assert "&" not in write_yaml([part, part])
